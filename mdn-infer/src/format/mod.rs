//! The model file, byte by byte: parse and emit side by side, no arithmetic.
//!
//! `FORMAT.md` is the normative description. A file is a fixed preamble, a header and a blob of
//! little-endian words of 32 bits that starts on a 64-byte boundary:
//!
//! - the header says what the columns, the layers and the head are; up to version 3 it is one
//!   postcard struct, from version 4 on a list of records;
//! - the blob holds the standardisation, the packed layers of each network and the golden vectors,
//!   in sections that each start on a 64-byte boundary of the file.
//!
//! [`read`] checks everything that the preamble and the header promise; the numbers themselves
//! are checked where they get their meaning, in [`Model::parse`](crate::Model::parse).

mod blob;
mod checksum;
mod columns;
mod encoding;
mod fields;
mod head;
mod header;
mod input_rules;
mod layer;
mod pack;
mod preamble;
mod sink;
mod statements;
mod storage;
mod supports;

pub use blob::{Layout, ModelSource, encoded_len, write};
pub(crate) use blob::{cast_words, copy_words};
pub use checksum::{IntegrityWalk, Progress};
pub(crate) use columns::columns;
pub use head::{Activation, Covariance, Head, ScaleMap};
pub use header::Header;
pub(crate) use input_rules::NUMBERS as RULE_NUMBERS;
pub use input_rules::{InputRule, InputRules, InputTransform};
pub use layer::{Layer, Shape};
pub use preamble::{read, working_len};
pub use statements::InputRanges;
pub(crate) use storage::GROUP;
pub use storage::{KernelSource, LayerSource, Storage};
pub use supports::{Atoms, Support, Supports};

/// The newest version of the format that this library reads; what a model is written in is
/// [`Header::version`].
pub const VERSION: u16 = 4;
/// Bytes before the header.
const PREAMBLE_LEN: usize = 24;
/// Most hidden layers in a model.
pub const MAX_HIDDEN: usize = 8;
/// Most target dimensions in a model.
pub const MAX_DIMENSIONS: usize = 16;
/// Most components in a mixture.
pub const MAX_COMPONENTS: usize = 1024;
/// Most point masses that a support may list.
pub const MAX_ATOMS: usize = 8;
/// Largest magnitude of a bound on the log-scales, so that scales and their reciprocals are
/// normal numbers.
pub const MAX_LOG_SCALE: f32 = 60.0;
/// Sections of the blob start on multiples of this many bytes.
pub const ALIGNMENT: usize = 64;
