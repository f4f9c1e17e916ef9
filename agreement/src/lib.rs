//! One hash over everything that `mdn-infer` promises to be equal on every target.
//!
//! [`run`] evaluates every elementary function over inputs from the whole of binary32, and every
//! question that a mixture answers over a list of committed models, and hashes the bits. Two
//! machines, or two instruction sets of one, keep the promise where the hashes are equal, and
//! `expected.txt` says what they are. [`float_unit`] puts the float unit into every wrong mode that the
//! target has and asks whether the engine notices. The suite needs neither std nor heap: the binary of this
//! crate prints them for each instruction set of the machine it runs on, the crate in `bare/` on
//! a microcontroller, which may be limited to a [`Part`].
#![no_std]
#![deny(unsafe_code)]

mod digest;
mod float_unit;
mod functions;
mod models;
mod part;
mod questions;

pub use float_unit::float_unit;
pub use models::{INPUTS, RECORDS, SAMPLES, SUPPORTS, Sample};
pub use part::Part;

use core::fmt;
use digest::Digest;
use mdn_infer::{Level, ParseError, PredictError};

/// Why a model of the suite has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The file is not sound.
    Parse(ParseError),
    /// The model or a query does not fit the suite.
    Predict(PredictError),
    /// The outputs differ from those in the file.
    SelfTest,
    /// A row of a batch differs from the same row alone.
    Batch,
    /// The verdict about the float unit in this mode was wrong.
    FloatUnit(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Predict(error) => error.fmt(f),
            Self::SelfTest => f.write_str("the outputs differ from those in the file"),
            Self::Batch => f.write_str("a row of a batch differs from the same row alone"),
            Self::FloatUnit(mode) => write!(f, "wrong verdict about the float unit in mode {mode}"),
        }
    }
}

impl core::error::Error for Failure {}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Self {
        Self::Predict(error)
    }
}

/// The hash of a part of the suite at `level`.
///
/// `done` is told the name and the hash of each function and model in turn: it shows progress,
/// and where two machines part. [`SUPPORTS`] and [`INPUTS`] come last, and are no part of the hash over all.
///
/// # Errors
///
/// [`Failure`] of the first model that has no hash.
pub fn run(part: Part, level: Level, mut done: impl FnMut(&str, u64)) -> Result<u64, Failure> {
    let mut digest = Digest::new();
    let mut add = |name: &str, hash| {
        digest.add(hash);
        done(name, hash);
    };
    functions::each(part, level, &mut add);
    for sample in SAMPLES.iter().filter(|sample| part.includes(sample.part)) {
        add(sample.name, models::hash(part, level, sample)?);
    }
    done(SUPPORTS.name, models::hash_of_supports(part, level)?);
    done(INPUTS.name, models::hash(part, level, &INPUTS)?);
    Ok(digest.finish())
}
