//! What a file states of its input columns beside their names: the range of each.
//!
//! It stays in the file's own encoding, which [`read`](super::read) has checked: a header borrows it,
//! and whoever asks decodes one column at a time. `supports` has the same of the targets.

use super::sink::Sink;
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
