//! The engine against the binary64 oracle, and its levels against each other, on random models.

use mdn_infer::format::{Activation, Covariance, ScaleMap};
use mdn_infer::{Level, Mixture, Model};
use mdn_tests::budget::{self, Meter};
use mdn_tests::{Shape, cases, head, random_ensemble, random_input, random_model, random_shape};
use mdn_train::oracle::{Oracle, OracleMixture};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

const MODELS: usize = 400;

static DENSITY: Meter = Meter::new("networks, log-density");
static LOG_WEIGHT: Meter = Meter::new("networks, log-weight");
static MEAN: Meter = Meter::new("networks, mean");
static SCALE: Meter = Meter::new("networks, scale");
static VARIANCE: Meter = Meter::new("networks, variance");

/// The error that roundings may leave in the log-density at `target`, to first order: each
/// network output is off by a few units in the last place of the terms it sums, and so is each
/// whitened distance.
fn log_density_budget(model: &Model<'_>, mixture: &Mixture<'_>, x: &[f32], target: &[f32]) -> f64 {
    let magnitudes = Oracle::new(model).magnitudes(x);
    let (k_count, d_count) = (mixture.len(), mixture.dimensions());
    let magnitude = |row: usize, k: usize| magnitudes[row * k_count + k];
    let mut responsibilities = vec![0.0; k_count];
    mixture
        .responsibilities(target, &mut responsibilities)
        .unwrap();
    let mut sensitivity = 1.0;
    for component in mixture.components() {
        let k = component.index();
        let responsibility = f64::from(responsibilities[k]);
        let mut distances = 0.0;
        for i in 0..d_count {
            let mut whitened: f64 = 0.0;
            let mut terms = 0.0;
            let units = target.iter().zip(model.target_scale()).take(i + 1);
            for (j, (&t, &unit)) in units.enumerate() {
                let entry = f64::from(component.precision_factor(i, j));
                let difference = f64::from(t) - f64::from(component.mean(j));
                whitened += entry * difference;
                let unit = f64::from(unit);
                let own = difference.abs() + unit * magnitude(1 + j, k);
                let factor = match mixture.covariance() {
                    Covariance::Isotropic => magnitude(1 + d_count, k),
                    Covariance::Diagonal => magnitude(1 + d_count + i, k),
                    _ => magnitude(1 + d_count + i * (i + 1) / 2 + j, k),
                };
                // A diagonal entry errs relative to itself, another by its own terms.
                let off_diagonal = if i == j {
                    entry.abs() * factor
                } else {
                    factor / unit
                };
                terms += entry.abs() * own + off_diagonal * difference.abs();
            }
            distances += whitened.abs() * terms + magnitude(1 + d_count, k);
        }
        sensitivity += responsibility * (magnitude(0, k) + distances)
            + f64::from(component.weight()) * magnitude(0, k);
    }
    let roundings = model.layers().len() as f64;
    budget::NETWORK_LOG_DENSITY * roundings * sensitivity * f64::from(f32::EPSILON)
}

fn compare(model: &Model<'_>, mixture: &Mixture<'_>, x: &[f32], target: &[f32]) {
    let oracle = Oracle::new(model).predict(x);
    let log_density = oracle.log_density(target);
    let error = (f64::from(mixture.log_density(target).unwrap()) - log_density).abs();
    let budget = log_density_budget(model, mixture, x, target);
    DENSITY.check(error, budget, format_args!("log p = {log_density}"));
    let (mean, variance) = (oracle.mean(), oracle.variance());
    let mut found = vec![0.0; target.len()];
    mixture.mean(&mut found).unwrap();
    let spread = variance.map(f64::sqrt);
    for d in 0..target.len() {
        let expected = mean[d];
        let budget = budget::NETWORK_MEAN * (spread[d] + expected.abs());
        MEAN.check((f64::from(found[d]) - expected).abs(), budget, expected);
    }
    mixture.variance(&mut found).unwrap();
    for d in 0..target.len() {
        let error = (f64::from(found[d]) / variance[d] - 1.0).abs();
        VARIANCE.check(error, budget::NETWORK_VARIANCE, variance[d]);
    }
    for (component, covariance) in mixture.components().zip(&oracle.covariances) {
        let k = component.index();
        let error = (f64::from(component.log_weight()) - oracle.log_weights[k]).abs();
        LOG_WEIGHT.check(error, budget::NETWORK_LOG_WEIGHT, k);
        for d in 0..target.len() {
            let scale = covariance[(d, d)].sqrt();
            let error = (f64::from(component.scale(d)) / scale - 1.0).abs();
            SCALE.check(error, budget::NETWORK_SCALE, scale);
            let mean = oracle.means[k][d];
            let budget = budget::NETWORK_MEAN * (spread[d] + mean.abs());
            MEAN.check((f64::from(component.mean(d)) - mean).abs(), budget, mean);
        }
    }
}

#[test]
fn random_models_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for case in 0..cases(MODELS) {
        let shape = random_shape(&mut rng);
        // Every fourth is an ensemble.
        let members = if case % 4 == 3 { 3 } else { 1 };
        let file = random_ensemble(&shape, members, 0, &mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        for _ in 0..5 {
            let x = random_input(&model, &mut rng);
            let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
            let mut target = vec![0.0; model.dimensions()];
            mixture.sample(&mut rng, &mut target).unwrap();
            compare(&model, &mixture, &x, &target);
        }
    }
    for meter in [&DENSITY, &LOG_WEIGHT, &MEAN, &SCALE, &VARIANCE] {
        meter.print();
    }
}

#[test]
fn every_level_has_the_same_bits() {
    let levels: Vec<Level> = Level::available().collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for _ in 0..cases(MODELS) {
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

#[test]
fn a_head_of_more_outputs_than_16_bits_count_agrees_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let head = head(1024, 10, Covariance::Full, ScaleMap::Exp);
    assert_eq!(head.outputs(), 67_584);
    let shape = Shape {
        widths: vec![1],
        activation: Activation::Identity,
        head,
    };
    let file = random_model(&shape, 1, &mut rng);
    let model = file.model();
    for level in Level::available() {
        assert!(self_test(&model, level).passed(), "{level:?}");
    }
    let x = random_input(&model, &mut rng);
    let oracle = Oracle::new(&model).predict(&x);
    let mut working = vec![0.0; model.working_len()];
    let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
    for component in mixture.components() {
        let k = component.index();
        let error = (f64::from(component.log_weight()) - oracle.log_weights[k]).abs();
        LOG_WEIGHT.check(error, budget::NETWORK_LOG_WEIGHT, k);
        for d in 0..10 {
            let mean = oracle.means[k][d];
            let spread = oracle.covariances[k][(d, d)].sqrt();
            let error = (f64::from(component.mean(d)) - mean).abs();
            MEAN.check(error, budget::NETWORK_MEAN * (spread + mean.abs()), mean);
        }
    }
}

fn self_test(model: &Model<'_>, level: Level) -> mdn_infer::SelfTest {
    model
        .self_test(level, &mut vec![0.0; model.working_len()])
        .unwrap()
}

#[test]
fn responsibilities_are_a_distribution() {
    let meter = Meter::new("networks, responsibility");
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
            let error = (f64::from(*found) - share).abs();
            meter.check(error, budget::NETWORK_RESPONSIBILITY, k);
        }
    }
    meter.print();
}
