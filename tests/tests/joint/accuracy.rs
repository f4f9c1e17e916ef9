//! Thousands of mixtures of all kinds, most of them extreme, against the oracle, within the
//! budgets of `docs/accuracy.md`.

use mdn_infer::Mixture;
use mdn_infer::format::Covariance;
use mdn_tests::budget::{self, Meter};
use mdn_tests::mixtures::{KINDS, Parameters};
use mdn_train::oracle::OracleMixture;
use nalgebra::DVector;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

const MIXTURES: usize = 3000;
const EPSILON: f64 = f32::EPSILON as f64;
/// Log-densities below this are −∞.
const LOWEST: f64 = -1.6e38;

/// Hands `visit` mixtures of every kind with their oracles.
fn mixtures(
    seed: u64,
    visit: impl Fn(&Parameters, &Mixture<'_>, &OracleMixture, &mut Xoshiro256PlusPlus) + Sync,
) {
    (0..MIXTURES).into_par_iter().for_each(|case| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + case as u64);
        let covariance = mdn_tests::COVARIANCES[case / KINDS % 3];
        let parameters = Parameters::extreme(kind(case), covariance, &mut rng);
        parameters.examine(|mixture, oracle| visit(&parameters, mixture, oracle, &mut rng));
    });
}

/// Kinds in turn, of which the largest shapes, which take most of the time, come less often.
fn kind(case: usize) -> usize {
    let kind = case % KINDS;
    if kind == 4 && !(case / KINDS).is_multiple_of(10) {
        0
    } else {
        kind
    }
}

/// A draw, in one case of three up to 10¹⁵ scales away.
fn point(parameters: &Parameters, mixture: &Mixture<'_>, rng: &mut impl Rng) -> Vec<f32> {
    let mut point = vec![0.0; parameters.dimensions];
    let k = mixture.sample(rng, &mut point).unwrap();
    if rng.random_range(0..3) == 0 {
        let far = 10.0_f32.powf(rng.random_range(0.0..15.0));
        let component = mixture.component(k).unwrap();
        for (d, y) in point.iter_mut().enumerate() {
            *y += far * component.scale(d);
        }
    }
    point
}

fn exact(point: &[f32]) -> DVector<f64> {
    DVector::from_iterator(point.len(), point.iter().map(|&y| f64::from(y)))
}

