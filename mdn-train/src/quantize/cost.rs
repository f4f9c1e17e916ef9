//! What narrow kernels cost: the narrow model beside the one that it came from, on the same rows.

use mdn_infer::{Layer, Level, Mixture, Model, PredictError};

use crate::data::Dataset;
use crate::metrics::{RowError, map_rows, score};

/// Components below this weight are left out of [`Cost::component_mean`]: their means matter to
/// no answer.
pub const LEAST_WEIGHT: f32 = 0.01;

/// A model's scores before and after.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// With binary32 kernels.
    pub before: f64,
    /// With narrow ones.
    pub after: f64,
}

impl Change {
    /// After less before.
    pub fn difference(&self) -> f64 {
        self.after - self.before
    }
}

/// The largest move of a mean, and where it happens.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// In standard deviations.
    pub deviations: f64,
    /// The line of the table.
    pub line: u64,
    /// The target.
    pub dimension: usize,
}

/// The largest rounding of a kernel entry.
#[derive(Clone, Copy, Debug)]
pub struct Rounding {
    /// |after − before|
    pub error: f64,
    /// The dense layer of its network, counted from 1.
    pub layer: usize,
    /// The layer's largest entry before.
    pub largest_entry: f64,
}

/// What narrow kernels cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// How many rows were scored.
    pub rows: usize,
    /// The mean negative log-density, nats in raw units.
    pub nll: Change,
    /// The mean continuous ranked probability score over the targets, raw units.
    pub crps: Change,
    /// The mixture's mean: the largest change over rows and targets, in units of the standard
    /// deviation that the mixture had before.
    pub mean: Move,
    /// A component's mean: the largest change over rows, targets and components of at least
    /// [`LEAST_WEIGHT`], in units of the scale that the component had before.
    pub component_mean: Move,
    /// The kernels themselves.
    pub rounding: Rounding,
}

/// Compares `narrow` with `model`, which it came from, on the rows of `data`.
///
/// # Errors
///
/// [`RowError`] for the first row that one of them refuses.
pub fn cost(model: &Model<'_>, narrow: &Model<'_>, data: &Dataset) -> Result<Cost, RowError> {
    let (before, after) = (score(model, data)?, score(narrow, data)?);
    let moves = map_rows(model, data, |row, old| {
        let mut working = vec![0.0; narrow.working_len()];
        let new = narrow.predict(Level::detect(), data.input(row), &mut working)?;
        moved(old, &new, data.lines[row])
    })?;
    let none = Move {
        deviations: 0.0,
        line: 0,
        dimension: 0,
    };
    let largest = |moves: &mut dyn Iterator<Item = Move>| {
        moves.fold(none, |most, one| {
            if one.deviations > most.deviations {
                one
            } else {
                most
            }
        })
    };
    Ok(Cost {
        rows: before.rows,
        nll: Change {
            before: before.nll,
            after: after.nll,
        },
        crps: Change {
            before: before.mean_crps(),
            after: after.mean_crps(),
        },
        mean: largest(&mut moves.iter().map(|pair| pair[0])),
        component_mean: largest(&mut moves.iter().map(|pair| pair[1])),
        rounding: rounding(model, narrow),
    })
}

/// The largest moves at one row: of the mixture's mean, and of a component's.
fn moved(old: &Mixture<'_>, new: &Mixture<'_>, line: u64) -> Result<[Move; 2], PredictError> {
    let start = Move {
        deviations: -1.0,
        line,
        dimension: 0,
    };
    let (mut mixture, mut component) = (start, start);
    let (mut before, mut after) = (vec![0.0; old.dimensions()], vec![0.0; old.dimensions()]);
    old.mean(&mut before)?;
    new.mean(&mut after)?;
    for (dimension, (&before, &after)) in before.iter().zip(&after).enumerate() {
        let keep = |most: &mut Move, before: f32, after: f32, deviation: f32| {
            let difference = (f64::from(after) - f64::from(before)).abs();
            let deviations = difference / f64::from(deviation);
            if deviations > most.deviations {
                *most = Move {
                    deviations,
                    line,
                    dimension,
                };
            }
        };
        let marginal = old.marginal(dimension);
        let deviation = marginal.map_or(f32::NAN, |marginal| marginal.standard_deviation());
        keep(&mut mixture, before, after, deviation);
        for (a, b) in old.components().zip(new.components()) {
            if a.weight() >= LEAST_WEIGHT {
                let (before, after) = (a.mean(dimension), b.mean(dimension));
                keep(&mut component, before, after, a.scale(dimension));
            }
        }
    }
    Ok([mixture, component])
}

fn rounding(model: &Model<'_>, narrow: &Model<'_>) -> Rounding {
    let mut most = Rounding {
        error: -1.0,
        layer: 0,
        largest_entry: 0.0,
    };
    let networks = 0..model.members();
    let pairs = networks.flat_map(|m| (1..).zip(model.network(m).zip(narrow.network(m))));
    for (layer, (Layer::Dense(old), Layer::Dense(new))) in pairs {
        let rows = 1..=old.inputs();
        let pairs = rows.flat_map(|row| old.row(row).zip(new.row(row)));
        let (mut error, mut largest_entry) = (0.0_f64, 0.0_f64);
        for (before, after) in pairs {
            error = error.max((f64::from(after) - f64::from(before)).abs());
            largest_entry = largest_entry.max(f64::from(before).abs());
        }
        if error > most.error {
            most = Rounding {
                error,
                layer,
                largest_entry,
            };
        }
    }
    most
}
