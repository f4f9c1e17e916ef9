//! The engine against the binary64 oracle, and its levels against each other, on random models.

use mdn_infer::{Level, Mixture, Model};
use mdn_tests::{random_input, random_model, random_shape};
use mdn_train::oracle::{Oracle, OracleMixture};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

const MODELS: u64 = 400;

/// |found − expected| in units of max(1, |expected|).
fn error(found: f32, expected: f64) -> f64 {
    (f64::from(found) - expected).abs() / expected.abs().max(1.0)
}

fn compare(mixture: &Mixture<'_>, oracle: &OracleMixture, target: &[f32]) {
    let log_density = oracle.log_density(target);
    // Kernels of unit gain keep rounding errors near 1e-6 before the exponentials; a distance of
    // many scales multiplies them, and the log-density in proportion.
    assert!(error(mixture.log_density(target).unwrap(), log_density) < 2e-5);
    let (mean, variance) = (oracle.mean(), oracle.variance());
    let mut found = vec![0.0; target.len()];
    mixture.mean(&mut found).unwrap();
    let spread = variance.map(f64::sqrt);
    for d in 0..target.len() {
        let expected = mean[d];
        assert!((f64::from(found[d]) - expected).abs() < 1e-5 * (spread[d] + expected.abs()));
    }
    mixture.variance(&mut found).unwrap();
    for d in 0..target.len() {
        assert!((f64::from(found[d]) / variance[d] - 1.0).abs() < 1e-4);
    }
    for (component, covariance) in mixture.components().zip(&oracle.covariances) {
        let k = component.index();
        assert!((f64::from(component.log_weight()) - oracle.log_weights[k]).abs() < 2e-5);
        for d in 0..target.len() {
            let scale = covariance[(d, d)].sqrt();
            assert!((f64::from(component.scale(d)) / scale - 1.0).abs() < 1e-4);
            let mean = oracle.means[k][d];
            assert!((f64::from(component.mean(d)) - mean).abs() < 1e-5 * (spread[d] + mean.abs()));
        }
    }
}

#[test]
fn random_models_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for _ in 0..MODELS {
        let shape = random_shape(&mut rng);
        let file = random_model(&shape, 0, &mut rng);
        let model = file.model();
        let oracle = Oracle::new(&model);
        let mut working = vec![0.0; model.working_len()];
        for _ in 0..5 {
            let x = random_input(&model, &mut rng);
            let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
            let mut target = vec![0.0; model.dimensions()];
            mixture.sample(&mut rng, &mut target).unwrap();
            compare(&mixture, &oracle.predict(&x), &target);
        }
    }
}

#[test]
fn every_level_has_the_same_bits() {
    let levels: Vec<Level> = Level::available().collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for _ in 0..MODELS {
        let shape = random_shape(&mut rng);
        let file = random_model(&shape, 3, &mut rng);
        let reports = levels.iter().map(|&level| self_test(&file.model(), level));
        let hashes: Vec<u64> = reports
            .map(|report| {
                assert!(report.passed(), "{shape:?}: {report:?}");
                report.output_hash
            })
            .collect();
        assert!(
            hashes.iter().all(|hash| *hash == hashes[0]),
            "{shape:?}: {hashes:x?}"
        );
    }
}

fn self_test(model: &Model<'_>, level: Level) -> mdn_infer::SelfTest {
    model
        .self_test(level, &mut vec![0.0; model.working_len()])
        .unwrap()
}

#[test]
fn responsibilities_are_a_distribution() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for _ in 0..100 {
        let file = random_model(&random_shape(&mut rng), 0, &mut rng);
        let model = file.model();
        let oracle = Oracle::new(&model);
        let mut working = vec![0.0; model.working_len()];
        let x = random_input(&model, &mut rng);
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        let mut target = vec![0.0; model.dimensions()];
        mixture.sample(&mut rng, &mut target).unwrap();
        let mut responsibilities = vec![0.0; mixture.len()];
        mixture
            .responsibilities(&target, &mut responsibilities)
            .unwrap();
        let sum: f32 = responsibilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        let expected = oracle.predict(&x);
        let total = expected.log_density(&target);
        for (k, found) in responsibilities.iter().enumerate() {
            let single = OracleMixture {
                log_weights: vec![expected.log_weights[k]],
                means: vec![expected.means[k].clone()],
                covariances: vec![expected.covariances[k].clone()],
            };
            let share = (single.log_density(&target) - total).exp();
            assert!((f64::from(*found) - share).abs() < 1e-4);
        }
    }
}
