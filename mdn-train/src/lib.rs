//! Trains mixture density networks.

pub mod model_file;
pub mod oracle;
