//! A cheap regression, whose residuals are not learnt by heart: a sum of functions of one input each, every
//! one a line in each of sixteen bins of its values (componentwise L2 boosting, Bühlmann and Yu 2003).

use rayon::prelude::*;

use crate::data::Dataset;

/// Rows of a bin, and of one of an input in whose order the table is; but there are no more bins than so many.
const ROWS_A_BIN: usize = 24;
const ROWS_IN_ORDER: usize = 6;
const BINS: usize = 64;
/// Of so many inputs at most the products of any two are explained too.
const FEW_INPUTS: usize = 10;
const ROUNDS: usize = 40;
/// With many rows and inputs there are fewer rounds, so that it stays cheap.
const FEWEST_ROUNDS: usize = 8;
const WORK: usize = 1 << 27;
/// How much more an input counts that explains all.
const RELEVANT: f64 = 100.0;
/// What each round takes of its fit.
const STEP: f64 = 0.5;
/// Rows by which the line of a bin is held back towards nothing.
const HELD_BACK: f64 = 4.0;
/// Inputs beyond this many scales from the middle count as there.
const FARTHEST: f64 = 4.0;

/// An input.
#[derive(Debug)]
pub(super) struct Column {
    /// Its values by their middle and scale, which a few far ones do not move.
    pub(super) values: Vec<f64>,
    /// Its rows in the order of their values; equal ones share a bin.
    bins: Vec<Vec<usize>>,
    /// Much smaller bins, where the table is in its order.
    fine: Option<Vec<Vec<usize>>>,
}

/// The inputs, but those that have one value; `is_ordered` says of values whether the table is in their order.
pub(super) fn columns(
    data: &Dataset,
    is_ordered: impl Fn(&dyn Fn(usize) -> f64) -> bool + Sync,
) -> Vec<Column> {
    let column = |values: Vec<f64>| {
        let rows = values.len();
        let ordered = is_ordered(&|row| values[row]);
        Column {
            bins: bins(&values, (rows / BINS).max(ROWS_A_BIN)),
            fine: ordered.then(|| bins(&values, ROWS_IN_ORDER)),
            values,
        }
    };
    let inputs = (0..data.input_names.len()).into_par_iter();
    let inputs = inputs.filter_map(|input| scaled(data.input_column(input)));
    inputs.map(column).collect()
}

/// The products of any two of a few columns.
pub(super) fn products(columns: &[Column]) -> Vec<Column> {
    let few = (0..columns.len()).filter(|_| columns.len() <= FEW_INPUTS);
    let pairs: Vec<(usize, usize)> = few.flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let product = |&(a, b): &(usize, usize)| {
        let pairs = columns[a].values.iter().zip(&columns[b].values);
        let values: Vec<f64> = pairs.map(|(a, b)| a * b).collect();
        Column {
            bins: bins(&values, (values.len() / BINS).max(ROWS_A_BIN)),
            fine: None,
            values,
        }
    };
    pairs.par_iter().map(product).collect()
}

/// The targets `[rows][D]` by their middles and scales; 0 where they have one value.
pub(super) fn scaled_targets(data: &Dataset) -> Vec<f64> {
    let dimensions = data.target_names.len();
    let mut all = vec![0.0; data.targets.len()];
    for d in 0..dimensions {
        let column = data.targets.iter().skip(d).step_by(dimensions).copied();
        let places = all.iter_mut().skip(d).step_by(dimensions);
        let values = scaled(column).into_iter().flatten();
        places.zip(values).for_each(|(place, value)| *place = value);
    }
    all
}

fn scaled(column: impl Iterator<Item = f32>) -> Option<Vec<f64>> {
    let column: Vec<f64> = column.map(f64::from).collect();
    let mut sorted = column.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let quantile = |p: f64| sorted[((sorted.len() - 1) as f64 * p) as usize];
    let rows = column.len() as f64;
    let mean = column.iter().sum::<f64>() / rows;
    let squares: f64 = column.iter().map(|value| (value - mean).powi(2)).sum();
    // The distance of these quantiles of a normal distribution is 2.563 standard deviations.
    let scale = match (quantile(0.9) - quantile(0.1)) / 2.563 {
        robust if robust > 0.0 => robust,
        _ => (squares / rows).sqrt(),
    };
    let middle = quantile(0.5);
    let place = |value: &f64| ((value - middle) / scale).clamp(-FARTHEST, FARTHEST);
    (scale > 0.0).then(|| column.iter().map(place).collect())
}

/// Rows by the bins of a column's values, each of at least `size`; equal values share one.
fn bins(column: &[f64], size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
    let mut bins: Vec<Vec<usize>> = vec![Vec::new()];
    for equal in order.chunk_by(|&a, &b| column[a] == column[b]) {
        if bins.last().is_some_and(|bin| bin.len() >= size) {
            bins.push(Vec::new());
        }
        if let Some(bin) = bins.last_mut() {
            bin.extend(equal);
        }
    }
    bins
}

