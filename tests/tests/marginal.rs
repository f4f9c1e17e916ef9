//! One dimension of a mixture: probabilities, quantiles, scores, modes and regions against the
//! binary64 oracle, on mixtures of every shape.

use mdn_infer::format::{
    Covariance, Header, Hidden, LayerSource, MAX_HIDDEN, ModelSource, ScaleMap,
};
use mdn_infer::{Level, Marginal, PredictError};
use mdn_tests::{encode, head, random_input, random_model, random_shape};
use mdn_train::model_file::ModelFile;
use mdn_train::oracle::{Oracle, OracleMarginal, normal_cdf};
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// A mixture in one dimension, as standardised parameters.
#[derive(Clone, Debug)]
struct Parameters {
    logits: Vec<f32>,
    means: Vec<f32>,
    log_scales: Vec<f32>,
    shift: f32,
    scale: f32,
}

impl Parameters {
    /// Components as (weight, mean, standard deviation).
    fn new(components: &[(f32, f32, f32)]) -> Self {
        Parameters {
            logits: components.iter().map(|c| c.0.ln()).collect(),
            means: components.iter().map(|c| c.1).collect(),
            log_scales: components.iter().map(|c| c.2.ln()).collect(),
            shift: 0.0,
            scale: 1.0,
        }
    }

    /// A model that predicts this mixture whatever its input.
    fn model(&self) -> ModelFile {
        let mut head = head(
            self.means.len() as u16,
            1,
            Covariance::Diagonal,
            ScaleMap::Exp,
        );
        (head.log_scale_min, head.log_scale_max) = (-60.0, 60.0);
        let bias = [&self.logits[..], &self.means, &self.log_scales].concat();
        let kernel = vec![0.0; bias.len()];
        encode(&ModelSource {
            header: Header {
                producer: "mdn-tests",
                input_columns: "x",
                target_columns: "t",
                inputs: 1,
                hidden: [Hidden::NONE; MAX_HIDDEN],
                head,
                anomaly_threshold: None,
                golden: 0,
            },
            input_shift: &[0.0],
            input_scale: &[1.0],
            target_shift: &[self.shift],
            target_scale: &[self.scale],
            layers: &[LayerSource {
                kernel: &kernel,
                bias: &bias,
            }],
            golden: &[],
        })
    }
}

