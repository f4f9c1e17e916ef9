//! Trains mixture density networks.

mod gemm;
pub mod loss;
pub mod network;
pub mod optim;
pub mod train;
