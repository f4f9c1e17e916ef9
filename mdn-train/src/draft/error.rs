//! What may be wrong with a draft, and where.

use std::fmt;

use mdn_infer::format::{MAX_LOG_SCALE, Storage};

/// Why a draft is no model that the format knows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// There is none of something, or there are too many.
    #[error("{found} {what}; a model has {least} to {most}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
        /// How many there may be.
        most: usize,
    },
    /// A hidden layer has no units or too many.
    #[error("hidden layer {layer} has {units} units, not 1 to {}", u16::MAX)]
    Units {
        /// Which, counted from 1.
        layer: usize,
        /// How many it has.
        units: usize,
    },
    /// A network has another number of layers than the hidden layers and the head's.
    #[error("network {network} has {found} layers, not {expected}")]
    Depth {
        /// Which, counted from 1.
        network: usize,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// There are too many or too few entries.
    #[error("{place} has {found} entries, not {expected}")]
    Length {
        /// Where.
        place: Place,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A number that no model holds there: not finite, a scale that is not positive and normal, −128
    /// among 8-bit entries.
    #[error("entry {index} of {place} is {value}")]
    Number {
        /// Where.
        place: Place,
        /// Which, counted from 0.
        index: usize,
        /// The number.
        value: f32,
    },
    /// A vector is stated, which inputs are without a statement.
    #[error("the shape of the inputs is stated as a vector, which they are anyway")]
    Vector,
    /// A range of an input whose ends are not finite and in order.
    #[error("the range of input {index} is {} to {}", .range.0, .range.1)]
    Range {
        /// Which, counted from 0.
        index: usize,
        /// Its ends.
        range: (f32, f32),
    },
    /// Rules of inputs that are a sequence or an image.
    #[error("inputs that are a sequence or an image have no rules")]
    RulesOfShape,
    /// A rule of an input whose numbers contradict each other.
    #[error(
        "the rule of input {index} is not sound: limits out of order, or a logarithm below its centre"
    )]
    Rule {
        /// Which, counted from 0.
        index: usize,
    },
    /// A kernel is stored otherwise than the first.
    #[error("{place} is {}, the first {}", .found.name(), .expected.name())]
    Storage {
        /// Which kernel.
        place: Place,
        /// How it is stored.
        found: Storage,
        /// How the first is.
        expected: Storage,
    },
    /// A name or a unit is empty or has control characters.
    #[error("{name:?} cannot be the name or the unit of a column of the {side}")]
    Name {
        /// Of which columns.
        side: Side,
        /// The name or unit.
        name: String,
    },
    /// The bounds of the log-scales are not ascending, or beyond the format's.
    #[error(
        "the log-scale's bounds {minimum} and {maximum} are not ascending within ±{MAX_LOG_SCALE}"
    )]
    Bounds {
        /// The lower bound.
        minimum: f32,
        /// The upper bound.
        maximum: f32,
    },
    /// The anomaly threshold is not finite.
    #[error("the anomaly threshold is {0}")]
    AnomalyThreshold(f32),
}

/// Inputs or targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The inputs.
    Inputs,
    /// The targets.
    Targets,
}

/// Where the numbers of a draft are; everything is counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The names of columns.
    Names(Side),
    /// The arrangement of the inputs.
    InputShape,
    /// The ranges of the inputs.
    InputRanges,
    /// The list of what is done to the inputs.
    InputRules,
    /// The supports of the targets.
    Supports,
    /// What is subtracted from raw columns.
    Shift(Side),
    /// What then divides them.
    Scale(Side),
    /// The kernel of a layer.
    Kernel {
        /// Of this network.
        network: usize,
        /// Of this layer.
        layer: usize,
    },
    /// The scales of an 8-bit kernel.
    KernelScales {
        /// Of this network.
        network: usize,
        /// Of this layer.
        layer: usize,
    },
    /// The bias of a layer.
    Bias {
        /// Of this network.
        network: usize,
        /// Of this layer.
        layer: usize,
    },
    /// The inputs or targets of a golden row.
    Golden(Side, usize),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Inputs => "inputs",
            Side::Targets => "targets",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Names(side) => write!(f, "the list of the {side}"),
            Place::InputShape => f.write_str("the shape of the inputs"),
            Place::InputRanges => f.write_str("the list of the inputs' ranges"),
            Place::InputRules => f.write_str("the list of the inputs' rules"),
            Place::Supports => f.write_str("the list of the targets' supports"),
            Place::Shift(side) => write!(f, "the shift of the {side}"),
            Place::Scale(side) => write!(f, "the scale of the {side}"),
            Place::Kernel { network, layer } => {
                write!(f, "the kernel of layer {layer} of network {network}")
            }
            Place::KernelScales { network, layer } => {
                write!(
                    f,
                    "the kernel's scales of layer {layer} of network {network}"
                )
            }
            Place::Bias { network, layer } => {
                write!(f, "the bias of layer {layer} of network {network}")
            }
            Place::Golden(side, row) => write!(f, "the {side} of golden row {row}"),
        }
    }
}