/// Calls `visit` with the mixture at each level and its oracle.
fn at_every_level(parameters: &Parameters, mut visit: impl FnMut(&Marginal<'_>)) {
    for level in Level::available() {
        at_level(level, parameters, |marginal, _| visit(marginal));
    }
}

fn at_level<T>(
    level: Level,
    parameters: &Parameters,
    visit: impl FnOnce(&Marginal<'_>, &OracleMarginal) -> T,
) -> T {
    let file = parameters.model();
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mixture = model.predict(level, &[0.0], &mut working).unwrap();
    let oracle = Oracle::new(&model).predict(&[0.0]).marginal(0);
    visit(&mixture.marginal(0).unwrap(), &oracle)
}

fn with<T>(parameters: &Parameters, visit: impl FnOnce(&Marginal<'_>, &OracleMarginal) -> T) -> T {
    at_level(Level::detect(), parameters, visit)
}

/// How many kinds [`parameters`] knows.
const KINDS: usize = 8;

/// Random parameters of this kind.
fn parameters(kind: usize, rng: &mut impl Rng) -> Parameters {
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    let components = match kind {
        4 => 256,
        _ => rng.random_range(1..=8),
    };
    let mut parameters = Parameters {
        logits: (0..components).map(|_| normal(rng)).collect(),
        means: (0..components).map(|_| normal(rng)).collect(),
        log_scales: (0..components).map(|_| 0.7 * normal(rng) - 1.0).collect(),
        shift: 3.0 * normal(rng),
        scale: normal(rng).exp(),
    };
    match kind {
        // A million scales apart.
        1 => parameters.means.iter_mut().for_each(|mean| *mean *= 1e6),
        // Standard deviations from 1e-20 to 1e20.
        2 => (parameters.log_scales.iter_mut())
            .for_each(|scale| *scale = rng.random_range(-46.0..46.0)),
        // Weights down to e^-100.
        3 => {
            (parameters.logits.iter_mut()).for_each(|logit| *logit = rng.random_range(-100.0..0.0))
        }
        // Far from 0 in raw units.
        5 => (parameters.shift, parameters.scale) = (1e6 * normal(rng), 1e-2),
        // Raw units from 1e-20 to 1e20.
        6 => {
            parameters.shift = 0.0;
            parameters.scale = 10.0_f32.powf(rng.random_range(-20.0..20.0));
        }
        // Evenly spaced components: flat tops, symmetry, ties.
        7 => {
            let spacing = [0.0, 0.5, 2.0, 30.0][rng.random_range(0..4)];
            for (k, mean) in parameters.means.iter_mut().enumerate() {
                *mean = spacing * k as f32;
            }
            parameters.logits.fill(0.0);
            parameters.log_scales.fill(0.0);
        }
        _ => {}
    }
    parameters
}

/// A probability up to ½: anything, powers of ten down to 10⁻⁷, or next to ½.
fn half_probability(rng: &mut impl Rng) -> f32 {
    match rng.random_range(0..4) {
        0 | 1 => 0.5 * (1.0 - rng.random::<f32>()),
        2 => 0.5 * 10.0_f32.powf(rng.random_range(-6.7..0.0)),
        _ => 0.5 - rng.random_range(0..4) as f32 / 33_554_432.0,
    }
}

/// What the lower and the upper tail at `y` can be found to be.
///
/// Rounding y, the standardised y (to `ulps` in all) and each distance from a mean moves y within
/// each component; rounding its log-weight and the K/8 sums changes its share; 3e-6 stands for
/// Φ (2.5 ULP), the weight, and 40 roundings of sums.
struct Tails {
    lower: (f64, f64),
    upper: (f64, f64),
}

fn tails(oracle: &OracleMarginal, parameters: &Parameters, y: f32) -> Tails {
    let ulp = |x: f32| f64::from(x.abs()) * f64::from(f32::EPSILON);
    let (shift, scale) = (parameters.shift, parameters.scale);
    let rounding = 2.0 * (ulp(y) + ulp(shift) + ulp(y - shift)) + 1e-44 * (1.0 + f64::from(scale));
    let components = oracle.weights.iter().zip(&oracle.means).zip(&oracle.scales);
    let mut tails = Tails {
        lower: (0.0, 1e-42),
        upper: (0.0, 1e-42),
    };
    for ((&weight, &mean), &sigma) in components {
        let distance = f64::from(y) - mean;
        let moved = rounding + 5e-7 * distance.abs() + 2.0 * ulp(mean as f32);
        let error = 3e-6 + 3e-7 * weight.ln().abs();
        let (low, high) = ((distance - moved) / sigma, (distance + moved) / sigma);
        tails.lower.0 += weight * (1.0 - error) * normal_cdf(low);
        tails.lower.1 += weight * (1.0 + error) * normal_cdf(high);
        tails.upper.0 += weight * (1.0 - error) * normal_cdf(-high);
        tails.upper.1 += weight * (1.0 + error) * normal_cdf(-low);
    }
    // Weights below the smallest subnormal count as 0.
    tails.lower.0 -= 1e-42;
    tails.upper.0 -= 1e-42;
    tails
}

fn assert_within(found: f32, (low, high): (f64, f64), what: std::fmt::Arguments<'_>) {
    let found = f64::from(found);
    assert!(
        low <= found && found <= high,
        "{what}: {found:e} not within {low:e} ..= {high:e}"
    );
}

/// Checks cdf, survival and their quantiles for `count` probabilities and as many values.
fn round_trips(parameters: &Parameters, count: usize, rng: &mut impl Rng) {
    with(parameters, |marginal, oracle| {
        let tails = |y| tails(oracle, parameters, y);
        let mut ascending = Vec::new();
        for _ in 0..count {
            let p = half_probability(rng);
            let y = marginal.quantile(p).unwrap();
            assert_within(
                p,
                tails(y).lower,
                format_args!("quantile({p:e}) = {y:e} of {parameters:?}"),
            );
            assert_within(
                marginal.cdf(y).unwrap(),
                tails(y).lower,
                format_args!("cdf({y:e}) of {parameters:?}"),
            );
            ascending.push((p, y));

            let y = marginal.upper_quantile(p).unwrap();
            assert_within(
                p,
                tails(y).upper,
                format_args!("upper_quantile({p:e}) = {y:e} of {parameters:?}"),
            );
            assert_within(
                marginal.survival(y).unwrap(),
                tails(y).upper,
                format_args!("survival({y:e}) of {parameters:?}"),
            );
            let complement = 1.0 - p;
            ascending.push((complement, marginal.quantile(complement).unwrap()));

            let back = marginal.cdf(y).unwrap();
            if back < 0.5 && back > 1e-36 {
                let again = marginal.quantile(back).unwrap();
                assert_within(
                    back,
                    tails(again).lower,
                    format_args!("quantile(cdf({y:e})) of {parameters:?}"),
                );
            }
        }
        ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in ascending.windows(2) {
            assert!(pair[0].1 <= pair[1].1, "{pair:?} of {parameters:?}");
        }
    });
}

/// `cases` probabilities and values on mixtures of all kinds.
fn many_round_trips(cases: usize) {
    const EACH: usize = 10;
    (0..cases / EACH / 2).into_par_iter().for_each(|i| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(i as u64);
        let parameters = parameters(i % KINDS, &mut rng);
        round_trips(&parameters, EACH, &mut rng);
    });
}

#[test]
fn quantiles_and_probabilities_undo_each_other() {
    many_round_trips(50_000);
}

#[test]
#[ignore = "a million cases: a minute"]
fn quantiles_and_probabilities_undo_each_other_a_million_times() {
    many_round_trips(1_000_000);
}

#[test]
fn quantiles_of_adjacent_probabilities_are_in_order() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    for case in 0..160 {
        let parameters = parameters(case % KINDS, &mut rng);
        // Neighbours across ½, where the tails change over, and at some other place.
        let from = if rng.random() {
            0.5
        } else {
            half_probability(&mut rng)
        };
        with(&parameters, |marginal, _| {
            let neighbour = |i: i32| f32::from_bits(from.to_bits().wrapping_add_signed(i));
            let probabilities: Vec<f32> = (-40..40).map(neighbour).collect();
            for p in probabilities.windows(2) {
                let ys = [p[0], p[1]].map(|p| marginal.quantile(p).unwrap());
                assert!(ys[0] <= ys[1], "{p:?}: {ys:?} of {parameters:?}");
                let ys = [p[0], p[1]].map(|p| marginal.upper_quantile(p).unwrap());
                assert!(ys[1] <= ys[0], "{p:?}: {ys:?} of {parameters:?}");
            }
        });
    }
}

#[test]
fn upper_quantiles_reach_far_out() {
    let standard = Parameters::new(&[(1.0, 0.0, 1.0)]);
    with(&standard, |marginal, _| {
        for exponent in 1..=37 {
            let q = 10.0_f32.powi(-exponent);
            let y = marginal.upper_quantile(q).unwrap();
            // d ln q = −y dy: y is the next number above, and Φ has its own roundings.
            let error = f64::from(q) / normal_cdf(-f64::from(y)) - 1.0;
            assert!(
                error.abs() < 6e-7 + 1.3e-7 * f64::from(y * y),
                "{q:e}: {error:e}"
            );
            // Both ends are rounded upwards.
            let lower = marginal.quantile(q).unwrap();
            assert!(
                (y + lower).abs() <= y * f32::EPSILON,
                "{q:e}: {lower} and {y}"
            );
        }
    });
}

#[test]
fn intervals_agree_with_the_oracle_wherever_they_lie() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let mut worst = 0.0_f64;
    for case in 0..4000 {
        let mut parameters = parameters(case % KINDS, &mut rng);
        // Raw and standardised units coincide, so that only the probability is in question.
        (parameters.shift, parameters.scale) = (0.0, 1.0);
        with(&parameters, |marginal, oracle| {
            let k = rng.random_range(0..oracle.means.len());
            let (mean, scale) = (oracle.means[k], oracle.scales[k]);
            let low = (mean + scale * rng.random_range(-9.0..9.0)) as f32;
            let width = scale * 10.0_f64.powf(rng.random_range(-6.0..1.0));
            let high = (f64::from(low) + width) as f32;
            let found = f64::from(marginal.interval_probability(low, high).unwrap());
            let (expected, error) = interval(oracle, low.into(), high.into());
            if expected > 1e-36 {
                worst = worst.max((found - expected).abs() / error);
                assert!(
                    (found - expected).abs() <= error,
                    "{low:e} to {high:e}: {found:e} for {expected:e} of {parameters:?}"
                );
            }
        });
    }
    println!("intervals: {worst:.2} of the budget");
}

