//! Whether rows tell of each other more than their inputs do: then rows held back at random have
//! neighbours among those learnt from, and scores that are too good for new ones.
//!
//! Two things are looked for among at most [`LOOKED_AT`] rows, without a word where neither is there:
//!
//! - **Neighbours in the table.** Normal scores of the model's residuals (its PITs), and of those of a cheap
//!   regression, which cannot learn single subjects by heart, are multiplied for rows that follow each
//!   other, and for rows far apart in the table that are nearest in the inputs. The mean of such products is
//!   a correlation. What a poor fit leaves in the residuals is a function of the inputs, and rows near
//!   in them share it wherever they stand; so only what neighbours in the table share beyond that counts,
//!   with the second correlation carried on to their distance, and a sorted table is no alarm.
//! - **Copies.** Most rows have a few others that are far nearer in the inputs than any else, and whose
//!   targets are nearly theirs. Distances to the next neighbours of independent rows grow evenly: the k-th
//!   is a fifth of the next with a probability of 5⁻ᴰᵏ for inputs of D dimensions.

mod neighbours;
mod regression;

use std::borrow::Cow;

use mdn_infer::{Model, PredictError};

use super::{Diagnostic, Severity};
use crate::data::{DataError, Dataset, TableRows};
use crate::metrics::{RowError, map_predictions};
use neighbours::{Around, Neighbours};

/// Rows that are looked at, and in how long pieces where the table has more.
pub const LOOKED_AT: usize = 1 << 14;
const PIECE: usize = 256;
/// With fewer rows chance explains anything.
const FEWEST: usize = 50;
/// The least difference of correlations that is worth a word, and by how many standard errors.
const CORRELATED: f64 = 0.2;
const STANDARD_ERRORS: f64 = 4.5;
/// How far beyond the distances that were seen a correlation is carried on, as a multiple of theirs.
const CARRIED: f64 = 3.0;
/// The share of steps in one direction from which a table is sorted by a target.
const SORTED: f64 = 0.9;
/// The least part of the spread that a regression must have left: less is its own misfit.
const LEFT: f64 = 0.05;
/// The share of rows with copies that is worth a word, and how near their targets are to each other, as a
/// share of the distance of any two.
const COPIED: f64 = 0.5;
const NEARLY_EQUAL: f64 = 0.05;
/// Rows this far apart stand beside each other.
const BESIDE: usize = 8;

/// Rows of a table that are looked at: all, or evenly spread pieces of rows that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct SomeRows {
    data: Dataset,
    /// The number of each in the table, ascending.
    numbers: Vec<usize>,
}

impl SomeRows {
    /// Those of `table`; the same wherever the table is.
    ///
    /// # Errors
    /// When rows on the disk cannot be read.
    pub fn of(table: TableRows<'_>) -> Result<Self, DataError> {
        let count = table.count();
        let numbers: Vec<usize> = match count {
            0..=LOOKED_AT => (0..count).collect(),
            _ => {
                let pieces = LOOKED_AT / PIECE;
                let start = |piece| piece * (count - PIECE) / (pieces - 1);
                (0..pieces)
                    .flat_map(|piece| start(piece)..start(piece) + PIECE)
                    .collect()
            }
        };
        let data = table.pick(&numbers)?;
        Ok(SomeRows { data, numbers })
    }

    /// The PITs of `model` `[rows][D]`; of a target with probabilities the middle of its interval.
    ///
    /// # Errors
    /// [`RowError`] for the first row that the engine refuses.
    pub fn pits(&self, model: &Model<'_>) -> Result<Vec<f32>, RowError> {
        let rows = map_predictions(model, &self.data, |row, mixture| {
            let mixture = match mixture {
                Err(PredictError::Overflow) => return Ok(vec![0.5; model.dimensions()]),
                mixture => mixture?,
            };
            let targets = self.data.target(row).iter().enumerate();
            let middle = |(d, &target): (usize, &f32)| {
                let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
                let (low, high) = marginal.pit_between(target)?;
                Ok(0.5 * (low + high))
            };
            targets.map(middle).collect::<Result<Vec<f32>, _>>()
        })?;
        Ok(rows.concat())
    }

    /// Of values `[rows of the table][D]` those of these rows.
    pub fn of_all(&self, values: &[f32]) -> Vec<f32> {
        let width = self.data.target_names.len();
        let rows = self.numbers.iter();
        rows.flat_map(|&row| values[row * width..(row + 1) * width].iter().copied())
            .collect()
    }

    /// Rows of which the next one follows in the table.
    fn followed(&self) -> Vec<usize> {
        let last = self.data.rows.saturating_sub(1);
        let follows = |&row: &usize| self.numbers[row + 1] == self.numbers[row] + 1;
        (0..last).filter(follows).collect()
    }
}

/// What neighbours in the table have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Serial {
    /// The correlation of the residuals of rows that follow each other.
    neighbours: f64,
    /// What their inputs explain of it.
    explained: f64,
    /// The standard error of the difference.
    error: f64,
}

