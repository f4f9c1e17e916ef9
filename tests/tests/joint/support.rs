//! Comparisons, and the measures of the budgets.

use mdn_tests::budget::{self, Meter};
use mdn_tests::mixtures::Parameters;
use mdn_train::oracle::OracleMixture;
use nalgebra::{DMatrix, DVector};

/// 2⁻²³
pub const EPSILON: f64 = f32::EPSILON as f64;

/// Asserts that `values` has the same bits on every call with the same `reference`.
pub fn same_bits(reference: &mut Option<Vec<u32>>, values: &[f32]) {
    let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
    assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits);
}

pub fn exact(point: &[f32]) -> DVector<f64> {
    DVector::from_iterator(point.len(), point.iter().map(|&y| f64::from(y)))
}

/// For each component, how far the logarithm of its term moves, to first order, for one relative
/// unit in each of its log-weight, log-scales, units, entries of L and distances from its mean,
/// and in the standardised target unless the raw target is that already.
pub fn sensitivities(parameters: &Parameters, oracle: &OracleMixture, target: &[f32]) -> Vec<f64> {
    let affine: Vec<(f64, f64)> = (parameters.shift.iter().zip(&parameters.scale))
        .map(|(&shift, &scale)| (shift.into(), scale.into()))
        .collect();
    let units: f64 = affine.iter().map(|unit| unit.1.ln().abs() + 1.0).sum();
    let one = |k: usize| {
        let mut sum = 1.0 + oracle.log_weights[k].abs() + units;
        for i in 0..target.len() {
            let (mut whitened, mut moved) = (0.0, 0.0);
            for j in 0..=i {
                let entry = parameters.precision_factor(k, i, j);
                let (shift, scale) = affine[j];
                let distance = (f64::from(target[j]) - oracle.means[k][j]) / scale;
                let z = (f64::from(target[j]) - shift) / scale;
                let rounded = if affine[j] == (0.0, 1.0) {
                    0.0
                } else {
                    z.abs()
                };
                whitened += entry * distance;
                moved += entry.abs() * (rounded + distance.abs());
            }
            sum += whitened.abs() * moved + parameters.precision_factor(k, i, i).ln().abs();
        }
        sum
    };
    (0..oracle.means.len()).map(one).collect()
}

/// What the components' sensitivities make of that of ln p.
pub fn sensitivity(single: &[f64], shares: &[f64], log_density: f64) -> f64 {
    let sum: f64 = single.iter().zip(shares).map(|(s, share)| s * share).sum();
    1.0 + log_density.abs() + sum
}

/// S where the oracle has the responsibilities, ln p being `log_density`.
pub fn sensitivity_at(
    parameters: &Parameters,
    oracle: &OracleMixture,
    target: &[f32],
    log_density: f64,
) -> f64 {
    let single = sensitivities(parameters, oracle, target);
    sensitivity(
        &single,
        &oracle.responsibilities(&exact(target)),
        log_density,
    )
}

/// Checks an entry of a covariance matrix, unless it may be subnormal or infinite.
pub fn check_covariance(
    meter: &Meter,
    expected: &DMatrix<f64>,
    at: (usize, usize),
    found: f32,
    parameters: &Parameters,
) {
    let unit = (expected[(at.0, at.0)] * expected[(at.1, at.1)]).sqrt();
    if (1e-36..1e36).contains(&unit) {
        let error = (f64::from(found) - expected[at]).abs() / unit;
        let budget = budget::COVARIANCE * (expected.nrows() + 8) as f64;
        meter.check(error, budget, format_args!("{at:?} of {parameters:?}"));
    }
}