/// P(low < t ≤ high) by Simpson's rule, and what roundings make of it.
///
/// Each whitened end has an error of 2⁻²² of itself, that is x² 2⁻²² in the density there; the
/// difference of two values of Φ that an eighth of a standard deviation at least lies between,
/// scaled by 1 + |m|, has 16 times their own 2.5 ULP; the log-weight and the sum as in [`tails`].
fn interval(oracle: &OracleMarginal, low: f64, high: f64) -> (f64, f64) {
    let (mut mass, mut error) = (0.0, 0.0);
    let components = oracle.weights.iter().zip(&oracle.means).zip(&oracle.scales);
    for ((&weight, &mean), &scale) in components {
        let (a, b) = ((low - mean) / scale, (high - mean) / scale);
        let (a, b) = if a > 0.0 { (-b, -a) } else { (a, b) };
        let (a, b) = (a.clamp(-40.0, 40.0), b.clamp(-40.0, 40.0));
        let pieces = ((b - a) * 20.0).ceil().max(1.0) as usize * 2;
        let step = (b - a) / pieces as f64;
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let sum: f64 = (0..=pieces)
            .map(|i| {
                let end = i == 0 || i == pieces;
                let factor = if end { 1.0 } else { [2.0, 4.0][i % 2] };
                factor * density(a + step * i as f64)
            })
            .sum();
        let share = weight * sum * step / 3.0;
        let nearest = if a < 0.0 && b > 0.0 {
            0.0
        } else {
            a.abs().min(b.abs())
        };
        let ends = (density(a) * a.abs()).max(density(b) * b.abs()) * weight * 3e-7;
        mass += share;
        error += share * (1.2e-5 + 3e-7 * weight.ln().abs() + 5e-7 * nearest * nearest);
        error += ends.min(share);
    }
    (mass, error)
}

