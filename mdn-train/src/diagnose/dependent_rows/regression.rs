//! A cheap regression, whose residuals are not learnt by heart: a sum of functions of one input each, every
//! one a line in each of sixteen bins of its values (componentwise L2 boosting, Bühlmann and Yu 2003).

use crate::data::Dataset;

const BINS: usize = 16;
const ROUNDS: usize = 40;
/// What each round takes of its fit.
const STEP: f64 = 0.5;
/// Rows by which the line of a bin is held back towards nothing.
const HELD_BACK: f64 = 4.0;
/// Inputs beyond this many scales from the middle count as there.
const FARTHEST: f64 = 4.0;

/// The inputs `[inputs][rows]` by their middles and scales, which a few far values do not move. Inputs that
/// have one value are left out.
pub(super) fn coordinates(data: &Dataset) -> Vec<Vec<f64>> {
    let inputs = 0..data.input_names.len();
    inputs.filter_map(|input| scaled(data, input)).collect()
}

fn scaled(data: &Dataset, input: usize) -> Option<Vec<f64>> {
    let column: Vec<f64> = data.input_column(input).map(f64::from).collect();
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

/// Rows by the bins of a column's values; equal values share one.
fn bins(column: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
    let size = column.len().div_ceil(BINS);
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

/// What is left of each target, of mean 0 and `[rows][dimensions]`.
pub(super) fn residuals(columns: &[Vec<f64>], targets: &[f64], dimensions: usize) -> Vec<f64> {
    let binned: Vec<Vec<Vec<usize>>> = columns.iter().map(|column| bins(column)).collect();
    let mut all = vec![0.0; targets.len()];
    for d in 0..dimensions {
        let target = targets.iter().skip(d).step_by(dimensions);
        let mut left: Vec<f64> = target.copied().collect();
        for _ in 0..ROUNDS {
            let lines = |(column, bins): (&Vec<f64>, &Vec<Vec<usize>>)| -> Vec<Line> {
                let lines = bins.iter().map(|bin| Line::through(column, bin, &left));
                lines.collect()
            };
            let fits: Vec<Vec<Line>> = columns.iter().zip(&binned).map(lines).collect();
            let gain = |fit: &Vec<Line>| fit.iter().map(|line| line.gain).sum::<f64>();
            let best = (0..fits.len()).max_by(|&a, &b| gain(&fits[a]).total_cmp(&gain(&fits[b])));
            let Some(best) = best else { break };
            for (line, bin) in fits[best].iter().zip(&binned[best]) {
                for &row in bin {
                    left[row] -= STEP * line.at(columns[best][row]);
                }
            }
        }
        let places = all.iter_mut().skip(d).step_by(dimensions);
        places.zip(left).for_each(|(place, value)| *place = value);
    }
    all
}

/// How much each column is to count in distances: 1, and more where residuals of variance 1 still depend on
/// it, so that what a poor fit has left is alike in rows that are near each other.
pub(super) fn relevance(columns: &[Vec<f64>], kinds: &[&[f64]], dimensions: usize) -> Vec<f64> {
    let one = |column: &Vec<f64>| {
        let bins = bins(column);
        let rows = column.len() as f64;
        // Three times what chance gives.
        let chance = 3.0 * bins.len() as f64 / rows;
        let explained = |residuals: &[f64], d: usize| -> f64 {
            let share = |bin: &Vec<usize>| {
                let sum: f64 = bin.iter().map(|&row| residuals[row * dimensions + d]).sum();
                sum * sum / bin.len() as f64
            };
            bins.iter().map(share).sum::<f64>() / rows
        };
        let all = kinds
            .iter()
            .flat_map(|residuals| (0..dimensions).map(|d| explained(residuals, d) - chance));
        1.0 + 100.0 * all.fold(0.0, f64::max)
    };
    columns.iter().map(one).collect()
}
