//! The blob: where each number lies, and the packing of kernels into panels.

use core::ops::Range;

use super::header::{extent, write_front};
use super::storage::{KernelSource, pack_bytes, pack_halves};
use super::{ALIGNMENT, Header, MAX_HIDDEN};
use crate::error::{EmitError, ParseError};

/// The words of a section, by their index in the blob.
pub type Words = Range<usize>;

const SECTION: usize = ALIGNMENT / 4;

/// Where each section of the blob lies, and the memory that a prediction needs, all in words
/// of four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Start of the packed panels, and (inputs, outputs), of each dense layer of the first network;
    /// the head's is last.
    pub layers: [(usize, (usize, usize)); MAX_HIDDEN + 1],
    /// How many dense layers a network has.
    pub depth: usize,
    /// From a layer of one network to the same layer of the next.
    pub network_words: usize,
    /// Start of the golden vectors.
    pub golden: usize,
    /// Words of one golden vector: inputs, target, expected outputs.
    pub golden_len: usize,
    /// Words in the whole blob.
    pub words: usize,
    /// Words of the two buffers between which the activations of one row alternate: layers 0, 2, 4 …
    /// read the first and write the second, the others the reverse.
    pub buffers: [usize; 2],
    /// Words of working memory for a prediction: the mixture's parameters, then both buffers.
    pub working_len: usize,
}

impl Layout {
    /// The layout of a model; `None` where it would not fit the address space.
    pub fn of(header: &Header<'_>) -> Option<Self> {
        let inputs = usize::from(header.inputs);
        let dimensions = usize::from(header.head.dimensions);
        let sizes = header.hidden_layers().map(|layer| layer.units.into());
        let mut layers = [(0, (0, 0)); MAX_HIDDEN + 1];
        let mut depth = 0;
        let first = section_after(0, 2 * (inputs + dimensions))?;
        let mut next = first;
        let (mut buffers, mut width) = ([0; 2], inputs);
        for (slot, outputs) in layers.iter_mut().zip(sizes.chain([header.head.outputs()])) {
            *slot = (next, (width, outputs));
            next = section_after(next, header.storage.layer_words(width, outputs)?)?;
            if let Some(buffer) = buffers.get_mut(depth % 2) {
                *buffer = header.storage.buffer_words(width).max(*buffer);
            }
            width = outputs;
            depth += 1;
        }
        let network_words = next - first;
        let all_networks = network_words.checked_mul(header.members.into())?;
        let golden = section_after(first, all_networks)?;
        let golden_len = inputs + dimensions + golden_outputs(header);
        let words = section_after(golden, golden_len.checked_mul(header.golden.into())?)?;
        Some(Layout {
            layers,
            depth,
            network_words,
            golden,
            golden_len,
            words,
            buffers,
            working_len: mixture_words(header) + buffers.iter().sum::<usize>(),
        })
    }
}

/// The first section boundary at or after `start + len`.
fn section_after(start: usize, len: usize) -> Option<usize> {
    // Bytes, and the file's own length, must fit too: hence the last filter.
    start
        .checked_add(len)?
        .checked_next_multiple_of(SECTION)
        .filter(|&end| end < (u32::MAX / 8) as usize)
}

/// Log-weights, means, factors, log-density, mean and variance.
fn golden_outputs(header: &Header<'_>) -> usize {
    let dimensions = usize::from(header.head.dimensions);
    usize::from(header.members) * header.head.outputs() + 1 + 2 * dimensions
}

/// The parameters of the mixture, as a prediction leaves them.
fn mixture_words(header: &Header<'_>) -> usize {
    usize::from(header.members) * header.head.parameters()
}

/// One dense layer, as a trainer holds it.
#[derive(Clone, Copy, Debug)]
pub struct LayerSource<'a> {
    /// `[inputs][outputs]`, row by row, in the storage that the header names.
    pub kernel: KernelSource<'a>,
    /// `[outputs]`
    pub bias: &'a [f32],
}

/// Everything that goes into a file.
#[derive(Clone, Copy, Debug)]
pub struct ModelSource<'a> {
    /// What the model is made of.
    pub header: Header<'a>,
    /// `[I]`: subtracted from each raw input.
    pub input_shift: &'a [f32],
    /// `[I]`: then divides it.
    pub input_scale: &'a [f32],
    /// `[D]`: the raw target that standardises to 0.
    pub target_shift: &'a [f32],
    /// `[D]`: one standardised unit of the target in raw units.
    pub target_scale: &'a [f32],
    /// `[M][depth]`: the dense layers of each network in order, the head's last.
    pub layers: &'a [LayerSource<'a>],
    /// `[golden][I + D + outputs]`: raw inputs, raw target and the expected outputs of each.
    pub golden: &'a [f32],
}

