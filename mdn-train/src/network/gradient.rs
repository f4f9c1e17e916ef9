//! The gradient of a dense layer's parameters: products of its inputs with the gradient with
//! respect to its outputs, summed over rows.
//!
//! The lanes are outputs here, so that no sum runs across a vector: the gradient with respect to
//! the outputs is turned row by row, sixteen outputs at a time. A kernel entry adds its rows in
//! ascending order on every instruction set.

use std::array::from_fn;

use mdn_infer::simd::{Kernel, Level, Octet, Simd};

use super::LayerShape;
use super::strip::{OCTETS, ROWS, Strip, pitch};

/// Sixteen outputs of the rows of one block: `[row][output]`.
pub(super) type Turned = [Strip; ROWS];

/// Adds to the layer's part of `gradient`, kernel and bias, given its inputs and the gradient
/// with respect to its outputs. With `first` it replaces. `turned` `[block]` is working memory.
pub(super) fn accumulate(
    level: Level,
    layer: LayerShape,
    inputs: &[Strip],
    delta: &[Strip],
    first: bool,
    turned: &mut [Turned],
    gradient: &mut [f32],
) {
    let gradient = &mut gradient[layer.range()];
    if first {
        gradient.fill(0.0);
    }
    level.run(Accumulate {
        layer,
        inputs,
        delta,
        turned,
        gradient,
    });
}

struct Accumulate<'a> {
    layer: LayerShape,
    inputs: &'a [Strip],
    delta: &'a [Strip],
    turned: &'a mut [Turned],
    gradient: &'a mut [f32],
}

impl Kernel for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(mut self, simd: S) {
        for output in (0..self.layer.outputs).step_by(ROWS) {
            self.turn(simd, output);
            for input in (0..self.layer.inputs).step_by(6) {
                match self.layer.inputs - input {
                    1 => self.tile::<S, 1>(simd, input, output),
                    2 => self.tile::<S, 2>(simd, input, output),
                    3 => self.tile::<S, 3>(simd, input, output),
                    4 => self.tile::<S, 4>(simd, input, output),
                    5 => self.tile::<S, 5>(simd, input, output),
                    _ => self.tile::<S, 6>(simd, input, output),
                }
            }
        }
        self.biases(simd);
    }
}

impl Accumulate<'_> {
    /// Turns the gradients of up to sixteen outputs.
    #[inline(always)]
    fn turn<S: Simd>(&mut self, simd: S, output: usize) {
        let width = self.layer.outputs;
        let end = width.min(output + ROWS);
        let blocks = self.delta.chunks_exact(pitch(width));
        for (turned, block) in self.turned.iter_mut().zip(blocks) {
            match block[output..end].first_chunk::<ROWS>() {
                Some(strips) => transpose(simd, strips, turned),
                None => transpose(simd, &block[output..end], turned),
            }
        }
    }

    /// The kernel's gradient for `M` inputs and up to sixteen outputs.
    #[inline(always)]
    fn tile<S: Simd, const M: usize>(&mut self, simd: S, input: usize, output: usize) {
        let mut sums = [[simd.splat_octet(0.0); OCTETS]; M];
        let blocks = self.inputs.chunks_exact(pitch(self.layer.inputs));
        for (block, turned) in blocks.zip(self.turned.iter()) {
            let Some(strips) = block[input..].first_chunk::<M>() else {
                continue;
            };
            for (row, deltas) in turned.iter().enumerate() {
                let octets = deltas.as_chunks().0;
                let (left, right) = (simd.load_octet(&octets[0]), simd.load_octet(&octets[1]));
                for (sums, strip) in sums.iter_mut().zip(strips) {
                    let value = simd.splat_octet(strip[row]);
                    sums[0] = sums[0].add(left.mul(value));
                    sums[1] = sums[1].add(right.mul(value));
                }
            }
        }
        let width = self.layer.outputs;
        let rows = self.gradient[input * width..].chunks_mut(width);
        for (row, sums) in rows.zip(&sums) {
            let end = width.min(output + ROWS);
            for (to, sum) in row[output..end].chunks_mut(8).zip(sums) {
                add(to, sum.to_array());
            }
        }
    }

    /// The biases' gradient.
    #[inline(always)]
    fn biases<S: Simd>(&mut self, simd: S) {
        let LayerShape {
            inputs, outputs, ..
        } = self.layer;
        for (output, to) in self.gradient[inputs * outputs..].iter_mut().enumerate() {
            let mut sum = simd.splat_octet(0.0);
            for strip in self.delta[output..].iter().step_by(pitch(outputs)) {
                for octet in strip.as_chunks().0 {
                    sum = sum.add(simd.load_octet(octet));
                }
            }
            *to += sum.sum();
        }
    }
}

#[inline(always)]
fn add(to: &mut [f32], octet: [f32; 8]) {
    match to.first_chunk_mut::<8>() {
        Some(to) => {
            for (to, value) in to.iter_mut().zip(octet) {
                *to += value;
            }
        }
        None => {
            for (to, value) in to.iter_mut().zip(octet) {
                *to += value;
            }
        }
    }
}

/// From `[output][row]` to `[row][output]`, zeros where there is no output.
#[inline(always)]
fn transpose<S: Simd>(simd: S, strips: &[Strip], turned: &mut Turned) {
    for (row, deltas) in turned.iter_mut().enumerate() {
        let (octets, _) = deltas.as_chunks_mut();
        for (octet, strips) in octets
            .iter_mut()
            .zip([strips, strips.get(8..).unwrap_or(&[])])
        {
            // By way of a vector, which is put together in a register and stored at once.
            let lanes = from_fn(|i| strips.get(i).map_or(0.0, |strip| strip[row]));
            *octet = simd.load_octet(&lanes).to_array();
        }
    }
}
