//! The preamble and the header: fixed fields, then postcard.

use postcard::fixint;
use postcard::ser_flavors::{Size, Slice};
use serde::{Deserialize, Serialize};

use super::checksum::checksum;
use super::columns::check_columns;
use super::{
    ALIGNMENT, Activation, Head, Layout, MAX_COMPONENTS, MAX_DIMENSIONS, MAX_HIDDEN, MAX_LOG_SCALE,
    Storage, VERSION,
};
use crate::error::{EmitError, ParseError};

/// The first byte is outside ASCII and the line ends are of both kinds, so that a transfer as
/// text is noticed; the idea is PNG's.
const MAGIC: [u8; 8] = *b"\x89MDN\r\n\x1a\n";
pub(super) const PREAMBLE_LEN: usize = 24;
/// Most bytes that a version adds to the header of version 1.
const MAX_ADDED: usize = 2;

#[derive(Serialize, Deserialize)]
struct Preamble {
    magic: [u8; 8],
    #[serde(with = "fixint::le")]
    version: u16,
    #[serde(with = "fixint::le")]
    header_len: u16,
    #[serde(with = "fixint::le")]
    total_len: u32,
    #[serde(with = "fixint::le")]
    working_len: u32,
    #[serde(with = "fixint::le")]
    checksum: u32,
}

/// A hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// How many units it has; 0 past the last hidden layer.
    pub units: u16,
    /// The function applied to each unit; identity past the last hidden layer.
    pub activation: Activation,
}

impl Hidden {
    /// The entry past the last hidden layer.
    pub const NONE: Hidden = Hidden {
        units: 0,
        activation: Activation::Identity,
    };
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// The program that wrote the file, with its version.
    pub producer: &'a str,
    /// The input columns, one a line: `name`, or `name`, a tab and the unit.
    pub input_columns: &'a str,
    /// The target columns, written alike.
    pub target_columns: &'a str,
    /// I, the number of inputs.
    pub inputs: u16,
    /// The hidden layers in order, then [`Hidden::NONE`] to the end.
    pub hidden: [Hidden; MAX_HIDDEN],
    /// The meaning of the outputs.
    pub head: Head,
    /// The anomaly score, −ln p in raw units, above which a target counts as an anomaly.
    pub anomaly_threshold: Option<f32>,
    /// How many golden vectors the file holds.
    pub golden: u16,
    /// How the kernels are stored. From version 2 on; it is f32 before, and stands behind the
    /// other fields.
    #[serde(skip)]
    pub storage: Storage,
    /// M, the number of networks: 1, or more in an ensemble. From version 3 on; it is 1 before,
    /// and stands behind the storage.
    #[serde(skip)]
    pub members: u8,
}

impl<'a> Header<'a> {
    /// The version in which the model is written: the lowest that can express it.
    pub const fn version(&self) -> u16 {
        match (self.members, self.storage) {
            (0 | 1, Storage::F32) => 1,
            (0 | 1, _) => 2,
            _ => 3,
        }
    }

    /// What later versions add, of which the header has as many bytes as [`Self::added`] says:
    /// the storage by its number, which is its encoding as well, and the number of networks.
    const fn addition(&self) -> [u8; MAX_ADDED] {
        [self.storage as u8, self.members]
    }

    /// How many bytes the version adds to the header of version 1.
    const fn added(&self) -> usize {
        self.version() as usize - 1
    }

    /// Components of the mixture: those of all networks.
    pub const fn components(&self) -> usize {
        self.members as usize * self.head.components as usize
    }

    /// The hidden layers that exist.
    pub fn hidden_layers(&self) -> impl Iterator<Item = Hidden> + use<> {
        self.hidden.into_iter().take_while(|layer| layer.units > 0)
    }

    /// Checks names and sizes against each other and the format's limits.
    fn check(&self) -> Result<(), ParseError> {
        let head = &self.head;
        let bounded = |bound: f32| (-MAX_LOG_SCALE..=MAX_LOG_SCALE).contains(&bound);
        let hidden = self.hidden_layers().count();
        let shapes = self.inputs > 0
            && (1..=MAX_COMPONENTS).contains(&self.components())
            && (1..=MAX_DIMENSIONS).contains(&usize::from(head.dimensions))
            && self
                .hidden
                .iter()
                .skip(hidden)
                .all(|layer| *layer == Hidden::NONE);
        if !shapes {
            return Err(ParseError::UnsupportedShape);
        }
        if !(bounded(head.log_scale_min)
            && bounded(head.log_scale_max)
            && head.log_scale_min < head.log_scale_max
            && self.anomaly_threshold.is_none_or(f32::is_finite))
        {
            return Err(ParseError::InvalidNumber);
        }
        check_columns(self.input_columns, self.inputs.into())?;
        check_columns(self.target_columns, head.dimensions.into())
    }
}

fn read_header(bytes: &[u8], version: u16) -> Result<Header<'_>, ParseError> {
    let malformed = ParseError::MalformedHeader;
    let (mut header, addition): (Header, _) =
        postcard::take_from_bytes(bytes).map_err(|_| malformed)?;
    let (number, members) = match (version, addition) {
        (1, []) => (0, 1),
        (2, &[number]) => (number, 1),
        (3, &[number, members]) => (number, members),
        _ => return Err(malformed),
    };
    header.storage = *Storage::ALL.get(usize::from(number)).ok_or(malformed)?;
    header.members = members;
    // The lowest version that can express it, so that a model has one encoding.
    if header.version() != version {
        return Err(malformed);
    }
    let first = bytes.len() - addition.len();
    // Postcard accepts longer spellings of some numbers; we don't.
    match postcard::serialize_with_flavor(&header, Size::default()) {
        Ok(shortest) if shortest == first => Ok(header),
        _ => Err(malformed),
    }
}

