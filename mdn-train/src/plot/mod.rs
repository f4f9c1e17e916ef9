//! Pictures of data and models, and the report that gathers them.
//!
//! Each picture is a value that holds what it shows. [`Picture`] draws it: as a PNG file, or as
//! SVG text to stand in a [`Report`]. Colours are those of Okabe and Ito, and viridis, which
//! readers tell apart whatever their colour vision. Axes show all rows but outliers ([`span`]), which
//! are marked at the edge and counted.

mod across;
mod arm;
mod axis;
mod calendar;
mod calibration;
mod canvas;
mod category_labels;
mod fan;
mod fitted;
mod frame;
mod heatmap;
mod loss;
mod marks;
mod pair;
mod report;
mod scatter;
mod span;
mod steps;
mod trials;
mod weights;

pub use across::{Across, date};
pub use arm::{Arm, ArmMode};
pub use calibration::{Calibration, PitHistogram};
pub use canvas::{Drawn, Picture, PlotError};
pub use fan::{Band, FanChart};
pub(crate) use fitted::for_title;
pub use heatmap::{Grid, Heatmap, MeanCurve, centres, edges};
pub use loss::Loss;
pub use marks::Rows;
pub use pair::Pair;
pub use report::{Figure, Report, Section, SummaryRow};
pub use scatter::{Samples, Scatter};
pub use span::span;
pub use trials::Trials;
pub use weights::Weights;

/// A point of a picture: horizontal coordinate, then vertical.
pub type Point = (f32, f32);
