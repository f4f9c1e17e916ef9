//! The blob: where each number lies. How kernels are packed is in `pack`.

use super::pack::{put, write_layer};
use super::preamble::{extent, write_front};
use super::{ALIGNMENT, Header, LayerSource, MAX_HIDDEN};
use crate::error::{EmitError, ParseError};

const SECTION: usize = ALIGNMENT / 4;

/// Where each section of the blob lies, and the memory that a prediction needs, all in words
/// of four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Start of each layer of the first network; the head's is last.
    pub layers: [usize; MAX_HIDDEN + 1],
    /// How many layers a network has.
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
    /// Words of working memory for a prediction: the mixture's parameters, both buffers, what
    /// the layers need beside them.
    pub working_len: usize,
}

impl Layout {
    /// The layout of a model; `None` where a layer cannot take its input, or the whole would not fit
    /// the address space.
    pub fn of(header: &Header<'_>) -> Option<Self> {
        let inputs = usize::from(header.inputs);
        let dimensions = usize::from(header.head.dimensions);
        let mut layers = [0; MAX_HIDDEN + 1];
        let mut depth = 0;
        let affine = 2 * (header.network_inputs() + dimensions);
        let first = section_after(0, affine + header.rule_words())?;
        let mut next = first;
        let (mut buffers, mut scratch, mut state) = ([0; 2], 0, 0);
        for (slot, (layer, input)) in layers.iter_mut().zip(header.layers()) {
            *slot = next;
            next = section_after(next, layer.words(input, header.storage)?)?;
            if let Some(buffer) = buffers.get_mut(depth % 2) {
                *buffer = header.storage.buffer_words(input.len()).max(*buffer);
            }
            scratch = layer.scratch_words().max(scratch);
            state += layer.state_words();
            depth += 1;
        }
        let activations = buffers.iter().sum::<usize>() + scratch + state;
        if depth <= header.hidden_layers().count() {
            return None;
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
            working_len: mixture_words(header) + activations,
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

/// Everything that goes into a file.
#[derive(Clone, Copy, Debug)]
pub struct ModelSource<'a> {
    /// What the model is made of.
    pub header: Header<'a>,
    /// `[W]`: subtracted from each input, as its rule leaves it, and from each indicator; W is
    /// [`Header::network_inputs`], which is I without rules.
    pub input_shift: &'a [f32],
    /// `[W]`: then divides it.
    pub input_scale: &'a [f32],
    /// `[D]`: the raw target that standardises to 0.
    pub target_shift: &'a [f32],
    /// `[D]`: one standardised unit of the target in raw units.
    pub target_scale: &'a [f32],
    /// `[5][I]`: [`InputRule::numbers`](super::InputRule::numbers) of the inputs; empty without rules.
    pub rule_numbers: &'a [f32],
    /// `[M][depth]`: the layers of each network in order, the head's last.
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
    let header = written(source);
    let layout = Layout::of(&header).ok_or(EmitError::InvalidHeader)?;
    Ok(extent(&header, &layout)?.total_len)
}

/// Writes the file into `out`, which must have exactly [`encoded_len`] bytes.
///
/// # Errors
///
/// [`EmitError`]; `out` is then unspecified.
pub fn write(source: &ModelSource<'_>, out: &mut [u8]) -> Result<(), EmitError> {
    let header = written(source);
    let layout = Layout::of(&header).ok_or(EmitError::InvalidHeader)?;
    let extent = extent(&header, &layout)?;
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
    write_front(&header, &layout, &extent, out)
}

/// The header as it is written: what a reader skipped is not in the file any more.
const fn written<'a>(source: &ModelSource<'a>) -> Header<'a> {
    Header {
        skipped_records: 0,
        ..source.header
    }
}

/// Writes all sections; `None` when a slice does not have its shape.
fn write_numbers(source: &ModelSource<'_>, layout: &Layout, blob: &mut [u8]) -> Option<()> {
    let inputs = source.header.network_inputs();
    let dimensions = usize::from(source.header.head.dimensions);
    let golden_words = layout.golden_len * usize::from(source.header.golden);
    let mut start = 0;
    for (words, len) in [
        (source.input_shift, inputs),
        (source.input_scale, inputs),
        (source.target_shift, dimensions),
        (source.target_scale, dimensions),
        (source.rule_numbers, source.header.rule_words()),
    ] {
        put(blob, start, words, len)?;
        start += len;
    }
    if source.layers.len() != layout.depth * usize::from(source.header.members) {
        return None;
    }
    for (member, network) in source.layers.chunks(layout.depth.max(1)).enumerate() {
        let blob = blob.get_mut(member * layout.network_words * 4..)?;
        let places = layout.layers.into_iter().zip(source.header.layers());
        for (layer, (at, (kind, input))) in network.iter().zip(places) {
            if layer.storage() != source.header.storage {
                return None;
            }
            write_layer(layer, kind, input, blob, at)?;
        }
    }
    put(blob, layout.golden, source.golden, golden_words)
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
