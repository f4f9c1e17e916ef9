//! Means of tails and expected shortfalls, against integrals and against each other.

use mdn_infer::{Marginal, PredictError};
use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_train::oracle::{OracleMarginal, OracleTail, normal_cdf};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{KINDS, Parameters, at_every_level, half_probability, parameters, with};

const EPSILON: f64 = f32::EPSILON as f64;

#[test]
fn tail_means_of_one_normal_have_their_closed_form() {
    let meter = Meter::new("tail means of one normal");
    let standard = Parameters::new(&[(1.0, 0.0, 1.0)]);
    for i in -400..=2400 {
        let a = 0.01 * i as f32;
        with(&standard, |marginal, _| {
            let x = f64::from(a);
            let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            // From the nearer of threshold and mean, for that is what it is relative to.
            let base = x.max(0.0);
            let expected = density / normal_cdf(-x) - base;
            let found = f64::from(marginal.upper_tail_mean(a).unwrap()) - base;
            let budget = budget::TAIL_MEAN_SINGLE * expected + 0.5 * EPSILON * (base + expected);
            meter.check((found - expected).abs(), budget, a);
            assert_eq!(
                marginal.lower_tail_mean(-a).unwrap(),
                -marginal.upper_tail_mean(a).unwrap()
            );
        });
    }
    meter.print();
}

/// The least and the greatest mean of `tails` whose masses are wrong by factors up to e^`error` each.
fn mean_within(tails: &[OracleTail], errors: &[f64]) -> (f64, f64) {
    let mean = |side: f64, edge: f64| {
        let log = |(tail, error): (&OracleTail, &f64)| {
            let up = if tail.mean > edge { side } else { -side };
            tail.log_mass + up * error
        };
        let logs: Vec<f64> = tails.iter().zip(errors).map(log).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let masses = logs.iter().map(|log| (log - largest).exp());
        let all: f64 = masses.clone().sum();
        let sum: f64 = masses.zip(tails).map(|(mass, t)| mass * t.mean).sum();
        sum / all
    };
    let edges = || tails.iter().map(|tail| tail.mean);
    (
        edges().map(|e| mean(-1.0, e)).fold(f64::INFINITY, f64::min),
        edges()
            .map(|e| mean(1.0, e))
            .fold(f64::NEG_INFINITY, f64::max),
    )
}

/// The least that the upper tail mean can be found to be, what it is, and the most: rounding moves y, as for probabilities, which moves
/// the share of each component, and the mean of its tail by no more than y itself.
fn upper_within(oracle: &OracleMarginal, parameters: &Parameters, y: f32) -> (f64, f64, f64) {
    let ulp = |x: f64| x.abs() * EPSILON;
    let shift = f64::from(parameters.shift);
    let value = f64::from(y);
    let rounding = budget::TAIL_VALUE * (ulp(value) + ulp(shift) + ulp(value - shift));
    let tails = oracle.upper_tails(value);
    let largest = oracle.means.iter().fold(0.0, |a: f64, m| a.max(m.abs()));
    let (mut errors, mut excess) = (Vec::new(), 0.0_f64);
    for (k, tail) in tails.iter().enumerate() {
        let (mean, scale) = (oracle.means[k], oracle.scales[k]);
        let distance = (value - mean).abs();
        let moved = rounding + budget::TAIL_DISTANCE * distance + budget::TAIL_VALUE * ulp(mean);
        // −d ln Φ(−a)/da is the hazard rate.
        let rate = (tail.mean - mean) / scale + moved / scale;
        let relative = budget::TAIL + budget::TAIL_LOG_WEIGHT * tail.log_mass.abs();
        errors.push(rate * moved / scale + relative);
        excess = excess.max(tail.mean - mean.max(value));
    }
    let (low, high) = mean_within(&tails, &errors);
    let slack = budget::TAIL_MEAN * (excess + (high - value.max(low)).abs())
        + budget::TAIL_MEAN_VALUE * EPSILON * (largest + shift.abs() + value.abs());
    let exact = mean_within(&tails, &vec![0.0; tails.len()]).0;
    (low - slack, exact, high + slack)
}

