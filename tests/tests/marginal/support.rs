//! Mixtures in one dimension with chosen parameters, and what rounding makes of their tails.

use mdn_infer::format::Covariance;
use mdn_infer::{Level, Marginal};
use mdn_tests::{budget, mixtures};
use mdn_train::oracle::{OracleMarginal, normal_cdf};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// A mixture in one dimension, as standardised parameters.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub logits: Vec<f32>,
    pub means: Vec<f32>,
    pub log_scales: Vec<f32>,
    pub shift: f32,
    pub scale: f32,
}

impl Parameters {
    /// Components as (weight, mean, standard deviation).
    pub fn new(components: &[(f32, f32, f32)]) -> Self {
        Parameters {
            logits: components.iter().map(|c| c.0.ln()).collect(),
            means: components.iter().map(|c| c.1).collect(),
            log_scales: components.iter().map(|c| c.2.ln()).collect(),
            shift: 0.0,
            scale: 1.0,
        }
    }

    /// The same for any number of dimensions.
    fn joint(&self) -> mixtures::Parameters {
        mixtures::Parameters {
            covariance: Covariance::Diagonal,
            dimensions: 1,
            logits: self.logits.clone(),
            means: self.means.clone(),
            factors: self.log_scales.clone(),
            shift: vec![self.shift],
            scale: vec![self.scale],
        }
    }
}

/// Calls `visit` with the mixture at each level and its oracle.
pub fn at_every_level(parameters: &Parameters, mut visit: impl FnMut(&Marginal<'_>)) {
    for level in Level::available() {
        at_level(level, parameters, |marginal, _| visit(marginal));
    }
}

pub fn at_level<T>(
    level: Level,
    parameters: &Parameters,
    visit: impl FnOnce(&Marginal<'_>, &OracleMarginal) -> T,
) -> T {
    parameters.joint().at_level(level, |mixture, oracle| {
        visit(&mixture.marginal(0).unwrap(), &oracle.marginal(0))
    })
}

pub fn with<T>(
    parameters: &Parameters,
    visit: impl FnOnce(&Marginal<'_>, &OracleMarginal) -> T,
) -> T {
    at_level(Level::detect(), parameters, visit)
}

/// How many kinds [`parameters`] knows.
pub const KINDS: usize = 8;

/// Random parameters of this kind.
pub fn parameters(kind: usize, rng: &mut impl Rng) -> Parameters {
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
pub fn half_probability(rng: &mut impl Rng) -> f32 {
    match rng.random_range(0..4) {
        0 | 1 => 0.5 * (1.0 - rng.random::<f32>()),
        2 => 0.5 * 10.0_f32.powf(rng.random_range(-6.7..0.0)),
        _ => 0.5 - rng.random_range(0..4) as f32 / 33_554_432.0,
    }
}

/// What the lower and the upper tail at `y` can be found to be.
///
/// Rounding y, the standardised y (to `ulps` in all) and each distance from a mean moves y within
/// each component; rounding its log-weight and the K/8 sums changes its share; `TAIL` stands for
/// Φ, the weight, and 40 roundings of sums.
pub struct Tails {
    pub lower: (f64, f64),
    pub upper: (f64, f64),
}

pub fn tails(oracle: &OracleMarginal, parameters: &Parameters, y: f32) -> Tails {
    let ulp = |x: f32| f64::from(x.abs()) * f64::from(f32::EPSILON);
    let (shift, scale) = (parameters.shift, parameters.scale);
    let rounding = budget::TAIL_VALUE * (ulp(y) + ulp(shift) + ulp(y - shift))
        + 1e-44 * (1.0 + f64::from(scale));
    let components = oracle.weights.iter().zip(&oracle.means).zip(&oracle.scales);
    let mut tails = Tails {
        lower: (0.0, 1e-42),
        upper: (0.0, 1e-42),
    };
    for ((&weight, &mean), &sigma) in components {
        let distance = f64::from(y) - mean;
        let moved = rounding
            + budget::TAIL_DISTANCE * distance.abs()
            + budget::TAIL_VALUE * ulp(mean as f32);
        let error = budget::TAIL + budget::TAIL_LOG_WEIGHT * weight.ln().abs();
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

pub fn assert_within(found: f32, (low, high): (f64, f64), what: std::fmt::Arguments<'_>) {
    let found = f64::from(found);
    assert!(
        low <= found && found <= high,
        "{what}: {found:e} not within {low:e} ..= {high:e}"
    );
}