#[test]
fn ends_may_be_infinite_and_nothing_may_be_nan() {
    let parameters = Parameters::new(&[(0.3, -1.0, 0.5), (0.7, 2.0, 1.5)]);
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    at_every_level(&parameters, |marginal| {
        assert_eq!(marginal.cdf(-inf), Ok(0.0));
        assert_eq!(marginal.exceedance(inf), Ok(0.0));
        for whole in [
            marginal.cdf(inf),
            marginal.survival(-inf),
            marginal.interval_probability(-inf, inf),
        ] {
            assert!((whole.unwrap() - 1.0).abs() < 1e-6);
        }
        assert_eq!(marginal.interval_probability(inf, inf), Ok(0.0));
        assert_eq!(marginal.interval_probability(-inf, -inf), Ok(0.0));
        assert_eq!(marginal.interval_probability(1.0, 1.0), Ok(0.0));
        assert_eq!(marginal.interval_probability(-inf, 0.5), marginal.pit(0.5));
        assert_eq!(
            marginal.interval_probability(4.0, inf),
            marginal.exceedance(4.0)
        );

        assert_eq!(
            marginal.interval_probability(1.0, 0.5),
            Err(PredictError::ReversedInterval)
        );
        let not_a_number = |index| Err(PredictError::NotANumber { index });
        assert_eq!(marginal.interval_probability(nan, 0.5), not_a_number(0));
        assert_eq!(marginal.interval_probability(0.5, nan), not_a_number(1));
        for function in [
            Marginal::cdf,
            Marginal::survival,
            Marginal::exceedance,
            Marginal::pit,
        ] {
            assert_eq!(function(marginal, nan), not_a_number(0));
        }
        for y in [inf, -inf, nan] {
            let not_finite = Err(PredictError::NotFinite { index: 0 });
            assert_eq!(marginal.crps(y), not_finite);
            assert_eq!(marginal.log_density(y), not_finite);
        }
        for p in [0.0, 1.0, -0.5, 1.5, nan, inf] {
            assert_eq!(marginal.quantile(p), Err(PredictError::NotAProbability));
            assert_eq!(
                marginal.upper_quantile(p),
                Err(PredictError::NotAProbability)
            );
            assert_eq!(
                marginal.central_interval(p),
                Err(PredictError::NotAProbability)
            );
            let region = marginal.highest_density_region(p, &mut [(0.0, 0.0); 2]);
            assert_eq!(region, Err(PredictError::NotAProbability));
        }
        let too_few = Err(PredictError::TooFewSlots { needed: 2 });
        assert_eq!(marginal.modes(&mut [0.0]), too_few);
        assert_eq!(
            marginal.highest_density_region(0.5, &mut [(0.0, 0.0)]),
            too_few
        );
    });
}

