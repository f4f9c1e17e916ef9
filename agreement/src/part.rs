//! How much of the suite a machine evaluates.

/// How much of the suite is evaluated. Each part has a hash of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What 256 KB of flash, 16 KB of memory and a processor without floating point can do in
    /// seconds: some models, few inputs.
    Small,
    /// Everything.
    Whole,
}

impl Part {
    /// Both, the smaller first.
    pub const ALL: [Part; 2] = [Part::Small, Part::Whole];

    /// `small` or `whole`.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Small => "small",
            Part::Whole => "whole",
        }
    }

    /// Whether it has what belongs to `other`: the whole has everything.
    pub(crate) fn includes(self, other: Part) -> bool {
        self == Part::Whole || other == Part::Small
    }

    /// From the bit pattern of one input of an elementary function to the next: primes, so that
    /// every exponent, both signs and many low bits occur.
    pub(crate) const fn stride(self) -> usize {
        match self {
            Part::Small => 1_000_003,
            Part::Whole => 65_521,
        }
    }

    /// How many inputs of a model are drawn at each reach.
    pub(crate) const fn inputs(self) -> usize {
        match self {
            Part::Small => 2,
            Part::Whole => 3,
        }
    }
}
