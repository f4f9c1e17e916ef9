//! One normal distribution that knows no inputs: what a model must beat to have learnt anything.

use std::f64::consts::{E, PI};

use mdn_infer::format::Support;

use crate::data::{Dataset, Standardiser, copies, in_proportion};
use crate::supports::log_density;

/// Values that decide the normal distribution beneath a support, at most.
const FITTED: usize = 2000;

/// The mean negative log-density, nats in raw units, of the targets under one normal distribution
/// with their own means and standard deviations (where targets are transformed, of those): what a
/// model must beat to have learnt anything. Where a target has a support, `supports` `[D]`, it is that
/// of the likeliest normal distribution with this support. There is none where a target is constant.
pub fn normal_nll(data: &Dataset, supports: &[Support]) -> Option<f64> {
    let columns = data.target_names.len();
    let rows: Vec<usize> = (0..data.rows).collect();
    let spreads =
        Standardiser::fit_weighted(&data.targets, columns, &rows, &data.arrangement.weights).scale;
    let constant = data.target_resolutions().contains(&None);
    let each = spreads.iter().enumerate().map(|(target, &scale)| {
        match supports.get(target).unwrap_or(&Support::Continuous) {
            Support::Continuous => (2.0 * PI * E).ln() / 2.0 + f64::from(scale).ln(),
            support => {
                let column: Vec<f64> = values(data, target);
                let (mean, deviation) = likeliest(support, &column);
                mean_nll(support, &column, mean, deviation)
            }
        }
    });
    (!constant).then(|| each.sum::<f64>() - data.mean_log_slope())
}

/// The values of a target, each as often as its row's weight says.
fn values(data: &Dataset, target: usize) -> Vec<f64> {
    let column: Vec<f64> = data.target_column(target).map(f64::from).collect();
    match data.arrangement.weights.as_slice() {
        [] => column,
        weights => {
            let rows = in_proportion(weights, copies(weights, 50 * FITTED));
            rows.into_iter().map(|row| column[row]).collect()
        }
    }
}

fn mean_nll(support: &Support, values: &[f64], mean: f64, deviation: f64) -> f64 {
    let nlls = values
        .iter()
        .map(|&y| -log_density(support, mean, deviation, y));
    nlls.sum::<f64>() / values.len() as f64
}

/// Mean and standard deviation of the normal distribution that with this support makes `values`
/// likeliest: a search along the axes from their moments, in steps that halve (Hooke & Jeeves 1961).
pub(crate) fn likeliest(support: &Support, values: &[f64]) -> (f64, f64) {
    const SMALLEST: f64 = 1e-3;
    let step = values.len().div_ceil(FITTED).max(1);
    let values: Vec<f64> = values.iter().copied().step_by(step).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>();
    let spread = (squares / count).sqrt().max(f64::MIN_POSITIVE);
    let nll = |[shift, log_scale]: [f64; 2]| {
        mean_nll(
            support,
            &values,
            mean + shift * spread,
            spread * log_scale.exp(),
        )
    };
    let mut best = [0.0; 2];
    let mut lowest = nll(best);
    let mut step = 0.5;
    while step > SMALLEST {
        let before = lowest;
        for axis in 0..2 {
            for sign in [step, -step] {
                let mut next = best;
                next[axis] += sign;
                let found = nll(next);
                if found < lowest {
                    (best, lowest) = (next, found);
                }
            }
        }
        if lowest == before || lowest.is_nan() {
            step *= 0.5;
        }
    }
    (mean + best[0] * spread, spread * best[1].exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a censored normal the likeliest one is the normal, not one with the moments of the values.
    #[test]
    fn the_normal_beneath_a_point_mass_is_found() {
        let atoms = mdn_infer::format::Atoms::new(&[0.0], true, false, 1.0).expect("one");
        let quantile = statrs::distribution::ContinuousCDF::inverse_cdf;
        let normal = statrs::distribution::Normal::new(-0.5, 2.0).expect("a spread above 0");
        let values = (0..1000).map(|i| quantile(&normal, (f64::from(i) + 0.5) / 1000.0).max(0.0));
        let (mean, deviation) = likeliest(&Support::Atoms(atoms), &values.collect::<Vec<_>>());
        assert!((mean + 0.5).abs() < 0.05, "{mean}");
        assert!((deviation - 2.0).abs() < 0.05, "{deviation}");
    }
}
