//! The loss and its gradient against an oracle in double precision.
//!
//! The oracle is written for reading: the forward pass, the mixture density through an explicit
//! covariance matrix or the closed form of the CRPS, and central differences of them. It shares nothing with the
//! implementation but the meaning of the parameters.

mod oracle;
mod supports;

use mdn_infer::format::{Activation, Atoms, Covariance, Head, ScaleMap, Support};
use mdn_train::network::{Activations, Architecture, HiddenLayer, Initialisation, Network};
use mdn_train::train::{Feed, LossKind, Objective, Rows, Selection};
use nalgebra::{DMatrix, DVector};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// Roughly normal: the sum of twelve uniforms less six.
fn normal(rng: &mut SplitMix64) -> f32 {
    (0..12)
        .map(|_| rng.next_u32() as f32 / u32::MAX as f32)
        .sum::<f32>()
        - 6.0
}

fn normals(rng: &mut SplitMix64, count: usize) -> Vec<f32> {
    (0..count).map(|_| normal(rng)).collect()
}

struct Case {
    loss: LossKind,
    /// The weight of the moments' score in the gradient.
    moments: f32,
    architecture: Architecture,
    parameters: Vec<f32>,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    /// `[D]`, or none.
    supports: Vec<Support>,
    /// Of the rows, with mean 1, or none.
    weights: Vec<f32>,
}

impl Case {
    /// A network with random parameters, biases included, on random rows.
    fn new(activation: Activation, head: Head, rows: usize, seed: u64) -> Self {
        Self::with_layers(HiddenLayer::dense(&[5, 4], activation), head, rows, seed)
    }

    fn with_layers(hidden: Vec<HiddenLayer>, head: Head, rows: usize, seed: u64) -> Self {
        let architecture = Architecture {
            inputs: 3,
            hidden,
            head,
        };
        let mut rng = SplitMix64::seed_from_u64(seed);
        let spread = 0.5;
        let parameters = normals(&mut rng, architecture.parameters());
        Case {
            loss: LossKind::Nll,
            moments: 0.0,
            parameters: parameters.into_iter().map(|p| p * spread).collect(),
            inputs: normals(&mut rng, rows * 3),
            targets: normals(&mut rng, rows * usize::from(head.dimensions)),
            architecture,
            supports: Vec::new(),
            weights: Vec::new(),
        }
    }

    fn rows(&self) -> Rows<'_> {
        Rows {
            inputs: &self.inputs,
            targets: &self.targets,
        }
    }

    /// The same with another loss.
    fn with(self, loss: LossKind) -> Self {
        Case { loss, ..self }
    }

    /// The same with this weight of the moments' score.
    fn with_moments(self, moments: f32) -> Self {
        Case { moments, ..self }
    }

    fn loss_and_gradient(&self) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; self.parameters.len()];
        let rows = Feed::from(self.rows()).with_weights(&self.weights);
        let objective = Objective::new(&self.architecture, self.loss, rows, usize::MAX);
        let mut objective = objective
            .with_supports(&self.supports)
            .with_moments(self.moments);
        let loss = objective.gradient(&self.parameters, Selection::All, &mut gradient);
        assert_eq!(loss, objective.loss(&self.parameters), "one loss");
        (loss, gradient)
    }

    /// Compares loss and gradient with the oracle's.
    ///
    /// A row's loss is a difference of a few sums with terms of size up to ~10, each rounded to
    /// 2⁻²⁴ relative: 1e-6 of max(|loss|, 1) holds for the mean. A gradient entry is a mean over
    /// rows of products of about ten rounded factors, each with some 1e-6 of relative error from
    /// the forward pass: 1e-4 of the gradient's norm leaves an ample margin, and an error in a
    /// formula shows at 1e-2 or more. The differences' own error is about 1e-8.
    fn check(&self) {
        let label = format!(
            "{:?} {:?} {:?} {:?}",
            self.loss, self.architecture.hidden, self.architecture.head, self.supports
        );
        let parameters: Vec<f64> = self.parameters.iter().map(|&p| p.into()).collect();
        let (loss, gradient) = self.loss_and_gradient();
        let expected = oracle::loss(self, &parameters);
        let error = (loss - expected).abs() / expected.abs().max(1.0);
        assert!(error < 1e-6, "{label}: loss {loss}, oracle {expected}");
        let expected = oracle::gradient(self, &parameters);
        let norm = expected.iter().map(|g| g * g).sum::<f64>().sqrt();
        for (i, (g, e)) in gradient.iter().zip(&expected).enumerate() {
            let error = (f64::from(*g) - e).abs() / norm;
            assert!(
                error < 1e-4,
                "{label}: parameter {i}: {g}, oracle {e}, norm {norm}"
            );
        }
    }
}

