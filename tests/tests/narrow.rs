//! Models with narrow kernels: against the f32 model with the same numbers, against exact integer
//! arithmetic, and what does not become one.

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap, Storage};
use mdn_infer::{Layer, Level, Mixture, Model, PredictError, SelfTest, math};
use mdn_tests::{
    PRODUCER, cases, dense_shapes, head, in_f32, names, random_input, random_model, random_shape,
    untested,
};
use mdn_train::draft::{Columns, DenseLayer, Kernel, ModelDraft, Statements};
use mdn_train::model_file::ModelFile;
use mdn_train::network::HiddenLayer;
use mdn_train::quantize::{QuantizeError, quantize};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const NARROW: [Storage; 3] = [Storage::F16, Storage::Bf16, Storage::I8];

fn self_test(model: &Model<'_>, level: Level) -> SelfTest {
    let mut working = vec![0.0; model.working_len()];
    model.self_test(level, &mut working).expect("finite")
}

#[test]
fn half_kernels_have_the_bits_of_f32_kernels_with_their_numbers() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    for _ in 0..cases(100) {
        let wide = random_model(&random_shape(&mut rng), 2, &mut rng);
        for storage in [Storage::F16, Storage::Bf16] {
            let narrow = quantize(&wide.model(), storage).expect("in range");
            assert_eq!(narrow.model().storage(), storage);
            let same = in_f32(&narrow.model());
            assert_eq!(same.model().storage(), Storage::F32);
            for level in Level::available() {
                let (a, b) = (
                    self_test(&narrow.model(), level),
                    self_test(&same.model(), level),
                );
                assert!(a.passed() && b.passed(), "{storage:?}, {level:?}");
                assert_eq!(a, b, "{storage:?}, {level:?}");
            }
        }
    }
}

#[test]
fn every_level_has_the_same_bits_with_8_bit_kernels() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    for _ in 0..cases(200) {
        let wide = random_model(&random_shape(&mut rng), 2, &mut rng);
        let narrow = quantize(&wide.model(), Storage::I8).expect("in range");
        let reports = Level::available().map(|level| self_test(&narrow.model(), level));
        let reports: Vec<SelfTest> = reports.collect();
        assert!(reports[0].passed());
        assert!(
            reports.iter().all(|report| *report == reports[0]),
            "{reports:?}"
        );
    }
}

/// An 8-bit layer by the arithmetic contract: integers in 64 bits, everything else one binary32
/// operation at a time.
fn layer_in_integers(Layer::Dense(layer): &Layer<'_>, x: &[f32]) -> Vec<f32> {
    let largest = x.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    let limit = ((1_u64 << 31) - 1) / (127 * x.len().next_multiple_of(4) as u64);
    let limit = limit.min(32767) as f32;
    let factor = if largest < 2.0_f32.powi(-100) {
        0.0
    } else {
        limit / largest
    };
    let rounded = x.iter().map(|x| (x * factor).round_ties_even() as i64);
    let rounded: Vec<i64> = rounded.collect();
    assert!(rounded.iter().all(|q| q.abs() <= limit as i64));
    let scales = layer.scales().expect("8-bit kernels");
    let bias = layer.row(0);
    let mut sums = vec![0_i64; scales.len()];
    for (row, q) in rounded.iter().enumerate() {
        for (sum, (entry, &scale)) in sums.iter_mut().zip(layer.row(row + 1).zip(scales)) {
            let entry = if scale == 0.0 {
                0.0
            } else {
                (entry / scale).round()
            };
            *sum += entry as i64 * q;
        }
    }
    let scaled = sums.iter().zip(scales).map(|(&sum, scale)| {
        assert!(i32::try_from(sum).is_ok(), "{sum} has left 32 bits");
        sum as f32 * (largest / limit) * scale
    });
    bias.zip(scaled).map(|(bias, sum)| bias + sum).collect()
}

/// The network's outputs by exact integers.
fn network_in_integers(model: &Model<'_>, x: &[f32]) -> Vec<f32> {
    let affine = model.input_shift().iter().zip(model.input_scale());
    let x = x
        .iter()
        .zip(affine)
        .map(|(x, (shift, scale))| (x - shift) / scale);
    model
        .layers()
        .iter()
        .fold(x.collect(), |x: Vec<f32>, layer| {
            let mut outputs = layer_in_integers(layer, &x);
            match layer.activation() {
                Activation::Identity => {}
                Activation::Relu => math::map_slice(Level::scalar(), &mut outputs, math::Relu),
                _ => math::map_slice(Level::scalar(), &mut outputs, math::Tanh),
            }
            outputs
        })
}

/// Compares the means, which are network outputs as they are where raw units are standardised.
fn compare(mixture: &Mixture<'_>, outputs: &[f32], what: impl std::fmt::Debug) {
    let components = mixture.len();
    for component in mixture.components() {
        for d in 0..mixture.dimensions() {
            let expected = 0.0 + outputs[(1 + d) * components + component.index()];
            let found = component.mean(d);
            assert_eq!(
                found.to_bits(),
                expected.to_bits(),
                "{what:?}: {found} {expected}"
            );
        }
    }
}

