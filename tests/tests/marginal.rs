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
