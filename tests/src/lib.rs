//! What the whole-system tests share: random models of every kind, mixtures with chosen parameters.

pub mod benchmark;
pub mod budget;
pub mod mixtures;

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use mdn_infer::{Layer, Level, Model};
use mdn_train::data::Standardiser;
use mdn_train::draft::{Columns, DenseLayer, GoldenRow, Kernel, ModelDraft, Statements};
use mdn_train::model_file::ModelFile;
use mdn_train::network::HiddenLayer;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Cases run in the dev profile: one of so many of those in release, from the first on. Every kind of
/// model is among them; the rest look for rare failures, and the page's shares are of all.
const DEV_SHARE: usize = 4;

/// How many cases to run, of `count` in release.
pub const fn cases(count: usize) -> usize {
    if cfg!(debug_assertions) {
        count.div_ceil(DEV_SHARE)
    } else {
        count
    }
}

/// Kolmogorov's statistic √n sup |Fₙ − F| of n draws, from F at each of them.
pub fn kolmogorov(mut levels: Vec<f64>) -> f64 {
    levels.sort_by(f64::total_cmp);
    let n = levels.len() as f64;
    let steps = levels.iter().enumerate().map(|(i, level)| {
        let ends = [i, i + 1].map(|i| i as f64 / n);
        (ends[1] - level).max(level - ends[0])
    });
    steps.fold(0.0, f64::max) * n.sqrt()
}

/// The shape of a model.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Inputs, then the units of each hidden layer.
    pub widths: Vec<usize>,
    /// The function of the hidden layers.
    pub activation: Activation,
    /// The meaning of the outputs.
    pub head: Head,
}

/// A head with exp or softplus scales, bounded far outside the ordinary.
pub fn head(components: u16, dimensions: u8, covariance: Covariance, scale_map: ScaleMap) -> Head {
    Head {
        components,
        dimensions,
        covariance,
        scale_map,
        log_scale_min: -20.0,
        log_scale_max: 20.0,
    }
}

/// A random shape of at most 20 inputs, three hidden layers of 40 units, 40 components and
/// four dimensions.
pub fn random_shape(rng: &mut impl Rng) -> Shape {
    let mut widths = vec![rng.random_range(1..=20)];
    for _ in 0..rng.random_range(0..=3) {
        widths.push(rng.random_range(1..=40));
    }
    let maps = ScaleMap::ALL;
    let head = head(
        rng.random_range(1..=40),
        rng.random_range(1..=4),
        Covariance::ALL[rng.random_range(0..Covariance::ALL.len())],
        maps[rng.random_range(0..maps.len())],
    );
    let activation = Activation::ALL[rng.random_range(0..Activation::ALL.len())];
    Shape {
        widths,
        activation,
        head,
    }
}

/// A model of this shape with random numbers: kernels of unit gain, raw units away from 0 and 1.
/// It holds `golden` golden vectors, recorded from the scalar level.
pub fn random_model(shape: &Shape, golden: usize, rng: &mut impl Rng) -> ModelFile {
    random_ensemble(shape, 1, golden, rng)
}

/// As [`random_model`], with so many networks.
///
/// # Panics
///
/// Where the model fails its own test.
pub fn random_ensemble(shape: &Shape, members: u8, golden: usize, rng: &mut impl Rng) -> ModelFile {
    let draft = random_draft(shape, members, rng);
    let bare = untested(&draft);
    if golden == 0 {
        return bare;
    }
    let rows: Vec<_> = (0..golden)
        .map(|_| random_row(&bare.model(), rng))
        .collect();
    let rows: Vec<GoldenRow<'_>> = rows.iter().map(|(x, t)| (&**x, &**t)).collect();
    draft.finish(&rows).expect("a sound model")
}