/// The same with the axis turned.
fn turned(oracle: &OracleMarginal) -> OracleMarginal {
    OracleMarginal {
        means: oracle.means.iter().map(|mean| -mean).collect(),
        ..oracle.clone()
    }
}

fn threshold(oracle: &OracleMarginal, rng: &mut impl Rng) -> f32 {
    let k = rng.random_range(0..oracle.means.len());
    let far = [1.0, 4.0, 12.0, 60.0][rng.random_range(0..4)];
    (oracle.means[k] + oracle.scales[k] * far * rng.random_range(-1.0..1.0)) as f32
}

#[test]
fn tail_means_agree_with_their_integrals() {
    let meter = Meter::new("tail means");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(31);
    for case in 0..cases(400) {
        let kind = match case % 40 {
            4 => 4,
            _ => [0, 1, 2, 3, 5, 6, 7][case % 7],
        };
        let parameters = parameters(kind, &mut rng);
        let check = |found: f64, oracle: &OracleMarginal, y: f32| {
            let (low, exact, high) = upper_within(oracle, &parameters, y);
            let error = found - exact;
            let budget = if error < 0.0 {
                exact - low
            } else {
                high - exact
            };
            let case = format_args!("{found:e} at {y:e} of {parameters:?}");
            meter.check(error.abs(), budget, case);
        };
        with(&parameters, |marginal, oracle| {
            let y = threshold(oracle, &mut rng);
            check(marginal.upper_tail_mean(y).unwrap().into(), oracle, y);
            let found = -f64::from(marginal.lower_tail_mean(y).unwrap());
            check(found, &turned(oracle), -y);
        });
    }
    meter.print();
}

/// P(t ≤ y) E\[t | t ≤ y\] + P(t > y) E\[t | t > y\] = E t.
#[test]
fn the_two_tails_make_up_the_mean() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(32);
    for case in 0..cases(400) {
        let parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        with(&parameters, |marginal, oracle| {
            let y = threshold(oracle, &mut rng);
            let (below, above) = (marginal.cdf(y).unwrap(), marginal.survival(y).unwrap());
            let (low, high) = (
                marginal.lower_tail_mean(y).unwrap(),
                marginal.upper_tail_mean(y).unwrap(),
            );
            let whole = f64::from(below) * f64::from(low) + f64::from(above) * f64::from(high);
            let mean = f64::from(marginal.mean());
            let spread = f64::from(marginal.standard_deviation());
            let size = f64::from(y.abs()) + mean.abs() + spread;
            assert!(
                (whole - mean).abs() < 1e-5 * size,
                "{whole} for {mean} at {y} of {parameters:?}"
            );
        });
    }
}

#[test]
fn tail_means_lie_beyond_the_threshold_and_grow_with_it() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(33);
    for case in 0..cases(400) {
        let parameters = parameters(case % KINDS, &mut rng);
        with(&parameters, |marginal, oracle| {
            let mut ys: Vec<f32> = (0..20).map(|_| threshold(oracle, &mut rng)).collect();
            ys.sort_by(f32::total_cmp);
            let size = oracle.means.iter().fold(0.0, |a: f64, m| a.max(m.abs()))
                + f64::from(parameters.shift.abs());
            let (mut last_low, mut last_high) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
            for y in ys {
                let (low, high) = (
                    marginal.lower_tail_mean(y).unwrap(),
                    marginal.upper_tail_mean(y).unwrap(),
                );
                assert!(low <= y && y <= high, "{low} {y} {high} of {parameters:?}");
                let slack =
                    |end: f32| 1e-6 * (size + f64::from(y.abs()) + f64::from((end - y).abs()));
                let (low, high) = (f64::from(low), f64::from(high));
                assert!(low >= last_low - slack(low as f32), "{y} of {parameters:?}");
                assert!(
                    high >= last_high - slack(high as f32),
                    "{y} of {parameters:?}"
                );
                (last_low, last_high) = (low, high);
            }
        });
    }
}

