//! What a file states of its columns beside their names: the range of each input, the support of
//! each target.
//!
//! Both stay in the file's own encoding, which [`read`](super::read) has checked: a header borrows
//! them, and whoever asks decodes one column at a time.

use super::fields::Fields;
use super::sink::{Sink, put_entry};
use crate::error::{EmitError, ParseError};

/// The least and the greatest value of each input, in raw units, as `[I]` pairs of little-endian
/// binary32. Both are finite and in order; they may be equal.
///
/// ```
/// use mdn_infer::format::InputRanges;
///
/// let pairs = [InputRanges::encode(-1.0, 1.0), InputRanges::encode(0.0, 250.0)];
/// let ranges = InputRanges::new(&pairs);
/// assert!(ranges.iter().eq([(-1.0, 1.0), (0.0, 250.0)]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRanges<'a>(&'a [[[u8; 4]; 2]]);

impl<'a> InputRanges<'a> {
    /// The ranges `[I]` in the file's encoding; [`encode`](Self::encode) makes it of numbers.
    pub const fn new(pairs: &'a [[[u8; 4]; 2]]) -> Self {
        InputRanges(pairs)
    }

    /// One column's pair.
    pub const fn encode(least: f32, greatest: f32) -> [[u8; 4]; 2] {
        [least.to_le_bytes(), greatest.to_le_bytes()]
    }

    /// The least and the greatest value of each input.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (f32, f32)> + use<'a> {
        let pairs = self.0.iter();
        pairs.map(|&[least, greatest]| (f32::from_le_bytes(least), f32::from_le_bytes(greatest)))
    }

    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        let (pairs, odd) = numbers.as_chunks::<2>();
        match rest.is_empty() && odd.is_empty() {
            true => Ok(InputRanges(pairs)),
            false => Err(ParseError::MalformedHeader),
        }
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), EmitError> {
        sink.bytes(self.0.as_flattened().as_flattened());
        Ok(())
    }

    pub(super) fn check(&self, inputs: usize) -> Result<(), ParseError> {
        if self.0.len() != inputs {
            return Err(ParseError::UnsupportedShape);
        }
        let sound = |(least, greatest): (f32, f32)| {
            least.is_finite() && greatest.is_finite() && least <= greatest
        };
        match self.iter().all(sound) {
            true => Ok(()),
            false => Err(ParseError::InvalidNumber),
        }
    }
}

/// The set on which a target's values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// Every real number; values have a density.
    Continuous,
}

impl Support {
    /// `continuous`.
    pub const fn name(self) -> &'static str {
        match self {
            Support::Continuous => "continuous",
        }
    }
}

/// The number of [`Support::Continuous`] in the file.
const CONTINUOUS: u16 = 0;

/// The support of each target dimension, in the file's encoding.
///
/// ```
/// use mdn_infer::format::{Support, Supports};
///
/// let two = [Support::Continuous; 2];
/// let mut buffer = vec![0; Supports::encoded_len(&two)];
/// let supports = Supports::encode(&two, &mut buffer).expect("a buffer of the right length");
/// assert!(supports.iter().eq(two));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supports<'a>(&'a [u8]);

impl<'a> Supports<'a> {
    /// How many bytes the encoding of `supports` has.
    pub fn encoded_len(supports: &[Support]) -> usize {
        put(supports, &mut [])
    }

    /// The encoding of `supports` `[D]` at the front of `buffer`; `None` where it is shorter than
    /// [`encoded_len`](Self::encoded_len).
    pub fn encode(supports: &[Support], buffer: &'a mut [u8]) -> Option<Self> {
        let len = put(supports, buffer);
        Some(Supports(buffer.get(..len)?))
    }

    /// The support of each target dimension.
    pub fn iter(&self) -> impl Iterator<Item = Support> + use<'a> {
        let (mut entries, mut target) = (Fields::new(self.0), 0);
        core::iter::from_fn(move || {
            let support = next(&mut entries, target).ok()??;
            target += 1;
            Some(support)
        })
    }

    pub(super) fn read(bytes: &'a [u8]) -> Self {
        Supports(bytes)
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), EmitError> {
        sink.bytes(self.0);
        Ok(())
    }

    pub(super) fn check(&self, dimensions: usize) -> Result<(), ParseError> {
        let (mut entries, mut found) = (Fields::new(self.0), 0);
        while next(&mut entries, found)?.is_some() {
            found += 1;
        }
        match found == dimensions {
            true => Ok(()),
            false => Err(ParseError::UnsupportedShape),
        }
    }
}

/// Writes the encoding of `supports` and returns its length, which may exceed the room.
fn put(supports: &[Support], room: &mut [u8]) -> usize {
    let mut sink = Sink::new(room);
    for support in supports {
        // No payload is too long for its length.
        let _ = match support {
            Support::Continuous => put_entry(&mut sink, CONTINUOUS, |_| Ok(())),
        };
    }
    sink.len()
}

/// The next support, which is that of dimension `target`.
fn next(entries: &mut Fields<'_>, target: usize) -> Result<Option<Support>, ParseError> {
    let Some((kind, payload)) = entries.entry() else {
        return entries.end().map(|()| None);
    };
    match (kind, payload) {
        (CONTINUOUS, []) => Ok(Some(Support::Continuous)),
        (CONTINUOUS, _) => Err(ParseError::MalformedHeader),
        (kind, _) => Err(ParseError::UnknownSupport { target, kind }),
    }
}
