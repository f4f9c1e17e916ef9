//! From a model file with binary32 kernels to one with narrow ones.
//!
//! Each kernel entry is rounded to the nearest number of the narrow storage; everything else stays
//! as it is. What it costs is in [`cost`].

pub mod cost;

use half::{bf16, f16};
use mdn_infer::Model;
use mdn_infer::format::Storage;

use crate::draft::{DenseLayer, ExportError, Kernel, ModelDraft};
use crate::model_file::ModelFile;

/// The largest 8-bit entry.
const LARGEST: f32 = 127.0;

/// Why a model does not become a narrow one.
#[derive(Debug, thiserror::Error)]
pub enum QuantizeError {
    /// Its kernels are narrow already: what was lost cannot be brought back.
    #[error("its kernels are {} already; start from the file with f32 kernels", .0.name())]
    AlreadyNarrow(Storage),
    /// The storage asked for is f32, or one that this version does not know.
    #[error("{} is no narrow storage", .0.name())]
    NotNarrow(Storage),
    /// A kernel entry is beyond the largest number of the storage.
    #[error(
        "layer {layer} has a kernel entry of {entry}, beyond the range of {}", .storage.name()
    )]
    OutOfRange {
        /// The dense layer of its network, counted from 1.
        layer: usize,
        /// The entry.
        entry: f32,
        /// The storage.
        storage: Storage,
    },
    /// The narrow file could not be made.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// `model` with its kernels in `storage`, and with golden vectors of its own at the inputs and
/// targets of the old ones, or at [`drawn_rows`](crate::drawn_rows) where there are none; self-tested.
///
/// # Errors
///
/// [`QuantizeError`].
pub fn quantize(model: &Model<'_>, storage: Storage) -> Result<ModelFile, QuantizeError> {
    if model.storage() != Storage::F32 {
        return Err(QuantizeError::AlreadyNarrow(model.storage()));
    }
    let mut draft = ModelDraft::of(model);
    for network in &mut draft.networks {
        for (number, layer) in (1..).zip(network) {
            layer.kernel = narrow(number, layer, storage)?;
        }
    }
    Ok(draft.finish_at_rows_of(model)?)
}

/// The kernel of `layer`, which is the one of this `number`, rounded.
fn narrow(number: usize, layer: &DenseLayer, storage: Storage) -> Result<Kernel, QuantizeError> {
    let Kernel::F32(kernel) = &layer.kernel else {
        return Err(QuantizeError::AlreadyNarrow(layer.kernel.storage()));
    };
    let in_range = |finite: bool, entry: f32| {
        finite.then_some(()).ok_or(QuantizeError::OutOfRange {
            layer: number,
            entry,
            storage,
        })
    };
    let f16_pattern = |&entry: &f32| {
        let rounded = f16::from_f32(entry);
        in_range(rounded.is_finite(), entry).map(|()| rounded.to_bits())
    };
    let bf16_pattern = |&entry: &f32| {
        let rounded = bf16::from_f32(entry);
        in_range(rounded.is_finite(), entry).map(|()| rounded.to_bits())
    };
    Ok(match storage {
        Storage::F16 => Kernel::F16(kernel.iter().map(f16_pattern).collect::<Result<_, _>>()?),
        Storage::Bf16 => Kernel::Bf16(kernel.iter().map(bf16_pattern).collect::<Result<_, _>>()?),
        Storage::I8 => bytes(kernel, layer.bias.len()),
        other => return Err(QuantizeError::NotNarrow(other)),
    })
}

/// Each output's entries as multiples of its scale, which makes the largest of them ±127.
fn bytes(kernel: &[f32], outputs: usize) -> Kernel {
    let mut scales = vec![0.0_f32; outputs];
    for row in kernel.chunks_exact(outputs) {
        for (scale, entry) in scales.iter_mut().zip(row) {
            *scale = scale.max(entry.abs() / LARGEST);
        }
    }
    let multiple = |(&entry, &scale): (&f32, &f32)| match f64::from(entry) / f64::from(scale) {
        // An output whose entries are 0, or vanish beside the smallest scale.
        quotient if quotient.is_nan() => 0,
        quotient => quotient.round_ties_even().clamp(-127.0, 127.0) as i8,
    };
    let rows = kernel.chunks_exact(outputs);
    let entries = rows.flat_map(|row| row.iter().zip(&scales).map(multiple));
    Kernel::I8 {
        entries: entries.collect(),
        scales,
    }
}
