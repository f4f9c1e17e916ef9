//! The first parameters of a network.

use mdn_infer::format::{Activation, Head, ScaleMap};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use super::{Architecture, LayerShape, Network};

/// How the parameters start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub enum Initialisation {
    /// Every kernel uniform in ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010), biases zero.
    Classic,
    /// The components spread over the targets, so that none starts dead: mean biases at
    /// quantiles of the targets (at k-means centres for D > 1), log-weights equal, scales near
    /// the distance between components, the head's kernel a tenth of Glorot's. Hidden layers as
    /// in `Classic`, √2 larger before rectifier-like activations (He et al. 2015).
    #[default]
    Spread,
}

/// How many targets the k-means centres are computed from, at most.
pub(crate) const SAMPLE: usize = 2048;
const KMEANS_ITERATIONS: usize = 10;
/// How much smaller than Glorot's the head's kernel starts under [`Initialisation::Spread`].
const HEAD_KERNEL: f32 = 0.1;

/// A value uniform in [0, 1), a multiple of 2⁻²⁴.
pub(crate) fn uniform(rng: &mut impl Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 16_777_216.0
}

impl Network {
    /// A fresh network. `targets` `[rows][D]`, row-major and standardised, are what
    /// [`Initialisation::Spread`] spreads the components over; without rows it takes the
    /// quantiles of a standard normal's stand-in, a uniform on ±1.7.
    pub fn initialise(
        architecture: &Architecture,
        initialisation: Initialisation,
        targets: &[f32],
        seed: u64,
    ) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut parameters = vec![0.0; architecture.parameters()];
        let last = architecture.hidden.len();
        for (number, layer) in architecture.layers().enumerate() {
            let gain = match initialisation {
                Initialisation::Classic => 1.0,
                Initialisation::Spread if number == last => HEAD_KERNEL,
                Initialisation::Spread => hidden_gain(layer.activation),
            };
            glorot(&mut parameters[layer.kernel()], &layer, gain, &mut rng);
        }
        if let (Initialisation::Spread, Some(head)) = (initialisation, architecture.layers().last())
        {
            spread(
                &mut parameters[head.bias()],
                &architecture.head,
                targets,
                &mut rng,
            );
        }
        Network {
            architecture: architecture.clone(),
            parameters,
        }
    }
}

impl Architecture {
    /// Of `rows` targets only every so many-th decides a network's first parameters.
    pub(crate) fn target_step(&self, rows: usize) -> usize {
        match self.head.dimensions {
            1 => 1,
            _ => rows.div_ceil(SAMPLE).max(1),
        }
    }
}

fn hidden_gain(activation: Activation) -> f32 {
    match activation {
        Activation::Relu | Activation::Gelu | Activation::Silu => std::f32::consts::SQRT_2,
        _ => 1.0,
    }
}

fn glorot(kernel: &mut [f32], layer: &LayerShape, gain: f32, rng: &mut impl Rng) {
    let limit = gain * (6.0 / (layer.inputs + layer.outputs) as f32).sqrt();
    kernel.fill_with(|| limit * (2.0 * uniform(rng) - 1.0));
}

/// Sets the head's bias `[K + D K + F K]` so that the components cover the targets.
fn spread(bias: &mut [f32], head: &Head, targets: &[f32], rng: &mut impl Rng) {
    let (components, dimensions) = (head.components as usize, head.dimensions as usize);
    let centres = if dimensions == 1 {
        quantiles(targets, components)
    } else {
        kmeans(targets, dimensions, components, rng)
    };
    let (means, factors) = bias[components..].split_at_mut(dimensions * components);
    for (k, centre) in centres.chunks_exact(dimensions).enumerate() {
        for (d, &value) in centre.iter().enumerate() {
            means[d * components + k] = value;
        }
    }
    let scale = (components as f32).powf(-1.0 / dimensions as f32).max(0.2);
    for (row, factors) in factors.chunks_exact_mut(components).enumerate() {
        if is_log_scale(head, row) {
            factors.fill(scale_output(head, scale));
        }
    }
}

/// Whether row `row` of the factors is on the diagonal of the precision's factor.
fn is_log_scale(head: &Head, row: usize) -> bool {
    use mdn_infer::format::Covariance;
    match head.covariance {
        Covariance::Full => (0..=row).any(|i| i * (i + 3) / 2 == row),
        _ => true,
    }
}

/// The network output whose scale is `scale`, within the head's bounds.
fn scale_output(head: &Head, scale: f32) -> f32 {
    let scale = scale
        .ln()
        .clamp(head.log_scale_min, head.log_scale_max)
        .exp();
    match head.scale_map {
        ScaleMap::Softplus => scale.exp_m1().ln(),
        _ => scale.ln(),
    }
}

/// The targets' quantiles at (k + ½) / K.
fn quantiles(targets: &[f32], components: usize) -> Vec<f32> {
    let mut sorted = targets.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |k: usize| (k as f32 + 0.5) / components as f32;
    (0..components)
        .map(|k| match sorted.len() {
            0 => 1.7 * (2.0 * at(k) - 1.0),
            rows => sorted[((at(k) * rows as f32) as usize).min(rows - 1)],
        })
        .collect()
}

fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The nearest of `centres` `[K][D]` to `point` `[D]`, and its square distance.
fn nearest(centres: &[f32], point: &[f32]) -> (usize, f32) {
    let distances = centres
        .chunks_exact(point.len())
        .map(|centre| square_distance(centre, point));
    distances
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((0, 0.0))
}

/// Centres `[K][D]` of at most [`SAMPLE`] targets: k-means++ (Arthur & Vassilvitskii 2007), then
/// Lloyd's iterations. Empty clusters keep their centre.
fn kmeans(targets: &[f32], dimensions: usize, components: usize, rng: &mut impl Rng) -> Vec<f32> {
    let rows = targets.len() / dimensions;
    let step = rows.div_ceil(SAMPLE).max(1);
    let sample: Vec<&[f32]> = targets.chunks_exact(dimensions).step_by(step).collect();
    let mut centres = first_centres(&sample, dimensions, components, rng);
    for _ in 0..KMEANS_ITERATIONS {
        let mut sums = vec![0.0; centres.len()];
        let mut counts = vec![0_usize; components];
        for point in &sample {
            let (k, _) = nearest(&centres, point);
            counts[k] += 1;
            for (sum, value) in sums[k * dimensions..].iter_mut().zip(*point) {
                *sum += value;
            }
        }
        for (k, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            for d in k * dimensions..(k + 1) * dimensions {
                centres[d] = sums[d] / count as f32;
            }
        }
    }
    centres
}

/// k-means++: each centre is a point drawn in proportion to its square distance from the
/// nearest centre so far, plus a small jitter so that no two centres coincide.
fn first_centres(
    sample: &[&[f32]],
    dimensions: usize,
    components: usize,
    rng: &mut impl Rng,
) -> Vec<f32> {
    const JITTER: f32 = 0.01;
    let mut centres: Vec<f32> = Vec::with_capacity(components * dimensions);
    let mut gaps = vec![1.0_f32; sample.len()];
    for _ in 0..components {
        let mut remaining = uniform(rng) * gaps.iter().sum::<f32>();
        let chosen = gaps.iter().position(|gap| {
            remaining -= gap;
            remaining < 0.0
        });
        let point = chosen.or(sample.len().checked_sub(1)).map(|i| sample[i]);
        let start = centres.len();
        for d in 0..dimensions {
            let jitter = JITTER * (2.0 * uniform(rng) - 1.0);
            centres.push(point.map_or(0.0, |point| point[d]) + jitter);
        }
        for (gap, point) in gaps.iter_mut().zip(sample) {
            let distance = square_distance(&centres[start..], point);
            *gap = if start == 0 {
                distance
            } else {
                gap.min(distance)
            };
        }
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::super::HiddenLayer;
    use super::*;
    use mdn_infer::format::Covariance;

    fn architecture(dimensions: u8, covariance: Covariance, scale_map: ScaleMap) -> Architecture {
        Architecture {
            inputs: 3,
            hidden: HiddenLayer::dense(&[8], Activation::Tanh),
            head: Head {
                components: 4,
                dimensions,
                covariance,
                scale_map,
                log_scale_min: -7.0,
                log_scale_max: 7.0,
            },
        }
    }

    #[test]
    fn components_spread_over_quantiles() {
        let targets: Vec<f32> = (0..100).map(|i| i as f32).collect();
        assert_eq!(quantiles(&targets, 4), [12.0, 37.0, 62.0, 87.0]);
        assert_eq!(quantiles(&[], 2), [-0.85, 0.85]);
    }

    #[test]
    fn centres_find_separate_clusters() {
        let corners = [[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]];
        let targets: Vec<f32> = (0..400).flat_map(|i| corners[i % 4]).collect();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let centres = kmeans(&targets, 2, 4, &mut rng);
        for corner in corners {
            assert!(nearest(&centres, &corner).1 < 1e-6);
        }
    }

    #[test]
    fn diagonal_of_a_full_factor_is_found() {
        let head = architecture(3, Covariance::Full, ScaleMap::Exp).head;
        let rows: Vec<usize> = (0..6).filter(|&row| is_log_scale(&head, row)).collect();
        assert_eq!(rows, [0, 2, 5]);
    }

    #[test]
    fn scales_start_where_they_should() {
        let head = architecture(1, Covariance::Diagonal, ScaleMap::Softplus).head;
        let output = scale_output(&head, 0.25);
        assert!((output.exp().ln_1p() - 0.25).abs() < 1e-6);
        let architecture = architecture(1, Covariance::Isotropic, ScaleMap::Exp);
        let network = Network::initialise(&architecture, Initialisation::Spread, &[], 3);
        let bias = network.layers().last().expect("layers").bias;
        let scale = 0.25_f32.ln();
        let expected = [0.0, 0.0, 0.0, 0.0, -1.275, -0.425, 0.425, 1.275];
        for (bias, expected) in bias.iter().zip(expected.into_iter().chain([scale; 4])) {
            assert!((bias - expected).abs() < 1e-6);
        }
    }
}