/// Widths, what the hidden layers compute, and the components of an isotropic mixture.
struct Network<'a> {
    widths: &'a [usize],
    activation: Activation,
    components: u16,
}

impl Network<'_> {
    /// An 8-bit model with these entries, drawn in order, and scales; it has no golden vectors.
    fn model(&self, mut entry: impl FnMut() -> i8, mut scale: impl FnMut() -> f32) -> ModelFile {
        let head = head(self.components, 2, Covariance::Isotropic, ScaleMap::Exp);
        let layers = dense_shapes(self.widths, &head).map(|(inputs, outputs)| DenseLayer {
            kernel: Kernel::I8 {
                entries: (0..inputs * outputs).map(|_| entry()).collect(),
                scales: (0..outputs).map(|_| scale()).collect(),
            },
            bias: (0..outputs).map(|i| (i as f32).sin()).collect(),
        });
        untested(&ModelDraft {
            networks: vec![layers.collect()],
            ..draft(self.widths, self.activation, head)
        })
    }
}

/// A draft without networks, in raw units.
fn draft(widths: &[usize], activation: Activation, head: Head) -> ModelDraft {
    ModelDraft {
        producer: PRODUCER.to_owned(),
        inputs: Columns::identity(names("x", widths[0])),
        targets: Columns::identity(names("t", head.dimensions.into())),
        hidden: HiddenLayer::dense(&widths[1..], activation),
        head,
        anomaly_threshold: None,
        statements: Statements::default(),
        networks: Vec::new(),
    }
}

fn random_network(rng: &mut impl Rng) -> ModelFile {
    let mut widths = vec![rng.random_range(1..=20)];
    for _ in 0..rng.random_range(0..=2) {
        widths.push(rng.random_range(1..=40));
    }
    let activations = [Activation::Identity, Activation::Relu, Activation::Tanh];
    let network = Network {
        widths: &widths,
        activation: activations[rng.random_range(0..3)],
        components: rng.random_range(1..=30),
    };
    let mut other = Xoshiro256PlusPlus::seed_from_u64(rng.next_u64());
    network.model(
        || rng.random_range(-127..=127),
        || {
            if other.random_bool(0.1) {
                0.0
            } else {
                other.random_range(0.0..0.01)
            }
        },
    )
}

#[test]
fn eight_bit_networks_are_exact_integer_arithmetic() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(13);
    for _ in 0..cases(200) {
        let file = random_network(&mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        for reach in [1.0, 1e-3, 1e-36, 1e20, 0.0] {
            let x: Vec<f32> = random_input(&model, &mut rng)
                .iter()
                .map(|x| x * reach)
                .collect();
            let outputs = network_in_integers(&model, &x);
            for level in Level::available() {
                let mixture = model.predict(level, &x, &mut working).expect("finite");
                compare(&mixture, &outputs, (level, &x));
            }
        }
    }
}

/// Up to as many units as the format has, with all entries and, to within rounding, all activations
/// as large as can be: the sums come as near to 32 bits as they ever do.
#[test]
fn no_sum_leaves_32_bits() {
    for units in [1, 4, 515, 516, 517, 20_000, 65_535] {
        for sign in [1_i8, -1] {
            let network = Network {
                widths: &[1, units],
                activation: Activation::Identity,
                components: 1,
            };
            let file = network.model(|| sign * 127, || 1e4);
            let model = file.model();
            let outputs = network_in_integers(&model, &[0.7]);
            let mut working = vec![0.0; model.working_len()];
            for level in Level::available() {
                let mixture = model.predict(level, &[0.7], &mut working).expect("finite");
                compare(&mixture, &outputs, (level, units));
            }
            let unit = 127.0 * 1e4 * 0.7;
            let expected = unit * 127.0 * 1e4 * units as f64;
            assert!(
                (f64::from(outputs[1]) / expected - 1.0).abs() < 1e-5,
                "{outputs:?}"
            );
        }
    }
}

