//! The mean error of rounded kernels, taken out of the biases (Nagel et al. 2019).

use mdn_infer::Model;

use super::Layer;
use crate::data::Dataset;
use crate::oracle::activate;

/// Most rows that are looked at, evenly over the table.
const MOST_ROWS: usize = 2000;

/// Adds to each bias what the layer's sums are too low on average over the rows of `data`, layer
/// by layer, so that each is corrected for those before it.
pub(super) fn biases(model: &Model<'_>, layers: &mut [Layer], data: &Dataset) {
    let step = data.rows.div_ceil(MOST_ROWS).max(1);
    let rows: Vec<usize> = (0..data.rows).step_by(step).collect();
    let mut exact: Vec<Vec<f64>> = rows
        .iter()
        .map(|&r| standardised(model, data.input(r)))
        .collect();
    let mut rounded = exact.clone();
    for (dense, layer) in model.layers().iter().zip(layers) {
        let kernel: Vec<f64> = (1..=dense.inputs())
            .flat_map(|row| dense.row(row).map(f64::from))
            .collect();
        let bias: Vec<f64> = dense.row(0).map(f64::from).collect();
        let narrow = layer.kernel();
        let mut lost = vec![0.0; bias.len()];
        for (exact, rounded) in exact.iter_mut().zip(&mut rounded) {
            *exact = sums(&kernel, &bias, exact);
            *rounded = sums(&narrow, &bias, rounded);
            for (lost, (e, r)) in lost.iter_mut().zip(exact.iter().zip(rounded.iter())) {
                *lost += (e - r) / rows.len() as f64;
            }
        }
        for (bias, lost) in layer.bias.iter_mut().zip(&lost) {
            *bias = (f64::from(*bias) + lost) as f32;
        }
        for rounded in &mut rounded {
            rounded
                .iter_mut()
                .zip(&lost)
                .for_each(|(r, lost)| *r += lost);
        }
        for value in exact.iter_mut().chain(&mut rounded).flatten() {
            *value = activate(dense.activation(), *value);
        }
    }
}

fn standardised(model: &Model<'_>, x: &[f32]) -> Vec<f64> {
    let affine = model.input_shift().iter().zip(model.input_scale());
    let standardise = |(&x, (&shift, &scale)): (&f32, (&f32, &f32))| {
        (f64::from(x) - f64::from(shift)) / f64::from(scale)
    };
    x.iter().zip(affine).map(standardise).collect()
}

/// bias + kernelᵀ · inputs
fn sums(kernel: &[f64], bias: &[f64], inputs: &[f64]) -> Vec<f64> {
    let mut sums = bias.to_vec();
    for (x, row) in inputs.iter().zip(kernel.chunks_exact(bias.len())) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, entry)| *sum += x * entry);
    }
    sums
}
