//! The header as bytes, and back: the versions differ here and nowhere else.
//!
//! Versions 1 to 3 are one postcard struct to which each version adds a byte. Version 4 is a list
//! of records, each with a tag and a length, so that a reader can skip or name what it does not
//! know; the fields of version 1 keep their encoding in it. Only the shortest spelling counts, so
//! that a model has one encoding. What the fields may be is checked in `header`.

use postcard::{de_flavors, ser_flavors};
use serde::{Deserialize, Serialize};

use super::statements::{InputRanges, Supports};
use super::{Activation, Head, Header, Layer, Shape, Storage};
use crate::error::{EmitError, ParseError};

/// The records of version 4 by their numbers. A tag is twice the number, and one more where a
/// reader must know the record.
mod number {
    pub(super) const COLUMNS: u16 = 1;
    pub(super) const LAYERS: u16 = 2;
    pub(super) const OUTPUTS: u16 = 3;
    pub(super) const KERNELS: u16 = 4;
    pub(super) const INPUT_SHAPE: u16 = 5;
    pub(super) const INPUT_RANGES: u16 = 6;
    pub(super) const SUPPORTS: u16 = 7;
    pub(super) const LAST: u16 = SUPPORTS;
}

/// The kinds of layers by their numbers.
const DENSE: u16 = 0;

#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    producer: &'a str,
    input_columns: &'a str,
    target_columns: &'a str,
    inputs: u16,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Dense {
    units: u16,
    activation: Activation,
}

#[derive(Serialize, Deserialize)]
struct Outputs {
    head: Head,
    anomaly_threshold: Option<f32>,
    golden: u16,
}

/// A shape that is no vector, by its dimensions.
#[derive(Serialize, Deserialize)]
enum Dimensions {
    Sequence([u16; 2]),
    Image([u16; 3]),
}

/// Bytes from which only the shortest spelling of a number is taken. Postcard accepts longer ones,
/// whose last byte is 0 behind a byte that says that another follows.
struct Shortest<'a> {
    rest: &'a [u8],
    last: u8,
}

impl<'a> de_flavors::Flavor<'a> for Shortest<'a> {
    type Remainder = &'a [u8];
    type Source = &'a [u8];

    fn pop(&mut self) -> postcard::Result<u8> {
        let end = postcard::Error::DeserializeUnexpectedEnd;
        let (&byte, rest) = self.rest.split_first().ok_or(end)?;
        // A field of one byte may say as much, but none of the format's is so large.
        if byte == 0 && self.last >= 0x80 {
            return Err(postcard::Error::DeserializeBadVarint);
        }
        (self.rest, self.last) = (rest, byte);
        Ok(byte)
    }

    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'a [u8]> {
        let end = postcard::Error::DeserializeUnexpectedEnd;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(end)?;
        (self.rest, self.last) = (rest, 0);
        Ok(taken)
    }

    fn finalize(self) -> postcard::Result<&'a [u8]> {
        Ok(self.rest)
    }
}

/// Takes one value off the front of `bytes`.
pub(super) fn take<'a, T: Deserialize<'a>>(bytes: &mut &'a [u8]) -> Result<T, ParseError> {
    let rest = Shortest {
        rest: bytes,
        last: 0,
    };
    let mut reader = postcard::Deserializer::from_flavor(rest);
    let value = T::deserialize(&mut reader).map_err(|_| ParseError::MalformedHeader)?;
    *bytes = reader.finalize().map_err(|_| ParseError::MalformedHeader)?;
    Ok(value)
}

/// Nothing is left.
fn end(bytes: &[u8]) -> Result<(), ParseError> {
    match bytes {
        [] => Ok(()),
        _ => Err(ParseError::MalformedHeader),
    }
}

/// Takes a number, a length and so many bytes off the front of `bytes`; `None` at the end.
pub(super) fn entry<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u16, &'a [u8])>, ParseError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (number, len): (u16, u16) = take(bytes)?;
    let (payload, rest) = bytes
        .split_at_checked(len.into())
        .ok_or(ParseError::MalformedHeader)?;
    *bytes = rest;
    Ok(Some((number, payload)))
}

/// Reads the header in `bytes`, of a file of this `version`, into `header`, which is as
/// [`Header::EMPTY`]. Every field of it is still to be checked.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    version: u16,
    header: &mut Header<'a>,
) -> Result<(), ParseError> {
    match version {
        4 => decode_records(bytes, header)?,
        _ => decode_struct(bytes, version, header)?,
    }
    // The lowest version that can express it.
    match header.version() == version {
        true => Ok(()),
        false => Err(ParseError::MalformedHeader),
    }
}

