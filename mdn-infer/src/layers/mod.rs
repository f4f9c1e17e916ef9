//! The layers, each written once over a vector type: inputs in, outputs out, no memory of their own.
//!
//! On entry every slice has the length that [`Model::parse`](crate::Model::parse) checked; on
//! exit every output is written. Sums have the order of the arithmetic contract: an output adds
//! its bias first and then its inputs in ascending order. Where the numbers come from is the
//! business of `format`, what they mean that of `mixture`.

mod activation;
mod dense;
mod factors;
mod half;
mod head;
mod integer;
mod interleave;
mod layer;
mod limits;
mod rows;

pub(crate) use activation::{Activate, activate};
pub use dense::Dense;
pub(crate) use factors::Factors;
pub(crate) use head::{MixtureRows, log_softmax, mixture_parameters};
pub(crate) use interleave::interleave;
pub use layer::Layer;
pub(crate) use layer::{forward, forward_rows};
pub(crate) use limits::{Limits, Parts};
pub(crate) use rows::{BLOCK, Inputs, Outputs};
