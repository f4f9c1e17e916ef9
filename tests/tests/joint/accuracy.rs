//! Thousands of mixtures of all kinds, most of them extreme, against the oracle, within the
//! budgets of `docs/accuracy.md`.

use mdn_infer::Mixture;
use mdn_infer::format::Covariance;
use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_tests::mixtures::{KINDS, Parameters};
use mdn_train::oracle::OracleMixture;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::support::{
    EPSILON, check_covariance, exact, sensitivities, sensitivity, sensitivity_at,
};

const MIXTURES: usize = 3000;
/// Log-densities below this are −∞.
const LOWEST: f64 = -1.6e38;

/// Hands `visit` mixtures of every kind with their oracles.
fn mixtures(
    seed: u64,
    visit: impl Fn(&Parameters, &Mixture<'_>, &OracleMixture, &mut Xoshiro256PlusPlus) + Sync,
) {
    (0..cases(MIXTURES)).into_par_iter().for_each(|case| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + case as u64);
        let covariance = mdn_infer::format::Covariance::ALL[case / KINDS % 3];
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
            densities.check(
                error,
                budget::LOG_DENSITY * EPSILON * whole,
                format_args!("{target:?} of {parameters:?}"),
            );
            let mut found = vec![0.0; shares.len()];
            mixture.responsibilities(&target, &mut found).unwrap();
            for ((found, share), single) in found.into_iter().zip(&shares).zip(&single) {
                let error = (f64::from(found) - share).abs();
                let unit = EPSILON * (single + whole) * share;
                responsibilities.check(
                    error,
                    budget::RESPONSIBILITY * unit + 1e-44,
                    format_args!("{target:?} of {parameters:?}"),
                );
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
                format_args!("{parameters:?}"),
            );
        }
        mixture.standard_deviation(&mut found).unwrap();
        for (i, found) in found.iter().enumerate() {
            let expected = covariance[(i, i)].sqrt();
            let error = (f64::from(*found) / expected - 1.0).abs();
            deviations.check(error, budget::DEVIATION, format_args!("{parameters:?}"));
        }
        let mut found = vec![0.0; d * d];
        mixture.covariance_into(&mut found).unwrap();
        for (at, found) in found.into_iter().enumerate() {
            let (i, j) = (at / d, at % d);
            check_covariance(&covariances, &covariance, (i, j), found, parameters);
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
        let whole = sensitivity_at(parameters, oracle, &target, expected);
        let budget = budget::CONDITIONAL_LOG_DENSITY * EPSILON * whole;
        let error = (found - expected).abs();
        meter.check(
            error,
            budget,
            format_args!("{fixed} of {target:?} of {parameters:?}"),
        );
    });
    meter.print();
}
