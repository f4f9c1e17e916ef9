//! Mixture density network inference without `std`, without a heap, and with the same bits on
//! every target.
//!
//! A mixture density network (Bishop 1994) maps an input x to the parameters of a mixture
//! p(t | x) = Σₖ πₖ(x) N(t | μₖ(x), Σₖ(x)). This crate reads such a network from the bytes of a
//! model file and evaluates it: mixture parameters, densities, quantiles, moments, draws.
//!
//! - [`Model::parse`] checks a file and borrows it: nothing is copied, weights stay in flash.
//! - [`Predictor`] owns the working memory, of a size fixed at compile time, and turns an input
//!   into a [`Mixture`].
//! - [`Mixture`] answers in raw units; [`Marginal`] and [`Component`] are its parts.
//! - [`Predictor::self_test`] proves on the device that it computes the bits which the trainer
//!   recorded in the file.
//! - [`FloatUnit`] notices that something else in the program has changed how the processor
//!   computes, and can set it right for a call.
//! - [`IntegrityWalk`] notices, a slice at a time, that the file has changed in flash.
//! - [`Level`] chooses the instruction set; the results do not depend on it.
//!
//! ```
//! use mdn_infer::{Level, Model, Predictor};
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! const FILE: &[u8] = mdn_infer::include_model!("../samples/classic.mdn");
//! let model = Model::parse(FILE)?;
//! let mut predictor = Predictor::<{ mdn_infer::working_len(FILE) }>::new(&model, Level::detect())?;
//! assert!(predictor.self_test()?.passed());
//!
//! let mixture = predictor.predict(&[2.5])?;
//! let heaviest = mixture.components().max_by(|a, b| a.weight().total_cmp(&b.weight()));
//! let mut draw = [0.0];
//! mixture.sample(&mut Xoshiro128PlusPlus::seed_from_u64(0), &mut draw)?;
//! # assert!(heaviest.is_some());
//! # Ok(()) }
//! ```
//!
//! After [`Model::parse`] has succeeded nothing panics; what can still be wrong, such as a slice
//! of the wrong length or an input that is not finite, is a typed error.
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

#[cfg(feature = "rayon")]
extern crate std;

mod back_end;
mod check;
mod error;
mod float_unit;
pub mod format;
mod forward;
mod include;
mod layers;
pub mod math;
mod mixture;
mod model;
mod predictor;
mod selftest;
pub mod simd;

pub use back_end::{BACK_END, BackEnd};
pub use error::{EmitError, ParseError, PredictError};
pub use float_unit::{FloatFault, FloatUnit};
pub use format::{IntegrityWalk, Progress, working_len};
pub use include::Aligned;
pub use layers::{Dense, Layer};
pub use mixture::{Component, Marginal, Mixture, Mixtures, Temperature};
pub use model::{Golden, Model};
pub use predictor::Predictor;
pub use selftest::SelfTest;
pub use simd::Level;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
