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
//! # A model known at compile time
//!
//! The file becomes part of the program, and its working memory has exactly the size that it needs:
//! the way for firmware. Below, `samples/classic.mdn` is the sample that lies beside this crate.
//!
//! ```
//! use mdn_infer::{Level, Model, Predictor, include_model, working_len};
//!
//! const FILE: &[u8] = include_model!(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/classic.mdn"));
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let model = Model::parse(FILE)?;
//!     let mut predictor = Predictor::<{ working_len(FILE) }>::new(&model, Level::detect())?;
//!     assert!(predictor.self_test()?.passed());
//!     let mixture = predictor.predict(&[2.5])?;
//!     println!("p(0.3 | 2.5) = {}", mixture.density(&[0.3])?);
//!     println!("median {:?}", mixture.marginal(0).map(|target| target.median()));
//!     Ok(())
//! }
//! ```
//!
//! # A model known at run time, threads, many rows
//!
//! [`Model::parse_into`] takes bytes at any address. A [`Model`] is `Copy`, `Send` and `Sync`: threads
//! share it, and each has working memory of its own. [`Model::predict_batch`] takes many rows at a
//! time, each with the bits of a prediction by itself.
//!
//! ```
//! use mdn_infer::{Level, Model};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let bytes = std::fs::read("samples/classic.mdn")?;
//!     let mut numbers = vec![0.0; Model::words_needed(&bytes)?];
//!     let model = Model::parse_into(&bytes, &mut numbers)?;
//!     let level = Level::detect();
//!     let one_by_one = std::thread::scope(|scope| {
//!         let threads = [-2.5, 0.0, 2.5].map(|x| {
//!             scope.spawn(move || {
//!                 let mut working = vec![0.0; model.working_len()];
//!                 let mixture = model.predict(level, &[x], &mut working)?;
//!                 mixture.density(&[0.3])
//!             })
//!         });
//!         threads.map(|thread| thread.join().expect("nothing panics"))
//!     });
//!
//!     let mut parameters = vec![0.0; 3 * model.mixture_len()];
//!     let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
//!     let mixtures = model.predict_batch(level, &[-2.5, 0.0, 2.5], &mut parameters, &mut working)?;
//!     let mut log_densities = [0.0; 3];
//!     mixtures.log_densities(&[0.3; 3], &mut log_densities)?;
//!     println!("{one_by_one:?}, their logarithms {log_densities:?}");
//!     Ok(())
//! }
//! ```
//!
//! # A service that loads its model, and loads another while it answers
//!
//! With the feature `alloc`, `OwnedModel::parse` copies bytes of any origin and checks them once. Clones
//! share the memory, `OwnedModel::predictor` gives a predictor that owns what it needs, and a lock around
//! an `OwnedModel` is all that a hot reload takes (the documentation of `OwnedModel` has it):
//!
//! ```toml
//! mdn-infer = { version = "0.1", features = ["alloc"] }
//! ```
//!
//! Where some targets are known, [`Mixture::conditional`] has the distribution of the others.
//! [`Mixture::sample`] draws with a generator of the traits of `rand_core`.
//!
//! # Crate features
//!
//! `supports` is on by default, none else.
//!
//! - `supports`: targets on lattices, with atoms, within bounds or on circles. Without it a file with such a
//!   target is [`ParseError::UnknownRecord`] 7, and all other files have the same bits with less code:
//!   `default-features = false` on a microcontroller that never sees such a target.
//! - `alloc`: `OwnedModel` and `OwnedPredictor`, which own their memory; need a heap and atomic
//!   compare-and-swap, which a Cortex-M0 does not have.
//! - `nalgebra`: means, covariances and targets as its vectors and matrices, still without a heap.
//! - `rayon`: `Model::predict_batch_parallel`, a batch across threads with the same bits; needs `std`.
//! - `libm`, `micromath`: the elementary functions of those crates, for less code. Results are then
//!   approximate, and [`SelfTest`] says how close they are.
//!
//! The least Rust version is 1.89.
//!
//! # Errors
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

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "rayon")]
extern crate std;

mod back_end;
mod check;
mod error;
mod float_unit;
pub mod format;
mod forward;
mod include;
mod inputs;
mod layers;
pub mod math;
mod mixture;
mod model;
#[cfg(feature = "alloc")]
mod owned;
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
#[cfg(feature = "alloc")]
pub use owned::{OwnedModel, OwnedPredictor};
pub use predictor::Predictor;
pub use selftest::SelfTest;
pub use simd::Level;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