/// The exact length in bytes of the file that [`write()`] makes.
///
/// # Errors
///
/// [`EmitError::InvalidHeader`] when names or sizes are out of the format's limits.
pub fn encoded_len(source: &ModelSource<'_>) -> Result<usize, EmitError> {
    let layout = Layout::of(&source.header).ok_or(EmitError::InvalidHeader)?;
    Ok(extent(&source.header, &layout)?.total_len)
}

/// Writes the file into `out`, which must have exactly [`encoded_len`] bytes.
///
/// # Errors
///
/// [`EmitError`]; `out` is then unspecified.
pub fn write(source: &ModelSource<'_>, out: &mut [u8]) -> Result<(), EmitError> {
    let layout = Layout::of(&source.header).ok_or(EmitError::InvalidHeader)?;
    let extent = extent(&source.header, &layout)?;
    if out.len() != extent.total_len {
        return Err(EmitError::WrongBufferLength {
            needed: extent.total_len,
        });
    }
    out.fill(0);
    let blob = out
        .get_mut(extent.blob_offset..)
        .ok_or(EmitError::InvalidHeader)?;
    write_numbers(source, &layout, blob).ok_or(EmitError::ShapeMismatch)?;
    write_front(&source.header, &layout, &extent, out)
}

/// Writes all sections; `None` when a slice does not have its shape.
fn write_numbers(source: &ModelSource<'_>, layout: &Layout, blob: &mut [u8]) -> Option<()> {
    let inputs = usize::from(source.header.inputs);
    let dimensions = usize::from(source.header.head.dimensions);
    let golden_words = layout.golden_len * usize::from(source.header.golden);
    let mut start = 0;
    for (words, len) in [
        (source.input_shift, inputs),
        (source.input_scale, inputs),
        (source.target_shift, dimensions),
        (source.target_scale, dimensions),
    ] {
        put(blob, start, words, len)?;
        start += len;
    }
    if source.layers.len() != layout.depth * usize::from(source.header.members) {
        return None;
    }
    for (member, network) in source.layers.chunks(layout.depth.max(1)).enumerate() {
        let blob = blob.get_mut(member * layout.network_words * 4..)?;
        for (layer, place) in network.iter().zip(layout.layers) {
            if layer.kernel.storage() != source.header.storage {
                return None;
            }
            write_layer(layer, place, blob)?;
        }
    }
    put(blob, layout.golden, source.golden, golden_words)
}

/// Writes one dense layer from word `at` of `blob` on.
fn write_layer(
    layer: &LayerSource<'_>,
    (at, shape): (usize, (usize, usize)),
    blob: &mut [u8],
) -> Option<()> {
    match layer.kernel {
        KernelSource::F32(kernel) => pack(kernel, layer.bias, shape, blob, at),
        KernelSource::F16(entries) => pack_halves((entries, false), layer.bias, shape, blob, at),
        KernelSource::Bf16(entries) => pack_halves((entries, true), layer.bias, shape, blob, at),
        KernelSource::I8 { entries, scales } => {
            pack_bytes((entries, scales), layer.bias, shape, blob, at)
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

/// Reads little-endian words into `to`.
pub(crate) fn copy_words<'b>(blob: &[u8], to: &'b mut [f32]) -> Result<&'b [f32], ParseError> {
    let needed = blob.len() / 4;
    let to = to
        .get_mut(..needed)
        .ok_or(ParseError::BufferTooShort { needed })?;
    // As integers: a word of narrow entries may look like a NaN, which moving a float may change.
    let words: &mut [u32] = bytemuck::must_cast_slice_mut(to);
    for (word, bytes) in words.iter_mut().zip(blob.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    Ok(to)
}

/// The blob as words in place.
pub(crate) fn cast_words(blob: &[u8]) -> Result<&[f32], ParseError> {
    if cfg!(target_endian = "big") {
        return Err(ParseError::ForeignEndian);
    }
    bytemuck::try_cast_slice(blob).map_err(|_| ParseError::Misaligned)
}
