//! The predicted means, standard deviations and correlations are those of the truth, whatever components
//! of no weight do; and where they are not, a diagnostic says so.

use std::ops::ControlFlow;

use mdn_infer::format::{Covariance, Head, ScaleMap};
use mdn_train::data::{Dataset, NumericTable};
use mdn_train::diagnose::{Seen, diagnose};
use mdn_train::draft::{Columns, ModelDraft};
use mdn_train::fit::{FitConfig, Fitted, fit};
use mdn_train::metrics::{map_rows, score};
use mdn_train::model_file::ModelFile;
use mdn_train::network::{Architecture, Network};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

fn uniform(rng: &mut SplitMix64) -> f64 {
    rng.next_u32() as f64 / 4_294_967_296.0
}

/// Roughly normal: the sum of twelve uniforms less six.
fn normal(rng: &mut SplitMix64) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

fn table(
    names: &[&str],
    rows: usize,
    seed: u64,
    row: fn(&mut SplitMix64) -> Vec<f64>,
) -> NumericTable {
    let mut rng = SplitMix64::seed_from_u64(seed);
    let columns = names.iter().map(|&name| name.to_owned()).collect();
    NumericTable::new(columns, (0..rows).flat_map(|_| row(&mut rng)).collect())
}

/// y = 100 x + 200 w + noise of standard deviation 20.
fn plane(rows: usize, seed: u64) -> Dataset {
    let row = |rng: &mut SplitMix64| {
        let (x, w) = (10.0 * uniform(rng), uniform(rng));
        vec![x, w, 100.0 * x + 200.0 * w + 20.0 * normal(rng)]
    };
    Dataset::from_numeric(table(&["x", "w", "y"], rows, seed, row), 2).unwrap()
}

/// Two targets on lines over x, with noise of standard deviation 1 and correlation 0.8.
fn pair(rows: usize, seed: u64) -> Dataset {
    let row = |rng: &mut SplitMix64| {
        let (x, a, b) = (10.0 * uniform(rng), normal(rng), normal(rng));
        vec![x, 5.0 * x + a, -2.0 * x + 0.8 * a + 0.6 * b]
    };
    Dataset::from_numeric(table(&["x", "a", "b"], rows, seed, row), 1).unwrap()
}

fn fitted(data: &Dataset, config: &FitConfig) -> Fitted {
    fit(data, config, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// The root mean square of (y − mean) / sd over fresh rows of one target, and the median sd.
fn deviations(fitted: &Fitted, fresh: &Dataset) -> (f64, f32) {
    let rows = map_rows(&fitted.file.model(), fresh, |row, mixture| {
        let (mut mean, mut deviation) = ([0.0], [0.0]);
        mixture.mean(&mut mean)?;
        mixture.standard_deviation(&mut deviation)?;
        let z = f64::from((fresh.target(row)[0] - mean[0]) / deviation[0]);
        Ok((z * z, deviation[0]))
    })
    .unwrap();
    let square = rows.iter().map(|(square, _)| square).sum::<f64>() / rows.len() as f64;
    let mut deviations: Vec<f32> = rows.iter().map(|&(_, deviation)| deviation).collect();
    deviations.sort_by(f32::total_cmp);
    (square.sqrt(), deviations[rows.len() / 2])
}

fn warned(file: &ModelFile, data: &Dataset) -> bool {
    let model = file.model();
    let scores = score(&model, data).unwrap();
    let found = diagnose(&model, data, &scores, Seen::Others).unwrap();
    found.iter().any(|found| found.code == "wide-moments")
}

/// 3,000 fresh rows know the root mean square to 1.3%, 1,800 training rows the noise to 1.7%.
#[test]
fn the_noise_of_a_plane_is_reported_as_it_is() {
    let (data, fresh) = (plane(2000, 1), plane(3000, 2));
    let with = fitted(&data, &FitConfig::default());
    let (error, deviation) = deviations(&with, &fresh);
    assert!((0.95..1.05).contains(&error), "{error}");
    assert!((19.0..21.0).contains(&deviation), "{deviation}");
    assert!(!warned(&with.file, &fresh));
}

/// A standard normal and a component of this weight 100 away, whatever the input.
fn with_idle_component(weight: f32) -> ModelFile {
    let architecture = Architecture {
        inputs: 2,
        hidden: vec![],
        head: Head {
            components: 2,
            dimensions: 1,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            log_scale_min: -7.0,
            log_scale_max: 7.0,
        },
    };
    let mut parameters = vec![0.0; architecture.parameters()];
    let bias = parameters.len() - architecture.head.outputs();
    parameters[bias..].copy_from_slice(&[0.0, weight.ln(), 0.0, 100.0, 0.0, 0.0]);
    let network = Network {
        architecture,
        parameters,
    };
    let columns = |names: &[&str]| {
        Columns::identity(names.iter().map(|&name| (name.to_owned(), None)).collect())
    };
    let draft = ModelDraft::of_networks(&[&network], columns(&["x", "w"]), columns(&["y"]));
    draft.unwrap().finish(&[(&[0.0, 0.0], &[0.0])]).unwrap()
}

/// Its variance is 1 + 10⁻⁴ 100² = 2, its quantiles are those of the standard normal to within 10⁻⁴.
#[test]
fn a_diagnostic_warns_of_moments_that_an_idle_component_decides() {
    let row = |rng: &mut SplitMix64| vec![uniform(rng), uniform(rng), normal(rng)];
    let fresh = Dataset::from_numeric(table(&["x", "w", "y"], 1000, 5, row), 2).unwrap();
    assert!(warned(&with_idle_component(1e-4), &fresh));
    assert!(!warned(&with_idle_component(1e-7), &fresh));
}

/// Without the score it is some 0.4.
#[test]
fn a_correlation_is_not_hidden() {
    let (data, fresh) = (pair(1500, 3), pair(1000, 4));
    let config = FitConfig {
        covariance: Covariance::Full,
        ..FitConfig::default()
    };
    let with = fitted(&data, &config);
    let mut correlations = map_rows(&with.file.model(), &fresh, |_, mixture| {
        let mut matrix = [0.0; 4];
        mixture.covariance_into(&mut matrix)?;
        Ok(matrix[1] / (matrix[0] * matrix[3]).sqrt())
    })
    .unwrap();
    correlations.sort_by(f32::total_cmp);
    let median = correlations[correlations.len() / 2];
    assert!((0.77..0.83).contains(&median), "{median}");
}
