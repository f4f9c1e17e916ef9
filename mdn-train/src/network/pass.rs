//! Forward and backward over a shard of rows.

use mdn_infer::simd::Level;

use super::gradient::{Turned, accumulate};
use super::strip::{ROWS, Strip, buffer, pitch};
use super::{Architecture, LayerShape, activation, dense};

/// The parameters of a network as the passes read them; shared by all shards of a step.
#[derive(Debug)]
pub(crate) struct Packed(Vec<dense::Packed>);

impl Packed {
    /// Room for a network; for the forward pass alone unless `backward`.
    pub(crate) fn new(architecture: &Architecture, backward: bool) -> Self {
        let layers = architecture.layers().enumerate();
        Packed(
            layers
                .map(|(number, layer)| dense::Packed::new(layer, backward && number > 0))
                .collect(),
        )
    }

    /// Takes over `parameters`.
    pub(crate) fn pack(&mut self, parameters: &[f32]) {
        for layer in &mut self.0 {
            layer.pack(parameters);
        }
    }
}

/// The values of one layer of units and what the backward pass keeps, each `[block][width]`.
#[derive(Debug)]
struct Units {
    width: usize,
    /// The values after the activation.
    values: Vec<Strip>,
    /// The activation's slopes, where they cannot be had from the values; else empty.
    slopes: Vec<Strip>,
    /// The gradient with respect to the values before the activation; empty for the inputs and
    /// without backward pass.
    delta: Vec<Strip>,
}

/// The working memory of a shard of rows, allocated once.
#[derive(Debug)]
pub(crate) struct Workspace {
    level: Level,
    layers: Vec<LayerShape>,
    /// Inputs, then hidden layers.
    units: Vec<Units>,
    /// `[block][O]`: the outputs; after the loss, its gradient with respect to them.
    outputs: Vec<Strip>,
    /// `[block]`: what the gradient of the parameters works with.
    turned: Vec<Turned>,
    /// How many blocks are loaded.
    blocks: usize,
}

impl Workspace {
    /// Room for up to `rows` rows; for the forward pass alone unless `backward`.
    pub(crate) fn new(architecture: &Architecture, rows: usize, backward: bool) -> Self {
        let layers: Vec<LayerShape> = architecture.layers().collect();
        let below = std::iter::once(None).chain(layers.iter().map(Some));
        let units = layers.iter().zip(below).map(|(layer, below)| {
            let room = |wanted: bool| buffer(layer.inputs, if wanted { rows } else { 0 });
            Units {
                width: layer.inputs,
                values: room(true),
                slopes: room(below.is_some_and(|below| activation::keeps_slope(below.activation))),
                delta: room(backward && below.is_some()),
            }
        });
        Workspace {
            level: Level::detect(),
            units: units.collect(),
            outputs: buffer(architecture.head.outputs(), rows),
            turned: vec![[[0.0; ROWS]; ROWS]; if backward { rows.div_ceil(ROWS) } else { 0 }],
            layers,
            blocks: 0,
        }
    }

    /// The inputs `[block][I]`, to be filled for `rows` rows; padding must be finite.
    pub(crate) fn inputs_for(&mut self, rows: usize) -> &mut [Strip] {
        self.blocks = rows.div_ceil(ROWS);
        let inputs = &mut self.units[0];
        &mut inputs.values[..self.blocks * pitch(inputs.width)]
    }

    /// The outputs `[block][O]`; the loss replaces them by its gradient.
    pub(crate) fn outputs_mut(&mut self) -> &mut [Strip] {
        let width = self.layers.last().map_or(0, |layer| layer.outputs);
        &mut self.outputs[..self.blocks * pitch(width)]
    }

    /// From the inputs to the outputs.
    pub(crate) fn forward(&mut self, packed: &Packed) {
        let level = self.level;
        for (number, (layer, dense)) in self.layers.iter().zip(&packed.0).enumerate() {
            let (below, above) = self.units.split_at_mut(number + 1);
            let from = &below[number].values[..self.blocks * pitch(layer.inputs)];
            let used = self.blocks * pitch(layer.outputs);
            let Some(to) = above.first_mut() else {
                dense.forward(level, from, &mut self.outputs[..used]);
                break;
            };
            let values = &mut to.values[..used];
            dense.forward(level, from, values);
            activation::forward(level, layer.activation, values, &mut to.slopes);
        }
    }

    /// From the gradient in the outputs' place to the gradient with respect to the parameters,
    /// which is added to `gradient` or, with `first`, replaces it. A forward pass must have come
    /// before.
    pub(crate) fn backward(&mut self, packed: &Packed, first: bool, gradient: &mut [f32]) {
        let level = self.level;
        for (number, (&layer, dense)) in self.layers.iter().zip(&packed.0).enumerate().rev() {
            let (below, above) = self.units.split_at_mut(number + 1);
            let from = &mut below[number];
            let used = self.blocks * pitch(layer.inputs);
            let values = &from.values[..used];
            let delta = above.first().map_or(&self.outputs, |units| &units.delta);
            let delta = &delta[..self.blocks * pitch(layer.outputs)];
            let turned = &mut self.turned[..self.blocks];
            accumulate(level, layer, values, delta, first, turned, gradient);
            if let Some(of_inputs) = number
                .checked_sub(1)
                .map(|below| self.layers[below].activation)
            {
                let below = &mut from.delta[..used];
                dense.backward(level, delta, below);
                activation::backward(level, of_inputs, values, &from.slopes, below);
            }
        }
    }
}
