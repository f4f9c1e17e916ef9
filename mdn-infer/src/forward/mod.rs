//! The forward pass: raw inputs in, the parameters of mixtures out.
//!
//! On entry the model is sound, as [`Model::parse`] checked; on exit the parameters of each row are
//! where its mixture looks for them. One row passes in `row`, many in `batch`, a block at a time;
//! the networks of an ensemble pass one after the other through the same activations, each into a
//! part of the parameters of its own. All of them share the loop over the layers, [`pass`]. The
//! layers themselves are in `layers`; what is done to raw inputs is in `inputs`; what the mixture can answer is in `mixture`.

mod batch;
mod row;

use crate::format::MAX_HIDDEN;
use crate::layers::{Layer, Limits};
use crate::model::Model;
use crate::simd::Simd;

/// The numbers of one network's layers; those of an ensemble take turns in the same slots.
type Slots<'a> = [Layer<'a>; MAX_HIDDEN + 1];

/// One network of a model.
#[derive(Clone, Copy)]
struct Network<'a> {
    model: &'a Model<'a>,
    limits: Limits,
    /// The hidden layers in order, then the head's.
    layers: &'a [Layer<'a>],
}

/// What passes through the layers together: one row, or a block of a batch.
trait Rows: Copy {
    /// Why there are no parameters: an output is not finite, or out of the limits.
    type Overflow;

    /// How many rows it is.
    fn count(self) -> usize;

    /// The inputs, standardised, into the buffer of the first layer.
    fn standardise(self, model: &Model<'_>, to: &mut [f32]);

    /// A hidden layer with its activation, from one buffer into the other.
    fn hidden<S: Simd>(
        self,
        simd: S,
        network: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        to: &mut [f32],
    );

    /// The last layer, and what the head makes of its outputs.
    fn head<S: Simd>(
        self,
        simd: S,
        network: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        parameters: &mut [f32],
    ) -> Result<(), Self::Overflow>;
}

/// `rows` through every layer of one network, by way of `activations`, which has room for two
/// buffers of each row: even layers read the first and write the second, odd layers the reverse.
#[inline(always)]
fn pass<S: Simd, R: Rows>(
    simd: S,
    network: Network<'_>,
    rows: R,
    activations: &mut [f32],
    parameters: &mut [f32],
) -> Result<(), R::Overflow> {
    let [first, _] = network.model.buffers();
    let (mut from, mut to) = activations
        .split_at_mut_checked(rows.count() * first)
        .unwrap_or_default();
    rows.standardise(network.model, from);
    // A model has the head's layer at least.
    let Some((last, hidden)) = network.layers.split_last() else {
        debug_assert!(false, "a network without layers");
        return Ok(());
    };
    for layer in hidden {
        rows.hidden(simd, network, layer, from, to);
        core::mem::swap(&mut from, &mut to);
    }
    rows.head(simd, network, last, from, parameters)
}
