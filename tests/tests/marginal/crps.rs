//! The continuous ranked probability score against its integral.

use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_train::oracle::normal_cdf;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{KINDS, Parameters, parameters, with};

#[test]
fn crps_of_one_normal_has_its_closed_form() {
    let meter = Meter::new("CRPS of one normal");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(14);
    for _ in 0..1000 {
        let (mean, scale) = (rng.random_range(-3.0..3.0), rng.random_range(0.01..10.0));
        let single = Parameters::new(&[(1.0, mean, scale)]);
        with(&single, |marginal, oracle| {
            let (mean, scale) = (oracle.means[0], oracle.scales[0]);
            let y = (mean + scale * rng.random_range(-6.0..6.0)) as f32;
            let x = (f64::from(y) - mean) / scale;
            let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let rest = 2.0 * density - std::f64::consts::PI.sqrt().recip();
            let expected = scale * (x * (2.0 * normal_cdf(x) - 1.0) + rest);
            let error = (f64::from(marginal.crps(y).unwrap()) - expected).abs();
            let budget = budget::CRPS_SINGLE * oracle.mean_distance(y.into());
            meter.check(error, budget, format_args!("{mean} {scale} {y}"));
        });
    }
    meter.print();
}

#[test]
fn crps_agrees_with_its_integral() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
    let meter = Meter::new("CRPS");
    for case in 0..cases(240) {
        // 256 components make 5000 stretches of 17 points: few of these.
        let kind = if case % 40 == 4 {
            4
        } else {
            [0, 1, 2, 3, 5, 6, 7][case % 7]
        };
        let parameters = parameters(kind, &mut rng);
        with(&parameters, |marginal, oracle| {
            let k = rng.random_range(0..oracle.means.len());
            let offset = oracle.scales[k] * rng.random_range(-12.0..12.0);
            let y = (oracle.means[k] + offset) as f32;
            let found = f64::from(marginal.crps(y).unwrap());
            let expected = oracle.crps(y.into());
            // Relative to E|t − y|: as documented, and 8 roundings of the parameters, of which
            // the log-weights' have their own size. Absolute: the rounding of y and of the means.
            let components = oracle.means.len() as f64;
            let log_weights = oracle.weights.iter().map(|w| w * w.ln().abs()).sum::<f64>();
            let relative =
                (components / 8.0 + budget::CRPS + budget::CRPS_LOG_WEIGHT * log_weights)
                    / 8_388_608.0;
            let largest = oracle
                .means
                .iter()
                .fold(parameters.shift.abs().into(), |a, m| m.abs().max(a));
            let rounding = budget::CRPS_VALUE * (largest + f64::from(y.abs())) / 16_777_216.0;
            // Gauss's rule itself, on pieces of an eighth of the standard deviation.
            let budget = (relative + 1e-7) * oracle.mean_distance(y.into()) + rounding;
            let case = format_args!("{found:e} at {y:e} of {parameters:?}");
            meter.check((found - expected).abs(), budget, case);
        });
    }
    meter.print();
}

#[test]
fn crps_far_outside_is_infinite_and_never_negative() {
    let narrow = Parameters {
        scale: 1e-20,
        ..Parameters::new(&[(1.0, 0.0, 1.0)])
    };
    with(&narrow, |marginal, _| {
        assert_eq!(marginal.crps(1e30), Ok(f32::INFINITY))
    });
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(16);
    for case in 0..400 {
        let parameters = parameters(case % KINDS, &mut rng);
        with(&parameters, |marginal, _| {
            assert!(
                marginal.crps(marginal.median()).unwrap() >= 0.0,
                "{parameters:?}"
            );
        });
    }
}
