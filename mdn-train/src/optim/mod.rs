//! Optimisers over flat parameters: Adam with decoupled weight decay, learning-rate schedules
//! and clipping of the gradient.

mod adam;
mod clip;
mod schedule;

pub use adam::Adam;
pub use clip::{clip, norm};
pub use schedule::Schedule;
