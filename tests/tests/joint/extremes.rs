//! Numbers at the edge of binary32: answers are right, or a documented limit, never NaN.

use mdn_infer::format::Covariance;
use mdn_infer::{PredictError, Temperature};
use mdn_tests::budget::{self, Meter};
use mdn_tests::mixtures::{Parameters, random_parameters};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{EPSILON, check_covariance, sensitivity_at};

/// |found / expected − 1|
fn relative(found: f32, expected: f64) -> f64 {
    (f64::from(found) / expected - 1.0).abs()
}

#[test]
fn raw_units_of_every_size() {
    let meters = [
        "standard deviation, raw units of every size",
        "covariance, raw units of every size",
        "log-density, raw units of every size",
        "conditional log-density, raw units of every size",
    ]
    .map(Meter::new);
    let [deviations, covariances, densities, conditionals] = &meters;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(60);
    for covariance in mdn_infer::format::Covariance::ALL {
        for (first, second) in [(1e-20, 1e20), (1e20, 1e20), (1e-20, 1e-20), (1e-37, 1e37)] {
            let mut parameters = Parameters::random(covariance, 9, 2, &mut rng);
            parameters.shift = vec![0.0, 3.0 * second];
            parameters.scale = vec![first, second];
            parameters.examine(|mixture, oracle| {
                let expected = oracle.covariance();
                let mut deviation = [0.0; 2];
                mixture.standard_deviation(&mut deviation).unwrap();
                for (d, found) in deviation.into_iter().enumerate() {
                    let error = relative(found, expected[(d, d)].sqrt());
                    deviations.check(error, budget::DEVIATION, format_args!("{parameters:?}"));
                }
                let mut covariance = [0.0; 4];
                mixture.covariance_into(&mut covariance).unwrap();
                assert!(covariance.iter().all(|c| !c.is_nan()));
                for (at, found) in covariance.into_iter().enumerate() {
                    let at = (at / 2, at % 2);
                    check_covariance(covariances, &expected, at, found, &parameters);
                }
                let mut draw = [0.0; 2];
                mixture.sample(&mut rng, &mut draw).unwrap();
                let case = format_args!("{draw:?} of {parameters:?}");
                let expected = oracle.log_density(&draw);
                let error = (f64::from(mixture.log_density(&draw).unwrap()) - expected).abs();
                let unit = EPSILON * sensitivity_at(&parameters, oracle, &draw, expected);
                densities.check(error, budget::LOG_DENSITY * unit, case);
                let mut memory = [0.0; 100];
                let rest = mixture.conditional(&[(0, draw[0])], &mut memory).unwrap();
                let given = [(0, f64::from(draw[0]))];
                let expected = oracle.conditional(&given).log_density(&draw[1..]);
                let error = (f64::from(rest.log_density(&draw[1..]).unwrap()) - expected).abs();
                let unit = EPSILON * sensitivity_at(&parameters, oracle, &draw, expected);
                conditionals.check(error, budget::CONDITIONAL_LOG_DENSITY * unit, case);
                let mut to = [0.0; 40];
                let count = mixture.modes(&mut to).unwrap();
                assert!(count > 0 && to.iter().all(|t| t.is_finite()));
            });
        }
    }
    meters.iter().for_each(Meter::print);
}