impl Serial {
    fn is_beyond_chance(&self) -> bool {
        let beyond = self.neighbours - self.explained;
        beyond > CORRELATED && beyond > STANDARD_ERRORS * self.error
    }
}

/// A warning where the rows depend on each other; `pits` `[rows][D]` are those of a model of them, which may
/// have seen them.
///
/// ```
/// use mdn_train::data::Dataset;
/// use mdn_train::diagnose::{SomeRows, dependent_rows};
///
/// // A slow wave in time, of which the input tells nothing.
/// let data = Dataset {
///     input_names: vec!["x".to_owned()],
///     target_names: vec!["y".to_owned()],
///     inputs: (0..300).map(|row| (row * 7919 % 300) as f32).collect(),
///     targets: (0..300).map(|row| (row as f32 / 20.0).sin()).collect(),
///     rows: 300,
///     lines: (2..302).collect(),
///     ..Dataset::default()
/// };
/// let rows = SomeRows::of((&data).into())?;
/// let pits: Vec<f32> = data.targets.iter().map(|y| 0.5 + 0.5 * y).collect();
/// assert_eq!(dependent_rows(&rows, &pits).unwrap().code, "dependent-rows");
/// # Ok::<(), mdn_train::data::DataError>(())
/// ```
///
/// O(rows) for each of at most 1000 rows; some tenths of a second, with hundreds of inputs some seconds.
pub fn dependent_rows(rows: &SomeRows, pits: &[f32]) -> Option<Diagnostic> {
    let data = &rows.data;
    if data.rows < FEWEST {
        return None;
    }
    let filled = match data.filled_inputs() {
        Cow::Borrowed(_) => None,
        Cow::Owned(inputs) => Some(Dataset {
            inputs,
            ..data.clone()
        }),
    };
    let data = filled.as_ref().unwrap_or(data);
    let dimensions = data.target_names.len();
    let followed = rows.followed();
    let is_ordered = |of: &dyn Fn(usize) -> f64| is_ordered(&followed, of);
    let columns = regression::columns(data, is_ordered);
    let products = regression::products(&columns);
    let all: Vec<_> = columns.iter().chain(&products).collect();
    let residuals = |of: &[f64], fine| {
        let left = regression::residuals(&all, of, dimensions, fine);
        let is_some = spread(&left) > LEFT * spread(of);
        (normal_scores(&left, dimensions), is_some)
    };
    let targets = normal_scores(&data.targets, dimensions);
    let learnt = residuals(&normal_scores(pits, dimensions), false);
    let plain = residuals(&regression::scaled_targets(data), true);
    let relevant = regression::relevance(&columns, &[&learnt.0, &plain.0], dimensions);
    let neighbours = Neighbours::find(&columns, &relevant, &rows.numbers, &followed);
    if let Some(found) = copies(&neighbours, &targets, dimensions) {
        return Some(found);
    }
    let mut targets = 0..dimensions;
    if targets.any(|d| is_ordered(&|row| f64::from(data.target(row)[d]))) {
        return None;
    }
    let kinds = [(&learnt, true), (&plain, false)];
    let mut both = kinds
        .into_iter()
        .filter_map(|((scores, is_some), with_equal)| {
            let is_of_use = |around: &Around| with_equal || around.next > 0.0;
            serial(&neighbours, scores, dimensions, is_of_use).filter(|_| *is_some)
        });
    both.find(Serial::is_beyond_chance).map(alike)
}

fn alike(found: Serial) -> Diagnostic {
    Diagnostic {
        code: "dependent-rows",
        severity: Severity::Warning,
        finding: format!(
            "rows that follow each other in the table are alike beyond what their inputs tell: their residuals \
             correlate by {:.2}, where {:.2} would be expected of rows with such inputs; so rows held back at \
             random have neighbours among those learnt from, and their scores may be too good for new rows",
            found.neighbours, found.explained
        ),
        advice: "Hold out what is to be predicted: `--hold-out last` for later rows of a time series, with \
                 `--order COL` where the table is not in its order; `--hold-out group:COL` for new subjects, \
                 where each has several rows",
    }
}