#[test]
fn every_level_has_the_same_answers() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(13);
    for case in 0..200 {
        let parameters = parameters(case % KINDS, &mut rng);
        let p = half_probability(&mut rng);
        let mut answers: Vec<Vec<u32>> = Vec::new();
        at_every_level(&parameters, |marginal| {
            let y = marginal.quantile(p).unwrap();
            let mut found = vec![y, marginal.upper_quantile(p).unwrap(), marginal.median()];
            let mut both = |ends: (f32, f32)| found.extend([ends.0, ends.1]);
            both(marginal.central_interval(p).unwrap());
            let mut region = [(0.0, 0.0); 256];
            let count = marginal
                .highest_density_region(1.0 - p, &mut region)
                .unwrap();
            region[..count].iter().copied().for_each(both);
            let mut modes = [0.0; 256];
            let count = marginal.modes(&mut modes).unwrap();
            found.extend(&modes[..count]);
            found.extend([marginal.mode(), marginal.crps(y).unwrap()]);
            found.extend([marginal.cdf(y).unwrap(), marginal.survival(y).unwrap()]);
            found.push(
                marginal
                    .interval_probability(y - 1.0, y + parameters.scale)
                    .unwrap(),
            );
            answers.push(found.into_iter().map(f32::to_bits).collect());
        });
        assert!(
            answers.windows(2).all(|pair| pair[0] == pair[1]),
            "{parameters:?}"
        );
    }
}

#[test]
fn crps_of_one_normal_has_its_closed_form() {
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
            assert!(
                error < 1.5e-6 * oracle.mean_distance(y.into()),
                "{mean} {scale} {y}"
            );
        });
    }
}

#[test]
fn crps_agrees_with_its_integral() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
    let worst = (0..240).map(|case| {
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
            let relative = (components / 8.0 + 20.0 + 2.0 * log_weights) / 8_388_608.0;
            let largest = oracle
                .means
                .iter()
                .fold(parameters.shift.abs().into(), |a, m| m.abs().max(a));
            let rounding = 4.0 * (largest + f64::from(y.abs())) / 16_777_216.0;
            // Gauss's rule itself, on pieces of an eighth of the standard deviation.
            let budget = (relative + 1e-7) * oracle.mean_distance(y.into()) + rounding;
            let error = (found - expected).abs();
            assert!(
                error <= budget,
                "{found:e} for {expected:e} at {y:e} of {parameters:?}"
            );
            error / budget
        })
    });
    println!("CRPS: {:.2} of the budget", worst.fold(0.0, f64::max));
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

/// The modes of `parameters`, standardised.
fn modes(parameters: &Parameters) -> Vec<f32> {
    with(parameters, |marginal, oracle| {
        let mut modes = vec![0.0; oracle.means.len()];
        let count = marginal.modes(&mut modes).unwrap();
        modes.truncate(count);
        assert!(modes.contains(&marginal.mode()));
        assert!(
            modes.windows(2).all(|pair| pair[0] <= pair[1]),
            "{parameters:?}"
        );
        modes
    })
}

#[test]
fn modes_that_no_mean_leads_to_are_found() {
    // Two wide components with a mode midway, and narrow ones on their means.
    let parameters = Parameters::new(&[
        (0.49, -0.9, 1.0),
        (0.49, 0.9, 1.0),
        (0.01, -0.9, 0.05),
        (0.01, 0.9, 0.05),
    ]);
    let modes = modes(&parameters);
    assert_eq!(modes.len(), 3);
    let near = |found: f32, expected: f32| (found - expected).abs() < 0.01;
    assert!(
        near(modes[0], -0.9) && near(modes[1], 0.0) && near(modes[2], 0.9),
        "{modes:?}"
    );
}

