//! Quantiles and probabilities undo each other.

use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_train::oracle::normal_cdf;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::support::{KINDS, Parameters, assert_within, half_probability, parameters, tails, with};

/// Checks `count` probabilities in each tail: that of the quantile is the one asked for, and the
/// quantile of a value's probability, of as many values, has that probability.
fn round_trips(parameters: &Parameters, count: usize, rng: &mut impl Rng) {
    with(parameters, |marginal, oracle| {
        let mut ascending = Vec::new();
        for _ in 0..count {
            let p = half_probability(rng);
            let lower = Trip {
                name: "quantile",
                quantile: &|p| marginal.quantile(p).unwrap(),
                probability: &|y| marginal.cdf(y).unwrap(),
                range: &|y| tails(oracle, parameters, y).lower,
            };
            ascending.push((p, lower.check(p, parameters)));
            let upper = Trip {
                name: "upper_quantile",
                quantile: &|p| marginal.upper_quantile(p).unwrap(),
                probability: &|y| marginal.survival(y).unwrap(),
                range: &|y| tails(oracle, parameters, y).upper,
            };
            upper.check(p, parameters);
            let complement = 1.0 - p;
            ascending.push((complement, marginal.quantile(complement).unwrap()));
        }
        ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in ascending.windows(2) {
            assert!(pair[0].1 <= pair[1].1, "{pair:?} of {parameters:?}");
        }
    });
}

/// A quantile and the probability that it undoes.
struct Trip<'a> {
    name: &'static str,
    quantile: &'a dyn Fn(f32) -> f32,
    probability: &'a dyn Fn(f32) -> f32,
    /// What rounding leaves of the probability at a value.
    range: &'a dyn Fn(f32) -> (f64, f64),
}

impl Trip<'_> {
    /// There and back from `p`, and from the quantile; returns the quantile.
    fn check(&self, p: f32, parameters: &Parameters) -> f32 {
        let name = self.name;
        let y = (self.quantile)(p);
        let range = (self.range)(y);
        assert_within(
            p,
            range,
            format_args!("{name}({p:e}) = {y:e} of {parameters:?}"),
        );
        let back = (self.probability)(y);
        assert_within(back, range, format_args!("at {y:e} of {parameters:?}"));
        if back > 1e-36 && back < 1.0 {
            let again = (self.range)((self.quantile)(back));
            assert_within(
                back,
                again,
                format_args!("{name}({back:e}) of {parameters:?}"),
            );
        }
        y
    }
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
    many_round_trips(cases(50_000));
}

#[test]
#[ignore = "a million cases: a minute"]
fn quantiles_and_probabilities_undo_each_other_a_million_times() {
    many_round_trips(1_000_000);
}

#[test]
fn quantiles_of_adjacent_probabilities_are_in_order() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    for case in 0..cases(160) {
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
    let meter = Meter::new("upper quantile of one normal");
    let standard = Parameters::new(&[(1.0, 0.0, 1.0)]);
    with(&standard, |marginal, _| {
        for exponent in 1..=37 {
            let q = 10.0_f32.powi(-exponent);
            let y = marginal.upper_quantile(q).unwrap();
            // d ln q = −y dy: y is the next number above, and Φ has its own roundings.
            let error = f64::from(q) / normal_cdf(-f64::from(y)) - 1.0;
            let budget = budget::FAR_QUANTILE + budget::FAR_QUANTILE_SQUARE * f64::from(y * y);
            meter.check(error.abs(), budget, q);
            // Both ends are rounded upwards.
            let lower = marginal.quantile(q).unwrap();
            assert!(
                (y + lower).abs() <= y * f32::EPSILON,
                "{q:e}: {lower} and {y}"
            );
        }
    });
    meter.print();
}