fn head(components: u16, dimensions: u8, covariance: Covariance, scale_map: ScaleMap) -> Head {
    Head {
        components,
        dimensions,
        covariance,
        scale_map,
        log_scale_min: -7.0,
        log_scale_max: 7.0,
    }
}

#[test]
fn every_activation_covariance_and_scale_map() {
    let mut seed = 0;
    for activation in Activation::ALL {
        for covariance in Covariance::ALL {
            for scale_map in ScaleMap::ALL {
                for (components, dimensions) in [(1, 1), (1, 3), (2, 2), (5, 1), (5, 3)] {
                    seed += 1;
                    let head = head(components, dimensions, covariance, scale_map);
                    Case::new(activation, head, 11, seed).check();
                    let case = Case::new(activation, head, 11, seed);
                    case.with_moments(0.7).check();
                    if covariance != Covariance::Full || dimensions == 1 {
                        let case = Case::new(activation, head, 11, seed);
                        case.with(LossKind::Crps).check();
                    }
                }
            }
        }
    }
}

/// Every pair of activations, one after the other, and three in a row.
#[test]
fn each_layer_has_its_own_activation() {
    let head = head(3, 2, Covariance::Full, ScaleMap::Exp);
    let check = |units: &[usize], each: &[Activation], seed: u64| {
        let layers = Activations::Each(each.to_vec()).layers(units).unwrap();
        let mut case = Case::with_layers(layers, head, 37, seed);
        // Two unbounded activations in a row would make sums of more than the size that `check` names.
        case.parameters.iter_mut().for_each(|p| *p *= 0.5);
        case.check();
    };
    for (number, first) in (0..).zip(Activation::ALL) {
        for (other, second) in (0..).zip(Activation::ALL) {
            check(&[5, 4], &[first, second], 200 + 6 * number + other);
        }
    }
    check(
        &[4, 3, 5],
        &[Activation::Relu, Activation::Gelu, Activation::Tanh],
        300,
    );
    check(
        &[4, 3, 5],
        &[Activation::Silu, Activation::Identity, Activation::Sigmoid],
        301,
    );
}

#[test]
fn many_dimensions_and_components() {
    for covariance in Covariance::ALL {
        let wide = head(3, 16, covariance, ScaleMap::Exp);
        let mut case = Case::new(Activation::Tanh, wide, 5, 77);
        // Off-diagonal entries of ordinary size make near-singular matrices in 16 dimensions.
        case.parameters.iter_mut().for_each(|p| *p *= 0.3);
        case.check();
        case.with_moments(0.7).check();
    }
    let many = head(40, 1, Covariance::Isotropic, ScaleMap::Softplus);
    Case::new(Activation::Silu, many, 9, 78).check();
    let case = Case::new(Activation::Silu, many, 9, 78);
    case.with(LossKind::Crps).check();
}

/// Enough rows for several shards, groups and a part of a vector.
#[test]
fn many_rows() {
    for rows in [257, 1003] {
        let head = head(3, 1, Covariance::Diagonal, ScaleMap::Exp);
        Case::new(Activation::Gelu, head, rows, 5).check();
        let case = Case::new(Activation::Gelu, head, rows, 5);
        case.with_moments(0.7).check();
        let case = Case::new(Activation::Gelu, head, rows, 5);
        case.with(LossKind::Crps).check();
    }
}

