//! What a layer is, and what follows from it before it has any numbers.
//!
//! Whatever depends on the kind of a layer asks the layer: what comes out of it, how many words it
//! takes in the blob, how much memory and how many operations. The header lists the hidden layers;
//! [`Header::layers`](super::Header::layers) adds the head's. The numbers, and the arithmetic, are
//! in `layers`.

use super::{Activation, Storage};

/// How the numbers that go into a layer, or come out of it, are arranged. They lie one after the
/// other, the last dimension fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `[n]`: so many numbers without an order.
    Vector(u32),
    /// `[steps][channels]`: a sequence in time.
    Sequence {
        /// How many steps.
        steps: u16,
        /// Numbers of each step.
        channels: u16,
    },
    /// `[height][width][channels]`: an image.
    Image {
        /// How many rows of pixels.
        height: u16,
        /// Pixels of a row.
        width: u16,
        /// Numbers of each pixel.
        channels: u16,
    },
}

impl Shape {
    /// How many numbers it has; `usize::MAX` where that cannot be counted.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a shape of a checked model is never empty"
    )]
    pub const fn len(self) -> usize {
        match self {
            Shape::Vector(len) => len as usize,
            Shape::Sequence { steps, channels } => steps as usize * channels as usize,
            Shape::Image {
                height,
                width,
                channels,
            } => (height as usize * width as usize).saturating_mul(channels as usize),
        }
    }
}

/// A layer: its kind, with what that kind is told by.
///
/// ```
/// use mdn_infer::format::{Activation, Layer, Shape};
///
/// let layer = Layer::Dense { units: 24, activation: Activation::Tanh };
/// let input = Shape::Sequence { steps: 3, channels: 2 };
/// assert_eq!(layer.output(input), Some(Shape::Vector(24)));
/// assert_eq!((layer.parameters(input), layer.multiply_adds(input)), (7 * 24, 6 * 24));
/// ```
///
/// Exhaustive on purpose: whoever takes models apart must decide what a new kind means there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// activation(bias + kernelᵀ · input), whatever the shape of the input.
    Dense {
        /// How many outputs it has; 0 past the last hidden layer.
        units: u32,
        /// The function applied to each output; identity past the last hidden layer.
        activation: Activation,
    },
}

impl Layer {
    /// The entry past the last hidden layer.
    pub const NONE: Layer = Layer::Dense {
        units: 0,
        activation: Activation::Identity,
    };

    /// Whether nothing comes out of it.
    pub(super) const fn is_empty(self) -> bool {
        match self {
            Layer::Dense { units, .. } => units == 0,
        }
    }

    /// The function applied to each output.
    pub const fn activation(self) -> Activation {
        match self {
            Layer::Dense { activation, .. } => activation,
        }
    }

    /// What comes out where `input` goes in; `None` where it cannot go in.
    pub const fn output(self, _input: Shape) -> Option<Shape> {
        match self {
            Layer::Dense { units, .. } => Some(Shape::Vector(units)),
        }
    }

    /// How many numbers a trainer adjusts.
    pub const fn parameters(self, input: Shape) -> usize {
        match self {
            Layer::Dense { units, .. } => (input.len() + 1) * units as usize,
        }
    }

    /// How many multiplications, each followed by an addition, a prediction takes.
    pub const fn multiply_adds(self, input: Shape) -> usize {
        match self {
            Layer::Dense { units, .. } => input.len() * units as usize,
        }
    }

    /// How many words it takes in the blob; `None` where they cannot be counted.
    pub(super) fn words(self, input: Shape, storage: Storage) -> Option<usize> {
        match self {
            Layer::Dense { units, .. } => storage.dense_words(input.len(), units as usize),
        }
    }

    /// Words of memory beside input and output that it needs while it is computed.
    pub(super) const fn scratch_words(self) -> usize {
        match self {
            Layer::Dense { .. } => 0,
        }
    }

    /// Words that it keeps from one step of a sequence to the next.
    pub(super) const fn state_words(self) -> usize {
        match self {
            Layer::Dense { .. } => 0,
        }
    }
}
