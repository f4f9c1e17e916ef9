//! Conditional distributions against Schur complements, and their own laws.

use mdn_infer::{Mixture, PredictError};
use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_tests::mixtures::{Parameters, random_parameters};
use mdn_train::oracle::OracleMixture;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{EPSILON, same_bits, sensitivity_at};

/// A random choice of some dimensions, in random order, at the values of a draw.
fn random_given(mixture: &Mixture<'_>, rng: &mut impl Rng) -> Vec<(usize, f32)> {
    let mut draw = vec![0.0; mixture.dimensions()];
    mixture.sample(rng, &mut draw).unwrap();
    let mut given: Vec<(usize, f32)> = draw.into_iter().enumerate().collect();
    given.shuffle(rng);
    given.truncate(rng.random_range(1..mixture.dimensions()));
    given
}

fn exact(given: &[(usize, f32)]) -> Vec<(usize, f64)> {
    given.iter().map(|&(d, y)| (d, f64::from(y))).collect()
}

/// The largest shares for weights, means in scales, and scales, relative.
struct Meters([Meter; 3]);

impl Meters {
    fn new() -> Self {
        Meters([
            Meter::new("conditional weight"),
            Meter::new("conditional mean"),
            Meter::new("conditional scale"),
        ])
    }

    fn check(&self, found: &Mixture<'_>, expected: &OracleMixture, parameters: &Parameters) {
        let [weights, means, scales] = &self.0;
        for component in found.components() {
            let k = component.index();
            let case = format_args!("component {k} of {parameters:?}");
            let weight = (f64::from(component.weight()) - expected.log_weights[k].exp()).abs();
            weights.check(weight, budget::CONDITIONAL_WEIGHT, case);
            for d in 0..found.dimensions() {
                let scale = expected.covariances[k][(d, d)].sqrt();
                let mean = (f64::from(component.mean(d)) - expected.means[k][d]).abs() / scale;
                means.check(mean, budget::CONDITIONAL_MEAN, case);
                let error = (f64::from(component.scale(d)) / scale - 1.0).abs();
                scales.check(error, budget::CONDITIONAL_SCALE, case);
            }
        }
    }

    fn print(&self) {
        self.0.iter().for_each(Meter::print);
    }
}

/// Rotations and a substitution lose about κ(L) ε of a mean, with κ(L) near a thousand.
#[test]
fn conditionals_agree_with_the_schur_complement() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(30);
    let meters = Meters::new();
    for parameters in random_parameters(cases(100), &mut rng) {
        if parameters.dimensions == 1 {
            continue;
        }
        let given = parameters.examine(|mixture, _| random_given(mixture, &mut rng));
        let mut levels = None;
        parameters.at_every_level(|mixture, oracle| {
            let mut memory = vec![0.0; mixture.conditional_len(given.len())];
            let rest = mixture.conditional(&given, &mut memory).unwrap();
            meters.check(&rest, &oracle.conditional(&exact(&given)), &parameters);
            same_bits(&mut levels, &memory);
        });
    }
    meters.print();
}

/// Each of the three log-densities has its own budget, the marginal's that of a joint one: its
/// scales and its weights come from the same numbers.
#[test]
fn densities_multiply() {
    let meter = Meter::new("product of marginal and conditional density");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(31);
    for parameters in random_parameters(100, &mut rng) {
        if parameters.dimensions == 1 || parameters.dimensions > 6 {
            continue;
        }
        parameters.examine(|mixture, oracle| {
            let mut draw = vec![0.0; mixture.dimensions()];
            mixture.sample(&mut rng, &mut draw).unwrap();
            let d = rng.random_range(0..mixture.dimensions());
            let mut memory = vec![0.0; mixture.conditional_len(1)];
            let rest = mixture.conditional(&[(d, draw[d])], &mut memory).unwrap();
            let first = mixture.marginal(d).unwrap().log_density(draw[d]).unwrap();
            let mut others = draw.clone();
            others.remove(d);
            let product = first + rest.log_density(&others).unwrap();
            let joint = mixture.log_density(&draw).unwrap();
            let terms = sensitivity_at(&parameters, oracle, &draw, oracle.log_density(&draw));
            let three = 2.0 * budget::LOG_DENSITY + budget::CONDITIONAL_LOG_DENSITY;
            let allowed = three * EPSILON * terms;
            let case = format_args!("{draw:?} of {parameters:?}");
            meter.check((f64::from(product) - f64::from(joint)).abs(), allowed, case);
        });
    }
    meter.print();
}

#[test]
fn steps_lead_where_a_leap_does() {
    let meters = Meters::new();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(32);
    for parameters in random_parameters(50, &mut rng) {
        if parameters.dimensions < 3 || parameters.dimensions > 6 {
            continue;
        }
        parameters.examine(|mixture, oracle| {
            let mut draw = vec![0.0; mixture.dimensions()];
            mixture.sample(&mut rng, &mut draw).unwrap();
            let mut first = vec![0.0; mixture.conditional_len(1)];
            let step = mixture.conditional(&[(1, draw[1])], &mut first).unwrap();
            let mut second = vec![0.0; step.conditional_len(1)];
            let step = step.conditional(&[(0, draw[0])], &mut second).unwrap();
            let given = [(0, draw[0]), (1, draw[1])];
            meters.check(&step, &oracle.conditional(&exact(&given)), &parameters);
        });
    }
    meters.print();
}

