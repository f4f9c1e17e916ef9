//! The gradient of a dense layer's parameters: products of its inputs with the gradient with
//! respect to its outputs, summed over rows.
//!
//! The lanes are outputs here, so that no sum runs across a vector: the gradient with respect to
//! the outputs is turned row by row, sixteen outputs at a time. A kernel entry adds its rows in
//! ascending order on every instruction set.

use mdn_infer::simd::{Kernel, Level, Octet, Pair, Simd};

use super::LayerShape;
use super::strip::{ROWS, Strip, load_pair, pitch};

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
    level.run_batch(Accumulate {
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
        let mut sums = [S::Pair::splat(simd, 0.0); M];
        let blocks = self.inputs.chunks_exact(pitch(self.layer.inputs));
        for (block, turned) in blocks.zip(self.turned.iter()) {
            let Some(strips) = block[input..].first_chunk::<M>() else {
                continue;
            };
            for (row, deltas) in turned.iter().enumerate() {
                let deltas = load_pair(simd, deltas);
                for (sum, strip) in sums.iter_mut().zip(strips) {
                    *sum = sum.add(deltas.mul(S::Pair::splat(simd, strip[row])));
                }
            }
        }
        let width = self.layer.outputs;
        let rows = self.gradient[input * width..].chunks_mut(width);
        for (row, sum) in rows.zip(&sums) {
            let mut lanes = [0.0; ROWS];
            sum.store(&mut lanes);
            add(&mut row[output..width.min(output + ROWS)], &lanes);
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
fn add(to: &mut [f32], values: &Strip) {
    match to.first_chunk_mut::<ROWS>() {
        Some(to) => {
            for (to, value) in to.iter_mut().zip(values) {
                *to += value;
            }
        }
        None => {
            for (to, value) in to.iter_mut().zip(values) {
                *to += value;
            }
        }
    }
}

/// From `[output][row]` to `[row][output]`, zeros where there is no output.
#[inline(always)]
fn transpose<S: Simd>(simd: S, strips: &[Strip], turned: &mut Turned) {
    for (half, rows) in turned.chunks_exact_mut(8).enumerate() {
        for first in [0, 8] {
            let mut square = [simd.splat_octet(0.0); 8];
            for (octet, strip) in square.iter_mut().zip(strips.iter().skip(first)) {
                *octet = simd.load_octet(&strip.as_chunks().0[half]);
            }
            for (row, octet) in rows.iter_mut().zip(simd.turn(square)) {
                octet.store(&mut row[first..first + 8]);
            }
        }
    }
}
