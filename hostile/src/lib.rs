//! What hostile bytes may do, as functions from bytes that panic where a promise is broken.
//!
//! The fuzz targets in `fuzz/` hand them the bytes that libFuzzer finds, the tests of this crate
//! those of proptest and of the committed files:
//!
//! - [`file`](mod@file): bytes as a model file, with the front put right so that deep code is reached;
//! - [`parse`]: bytes as a model file that is read but not asked, many times as fast;
//! - [`model`]: bytes as the shape and the numbers of a model, which then always parses;
//! - [`query`]: bytes as inputs and arguments, NaN and infinities included, for committed models;
//! - [`supports`]: as [`model`], with targets on lattices, atoms, bounds and circles;
//! - `table` (feature `tables`): bytes as a table in any of the trainer's formats.
//!
//! [`seeds`] are what they begin with. [`questions`] asks a mixture everything; all levels
//! of the machine must give the same bits, and [`order`] says how answers must fit together.
#![forbid(unsafe_code)]

mod answers;
pub mod file;
pub mod model;
pub mod order;
pub mod parse;
pub mod query;
pub mod questions;
pub mod seeds;
mod source;
pub mod supports;
#[cfg(feature = "tables")]
pub mod table;

pub use answers::Answers;
pub use source::Source;

use mdn_agreement::{RECORDS, SAMPLES, Sample};

/// The committed models of every version of the format.
pub fn samples() -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter().chain([&RECORDS])
}

/// How the formats of tables begin; text has no such beginning.
pub const BEGINNINGS: [&[u8]; 7] = [
    b"",
    b"\x93NUMPY\x01\x00",
    b"PK\x03\x04",
    b"PAR1",
    b"ARROW1\0\0",
    &[0xff; 4],
    b"\x1f\x8b\x08\x00",
];
