//! Where the rows of training come from: memory, or the disk.

use std::borrow::Cow;

use mdn_infer::format::{Head, Support};

use super::TrainError;
use super::cells;
use super::objective::Rows;
use crate::data::{StoredRows, in_proportion};
use crate::network::{Architecture, SAMPLE};

/// Standardised rows, and how much each counts.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    pub(super) source: Source<'a>,
    /// Relative to their mean; empty where all rows count the same.
    pub(super) weights: &'a [f32],
}

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// In memory.
    Memory(Rows<'a>),
    /// On the disk, read when they are wanted.
    Stored(StoredRows<'a>),
}

impl<'a> From<Rows<'a>> for Feed<'a> {
    fn from(rows: Rows<'a>) -> Self {
        Feed {
            source: Source::Memory(rows),
            weights: &[],
        }
    }
}

impl<'a> From<StoredRows<'a>> for Feed<'a> {
    fn from(rows: StoredRows<'a>) -> Self {
        Feed {
            source: Source::Stored(rows),
            weights: &[],
        }
    }
}

impl<'a> Feed<'a> {
    /// The same rows with these weights, one a row, whose mean is 1: a row's loss and its gradient are taken so
    /// many times. Without any all count the same.
    #[must_use]
    pub fn with_weights(self, weights: &'a [f32]) -> Self {
        Feed { weights, ..self }
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
        match self.source {
            Source::Memory(rows) => rows.targets.len() / dimensions,
            Source::Stored(rows) => rows.table.rows(),
        }
    }

    fn starting_targets(&self, architecture: &Architecture) -> Result<Cow<'_, [f32]>, TrainError> {
        if !self.weights.is_empty() {
            return self.targets_in_proportion(architecture);
        }
        match &self.source {
            Source::Memory(rows) => Ok(rows.targets.into()),
            Source::Stored(rows) => {
                let step = architecture.target_step(rows.table.rows());
                Ok(rows.every(step).map_err(read_error)?.into())
            }
        }
    }

    /// Targets in proportion to the weights of their rows: as many as there are, but enough for quantiles of one
    /// target, and as many as several are clustered by.
    fn targets_in_proportion(
        &self,
        architecture: &Architecture,
    ) -> Result<Cow<'_, [f32]>, TrainError> {
        let dimensions = usize::from(architecture.head.dimensions);
        let count = match dimensions {
            1 => self.weights.len().max(SAMPLE),
            _ => SAMPLE,
        };
        let weights: Vec<f64> = self.weights.iter().map(|&weight| weight.into()).collect();
        let rows = in_proportion(&weights, count);
        match &self.source {
            Source::Memory(all) => {
                let one = |&row: &usize| &all.targets[row * dimensions..(row + 1) * dimensions];
                Ok(rows.iter().flat_map(one).copied().collect())
            }
            Source::Stored(stored) => {
                let (mut inputs, mut targets) = (Vec::new(), Vec::new());
                let to = [&mut inputs, &mut targets];
                let read = stored.read(rows.iter().copied(), to, &mut Vec::new());
                read.map_err(read_error)?;
                Ok(targets.into())
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
        let stored = match &self.source {
            Source::Memory(rows) => return rows.check(table, width, dimensions),
            Source::Stored(rows) => rows,
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
