//! The head: what the outputs of a network mean.

use serde::{Deserialize, Serialize};

use super::Layer;

/// The function applied to each output of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Activation {
    /// x
    Identity,
    /// 1 / (1 + e^−x)
    Sigmoid,
    /// tanh x
    Tanh,
    /// x where x > 0, else 0
    Relu,
    /// x · sigmoid(√(8/π) · (x + 0.044715 x³)): the tanh form of Hendrycks & Gimpel 2016,
    /// written without its cancellation for negative x
    Gelu,
    /// x · sigmoid(x)
    Silu,
}

/// How much of a component's covariance is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Covariance {
    /// One scale a component, shared by all (standardised) dimensions.
    Isotropic,
    /// One scale a component and dimension.
    Diagonal,
    /// A lower-triangular Cholesky factor L of the precision, Σ⁻¹ = LᵀL (Williams 1996).
    Full,
}

impl Activation {
    /// Every kind, in the order of its number in the file.
    pub const ALL: [Activation; 6] = [
        Activation::Identity,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Relu,
        Activation::Gelu,
        Activation::Silu,
    ];
}

impl ScaleMap {
    /// Every kind, in the order of its number in the file.
    pub const ALL: [ScaleMap; 2] = [ScaleMap::Exp, ScaleMap::Softplus];
}

impl Covariance {
    /// Every kind, in the order of its number in the file.
    pub const ALL: [Covariance; 3] = [
        Covariance::Isotropic,
        Covariance::Diagonal,
        Covariance::Full,
    ];

    /// How many network outputs describe the covariance of one component: 1, D or D(D+1)/2.
    pub const fn factors(self, dimensions: usize) -> usize {
        match self {
            Covariance::Isotropic => 1,
            Covariance::Diagonal => dimensions,
            Covariance::Full => dimensions * (dimensions + 1) / 2,
        }
    }
}

/// How a network output becomes a log-scale, before it is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ScaleMap {
    /// scale = e^s: the log-scale is the output itself
    Exp,
    /// scale = ln(1 + e^s)
    Softplus,
}

/// What a network's outputs mean.
///
/// With K components, D dimensions and F = `covariance.factors(D)`, the outputs are, in this
/// order and each with the component as the fastest index:
/// logits `[K]`, means `[D][K]`, factors `[F][K]`, all in standardised units.
///
/// A factor on the diagonal is a log-scale ℓ after `scale_map` and bounding to
/// `log_scale_min ..= log_scale_max`; the precision's Cholesky factor has e^−ℓ there.
/// A factor off the diagonal (full covariance; entries row by row: (0,0), (1,0), (1,1), (2,0) …)
/// is the entry of L itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// K, at least 1.
    pub components: u16,
    /// D, at least 1.
    pub dimensions: u8,
    /// The kind of covariance.
    pub covariance: Covariance,
    /// From outputs to log-scales.
    pub scale_map: ScaleMap,
    /// The smallest log-scale, in standardised units.
    pub log_scale_min: f32,
    /// The largest log-scale, in standardised units.
    pub log_scale_max: f32,
}

impl Head {
    /// How many outputs the network has: K (1 + D + F).
    pub const fn outputs(&self) -> usize {
        let dimensions = self.dimensions as usize;
        self.components as usize * (1 + dimensions + self.covariance.factors(dimensions))
    }

    /// The layer whose outputs they are.
    pub(super) const fn layer(&self) -> Layer {
        Layer::Dense {
            // At most 1024 (1 + 16 + 136).
            units: self.outputs() as u32,
            activation: Activation::Identity,
        }
    }

    /// How many parameters the network's components have, with their log-coefficients:
    /// K (2 + D + F).
    pub(crate) const fn parameters(&self) -> usize {
        self.outputs() + self.components as usize
    }
}
