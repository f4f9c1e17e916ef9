//! What can go wrong, as small matchable values without allocation.

use core::fmt;

/// Why bytes are not a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The first bytes are not those of a model file.
    NotAModel,
    /// The file's format is newer than this library.
    UnsupportedVersion {
        /// The version in the file.
        found: u16,
    },
    /// There are fewer bytes than the file says it has.
    Truncated {
        /// How many bytes the file says it has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There are more bytes than the file says it has.
    TrailingBytes {
        /// How many bytes the file says it has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The bytes differ from those that were written.
    ChecksumMismatch {
        /// The checksum in the file.
        expected: u32,
        /// The checksum of the bytes.
        found: u32,
    },
    /// The header is not the one encoding of its fields.
    MalformedHeader,
    /// The header has a record that a reader must know and this library does not: a newer one reads
    /// the file, or, for record 7, one with the feature `supports`.
    UnknownRecord {
        /// The record's number in `FORMAT.md`.
        record: u16,
    },
    /// A layer is of a kind that this library does not know: a newer one reads the file.
    UnknownLayer {
        /// The hidden layer, counted from 1.
        layer: usize,
        /// The number of its kind in `FORMAT.md`.
        kind: u16,
    },
    /// A target has a support of a kind that this library does not know: a newer one reads the file.
    UnknownSupport {
        /// The dimension of the target, counted from 0.
        target: usize,
        /// The number of the kind in `FORMAT.md`.
        kind: u16,
    },
    /// An input has a rule that this library does not know: a newer one reads the file.
    UnknownInputRule {
        /// Which, counted from 0.
        input: usize,
    },
    /// The column names do not match the number of inputs or targets, or hold control characters.
    MalformedColumns,
    /// A size is zero or beyond the format's limits.
    UnsupportedShape,
    /// The sizes in the header do not add up to the file's length or working memory.
    InconsistentSizes,
    /// A number that must be finite is not, or a scale is not a positive normal number.
    InvalidNumber,
    /// The buffer does not start on a 4-byte boundary; see `Model::parse_into`.
    Misaligned,
    /// This machine is big-endian and the file is not; see `Model::parse_into`.
    ForeignEndian,
    /// The buffer handed to `Model::parse_into` is too short.
    BufferTooShort {
        /// How many f32 it must hold.
        needed: usize,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotAModel => {
                f.write_str("not a model file: the first bytes are not those of .mdn")
            }
            Self::UnsupportedVersion { found } => {
                write!(
                    f,
                    "format version {found} is not one that this library reads"
                )
            }
            Self::Truncated { expected, found } => {
                write!(f, "cut short: {found} of {expected} bytes")
            }
            Self::TrailingBytes { expected, found } => {
                write!(f, "{found} bytes where the file says it has {expected}")
            }
            Self::ChecksumMismatch { expected, found } => write!(
                f,
                "damaged: the checksum is {found:08x}, the file says {expected:08x}"
            ),
            Self::MalformedHeader => f.write_str("the header is malformed"),
            Self::UnknownRecord { record: 7 } if !cfg!(feature = "supports") => f.write_str(
                "a target is on a lattice, has atoms or bounds or is a direction, which needs the \
                 feature `supports` of mdn-infer",
            ),
            Self::UnknownRecord { record } => write!(
                f,
                "the header has a required record of number {record}, which this version does not \
                 know; a newer one reads the file"
            ),
            Self::UnknownLayer { layer, kind } => write!(
                f,
                "hidden layer {layer} is of kind {kind}, which this version does not know; a newer \
                 one reads the file"
            ),
            Self::UnknownSupport { target, kind } => write!(
                f,
                "target {target} has a support of kind {kind}, which this version does not know; a \
                 newer one reads the file"
            ),
            Self::UnknownInputRule { input } => write!(
                f,
                "input {input} has a rule that this version does not know; a newer one reads the file"
            ),
            Self::MalformedColumns => f.write_str("the column names are malformed"),
            Self::UnsupportedShape => f.write_str("a size is zero or beyond the format's limits"),
            Self::InconsistentSizes => f.write_str("the sizes in the header contradict each other"),
            Self::InvalidNumber => {
                f.write_str("a number in the file is not finite or not positive")
            }
            Self::Misaligned => f.write_str("the buffer is not aligned to 4 bytes"),
            Self::ForeignEndian => f.write_str("the file is little-endian and this machine is not"),
            Self::BufferTooShort { needed } => {
                write!(f, "the buffer is too short: {needed} numbers are needed")
            }
        }
    }
}

