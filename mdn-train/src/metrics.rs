//! How good a model is on a table: every figure comes from the engine, in raw units, and those of
//! columns that were transformed from [`back_transformed`](crate::back_transformed).

mod column;

pub use column::ColumnScores;
use column::ColumnSums;

mod normal;
mod zero_density;

pub use zero_density::ZeroDensity;

use mdn_infer::format::Support;
use mdn_infer::{Level, Marginal, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;

use crate::data::{Dataset, LogZero, Transform, log_slope};
use crate::network::uniform;
pub(crate) use normal::likeliest;
pub use normal::normal_nll;

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

impl Scores {
    fn held(&self, d: usize, probability: f64) -> Option<&Held> {
        let level = HELD.iter().position(|&level| level == probability)?;
        (!is_told_by_pit(&self.supports[d])).then(|| &self.held[d][level])
    }

    /// How often the central interval of this probability should hold target `d`: as often as its
    /// probability says; on a lattice and with point masses, where no interval may have just that
    /// one, as the intervals' own probabilities say, for 50%, 90% and 95%.
    pub fn expected_coverage(&self, d: usize, probability: f64) -> f64 {
        let cells = matches!(
            self.supports[d],
            Support::Lattice { .. } | Support::Atoms(_)
        );
        let held = self.held(d, probability).filter(|_| cells);
        held.map_or(probability, |held| held.expected / self.count())
    }

    /// [`expected_coverage`](Self::expected_coverage) averaged over the targets.
    pub fn mean_expected_coverage(&self, probability: f64) -> f64 {
        let dimensions = self.pit.len();
        let each = (0..dimensions).map(|d| self.expected_coverage(d, probability));
        each.sum::<f64>() / dimensions as f64
    }

    /// How often the central interval of this probability held target `d`; by the PITs, so that where
    /// they are drawn a probability other than 50%, 90% and 95% is that of an interval with the ends
    /// in part.
    pub fn coverage(&self, d: usize, probability: f64) -> f64 {
        if let Some(held) = self.held(d, probability) {
            return held.rows / self.count();
        }
        let (low, high) = (0.5 - 0.5 * probability, 0.5 + 0.5 * probability);
        self.share(d, |pit| (low..=high).contains(&pit))
    }

    /// Coverage averaged over the targets.
    pub fn mean_coverage(&self, probability: f64) -> f64 {
        let dimensions = self.pit.len();
        (0..dimensions)
            .map(|d| self.coverage(d, probability))
            .sum::<f64>()
            / dimensions as f64
    }

    /// Root mean squared error over all targets.
    pub fn mean_rmse(&self) -> f64 {
        let squares = self.rmse.iter().map(|rmse| rmse * rmse);
        (squares.sum::<f64>() / self.rmse.len() as f64).sqrt()
    }

    /// The continuous ranked probability score averaged over the targets.
    pub fn mean_crps(&self) -> f64 {
        self.crps.iter().sum::<f64>() / self.crps.len() as f64
    }

    /// Mean and standard deviation of the PITs of target `d`: ½ and 1/√12 = 0.289 for a calibrated
    /// model. Below ½ in the mean the targets are lower than predicted; a smaller deviation means
    /// intervals that are too wide.
    pub fn pit_moments(&self, d: usize) -> (f64, f64) {
        let count = self.count();
        let mean = self.pits(d).map(|(pit, weight)| weight * pit).sum::<f64>() / count;
        let squares = self
            .pits(d)
            .map(|(pit, weight)| weight * (pit - mean).powi(2));
        let variance = squares.sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    /// The largest distance between the distribution function of the PITs of target `d` and that
    /// of the uniform distribution (Kolmogorov): 0 for perfect calibration, and for a calibrated
    /// model above [`kolmogorov_limit`] in one of twenty tables.
    pub fn pit_distance(&self, d: usize) -> f64 {
        let mut pits: Vec<(f64, f64)> = self.pits(d).collect();
        pits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (count, mut above) = (self.count(), 0.0);
        let steps = pits.into_iter().map(|(pit, weight)| {
            let below = above;
            above += weight;
            (pit - below / count).max(above / count - pit)
        });
        steps.fold(0.0, f64::max)
    }

    /// The calibration error of target `d`: how far, on average over p = 0.05, 0.10, … 0.95, the
    /// share of PITs up to p lies from p. 0 for perfect calibration.
    pub fn calibration_error(&self, d: usize) -> f64 {
        const LEVELS: usize = 20;
        let share = |p: f64| self.share(d, |pit| pit <= p);
        let levels = (1..LEVELS).map(|level| level as f64 / LEVELS as f64);
        levels.map(|p| (share(p) - p).abs()).sum::<f64>() / (LEVELS - 1) as f64
    }

    /// The calibration error averaged over the targets.
    pub fn mean_calibration_error(&self) -> f64 {
        let dimensions = self.pit.len();
        (0..dimensions)
            .map(|d| self.calibration_error(d))
            .sum::<f64>()
            / dimensions as f64
    }

    /// Counts of the PITs of target `d` in `bins` equal bins.
    pub fn pit_histogram(&self, d: usize, bins: usize) -> Vec<usize> {
        let mut counts = vec![0.0_f64; bins];
        for (pit, weight) in self.pits(d) {
            counts[((pit * bins as f64) as usize).min(bins - 1)] += weight;
        }
        counts
            .into_iter()
            .map(|count| count.round() as usize)
            .collect()
    }

    /// As how many rows all count.
    fn count(&self) -> f64 {
        match self.weights.is_empty() {
            true => self.rows as f64,
            false => self.weights.iter().sum(),
        }
    }

    /// The PITs of target `d` and as how many rows each counts.
    fn pits(&self, d: usize) -> impl Iterator<Item = (f64, f64)> {
        let weight = |row: usize| self.weights.get(row).copied().unwrap_or(1.0);
        let pits = self.pit[d].iter().enumerate();
        pits.map(move |(row, &pit)| (f64::from(pit), weight(row)))
    }

    /// The share of rows whose PIT of target `d` is such.
    fn share(&self, d: usize, is_such: impl Fn(f64) -> bool) -> f64 {
        let such = self.pits(d).filter(|&(pit, _)| is_such(pit));
        such.map(|(_, weight)| weight).sum::<f64>() / self.count()
    }
}

/// What the largest distance of an empirical distribution function of `rows` values from its law
/// exceeds in one of twenty cases: the asymptotic 5% point of Kolmogorov 1933, 1.358/√n, as Stephens
/// 1970 corrects it for few rows, within 0.002 from two rows on. For one row it is exact.
pub fn kolmogorov_limit(rows: usize) -> f64 {
    let root = (rows as f64).sqrt();
    match rows {
        1 => 0.975,
        _ => 1.358 / (root + 0.12 + 0.11 / root),
    }
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

/// The scores of one row.
struct RowScore {
    log_density: f64,
    is_anomaly: Option<bool>,
    squared_errors: Vec<f64>,
    crps: Vec<f32>,
    columns: Vec<Option<ColumnScores>>,
    /// P(t < y) and P(t ≤ y), the same where y has no probability.
    pit: Vec<(f32, f32)>,
    /// Whether each interval holds the target, and its probability.
    held: Vec<[(bool, f32); 3]>,
}

impl RowScore {
    /// Of a row whose input is so far out that the numbers of `model` overflow there: density 0, and
    /// no end of an error.
    fn overflowed(model: &Model<'_>, transforms: &[Option<Transform>]) -> Self {
        let dimensions = model.dimensions();
        let column = |transform: &Option<Transform>| transform.map(|_| ColumnScores::OVERFLOWED);
        RowScore {
            log_density: f64::NEG_INFINITY,
            is_anomaly: model.header().anomaly_threshold.map(|_| true),
            squared_errors: vec![f64::INFINITY; dimensions],
            crps: vec![f32::INFINITY; dimensions],
            columns: transforms.iter().map(column).collect(),
            pit: vec![(0.0, 0.0); dimensions],
            held: vec![[(false, 0.0); 3]; dimensions],
        }
    }

    /// `transforms` say how the targets were made of the table's columns; they may be empty.
    fn new(
        mixture: &Mixture<'_>,
        target: &[f32],
        transforms: &[Option<Transform>],
    ) -> Result<Self, PredictError> {
        let slope = log_slope(transforms, target);
        let column = |(d, (transform, &z)): (usize, (&Option<Transform>, &f32))| {
            transform.map(|transform| ColumnScores::of_row(transform, mixture, d, z))
        };
        let columns = transforms.iter().zip(target).enumerate().map(column);
        let dimensions = mixture.dimensions();
        let mut mean = vec![0.0; dimensions];
        mixture.mean(&mut mean)?;
        let square = |(d, (mean, target)): (usize, (&f32, &f32))| {
            let error = f64::from(*mean) - f64::from(*target);
            way(&mixture.support(d), error).powi(2)
        };
        let marginals = (0..dimensions).filter_map(|d| mixture.marginal(d));
        let outcomes = || marginals.clone().zip(target);
        Ok(RowScore {
            log_density: f64::from(mixture.log_density(target)?) + slope,
            is_anomaly: mixture.is_anomaly(target)?,
            squared_errors: mean.iter().zip(target).enumerate().map(square).collect(),
            crps: outcomes()
                .map(|(marginal, &t)| marginal.crps(t))
                .collect::<Result<_, _>>()?,
            columns: columns.collect(),
            pit: outcomes()
                .map(|(marginal, &t)| match is_told_by_pit(&marginal.support()) {
                    true => marginal.pit(t).map(|pit| (pit, pit)),
                    false => marginal.pit_between(t),
                })
                .collect::<Result<_, _>>()?,
            held: outcomes()
                .map(|(marginal, &t)| held(&marginal, t))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// An error; on a circle the shortest way.
fn way(support: &Support, error: f64) -> f64 {
    match support {
        &Support::Circle { period, .. } => {
            let period = f64::from(period);
            error - (error / period).round() * period
        }
        _ => error,
    }
}

/// Whether the central intervals hold `t`, and what they should.
fn held(marginal: &Marginal<'_>, t: f32) -> Result<[(bool, f32); 3], PredictError> {
    let support = marginal.support();
    let mut all = [(false, 0.0); 3];
    if is_told_by_pit(&support) {
        return Ok(all);
    }
    for (level, held) in HELD.into_iter().zip(&mut all) {
        let (low, high) = marginal.central_interval(level as f32)?;
        *held = match support {
            Support::Circle { period, .. } => {
                let on = |from: f32, to: f32| (to - from).rem_euclid(period);
                (on(low, t) <= on(low, high), level as f32)
            }
            _ => {
                let above = marginal.interval_probability(low, high)?;
                let probability = above + marginal.probability(low)?;
                (low <= t && t <= high, probability)
            }
        };
    }
    Ok(all)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of exact points, such as Massey 1951.
    #[test]
    fn the_limit_is_that_of_kolmogorovs_law_for_any_number_of_rows() {
        for (rows, exact) in [
            (1, 0.975),
            (2, 0.842),
            (3, 0.708),
            (5, 0.563),
            (10, 0.409),
            (20, 0.294),
        ] {
            let found = kolmogorov_limit(rows);
            assert!((found - exact).abs() < 2.5e-3, "{rows}: {found}, {exact}");
        }
        assert!((kolmogorov_limit(1_000_000) * 1e3 - 1.358).abs() < 1e-3);
    }
}
