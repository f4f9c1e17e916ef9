//! The header as bytes, and back: the versions differ here and nowhere else.
//!
//! Versions 1 to 3 are one postcard struct to which each version adds a byte. Version 4 is a list
//! of records, each with a tag and a length, so that a reader can skip or name what it does not
//! know; the fields of version 1 keep their encoding in it. Only the shortest spelling counts, so
//! that a model has one encoding. What the fields may be is checked in `header`.

use serde::Serialize;

use super::fields::Fields;
use super::input_rules::InputRules;
use super::sink::{Sink, put_entry};
use super::statements::InputRanges;
use super::supports::Supports;
use super::{Activation, Covariance, Head, Header, Layer, ScaleMap, Shape, Storage};
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
    pub(super) const INPUT_RULES: u16 = 8;
    pub(super) const LAST: u16 = INPUT_RULES;
}

/// The kinds of layers by their numbers.
const DENSE: u16 = 0;

#[derive(Serialize)]
struct Columns<'a> {
    producer: &'a str,
    input_columns: &'a str,
    target_columns: &'a str,
    inputs: u16,
}

#[derive(Clone, Copy, Serialize)]
struct Dense {
    units: u16,
    activation: Activation,
}

#[derive(Serialize)]
struct Outputs {
    head: Head,
    anomaly_threshold: Option<f32>,
    golden: u16,
}

/// A shape that is no vector, by its dimensions.
#[derive(Serialize)]
enum Dimensions {
    Sequence([u16; 2]),
    Image([u16; 3]),
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
    bytes: &'a [u8],
    version: u16,
    header: &mut Header<'a>,
) -> Result<(), ParseError> {
    let mut fields = Fields::new(bytes);
    read_columns(&mut fields, header);
    for slot in &mut header.hidden {
        *slot = read_dense(&mut fields);
    }
    read_outputs(&mut fields, header);
    if version > 1 {
        header.storage = fields.choice(&Storage::ALL);
    }
    if version > 2 {
        header.members = fields.byte();
    }
    fields.end()
}

fn decode_records<'a>(bytes: &'a [u8], header: &mut Header<'a>) -> Result<(), ParseError> {
    const NEEDED: u32 =
        1 << number::COLUMNS | 1 << number::LAYERS | 1 << number::OUTPUTS | 1 << number::KERNELS;
    let mut records = Fields::new(bytes);
    let (mut last, mut found) = (0, 0);
    while let Some((tag, payload)) = records.entry() {
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
    records.end()?;
    match found & NEEDED {
        NEEDED => Ok(()),
        _ => Err(ParseError::MalformedHeader),
    }
}

/// Reads one of the records that this version knows.
fn decode_record<'a>(
    record: u16,
    payload: &'a [u8],
    header: &mut Header<'a>,
) -> Result<(), ParseError> {
    let mut fields = Fields::new(payload);
    match record {
        number::COLUMNS => read_columns(&mut fields, header),
        number::LAYERS => read_layers(&mut fields, header)?,
        number::OUTPUTS => read_outputs(&mut fields, header),
        number::KERNELS => {
            header.storage = fields.choice(&Storage::ALL);
            header.members = fields.byte();
        }
        number::INPUT_SHAPE => header.input_shape = Some(read_shape(&mut fields)),
        number::INPUT_RANGES => {
            header.input_ranges = Some(InputRanges::read(payload)?);
            return Ok(());
        }
        number::INPUT_RULES => {
            header.input_rules = Some(InputRules::new(payload));
            return Ok(());
        }
        _ if !cfg!(feature = "supports") => return Err(ParseError::UnknownRecord { record }),
        _ => {
            header.supports = Some(Supports::read(payload));
            return Ok(());
        }
    }
    fields.end()
}

fn read_columns<'a>(fields: &mut Fields<'a>, header: &mut Header<'a>) {
    header.producer = fields.text();
    header.input_columns = fields.text();
    header.target_columns = fields.text();
    header.inputs = fields.number();
}