/// σ from e⁻⁶⁰ to e⁶⁰ in standardised units: the square leaves binary32, the scale does not.
#[test]
fn scales_whose_squares_leave_binary32() {
    let deviations = Meter::new("standard deviation, squares beyond binary32");
    let conditionals = Meter::new("conditional scale, squares beyond binary32");
    for covariance in mdn_infer::format::Covariance::ALL {
        for log_scale in [-59.0_f32, -45.0, 45.0, 59.0] {
            let parameters = Parameters {
                covariance,
                dimensions: 2,
                logits: vec![0.0, 1.0],
                means: vec![0.0; 4],
                factors: match covariance {
                    Covariance::Full => vec![log_scale, log_scale, 0.0, 0.0, log_scale, log_scale],
                    Covariance::Diagonal => vec![log_scale; 4],
                    _ => vec![log_scale; 2],
                },
                shift: vec![0.0; 2],
                scale: vec![1.0; 2],
            };
            parameters.examine(|mixture, _| {
                let expected = f64::from(log_scale).exp();
                let mut deviation = [0.0; 2];
                mixture.standard_deviation(&mut deviation).unwrap();
                for found in deviation {
                    deviations.check(relative(found, expected), budget::DEVIATION, log_scale);
                }
                let component = mixture.component(1).unwrap();
                let error = relative(component.scale(1), expected);
                deviations.check(error, budget::DEVIATION, log_scale);
                let mut variance = [0.0; 2];
                mixture.variance(&mut variance).unwrap();
                let square = (expected * expected) as f32;
                assert_eq!(variance[1].is_infinite(), square.is_infinite());
                let mut memory = [0.0; 100];
                let rest = mixture.conditional(&[(0, 0.0)], &mut memory).unwrap();
                let error = relative(rest.component(0).unwrap().scale(0), expected);
                conditionals.check(error, budget::CONDITIONAL_SCALE, log_scale);
                let mut to = [1.0; 4];
                assert_eq!(mixture.modes(&mut to), Ok(1));
                assert_eq!(to[..2], [0.0, 0.0]);
            });
        }
    }
    deviations.print();
    conditionals.print();
}

#[test]
fn components_a_million_scales_apart() {
    let variances = Meter::new("variance, a million scales apart");
    let densities = Meter::new("log-density, a million scales apart");
    let parameters = Parameters::univariate(&[
        (0.25, -1e6, 1.0),
        (0.5, 0.0, 1.0),
        (0.125, 1e6, 1.0),
        (0.125, 1e6 + 64.0, 4.0),
    ]);
    parameters.examine(|mixture, oracle| {
        let mut to = [0.0; 8];
        assert_eq!(mixture.modes(&mut to), Ok(4));
        assert_eq!(to[..2], [0.0, -1e6]);
        let mut variance = [0.0];
        mixture.variance(&mut variance).unwrap();
        check_covariance(
            &variances,
            &oracle.covariance(),
            (0, 0),
            variance[0],
            &parameters,
        );
        for point in [-1e6, 5e5, 1e6 + 30.0, 1e7, -3e10] {
            let expected = oracle.log_density(&[point]);
            let error = (f64::from(mixture.log_density(&[point]).unwrap()) - expected).abs();
            let unit = EPSILON * sensitivity_at(&parameters, oracle, &[point], expected);
            densities.check(error, budget::LOG_DENSITY * unit, point);
        }
    });
    variances.print();
    densities.print();
}

/// All components a million scales from zero and close to each other: the spread survives.
#[test]
fn a_mixture_a_million_scales_from_zero() {
    let meter = Meter::new("variance, a million scales from zero");
    let near = [0.0_f32, 1.0, 3.0, 4.5, 7.0].map(|offset| (0.2, 1e6 + offset, 1.0));
    let parameters = Parameters::univariate(&near);
    parameters.examine(|mixture, oracle| {
        let mut variance = [0.0];
        mixture.variance(&mut variance).unwrap();
        let expected = oracle.covariance();
        check_covariance(&meter, &expected, (0, 0), variance[0], &parameters);
    });
    meter.print();
}

#[test]
fn log_densities_down_to_the_end_of_binary32() {
    let meter = Meter::new("log-density far out");
    let parameters = Parameters::univariate(&[(0.5, 0.0, 1.0), (0.5, 1.0, 2.0)]);
    parameters.examine(|mixture, oracle| {
        for point in [1e3_f32, 1e10, 1e15, -3e18] {
            let found = mixture.log_density(&[point]).unwrap();
            let error = relative(found, oracle.log_density(&[point]));
            meter.check(error, budget::FAR_LOG_DENSITY, point);
            let mut shares = [0.0; 2];
            mixture.responsibilities(&[point], &mut shares).unwrap();
            assert_eq!(shares, [0.0, 1.0]);
        }
        assert_eq!(mixture.log_density(&[3e38]), Ok(f32::NEG_INFINITY));
        let overflow = mixture.responsibilities(&[3e38], &mut [0.0; 2]);
        assert_eq!(overflow, Err(PredictError::Overflow));
    });
    meter.print();
}

