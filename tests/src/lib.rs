//! What the whole-system tests share: random models of every kind, mixtures with chosen parameters.

pub mod benchmark;
pub mod budget;
pub mod mixtures;

use mdn_infer::format::{
    self, Activation, Covariance, Head, Header, KernelSource, LayerSource, MAX_HIDDEN, ModelSource,
    ScaleMap, Storage,
};
use mdn_infer::{Layer, Level, Model};
use mdn_train::model_file::ModelFile;
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

/// Every activation of the format.
pub const ACTIVATIONS: [Activation; 6] = [
    Activation::Identity,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::Gelu,
    Activation::Silu,
];

/// Every kind of covariance.
pub const COVARIANCES: [Covariance; 3] = [
    Covariance::Isotropic,
    Covariance::Diagonal,
    Covariance::Full,
];

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
    let maps = [ScaleMap::Exp, ScaleMap::Softplus];
    let head = head(
        rng.random_range(1..=40),
        rng.random_range(1..=4),
        COVARIANCES[rng.random_range(0..COVARIANCES.len())],
        maps[rng.random_range(0..maps.len())],
    );
    let activation = ACTIVATIONS[rng.random_range(0..ACTIVATIONS.len())];
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
pub fn random_ensemble(shape: &Shape, members: u8, golden: usize, rng: &mut impl Rng) -> ModelFile {
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    let mut numbers = |count: usize, factor: f32| -> Vec<f32> {
        (0..count).map(|_| factor * normal(&mut *rng)).collect()
    };
    let inputs = shape.widths[0];
    let dimensions = usize::from(shape.head.dimensions);
    let outputs = shape.widths[1..]
        .iter()
        .copied()
        .chain([shape.head.outputs()]);
    let network: Vec<_> = shape.widths.iter().copied().zip(outputs).collect();
    let layers: Vec<(Vec<f32>, Vec<f32>)> = (0..members)
        .flat_map(|_| &network)
        .map(|&(i, o)| (numbers(i * o, 1.0 / (i as f32).sqrt()), numbers(o, 0.5)))
        .collect();
    let positive = |values: Vec<f32>| values.into_iter().map(f32::exp).collect::<Vec<_>>();
    let (input_shift, input_scale) = (numbers(inputs, 10.0), positive(numbers(inputs, 1.0)));
    let (target_shift, target_scale) = (
        numbers(dimensions, 10.0),
        positive(numbers(dimensions, 1.0)),
    );
    let layers: Vec<LayerSource<'_>> = layers
        .iter()
        .map(|(kernel, bias)| LayerSource::Dense {
            kernel: KernelSource::F32(kernel),
            bias,
        })
        .collect();
    let mut hidden = [format::Layer::NONE; MAX_HIDDEN];
    for (slot, &units) in hidden.iter_mut().zip(&shape.widths[1..]) {
        *slot = format::Layer::Dense {
            units: units as u32,
            activation: shape.activation,
        };
    }
    let (input_columns, target_columns) = (columns("x", inputs), columns("t", dimensions));
    let mut source = ModelSource {
        header: Header {
            producer: "mdn-tests",
            input_columns: &input_columns,
            target_columns: &target_columns,
            hidden,
            members,
            ..Header::new(inputs as u16, shape.head)
        },
        input_shift: &input_shift,
        input_scale: &input_scale,
        target_shift: &target_shift,
        target_scale: &target_scale,
        layers: &layers,
        golden: &[],
    };
    let bare = encode(&source);
    let vectors = record_golden(&bare, golden, rng);
    source.header.golden = golden as u16;
    source.golden = &vectors;
    encode(&source)
}

fn columns(prefix: &str, count: usize) -> String {
    (0..count)
        .map(|i| format!("{prefix}{i}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The file of `source`.
pub fn encode(source: &ModelSource<'_>) -> ModelFile {
    let mut bytes = vec![0; format::encoded_len(source).expect("a valid header")];
    format::write(source, &mut bytes).expect("matching shapes");
    ModelFile::from_bytes(&bytes).expect("a sound file")
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
    let layers: Vec<(Vec<f32>, Vec<f32>)> = networks
        .iter()
        .flat_map(|&member| model.network(member))
        .map(|Layer::Dense(dense)| {
            let kernel = (1..=dense.inputs()).flat_map(|row| dense.row(row));
            (kernel.collect(), dense.row(0).collect())
        })
        .collect();
    let layers: Vec<LayerSource<'_>> = layers
        .iter()
        .map(|(kernel, bias)| LayerSource::Dense {
            kernel: KernelSource::F32(kernel),
            bias,
        })
        .collect();
    let golden_len = model
        .golden()
        .next()
        .map_or(1, |g| g.input.len() + g.target.len() + g.expected.len());
    encode(&ModelSource {
        header: Header {
            storage: Storage::F32,
            members: networks.len() as u8,
            golden: (golden.len() / golden_len) as u16,
            ..*model.header()
        },
        input_shift: model.input_shift(),
        input_scale: model.input_scale(),
        target_shift: model.target_shift(),
        target_scale: model.target_scale(),
        layers: &layers,
        golden,
    })
}

fn record_golden(file: &ModelFile, count: usize, rng: &mut impl Rng) -> Vec<f32> {
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mut golden = Vec::new();
    for _ in 0..count {
        let input = random_input(&model, rng);
        let mut target = vec![0.0; model.dimensions()];
        let mixture = model
            .predict(Level::scalar(), &input, &mut working)
            .expect("finite");
        mixture.sample(rng, &mut target).expect("the right length");
        golden.extend(input);
        golden.extend(&target);
        mixture
            .outputs(&target, |value| golden.push(value))
            .expect("the right length");
    }
    golden
}

/// A raw input within about three training spreads of the centre.
pub fn random_input(model: &Model<'_>, rng: &mut impl Rng) -> Vec<f32> {
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    let affine = model.input_shift().iter().zip(model.input_scale());
    affine
        .map(|(shift, scale)| shift + scale * normal(&mut *rng))
        .collect()
}
