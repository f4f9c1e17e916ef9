//! Pictures of data and models, and the report that gathers them.
//!
//! Each picture is a value that holds what it shows. [`Picture`] draws it: as a PNG file, or as
//! SVG text to stand in a [`Report`]. Colours are those of Okabe and Ito, and viridis, which
//! readers tell apart whatever their colour vision.

mod arm;
mod axis;
mod calibration;
mod canvas;
mod fan;
mod frame;
mod heatmap;
mod loss;
mod pair;
mod report;
mod scatter;
mod trials;
mod weights;

pub use arm::{Arm, ArmMode};
pub use calibration::{Calibration, PitHistogram};
pub use canvas::{Drawn, Picture, PlotError};
pub use fan::{Band, FanChart};
pub use heatmap::{Grid, Heatmap, centres, edges};
pub use loss::Loss;
pub use pair::Pair;
pub use report::{Figure, Report, Section, SummaryRow};
pub use scatter::{Samples, Scatter};
pub use trials::Trials;
pub use weights::Weights;

/// A point of a picture: horizontal coordinate, then vertical.
pub type Point = (f32, f32);
