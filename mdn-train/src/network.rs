//! The network: its shape, its parameters, and the passes over a shard of rows.

mod activation;
mod dense;
mod gradient;
mod hidden;
mod initialise;
mod inputs;
mod pass;
mod strip;

use std::ops::Range;

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use hidden::{ActivationCount, Activations, HiddenLayer};
pub use initialise::Initialisation;
pub(crate) use initialise::{SAMPLE, uniform};
pub(crate) use pass::{Packed, Workspace};
pub(crate) use strip::{ROWS, Strip, buffer, load, pitch, save};

/// The largest number of target dimensions that training supports.
pub const MAX_DIMENSIONS: usize = 16;

/// The shape of a network: inputs, hidden layers, a mixture head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Architecture {
    /// How many inputs a row has, at least 1.
    pub inputs: usize,
    /// The hidden layers in order; empty for a linear network.
    pub hidden: Vec<HiddenLayer>,
    /// What the outputs mean.
    pub head: Head,
}

/// An [`Architecture`] as checkpoints hold it.
#[derive(Serialize, Deserialize)]
struct Stored {
    inputs: usize,
    /// The units of each hidden layer.
    hidden: Vec<usize>,
    activation: Activations,
    head: Head,
}

impl From<Architecture> for Stored {
    fn from(architecture: Architecture) -> Self {
        let hidden = &architecture.hidden;
        Stored {
            inputs: architecture.inputs,
            hidden: hidden.iter().map(HiddenLayer::units).collect(),
            activation: Activations::of(hidden),
            head: architecture.head,
        }
    }
}

impl TryFrom<Stored> for Architecture {
    type Error = ActivationCount;

    fn try_from(stored: Stored) -> Result<Self, ActivationCount> {
        Ok(Architecture {
            inputs: stored.inputs,
            hidden: stored.activation.layers(&stored.hidden)?,
            head: stored.head,
        })
    }
}

/// Why an [`Architecture`] cannot be trained.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A layer without units.
    #[error("layer {layer} has no units (layer 0 is the inputs)")]
    EmptyLayer {
        /// Its number; 0 is the inputs.
        layer: usize,
    },
    /// A mixture without components.
    #[error("the mixture needs at least one component")]
    NoComponents,
    /// Too few or too many target dimensions.
    #[error("{dimensions} target dimensions; supported are 1 to {MAX_DIMENSIONS}")]
    Dimensions {
        /// The head's D.
        dimensions: u8,
    },
    /// A kind of activation, covariance or scale map that this version does not know.
    #[error("{what} is not supported")]
    Unsupported {
        /// Its name.
        what: String,
    },
    /// The bounds on the log-scale are not finite and ascending.
    #[error("the log-scale's bounds {minimum} and {maximum} are not finite and ascending")]
    Bounds {
        /// The lower bound.
        minimum: f32,
        /// The upper bound.
        maximum: f32,
    },
}

impl Architecture {
    /// Whether it can be trained.
    pub fn check(&self) -> Result<(), ArchitectureError> {
        let head = &self.head;
        if let Some(layer) = self.widths().position(|width| width == 0) {
            return Err(if head.components == 0 {
                ArchitectureError::NoComponents
            } else {
                ArchitectureError::EmptyLayer { layer }
            });
        }
        if !(1..=MAX_DIMENSIONS).contains(&usize::from(head.dimensions)) {
            return Err(ArchitectureError::Dimensions {
                dimensions: head.dimensions,
            });
        }
        let (minimum, maximum) = (head.log_scale_min, head.log_scale_max);
        if !(minimum.is_finite() && maximum.is_finite() && minimum < maximum) {
            return Err(ArchitectureError::Bounds { minimum, maximum });
        }
        self.check_kinds()
    }

    fn check_kinds(&self) -> Result<(), ArchitectureError> {
        use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
        let unsupported = |what: &dyn std::fmt::Debug| ArchitectureError::Unsupported {
            what: format!("{what:?}"),
        };
        for layer in &self.hidden {
            match layer.activation() {
                Identity | Sigmoid | Tanh | Relu | Gelu | Silu => {}
                other => return Err(unsupported(&other)),
            }
        }
        match (self.head.covariance, self.head.scale_map) {
            (
                Covariance::Isotropic | Covariance::Diagonal | Covariance::Full,
                ScaleMap::Exp | ScaleMap::Softplus,
            ) => Ok(()),
            kinds => Err(unsupported(&kinds)),
        }
    }

    /// The widths from the inputs through the hidden layers to the outputs.
    pub fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = (self.inputs, self.head.outputs());
        std::iter::once(ends.0)
            .chain(self.hidden.iter().map(HiddenLayer::units))
            .chain([ends.1])
    }

    /// The layers in order, first to last.
    pub fn layers(&self) -> impl Iterator<Item = LayerShape> + '_ {
        let head = HiddenLayer::Dense {
            units: self.head.outputs(),
            activation: Activation::Identity,
        };
        let (mut inputs, mut offset) = (self.inputs, 0);
        self.hidden.iter().copied().chain([head]).map(move |layer| {
            let shape = layer.shape(inputs, offset);
            inputs = shape.outputs;
            offset += shape.parameters();
            shape
        })
    }

    /// How many parameters the network has.
    pub fn parameters(&self) -> usize {
        self.layers().map(|layer| layer.parameters()).sum()
    }

    /// How many products a forward pass adds up for a row, biases counted with them.
    pub fn multiply_adds(&self) -> usize {
        self.layers().map(|layer| layer.multiply_adds()).sum()
    }
}

/// Where one dense layer lies in the flat parameters: its kernel `[inputs][outputs]` and then
/// its bias `[outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// How many values come in.
    pub inputs: usize,
    /// How many values go out.
    pub outputs: usize,
    /// Where the kernel starts.
    pub offset: usize,
    /// The function applied to each output; the identity for the head's layer.
    pub activation: Activation,
}

impl LayerShape {
    /// How many parameters the layer has.
    pub const fn parameters(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }

    /// How many products a forward pass adds up for a row, the biases counted with them.
    pub const fn multiply_adds(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }

    /// Where its kernel lies.
    pub const fn kernel(&self) -> Range<usize> {
        self.offset..self.offset + self.inputs * self.outputs
    }

    /// Where its bias lies.
    pub const fn bias(&self) -> Range<usize> {
        self.kernel().end..self.offset + self.parameters()
    }

    /// Where the whole layer lies: `[inputs + 1][outputs]`, the bias as the last row.
    pub const fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.parameters()
    }
}

/// One dense layer of a [`Network`].
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The kernel `[inputs][outputs]`, row-major: the weights of one input lie together.
    pub kernel: &'a [f32],
    /// The bias `[outputs]`.
    pub bias: &'a [f32],
}

/// An architecture with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The shape.
    pub architecture: Architecture,
    /// For each layer, first to last: kernel `[inputs][outputs]`, then bias `[outputs]`.
    pub parameters: Vec<f32>,
}

impl Network {
    /// The layers in order, first to last.
    ///
    /// # Panics
    /// If `parameters` is shorter than the architecture asks.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'_>> + '_ {
        self.architecture.layers().map(|shape| Layer {
            kernel: &self.parameters[shape.kernel()],
            bias: &self.parameters[shape.bias()],
        })
    }
}
