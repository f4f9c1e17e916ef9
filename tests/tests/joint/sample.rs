//! Draws at other temperatures, and many at once.

use mdn_infer::format::Covariance;
use mdn_infer::{PredictError, Temperature};
use mdn_tests::budget::{self, Meter};
use mdn_tests::mixtures::{Parameters, random_parameters};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::same_bits;

#[test]
fn many_draws_are_single_draws_in_order() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(50);
    for parameters in random_parameters(16, &mut rng) {
        let d = parameters.dimensions;
        let mut levels = None;
        parameters.at_every_level(|mixture, _| {
            let mut many = vec![0.0; 5 * d];
            let mut components = [0; 5];
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(51);
            mixture
                .samples(&mut rng, &mut many, Some(&mut components))
                .unwrap();
            same_bits(&mut levels, &many);
            let mut single = Xoshiro256PlusPlus::seed_from_u64(51);
            let mut neutral = single.clone();
            let mut to = vec![0.0; d];
            for (row, k) in many.chunks(d).zip(components) {
                assert_eq!(mixture.sample(&mut single, &mut to), Ok(k));
                same_bits(&mut None, &to);
                assert_eq!(to, row);
                let drawn = mixture.sample_at(&mut neutral, Temperature::default(), &mut to);
                assert_eq!((drawn, &to[..]), (Ok(k), row));
            }
            assert_eq!(single, neutral);
            assert_eq!(single, rng);
        });
    }
}

#[test]
fn a_cold_draw_is_the_heaviest_mean() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(52);
    for parameters in random_parameters(8, &mut rng) {
        parameters.examine(|mixture, _| {
            let cold = Temperature {
                weights: 0.0,
                scale: 0.0,
            };
            let mut to = vec![0.0; parameters.dimensions];
            let k = mixture.sample_at(&mut rng, cold, &mut to).unwrap();
            assert_eq!(k, mixture.best_component());
            let best = mixture.component(k).unwrap();
            for (d, value) in to.iter().enumerate() {
                assert_eq!(*value, best.mean(d));
            }
            let all = mixture.log_weights();
            assert!(all.iter().all(|w| *w <= best.log_weight()));
        });
    }
}

/// 40 000 draws: a frequency p is known to about √(p/40 000) ≤ 0.0025, a variance to about
/// √(2/40 000) = 0.007 of itself; the bounds are four of those and more.
#[test]
fn temperatures_change_weights_and_variances_as_they_say() {
    let parameters = Parameters::univariate(&[(0.7, -5.0, 1.0), (0.2, 0.0, 2.0), (0.1, 9.0, 0.5)]);
    parameters.examine(|mixture, _| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(53);
        for (weights, scale) in [
            (0.5, 2.0),
            (3.0, 0.25),
            (1.0, 1.0),
            (1e-30, 1.0),
            (1e30, 4.0),
        ] {
            let temperature = Temperature { weights, scale };
            let (mut counts, mut squares) = ([0.0; 3], [0.0; 3]);
            for _ in 0..40_000 {
                let mut to = [0.0];
                let k = mixture.sample_at(&mut rng, temperature, &mut to).unwrap();
                counts[k] += 1.0;
                let component = mixture.component(k).unwrap();
                let z = f64::from((to[0] - component.mean(0)) / component.scale(0));
                squares[k] += z * z;
            }
            let powers = [0.7_f64, 0.2, 0.1].map(|w| (w.ln() / f64::from(weights)).exp());
            let powers = if weights < 1e-3 {
                [1.0, 0.0, 0.0]
            } else {
                powers
            };
            let total: f64 = powers.iter().sum();
            for k in 0..3 {
                let share = powers[k] / total;
                assert!(
                    (counts[k] / 40_000.0 - share).abs() < 0.011,
                    "{temperature:?}"
                );
                if counts[k] > 4_000.0 {
                    let variance = squares[k] / counts[k] / f64::from(scale);
                    assert!((variance - 1.0).abs() < 0.09, "{temperature:?}: {variance}");
                }
            }
        }
    });
}

/// Rosenblatt's transform (1952): the distribution function of each dimension given those before
/// it is uniform over the draws. Kolmogorov's statistic exceeds 2.5 with probability 7.5e-6.
#[test]
fn draws_of_full_covariance_follow_their_conditionals() {
    const DRAWS: usize = 10_000;
    let meter = Meter::new("draws, Kolmogorov, of full covariance");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(55);
    for dimensions in [2, 4] {
        let parameters = Parameters::random(Covariance::Full, 3, dimensions, &mut rng);
        parameters.examine(|mixture, oracle| {
            let mut levels = vec![Vec::with_capacity(DRAWS); dimensions];
            let mut draw = vec![0.0; dimensions];
            for _ in 0..DRAWS {
                mixture.sample(&mut rng, &mut draw).unwrap();
                let wide: Vec<(usize, f64)> = draw.iter().map(|&y| y.into()).enumerate().collect();
                for (d, levels) in levels.iter_mut().enumerate() {
                    let next = oracle.conditional(&wide[..d]).marginal(0);
                    levels.push(next.cdf(wide[d].1));
                }
            }
            for levels in levels {
                let statistic = mdn_tests::kolmogorov(levels);
                meter.check(statistic, budget::DRAWS_KOLMOGOROV, dimensions);
            }
        });
    }
    meter.print();
}

#[test]
fn wrong_requests_are_refused_before_a_draw() {
    let parameters = Parameters::univariate(&[(1.0, 0.0, 1.0)]);
    parameters.examine(|mixture, _| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(54);
        let before = rng.clone();
        for wrong in [-1.0, f32::NAN, f32::INFINITY] {
            let hot = Temperature {
                weights: wrong,
                scale: 1.0,
            };
            let wide = Temperature {
                weights: 1.0,
                scale: wrong,
            };
            for temperature in [hot, wide] {
                let result = mixture.sample_at(&mut rng, temperature, &mut [0.0]);
                assert_eq!(result, Err(PredictError::NotATemperature));
            }
        }
        assert!(
            mixture
                .samples(&mut rng, &mut [0.0; 3], Some(&mut [0; 2]))
                .is_err()
        );
        assert!(mixture.sample(&mut rng, &mut [0.0; 2]).is_err());
        assert_eq!(mixture.samples(&mut rng, &mut [], None), Ok(()));
        assert_eq!(rng, before);
    });
}
