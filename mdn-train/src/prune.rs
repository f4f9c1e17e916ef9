//! A model without the components that carry no weight.
//!
//! Only the rows of a network's last layer that belong to dropped components go; everything else of
//! the file stays, and the softmax shares the dropped weight among the network's others in
//! proportion.
//!
//! The networks of an ensemble must keep one number of components: that of the network which needs
//! most. The others keep as many, their heaviest.

use mdn_infer::Model;
use mdn_infer::format::Storage;

use crate::data::Dataset;
use crate::draft::{DenseLayer, ExportError, Kernel, ModelDraft};
use crate::metrics::{RowError, map_rows};
use crate::model_file::ModelFile;

/// The weight below which a component is worth nothing, unless told otherwise.
pub const THRESHOLD: f32 = 0.01;

/// Why a model is not pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// Its kernels are narrow: what they were rounded from is gone, and the scales of 8-bit ones were
    /// chosen with all components.
    #[error("its kernels are {}; prune the file with f32 kernels, then quantize", .0.name())]
    Narrow(Storage),
    /// Every component carries weight, of at least one network.
    #[error(
        "every one of the {components} components{} has a weight of {threshold} somewhere; a larger \
         threshold drops more",
        if *.networks > 1 { " of a network" } else { "" }
    )]
    NothingToDrop {
        /// Those of each network.
        components: usize,
        /// M.
        networks: usize,
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

/// `model` without the components whose weight in the mixture stays below `threshold` at every row of
/// `data`. The heaviest of a network stays in any case, and as many in each network of an ensemble as
/// in the one that needs most. Densities at those rows change by less than the dropped weights, but a
/// target that only a dropped component explained loses all of its own. Self-tested.
///
/// # Errors
///
/// [`PruneError`].
pub fn prune(model: &Model<'_>, data: &Dataset, threshold: f32) -> Result<ModelFile, PruneError> {
    if model.storage() != Storage::F32 {
        return Err(PruneError::Narrow(model.storage()));
    }
    let largest = largest_weights(model, data)?;
    let networks = model.members();
    let components = model.components() / networks;
    let count = needed(&largest, networks, threshold);
    if count == components {
        return Err(PruneError::NothingToDrop {
            components,
            networks,
            threshold,
        });
    }
    let kept = largest.chunks_exact(components);
    let kept: Vec<Vec<usize>> = kept.map(|weights| heaviest(weights, count)).collect();
    Ok(without(model, &kept)?)
}

/// How many components each of the `networks` keeps, of which all together have these `largest` weights:
/// as many as reach the threshold in the one where most do, and at least one.
pub(crate) fn needed(largest: &[f32], networks: usize, threshold: f32) -> usize {
    let reach = |weights: &[f32]| weights.iter().filter(|&&w| w >= threshold).count();
    let each = largest.chunks(largest.len().div_ceil(networks)).map(reach);
    each.max().unwrap_or(0).max(1)
}

/// The `count` components with the largest of `weights`, in ascending order.
fn heaviest(weights: &[f32], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    order.truncate(count);
    order.sort_unstable();
    order
}

/// The file of `model` with the components `kept` of each network alone.
fn without(model: &Model<'_>, kept: &[Vec<usize>]) -> Result<ModelFile, ExportError> {
    let components = model.components() / kept.len();
    let mut draft = ModelDraft::of(model);
    draft.head.components = kept.first().map_or(0, Vec::len) as u16;
    for (network, kept) in draft.networks.iter_mut().zip(kept) {
        let Some(DenseLayer { kernel, bias }) = network.last_mut() else {
            continue;
        };
        if let Kernel::F32(kernel) = kernel {
            *kernel = chosen(kernel, components, kept);
        }
        *bias = chosen(bias, components, kept);
    }
    draft.finish_at_rows_of(model)
}

/// Of numbers with the component as the fastest index, those of the components `kept`.
fn chosen(outputs: &[f32], components: usize, kept: &[usize]) -> Vec<f32> {
    let groups = outputs.chunks_exact(components);
    groups
        .flat_map(|group| kept.iter().map(|&k| group[k]))
        .collect()
}
