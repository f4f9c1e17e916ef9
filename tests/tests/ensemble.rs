//! Ensembles: the mixture of all networks' mixtures, against the networks as models of their own and
//! against their mean in binary64. Hostile files of ensembles are in `hostile.rs`.

use mdn_infer::format::Storage;
use mdn_infer::{Level, Mixture, Model};
use mdn_tests::{
    cases, networks_in_f32, random_ensemble, random_input, random_model, random_shape,
};
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::quantize;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::{Xoshiro128PlusPlus, Xoshiro256PlusPlus};

/// An ensemble of 2 to 5 networks of a random shape.
fn ensemble(rng: &mut Xoshiro256PlusPlus) -> ModelFile {
    let (shape, members) = (random_shape(rng), rng.random_range(2..=5));
    random_ensemble(&shape, members, 2, rng)
}

/// The networks of `model` as models of their own.
fn networks(model: &Model<'_>) -> Vec<ModelFile> {
    let files = (0..model.members()).map(|member| networks_in_f32(model, &[member], &[]));
    files.collect()
}

/// The mixtures of all networks at `x`, handed to `ask` one after the other.
fn each_network(files: &[ModelFile], x: &[f32], mut ask: impl FnMut(usize, Mixture<'_>)) {
    for (member, file) in files.iter().enumerate() {
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let mixture = model.predict(Level::detect(), x, &mut working);
        ask(member, mixture.expect("a finite input"));
    }
}

/// Means and scales of network m's components have the bits that they have in a file of its own;
/// their weights are an M-th of those.
#[test]
fn components_are_those_of_the_networks() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    for _ in 0..cases(200) {
        let file = ensemble(&mut rng);
        let model = file.model();
        let x = random_input(&model, &mut rng);
        let mut working = vec![0.0; model.working_len()];
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        assert_eq!(mixture.len(), model.components());
        let share = (model.members() as f64).ln();
        each_network(&networks(&model), &x, |member, own| {
            for (k, expected) in own.components().enumerate() {
                let found = mixture.component(member * own.len() + k).unwrap();
                for d in 0..model.dimensions() {
                    assert_eq!(found.mean(d).to_bits(), expected.mean(d).to_bits());
                    assert_eq!(found.scale(d).to_bits(), expected.scale(d).to_bits());
                }
                let log_weight = f64::from(expected.log_weight()) - share;
                let error = (f64::from(found.log_weight()) - log_weight).abs();
                // Each of two subtractions and two logarithms may round by half a unit or one.
                let budget = 4.0 * f64::from(f32::EPSILON) * (1.0 + log_weight.abs());
                assert!(error <= budget, "{error} at ln π = {log_weight}");
            }
        });
        let total: f64 = mixture.components().map(|c| f64::from(c.weight())).sum();
        assert!((total - 1.0).abs() < 1e-5, "{total}");
    }
}

/// Densities, distribution functions, means and variances are those of the mean of the networks'
/// densities, computed in binary64 from the answers of each network alone.
#[test]
fn answers_are_those_of_the_mean_of_the_densities() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for _ in 0..cases(200) {
        let file = ensemble(&mut rng);
        let model = file.model();
        let files = networks(&model);
        let x = random_input(&model, &mut rng);
        let mut working = vec![0.0; model.working_len()];
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        let mut target = vec![0.0; model.dimensions()];
        mixture.sample(&mut rng, &mut target).unwrap();
        let share = 1.0 / model.members() as f64;
        let log_density = f64::from(mixture.log_density(&target).unwrap());
        let mut density = 0.0;
        each_network(&files, &x, |_, own| {
            density += share * (f64::from(own.log_density(&target).unwrap()) - log_density).exp();
        });
        // Relative: the roundings of two log-densities, of the size of their largest terms.
        let budget = 1e-5 * (1.0 + log_density.abs());
        assert!((density - 1.0).abs() < budget, "{density}");
        for (d, &t) in target.iter().enumerate() {
            compare_margin(&files, &x, &mixture, (d, t));
        }
    }
}

/// Dimension `d` of `mixture` at `t` and its quantiles against the networks' margins.
fn compare_margin(files: &[ModelFile], x: &[f32], mixture: &Mixture<'_>, (d, t): (usize, f32)) {
    let share = 1.0 / files.len() as f64;
    let margin = mixture.marginal(d).unwrap();
    let mean_cdf = |t: f32| {
        let mut cdf = 0.0;
        each_network(files, x, |_, own| {
            cdf += share * f64::from(own.marginal(d).unwrap().cdf(t).unwrap());
        });
        cdf
    };
    assert!((f64::from(margin.cdf(t).unwrap()) - mean_cdf(t)).abs() < 1e-6);
    for p in [0.05, 0.5, 0.9] {
        let quantile = margin.quantile(p).unwrap();
        // The distribution function just below and at the quantile has p between its values.
        let (below, at) = (mean_cdf(quantile.next_down()), mean_cdf(quantile));
        let p = f64::from(p);
        assert!(below <= p + 2e-6 && p <= at + 2e-6, "{below} {p} {at}");
    }
    let (mut mean, mut square) = (0.0, 0.0);
    let mut spread: f64 = 0.0;
    each_network(files, x, |_, own| {
        let own = own.marginal(d).unwrap();
        let (m, s) = (f64::from(own.mean()), f64::from(own.standard_deviation()));
        mean += share * m;
        square += share * (m * m + s * s);
        spread = spread.max(m.abs() + s);
    });
    assert!((f64::from(margin.mean()) - mean).abs() < 1e-5 * spread);
    let deviation = f64::from(margin.standard_deviation());
    assert!((deviation * deviation - (square - mean * mean)).abs() < 1e-4 * spread * spread);
}

/// Every storage and every level: the same bits, golden vectors included.
#[test]
fn every_level_and_storage_agrees() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for case in 0..cases(100) {
        let mut file = ensemble(&mut rng);
        let storage = Storage::ALL[case % Storage::ALL.len()];
        if storage != Storage::F32 {
            file = quantize(&file.model(), storage).unwrap();
        }
        let model = file.model();
        assert_eq!((model.storage(), model.header().version()), (storage, 3));
        let mut hashes = Level::available().map(|level| {
            let report = model.self_test(level, &mut vec![0.0; model.working_len()]);
            let report = report.unwrap();
            assert!(report.passed(), "{}: {report}", level.name());
            report.output_hash
        });
        let first = hashes.next();
        assert!(hashes.all(|hash| Some(hash) == first));
    }
}

/// Several times the same network is that network.
#[test]
fn equal_networks_change_no_density() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let alone = random_model(&random_shape(&mut rng), 0, &mut rng);
    let alone = alone.model();
    let thrice = networks_in_f32(&alone, &[0; 3], &[]);
    let thrice = thrice.model();
    let mut working = [
        vec![0.0; alone.working_len()],
        vec![0.0; thrice.working_len()],
    ];
    let [one, three] = &mut working;
    for _ in 0..50 {
        let x = random_input(&alone, &mut rng);
        let one = alone.predict(Level::detect(), &x, one).unwrap();
        let three = thrice.predict(Level::detect(), &x, three).unwrap();
        let mut target = vec![0.0; alone.dimensions()];
        one.sample(&mut Xoshiro128PlusPlus::seed_from_u64(1), &mut target)
            .unwrap();
        let (a, b) = (
            one.log_density(&target).unwrap(),
            three.log_density(&target).unwrap(),
        );
        assert!((a - b).abs() < 1e-5 * (1.0 + a.abs()), "{a} {b}");
    }
}