#[test]
fn far_tails_have_a_mean_where_their_probability_is_zero() {
    // Of the two the wider one is all that is left 50 standard deviations out.
    let two = Parameters::new(&[(0.999, 0.0, 0.5), (0.001, 0.0, 1.0)]);
    with(&two, |marginal, oracle| {
        for y in [20.0, 50.0, 1e3, 1e6] {
            assert!(marginal.survival(y).unwrap() < 1e-40);
            let wide = oracle.scales[1];
            let a = f64::from(y) / wide;
            let excess = wide * (1.0 / a - 2.0 / a.powi(3) + 10.0 / a.powi(5));
            let found = f64::from(marginal.upper_tail_mean(y).unwrap()) - f64::from(y);
            let rounding = EPSILON * f64::from(y);
            assert!(
                (found - excess).abs() < 1e-4 * excess + rounding,
                "{y}: {found} {excess}"
            );
        }
        assert_eq!(marginal.upper_tail_mean(f32::MAX), Ok(f32::MAX));
        assert_eq!(marginal.lower_tail_mean(f32::MIN), Ok(f32::MIN));
        assert_eq!(marginal.upper_tail_mean(f32::INFINITY), Ok(f32::INFINITY));
        assert_eq!(
            marginal.lower_tail_mean(f32::NEG_INFINITY),
            Ok(f32::NEG_INFINITY)
        );
        for whole in [
            marginal.upper_tail_mean(f32::NEG_INFINITY),
            marginal.upper_tail_mean(f32::MIN),
            marginal.lower_tail_mean(f32::INFINITY),
        ] {
            assert!((whole.unwrap() - marginal.mean()).abs() < 1e-7);
        }
    });
}

#[test]
fn expected_shortfalls_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(34);
    for case in 0..cases(60) {
        let parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        with(&parameters, |marginal, oracle| {
            let half = half_probability(&mut rng);
            let turned = turned(oracle);
            for p in [half, 1.0 - half] {
                let (low, high) = (
                    f64::from(marginal.expected_shortfall(p).unwrap()),
                    f64::from(marginal.upper_expected_shortfall(p).unwrap()),
                );
                let spread = f64::from(marginal.standard_deviation());
                let size = f64::from(parameters.shift.abs())
                    + oracle.means.iter().fold(0.0, |a: f64, m| a.max(m.abs()));
                let budget = 1e-5 * spread + 4.0 * EPSILON * size;
                let expected = oracle.expected_shortfall(p.into());
                assert!(
                    (low - expected).abs() < budget,
                    "{low} {expected} at {p} of {parameters:?}"
                );
                let expected = -turned.expected_shortfall(p.into());
                assert!(
                    (high - expected).abs() < budget,
                    "{high} {expected} at {p} of {parameters:?}"
                );
            }
        });
    }
}

/// p⁻¹ ∫₀ᵖ quantile(u) du, by the engine's own quantiles.
#[test]
fn expected_shortfalls_are_means_of_quantiles() {
    let mixture = Parameters::new(&[(0.2, -3.0, 0.3), (0.5, 0.0, 1.0), (0.3, 1.5, 0.2)]);
    with(&mixture, |marginal, _| {
        for p in [1e-4, 0.05, 0.2, 0.5, 0.9] {
            // u = p s³, so that the stretch next to 0, where the quantile is steep, is well covered.
            const POINTS: i32 = 20_000;
            let mean = |quantile: &dyn Fn(f32) -> f32| {
                let points = (0..POINTS).map(|i| {
                    let s = (f64::from(i) + 0.5) / f64::from(POINTS);
                    let u = (f64::from(p) * s.powi(3)) as f32;
                    3.0 * s * s * f64::from(quantile(u))
                });
                points.sum::<f64>() / f64::from(POINTS)
            };
            let lower = mean(&|u| marginal.quantile(u).unwrap());
            let upper = mean(&|u| marginal.upper_quantile(u).unwrap());
            let found = f64::from(marginal.expected_shortfall(p).unwrap());
            assert!((found - lower).abs() < 1e-5, "{found} {lower} at {p}");
            let found = f64::from(marginal.upper_expected_shortfall(p).unwrap());
            assert!((found - upper).abs() < 1e-5, "{found} {upper} at {p}");
        }
    });
}

