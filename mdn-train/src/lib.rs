//! Trains mixture density networks.

pub mod data;
pub mod files;
pub mod plot;
