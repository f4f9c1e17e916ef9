//! How good a model is on a table: every figure comes from the engine, in raw units, and those of
//! columns that were transformed from [`back_transformed`](crate::back_transformed).

mod calibration;
mod column;
mod normal;
mod row;
mod zero_density;

use mdn_infer::format::Support;
use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;

use crate::data::{Dataset, LogZero, Transform, log_slope};
use crate::network::uniform;
pub use calibration::kolmogorov_limit;
pub use column::ColumnScores;
use column::ColumnSums;
pub(crate) use normal::likeliest;
pub use normal::normal_nll;
use row::RowScore;
pub use zero_density::ZeroDensity;

/// Rows that one task scores; sums run over rows in order, so the figures do not depend on it.
const ROWS_A_TASK: usize = 256;
/// The probabilities of the central intervals that are looked at where values have probabilities.
const HELD: [f64; 3] = [0.5, 0.9, 0.95];
/// The seed of the generator, xoshiro128++, that draws the PITs of values with a probability: one
/// number for each such value, row after row, and in a row target after target.
pub const PIT_SEED: u64 = 0x0050_4954;

/// Why a table cannot be scored.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {source}")]
pub struct RowError {
    /// The line of the table.
    pub line: u64,
    /// What the engine said of its row.
    pub source: PredictError,
}

/// Scores of a model on a table. A row with a weight counts as that many, in means and in numbers of rows.
#[derive(Clone, Debug)]
pub struct Scores {
    /// How many rows were scored; where they have weights, the sum of these.
    pub rows: usize,
    /// The weights of the rows, in the order of the PITs; empty where each counts as one.
    pub weights: Vec<f64>,
    /// The mean negative log-density of the targets, nats in raw units; +∞ when
    /// `zero_density_rows` is not 0.
    pub nll: f64,
    /// Rows whose density is below the smallest number that binary32 holds the logarithm of, or
    /// at whose input the model's numbers overflow.
    pub zero_density_rows: usize,
    /// The first of them.
    pub zero_density: Option<ZeroDensity>,
    /// `[D]`: root mean squared error of the mixture's mean, in the target's units (of ln y for a
    /// target `log(y)`).
    pub rmse: Vec<f64>,
    /// `[D]`: the mean continuous ranked probability score, in the target's units.
    pub crps: Vec<f64>,
    /// `[D]`: the scores of y itself for a target `log(y)` or `logit(y)` that was made of the table's
    /// column y.
    pub columns: Vec<Option<ColumnScores>>,
    /// How many rows' targets are anomalies by the file's threshold, where it has one.
    pub anomalous_rows: Option<usize>,
    /// `[D][rows]`: probability integral transforms, uniform on (0, 1) for a calibrated model
    /// (Dawid 1984). For a value y with a probability it is drawn between P(t < y) and P(t ≤ y)
    /// (Czado, Gneiting and Held 2009), from a generator seeded by [`PIT_SEED`].
    pub pit: Vec<Vec<f32>>,
    /// `[D]`: the supports of the targets.
    pub supports: Vec<Support>,
    /// `[D]`: how many rows have a point mass for their value.
    pub atom_rows: Vec<usize>,
    /// `[D][50%, 90%, 95%]`: the central intervals of targets whose PITs do not tell what they hold.
    pub held: Vec<[Held; 3]>,
}

/// What the central intervals of a probability hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// How many rows' targets lie in their intervals.
    pub rows: f64,
    /// How many should: the sum of the intervals' probabilities, which where values have
    /// probabilities are more than was asked for.
    pub expected: f64,
}

/// The support of each target of `model` `[D]`.
pub fn supports(model: &Model<'_>) -> Vec<Support> {
    match model.supports() {
        Some(supports) => supports.iter().collect(),
        None => vec![Support::Continuous; model.dimensions()],
    }
}

/// How each target of `model` is made of the column that answers are about `[D]`.
pub fn transforms(model: &Model<'_>) -> Vec<Option<Transform>> {
    let names = model.target_columns().map(|(name, _)| name);
    let pairs = names.zip(supports(model));
    pairs
        .map(|(name, support)| Transform::of_target(name, &support))
        .collect()
}