/// For each component, how far the logarithm of its term moves, to first order, for one relative
/// unit in each of its log-weight, log-scales, units, entries of L and distances from its mean,
/// and in the standardised target unless the raw target is that already.
fn sensitivities(parameters: &Parameters, oracle: &OracleMixture, target: &[f32]) -> Vec<f64> {
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
fn sensitivity(single: &[f64], shares: &[f64], log_density: f64) -> f64 {
    let sum: f64 = single.iter().zip(shares).map(|(s, share)| s * share).sum();
    1.0 + log_density.abs() + sum
}

#[test]
fn log_densities_and_responsibilities_keep_their_budget() {
    let densities = Meter::new("log-density");
    let responsibilities = Meter::new("responsibilities");
    mixtures(1000, |parameters, mixture, oracle, rng| {
        for _ in 0..3 {
            let target = point(parameters, mixture, rng);
            let found = mixture.log_density(&target).unwrap();
            let expected = oracle.log_density(&target);
            if expected < LOWEST {
                assert_eq!(found, f32::NEG_INFINITY);
                continue;
            }
            let shares = oracle.responsibilities(&exact(&target));
            let single = sensitivities(parameters, oracle, &target);
            let whole = sensitivity(&single, &shares, expected);
            let error = (f64::from(found) - expected).abs();
            let case = format!("{target:?} of {parameters:?}");
            densities.check(error, budget::LOG_DENSITY * EPSILON * whole, &case);
            let mut found = vec![0.0; shares.len()];
            mixture.responsibilities(&target, &mut found).unwrap();
            for ((found, share), single) in found.into_iter().zip(&shares).zip(&single) {
                let error = (f64::from(found) - share).abs();
                let unit = EPSILON * (single + whole) * share;
                responsibilities.check(error, budget::RESPONSIBILITY * unit + 1e-44, &case);
            }
        }
    });
    densities.print();
    responsibilities.print();
}

#[test]
fn moments_keep_their_budget() {
    let (means, covariances) = (Meter::new("mean"), Meter::new("covariance"));
    let deviations = Meter::new("standard deviation");
    mixtures(2000, |parameters, mixture, oracle, _| {
        let d = parameters.dimensions;
        let (mean, covariance) = (oracle.mean(), oracle.covariance());
        let mut found = vec![0.0; d];
        mixture.mean(&mut found).unwrap();
        let roundings = parameters.logits.len() as f64 / 8.0 + 8.0;
        for (i, found) in found.iter().enumerate() {
            let terms = oracle.log_weights.iter().zip(&oracle.means);
            let shift = f64::from(parameters.shift[i]);
            let size: f64 = terms
                .map(|(w, m)| w.exp() * (1.0 + w.abs()) * (m[i] - shift).abs())
                .sum();
            let unit = EPSILON * (mean[i].abs() + shift.abs() + size);
            let error = (f64::from(*found) - mean[i]).abs();
            means.check(
                error,
                budget::MEAN * roundings * unit,
                format!("{parameters:?}"),
            );
        }
        mixture.standard_deviation(&mut found).unwrap();
        for (i, found) in found.iter().enumerate() {
            let expected = covariance[(i, i)].sqrt();
            let error = (f64::from(*found) / expected - 1.0).abs();
            deviations.check(error, budget::DEVIATION, format!("{parameters:?}"));
        }
        let mut found = vec![0.0; d * d];
        mixture.covariance_into(&mut found).unwrap();
        for (at, found) in found.into_iter().enumerate() {
            let (i, j) = (at / d, at % d);
            let unit = (covariance[(i, i)] * covariance[(j, j)]).sqrt();
            // Beyond, entries are subnormal or infinite.
            if (1e-36..1e36).contains(&unit) {
                let error = (f64::from(found) - covariance[(i, j)]).abs() / unit;
                let budget = budget::COVARIANCE * (d + 8) as f64;
                covariances.check(error, budget, format!("({i}, {j}) of {parameters:?}"));
            }
        }
    });
    for meter in [means, deviations, covariances] {
        meter.print();
    }
}

#[test]
fn conditional_log_densities_keep_their_budget() {
    let meter = Meter::new("conditional log-density");
    mixtures(3000, |parameters, mixture, oracle, rng| {
        let d = parameters.dimensions;
        // Scales 10⁴⁰ apart in one L: see `docs/accuracy.md`.
        let graded = parameters.factors.iter().any(|factor| factor.abs() > 20.0);
        if d == 1 || graded && parameters.covariance == Covariance::Full {
            return;
        }
        let mut target = vec![0.0; d];
        mixture.sample(rng, &mut target).unwrap();
        let fixed = rng.random_range(1..d);
        let given: Vec<(usize, f32)> = target.iter().copied().enumerate().take(fixed).collect();
        let mut memory = vec![0.0; mixture.conditional_len(fixed)];
        let rest = mixture.conditional(&given, &mut memory).unwrap();
        let wide: Vec<(usize, f64)> = given.iter().map(|&(d, y)| (d, y.into())).collect();
        let expected = oracle.conditional(&wide).log_density(&target[fixed..]);
        let found = f64::from(rest.log_density(&target[fixed..]).unwrap());
        let joint = exact(&target);
        let single = sensitivities(parameters, oracle, &target);
        let whole = sensitivity(&single, &oracle.responsibilities(&joint), expected);
        let budget = budget::CONDITIONAL_LOG_DENSITY * EPSILON * whole;
        let error = (found - expected).abs();
        meter.check(
            error,
            budget,
            format!("{fixed} of {target:?} of {parameters:?}"),
        );
    });
    meter.print();
}
