//! The kinds of hidden layers.

use mdn_infer::format::{Activation, Layer};
use serde::{Deserialize, Serialize};

use super::LayerShape;

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
    /// Dense layers of these widths and one activation.
    pub fn dense(units: &[usize], activation: Activation) -> Vec<Self> {
        let layer = |&units: &usize| HiddenLayer::Dense { units, activation };
        units.iter().map(layer).collect()
    }

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

    /// Its shape over so many inputs, with its numbers from `offset` on.
    pub(super) const fn shape(&self, inputs: usize, offset: usize) -> LayerShape {
        let HiddenLayer::Dense { units, activation } = *self;
        LayerShape {
            inputs,
            outputs: units,
            offset,
            activation,
        }
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

/// The functions of hidden layers whose widths are said elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Activations {
    /// One for all layers.
    All(Activation),
    /// One for each layer, in order.
    Each(Vec<Activation>),
}

/// There are neither one activation nor one for each hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{activations} activations for {layers} hidden layer{}: name one for all, or one for each",
    if *.layers == 1 { "" } else { "s" }
)]
pub struct ActivationCount {
    /// How many activations there are.
    pub activations: usize,
    /// How many hidden layers there are.
    pub layers: usize,
}

impl Activations {
    /// Dense layers of these widths.
    ///
    /// # Errors
    ///
    /// [`ActivationCount`].
    pub fn layers(&self, units: &[usize]) -> Result<Vec<HiddenLayer>, ActivationCount> {
        let each = match self {
            Activations::All(activation) => return Ok(HiddenLayer::dense(units, *activation)),
            Activations::Each(each) => each,
        };
        let (activations, layers) = (each.len(), units.len());
        if activations != layers {
            return Err(ActivationCount {
                activations,
                layers,
            });
        }
        let pairs = units.iter().zip(each);
        let dense = |(&units, &activation)| HiddenLayer::Dense { units, activation };
        Ok(pairs.map(dense).collect())
    }

    /// Those of `layers`; the identity for none.
    pub fn of(layers: &[HiddenLayer]) -> Self {
        let each: Vec<_> = layers.iter().map(HiddenLayer::activation).collect();
        let first = each.first().copied().unwrap_or(Activation::Identity);
        if each.iter().all(|&activation| activation == first) {
            return Activations::All(first);
        }
        Activations::Each(each)
    }
}

impl From<Activation> for Activations {
    fn from(activation: Activation) -> Self {
        Activations::All(activation)
    }
}

/// [`Activations`] as checkpoints and checksums hold them. The first six are an [`Activation`] as serde
/// writes it, which is all that there was once: they must stay as they are, and others come behind.
#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
    Gelu,
    Silu,
    Each(Vec<Activation>),
}

impl From<Activations> for Stored {
    fn from(activations: Activations) -> Self {
        match activations {
            Activations::All(Activation::Identity) => Stored::Identity,
            Activations::All(Activation::Sigmoid) => Stored::Sigmoid,
            Activations::All(Activation::Tanh) => Stored::Tanh,
            Activations::All(Activation::Relu) => Stored::Relu,
            Activations::All(Activation::Gelu) => Stored::Gelu,
            Activations::All(Activation::Silu) => Stored::Silu,
            Activations::All(other) => Stored::Each(vec![other]),
            Activations::Each(each) => Stored::Each(each),
        }
    }
}

impl From<Stored> for Activations {
    fn from(stored: Stored) -> Self {
        Activations::All(match stored {
            Stored::Identity => Activation::Identity,
            Stored::Sigmoid => Activation::Sigmoid,
            Stored::Tanh => Activation::Tanh,
            Stored::Relu => Activation::Relu,
            Stored::Gelu => Activation::Gelu,
            Stored::Silu => Activation::Silu,
            Stored::Each(each) => return Activations::Each(each),
        })
    }
}

#[cfg(test)]
mod tests {
    use mdn_infer::format::{Covariance, Head, ScaleMap};

    use super::Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    use super::*;
    use crate::network::Architecture;

    const HEAD: Head = Head {
        components: 2,
        dimensions: 1,
        covariance: Covariance::Diagonal,
        scale_map: ScaleMap::Exp,
        log_scale_min: -7.0,
        log_scale_max: 7.0,
    };

    #[test]
    fn one_for_all_layers_is_written_as_an_activation_alone() {
        for activation in [Identity, Sigmoid, Tanh, Relu, Gelu, Silu] {
            let alone = postcard::to_stdvec(&activation).unwrap();
            let all = Activations::All(activation);
            assert_eq!(postcard::to_stdvec(&all).unwrap(), alone);
            assert_eq!(postcard::from_bytes(&alone), Ok(all));
        }
    }

    #[test]
    fn counts_that_differ_are_refused_by_name() {
        let two = Activations::Each(vec![Relu, Tanh]);
        let refused = two.layers(&[8]).unwrap_err().to_string();
        assert!(
            refused.starts_with("2 activations for 1 hidden layer:"),
            "{refused}"
        );
        let stored = postcard::to_stdvec(&(3_usize, vec![8_usize], two, HEAD)).unwrap();
        assert!(postcard::from_bytes::<Architecture>(&stored).is_err());
        let one = postcard::to_stdvec(&(3_usize, vec![8_usize], Relu, HEAD)).unwrap();
        let architecture: Architecture = postcard::from_bytes(&one).unwrap();
        assert_eq!(architecture.hidden, HiddenLayer::dense(&[8], Relu));
    }

    #[test]
    fn layers_say_what_they_hold_and_cost() {
        let hidden = Activations::Each(vec![Relu, Tanh]).layers(&[4, 5]).unwrap();
        let architecture = Architecture {
            inputs: 3,
            hidden,
            head: HEAD,
        };
        let layers: Vec<LayerShape> = architecture.layers().collect();
        let activations: Vec<_> = layers.iter().map(|layer| layer.activation).collect();
        assert_eq!(activations, [Relu, Tanh, Identity]);
        let offsets: Vec<_> = layers.iter().map(|layer| layer.offset).collect();
        assert_eq!(offsets, [0, 4 * 4, 4 * 4 + 5 * 5]);
        assert_eq!(architecture.parameters(), 4 * 4 + 5 * 5 + 6 * 6);
        assert_eq!(architecture.multiply_adds(), architecture.parameters());
    }
}
