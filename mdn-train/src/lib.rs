//! Trains mixture density networks.

pub mod data;
pub mod files;
pub mod model_file;
pub mod oracle;
