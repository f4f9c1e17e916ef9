//! A layer with its numbers, whatever its kind: what depends on the kind is decided here.

use super::rows::{self, Inputs, Outputs};
use super::{Dense, dense};
use crate::format::{self, Activation, Shape, Storage};
use crate::simd::Simd;

/// A layer of a network, packed as the file stores it.
///
/// Exhaustive on purpose: whoever takes models apart must decide what a new kind means there.
#[derive(Clone, Copy, Debug)]
pub enum Layer<'a> {
    /// activation(bias + kernelᵀ · input)
    Dense(Dense<'a>),
}

impl<'a> Layer<'a> {
    pub(crate) const EMPTY: Self = Layer::Dense(Dense::EMPTY);

    /// The layer that `kind` describes, where `input` goes in and whose numbers are at the front of
    /// `words`; `None` where they do not fit.
    pub(crate) fn new(
        words: &'a [f32],
        kind: format::Layer,
        input: Shape,
        storage: Storage,
    ) -> Option<Self> {
        match kind {
            format::Layer::Dense { units, activation } => {
                let shape = (input.len(), units as usize);
                Dense::new(words, storage, shape, activation).map(Layer::Dense)
            }
        }
    }

    /// The layer of the same kind and shape whose numbers are at the front of `words`.
    pub(crate) fn with_numbers(&self, words: &'a [f32]) -> Option<Self> {
        match self {
            Layer::Dense(dense) => dense.with_numbers(words).map(Layer::Dense),
        }
    }

    /// The name of its kind: `dense`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Layer::Dense(_) => "dense",
        }
    }

    /// How many numbers go in.
    pub const fn inputs(&self) -> usize {
        match self {
            Layer::Dense(dense) => dense.inputs(),
        }
    }

    /// How many numbers come out.
    pub const fn outputs(&self) -> usize {
        match self {
            Layer::Dense(dense) => dense.outputs(),
        }
    }

    /// The function applied to each output.
    pub const fn activation(&self) -> Activation {
        match self {
            Layer::Dense(dense) => dense.activation(),
        }
    }

    /// Whether every number is one that the format allows.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Layer::Dense(dense) => dense.is_sound(),
        }
    }
}

/// Outputs from the inputs at the front of `buffer`, without the activation; see [`dense::forward`].
#[inline(always)]
pub(crate) fn forward<S: Simd>(simd: S, layer: &Layer<'_>, buffer: &mut [f32], output: &mut [f32]) {
    match layer {
        Layer::Dense(dense) => dense::forward(simd, dense, buffer, output),
    }
}

/// As [`forward`] for each row of `input`, into `output`.
#[inline(always)]
pub(crate) fn forward_rows<S: Simd>(
    simd: S,
    layer: &Layer<'_>,
    input: Inputs<'_>,
    output: Outputs<'_>,
) {
    match layer {
        Layer::Dense(dense) => rows::forward_rows(simd, dense, input, output),
    }
}
