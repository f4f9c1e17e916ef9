//! Probabilities of intervals.

use mdn_tests::budget::{self, Meter};
use mdn_train::oracle::OracleMarginal;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{KINDS, parameters, with};

#[test]
fn intervals_agree_with_the_oracle_wherever_they_lie() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let meter = Meter::new("interval probability");
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
                let case = format_args!("{low:e} to {high:e} of {parameters:?}");
                meter.check((found - expected).abs(), error, case);
            }
        });
    }
    meter.print();
}

/// P(low < t ≤ high) by Simpson's rule, and what roundings make of it.
///
/// Each whitened end has an error of 2⁻²² of itself, that is x² 2⁻²² in the density there; the
/// difference of two values of Φ that an eighth of a standard deviation at least lies between,
/// scaled by 1 + |m|, has 16 times their own 2 ULP; the log-weight and the sum as in [`tails`].
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
        let ends = (density(a) * a.abs()).max(density(b) * b.abs()) * weight * budget::INTERVAL_END;
        mass += share;
        error += share
            * (budget::INTERVAL
                + budget::INTERVAL_LOG_WEIGHT * weight.ln().abs()
                + budget::INTERVAL_SQUARE * nearest * nearest);
        error += ends.min(share);
    }
    (mass, error)
}
