//! Everything that the engine tells about a model, and the checks of its bytes. Not the texts of
//! errors: those are formatted by `core::fmt`, which has panics of its own.

use core::hint::black_box;

use mdn_infer::{FloatUnit, IntegrityWalk, Layer, Level, Model};

use crate::{Failure, Inputs};

/// Calls every public function that looks at a model, and what the other forms of parsing and
/// predicting reach.
///
/// # Errors
///
/// [`Failure`]; each answer may be one.
pub fn structure(inputs: &mut Inputs<'_>) -> Result<(), Failure> {
    let mut walk = IntegrityWalk::new(inputs.file);
    black_box(walk.step(black_box(64))?);
    let model = black_box(Model::parse(inputs.file)?);
    let header = black_box(*model.header());
    black_box((header.components(), header.hidden_layers().count()));
    black_box((header.version(), model.head().outputs()));
    black_box((model.storage().name(), model.members()));
    black_box((model.input_shift(), model.input_scale()));
    black_box((model.target_shift(), model.target_scale()));
    black_box((model.parameters(), model.multiply_adds()));
    black_box(model.input_shape());
    if let Some(ranges) = model.input_ranges() {
        ranges.iter().for_each(|range| {
            black_box(range);
        });
    }
    if let Some(supports) = model.supports() {
        supports.iter().for_each(|support| {
            black_box(support.name());
        });
    }
    model.golden().for_each(|golden| {
        black_box((golden.input, golden.target, golden.expected));
    });
    model.layers().iter().for_each(layer);
    for layer_of_member in model.network(black_box(1)) {
        layer(&layer_of_member);
    }
    black_box(model.self_test(Level::detect(), inputs.working)?.passed());
    black_box(model.self_test_short(Level::detect(), inputs.working)?);
    let float_unit = FloatUnit::guarded(|| FloatUnit::check(Level::detect()));
    black_box((float_unit.hash, float_unit.passed(), float_unit.control()));
    for fault in float_unit.faults() {
        black_box(fault.name());
    }
    black_box(
        model
            .predict_without_limits(Level::detect(), inputs.numbers, inputs.working)?
            .len(),
    );
    let mixture = black_box(model.predict(Level::detect(), inputs.numbers, inputs.working)?);
    black_box((mixture.len(), mixture.is_empty(), mixture.dimensions()));
    black_box((mixture.covariance(), mixture.log_weights()));
    black_box(mixture.component(black_box(3)));
    Ok(())
}

fn layer(layer: &Layer<'_>) {
    black_box((layer.inputs(), layer.outputs(), layer.activation()));
    black_box(layer.kind());
    let Layer::Dense(dense) = layer;
    black_box(dense.scales());
    for entry in dense.integers(black_box(1)) {
        black_box(entry);
    }
    for value in dense.row(black_box(2)) {
        black_box(value);
    }
}