fn decode_struct<'a>(
    mut bytes: &'a [u8],
    version: u16,
    header: &mut Header<'a>,
) -> Result<(), ParseError> {
    take_columns(&mut bytes, header)?;
    for slot in &mut header.hidden {
        *slot = take_dense(&mut bytes)?;
    }
    take_outputs(&mut bytes, header)?;
    let kernels = match (version, bytes) {
        (1, []) => [Storage::F32 as u8, 1],
        (2, &[storage]) => [storage, 1],
        (3, &[storage, members]) => [storage, members],
        _ => return Err(ParseError::MalformedHeader),
    };
    read_kernels(&kernels, header)
}

fn decode_records<'a>(mut bytes: &'a [u8], header: &mut Header<'a>) -> Result<(), ParseError> {
    const NEEDED: u32 =
        1 << number::COLUMNS | 1 << number::LAYERS | 1 << number::OUTPUTS | 1 << number::KERNELS;
    let (mut last, mut found) = (0, 0);
    while let Some((tag, payload)) = entry(&mut bytes)? {
        let (record, required) = (tag / 2, tag % 2 == 1);
        if record <= last {
            return Err(ParseError::MalformedHeader);
        }
        last = record;
        match record {
            ..=number::LAST if required != (record != number::INPUT_RANGES) => {
                return Err(ParseError::MalformedHeader);
            }
            ..=number::LAST => {
                found |= 1 << record;
                decode_record(record, payload, header)?;
            }
            _ if required => return Err(ParseError::UnknownRecord { record }),
            _ => header.skipped_records += 1,
        }
    }
    match found & NEEDED {
        NEEDED => Ok(()),
        _ => Err(ParseError::MalformedHeader),
    }
}

/// Reads one of the records that this version knows.
fn decode_record<'a>(
    record: u16,
    mut payload: &'a [u8],
    header: &mut Header<'a>,
) -> Result<(), ParseError> {
    match record {
        number::COLUMNS => take_columns(&mut payload, header)?,
        number::LAYERS => return read_layers(payload, header),
        number::OUTPUTS => take_outputs(&mut payload, header)?,
        number::KERNELS => return read_kernels(payload, header),
        number::INPUT_SHAPE => take_shape(&mut payload, header)?,
        number::INPUT_RANGES => {
            header.input_ranges = Some(InputRanges::read(payload)?);
            return Ok(());
        }
        _ => {
            header.supports = Some(Supports::read(payload));
            return Ok(());
        }
    }
    end(payload)
}

fn take_columns<'a>(bytes: &mut &'a [u8], header: &mut Header<'a>) -> Result<(), ParseError> {
    let columns: Columns<'_> = take(bytes)?;
    header.producer = columns.producer;
    header.input_columns = columns.input_columns;
    header.target_columns = columns.target_columns;
    header.inputs = Shape::Vector(columns.inputs.into());
    Ok(())
}

fn take_dense(bytes: &mut &[u8]) -> Result<Layer, ParseError> {
    let Dense { units, activation } = take(bytes)?;
    let units = units.into();
    Ok(Layer::Dense { units, activation })
}

fn take_outputs(bytes: &mut &[u8], header: &mut Header<'_>) -> Result<(), ParseError> {
    let outputs: Outputs = take(bytes)?;
    header.head = outputs.head;
    header.anomaly_threshold = outputs.anomaly_threshold;
    header.golden = outputs.golden;
    Ok(())
}

/// A shape that is no vector, of as many inputs as the columns are.
fn take_shape(bytes: &mut &[u8], header: &mut Header<'_>) -> Result<(), ParseError> {
    let shape = match take(bytes)? {
        Dimensions::Sequence([steps, channels]) => Shape::Sequence { steps, channels },
        Dimensions::Image([height, width, channels]) => Shape::Image {
            height,
            width,
            channels,
        },
    };
    if shape.len() != header.inputs.len() {
        return Err(ParseError::UnsupportedShape);
    }
    header.inputs = shape;
    Ok(())
}

fn read_layers(mut bytes: &[u8], header: &mut Header<'_>) -> Result<(), ParseError> {
    let mut slots = (1..).zip(&mut header.hidden);
    while let Some((kind, mut payload)) = entry(&mut bytes)? {
        let (layer, slot) = slots.next().ok_or(ParseError::UnsupportedShape)?;
        *slot = match kind {
            DENSE => take_dense(&mut payload)?,
            _ => return Err(ParseError::UnknownLayer { layer, kind }),
        };
        end(payload)?;
        if slot.is_empty() {
            return Err(ParseError::UnsupportedShape);
        }
    }
    Ok(())
}

fn read_kernels(bytes: &[u8], header: &mut Header<'_>) -> Result<(), ParseError> {
    let malformed = ParseError::MalformedHeader;
    let &[storage, members] = bytes else {
        return Err(malformed);
    };
    header.storage = *Storage::ALL.get(usize::from(storage)).ok_or(malformed)?;
    header.members = members;
    Ok(())
}