/// A model of so many networks with random numbers, not yet a file.
pub fn random_draft(shape: &Shape, members: u8, rng: &mut impl Rng) -> ModelDraft {
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    let mut numbers = |count: usize, factor: f32| -> Vec<f32> {
        (0..count).map(|_| factor * normal(&mut *rng)).collect()
    };
    let inputs = shape.widths[0];
    let dimensions = usize::from(shape.head.dimensions);
    let network: Vec<(usize, usize)> = dense_shapes(&shape.widths, &shape.head).collect();
    let layers = (0..members).flat_map(|_| &network);
    let layers = layers.map(|&(inputs, outputs)| DenseLayer {
        kernel: Kernel::F32(numbers(inputs * outputs, 1.0 / (inputs as f32).sqrt())),
        bias: numbers(outputs, 0.5),
    });
    let layers: Vec<DenseLayer> = layers.collect();
    let networks = layers.chunks(network.len()).map(<[_]>::to_vec).collect();
    let positive = |values: Vec<f32>| values.into_iter().map(f32::exp).collect();
    let mut columns = |prefix: &str, count: usize| Columns {
        names: names(prefix, count),
        standardiser: Standardiser {
            shift: numbers(count, 10.0),
            scale: positive(numbers(count, 1.0)),
        },
    };
    let (inputs, targets) = (columns("x", inputs), columns("t", dimensions));
    ModelDraft {
        producer: PRODUCER.to_owned(),
        inputs,
        targets,
        hidden: HiddenLayer::dense(&shape.widths[1..], shape.activation),
        head: shape.head,
        anomaly_threshold: None,
        statements: Statements::default(),
        networks,
    }
}

/// What files say of the tests as their producer.
pub const PRODUCER: &str = "mdn-tests";

/// (inputs, outputs) of the dense layers of a network, given its inputs and the units of each hidden
/// layer.
pub fn dense_shapes(widths: &[usize], head: &Head) -> impl Iterator<Item = (usize, usize)> + use<> {
    let widths = [widths, &[head.outputs()]].concat();
    (1..widths.len()).map(move |layer| (widths[layer - 1], widths[layer]))
}

/// The names of so many columns, none with a unit.
pub fn names(prefix: &str, count: usize) -> Vec<(String, Option<String>)> {
    (0..count).map(|i| (format!("{prefix}{i}"), None)).collect()
}

/// The file of `draft` without golden vectors.
///
/// # Panics
///
/// Where it is no model of the format.
pub fn untested(draft: &ModelDraft) -> ModelFile {
    draft.untested(&[]).expect("a valid draft")
}

/// Takes a model apart and writes it again, with the numbers of its kernels as f32.
///
/// # Panics
///
/// Never: what was read can be written.
pub fn in_f32(model: &Model<'_>) -> ModelFile {
    let vectors = model
        .golden()
        .map(|g| [g.input, g.target, g.expected].concat());
    let vectors = vectors.collect::<Vec<_>>().concat();
    let all: Vec<usize> = (0..model.members()).collect();
    networks_in_f32(model, &all, &vectors)
}

/// A model of these networks of `model`, with the numbers of their kernels as f32, and with these
/// golden vectors.
///
/// # Panics
///
/// Never: what was read can be written.
pub fn networks_in_f32(model: &Model<'_>, networks: &[usize], golden: &[f32]) -> ModelFile {
    let in_f32 = |Layer::Dense(layer): Layer<'_>| DenseLayer {
        kernel: Kernel::F32(
            (1..=layer.inputs())
                .flat_map(|row| layer.row(row))
                .collect(),
        ),
        bias: layer.row(0).collect(),
    };
    let networks = networks
        .iter()
        .map(|&member| model.network(member).map(in_f32).collect());
    let draft = ModelDraft {
        networks: networks.collect(),
        ..ModelDraft::of(model)
    };
    draft
        .untested(golden)
        .expect("what was read can be written")
}

/// `model` written again with the same numbers and golden vectors, and with other statements.
///
/// # Panics
///
/// Where the statements do not fit the model.
pub fn restated(model: &Model<'_>, statements: Statements) -> ModelFile {
    let vectors = model
        .golden()
        .flat_map(|g| [g.input, g.target, g.expected].concat());
    let draft = ModelDraft {
        statements,
        ..ModelDraft::of(model)
    };
    let file = draft.untested(&vectors.collect::<Vec<f32>>());
    file.expect("statements that fit")
}

/// A raw input and a target drawn at it.
fn random_row(model: &Model<'_>, rng: &mut impl Rng) -> (Vec<f32>, Vec<f32>) {
    let mut working = vec![0.0; model.working_len()];
    let input = random_input(model, rng);
    let mut target = vec![0.0; model.dimensions()];
    let mixture = model.predict(Level::scalar(), &input, &mut working);
    let mixture = mixture.expect("finite");
    mixture.sample(rng, &mut target).expect("the right length");
    (input, target)
}

/// A raw input within about three training spreads of the centre.
pub fn random_input(model: &Model<'_>, rng: &mut impl Rng) -> Vec<f32> {
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    let inputs = 0..model.inputs();
    inputs
        .map(|input| model.input_at(input, normal(&mut *rng)))
        .collect()
}