/// Each activation is off by half a step at most, and nothing else but roundings is.
#[test]
fn rounded_activations_cost_half_a_step_each() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(14);
    for _ in 0..cases(100) {
        let network = Network {
            widths: &[rng.random_range(1..=300)],
            activation: Activation::Identity,
            components: 9,
        };
        let mut other = Xoshiro256PlusPlus::seed_from_u64(rng.next_u64());
        let file = network.model(
            || rng.random_range(-127..=127),
            || other.random_range(1e-4..1e-2),
        );
        let model = file.model();
        let x = random_input(&model, &mut other);
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &x, &mut working)
            .expect("finite");
        let Layer::Dense(layer) = &model.layers()[0];
        let step = x.iter().fold(0.0_f32, |m, x| m.max(x.abs())) / 32767.0;
        let rows: Vec<Vec<f32>> = (0..=x.len()).map(|row| layer.row(row).collect()).collect();
        for component in mixture.components() {
            let output = 9 + component.index();
            let (mut exact, mut terms, mut entries) = (f64::from(rows[0][output]), 1.0, 0.0);
            for (x, row) in x.iter().zip(&rows[1..]) {
                exact += f64::from(*x) * f64::from(row[output]);
                terms += (f64::from(*x) * f64::from(row[output])).abs();
                entries += f64::from(row[output]).abs();
            }
            let budget = 0.5 * f64::from(step) * entries + 4.0 * terms * f64::from(f32::EPSILON);
            let error = (f64::from(component.mean(0)) - exact).abs();
            assert!(error <= budget, "{error:e} {budget:e}");
        }
    }
}

#[test]
fn activations_that_overflow_are_an_error() {
    let network = Network {
        widths: &[2, 5, 6],
        activation: Activation::Relu,
        components: 2,
    };
    let file = network.model(|| 127, || 1e30);
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    for level in Level::available() {
        let error = model.predict(level, &[1e20, 1e20], &mut working).map(drop);
        assert_eq!(error, Err(PredictError::Overflow), "{level:?}");
        // The working memory holds what is left of that; the next prediction does not mind.
        let file = network.model(|| 127, || 1e-3);
        let mixture = file
            .model()
            .predict(level, &[1.0, 2.0], &mut working)
            .map(|m| m.len());
        assert_eq!(mixture, Ok(2));
    }
    let relu = network.model(|| 127, || 1e30);
    let tanh = Network {
        activation: Activation::Tanh,
        ..network
    }
    .model(|| 127, || 1e30);
    let mut working = vec![0.0; tanh.model().working_len()];
    // tanh has a limit where its argument overflows, as with f32 kernels.
    let ends = [&tanh, &relu].map(|file| {
        let model = file.model();
        let found = model
            .predict(Level::detect(), &[1e20, 1e20], &mut working)
            .is_ok();
        let mut wide = vec![0.0; in_f32(&model).model().working_len()];
        (
            found,
            in_f32(&model)
                .model()
                .predict(Level::detect(), &[1e20, 1e20], &mut wide)
                .is_ok(),
        )
    });
    assert!(ends.iter().all(|(narrow, wide)| narrow == wide), "{ends:?}");
}

#[test]
fn each_entry_becomes_the_nearest_narrow_number() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
    for _ in 0..40 {
        let wide = random_model(&random_shape(&mut rng), 1, &mut rng);
        for storage in NARROW {
            let narrow = quantize(&wide.model(), storage).expect("in range");
            let (wide, narrow) = (wide.model(), narrow.model());
            let layers = wide.layers().iter().zip(narrow.layers());
            for (Layer::Dense(old), Layer::Dense(new)) in layers {
                assert!(old.row(0).eq(new.row(0)), "biases stay as they are");
                for row in 1..=old.inputs() {
                    for (output, (a, b)) in old.row(row).zip(new.row(row)).enumerate() {
                        let half_a_step = match storage {
                            Storage::F16 => (a.abs() * 2.0_f32.powi(-11)).max(2.0_f32.powi(-25)),
                            Storage::Bf16 => a.abs() * 2.0_f32.powi(-8),
                            _ => new.scales().expect("i8")[output] * 0.500_02,
                        };
                        assert!((a - b).abs() <= half_a_step, "{storage:?}: {a} {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_narrow_is_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(16);
    let wide = random_model(&random_shape(&mut rng), 1, &mut rng);
    for storage in NARROW {
        let narrow = quantize(&wide.model(), storage).expect("in range");
        for again in NARROW {
            let error = quantize(&narrow.model(), again).expect_err("narrow already");
            assert!(matches!(error, QuantizeError::AlreadyNarrow(found) if found == storage));
        }
    }
    let error = quantize(&wide.model(), Storage::F32).expect_err("not narrow");
    assert!(matches!(error, QuantizeError::NotNarrow(Storage::F32)));
    for (entry, storage) in [(65_520.0, Storage::F16), (3.4e38, Storage::Bf16)] {
        let parameters = (0..6).map(|i| if i == 4 { -entry } else { 1.0 });
        let kernel: Vec<f32> = parameters.collect();
        let layer = DenseLayer {
            kernel: Kernel::F32(kernel),
            bias: vec![0.0; 3],
        };
        let head = head(1, 1, Covariance::Isotropic, ScaleMap::Exp);
        let file = untested(&ModelDraft {
            networks: vec![vec![layer]],
            ..draft(&[2], Activation::Identity, head)
        });
        let error = quantize(&file.model(), storage).expect_err("out of range");
        assert!(error.to_string().contains("layer 1"), "{error}");
        let QuantizeError::OutOfRange {
            layer,
            entry: found,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((layer, found), (1, -entry));
    }
}
