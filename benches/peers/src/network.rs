//! The network of a model file as plain matrices, for the peers, and what it must answer.
//!
//! The target's standardisation is folded into the last layer, which a peer's user would do too:
//! the peers answer in raw units without an operation more. They are also spared the bounds on
//! the log-scales, which the benchmark models never reach.

use mdn_infer::format::{Activation, Covariance};
use mdn_infer::{Mixture, Model};

/// A dense layer and the activation after it.
pub struct Layer {
    /// `[inputs][outputs]`
    pub kernel: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
    /// Applied to each output.
    pub activation: Activation,
}

/// A network from raw inputs to mixture parameters in raw units.
///
/// The outputs of its last layer are in four groups: logits, of which log-softmax makes
/// log-weights; means; the logarithms of scales (isotropic, diagonal) or of the diagonal of the
/// precision's Cholesky factors (full); the factors' entries below the diagonal.
pub struct Network {
    /// `[inputs]`: subtracted from each input.
    pub shift: Vec<f32>,
    /// `[inputs]`: then divides it.
    pub scale: Vec<f32>,
    /// In order.
    pub layers: Vec<Layer>,
    /// How many outputs are in each group.
    pub groups: [usize; 4],
}

/// One output of the folded last layer: which of the model's outputs, times what, plus what.
#[derive(Clone)]
struct Fold {
    output: usize,
    factor: f32,
    offset: f32,
}

impl Network {
    /// The network of `model`, whose scales must be the exponentials of outputs.
    pub fn new(model: &Model<'_>) -> Self {
        let groups = folds(model);
        let mut layers: Vec<Layer> = model
            .layers()
            .iter()
            .map(|mdn_infer::Layer::Dense(layer)| Layer {
                kernel: (1..=layer.inputs())
                    .flat_map(|row| layer.row(row))
                    .collect(),
                bias: layer.row(0).collect(),
                activation: layer.activation(),
            })
            .collect();
        if let Some(last) = layers.last_mut() {
            *last = fold(last, &groups.concat());
        }
        Network {
            shift: model.input_shift().to_vec(),
            scale: model.input_scale().to_vec(),
            layers,
            groups: groups.map(|group| group.len()),
        }
    }

    /// I, the number of inputs.
    pub fn inputs(&self) -> usize {
        self.shift.len()
    }

    /// Multiplications and additions of the dense layers for one row, two for each entry.
    pub fn operations(&self) -> usize {
        let entries = self.layers.iter().map(|layer| layer.kernel.len());
        2 * entries.sum::<usize>()
    }
}

fn fold(layer: &Layer, folds: &[Fold]) -> Layer {
    let row =
        |row: &[f32]| -> Vec<f32> { folds.iter().map(|f| row[f.output] * f.factor).collect() };
    let kernel = layer
        .kernel
        .chunks(layer.bias.len())
        .flat_map(row)
        .collect();
    let offsets = folds.iter().map(|fold| fold.offset);
    Layer {
        kernel,
        bias: row(&layer.bias)
            .iter()
            .zip(offsets)
            .map(|(bias, offset)| bias + offset)
            .collect(),
        activation: layer.activation,
    }
}

fn folds(model: &Model<'_>) -> [Vec<Fold>; 4] {
    let (k, d) = (model.components(), model.dimensions());
    let (shift, scale) = (model.target_shift(), model.target_scale());
    let fold = |row: usize, factor: f32, offset: f32| {
        (0..k).map(move |component| Fold {
            output: row * k + component,
            factor,
            offset,
        })
    };
    let logits = fold(0, 1.0, 0.0).collect();
    let means = (0..d)
        .flat_map(|i| fold(1 + i, scale[i], shift[i]))
        .collect();
    let factors = 1 + d;
    let entry = |i: usize, j: usize| factors + i * (i + 1) / 2 + j;
    let (diagonal, below) = match model.head().covariance {
        Covariance::Isotropic => (fold(factors, 1.0, scale[0].ln()).collect(), Vec::new()),
        Covariance::Diagonal => (
            (0..d)
                .flat_map(|i| fold(factors + i, 1.0, scale[i].ln()))
                .collect(),
            Vec::new(),
        ),
        // Full; no other kind exists.
        _ => (
            (0..d)
                .flat_map(|i| fold(entry(i, i), -1.0, -scale[i].ln()))
                .collect(),
            lower(d)
                .flat_map(|(i, j)| fold(entry(i, j), 1.0 / scale[j], 0.0))
                .collect(),
        ),
    };
    [logits, means, diagonal, below]
}

fn lower(dimensions: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..dimensions).flat_map(|i| (0..i).map(move |j| (i, j)))
}

/// The parameters of `mixture` in raw units, in the order of the network's groups.
pub fn parameters(mixture: &Mixture<'_>, mut visit: impl FnMut(f32)) {
    let d = mixture.dimensions();
    let full = mixture.covariance() == Covariance::Full;
    mixture.log_weights().iter().copied().for_each(&mut visit);
    for i in 0..d {
        mixture.components().for_each(|c| visit(c.mean(i)));
    }
    let scales = if mixture.covariance() == Covariance::Isotropic {
        1
    } else {
        d
    };
    for i in 0..scales {
        let scale = |c: mdn_infer::Component<'_>| {
            if full {
                c.precision_factor(i, i)
            } else {
                c.scale(i)
            }
        };
        mixture.components().for_each(|c| visit(scale(c)));
    }
    if full {
        for (i, j) in lower(d) {
            mixture
                .components()
                .for_each(|c| visit(c.precision_factor(i, j)));
        }
    }
}
