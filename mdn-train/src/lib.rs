//! Trains mixture density networks.

pub mod cross_validate;
pub mod data;
pub mod diagnose;
pub mod export;
pub mod files;
pub mod fit;
pub mod loss;
pub mod metrics;
pub mod model_file;
pub mod network;
pub mod optim;
pub mod oracle;
pub mod pictures;
pub mod plot;
pub mod prune;
pub mod quantize;
pub mod recovery;
pub mod train;
pub mod verify;
