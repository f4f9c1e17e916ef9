//! What a draft states of its columns beside their names and standardisation.

use mdn_infer::format::{Header, InputRanges, Shape, Support, Supports};

/// What a file may state and need not. Any of it makes the file one of version 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statements {
    /// How the I inputs are arranged, where they are no vector.
    pub input_shape: Option<Shape>,
    /// `[I]`: the least and the greatest value of each input, in raw units.
    pub input_ranges: Option<Vec<(f32, f32)>>,
    /// `[D]`: the support of each target.
    pub supports: Option<Vec<Support>>,
}

impl Statements {
    pub(super) fn of(header: &Header<'_>) -> Self {
        Statements {
            input_shape: header.input_shape,
            input_ranges: header.input_ranges.map(|ranges| ranges.iter().collect()),
            supports: header.supports.map(|supports| supports.iter().collect()),
        }
    }

    /// The ranges in the file's encoding.
    pub(super) fn encoded_ranges(&self) -> Option<Vec<[[u8; 4]; 2]>> {
        let ranges = self.input_ranges.as_deref()?.iter();
        let pairs = ranges.map(|&(least, greatest)| InputRanges::encode(least, greatest));
        Some(pairs.collect())
    }

    /// The supports in the file's encoding, which stands in `buffer`.
    pub(super) fn encode_supports<'b>(&self, buffer: &'b mut Vec<u8>) -> Option<Supports<'b>> {
        let supports = self.supports.as_deref()?;
        buffer.resize(Supports::encoded_len(supports), 0);
        Supports::encode(supports, buffer)
    }
}