impl TryFrom<Layer> for Dense {
    type Error = EmitError;

    fn try_from(layer: Layer) -> Result<Self, EmitError> {
        let Layer::Dense { units, activation } = layer;
        let units = u16::try_from(units).map_err(|_| EmitError::InvalidHeader)?;
        Ok(Dense { units, activation })
    }
}

/// Writes `header` in its own version.
pub(super) fn encode(header: &Header<'_>, sink: &mut Sink<'_>) -> Result<(), EmitError> {
    match header.version() {
        4 => encode_records(header, sink),
        version => encode_struct(header, version, sink),
    }
}

fn encode_struct(header: &Header<'_>, version: u16, sink: &mut Sink<'_>) -> Result<(), EmitError> {
    sink.put(&columns(header)?)?;
    for layer in header.hidden {
        sink.put(&Dense::try_from(layer)?)?;
    }
    sink.put(&outputs(header))?;
    // Each version adds a byte to the one before.
    let added = usize::from(version) - 1;
    kernels(header).get(..added).map(|bytes| sink.bytes(bytes));
    Ok(())
}

fn encode_records(header: &Header<'_>, sink: &mut Sink<'_>) -> Result<(), EmitError> {
    use number::{COLUMNS, INPUT_RANGES, INPUT_SHAPE, KERNELS, LAYERS, OUTPUTS, SUPPORTS};
    let required = |number: u16| 2 * number + 1;
    put_entry(sink, required(COLUMNS), |sink| sink.put(&columns(header)?))?;
    put_entry(sink, required(LAYERS), |sink| {
        for layer in header.hidden_layers() {
            put_entry(sink, DENSE, |sink| sink.put(&Dense::try_from(layer)?))?;
        }
        Ok(())
    })?;
    put_entry(sink, required(OUTPUTS), |sink| sink.put(&outputs(header)))?;
    put_entry(sink, required(KERNELS), |sink| {
        Ok(sink.bytes(&kernels(header)))
    })?;
    if let Some(dimensions) = dimensions(header.inputs) {
        put_entry(sink, required(INPUT_SHAPE), |sink| sink.put(&dimensions))?;
    }
    if let Some(ranges) = header.input_ranges {
        put_entry(sink, 2 * INPUT_RANGES, |sink| Ok(ranges.write(sink)))?;
    }
    if let Some(supports) = header.supports {
        put_entry(sink, required(SUPPORTS), |sink| Ok(supports.write(sink)))?;
    }
    Ok(())
}

fn columns<'a>(header: &Header<'a>) -> Result<Columns<'a>, EmitError> {
    Ok(Columns {
        producer: header.producer,
        input_columns: header.input_columns,
        target_columns: header.target_columns,
        inputs: u16::try_from(header.inputs.len()).map_err(|_| EmitError::InvalidHeader)?,
    })
}

const fn outputs(header: &Header<'_>) -> Outputs {
    Outputs {
        head: header.head,
        anomaly_threshold: header.anomaly_threshold,
        golden: header.golden,
    }
}

/// The storage by its number, which is its encoding as well, and the number of networks.
const fn kernels(header: &Header<'_>) -> [u8; 2] {
    [header.storage as u8, header.members]
}

const fn dimensions(shape: Shape) -> Option<Dimensions> {
    match shape {
        Shape::Vector(_) => None,
        Shape::Sequence { steps, channels } => Some(Dimensions::Sequence([steps, channels])),
        Shape::Image {
            height,
            width,
            channels,
        } => Some(Dimensions::Image([height, width, channels])),
    }
}

/// Writes a number, the length of what `fill` writes, and that.
pub(super) fn put_entry(
    sink: &mut Sink<'_>,
    number: u16,
    fill: impl Fn(&mut Sink<'_>) -> Result<(), EmitError>,
) -> Result<(), EmitError> {
    let mut counted = Sink::new(&mut []);
    fill(&mut counted)?;
    let len = u16::try_from(counted.len()).map_err(|_| EmitError::InvalidHeader)?;
    sink.put(&(number, len))?;
    fill(sink)
}

/// Where bytes go; those beyond its room are counted all the same.
pub(super) struct Sink<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Sink<'a> {
    pub(super) const fn new(room: &'a mut [u8]) -> Self {
        Sink { room, len: 0 }
    }

    /// How many bytes were written and counted.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(to) = self.room.get_mut(self.len) {
                *to = byte;
            }
            self.len += 1;
        }
    }

    fn put(&mut self, value: &impl Serialize) -> Result<(), EmitError> {
        postcard::serialize_with_flavor(value, self).map_err(|_| EmitError::InvalidHeader)
    }
}

impl ser_flavors::Flavor for &mut Sink<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.bytes(&[byte]);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
