//! The kinds of hidden layers.

use mdn_infer::format::{Activation, Layer};

/// A hidden layer.
///
/// Exhaustive on purpose, as the engine's kinds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub(crate) const fn stored(&self) -> Layer {
        let HiddenLayer::Dense { units, activation } = *self;
        Layer::Dense {
            units: units as u32,
            activation,
        }
    }
}

impl From<Layer> for HiddenLayer {
    fn from(Layer::Dense { units, activation }: Layer) -> Self {
        HiddenLayer::Dense {
            units: units as usize,
            activation,
        }
    }
}