/// Components narrower than the distance of two numbers are as good as atoms.
#[test]
fn expected_shortfalls_take_their_share_of_a_spike() {
    let spikes = Parameters::new(&[(0.25, 1.0, 1e-12), (0.5, 2.0, 1e-12), (0.25, 4.0, 1e-12)]);
    with(&spikes, |marginal, _| {
        for (p, expected) in [(0.1, 1.0), (0.5, 1.5), (0.75, 5.0 / 3.0), (0.9, 1.85 / 0.9)] {
            let found = marginal.expected_shortfall(p).unwrap();
            assert!((found - expected).abs() < 2e-6, "{found} {expected} at {p}");
        }
        for (q, expected) in [(0.1, 4.0), (0.5, 3.0), (0.75, 8.0 / 3.0)] {
            let found = marginal.upper_expected_shortfall(q).unwrap();
            assert!((found - expected).abs() < 2e-6, "{found} {expected} at {q}");
        }
        for p in [1e-10, 1e-30, 1e-44] {
            assert!((marginal.expected_shortfall(p).unwrap() - 1.0).abs() < 1e-6);
            assert!((marginal.upper_expected_shortfall(p).unwrap() - 4.0).abs() < 1e-6);
        }
    });
}

#[test]
fn expected_shortfalls_lie_beyond_their_quantile_and_grow_with_the_level() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(35);
    for case in 0..cases(200) {
        let parameters = parameters(case % KINDS, &mut rng);
        with(&parameters, |marginal, oracle| {
            let levels = [1e-38, 1e-12, 1e-3, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999_999];
            let size = oracle.means.iter().fold(0.0, |a: f64, m| a.max(m.abs()))
                + f64::from(parameters.shift.abs());
            let mut last = (f32::NEG_INFINITY, f32::INFINITY);
            for p in levels {
                let low = marginal.expected_shortfall(p).unwrap();
                let high = marginal.upper_expected_shortfall(p).unwrap();
                assert!(low <= marginal.quantile(p).unwrap(), "{p} {parameters:?}");
                assert!(
                    high >= marginal.upper_quantile(p).unwrap(),
                    "{p} {parameters:?}"
                );
                let slack = (1e-6 * size) as f32 + 1e-5 * (low.abs() + high.abs());
                assert!(low >= last.0 - slack, "{p} {low} {last:?} {parameters:?}");
                assert!(high <= last.1 + slack, "{p} {high} {last:?} {parameters:?}");
                last = (low, high);
            }
        });
    }
}

#[test]
fn levels_agree_and_what_is_no_argument_is_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(36);
    for case in 0..cases(100) {
        let parameters = parameters(case % KINDS, &mut rng);
        let p = half_probability(&mut rng);
        let far = rng.random_range(-20.0..20.0);
        let mut answers: Vec<[u32; 6]> = Vec::new();
        at_every_level(&parameters, |marginal| {
            let y = marginal.mean() + far * marginal.standard_deviation();
            let found = [
                marginal.upper_tail_mean(y),
                marginal.lower_tail_mean(y),
                marginal.expected_shortfall(p),
                marginal.upper_expected_shortfall(p),
                marginal.expected_shortfall(1.0 - p),
                marginal.upper_expected_shortfall(1.0 - p),
            ];
            answers.push(found.map(|answer| answer.unwrap().to_bits()));
        });
        assert!(
            answers.windows(2).all(|pair| pair[0] == pair[1]),
            "{parameters:?}"
        );
    }
    with(&Parameters::new(&[(1.0, 0.0, 1.0)]), |marginal, _| {
        for function in [Marginal::upper_tail_mean, Marginal::lower_tail_mean] {
            let error = PredictError::NotANumber { index: 0 };
            assert_eq!(function(marginal, f32::NAN), Err(error));
        }
        for function in [
            Marginal::expected_shortfall,
            Marginal::upper_expected_shortfall,
        ] {
            for p in [0.0, 1.0, -0.5, 1.5, f32::NAN, f32::INFINITY] {
                assert_eq!(function(marginal, p), Err(PredictError::NotAProbability));
            }
        }
    });
}