#[test]
fn modes_are_the_maxima_of_a_fine_grid() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(17);
    for case in 0..400 {
        let mut parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        (parameters.shift, parameters.scale) = (0.0, 1.0);
        let modes = modes(&parameters);
        with(&parameters, |_, oracle| {
            let narrowest = oracle.scales.iter().copied().fold(f64::INFINITY, f64::min);
            let ends = |f: fn(f64, f64) -> f64, from| oracle.means.iter().copied().fold(from, f);
            let (first, last) = (
                ends(f64::min, f64::INFINITY),
                ends(f64::max, f64::NEG_INFINITY),
            );
            let count = (20.0 * (last - first) / narrowest) as usize + 2;
            let step = (last - first + 2.0 * narrowest) / count as f64;
            let grid: Vec<f64> = (0..=count)
                .map(|i| first - narrowest + step * i as f64)
                .collect();
            let heights: Vec<f64> = grid.iter().map(|&y| oracle.density(y)).collect();
            let mut tops = 0;
            for (ys, f) in grid.windows(3).zip(heights.windows(3)) {
                // Clear of rounding: higher than both neighbours by a part in a million.
                if f[1] > 1e-30 && f[1] > 1.000_001 * f[0].max(f[2]) {
                    tops += 1;
                    let found = modes
                        .iter()
                        .any(|&m| ys[0] <= f64::from(m) && f64::from(m) <= ys[2]);
                    assert!(
                        found,
                        "no mode at {} among {modes:?} of {parameters:?}",
                        ys[1]
                    );
                }
            }
            assert!(tops <= modes.len());
            for &mode in &modes {
                // No mode is lower than what lies 0.1 standard deviations around it.
                let y = f64::from(mode);
                let height = oracle.density(y) * 1.000_001;
                let beside = [-0.1, 0.1].map(|side| oracle.density(y + side * narrowest));
                assert!(
                    beside.iter().all(|&b| b <= height),
                    "{mode} of {parameters:?}"
                );
            }
        });
    }
}

#[test]
fn modes_end_however_the_components_lie() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(18);
    for case in 0..300 {
        let parameters = parameters(case % KINDS, &mut rng);
        assert!(!modes(&parameters).is_empty());
    }
    // A flat top of 200 standard deviations, whose ripples are below every rounding.
    let flat: Vec<_> = (0..200).map(|k| (1.0, k as f32, 1.0)).collect();
    assert!(!modes(&Parameters::new(&flat)).is_empty());
    // Spikes of a 1e-24th of their distance.
    let spikes: Vec<_> = (0..20).map(|k| (1.0, k as f32, 1e-24)).collect();
    assert_eq!(modes(&Parameters::new(&spikes)).len(), 20);
}

/// The mass next to the ends of an interval where the density is at most 10⁻⁶ above that of the
/// ends.
fn level_mass(oracle: &OracleMarginal, ends: (f32, f32)) -> f64 {
    const STEPS: usize = 4000;
    let (low, high) = (f64::from(ends.0), f64::from(ends.1));
    let at = |i: usize| low + (high - low) * i as f64 / STEPS as f64;
    let level = 1.000_001 * oracle.density(low).max(oracle.density(high));
    let higher = |&i: &usize| oracle.density(at(i)) > level;
    let first = (0..=STEPS).find(higher).unwrap_or(STEPS);
    let last = (0..=STEPS).rev().find(higher).unwrap_or(first);
    oracle.cdf(at(first)) - oracle.cdf(low) + oracle.cdf(high) - oracle.cdf(at(last))
}

#[test]
fn regions_hold_their_probability_and_none_is_smaller() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(19);
    let (mut worst_mass, mut worst_length) = (0.0_f64, f64::NEG_INFINITY);
    for case in 0..300 {
        let mut parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        (parameters.shift, parameters.scale) = (0.0, 1.0);
        let p = [0.5, 0.9, 0.99, 0.05, rng.random_range(0.01..0.999)][case % 5];
        with(&parameters, |marginal, oracle| {
            let mut region = vec![(0.0, 0.0); oracle.means.len()];
            let count = marginal.highest_density_region(p, &mut region).unwrap();
            let region = &region[..count];
            let ends: Vec<f32> = region.iter().flat_map(|ends| [ends.0, ends.1]).collect();
            assert!(
                ends.windows(2).all(|pair| pair[0] < pair[1]),
                "{region:?} of {parameters:?}"
            );
            let (mut mass, mut length) = (0.0, 0.0);
            for ends in region {
                let (low, high) = (f64::from(ends.0), f64::from(ends.1));
                mass += oracle.cdf(high) - oracle.cdf(low);
                length += high - low;
            }
            // The masses of up to eight intervals, each to a few roundings; an end between two
            // numbers of binary32 may add the mass between them, and a density that is level to
            // within its own rounding what lies there.
            let excess = mass - f64::from(p);
            let steepest = oracle.density(marginal.mode().into());
            let lattice: f64 = ends
                .iter()
                .map(|e| f64::from(e.abs()) * 5e-7 * steepest)
                .sum();
            let level: f64 = region.iter().map(|&ends| level_mass(oracle, ends)).sum();
            let most = 6e-6 + lattice + level;
            assert!(
                -4e-6 < excess && excess < most,
                "{excess:e} {level:e}: {region:?} of {parameters:?}"
            );
            let smallest = oracle.region_length(mass, 200);
            let waste = length / smallest - 1.0;
            // The grid's cells are a 200th of a standard deviation.
            assert!(
                waste < 1e-4 + 1e-6 * count as f64,
                "{waste:e}: {region:?} of {parameters:?}"
            );
            (worst_mass, worst_length) = (worst_mass.max(excess.abs()), worst_length.max(waste));
        });
    }
    println!(
        "regions: mass off by {worst_mass:.1e} at most, length by {worst_length:.1e} of itself"
    );
}

