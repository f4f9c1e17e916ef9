//! The limits within which every answer of a mixture is right: what has no weight shows in no answer,
//! what has one and is out of the limits is refused, and what is within them is answered.

use mdn_infer::format::Covariance;
use mdn_infer::{Level, Mixture, PredictError, Temperature};
use mdn_tests::mixtures::Parameters;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const PROBABILITIES: [f32; 7] = [1e-30, 1e-6, 0.025, 0.5, 0.9, 0.975, 0.999_999];
const TARGETS: [f32; 7] = [f32::MIN, -1e19, -2.0, 0.1, 1.5, 1e19, f32::MAX];

/// Two components of ordinary size.
fn sound(covariance: Covariance) -> Parameters {
    let dimensions = 2;
    let factors = match covariance {
        Covariance::Isotropic => vec![-1.0, 0.2],
        Covariance::Diagonal => vec![-1.0, 0.2, 0.4, -0.3],
        _ => vec![-1.0, 0.2, 0.7, -1.5, 0.4, -0.3],
    };
    Parameters {
        covariance,
        dimensions,
        logits: vec![0.3, -0.2],
        means: vec![-0.5, 0.8, 0.2, -1.1],
        factors,
        shift: vec![0.25, -3.0],
        scale: vec![1.5, 0.75],
    }
}

/// `parameters` with one more component: its logit, its means, its factors.
fn with(parameters: &Parameters, logit: f32, means: &[f32], factors: &[f32]) -> Parameters {
    let k = parameters.logits.len();
    let add = |rows: &[f32], more: &[f32]| -> Vec<f32> {
        let rows = rows.chunks_exact(k).zip(more);
        rows.flat_map(|(row, more)| row.iter().chain([more]).copied())
            .collect()
    };
    Parameters {
        logits: add(&parameters.logits, &[logit]),
        means: add(&parameters.means, means),
        factors: add(&parameters.factors, factors),
        ..parameters.clone()
    }
}

/// Everything that a mixture answers about its density, in bits.
fn answers(mixture: &Mixture<'_>) -> Vec<u32> {
    let mut all = Vec::new();
    let mut to = [0.0; 4];
    mixture.mean(&mut to[..2]).unwrap();
    all.extend(&to[..2]);
    mixture.variance(&mut to[..2]).unwrap();
    all.extend(&to[..2]);
    mixture.standard_deviation(&mut to[..2]).unwrap();
    all.extend(&to[..2]);
    mixture.covariance_into(&mut to).unwrap();
    all.extend(&to);
    // Far out even e^-200 is more than what ordinary components leave there.
    for target in [[0.0, 0.0], [2.0, -4.0]] {
        all.push(mixture.log_density(&target).unwrap());
    }
    for d in 0..2 {
        let marginal = mixture.marginal(d).unwrap();
        all.extend([marginal.mean(), marginal.standard_deviation()]);
        for p in PROBABILITIES {
            all.push(marginal.quantile(p).unwrap());
            all.push(marginal.upper_quantile(p).unwrap());
            all.push(marginal.expected_shortfall(p).unwrap());
            all.push(marginal.upper_expected_shortfall(p).unwrap());
        }
        for y in TARGETS {
            all.push(marginal.cdf(y).unwrap());
            all.push(marginal.survival(y).unwrap());
            if y.abs() < 3.0 {
                all.push(marginal.log_density(y).unwrap());
            }
            all.push(marginal.crps(y).unwrap());
            all.push(marginal.lower_tail_mean(y).unwrap());
            all.push(marginal.upper_tail_mean(y).unwrap());
            all.push(
                marginal
                    .interval_probability(y.min(0.5), y.max(0.5))
                    .unwrap(),
            );
        }
        let mut intervals = [(0.0, 0.0); 3];
        let count = marginal
            .highest_density_region(0.8, &mut intervals)
            .unwrap();
        all.extend(intervals[..count].iter().flat_map(|i| [i.0, i.1]));
    }
    all.into_iter().map(f32::to_bits).collect()
}

/// A component without weight, however wild its other numbers are: by the kind of covariance its means
/// and factors.
fn wild(covariance: Covariance) -> Vec<(Vec<f32>, Vec<f32>)> {
    let means = [[0.0, 0.0], [1e25, -1e25], [f32::MAX, f32::MIN]];
    let factors: &[&[f32]] = match covariance {
        Covariance::Isotropic => &[&[0.0], &[-60.0], &[60.0]],
        Covariance::Diagonal => &[&[0.0, 0.0], &[60.0, -60.0], &[60.0, 60.0]],
        _ => &[
            &[0.0, 1e25, 0.0],
            &[60.0, f32::MAX, 60.0],
            &[60.0, -1e19, -60.0],
            &[-60.0, f32::MIN, 0.0],
        ],
    };
    let pairs = means
        .iter()
        .flat_map(|m| factors.iter().map(|f| (m.to_vec(), f.to_vec())));
    pairs.collect()
}

#[test]
fn a_component_without_weight_shows_in_no_answer() {
    for covariance in Covariance::ALL {
        let alone = sound(covariance);
        for logit in [-200.0, -1e4, f32::MIN] {
            for (means, factors) in wild(covariance) {
                let both = with(&alone, logit, &means, &factors);
                for level in Level::available() {
                    let expected = alone.at_level(level, |mixture, _| answers(mixture));
                    let found = both.at_level(level, |mixture, _| answers(mixture));
                    let what = format!("{covariance:?} {logit} {means:?} {factors:?}");
                    assert_eq!(found, expected, "{what} at {}", level.name());
                }
            }
        }
    }
}

