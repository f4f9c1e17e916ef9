//! A model without the components that carry no weight.
//!
//! Only the rows of the last layer that belong to dropped components go; everything else of the
//! file stays, and the softmax shares the dropped weight among the others in proportion.

use mdn_infer::format::{KernelSource, LayerSource, ModelSource, Storage};
use mdn_infer::{Dense, Model};

use crate::data::Dataset;
use crate::export::{ExportError, GOLDEN_VECTORS, complete};
use crate::metrics::{RowError, map_rows};
use crate::model_file::ModelFile;
use crate::quantize::drawn_rows;

/// Why a model is not pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// Its kernels are narrow: pruning comes first.
    #[error("its kernels are {}; prune the file with f32 kernels, then quantize", .0.name())]
    Narrow(Storage),
    /// It has several networks, which must keep one number of components.
    #[error("it has {members} networks; only a model of one network can be pruned")]
    Ensemble {
        /// How many.
        members: usize,
    },
    /// Every component carries weight.
    #[error("every one of the {components} components has a weight of {threshold} somewhere")]
    NothingToDrop {
        /// K.
        components: usize,
        /// The weight asked for.
        threshold: f32,
    },
    /// The engine refuses a row.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The smaller file could not be made.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// The largest weight `[K]` that each component of `model` has at any row of `data`. One
/// prediction a row.
///
/// # Errors
///
/// [`RowError`] for the first row that the engine refuses.
pub fn largest_weights(model: &Model<'_>, data: &Dataset) -> Result<Vec<f32>, RowError> {
    let rows = map_rows(model, data, |_, mixture| {
        Ok(mixture
            .components()
            .map(|k| k.weight())
            .collect::<Vec<f32>>())
    })?;
    let mut largest = vec![0.0_f32; model.components()];
    for weights in rows {
        for (largest, weight) in largest.iter_mut().zip(weights) {
            *largest = largest.max(weight);
        }
    }
    Ok(largest)
}

/// `model` without the components whose weight stays below `threshold` at every row of `data`. The
/// heaviest stays in any case. Densities at those rows change by less than the dropped weights, but a
/// target that only a dropped component explained loses all of its own. Self-tested.
///
/// # Errors
///
/// [`PruneError`].
pub fn prune(model: &Model<'_>, data: &Dataset, threshold: f32) -> Result<ModelFile, PruneError> {
    if model.storage() != Storage::F32 {
        return Err(PruneError::Narrow(model.storage()));
    }
    if model.members() > 1 {
        let members = model.members();
        return Err(PruneError::Ensemble { members });
    }
    let largest = largest_weights(model, data)?;
    let heaviest = largest.iter().copied().fold(0.0, f32::max);
    let kept = |&k: &usize| largest[k] >= threshold.min(heaviest);
    let kept: Vec<usize> = (0..largest.len()).filter(kept).collect();
    if kept.len() == largest.len() {
        return Err(PruneError::NothingToDrop {
            components: kept.len(),
            threshold,
        });
    }
    Ok(without(model, &kept)?)
}

/// The file of `model` with the components `kept` alone.
fn without(model: &Model<'_>, kept: &[usize]) -> Result<ModelFile, ExportError> {
    let last = model.layers().len() - 1;
    let layers: Vec<[Vec<f32>; 2]> = (0..)
        .zip(model.layers())
        .map(|(number, layer)| match number == last {
            true => parameters(layer, |row| chosen(row, model.components(), kept)),
            false => parameters(layer, |row| row),
        })
        .collect();
    let sources: Vec<LayerSource<'_>> = layers
        .iter()
        .map(|[kernel, bias]| LayerSource {
            kernel: KernelSource::F32(kernel),
            bias,
        })
        .collect();
    let mut header = *model.header();
    header.head.components = kept.len() as u16;
    let source = ModelSource {
        header,
        input_shift: model.input_shift(),
        input_scale: model.input_scale(),
        target_shift: model.target_shift(),
        target_scale: model.target_scale(),
        layers: &sources,
        golden: &[],
    };
    let mut rows: Vec<_> = model.golden().map(|g| (g.input, g.target)).collect();
    let drawn;
    if rows.is_empty() {
        drawn = drawn_rows(model, GOLDEN_VECTORS)?;
        rows.extend((0..drawn.rows).map(|row| (drawn.input(row), drawn.target(row))));
    }
    complete(source, &rows)
}

/// Kernel `[inputs][outputs]` and bias of a layer, each row of outputs changed by `change`.
fn parameters(layer: &Dense<'_>, change: impl Fn(Vec<f32>) -> Vec<f32>) -> [Vec<f32>; 2] {
    let row = |row: usize| change(layer.row(row).collect());
    let kernel = (1..=layer.inputs()).flat_map(row).collect();
    [kernel, row(0)]
}

/// Of outputs with the component as the fastest index, those of the components `kept`.
fn chosen(outputs: Vec<f32>, components: usize, kept: &[usize]) -> Vec<f32> {
    let groups = outputs.chunks_exact(components);
    groups
        .flat_map(|group| kept.iter().map(|&k| group[k]))
        .collect()
}
