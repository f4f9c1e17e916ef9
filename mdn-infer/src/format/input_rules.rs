//! What a file says is done to each input before it is standardised: which kind of rule in the header,
//! a byte an input; its numbers in the blob.
//!
//! No arithmetic here: `inputs` applies the rules.

use super::sink::Sink;
use crate::error::{EmitError, ParseError};

/// The kinds of transforms by their numbers, the low bits of an input's byte.
const IDENTITY: u8 = 0;
const LOG: u8 = 1;
const SYMMETRIC_LOG: u8 = 2;
/// The bit of an input that may be missing.
const MISSING: u8 = 4;
/// The largest byte of a rule.
const LARGEST: u8 = SYMMETRIC_LOG | MISSING;

/// How many numbers the blob has for each input: low, high, centre, unit, fill.
pub(crate) const NUMBERS: usize = 5;

/// A monotone map of an input, before it is standardised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum InputTransform {
    /// The value itself.
    #[default]
    Identity,
    /// ln((x − centre) / unit), for inputs that lie above the centre and spread over several powers of ten.
    Log {
        /// In raw units.
        centre: f32,
        /// In raw units, positive.
        unit: f32,
    },
    /// sign(u) ln(1 + |u|) of u = (x − centre) / unit: nearly straight within a unit of the centre,
    /// logarithmic far from it on both sides.
    SymmetricLog {
        /// In raw units.
        centre: f32,
        /// In raw units, positive.
        unit: f32,
    },
}

/// What becomes of the raw value of one input before it is standardised: where it is missing the fill
/// stands for it, then it is brought between the limits, then transformed.
///
/// The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputRule {
    /// A value below counts as this, in raw units; −∞ where there is no limit.
    pub low: f32,
    /// A value above counts as this, in raw units; +∞ where there is no limit.
    pub high: f32,
    /// The map.
    pub transform: InputTransform,
    /// Stands for a missing value, which is NaN, in raw units; `None` where none may be missing. An
    /// input with a fill has an indicator beside it: 1 where the value was missing, else 0.
    pub fill: Option<f32>,
}

impl Default for InputRule {
    fn default() -> Self {
        InputRule {
            low: f32::NEG_INFINITY,
            high: f32::INFINITY,
            transform: InputTransform::Identity,
            fill: None,
        }
    }
}

impl InputRule {
    /// The byte of the header.
    pub const fn kind(&self) -> u8 {
        let transform = match self.transform {
            InputTransform::Identity => IDENTITY,
            InputTransform::Log { .. } => LOG,
            InputTransform::SymmetricLog { .. } => SYMMETRIC_LOG,
        };
        match self.fill {
            Some(_) => transform | MISSING,
            None => transform,
        }
    }

    /// The numbers of the blob: low, high, centre, unit, fill. An identity has centre 0 and unit 1, an
    /// input that may not be missing the fill 0.
    pub const fn numbers(&self) -> [f32; NUMBERS] {
        let (centre, unit) = match self.transform {
            InputTransform::Identity => (0.0, 1.0),
            InputTransform::Log { centre, unit }
            | InputTransform::SymmetricLog { centre, unit } => (centre, unit),
        };
        let fill = match self.fill {
            Some(fill) => fill,
            None => 0.0,
        };
        [self.low, self.high, centre, unit, fill]
    }

    /// The rule of a byte and its numbers. A byte that no rule has counts as an identity.
    const fn of(kind: u8, [low, high, centre, unit, fill]: [f32; NUMBERS]) -> Self {
        InputRule {
            low,
            high,
            transform: match kind & !MISSING {
                LOG => InputTransform::Log { centre, unit },
                SYMMETRIC_LOG => InputTransform::SymmetricLog { centre, unit },
                _ => InputTransform::Identity,
            },
            fill: match kind & MISSING {
                0 => None,
                _ => Some(fill),
            },
        }
    }