fn read_dense(fields: &mut Fields<'_>) -> Layer {
    Layer::Dense {
        units: fields.number().into(),
        activation: fields.choice(&Activation::ALL),
    }
}

fn read_outputs(fields: &mut Fields<'_>, header: &mut Header<'_>) {
    header.head = Head {
        components: fields.number(),
        dimensions: fields.byte(),
        covariance: fields.choice(&Covariance::ALL),
        scale_map: fields.choice(&ScaleMap::ALL),
        log_scale_min: fields.float(),
        log_scale_max: fields.float(),
    };
    let threshold = fields.choice(&[false, true]);
    header.anomaly_threshold = threshold.then(|| fields.float());
    header.golden = fields.number();
}

fn read_shape(fields: &mut Fields<'_>) -> Shape {
    match fields.choice(&[false, true]) {
        false => Shape::Sequence {
            steps: fields.number(),
            channels: fields.number(),
        },
        true => Shape::Image {
            height: fields.number(),
            width: fields.number(),
            channels: fields.number(),
        },
    }
}

fn read_layers(entries: &mut Fields<'_>, header: &mut Header<'_>) -> Result<(), ParseError> {
    let mut slots = (1..).zip(&mut header.hidden);
    while let Some((kind, payload)) = entries.entry() {
        let (layer, slot) = slots.next().ok_or(ParseError::UnsupportedShape)?;
        let mut fields = Fields::new(payload);
        *slot = match kind {
            DENSE => read_dense(&mut fields),
            _ => return Err(ParseError::UnknownLayer { layer, kind }),
        };
        fields.end()?;
        if slot.is_empty() {
            return Err(ParseError::UnsupportedShape);
        }
    }
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
    sink.put(&columns(header))?;
    for layer in header.hidden {
        sink.put(&Dense::try_from(layer)?)?;
    }
    sink.put(&outputs(header))?;
    // Each version adds a byte to the one before.
    let added = usize::from(version) - 1;
    sink.bytes(kernels(header).get(..added).unwrap_or_default());
    Ok(())
}

fn encode_records(header: &Header<'_>, sink: &mut Sink<'_>) -> Result<(), EmitError> {
    use number::{
        COLUMNS, INPUT_RANGES, INPUT_RULES, INPUT_SHAPE, KERNELS, LAYERS, OUTPUTS, SUPPORTS,
    };
    let required = |number: u16| 2 * number + 1;
    put_entry(sink, required(COLUMNS), |sink| sink.put(&columns(header)))?;
    put_entry(sink, required(LAYERS), |sink| {
        for layer in header.hidden_layers() {
            put_entry(sink, DENSE, |sink| sink.put(&Dense::try_from(layer)?))?;
        }
        Ok(())
    })?;
    put_entry(sink, required(OUTPUTS), |sink| sink.put(&outputs(header)))?;
    put_entry(sink, required(KERNELS), |sink| {
        sink.bytes(&kernels(header));
        Ok(())
    })?;
    if let Some(dimensions) = header.input_shape.and_then(dimensions) {
        put_entry(sink, required(INPUT_SHAPE), |sink| sink.put(&dimensions))?;
    }
    if let Some(ranges) = header.input_ranges {
        put_entry(sink, 2 * INPUT_RANGES, |sink| ranges.write(sink))?;
    }
    if let Some(supports) = header.supports {
        put_entry(sink, required(SUPPORTS), |sink| supports.write(sink))?;
    }
    if let Some(rules) = header.input_rules {
        put_entry(sink, required(INPUT_RULES), |sink| rules.write(sink))?;
    }
    Ok(())
}

const fn columns<'a>(header: &Header<'a>) -> Columns<'a> {
    Columns {
        producer: header.producer,
        input_columns: header.input_columns,
        target_columns: header.target_columns,
        inputs: header.inputs,
    }
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