/// A maximum beyond binary32 in raw units is an error, never an infinite coordinate.
#[test]
fn modes_beyond_binary32_are_an_overflow() {
    for dimensions in [1, 2] {
        let modes_at = |far: f32| {
            let parameters = Parameters {
                covariance: Covariance::Diagonal,
                dimensions,
                logits: vec![0.0, 0.0],
                // The first dimension has the two maxima, a second one is ordinary.
                means: [&[far, 0.5][..], &[0.5, 0.5]].concat()[..2 * dimensions].to_vec(),
                factors: vec![-3.0; 2 * dimensions],
                shift: vec![0.0; dimensions],
                scale: vec![1e38; dimensions],
            };
            let mut found = Vec::new();
            parameters.at_every_level(|mixture, _| {
                let mut to = vec![0.0; 8 * dimensions];
                let joint = mixture.modes(&mut to);
                let marginal = mixture.marginal(0).unwrap().modes(&mut [0.0; 2]);
                let finite = to.iter().all(|coordinate| coordinate.is_finite());
                assert!(joint.is_err() || finite, "{to:?}");
                found.push((joint, marginal));
            });
            found
        };
        // 2.5e38 is within binary32, 4e38 is not.
        for (joint, marginal) in modes_at(2.5) {
            assert_eq!((joint, marginal), (Ok(2), Ok(2)));
        }
        let overflow = Err(PredictError::Overflow);
        for far in [4.0, -4.0] {
            for (joint, marginal) in modes_at(far) {
                assert_eq!((joint, marginal), (overflow, overflow));
            }
        }
    }
}

/// Conditions far out: the widest component takes all the weight, or nothing reaches there.
#[test]
fn conditions_far_out() {
    let weights = Meter::new("conditional weight far out");
    let means = Meter::new("conditional mean far out");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(61);
    for covariance in mdn_infer::format::Covariance::ALL {
        let parameters = Parameters::random(covariance, 7, 3, &mut rng);
        parameters.examine(|mixture, oracle| {
            let mut memory = [0.0; 300];
            for z in [1e3_f32, 1e6, 1e9, 1e15] {
                let y = parameters.shift[1] + parameters.scale[1] * z;
                let rest = mixture.conditional(&[(1, y)], &mut memory).unwrap();
                let best = rest.best_component();
                let error = relative(rest.component(best).unwrap().weight(), 1.0);
                weights.check(error, budget::CONDITIONAL_WEIGHT, z);
                let expected = oracle.conditional(&[(1, f64::from(y))]);
                assert!(expected.log_weights[best] > -budget::CONDITIONAL_WEIGHT);
                let mut mean = [0.0; 2];
                rest.mean(&mut mean).unwrap();
                for (mean, exact) in mean.into_iter().zip(expected.mean().iter()) {
                    let scale = f64::from(parameters.scale[0].max(parameters.scale[2]));
                    let size = exact.abs() + scale * f64::from(z) + 10.0;
                    let error = (f64::from(mean) - exact).abs();
                    means.check(error, budget::CONDITIONAL_FAR * size, z);
                }
            }
            let result = mixture.conditional(&[(1, 3e38)], &mut memory).map(|_| ());
            assert_eq!(result, Err(PredictError::Overflow));
        });
    }
    weights.print();
    means.print();
}

