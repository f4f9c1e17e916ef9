//! The packing of kernels: from rows of entries, as a trainer holds them, to the panels of eight outputs
//! that the kernels read. `FORMAT.md`, "Storage", has the order of the entries.

use super::storage::{GROUP, KernelSource, LayerSource};
use super::{Layer, Shape};

/// Writes one layer from word `at` of `blob` on.
pub(super) fn write_layer(
    source: &LayerSource<'_>,
    layer: Layer,
    input: Shape,
    blob: &mut [u8],
    at: usize,
) -> Option<()> {
    let (&LayerSource::Dense { kernel, bias }, Layer::Dense { units, .. }) = (source, layer);
    let shape = (input.len(), units as usize);
    match kernel {
        KernelSource::F32(kernel) => pack(kernel, bias, shape, blob, at),
        KernelSource::F16(entries) => pack_halves((entries, false), bias, shape, blob, at),
        KernelSource::Bf16(entries) => pack_halves((entries, true), bias, shape, blob, at),
        KernelSource::I8 { entries, scales } => {
            pack_bytes((entries, scales), bias, shape, blob, at)
        }
    }
}

/// Writes `words`, which must have `len` elements, from word `at` of `blob` on.
pub(super) fn put(blob: &mut [u8], at: usize, words: &[f32], len: usize) -> Option<()> {
    let to = blob.get_mut(at * 4..(at + len) * 4)?;
    if words.len() != len {
        return None;
    }
    for (bytes, word) in to.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    Some(())
}

/// Packs one layer of f32 into panels; lanes past the last output stay 0.
fn pack(
    kernel: &[f32],
    bias: &[f32],
    (inputs, outputs): (usize, usize),
    blob: &mut [u8],
    at: usize,
) -> Option<()> {
    if kernel.len() != inputs * outputs || bias.len() != outputs {
        return None;
    }
    for panel in 0..outputs.div_ceil(8) {
        let columns = panel * 8..outputs.min(panel * 8 + 8);
        let rows = core::iter::once(bias).chain(kernel.chunks_exact(outputs));
        for (i, row) in rows.enumerate() {
            let lanes = row.get(columns.clone())?;
            put(
                blob,
                at + (panel * (inputs + 1) + i) * 8,
                lanes,
                lanes.len(),
            )?;
        }
    }
    Some(())
}

/// Writes biases and 16-bit entries from word `at` of `blob` on, which holds zeros; `None` when a
/// slice does not have its shape. Entries of two inputs are `interleaved` word by word, or not.
fn pack_halves(
    (entries, interleaved): (&[u16], bool),
    bias: &[f32],
    (inputs, outputs): (usize, usize),
    blob: &mut [u8],
    at: usize,
) -> Option<()> {
    put(blob, at, bias, outputs)?;
    let to = blob.get_mut((at + outputs.div_ceil(8) * 8) * 4..)?;
    each_entry(entries, (inputs, outputs), |input, output, entry| {
        let pair = output / 8 * inputs.div_ceil(2) + input / 2;
        let place = if interleaved {
            output % 8 * 2 + input % 2
        } else {
            input % 2 * 8 + output % 8
        };
        let at = (pair * 16 + place) * 2;
        to.get_mut(at..at + 2)?
            .copy_from_slice(&entry.to_le_bytes());
        Some(())
    })
}

/// Writes biases, scales and 8-bit entries, as [`pack_halves`] does its own.
fn pack_bytes(
    (entries, scales): (&[i8], &[f32]),
    bias: &[f32],
    (inputs, outputs): (usize, usize),
    blob: &mut [u8],
    at: usize,
) -> Option<()> {
    let panels = outputs.div_ceil(8);
    put(blob, at, bias, outputs)?;
    put(blob, at + panels * 8, scales, outputs)?;
    let to = blob.get_mut((at + panels * 16) * 4..)?;
    let groups = inputs.div_ceil(GROUP);
    each_entry(entries, (inputs, outputs), |input, output, entry| {
        let word = (output / 8 * groups + input / GROUP) * 8 + output % 8;
        *to.get_mut(word * 4 + input % GROUP)? = entry.to_le_bytes()[0];
        Some(())
    })
}

/// Visits every entry with its input and output.
fn each_entry<E: Copy>(
    entries: &[E],
    (inputs, outputs): (usize, usize),
    mut visit: impl FnMut(usize, usize, E) -> Option<()>,
) -> Option<()> {
    if entries.len() != inputs * outputs {
        return None;
    }
    for (input, row) in entries.chunks_exact(outputs).enumerate() {
        for (output, &entry) in row.iter().enumerate() {
            visit(input, output, entry)?;
        }
    }
    Some(())
}