/// A line in a bin of a column.
#[derive(Clone, Copy)]
struct Line {
    middle: f64,
    level: f64,
    slope: f64,
    /// What it takes off the sum of squares.
    gain: f64,
}

impl Line {
    /// The line nearest to the residuals of the rows of `bin`, held back a little.
    fn through(column: &[f64], bin: &[usize], residuals: &[f64]) -> Self {
        let count = bin.len() as f64;
        let mean = |of: &dyn Fn(usize) -> f64| bin.iter().map(|&row| of(row)).sum::<f64>() / count;
        let (x, y) = (mean(&|row| column[row]), mean(&|row| residuals[row]));
        let both = mean(&|row| (column[row] - x) * (residuals[row] - y));
        let spread = mean(&|row| (column[row] - x).powi(2));
        let kept = count / (count + HELD_BACK);
        let level = kept * y;
        let slope = match spread > 0.0 {
            true => kept * both / spread,
            false => 0.0,
        };
        let gain = level * (2.0 * y - level) + slope * (2.0 * both - slope * spread);
        Line {
            middle: x,
            level,
            slope,
            gain: count * gain,
        }
    }

    fn at(&self, x: f64) -> f64 {
        self.level + self.slope * (x - self.middle)
    }
}

/// What is left of each target, of mean 0 and `[rows][dimensions]`. Of inputs in whose order the table is the
/// small bins count where `fine`: no more is left then that is alike for rows that follow each other.
pub(super) fn residuals(
    columns: &[&Column],
    targets: &[f64],
    dimensions: usize,
    fine: bool,
) -> Vec<f64> {
    let rounds = (WORK / (targets.len() * columns.len()).max(1)).clamp(FEWEST_ROUNDS, ROUNDS);
    let mut all = vec![0.0; targets.len()];
    for d in 0..dimensions {
        let target = targets.iter().skip(d).step_by(dimensions);
        let mut left: Vec<f64> = target.copied().collect();
        for _ in 0..rounds {
            take_best(columns, &mut left, fine);
        }
        let places = all.iter_mut().skip(d).step_by(dimensions);
        places.zip(left).for_each(|(place, value)| *place = value);
    }
    all
}

fn bins_of(column: &Column, fine: bool) -> &[Vec<usize>] {
    match &column.fine {
        Some(bins) if fine => bins,
        _ => &column.bins,
    }
}

/// A step along the lines of the column that explains most of what is left.
fn take_best(columns: &[&Column], left: &mut [f64], fine: bool) {
    let lines = |column: &&Column| -> Vec<Line> {
        let bins = bins_of(column, fine).iter();
        bins.map(|bin| Line::through(&column.values, bin, left))
            .collect()
    };
    let fits: Vec<Vec<Line>> = columns.par_iter().map(lines).collect();
    let gain = |fit: &[Line]| fit.iter().map(|line| line.gain).sum::<f64>();
    let best = columns.iter().zip(&fits);
    let best = best.max_by(|(_, a), (_, b)| gain(a).total_cmp(&gain(b)));
    if let Some((column, lines)) = best {
        for (line, bin) in lines.iter().zip(bins_of(column, fine)) {
            for &row in bin {
                left[row] -= STEP * line.at(column.values[row]);
            }
        }
    }
}

/// How much each column is to count in distances: 1, and more where residuals of variance 1 still depend on
/// it, so that what a poor fit has left is alike in rows that are near each other.
pub(super) fn relevance(columns: &[Column], kinds: &[&[f64]], dimensions: usize) -> Vec<f64> {
    let one = |column: &Column| {
        let rows = column.values.len() as f64;
        // Three times what chance gives.
        let chance = 3.0 * column.bins.len() as f64 / rows;
        let explained = |of: &dyn Fn(usize) -> f64| -> f64 {
            let share = |bin: &Vec<usize>| {
                let sum: f64 = bin.iter().map(|&row| of(row)).sum();
                sum * sum / bin.len() as f64
            };
            column.bins.iter().map(share).sum::<f64>() / rows - chance
        };
        let all = kinds.iter().flat_map(|residuals| {
            (0..dimensions).map(|d| {
                let residual = |row: usize| residuals[row * dimensions + d];
                // What two inputs do together moves the squares by each; their variance is 2.
                let square = |row: usize| (residual(row).powi(2) - 1.0) / std::f64::consts::SQRT_2;
                explained(&residual).max(explained(&square))
            })
        });
        1.0 + RELEVANT * all.fold(0.0, f64::max)
    };
    columns.iter().map(one).collect()
}