#[test]
fn regions_of_one_normal_are_its_central_intervals() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    for _ in 0..300 {
        let single =
            Parameters::new(&[(1.0, rng.random_range(-2.0..2.0), rng.random_range(0.1..2.0))]);
        let p = rng.random_range(0.001..0.9999);
        with(&single, |marginal, oracle| {
            let mut region = [(0.0, 0.0)];
            assert_eq!(marginal.highest_density_region(p, &mut region), Ok(1));
            let (low, high) = marginal.central_interval(p).unwrap();
            // The density is level at its top, so the level's rounding moves the ends by 1/x of it.
            let x = f64::from(high - low) / (2.0 * oracle.scales[0]);
            let near = |a: f32, b: f32| {
                f64::from((a - b).abs()) < oracle.scales[0] * (1e-6 + 1e-6 / x) + 1e-6
            };
            assert!(
                near(low, region[0].0) && near(high, region[0].1),
                "{p}: {region:?} {low} {high}"
            );
        });
    }
}

#[test]
fn regions_of_spikes_and_of_extreme_models_exist() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(21);
    for case in 0..120 {
        let parameters = parameters([1, 2, 3, 6][case % 4], &mut rng);
        let p = [0.5, 1e-6, 0.999_999_9][case % 3];
        with(&parameters, |marginal, oracle| {
            let mut region = vec![(0.0, 0.0); oracle.means.len()];
            let count = marginal.highest_density_region(p, &mut region).unwrap();
            let inside: f64 = region[..count]
                .iter()
                .map(|&(low, high)| f64::from(marginal.interval_probability(low, high).unwrap()))
                .sum();
            assert!(
                inside > f64::from(p) - 1e-4,
                "{inside}: {region:?} of {parameters:?}"
            );
        });
    }
}

#[test]
fn marginals_of_random_models_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(22);
    let mut worst = 0.0_f64;
    for _ in 0..400 {
        let file = random_model(&random_shape(&mut rng), 0, &mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let x = random_input(&model, &mut rng);
        let oracle = Oracle::new(&model).predict(&x);
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        for d in 0..mixture.dimensions() {
            let (marginal, oracle) = (mixture.marginal(d).unwrap(), oracle.marginal(d));
            let unit = f64::from(model.target_scale()[d]);
            let far = oracle.mean_distance(model.target_shift()[d].into());
            // The forward pass leaves log-weights, means and log-scales with errors of some
            // 10⁻⁶ (see the tests of the densities), the marginal scales of full covariance with
            // ten times that.
            let slack = 1e-5 * (unit + far);
            for _ in 0..5 {
                let p = half_probability(&mut rng);
                let y = marginal.quantile(p).unwrap();
                let cdf = |side: f64| -> f64 {
                    let parts = oracle.weights.iter().zip(&oracle.means).zip(&oracle.scales);
                    let one = |((weight, mean), scale): ((&f64, &f64), &f64)| {
                        let distance = f64::from(y) - mean;
                        let moved = distance + side * (slack + 1e-4 * distance.abs());
                        weight * (1.0 + side * 5e-5) * normal_cdf(moved / scale)
                    };
                    parts.map(one).sum()
                };
                let (low, high) = (cdf(-1.0), cdf(1.0));
                assert_within(p, (low, high), format_args!("quantile({p:e}) = {y}"));
                assert_within(
                    marginal.cdf(y).unwrap(),
                    (low, high),
                    format_args!("cdf({y})"),
                );
                let distance = oracle.mean_distance(y.into());
                let error = f64::from(marginal.crps(y).unwrap()) - oracle.crps(y.into());
                worst = worst.max(error.abs() / (distance + unit + far));
            }
        }
    }
    println!("random models: CRPS off by {worst:.1e} of the distances at most");
    assert!(worst < 1e-5);
}