/// Compares rows that follow each other with rows of like inputs; none where too few can be compared.
fn serial(
    neighbours: &Neighbours,
    scores: &[f64],
    dimensions: usize,
    is_of_use: impl Fn(&Around) -> bool,
) -> Option<Serial> {
    let product = |a: usize, b: usize| {
        let pairs = scores[a * dimensions..]
            .iter()
            .zip(&scores[b * dimensions..]);
        pairs.take(dimensions).map(|(a, b)| a * b).sum::<f64>() / dimensions as f64
    };
    let compared: Vec<&Around> = neighbours
        .rows
        .iter()
        .filter(|row| is_of_use(row))
        .collect();
    if compared.len() < FEWEST {
        return None;
    }
    let mean = |of: &dyn Fn(&Around) -> f64| {
        compared.iter().map(|row| of(row)).sum::<f64>() / compared.len() as f64
    };
    let with = |row: &Around, others: &[(usize, f64)]| {
        let all = others.iter().map(|&(other, _)| product(row.row, other));
        all.sum::<f64>() / others.len() as f64
    };
    let distance = |others: &[(usize, f64)]| {
        others.iter().map(|(_, distance)| distance).sum::<f64>() / others.len() as f64
    };
    let next = mean(&|row| product(row.row, row.row + 1));
    let near = mean(&|row| with(row, row.near()));
    let far = mean(&|row| with(row, row.far()));
    let [to_next, to_near, to_far] = [
        mean(&|row| row.next),
        mean(&|row| distance(row.near())),
        mean(&|row| distance(row.far())),
    ];
    let carried = match to_far > to_near {
        true => ((to_near - to_next) / (to_far - to_near)).clamp(0.0, CARRIED),
        false => 0.0,
    };
    let explained = (near + carried * (near - far).max(0.0)).max(0.0);
    let difference = |row: &Around| product(row.row, row.row + 1) - with(row, row.near());
    let (center, count) = (next - near, compared.len() as f64);
    let variance = mean(&|row| (difference(row) - center).powi(2));
    Some(Serial {
        neighbours: next,
        explained,
        error: (variance / count).sqrt(),
    })
}

/// Whether the table is in the order of some values, but for few steps: its order tells nothing beside them.
fn is_ordered(followed: &[usize], of: &dyn Fn(usize) -> f64) -> bool {
    let up = followed.iter().filter(|&&row| of(row) < of(row + 1));
    let down = followed.iter().filter(|&&row| of(row) > of(row + 1));
    let (up, down) = (up.count() as f64, down.count() as f64);
    up.max(down) > SORTED * (up + down)
}

/// Rows that are nearly equal.
fn copies(neighbours: &Neighbours, targets: &[f64], dimensions: usize) -> Option<Diagnostic> {
    let between = |a: usize, b: usize| {
        let pairs = targets[a * dimensions..]
            .iter()
            .zip(&targets[b * dimensions..]);
        pairs
            .take(dimensions)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    };
    let copied: Vec<(&Around, usize)> = (neighbours.rows.iter())
        .filter_map(|row| Some((row, row.copy()?)))
        .collect();
    let share = copied.len() as f64 / neighbours.rows.len().max(1) as f64;
    if copied.len() < FEWEST / 2 || share < COPIED {
        return None;
    }
    let to_copy = median(copied.iter().map(|&(row, copy)| between(row.row, copy)));
    // Of those that are no neighbours.
    let half = copied.iter().skip(copied.len() / 2);
    let others = copied.iter().zip(half);
    let others = others.map(|((one, _), (other, _))| between(one.row, other.row));
    if to_copy > NEARLY_EQUAL * median(others) {
        return None;
    }
    let beside = copied.iter().filter(|&&(row, copy)| {
        let numbers = &neighbours.numbers;
        numbers[row.row].abs_diff(numbers[copy]) <= BESIDE
    });
    let are_beside = 2 * beside.count() > copied.len();
    Some(Diagnostic {
        code: "dependent-rows",
        severity: Severity::Warning,
        finding: format!(
            "{:.0}% of the rows have others that are nearly equal in inputs and targets, as copies with noise \
             are; so rows held back at random have copies among those learnt from, and their scores are too \
             good for new rows",
            100.0 * share
        ),
        advice: match are_beside {
            true => {
                "Remove the copies, or keep them together: they stand beside each other, so `--hold-out last` \
                 does, or `--hold-out group:COL` with a column that has one value for a row and its copies"
            }
            false => {
                "Remove the copies, or keep them together: `--hold-out group:COL` with a column that has one \
                 value for a row and its copies"
            }
        },
    })
}

/// The root of the sum of squares.
fn spread(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Each column of values `[rows][width]` by its ranks as if drawn from a normal distribution, to mean 0
/// and variance 1; equal values have equal scores.
fn normal_scores<T: Copy + PartialOrd>(values: &[T], width: usize) -> Vec<f64> {
    let rows = values.len() / width.max(1);
    let mut scores = vec![0.0; values.len()];
    for column in 0..width {
        let value = |row: usize| values[row * width + column];
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&a, &b| {
            value(a)
                .partial_cmp(&value(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut start = 0;
        for equal in order.chunk_by(|&a, &b| value(a) == value(b)) {
            let middle = start as f64 + 0.5 * equal.len() as f64;
            let score = normal_quantile(middle / rows as f64);
            equal
                .iter()
                .for_each(|&row| scores[row * width + column] = score);
            start += equal.len();
        }
        let squares: f64 = (0..rows)
            .map(|row| scores[row * width + column].powi(2))
            .sum();
        let deviation = (squares / rows as f64).sqrt();
        if deviation > 0.0 {
            (0..rows).for_each(|row| scores[row * width + column] /= deviation);
        }
    }
    scores
}

/// The quantile of the standard normal distribution, to 5·10⁻⁴ (Abramowitz and Stegun 1964, 26.2.23).
fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p).max(f64::MIN_POSITIVE);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    match p < 0.5 {
        true => -above,
        false => above,
    }
}
