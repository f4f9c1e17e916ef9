//! Verification of models that are hard to verify.

use mdn_infer::Level;
use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use mdn_train::data::Standardiser;
use mdn_train::draft::{Columns, ModelDraft};
use mdn_train::model_file::ModelFile;
use mdn_train::network::{Architecture, HiddenLayer, Initialisation, Network};
use mdn_train::oracle::{Oracle, OracleMixture};
use mdn_train::verify::{Verification, verify};
use nalgebra::{DMatrix, DVector};

fn network(inputs: usize, dimensions: u8, covariance: Covariance) -> Network {
    let architecture = Architecture {
        inputs,
        hidden: HiddenLayer::dense(&[4], Activation::Relu),
        head: Head {
            components: 3,
            dimensions,
            covariance,
            scale_map: ScaleMap::Exp,
            log_scale_min: -7.0,
            log_scale_max: 7.0,
        },
    };
    Network::initialise(&architecture, Initialisation::Spread, &[], 0)
}

/// The network as a file whose targets have this scale.
fn file(network: &Network, target_scale: f32) -> ModelFile {
    let (inputs, dimensions) = (
        network.architecture.inputs,
        usize::from(network.architecture.head.dimensions),
    );
    let names = |prefix: &str, count: usize| -> Vec<(String, Option<String>)> {
        (0..count).map(|i| (format!("{prefix}{i}"), None)).collect()
    };
    let targets = Columns {
        names: names("t", dimensions),
        standardiser: Standardiser {
            shift: vec![0.0; dimensions],
            scale: vec![target_scale; dimensions],
        },
    };
    let inputs_as_they_are = Columns::identity(names("x", inputs));
    let draft = ModelDraft::of_networks(&[network], inputs_as_they_are, targets).unwrap();
    let row = (&*vec![0.0; inputs], &*vec![0.0; dimensions]);
    draft.finish(&[row]).unwrap()
}

fn found(network: &Network, target_scale: f32) -> Verification {
    verify(&file(network, target_scale).model(), Level::detect()).unwrap()
}

#[test]
fn the_targets_units_do_not_matter() {
    let network = network(2, 3, Covariance::Diagonal);
    let ordinary = found(&network, 1.0);
    assert!(ordinary.compared > 4000, "{ordinary:?}");
    // A power of two changes no digit, only the log-densities: by 3 · 40 ln 2 = 83.
    let large = found(&network, 2_f32.powi(40));
    assert_eq!(large.compared, ordinary.compared);
    assert!(large.max_relative_error > 0.0 && large.max_relative_error < 1e-5);
}

#[test]
fn inputs_at_which_the_model_overflows_are_counted_and_passed_over() {
    // More inputs than the engine's own probes take.
    let mut network = network(65, 1, Covariance::Diagonal);
    let first = network.architecture.layers().next().unwrap();
    network.parameters[first.range()].fill(0.0);
    // The first unit is max(0, 3e38 x₀ − 3e38), whose product overflows from x₀ = 1.134 on.
    network.parameters[first.kernel()][0] = 3e38;
    network.parameters[first.bias()][0] = -3e38;
    let found = found(&network, 1.0);
    assert!(found.golden_bits_equal());
    // x₀ is even on ±2: 2000 · 0.866 / 4 = 433, with a standard deviation of 18.
    assert!((360..510).contains(&found.overflowed), "{found:?}");
    assert!(found.compared > 3000, "{found:?}");
}

#[test]
fn a_correlation_that_binary64_cannot_resolve_is_no_panic() {
    let mut network = network(1, 2, Covariance::Full);
    let head = network.architecture.layers().nth(1).unwrap();
    // Every component's factor is 1 on the diagonal and 2⁴⁰ beside it; 2⁸⁰ + 1 is 2⁸⁰ in binary64.
    let bias = &mut network.parameters[head.bias()];
    bias[9..18].fill(0.0);
    bias[12..15].fill(2_f32.powi(40));
    let file = file(&network, 1.0);
    let mixture = Oracle::new(&file.model()).predict(&[0.0]);
    assert!(mixture.log_density(&[0.0, 0.0]).is_nan());
    verify(&file.model(), Level::detect()).unwrap();
}

#[test]
fn the_oracle_knows_two_normals() {
    let normal = |mean: f64| {
        (
            DVector::from_element(1, mean),
            DMatrix::from_element(1, 1, 4.0),
        )
    };
    let (means, covariances) = [normal(-1.0), normal(1.0)].into_iter().unzip();
    let mixture = OracleMixture {
        log_weights: vec![0.5_f64.ln(); 2],
        means,
        covariances,
    };
    // At 0 both have the density exp(−1/8) / (2 √2π); the variance is 4 + 1.
    let density = (-0.125_f64).exp() / (8.0 * std::f64::consts::PI).sqrt();
    assert!((mixture.log_density(&[0.0]) - density.ln()).abs() < 1e-14);
    assert!((mixture.variance()[0] - 5.0).abs() < 1e-14);
}
