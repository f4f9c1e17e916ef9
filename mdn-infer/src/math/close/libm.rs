//! The functions of the crate libm, musl's algorithms in Rust.

pub(super) use libm::{expf as exp, log1pf as ln_1p, logf as ln, tanhf as tanh};