    /// Whether the numbers are sound: limits in order, of which one that is infinite is no limit; centre
    /// and fill finite and the unit positive and normal; a logarithm's low limit above its centre by a
    /// normal number of units.
    pub fn is_sound(&self) -> bool {
        let ordered =
            self.low <= self.high && self.low < f32::INFINITY && self.high > f32::NEG_INFINITY;
        let map = match self.transform {
            InputTransform::Identity => true,
            InputTransform::Log { centre, unit } => {
                let least = (self.low - centre) / unit;
                centre.is_finite() && is_positive(unit) && is_positive(least)
            }
            InputTransform::SymmetricLog { centre, unit } => {
                centre.is_finite() && is_positive(unit)
            }
        };
        ordered && map && self.fill.is_none_or(f32::is_finite)
    }
}

fn is_positive(number: f32) -> bool {
    number.is_normal() && number > 0.0
}

/// The kinds of the rules of all inputs, as the header has them: `[I]` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRules<'a> {
    kinds: &'a [u8],
    /// How many may be missing: counted once, as every place in the blob depends on it.
    indicators: usize,
    /// Whether no input is transformed or may be missing.
    are_limits: bool,
}

impl<'a> InputRules<'a> {
    /// Of the bytes `[I]` that [`InputRule::kind`] gives.
    pub const fn new(kinds: &'a [u8]) -> Self {
        let (mut indicators, mut bits, mut left) = (0, IDENTITY, kinds);
        while let [kind, rest @ ..] = left {
            indicators += (*kind / MISSING % 2) as usize;
            bits |= *kind;
            left = rest;
        }
        InputRules {
            kinds,
            indicators,
            are_limits: bits == IDENTITY,
        }
    }

    /// How many inputs may be missing, and so how many indicators the network reads beside the inputs.
    pub const fn indicators(&self) -> usize {
        self.indicators
    }

    /// Whether input `index` may be missing.
    pub fn may_be_missing(&self, index: usize) -> bool {
        self.kinds
            .get(index)
            .is_some_and(|kind| kind & MISSING != 0)
    }

    /// Whether no input is transformed or may be missing, so that the rules are limits and nothing else.
    pub(crate) const fn are_limits(&self) -> bool {
        self.are_limits
    }

    /// The rule of input `index` with these numbers `[5][I]`, where there is one. O(1).
    #[inline(never)]
    pub(crate) fn rule(&self, numbers: &[f32], index: usize) -> Option<InputRule> {
        let kind = *self.kinds.get(index)?;
        Some(InputRule::of(kind, self.numbers_of(numbers, index)))
    }

    /// The five numbers of input `index` among all `[5][I]`.
    fn numbers_of(&self, numbers: &[f32], index: usize) -> [f32; NUMBERS] {
        let mut at = index;
        [(); NUMBERS].map(|()| {
            let number = numbers.get(at).copied().unwrap_or_default();
            at += self.kinds.len();
            number
        })
    }

    /// Whether these numbers `[5][I]` are such as sound rules have.
    #[inline(never)]
    pub(crate) fn are_sound(&self, numbers: &[f32]) -> bool {
        (0..self.kinds.len()).all(|index| {
            let rule = self.rule(numbers, index).unwrap_or_default();
            let found = self.numbers_of(numbers, index);
            // What a rule does not use is written as its default, so that a model has one encoding.
            rule.is_sound() && rule.numbers().map(f32::to_bits) == found.map(f32::to_bits)
        })
    }

    /// The rules, in order, of these numbers `[5][I]`.
    pub(crate) fn with_numbers(
        self,
        numbers: &'a [f32],
    ) -> impl ExactSizeIterator<Item = InputRule> + use<'a> {
        let inputs = 0..self.kinds.len();
        inputs.map(move |index| self.rule(numbers, index).unwrap_or_default())
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), EmitError> {
        sink.bytes(self.kinds);
        Ok(())
    }

    pub(super) fn check(&self, inputs: usize) -> Result<(), ParseError> {
        if self.kinds.len() != inputs {
            return Err(ParseError::UnsupportedShape);
        }
        let known = |kind: u8| kind <= LARGEST && kind & !MISSING <= SYMMETRIC_LOG;
        match self.kinds.iter().position(|&kind| !known(kind)) {
            Some(input) => Err(ParseError::UnknownInputRule { input }),
            None => Ok(()),
        }
    }
}