/// The places of zeros among the logarithms of targets of `model`, for reading its tables.
pub fn log_zeros(model: &Model<'_>) -> Vec<LogZero> {
    let names = model.target_columns().map(|(name, _)| name);
    let zero = |(name, transform): (&str, Option<Transform>)| match transform {
        Some(Transform::LogOrZero { zero }) => Some(LogZero {
            target: name.to_owned(),
            place: zero,
        }),
        _ => None,
    };
    names.zip(transforms(model)).filter_map(zero).collect()
}

/// Whether central intervals hold what their PITs say.
fn is_told_by_pit(support: &Support) -> bool {
    matches!(support, Support::Continuous | Support::Bounds { .. })
}

/// Calls `visit` with the mixture at each row, in parallel; the results are in the rows' order.
///
/// # Errors
///
/// [`RowError`] for the first row that the engine refuses.
pub fn map_rows<T: Send>(
    model: &Model<'_>,
    data: &Dataset,
    visit: impl Fn(usize, &Mixture<'_>) -> Result<T, PredictError> + Sync,
) -> Result<Vec<T>, RowError> {
    map_predictions(model, data, |row, mixture| visit(row, &mixture?))
}

/// As [`map_rows`], with what the engine says where it refuses an input.
pub fn map_predictions<T: Send>(
    model: &Model<'_>,
    data: &Dataset,
    visit: impl Fn(usize, Result<Mixture<'_>, PredictError>) -> Result<T, PredictError> + Sync,
) -> Result<Vec<T>, RowError> {
    let level = Level::detect();
    let rows: Vec<usize> = (0..data.rows).collect();
    let tasks = rows.par_chunks(ROWS_A_TASK).map(|rows| {
        let mut working = vec![0.0; model.working_len()];
        let mut one = |row: usize| {
            let mixture = model.predict(level, data.input(row), &mut working);
            visit(row, mixture)
        };
        let answers = rows.iter().map(|&row| {
            one(row).map_err(|source| RowError {
                line: data.lines[row],
                source,
            })
        });
        answers.collect::<Result<Vec<T>, RowError>>()
    });
    let parts = tasks
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// The mean negative log-density of the targets, nats in raw units.
///
/// # Errors
///
/// [`RowError`].
pub fn nll(model: &Model<'_>, data: &Dataset) -> Result<f64, RowError> {
    let densities = map_predictions(model, data, |row, mixture| {
        let slope = log_slope(&data.transforms, data.target(row));
        match mixture {
            Err(PredictError::Overflow) => Ok(f64::NEG_INFINITY),
            mixture => Ok(f64::from(mixture?.log_density(data.target(row))?) + slope),
        }
    })?;
    let losses = densities.iter().zip(data.weights());
    let sum: f64 = losses.map(|(&density, weight)| -density * weight).sum();
    Ok(sum / data.weights().sum::<f64>())
}

/// All scores of `model` on the rows of `data`.
///
/// # Errors
///
/// [`RowError`].
pub fn score(model: &Model<'_>, data: &Dataset) -> Result<Scores, RowError> {
    let mut scorer = Scorer::new(*model);
    scorer.add(data)?;
    Ok(scorer.finish())
}

/// As how many rows those of some kinds count.
#[derive(Clone, Debug, Default)]
struct Counts {
    rows: f64,
    zero_density: f64,
    anomalous: f64,
    /// `[D]`
    atoms: Vec<f64>,
}

/// Scores of a table that comes in pieces; the figures do not depend on how it is cut.
#[derive(Clone, Debug)]
pub struct Scorer<'m> {
    model: Model<'m>,
    log_density: f64,
    squared_errors: Vec<f64>,
    crps: Vec<f64>,
    /// Draws the PITs of values with a probability.
    rng: Xoshiro128PlusPlus,
    /// Sums, for the targets that were transformed.
    columns: Vec<Option<ColumnSums>>,
    counts: Counts,
    /// What is known without dividing by the number of rows.
    scores: Scores,
}

impl<'m> Scorer<'m> {
    /// No rows yet.
    pub fn new(model: Model<'m>) -> Self {
        let dimensions = model.dimensions();
        Scorer {
            model,
            log_density: 0.0,
            squared_errors: vec![0.0; dimensions],
            crps: vec![0.0; dimensions],
            rng: Xoshiro128PlusPlus::seed_from_u64(PIT_SEED),
            columns: vec![None; dimensions],
            counts: Counts {
                atoms: vec![0.0; dimensions],
                ..Counts::default()
            },
            scores: Scores {
                rows: 0,
                weights: Vec::new(),
                nll: 0.0,
                zero_density_rows: 0,
                zero_density: None,
                rmse: Vec::new(),
                crps: Vec::new(),
                columns: Vec::new(),
                anomalous_rows: Some(0),
                pit: vec![Vec::new(); dimensions],
                supports: supports(&model),
                atom_rows: vec![0; dimensions],
                held: vec![Default::default(); dimensions],
            },
        }
    }

    /// Scores the rows of `data`; 4 bytes a row and target are kept of them.
    ///
    /// # Errors
    ///
    /// [`RowError`].
    pub fn add(&mut self, data: &Dataset) -> Result<(), RowError> {
        let transforms = &data.transforms;
        let rows = map_predictions(&self.model, data, |row, mixture| match mixture {
            Err(PredictError::Overflow) => Ok(RowScore::overflowed(&self.model, transforms)),
            mixture => RowScore::new(&mixture?, data.target(row), transforms),
        })?;
        let scores = &mut self.scores;
        scores.weights.extend(&data.arrangement.weights);
        let is_zero = |row: &RowScore| row.log_density == f64::NEG_INFINITY;
        if let (None, Some(row)) = (&scores.zero_density, rows.iter().position(is_zero)) {
            scores.zero_density = Some(ZeroDensity::of_row(&self.model, data, row));
        }
        let counts = &mut self.counts;
        for (row, weight) in rows.iter().zip(data.weights()) {
            self.log_density -= weight * row.log_density;
            counts.rows += weight;
            counts.zero_density += if is_zero(row) { weight } else { 0.0 };
            counts.anomalous += match row.is_anomaly {
                Some(true) => weight,
                _ => 0.0,
            };
            scores.anomalous_rows = scores.anomalous_rows.filter(|_| row.is_anomaly.is_some());
            for d in 0..self.crps.len() {
                self.squared_errors[d] += weight * row.squared_errors[d];
                self.crps[d] += weight * f64::from(row.crps[d]);
                let (below, up_to) = row.pit[d];
                scores.pit[d].push(match below < up_to {
                    true => below + (up_to - below) * uniform(&mut self.rng),
                    false => up_to,
                });
                for (sum, (holds, probability)) in scores.held[d].iter_mut().zip(row.held[d]) {
                    sum.rows += if holds { weight } else { 0.0 };
                    sum.expected += weight * f64::from(probability);
                }
            }
            for (sum, column) in self.columns.iter_mut().zip(&row.columns) {
                if let Some(column) = column {
                    sum.get_or_insert_default().add(column, weight);
                }
            }
        }
        for (d, support) in scores.supports.iter().enumerate() {
            if let Support::Atoms(atoms) = support {
                let values = data.target_column(d).zip(data.weights());
                let on_atoms = values.filter(|(value, _)| atoms.values().contains(value));
                counts.atoms[d] += on_atoms.map(|(_, weight)| weight).sum::<f64>();
            }
        }
        Ok(())
    }

    /// The scores of all rows so far.
    pub fn finish(self) -> Scores {
        let count = self.counts.rows;
        let whole = |sum: f64| sum.round() as usize;
        let squares = self.squared_errors.into_iter();
        let columns = self.columns.into_iter();
        Scores {
            // A table of any rows is one of at least one.
            rows: whole(count).max(usize::from(count > 0.0)),
            zero_density_rows: whole(self.counts.zero_density),
            anomalous_rows: self
                .scores
                .anomalous_rows
                .map(|_| whole(self.counts.anomalous)),
            atom_rows: self.counts.atoms.into_iter().map(whole).collect(),
            nll: self.log_density / count,
            rmse: squares.map(|sum| (sum / count).sqrt()).collect(),
            crps: self.crps.into_iter().map(|sum| sum / count).collect(),
            columns: columns
                .map(|sum| sum.map(|sum| sum.finish(count)))
                .collect(),
            ..self.scores
        }
    }
}