impl core::error::Error for ParseError {}

/// Why a model cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmitError {
    /// The slices handed over do not have the lengths that the header asks for.
    ShapeMismatch,
    /// The header cannot be encoded: names too long or malformed, or sizes out of limits.
    InvalidHeader,
    /// The output buffer is not exactly as long as `encoded_len` says.
    WrongBufferLength {
        /// How many bytes it must have.
        needed: usize,
    },
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ShapeMismatch => f.write_str("the numbers do not have the shapes of the header"),
            Self::InvalidHeader => f.write_str("the header's names or sizes are out of limits"),
            Self::WrongBufferLength { needed } => {
                write!(f, "the output buffer must have {needed} bytes")
            }
        }
    }
}

impl core::error::Error for EmitError {}

/// Why there is no prediction, or no answer from a mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PredictError {
    /// The working memory is too small.
    CapacityTooSmall {
        /// How many f32 are needed.
        needed: usize,
        /// How many there are.
        capacity: usize,
    },
    /// A slice does not have one element for each input, target dimension or component.
    WrongLength {
        /// How many elements it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// An element of the argument is NaN or infinite.
    NotFinite {
        /// Its index.
        index: usize,
    },
    /// An end of an interval is NaN.
    NotANumber {
        /// Which argument it is, counted from 0.
        index: usize,
    },
    /// An interval's lower end is above its upper end.
    ReversedInterval,
    /// The slice for the results is too short.
    TooFewSlots {
        /// How many elements are enough.
        needed: usize,
    },
    /// The network's outputs overflowed, or every component's log-density did: the input or the
    /// target is far outside anything the model was trained on.
    Overflow,
    /// The network's outputs overflowed at one row of a batch: its input is far outside anything
    /// the model was trained on.
    OverflowInRow {
        /// The row, counted from 0.
        row: usize,
    },
    /// There is no such component.
    NoSuchComponent,
    /// There is no such dimension.
    NoSuchDimension,
    /// A dimension is given twice.
    RepeatedDimension {
        /// The dimension.
        dimension: usize,
    },
    /// Every dimension is given, so that none is left to have a distribution.
    NothingFree,
    /// A dimension has values with probabilities, bounds or a circle, for which the question has no answer.
    NotContinuous {
        /// The dimension.
        dimension: usize,
    },
    /// A temperature is negative or not a finite number.
    NotATemperature,
    /// A probability is not within the open interval from 0 to 1.
    NotAProbability,
}

impl fmt::Display for PredictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::CapacityTooSmall { needed, capacity } => write!(
                f,
                "{needed} numbers of working memory are needed, there are {capacity}"
            ),
            Self::WrongLength { expected, found } => {
                write!(f, "{found} values where {expected} are expected")
            }
            Self::NotFinite { index } => write!(f, "value {index} is not a finite number"),
            Self::Overflow => {
                f.write_str(
                "the numbers overflowed: the input, the target or the model's own numbers are far out",
            )
            }
            Self::OverflowInRow { row } => write!(
                f,
                "the numbers overflowed at row {row}: its input or the model's own numbers are far out"
            ),
            Self::NotANumber { index } => write!(f, "value {index} is not a number"),
            Self::ReversedInterval => {
                f.write_str("the interval's lower end is above its upper end")
            }
            Self::TooFewSlots { needed } => {
                write!(f, "the results need a slice of {needed} elements")
            }
            Self::NoSuchComponent => f.write_str("no such component"),
            Self::NoSuchDimension => f.write_str("no such dimension"),
            Self::RepeatedDimension { dimension } => {
                write!(f, "dimension {dimension} is given more than once")
            }
            Self::NothingFree => f.write_str("every dimension is given: none is left"),
            Self::NotContinuous { dimension } => write!(
                f,
                "dimension {dimension} is a lattice, a circle or the like, where the question has no answer"
            ),
            Self::NotATemperature => {
                f.write_str("a temperature must be a finite number, at least 0")
            }
            Self::NotAProbability => f.write_str("a probability must lie between 0 and 1"),
        }
    }
}

impl core::error::Error for PredictError {}