#[test]
fn independent_dimensions_keep_their_means_and_scales() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(33);
    for parameters in random_parameters(20, &mut rng) {
        let full = mdn_infer::format::Covariance::Full;
        if parameters.dimensions < 2 || parameters.covariance == full {
            continue;
        }
        parameters.examine(|mixture, _| {
            let mut memory = vec![0.0; mixture.conditional_len(1)];
            let mut draw = vec![0.0; mixture.dimensions()];
            mixture.sample(&mut rng, &mut draw).unwrap();
            let rest = mixture.conditional(&[(0, draw[0])], &mut memory).unwrap();
            for (free, all) in rest.components().zip(mixture.components()) {
                for d in 1..mixture.dimensions() {
                    assert_eq!(free.mean(d - 1).to_bits(), all.mean(d).to_bits());
                    assert_eq!(free.scale(d - 1).to_bits(), all.scale(d).to_bits());
                }
            }
        });
    }
}

#[test]
fn the_given_dimension_of_one_component_tells_nothing_about_independent_ones() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(34);
    let diagonal = mdn_infer::format::Covariance::Diagonal;
    let parameters = Parameters::random(diagonal, 1, 3, &mut rng);
    parameters.examine(|mixture, _| {
        let mut memory = vec![0.0; mixture.conditional_len(1)];
        let rest = mixture.conditional(&[(1, 3.0)], &mut memory).unwrap();
        for (d, left) in [(0, 0), (2, 1)] {
            let (all, free) = (mixture.marginal(d).unwrap(), rest.marginal(left).unwrap());
            assert_eq!(all.cdf(2.0), free.cdf(2.0));
            assert_eq!(all.median(), free.median());
        }
    });
}

#[test]
fn nothing_given_changes_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(35);
    for parameters in random_parameters(4, &mut rng) {
        parameters.examine(|mixture, _| {
            let mut memory = vec![0.0; mixture.conditional_len(0)];
            let same = mixture.conditional(&[], &mut memory).unwrap();
            let mut draw = vec![0.0; mixture.dimensions()];
            mixture.sample(&mut rng, &mut draw).unwrap();
            let difference = same.log_density(&draw).unwrap() - mixture.log_density(&draw).unwrap();
            assert!(difference.abs() < 1e-4, "{difference}");
        });
    }
}

/// L = (1 0 0; 0 1 0; a a 1): Σ's condition number is about a⁴, and yet the conditional of the
/// first two dimensions is right to a few ε, for no pivot comes from a difference.
#[test]
fn small_pivots_keep_their_accuracy() {
    for a in [1e2_f32, 1e4, 1e6, 1e8] {
        let parameters = Parameters {
            covariance: mdn_infer::format::Covariance::Full,
            dimensions: 3,
            logits: vec![0.0],
            means: vec![0.0; 3],
            factors: vec![0.0, 0.0, 0.0, a, a, 0.0],
            shift: vec![0.0; 3],
            scale: vec![1.0; 3],
        };
        parameters.examine(|mixture, _| {
            let mut memory = [0.0; 20];
            let rest = mixture.conditional(&[(2, 1.0)], &mut memory).unwrap();
            let component = rest.component(0).unwrap();
            // The precision is 1 + a aᵀ, and the mean −a / (1 + 2 a²) in both.
            let square = f64::from(a).powi(2);
            let scale = ((1.0 + square) / (1.0 + 2.0 * square)).sqrt();
            let mean = -f64::from(a) / (1.0 + 2.0 * square);
            for d in 0..2 {
                assert!((f64::from(component.scale(d)) / scale - 1.0).abs() < 1e-6);
                assert!((f64::from(component.mean(d)) - mean).abs() < 1e-6 * mean.abs().max(1e-3));
            }
        });
    }
}

#[test]
fn wrong_conditions_are_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(36);
    for covariance in mdn_infer::format::Covariance::ALL {
        Parameters::random(covariance, 5, 3, &mut rng).examine(|mixture, _| {
            let mut memory = [0.0; 200];
            let mut refused = |given: &[(usize, f32)]| {
                let result = mixture.conditional(given, &mut memory);
                result.map(|_| ()).unwrap_err()
            };
            assert_eq!(refused(&[(3, 0.0)]), PredictError::NoSuchDimension);
            assert_eq!(refused(&[(usize::MAX, 0.0)]), PredictError::NoSuchDimension);
            let repeated = PredictError::RepeatedDimension { dimension: 1 };
            assert_eq!(refused(&[(1, 0.0), (1, 0.0)]), repeated);
            assert_eq!(
                refused(&[(0, 0.0), (1, 0.0), (2, 0.0)]),
                PredictError::NothingFree
            );
            let not_finite = PredictError::NotFinite { index: 1 };
            assert_eq!(refused(&[(0, 0.0), (2, f32::INFINITY)]), not_finite);
            assert_eq!(refused(&[(0, 3e38)]), PredictError::Overflow);
            let needed = mixture.conditional_len(1);
            let mut short = vec![0.0; needed - 1];
            assert_eq!(
                mixture.conditional(&[(0, 0.0)], &mut short).map(|_| ()),
                Err(PredictError::CapacityTooSmall {
                    needed,
                    capacity: needed - 1
                })
            );
        });
    }
}
