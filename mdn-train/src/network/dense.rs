//! The products of a dense layer with its parameters.
//!
//! Written over the engine's pairs of octets, without fused multiply-add, in an order that doesn't
//! depend on the vector width: a sum starts with the bias and adds its terms in ascending order. So
//! training gives the same bits on every instruction set.
//!
//! Each tile keeps six pairs of sums in registers, which hides the latency of the additions;
//! parameters are packed once a step in the order in which the tiles read them.

use mdn_infer::simd::{Kernel, Level, Pair, Simd};

use super::LayerShape;
use super::strip::{Strip, load_pair, pitch};

/// How many sums a tile has.
const WIDE: usize = 6;

/// One parameter for each sum of a tile.
type Panel = [f32; WIDE];

/// The parameters of a layer as the tiles read them.
#[derive(Debug)]
pub(super) struct Packed {
    layer: LayerShape,
    /// For each tile of outputs, zeros as padding: the bias, then the weights of each input.
    forward: Vec<Panel>,
    /// For each tile of inputs, zeros as padding: nothing to start from, then the weights of each
    /// output. Empty where no gradient goes further down.
    backward: Vec<Panel>,
}

impl Packed {
    /// Room for a `layer`.
    pub(super) fn new(layer: LayerShape, backward: bool) -> Self {
        let panels =
            |sums: usize, terms: usize| vec![[0.0; WIDE]; sums.div_ceil(WIDE) * (terms + 1)];
        Packed {
            layer,
            forward: panels(layer.outputs, layer.inputs),
            backward: panels(if backward { layer.inputs } else { 0 }, layer.outputs),
        }
    }

    /// Takes over the layer's part of `parameters`.
    pub(super) fn pack(&mut self, parameters: &[f32]) {
        let LayerShape {
            inputs, outputs, ..
        } = self.layer;
        let (kernel, bias) = (
            &parameters[self.layer.kernel()],
            &parameters[self.layer.bias()],
        );
        let tiles = self.forward.chunks_exact_mut(inputs + 1);
        for (tile, panels) in tiles.enumerate() {
            let columns = tile * WIDE..outputs.min((tile + 1) * WIDE);
            let rows = std::iter::once(bias).chain(kernel.chunks_exact(outputs));
            for (panel, row) in panels.iter_mut().zip(rows) {
                let row = &row[columns.clone()];
                match row.first_chunk::<WIDE>() {
                    Some(whole) => *panel = *whole,
                    None => panel[..row.len()].copy_from_slice(row),
                }
            }
        }
        let tiles = self.backward.chunks_exact_mut(outputs + 1);
        for (panels, rows) in tiles.zip(kernel.chunks(outputs * WIDE)) {
            for (n, row) in rows.chunks_exact(outputs).enumerate() {
                for (panel, &weight) in panels[1..].iter_mut().zip(row) {
                    panel[n] = weight;
                }
            }
        }
    }

    /// The layer's outputs `to` from its inputs `from`.
    pub(super) fn forward(&self, level: Level, from: &[Strip], to: &mut [Strip]) {
        level.run_batch(Combine {
            panels: &self.forward,
            terms: self.layer.inputs,
            sums: self.layer.outputs,
            from,
            to,
        });
    }

    /// The gradient with respect to the layer's inputs, `to`, from that with respect to its
    /// outputs, `from`.
    pub(super) fn backward(&self, level: Level, from: &[Strip], to: &mut [Strip]) {
        level.run_batch(Combine {
            panels: &self.backward,
            terms: self.layer.outputs,
            sums: self.layer.inputs,
            from,
            to,
        });
    }
}

/// Weighted sums of features.
struct Combine<'a> {
    panels: &'a [Panel],
    terms: usize,
    sums: usize,
    from: &'a [Strip],
    to: &'a mut [Strip],
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let to = self.to.chunks_exact_mut(pitch(self.sums));
        for (from, to) in self.from.chunks_exact(pitch(self.terms)).zip(to) {
            let tiles = self.panels.chunks_exact(self.terms + 1);
            for (panels, to) in tiles.zip(to[..self.sums].chunks_mut(WIDE)) {
                let sums = tile(simd, panels, from);
                match to.first_chunk_mut::<WIDE>() {
                    Some(to) => store::<S>(to, &sums),
                    None => store::<S>(to, &sums),
                }
            }
        }
    }
}

/// The sums of one tile over one block.
#[inline(always)]
fn tile<S: Simd>(simd: S, panels: &[Panel], from: &[Strip]) -> [S::Pair; WIDE] {
    let mut sums = [S::Pair::splat(simd, 0.0); WIDE];
    let Some((start, weights)) = panels.split_first() else {
        return sums;
    };
    for (sum, &start) in sums.iter_mut().zip(start) {
        *sum = S::Pair::splat(simd, start);
    }
    for (strip, weights) in from.iter().zip(weights) {
        let values = load_pair(simd, strip);
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = sum.add(values.mul(S::Pair::splat(simd, weight)));
        }
    }
    sums
}

#[inline(always)]
fn store<S: Simd>(to: &mut [Strip], sums: &[S::Pair; WIDE]) {
    for (to, sum) in to.iter_mut().zip(sums) {
        sum.store(to);
    }
}
