//! The dense layer for many rows at once: one load of the kernel serves several rows.
//!
//! A tile is `R` rows by two panels. Its sums have the order of [`forward`], which the rows that
//! fill no tile take: the bits are the same.

use super::Dense;
use super::dense::{SPAN, forward, short_sum};
use crate::simd::{Octet, Pair, Simd};

/// As [`forward`] for each row of `input` `[N][inputs]`, into the front of each row of `output`
/// `[N][stride]`.
#[inline(always)]
pub(crate) fn forward_rows<S: Simd>(
    simd: S,
    layer: &Dense<'_>,
    input: &[f32],
    output: &mut [f32],
    stride: usize,
) {
    let inputs = layer.inputs();
    let tiled = match S::TILE_ROWS {
        1 => 0,
        rows => input.len() / (rows * inputs) * rows,
    };
    let (tiles, rest) = input.split_at_checked(tiled * inputs).unwrap_or_default();
    let (tiles_output, rest_output) = output
        .split_at_mut_checked(tiled * stride)
        .unwrap_or_default();
    match S::TILE_ROWS {
        8 => tiles_of::<S, 8>(simd, layer, tiles, tiles_output, stride),
        4 => tiles_of::<S, 4>(simd, layer, tiles, tiles_output, stride),
        _ => tiles_of::<S, 2>(simd, layer, tiles, tiles_output, stride),
    }
    let rows = rest.chunks_exact(inputs);
    for (input, output) in rows.zip(rest_output.chunks_exact_mut(stride)) {
        let front = output.get_mut(..layer.outputs()).unwrap_or_default();
        forward(simd, layer, input, front);
    }
}

/// [`forward_rows`] for a multiple of `R` rows.
///
/// Panels are the outer loop: two of them stay in the nearest cache while all rows pass.
#[inline(always)]
fn tiles_of<S: Simd, const R: usize>(
    simd: S,
    layer: &Dense<'_>,
    input: &[f32],
    output: &mut [f32],
    stride: usize,
) {
    let inputs = layer.inputs();
    let panels = layer.panels().chunks(2 * (inputs + 1));
    for (panels, at) in panels.zip((0..).step_by(16)) {
        let (low, high) = panels.split_at_checked(inputs + 1).unwrap_or_default();
        // The last of an odd number of panels is its own neighbour, and stored once.
        let high = if high.is_empty() { low } else { high };
        let width = (layer.outputs() - at).min(16);
        let groups = input.chunks_exact(R * inputs);
        for (input, output) in groups.zip(output.chunks_exact_mut(R * stride)) {
            let Some(totals) = tile::<S, R>(simd, [low, high], input, inputs) else {
                return;
            };
            for (octets, output) in totals.into_iter().zip(output.chunks_exact_mut(stride)) {
                let to = output.get_mut(at..at + width).unwrap_or_default();
                for (octet, to) in octets.into_iter().zip(to.chunks_mut(8)) {
                    octet.store(to);
                }
            }
        }
    }
}

/// Two panels for the `R` rows of `input` `[R][inputs]`: the processor has 2 `R` independent sums
/// in flight. `None` where the lengths do not fit.
#[inline(always)]
fn tile<S: Simd, const R: usize>(
    simd: S,
    panels: [&[[f32; 8]]; 2],
    input: &[f32],
    inputs: usize,
) -> Option<[[S::Octet; 2]; R]> {
    let mut rows: [&[[f32; SPAN]]; R] = [&[]; R];
    let mut rests: [&[f32]; R] = [&[]; R];
    for ((row, rest), input) in rows
        .iter_mut()
        .zip(&mut rests)
        .zip(input.chunks_exact(inputs))
    {
        (*row, *rest) = input.as_chunks();
    }
    let [low, high] = panels;
    let (low_bias, low) = low.split_first()?;
    let (high_bias, high) = high.split_first()?;
    let (low, low_rest) = low.as_chunks::<SPAN>();
    let (high, high_rest) = high.as_chunks::<SPAN>();
    let mut totals = [S::Pair::load(simd, low_bias, high_bias); R];
    for (s, (low, high)) in low.iter().zip(high).enumerate() {
        let sums = span_sums::<S, R>(simd, at(&rows, s)?, low, high);
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = total.add(sum);
        }
    }
    let mut octets = [[simd.splat_octet(0.0); 2]; R];
    for ((octets, total), rest) in octets.iter_mut().zip(totals).zip(rests) {
        let [mut low, mut high] = total.octets(simd);
        if !rest.is_empty() {
            low = low.add(short_sum(simd, rest, low_rest));
            high = high.add(short_sum(simd, rest, high_rest));
        }
        *octets = [low, high];
    }
    Some(octets)
}

/// Element `s` of each slice.
#[inline(always)]
fn at<'a, T, const N: usize>(slices: &[&'a [T]; N], s: usize) -> Option<[&'a T; N]> {
    let mut elements = [slices.first()?.get(s)?; N];
    for (element, slice) in elements.iter_mut().zip(slices) {
        *element = slice.get(s)?;
    }
    Some(elements)
}

/// The sums of one span of each of `rows` with that of two panels.
#[inline(always)]
fn span_sums<S: Simd, const R: usize>(
    simd: S,
    rows: [&[f32; SPAN]; R],
    low: &[[f32; 8]; SPAN],
    high: &[[f32; 8]; SPAN],
) -> [S::Pair; R] {
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
    sums
}
