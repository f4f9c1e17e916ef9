//! The dense layer for many rows at once: one load of the kernel serves several rows.
//!
//! A tile is `R` rows by two panels. Its sums have the order of [`forward`], which the rows that
//! fill no tile take: the bits are the same.

use core::ops::Range;

use super::Dense;
use super::dense::{SPAN, forward};
use crate::simd::{Kernel, Pair, Simd};

/// The most rows of a block of a batch, a multiple of every tile's: with two layers of 256 units,
/// their activations take 96 KB.
pub(crate) const BLOCK: usize = 48;

/// Where the inputs of many rows are: at the front of each row of `values` `[N][stride]`, which need
/// not keep them.
pub(crate) struct Inputs<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
}

/// Where the outputs of many rows go: `start` elements into each row of `values` `[N][stride]`.
pub(crate) struct Outputs<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) start: usize,
}

/// As [`forward`] for each row of `input`, into `output`.
///
/// Tiles are for binary32 kernels; narrow ones serve one row after the other.
#[inline(always)]
pub(crate) fn forward_rows<S: Simd>(
    simd: S,
    layer: &Dense<'_>,
    input: Inputs<'_>,
    output: Outputs<'_>,
) {
    let Outputs {
        values,
        stride,
        start,
    } = output;
    let (buffer, pitch) = (input.values, input.stride.max(1));
    let stride = stride.max(1);
    let (panels, tiled) = match layer.panels() {
        Some(panels) if S::TILE_ROWS > 1 => {
            (panels, buffer.len() / (S::TILE_ROWS * pitch) * S::TILE_ROWS)
        }
        _ => (&[][..], 0),
    };
    let (tiles, rest) = buffer
        .split_at_mut_checked(tiled * pitch)
        .unwrap_or_default();
    let (values, rest_values) = values
        .split_at_mut_checked(tiled * stride)
        .unwrap_or_default();
    let to = Outputs {
        values,
        stride,
        start,
    };
    match S::TILE_ROWS {
        6 => tiles_of::<S, 6>(simd, layer, panels, tiles, to),
        4 => tiles_of::<S, 4>(simd, layer, panels, tiles, to),
        2 => tiles_of::<S, 2>(simd, layer, panels, tiles, to),
        _ => {}
    }
    // Not zipped: the length of such a pair is a division, which may be a panic.
    let mut rows = rest.chunks_exact_mut(pitch);
    for row in rest_values.chunks_exact_mut(stride) {
        let Some(buffer) = rows.next() else { break };
        let output = row.get_mut(start..start + layer.outputs());
        forward(simd, layer, buffer, output.unwrap_or_default());
    }
}

/// [`forward_rows`] for a multiple of `R` rows, of `panels` and `input` `[N][inputs]`.
///
/// Panels are the outer loop: two of them stay in the nearest cache while all rows pass.
#[inline(always)]
fn tiles_of<S: Simd, const R: usize>(
    simd: S,
    layer: &Dense<'_>,
    panels: &[[f32; 8]],
    input: &[f32],
    to: Outputs<'_>,
) {
    let pairs = panels.chunks(2 * (layer.inputs() + 1));
    for (panels, at) in pairs.zip((0..layer.outputs()).step_by(16)) {
        let outputs = at..layer.outputs().min(at + 16);
        simd.run_apart(Column::<R> {
            panels,
            inputs: layer.inputs(),
            input,
            columns: to.start + outputs.start..to.start + outputs.end,
            output: &mut *to.values,
            stride: to.stride,
        });
    }
}

/// Two neighbouring panels, or the last one, and the rows that pass through them in tiles of `R`
/// into these `columns` of each row of the output.
struct Column<'a, const R: usize> {
    panels: &'a [[f32; 8]],
    inputs: usize,
    input: &'a [f32],
    columns: Range<usize>,
    output: &'a mut [f32],
    stride: usize,
}

impl<const R: usize> Kernel for Column<'_, R> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let inputs = self.inputs.max(1);
        let (low, high) = self.panels.split_at_checked(inputs + 1).unwrap_or_default();
        // The last of an odd number of panels is its own neighbour.
        let high = if high.is_empty() { low } else { high };
        let (Some(low), Some(high)) = (low.split_first(), high.split_first()) else {
            return;
        };
        let biases = S::Pair::load(simd, low.0, high.0);
        let stride = self.stride.max(1);
        let groups = self.input.chunks_exact(R * inputs);
        for (input, output) in groups.zip(self.output.chunks_exact_mut(R * stride)) {
            let totals = tile::<S, R>(simd, biases, (low.1, high.1), input, inputs);
            for (total, output) in totals.iter().zip(output.chunks_exact_mut(stride)) {
                total.store(output.get_mut(self.columns.clone()).unwrap_or_default());
            }
        }
    }
}

/// Entries of two panels.
type Entries<'a> = (&'a [[f32; 8]], &'a [[f32; 8]]);

/// Two panels for the `R` rows of `input` `[R][inputs]`: the processor has `R` independent sums
/// of pairs in flight.
#[inline(always)]
fn tile<S: Simd, const R: usize>(
    simd: S,
    biases: S::Pair,
    (low, high): Entries<'_>,
    input: &[f32],
    inputs: usize,
) -> [S::Pair; R] {
    let mut totals = [biases; R];
    let mut rows: [&[[f32; SPAN]]; R] = [&[]; R];
    let mut rests: [&[f32]; R] = [&[]; R];
    for ((row, rest), input) in (rows.iter_mut().zip(&mut rests)).zip(input.chunks_exact(inputs)) {
        (*row, *rest) = input.as_chunks();
    }
    let (low, low_rest) = low.as_chunks::<SPAN>();
    let (high, high_rest) = high.as_chunks::<SPAN>();
    for (s, (low, high)) in low.iter().zip(high).enumerate() {
        let Some(rows) = spans(&rows, s) else { break };
        add_sums::<S, R>(simd, &mut totals, rows, (low, high));
    }
    if !low_rest.is_empty() {
        add_sums::<S, R>(simd, &mut totals, rests, (low_rest, high_rest));
    }
    totals
}

/// Span `s` of each row.
#[inline(always)]
fn spans<'a, const R: usize>(rows: &[&'a [[f32; SPAN]]; R], s: usize) -> Option<[&'a [f32]; R]> {
    let mut spans: [&[f32]; R] = [&[]; R];
    for (span, row) in spans.iter_mut().zip(rows) {
        *span = row.get(s)?;
    }
    Some(spans)
}

/// Adds to each of `totals` the sum of one span of its row with that of two panels.
#[inline(always)]
fn add_sums<S: Simd, const R: usize>(
    simd: S,
    totals: &mut [S::Pair; R],
    rows: [&[f32]; R],
    (low, high): Entries<'_>,
) {
    let mut sums = [S::Pair::splat(simd, 0.0); R];
    for (i, (low, high)) in low.iter().zip(high).enumerate() {
        let entries = S::Pair::load(simd, low, high);
        for (sum, row) in sums.iter_mut().zip(rows) {
            if let Some(&x) = row.get(i) {
                let product = S::Pair::splat(simd, x).mul(entries);
                *sum = if i == 0 { product } else { sum.add(product) };
            }
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total = total.add(sum);
    }
}