/// Several shards, the last of them with a part of a vector, and each loss.
#[test]
fn rows_count_by_their_weights() {
    for (rows, loss, moments) in [
        (5, LossKind::Nll, 0.0),
        (1003, LossKind::Nll, 0.7),
        (257, LossKind::Crps, 0.0),
    ] {
        let head = head(3, 2, Covariance::Diagonal, ScaleMap::Exp);
        let case = Case::new(Activation::Tanh, head, rows, 6).with(loss);
        let weights = (0..rows).map(|row| 0.25 + (row % 4) as f32 * 0.5);
        let weighted = Case {
            weights: weights.collect(),
            ..case.with_moments(moments)
        };
        weighted.check();
    }
}

/// Weights of 1 are none, to the last bit.
#[test]
fn equal_weights_change_nothing() {
    let head = head(3, 2, Covariance::Full, ScaleMap::Softplus);
    let case = Case::new(Activation::Silu, head, 100, 8);
    let found = case.loss_and_gradient();
    let weights = vec![1.0; 100];
    assert_eq!(Case { weights, ..case }.loss_and_gradient(), found);
}

#[test]
fn selected_rows_count_as_often_as_they_are_named() {
    let head = head(3, 2, Covariance::Full, ScaleMap::Exp);
    let case = Case::new(Activation::Tanh, head, 20, 9);
    let selection = [3, 3, 19, 0, 7];
    let pick = |values: &[f32], width: usize| -> Vec<f32> {
        let row = |&i: &u32| values[i as usize * width..][..width].to_vec();
        selection.iter().flat_map(row).collect()
    };
    let picked = Case {
        loss: case.loss,
        moments: case.moments,
        architecture: case.architecture.clone(),
        parameters: case.parameters.clone(),
        inputs: pick(&case.inputs, 3),
        targets: pick(&case.targets, 2),
        supports: Vec::new(),
        weights: Vec::new(),
    };
    let mut gradient = vec![0.0; case.parameters.len()];
    let nll = Objective::new(&case.architecture, case.loss, case.rows(), 8).gradient(
        &case.parameters,
        Selection::Some(&selection),
        &mut gradient,
    );
    assert_eq!((nll, gradient), picked.loss_and_gradient());
}

/// A linear network whose outputs are its biases.
fn constant(head: Head, outputs: &[f32], targets: &[f32]) -> Case {
    let architecture = Architecture {
        inputs: 1,
        hidden: vec![],
        head,
    };
    let rows = targets.len() / usize::from(head.dimensions);
    let mut network = Network::initialise(&architecture, Initialisation::Classic, targets, 0);
    let kernel = network.parameters.len() - outputs.len();
    network.parameters[..kernel].fill(0.0);
    network.parameters[kernel..].copy_from_slice(outputs);
    Case {
        loss: LossKind::Nll,
        moments: 0.0,
        architecture,
        parameters: network.parameters,
        inputs: vec![0.5; rows],
        targets: targets.to_vec(),
        supports: Vec::new(),
        weights: Vec::new(),
    }
}

/// Whatever the weight of the moments' score.
fn assert_all_finite(case: Case) -> (f64, Vec<f32>) {
    let case = case.with_moments(1.0);
    assert_finite(&case);
    assert_finite(&case.with_moments(0.0))
}

fn assert_finite(case: &Case) -> (f64, Vec<f32>) {
    let (nll, gradient) = case.loss_and_gradient();
    assert!(nll.is_finite(), "loss {nll}");
    assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
    (nll, gradient)
}

