//! The kinds of hidden layers.

use mdn_infer::format::{Activation, Hidden};

/// A hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HiddenLayer {
    /// Every unit sees every input.
    Dense {
        /// How many units it has, at least 1.
        units: usize,
        /// The function applied to each.
        activation: Activation,
    },
}

impl HiddenLayer {
    /// How many units it has: the width of what it hands on.
    pub const fn units(&self) -> usize {
        let HiddenLayer::Dense { units, .. } = *self;
        units
    }

    /// The function applied to each unit.
    pub const fn activation(&self) -> Activation {
        let HiddenLayer::Dense { activation, .. } = *self;
        activation
    }

    /// As a file's header says it; more units than the format knows lose their upper bits.
    pub(crate) const fn stored(&self) -> Hidden {
        Hidden {
            units: self.units() as u16,
            activation: self.activation(),
        }
    }
}

impl From<Hidden> for HiddenLayer {
    fn from(Hidden { units, activation }: Hidden) -> Self {
        HiddenLayer::Dense {
            units: units.into(),
            activation,
        }
    }
}