/// Draws from the mixture of each of a few random models, and what the model says of them.
fn draws(seed: u64, visit: impl Fn(&mdn_infer::Mixture<'_>, &[usize], &[Vec<f32>]) + Sync) {
    (0..DRAWN).into_par_iter().for_each(|i| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + i);
        let file = random_model(&random_shape(&mut rng), 0, &mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let x = random_input(&model, &mut rng);
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        let mut components = Vec::new();
        let mut columns = vec![Vec::new(); mixture.dimensions()];
        let mut draw = vec![0.0; mixture.dimensions()];
        for _ in 0..DRAWS {
            components.push(mixture.sample(&mut rng, &mut draw).unwrap());
            for (column, &value) in columns.iter_mut().zip(&draw) {
                column.push(value);
            }
        }
        visit(&mixture, &components, &columns);
    });
}

/// Models to draw from.
const DRAWN: u64 = 8;
/// Draws from each.
const DRAWS: usize = 100_000;

/// Kolmogorov's statistic √n sup |Fₙ − F| exceeds 2.5 with probability 2 exp(−2 · 2.5²) = 7.5e-6
/// for a right sampler; some 20 are tested, at fixed seeds.
#[test]
fn draws_follow_the_distribution_function() {
    draws(100, |mixture, _, columns| {
        for (d, column) in columns.iter().enumerate() {
            let marginal = mixture.marginal(d).unwrap();
            let mut sorted = column.clone();
            sorted.sort_by(f32::total_cmp);
            let distance = sorted.iter().enumerate().map(|(i, &y)| {
                let expected = f64::from(marginal.cdf(y).unwrap());
                let steps = [i, i + 1].map(|i| i as f64 / DRAWS as f64);
                (steps[1] - expected).max(expected - steps[0])
            });
            let statistic = distance.fold(0.0, f64::max) * (DRAWS as f64).sqrt();
            assert!(statistic < 2.5, "{statistic}");
        }
    });
}

/// The mean and the mean square about the mixture's mean are sums of many draws and so nearly
/// normal: 5 standard errors are exceeded with probability 6e-7 each. The standard error of the
/// squares comes from the draws themselves.
#[test]
fn draws_have_the_moments() {
    draws(200, |mixture, _, columns| {
        for (d, column) in columns.iter().enumerate() {
            let marginal = mixture.marginal(d).unwrap();
            let mean = f64::from(marginal.mean());
            let sd = f64::from(marginal.standard_deviation());
            let n = DRAWS as f64;
            let scores: Vec<f64> = column.iter().map(|&y| (f64::from(y) - mean) / sd).collect();
            let moment = |power: i32| scores.iter().map(|z| z.powi(power)).sum::<f64>() / n;
            assert!(moment(1).abs() < 5.0 / n.sqrt(), "{}", moment(1));
            let error = ((moment(4) - 1.0).max(1.0) / n).sqrt();
            assert!((moment(2) - 1.0).abs() < 5.0 * error, "{}", moment(2));
        }
    });
}

/// Pearson's statistic exceeds df + 2 √(df x) + 2 x with probability e⁻ˣ at most (Laurent and
/// Massart 2000); x = 12. Components that expect fewer than ten draws are taken together.
#[test]
fn draws_choose_components_by_their_weights() {
    draws(300, |mixture, components, _| {
        let mut counts = vec![0.0; mixture.len()];
        for &k in components {
            counts[k] += 1.0;
        }
        let expected = mixture
            .components()
            .map(|c| f64::from(c.weight()) * DRAWS as f64);
        let cells: Vec<(f64, f64)> = counts.into_iter().zip(expected).collect();
        let (mut common, rare): (Vec<_>, Vec<_>) = cells.into_iter().partition(|c| c.1 >= 10.0);
        let sum = |part: fn(&(f64, f64)) -> f64| rare.iter().map(part).sum::<f64>();
        let rest = (sum(|cell| cell.0), sum(|cell| cell.1));
        if rest.1 >= 10.0 {
            common.push(rest);
        } else {
            // Poisson with a mean below 10: more than 40 has probability 1e-13.
            assert!(rest.0 < 40.0);
        }
        let statistic: f64 = common.iter().map(|(n, e)| (n - e).powi(2) / e).sum();
        let (df, x) = ((common.len().max(2) - 1) as f64, 12.0_f64);
        assert!(
            statistic < df + 2.0 * (df * x).sqrt() + 2.0 * x,
            "{statistic} of {df}"
        );
    });
}
