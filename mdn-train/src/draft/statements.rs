//! What a draft states of its columns beside their names and standardisation.

use mdn_infer::Model;
use mdn_infer::format::{InputRanges, InputRule, Shape, Support, Supports};

/// What a file may state and need not. Any of it makes the file one of version 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statements {
    /// How the I inputs are arranged, where they are no vector.
    pub input_shape: Option<Shape>,
    /// `[I]`: the least and the greatest value of each input, in raw units.
    pub input_ranges: Option<Vec<(f32, f32)>>,
    /// `[D]`: the support of each target.
    pub supports: Option<Vec<Support>>,
    /// `[I]`: what is done to each input before it is standardised. The columns of the inputs are then
    /// those I, and their standardiser has an entry for each and one for the indicator of each that may
    /// be missing, in order, at the end.
    pub input_rules: Option<Vec<InputRule>>,
}

impl Statements {
    pub(super) fn of(model: &Model<'_>) -> Self {
        let header = model.header();
        Statements {
            input_shape: header.input_shape,
            input_ranges: header.input_ranges.map(|ranges| ranges.iter().collect()),
            supports: header.supports.map(|supports| supports.iter().collect()),
            input_rules: model.input_rules().map(Iterator::collect),
        }
    }

    /// How many indicators of missing values the network reads beside the inputs.
    pub fn indicators(&self) -> usize {
        let rules = self.input_rules.iter().flatten();
        rules.filter(|rule| rule.fill.is_some()).count()
    }

    /// The kinds of the rules `[I]` and their numbers `[5][I]`, as the file has them.
    pub(super) fn encoded_rules(&self) -> Option<(Vec<u8>, Vec<f32>)> {
        let rules = self.input_rules.as_deref()?;
        let kinds = rules.iter().map(InputRule::kind).collect();
        let numbers: Vec<_> = rules.iter().map(InputRule::numbers).collect();
        let row = |row: usize| numbers.iter().map(move |numbers| numbers[row]);
        Some((kinds, (0..5).flat_map(row).collect()))
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