#[test]
fn far_targets_dead_components_and_uneven_weights_stay_finite() {
    for covariance in Covariance::ALL {
        for scale_map in ScaleMap::ALL {
            let head = head(3, 2, covariance, scale_map);
            let count = head.outputs();
            let mut outputs = vec![0.1; count];
            // Targets 1e4 scales away, in both directions.
            assert_all_finite(constant(head, &outputs, &[1e4, -1e4, 1e4, 1e4]));
            // A component far from everything, and very uneven log-weights.
            outputs[..3].copy_from_slice(&[0.0, -200.0, 300.0]);
            outputs[3..9].copy_from_slice(&[0.0, 1.0, -1e5, 0.0, 1.0, 1e5]);
            let case = constant(head, &outputs, &[0.0, 0.5, 1.0, -1.0]);
            let (_, gradient) = assert_all_finite(case);
            assert_ne!(gradient[count..], vec![0.0; count], "something to learn");
            // Log-scales far beyond the bounds.
            outputs[9..12].copy_from_slice(&[-500.0, 80.0, -90.0]);
            assert_all_finite(constant(head, &outputs, &[1e4, 0.0, 0.0, 0.0]));
        }
    }
}

#[test]
fn the_crps_stays_finite_and_its_pull_bounded() {
    for covariance in [Covariance::Isotropic, Covariance::Diagonal] {
        for scale_map in ScaleMap::ALL {
            let head = head(3, 2, covariance, scale_map);
            let count = head.outputs();
            let mut outputs = vec![0.1; count];
            // Means, log-weights and log-scales far beyond anything sensible.
            for values in [[0.1; 3], [-500.0, 80.0, -90.0], [0.0, -1e5, 1e5]] {
                for first in (0..count).step_by(3) {
                    outputs[first..first + 3].copy_from_slice(&values);
                    let case = constant(head, &outputs, &[1e4, -1e4, 0.0, 0.5]);
                    let (_, gradient) = assert_finite(&case.with(LossKind::Crps));
                    let by_means = &gradient[count + 3..count + 9];
                    assert!(by_means.iter().all(|g| g.abs() <= 2.0), "{by_means:?}");
                }
            }
        }
    }
}

#[test]
fn a_far_target_pulls_the_nearest_mean() {
    let head = head(2, 1, Covariance::Isotropic, ScaleMap::Exp);
    let case = constant(head, &[0.0, 0.0, -1.0, 1.0, 0.0, 0.0], &[1e4]);
    let (nll, gradient) = assert_finite(&case);
    let expected = 0.5 * (1e4_f64 - 1.0).powi(2) + 0.5 * std::f64::consts::TAU.ln() + 2_f64.ln();
    assert!(
        (nll / expected - 1.0).abs() < 1e-6,
        "{nll} against {expected}"
    );
    assert_eq!(gradient[6..10], [0.5, -0.5, 0.0, -9999.0]);
}

/// Beyond a bound on the log-scale, the gradient is that of the clamp, zero, when descent leads
/// further out; it is that of the bound when descent leads back inside.
#[test]
fn the_bounds_let_gradients_back_inside() {
    let bounded = |output: f32, target: f32| {
        let mut head = head(1, 1, Covariance::Isotropic, ScaleMap::Exp);
        (head.log_scale_min, head.log_scale_max) = (-1.0, 1.0);
        let case = constant(head, &[0.0, 0.0, output], &[target]);
        let (nll, gradient) = assert_finite(&case);
        let bound = f64::from(output.clamp(-1.0, 1.0));
        let z = f64::from(target) * (-bound).exp();
        let expected = 0.5 * z * z + bound + 0.5 * std::f64::consts::TAU.ln();
        assert!((nll / expected - 1.0).abs() < 1e-6);
        (f64::from(gradient[5]), 1.0 - z * z)
    };
    for (output, target) in [(-3.0, 5.0), (3.0, 0.1)] {
        let (gradient, at_the_bound) = bounded(output, target);
        assert!((gradient / at_the_bound - 1.0).abs() < 1e-5);
    }
    for (output, target) in [(-3.0, 0.1), (3.0, 50.0)] {
        assert_eq!(bounded(output, target).0, 0.0);
    }
}
