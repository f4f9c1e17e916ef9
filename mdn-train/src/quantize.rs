//! From a model file with binary32 kernels to one with narrow ones.
//!
//! Each kernel entry is rounded to the nearest number of the narrow storage; everything else stays
//! as it is. What it costs is in [`cost`].

pub mod cost;

use half::{bf16, f16};
use mdn_infer::format::{KernelSource, LayerSource, Storage};
use mdn_infer::{Dense, Level, Model, PredictError};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::data::Dataset;
use crate::export::{ExportError, rebuild};
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

/// One dense layer with a narrow kernel.
struct Layer {
    entries: Entries,
    bias: Vec<f32>,
}

/// A kernel, `[inputs][outputs]`, row by row.
enum Entries {
    F16(Vec<u16>),
    Bf16(Vec<u16>),
    I8 { entries: Vec<i8>, scales: Vec<f32> },
}

/// `model` with its kernels in `storage`, and with golden vectors of its own at the inputs and
/// targets of the old ones, or at [`drawn_rows`] where there are none; self-tested.
///
/// # Errors
///
/// [`QuantizeError`].
pub fn quantize(model: &Model<'_>, storage: Storage) -> Result<ModelFile, QuantizeError> {
    if model.storage() != Storage::F32 {
        return Err(QuantizeError::AlreadyNarrow(model.storage()));
    }
    let networks = 0..model.members();
    let layers = networks.flat_map(|member| (1..).zip(model.network(member)));
    let narrow =
        layers.map(|(number, mdn_infer::Layer::Dense(layer))| narrow(number, &layer, storage));
    let layers = narrow.collect::<Result<Vec<Layer>, _>>()?;
    let sources: Vec<LayerSource<'_>> = layers.iter().map(Layer::source).collect();
    let mut header = *model.header();
    header.storage = storage;
    Ok(rebuild(model, header, &sources)?)
}

/// Rounds the kernel of `layer`, which is the one of this `number`.
fn narrow(number: usize, layer: &Dense<'_>, storage: Storage) -> Result<Layer, QuantizeError> {
    let kernel: Vec<f32> = (1..=layer.inputs())
        .flat_map(|row| layer.row(row))
        .collect();
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
    let entries = match storage {
        Storage::F16 => Entries::F16(kernel.iter().map(f16_pattern).collect::<Result<_, _>>()?),
        Storage::Bf16 => Entries::Bf16(kernel.iter().map(bf16_pattern).collect::<Result<_, _>>()?),
        Storage::I8 => bytes(&kernel, layer.outputs()),
        other => return Err(QuantizeError::NotNarrow(other)),
    };
    let bias = layer.row(0).collect();
    Ok(Layer { entries, bias })
}

/// Each output's entries as multiples of its scale, which makes the largest of them ±127.
fn bytes(kernel: &[f32], outputs: usize) -> Entries {
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
    Entries::I8 {
        entries: entries.collect(),
        scales,
    }
}

impl Layer {
    fn source(&self) -> LayerSource<'_> {
        let kernel = match &self.entries {
            Entries::F16(entries) => KernelSource::F16(entries),
            Entries::Bf16(entries) => KernelSource::Bf16(entries),
            Entries::I8 { entries, scales } => KernelSource::I8 { entries, scales },
        };
        LayerSource::Dense {
            kernel,
            bias: &self.bias,
        }
    }
}

/// `rows` rows for where there is no table: inputs drawn from a normal distribution with the
/// file's shift and scale, always the same, and for each a target drawn from `model`.
///
/// # Errors
///
/// [`PredictError`] where the model overflows at one of them.
pub fn drawn_rows(model: &Model<'_>, rows: usize) -> Result<Dataset, PredictError> {
    let names = |prefix: char, count| (0..count).map(|i| format!("{prefix}{i}")).collect();
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut working = vec![0.0; model.working_len()];
    let mut data = Dataset {
        input_names: names('x', model.inputs()),
        target_names: names('t', model.dimensions()),
        rows,
        lines: (1..=rows as u64).collect(),
        ..Dataset::default()
    };
    for _ in 0..rows {
        let affine = model.input_shift().iter().zip(model.input_scale());
        let x: Vec<f32> = affine
            .map(|(shift, scale)| {
                let normal: f32 = StandardNormal.sample(&mut rng);
                shift + scale * normal
            })
            .collect();
        let mut target = vec![0.0; model.dimensions()];
        model
            .predict(Level::detect(), &x, &mut working)?
            .sample(&mut rng, &mut target)?;
        data.inputs.extend(x);
        data.targets.extend(target);
    }
    Ok(data)
}