#[test]
fn a_component_with_weight_is_refused_out_of_the_limits() {
    let full = sound(Covariance::Full);
    let refused = [
        with(&full, -1.0, &[7e26, 0.0], &[0.0, 0.0, 0.0]),
        with(&full, -90.0, &[0.0, -1e27], &[0.0, 0.0, 0.0]),
        with(&full, 0.0, &[0.0, 0.0], &[0.0, 1e38, 0.0]),
        with(&full, -100.0, &[0.0, 0.0], &[60.0, 1e3, 0.0]),
        with(
            &sound(Covariance::Diagonal),
            0.0,
            &[0.0, 6.2e26],
            &[0.0, 0.0],
        ),
    ];
    for parameters in refused {
        let file = parameters.model();
        let model = file.model();
        let mut working = vec![0.0; model.working_len().max(model.batch_working_len())];
        let mut rows = vec![0.0; 2 * model.mixture_len()];
        for level in Level::available() {
            let alone = model.predict(level, &[0.0], &mut working);
            assert_eq!(alone.err(), Some(PredictError::Overflow), "{parameters:?}");
            let batch = model.predict_batch(level, &[0.0, 1.0], &mut rows, &mut working);
            let error = PredictError::OverflowInRow { row: 0 };
            assert_eq!(batch.err(), Some(error), "{parameters:?}");
            let free = model.predict_without_limits(level, &[0.0], &mut working);
            assert!(free.is_ok());
        }
    }
}

/// Within `tolerance` of the right value.
#[track_caller]
fn assert_near(found: f32, right: f64, tolerance: f64) {
    let error = (f64::from(found) - right).abs() / right.abs();
    assert!(error <= tolerance, "{found:e}, not {right:e}");
}

/// √(Σ πₖ (σₖ² + (μₖ − E)²)) of (weight, mean, scale).
fn deviation(components: &[(f32, f32, f32)]) -> f64 {
    let wide = components
        .iter()
        .map(|&(w, m, s)| (f64::from(w), f64::from(m), f64::from(s)));
    let total: f64 = wide.clone().map(|c| c.0).sum();
    let mean = wide.clone().map(|c| c.0 * c.1).sum::<f64>() / total;
    let variance = wide
        .map(|(w, m, s)| w * (s * s + (m - mean).powi(2)))
        .sum::<f64>();
    (variance / total).sqrt()
}

#[test]
fn moments_keep_what_is_small_beside_what_is_large_and_light() {
    let cases: [&[(f32, f32, f32)]; 8] = [
        &[(1.0, 0.3, 1e-3), (1e-38, 0.0, 1e18)],
        &[(1.0, 0.0, 1e-15), (1e-38, 3e17, 1.0)],
        &[(1.0, 0.0, 1e-12), (1e-37, 0.0, 1e24)],
        &[(1.0, 0.0, 1e-25)],
        &[(1.0, 6e26, 1.0), (1e-20, -6e26, 1e20)],
        &[(0.5, 3e26, 1e21), (0.5, 3e26, 1e21)],
        // Means that agree, far out beside their scale.
        &[(0.7, -5.123e8, 9e-4), (0.3, -5.123e8, 9e-4)],
        &[(0.2, 1.5e18, 1e3), (0.5, 1.5e18, 2e3), (0.3, 1.5e18, 1e3)],
    ];
    for case in cases {
        Parameters::univariate(case).at_every_level(|mixture, _| {
            let marginal = mixture.marginal(0).unwrap();
            assert_near(marginal.standard_deviation(), deviation(case), 1e-3);
        });
    }
}

/// A draw is a number, or an error where its scales were multiplied out of binary32.
#[test]
fn a_temperature_beyond_binary32_is_an_overflow() {
    let narrow = with(
        &sound(Covariance::Full),
        50.0,
        &[0.0, 0.0],
        &[60.0, 0.0, 0.0],
    );
    for level in Level::available() {
        narrow.at_level(level, |mixture, _| {
            let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
            let mut to = [0.0; 2];
            let hot = Temperature {
                weights: 1.0,
                scale: 1e38,
            };
            let drawn = mixture.sample_at(&mut rng, hot, &mut to);
            assert_eq!(drawn, Err(PredictError::Overflow));
            mixture
                .sample_at(&mut rng, Temperature::default(), &mut to)
                .unwrap();
            assert!(to.iter().all(|t| t.is_finite()), "{to:?}");
        });
    }
}

#[test]
fn raw_units_near_the_ends_of_binary32_have_answers() {
    let parameters = Parameters {
        shift: vec![3e38],
        scale: vec![2e38],
        ..Parameters::univariate(&[(1.0, 0.0, 1.0)])
    };
    parameters.at_every_level(|mixture, _| {
        let marginal = mixture.marginal(0).unwrap();
        // Φ(−3.2) and Φ(−3)
        assert_near(
            marginal.cdf(-3.4e38).unwrap(),
            6.871_379_379_158_484e-4,
            1e-5,
        );
        assert_near(
            marginal.cdf(-3e38).unwrap(),
            1.349_898_031_630_094_6e-3,
            1e-5,
        );
        // 3 − 2 · 1.5 by 10³⁸, at Φ(−2.5)
        let quantile = marginal.quantile(6.209_665_3e-3).unwrap();
        assert_near(quantile, -2e38, 1e-5);
        // Φ(0.1) − Φ(−3), between ends whose difference is out of binary32
        let between = marginal.interval_probability(-3e38, 3.2e38).unwrap();
        assert_near(between, 0.538_477_939_24, 1e-5);
    });
}