/// Checks the file up to its numbers; returns the header, the layout and the blob's bytes.
///
/// The order matters: magic and version before anything whose meaning depends on them, the
/// length before the checksum, the checksum before every field that it covers.
///
/// # Errors
///
/// All of [`ParseError`] but those that concern the blob's numbers, alignment and byte order.
pub fn read(bytes: &[u8]) -> Result<(Header<'_>, Layout, &[u8]), ParseError> {
    let magic_len = bytes.len().min(MAGIC.len());
    if bytes.get(..magic_len) != MAGIC.get(..magic_len) {
        return Err(ParseError::NotAModel);
    }
    let cut = |expected: usize| ParseError::Truncated {
        expected,
        found: bytes.len(),
    };
    let (preamble, rest): (Preamble, _) =
        postcard::take_from_bytes(bytes).map_err(|_| cut(PREAMBLE_LEN))?;
    if !(1..=VERSION).contains(&preamble.version) {
        return Err(ParseError::UnsupportedVersion {
            found: preamble.version,
        });
    }
    let expected =
        usize::try_from(preamble.total_len).map_err(|_| ParseError::InconsistentSizes)?;
    match bytes.len() {
        found if found < expected => return Err(cut(expected)),
        found if found > expected => return Err(ParseError::TrailingBytes { expected, found }),
        _ => {}
    }
    let found = checksum(bytes);
    if found != preamble.checksum {
        return Err(ParseError::ChecksumMismatch {
            expected: preamble.checksum,
            found,
        });
    }
    let header_len = usize::from(preamble.header_len);
    let header = rest.get(..header_len).ok_or(ParseError::MalformedHeader)?;
    let header = read_header(header, preamble.version)?;
    header.check()?;
    let layout = Layout::of(&header).ok_or(ParseError::InconsistentSizes)?;
    let blob = bytes
        .get(blob_offset(header_len)..)
        .ok_or(ParseError::InconsistentSizes)?;
    if blob.len() != layout.words * 4 || preamble.working_len as usize != layout.working_len {
        return Err(ParseError::InconsistentSizes);
    }
    Ok((header, layout, blob))
}

/// How many f32 of working memory a [`Predictor`](crate::Predictor) needs for the model in
/// `bytes`, for use as its const parameter.
///
/// Reads one field of the preamble and checks only the magic; [`Model::parse`](crate::Model::parse)
/// checks the rest.
///
/// # Panics
///
/// When `bytes` does not begin like a model file: in a constant, that is a compile error.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "for constants, where a panic is a compile error"
)]
pub const fn working_len(bytes: &[u8]) -> usize {
    assert!(bytes.len() >= PREAMBLE_LEN, "not a model file");
    let mut i = 0;
    while i < MAGIC.len() {
        assert!(bytes[i] == MAGIC[i], "not a model file");
        i += 1;
    }
    u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]) as usize
}

const fn blob_offset(header_len: usize) -> usize {
    (PREAMBLE_LEN + header_len).next_multiple_of(ALIGNMENT)
}

/// Where the blob starts and how long the file is.
pub(super) struct Extent {
    header_len: u16,
    pub(super) blob_offset: usize,
    pub(super) total_len: usize,
}

/// The extent of the file that `header` asks for, after checking it as a reader would.
pub(super) fn extent(header: &Header<'_>, layout: &Layout) -> Result<Extent, EmitError> {
    header.check().map_err(|_| EmitError::InvalidHeader)?;
    let first = postcard::serialize_with_flavor(header, Size::default())
        .map_err(|_| EmitError::InvalidHeader)?;
    let header_len = first + header.added();
    let blob_offset = blob_offset(header_len);
    Ok(Extent {
        header_len: u16::try_from(header_len).map_err(|_| EmitError::InvalidHeader)?,
        blob_offset,
        total_len: blob_offset + layout.words * 4,
    })
}

/// Writes preamble and header into the front of `out`, whose blob is in place already.
pub(super) fn write_front(
    header: &Header<'_>,
    layout: &Layout,
    extent: &Extent,
    out: &mut [u8],
) -> Result<(), EmitError> {
    let invalid = |_| EmitError::InvalidHeader;
    let mut preamble = Preamble {
        magic: MAGIC,
        version: header.version(),
        header_len: extent.header_len,
        total_len: u32::try_from(extent.total_len).map_err(|_| EmitError::InvalidHeader)?,
        working_len: u32::try_from(layout.working_len).map_err(|_| EmitError::InvalidHeader)?,
        checksum: 0,
    };
    let (front, rest) = out
        .split_at_mut_checked(PREAMBLE_LEN)
        .ok_or(EmitError::InvalidHeader)?;
    let first = postcard::serialize_with_flavor(header, Slice::new(&mut *rest))
        .map_err(invalid)?
        .len();
    let addition = rest.get_mut(first..).unwrap_or_default();
    for (to, byte) in addition
        .iter_mut()
        .zip(header.addition())
        .take(header.added())
    {
        *to = byte;
    }
    postcard::to_slice(&preamble, front).map_err(invalid)?;
    preamble.checksum = checksum(out);
    postcard::to_slice(&preamble, out).map_err(invalid)?;
    Ok(())
}
