//! Forward and backward over a shard of rows.
//!
//! Everything lies feature-major, `[feature][rows]` with a stride, so that a vector's lanes are
//! rows: activations, likelihood and slopes are vertical, without horizontal sums. Below the
//! values of each layer lies a row of ones, so that the bias is one more row of the kernel.

use mdn_infer::format::Activation;
use mdn_infer::simd::Level;

use super::activation::{self, Extent};
use super::{Architecture, LayerShape};
use crate::gemm::{Matrix, multiply};

/// Rows are padded to a multiple of this many, the widest vector.
pub(crate) const LANES: usize = 8;

/// The values of one layer of units, `[width + 1][stride]`, and what the backward pass keeps.
#[derive(Debug)]
struct Units {
    width: usize,
    /// The values after the activation, then a row of ones.
    values: Vec<f32>,
    /// The activation's slopes, where they cannot be had from the values.
    slopes: Vec<f32>,
    /// The gradient with respect to the values before the activation.
    delta: Vec<f32>,
}

/// The working memory of a shard of rows, allocated once.
#[derive(Debug)]
pub(crate) struct Workspace {
    level: Level,
    activation: Activation,
    layers: Vec<LayerShape>,
    /// Inputs, then hidden layers.
    units: Vec<Units>,
    /// `[O][stride]`: the outputs; after the loss, its gradient with respect to them.
    outputs: Vec<f32>,
    stride: usize,
    /// How many rows are loaded, padding included.
    padded: usize,
}

impl Workspace {
    /// Room for up to `rows` rows; for the forward pass alone unless `backward`.
    pub(crate) fn new(architecture: &Architecture, rows: usize, backward: bool) -> Self {
        let stride = stride(rows);
        let keeps = activation::keeps_slope(architecture.activation);
        let layers: Vec<LayerShape> = architecture.layers().collect();
        let units = layers.iter().enumerate().map(|(number, layer)| {
            let buffer = |wanted: bool| vec![0.0; if wanted { layer.inputs * stride } else { 0 }];
            let mut values = buffer(true);
            values.resize((layer.inputs + 1) * stride, 1.0);
            Units {
                width: layer.inputs,
                values,
                slopes: buffer(keeps && number > 0),
                delta: buffer(backward && number > 0),
            }
        });
        Workspace {
            level: Level::detect(),
            activation: architecture.activation,
            units: units.collect(),
            outputs: vec![0.0; architecture.head.outputs() * stride],
            layers,
            stride,
            padded: 0,
        }
    }

    /// The distance between the features of a buffer.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// The inputs `[I][stride]`, to be filled for `rows` rows; padding must be finite.
    pub(crate) fn inputs_for(&mut self, rows: usize) -> &mut [f32] {
        self.padded = rows.next_multiple_of(LANES);
        let inputs = &mut self.units[0];
        &mut inputs.values[..inputs.width * self.stride]
    }

    /// The outputs `[O][stride]`; the loss replaces them by its gradient.
    pub(crate) fn outputs_mut(&mut self) -> &mut [f32] {
        &mut self.outputs
    }

    /// From the inputs to the outputs.
    pub(crate) fn forward(&mut self, parameters: &[f32]) {
        let (stride, padded) = (self.stride, self.padded);
        let extent = Extent {
            rows: padded,
            stride,
        };
        for (number, layer) in self.layers.iter().enumerate() {
            let (below, above) = self.units.split_at_mut(number + 1);
            let from = Matrix::new(&below[number].values, [layer.inputs + 1, padded], stride);
            let kernel = Matrix::new(
                &parameters[layer.range()],
                [layer.inputs + 1, layer.outputs],
                layer.outputs,
            );
            let Some(to) = above.first_mut() else {
                multiply(kernel.transposed(), from, 0.0, &mut self.outputs, stride);
                break;
            };
            multiply(kernel.transposed(), from, 0.0, &mut to.values, stride);
            let values = &mut to.values[..layer.outputs * stride];
            activation::forward(self.level, self.activation, extent, values, &mut to.slopes);
        }
    }

    /// From the gradient in the outputs' place to the gradient with respect to the parameters:
    /// `gradient = beta gradient + this shard's`. A forward pass must have come before.
    pub(crate) fn backward(&mut self, parameters: &[f32], beta: f32, gradient: &mut [f32]) {
        let (stride, padded) = (self.stride, self.padded);
        let extent = Extent {
            rows: padded,
            stride,
        };
        for (number, layer) in self.layers.iter().enumerate().rev() {
            let (below, above) = self.units.split_at_mut(number + 1);
            let from = &mut below[number];
            let delta = above.first().map_or(&self.outputs, |units| &units.delta);
            let delta = Matrix::new(delta, [layer.outputs, padded], stride);
            let values = Matrix::new(&from.values, [layer.inputs + 1, padded], stride);
            multiply(
                values,
                delta.transposed(),
                beta,
                &mut gradient[layer.range()],
                layer.outputs,
            );
            if number > 0 {
                let kernel = Matrix::new(
                    &parameters[layer.kernel()],
                    [layer.inputs, layer.outputs],
                    layer.outputs,
                );
                multiply(kernel, delta, 0.0, &mut from.delta, stride);
                let values = &from.values[..layer.inputs * stride];
                activation::backward(
                    self.level,
                    self.activation,
                    extent,
                    values,
                    &from.slopes,
                    &mut from.delta,
                );
            }
        }
    }
}

/// The distance between features: the rows padded to whole vectors, and to an odd number of
/// 64-byte cache lines, lest all features fall into the same few sets of the cache.
fn stride(rows: usize) -> usize {
    const LINE: usize = 16;
    rows.div_ceil(LINE).max(1) / 2 * 2 * LINE + LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_hold_the_rows_in_an_odd_number_of_lines() {
        for rows in [1, 8, 16, 17, 32, 255, 256, 257] {
            assert!(stride(rows) >= rows.next_multiple_of(LANES));
            assert_eq!(stride(rows) / 16 % 2, 1);
        }
    }
}
