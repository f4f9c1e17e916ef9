//! Trains mixture density networks.

pub mod loss;
pub mod network;
pub mod optim;
pub mod train;
