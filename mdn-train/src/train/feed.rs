//! Where the rows of training come from: memory, or the disk.

use std::borrow::Cow;

use mdn_infer::format::{Head, Support};

use super::TrainError;
use super::cells;
use super::objective::Rows;
use crate::data::StoredRows;
use crate::network::Architecture;

/// Standardised rows.
#[derive(Clone, Copy, Debug)]
pub enum Feed<'a> {
    /// In memory.
    Memory(Rows<'a>),
    /// On the disk, read when they are wanted.
    Stored(StoredRows<'a>),
}

impl<'a> From<Rows<'a>> for Feed<'a> {
    fn from(rows: Rows<'a>) -> Self {
        Feed::Memory(rows)
    }
}

impl<'a> From<StoredRows<'a>> for Feed<'a> {
    fn from(rows: StoredRows<'a>) -> Self {
        Feed::Stored(rows)
    }
}

/// The rows to learn from and those that choose the best step.
#[derive(Clone, Copy, Debug)]
pub struct Feeds<'a> {
    /// The rows that the gradient sees.
    pub train: Feed<'a>,
    /// As in [`TrainingData`](super::TrainingData).
    pub validation: Option<Feed<'a>>,
    /// `[D]`: the supports of the targets, in the units of the rows; empty where all are continuous.
    pub supports: &'a [Support],
}

impl Feeds<'_> {
    /// The places on the mixtures' lines that a network's first parameters are made from.
    pub(super) fn starting_targets(
        &self,
        architecture: &Architecture,
    ) -> Result<Cow<'_, [f32]>, TrainError> {
        let mut targets = self.train.starting_targets(architecture)?;
        if !self.supports.is_empty() {
            for (row, targets) in
                (targets.to_mut().chunks_exact_mut(self.supports.len())).enumerate()
            {
                for (t, support) in targets.iter_mut().zip(self.supports) {
                    *t = cells::start(support, *t, row);
                }
            }
        }
        Ok(targets)
    }
}

impl Feed<'_> {
    /// How many rows there are, of `dimensions` targets each.
    pub(super) fn count(&self, dimensions: usize) -> usize {
        match self {
            Feed::Memory(rows) => rows.targets.len() / dimensions,
            Feed::Stored(rows) => rows.table.rows(),
        }
    }

    fn starting_targets(&self, architecture: &Architecture) -> Result<Cow<'_, [f32]>, TrainError> {
        match self {
            Feed::Memory(rows) => Ok(rows.targets.into()),
            Feed::Stored(rows) => {
                let step = architecture.target_step(rows.table.rows());
                Ok(rows.every(step).map_err(read_error)?.into())
            }
        }
    }

    /// Whether the rows fit each other and the architecture, and are finite; `table` is
    /// `training` or `validation`. Stored rows were checked when they were stored, but their
    /// standardised values may overflow: then the loss is not finite.
    pub(super) fn check(
        &self,
        table: &'static str,
        architecture: &Architecture,
    ) -> Result<(), TrainError> {
        let Head { dimensions, .. } = architecture.head;
        let (width, dimensions) = (architecture.inputs, usize::from(dimensions));
        let stored = match self {
            Feed::Memory(rows) => return rows.check(table, width, dimensions),
            Feed::Stored(rows) => rows,
        };
        let rows = stored.table;
        let widths = [stored.preparation.width(), rows.target_names.len()];
        if widths != [width, dimensions] {
            return Err(TrainError::Shape {
                table,
                inputs: widths[0] * rows.rows(),
                targets: widths[1] * rows.rows(),
                input_width: width,
                dimensions,
            });
        }
        if rows.rows() == 0 {
            return Err(TrainError::NoRows { table });
        }
        Ok(())
    }
}

pub(super) fn read_error(error: crate::data::DataError) -> TrainError {
    let reason = error.to_string();
    TrainError::Read { reason }
}

impl Rows<'_> {
    fn check(
        &self,
        table: &'static str,
        width: usize,
        dimensions: usize,
    ) -> Result<(), TrainError> {
        let count = self.targets.len() / dimensions;
        if self.targets.len() != count * dimensions || self.inputs.len() != count * width {
            return Err(TrainError::Shape {
                table,
                inputs: self.inputs.len(),
                targets: self.targets.len(),
                input_width: width,
                dimensions,
            });
        }
        if count == 0 {
            return Err(TrainError::NoRows { table });
        }
        if u32::try_from(count).is_err() {
            return Err(TrainError::TooManyRows { rows: count });
        }
        let first = |values: &[f32], width| {
            let position = values.iter().position(|value| !value.is_finite());
            position.map(|position| position / width)
        };
        let bad = first(self.inputs, width)
            .into_iter()
            .chain(first(self.targets, dimensions));
        match bad.min() {
            Some(row) => Err(TrainError::NotFinite { table, row }),
            None => Ok(()),
        }
    }
}
