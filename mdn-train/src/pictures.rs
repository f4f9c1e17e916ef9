//! Pictures of a model: what the engine answers, in the shape that [`plot`](crate::plot) draws.

mod arm;
mod categories;
mod density;
mod joint;
mod line;
mod near;
mod typical;
mod weights;

use mdn_infer::{Model, PredictError};

use crate::data::Transform;
use crate::fit::LossUnits;
use crate::metrics::Scores;
use crate::plot::{Calibration, Loss, PitHistogram, PlotError};
use crate::train::{Progress, Trained};

pub use arm::arm;
pub use joint::pair;
pub use line::Line;
pub use near::NEAR;
pub use typical::TypicalRow;

/// Why a picture has nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The engine refused an input.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// The picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

fn label(column: Option<(&str, Option<&str>)>) -> String {
    match column {
        Some((name, Some(unit))) => format!("{name} [{unit}]"),
        Some((name, None)) => name.to_owned(),
        None => String::new(),
    }
}

/// What figures of target `d` are in units of: `y [unit]`, or for a target `log(y)`, whose scores are
/// those of the logarithm, `ln(y [unit])`.
pub fn written(model: &Model<'_>, d: usize) -> String {
    let Some((name, unit)) = model.target_columns().nth(d) else {
        return String::new();
    };
    let column = column_label(name, unit);
    let transform = Transform::split(name).0;
    transform.map_or_else(|| column.clone(), |transform| transform.image_of(&column))
}

/// The column of target `d` itself, `y [unit]`, whether it is `y` or `log(y)`.
pub fn written_column(model: &Model<'_>, d: usize) -> String {
    let column = model.target_columns().nth(d);
    column.map_or_else(String::new, |(name, unit)| column_label(name, unit))
}

fn column_label(target: &str, unit: Option<&str>) -> String {
    label(Some((Transform::split(target).1, unit)))
}

/// The loss over the steps, in `units`.
pub fn loss(trained: &Trained, units: &LossUnits) -> Loss {
    let at = |step: usize, loss: f64| (step as u64, loss as f32);
    let reports = trained.curve.iter().map(|report| units.progress(report));
    let validation = |p: Progress| p.validation_loss.map(|loss| at(p.step, loss));
    Loss {
        title: "Loss while training".to_owned(),
        kind: units.kind(),
        of: String::new(),
        train: reports.clone().map(|p| at(p.step, p.train_loss)).collect(),
        validation: reports.filter_map(validation).collect(),
        starts: Vec::new(),
    }
}

/// The PIT histogram of target `d`.
pub fn pit_histogram(scores: &Scores, d: usize, name: &str) -> PitHistogram {
    const BINS: usize = 20;
    let counts = scores.pit_histogram(d, BINS.min(scores.rows.div_ceil(10)).max(2));
    PitHistogram {
        title: format!("Probability integral transform of {name}"),
        counts: counts.into_iter().map(|count| count as u64).collect(),
    }
}

/// Stated against observed coverage of the central intervals of target `d`.
pub fn calibration(scores: &Scores, d: usize, name: &str) -> Calibration {
    let stated = (1..20).map(|i| f64::from(i) / 20.0);
    Calibration {
        title: format!("Calibration of {name}"),
        points: stated
            .map(|p| (p as f32, scores.coverage(d, p) as f32))
            .collect(),
        rows: scores.rows as u64,
    }
}