#[test]
fn weights_down_to_the_smallest() {
    let meter = Meter::new("covariance, weights down to the smallest");
    for log_weight in [-50.0_f32, -100.0, -120.0, -1e6] {
        let parameters = Parameters {
            covariance: Covariance::Diagonal,
            dimensions: 2,
            logits: vec![log_weight, 0.0, log_weight],
            means: vec![-1e4, 0.0, 1e4, -9.0, 0.0, 2.0],
            factors: vec![0.0; 6],
            shift: vec![0.0; 2],
            scale: vec![1.0; 2],
        };
        parameters.examine(|mixture, oracle| {
            let mut covariance = [0.0; 4];
            mixture.covariance_into(&mut covariance).unwrap();
            let expected = oracle.covariance();
            for (at, found) in covariance.into_iter().enumerate() {
                check_covariance(&meter, &expected, (at / 2, at % 2), found, &parameters);
            }
            let mut to = [0.0; 6];
            assert_eq!(mixture.modes(&mut to), Ok(1));
            assert_eq!(to[..2], [0.0, 0.0]);
            // Where the light component is, it is all there is.
            let mut memory = [0.0; 100];
            let rest = mixture.conditional(&[(0, 1e4)], &mut memory).unwrap();
            assert_eq!(rest.component(2).unwrap().weight(), 1.0);
            assert_eq!(rest.component(2).unwrap().mean(0), 2.0);
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(62);
            let hot = Temperature {
                weights: 1e10,
                scale: 1.0,
            };
            let mut seen = [false; 3];
            for _ in 0..100 {
                let k = mixture.sample_at(&mut rng, hot, &mut [0.0; 2]).unwrap();
                seen[k] = true;
            }
            assert_eq!(seen, [true; 3]);
        });
    }
    meter.print();
}

/// One component: everything is that of a normal distribution, at any dimension.
#[test]
fn one_component() {
    let meter = Meter::new("standard deviation of one component");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(63);
    for covariance in mdn_infer::format::Covariance::ALL {
        for dimensions in [1, 2, 16] {
            let parameters = Parameters::random(covariance, 1, dimensions, &mut rng);
            parameters.examine(|mixture, _| {
                let component = mixture.component(0).unwrap();
                let mut to = vec![0.0; 2 * dimensions];
                assert_eq!(mixture.modes(&mut to), Ok(1));
                for (d, t) in to.iter().enumerate().take(dimensions) {
                    assert_eq!(*t, component.mean(d));
                }
                let mut deviation = vec![0.0; dimensions];
                mixture.standard_deviation(&mut deviation).unwrap();
                for (d, found) in deviation.into_iter().enumerate() {
                    let error = relative(found, component.scale(d).into());
                    meter.check(error, budget::DEVIATION, format_args!("{parameters:?}"));
                }
            });
        }
    }
    meter.print();
}

/// Every answer of large random mixtures is finite.
#[test]
fn the_largest_shapes() {
    let meter = Meter::new("conditional log-density, largest shapes");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(64);
    for parameters in random_parameters(16, &mut rng) {
        if parameters.dimensions != 16 {
            continue;
        }
        parameters.examine(|mixture, oracle| {
            let mut to = vec![0.0; 16 * 300];
            let count = mixture.modes(&mut to).unwrap();
            assert!(count > 0 && to.iter().all(|t| t.is_finite()));
            let mut memory = vec![0.0; mixture.conditional_len(8)];
            let given: Vec<(usize, f32)> = (0..8).map(|i| (2 * i, to[2 * i])).collect();
            let rest = mixture.conditional(&given, &mut memory).unwrap();
            let free: Vec<f32> = (0..8).map(|i| to[2 * i + 1]).collect();
            let found = f64::from(rest.log_density(&free).unwrap());
            let exact: Vec<(usize, f64)> = given.iter().map(|g| (g.0, g.1.into())).collect();
            let expected = oracle.conditional(&exact).log_density(&free);
            let unit = EPSILON * sensitivity_at(&parameters, oracle, &to[..16], expected);
            let budget = budget::CONDITIONAL_LOG_DENSITY * unit;
            meter.check((found - expected).abs(), budget, format_args!("{given:?}"));
        });
    }
    meter.print();
}
