//! Rows in memory or on the disk, for whoever need not know which.

use std::borrow::Cow;

use mdn_infer::format::InputRule;

use super::arrangement::Arrangement;
use super::dataset::Dataset;
use super::error::DataError;
use super::preparation::{InputChoice, Preparation, judge};
use super::standardise::{Moments, Standardiser, resolution};
use super::stored::StoredTable;
use super::warning::DataWarning;
use super::weights::{count as copies, in_proportion, repeated};
use super::wild::Ordinary;

/// A table to train on or to score.
#[derive(Clone, Copy, Debug)]
pub enum TableRows<'a> {
    /// In memory.
    Memory(&'a Dataset),
    /// On the disk.
    Stored(&'a StoredTable),
}

/// Rows in memory or on the disk.
#[derive(Clone, Debug)]
pub enum OwnedRows {
    /// In memory.
    Memory(Dataset),
    /// On the disk.
    Stored(StoredTable),
}

impl<'a> From<&'a Dataset> for TableRows<'a> {
    fn from(data: &'a Dataset) -> Self {
        TableRows::Memory(data)
    }
}

impl<'a> From<&'a StoredTable> for TableRows<'a> {
    fn from(table: &'a StoredTable) -> Self {
        TableRows::Stored(table)
    }
}

impl OwnedRows {
    /// The rows themselves.
    pub fn rows(&self) -> TableRows<'_> {
        match self {
            OwnedRows::Memory(data) => data.into(),
            OwnedRows::Stored(table) => table.into(),
        }
    }
}

impl<'a> TableRows<'a> {
    /// How many rows there are.
    pub fn count(&self) -> usize {
        match self {
            TableRows::Memory(data) => data.rows,
            TableRows::Stored(table) => table.rows(),
        }
    }

    /// As how many rows each counts; empty where each counts as one.
    pub fn weights(&self) -> &'a [f64] {
        &self.arrangement().weights
    }

    /// As how many rows all count.
    pub(crate) fn weight(&self) -> f64 {
        match self.weights() {
            [] => self.count() as f64,
            weights => weights.iter().sum(),
        }
    }

    /// As how many rows all count, rounded.
    pub fn counted(&self) -> usize {
        match self.weights() {
            [] => self.count(),
            weights => copies(weights, usize::MAX),
        }
    }

    /// The names of the I input columns.
    pub fn input_names(&self) -> &'a [String] {
        match self {
            TableRows::Memory(data) => &data.input_names,
            TableRows::Stored(table) => &table.input_names,
        }
    }

    /// The names of the D target columns.
    pub fn target_names(&self) -> &'a [String] {
        match self {
            TableRows::Memory(data) => &data.target_names,
            TableRows::Stored(table) => &table.target_names,
        }
    }

    /// The order, the groups and the weights of the rows.
    pub fn arrangement(&self) -> &'a Arrangement {
        match self {
            TableRows::Memory(data) => &data.arrangement,
            TableRows::Stored(table) => table.arrangement(),
        }
    }

    /// The numbers of the inputs that are known to have one value throughout.
    pub(crate) fn constant_inputs(&self) -> Vec<usize> {
        let warnings = match self {
            TableRows::Memory(data) => &data.warnings,
            TableRows::Stored(table) => &table.warnings,
        };
        let names = self.input_names();
        let constant = warnings.iter().filter_map(|warning| match warning {
            DataWarning::ConstantInput { column, .. } => names.iter().position(|n| n == column),
            _ => None,
        });
        constant.collect()
    }

    /// The rows `rows`, ascending.
    pub(crate) fn part(&self, rows: &[usize]) -> OwnedRows {
        match self {
            TableRows::Memory(data) => OwnedRows::Memory(data.subset(rows)),
            TableRows::Stored(table) => OwnedRows::Stored(table.part(rows)),
        }
    }

    /// The rows `rows`, in that order.
    pub(crate) fn pick(&self, rows: &[usize]) -> Result<Dataset, DataError> {
        match self {
            TableRows::Memory(data) => Ok(data.subset(rows)),
            TableRows::Stored(table) => table.read(rows.iter().copied()),
        }
    }

    /// As [`Dataset::repeated`], wherever the rows are.
    pub(crate) fn repeated(&self, most: usize) -> Result<Dataset, DataError> {
        let weights = self.weights();
        let mut some = self.pick(&in_proportion(weights, copies(weights, most)))?;
        some.arrangement.weights.clear();
        Ok(some)
    }

    /// Calls `visit` with all rows in order: at once, or some thousands at a time.
    ///
    /// # Errors
    /// The first that `visit` has, and when the rows cannot be read.
    pub fn visit<E: From<DataError>>(
        &self,
        mut visit: impl FnMut(&Dataset) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            TableRows::Memory(data) => visit(data),
            TableRows::Stored(table) => {
                for block in table.blocks() {
                    visit(&block?)?;
                }
                Ok(())
            }
        }
    }

    /// The rows themselves, or where they are on the disk at most `most` of them, evenly over the
    /// table.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn sample(&self, most: usize) -> Result<Cow<'a, Dataset>, DataError> {
        Ok(match self {
            TableRows::Memory(data) => Cow::Borrowed(data),
            TableRows::Stored(table) => Cow::Owned(table.sample(most)?),
        })
    }

    /// What is ordinary for targets; on the disk with 4 bytes of memory a row and a pass for each column.
    pub(crate) fn ordinary_targets(&self) -> Result<Ordinary, DataError> {
        Ordinary::judge(self.target_names().len(), |target| {
            self.column(|block| block.target_column(target).collect())
        })
    }

    /// What is ordinary for inputs, and their rules but for limits, by what is chosen for each name; at
    /// the same cost.
    pub(crate) fn inputs_judged(
        &self,
        choice: impl Fn(&str) -> InputChoice,
    ) -> Result<(Ordinary, Vec<InputRule>), DataError> {
        let names = self.input_names().iter().enumerate();
        let judged = names.map(|(input, name)| {
            let column = self.column(|block| block.input_column(input).collect())?;
            Ok(judge(column, choice(name)))
        });
        let judged = judged.collect::<Result<Vec<_>, DataError>>()?;
        let (columns, rules): (Vec<_>, _) = judged.into_iter().unzip();
        Ok((Ordinary::new(columns.into_iter()), rules))
    }

    /// The least and the greatest value of each input, of which wild values count as the nearest ordinary
    /// one; 0 for both where all are missing.
    pub(crate) fn input_ranges(&self, ordinary: &Ordinary) -> Result<Vec<(f32, f32)>, DataError> {
        let width = self.input_names().len();
        let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); width];
        self.visit(|block| {
            for row in ordinary.clamp(&block.inputs).chunks_exact(width.max(1)) {
                for (range, &value) in ranges.iter_mut().zip(row) {
                    // Neither takes NaN.
                    *range = (range.0.min(value), range.1.max(value));
                }
            }
            Ok::<_, DataError>(())
        })?;
        let known = |range: (f32, f32)| {
            if range.0 <= range.1 {
                range
            } else {
                (0.0, 0.0)
            }
        };
        Ok(ranges.into_iter().map(known).collect())
    }

    /// The mean over the rows of the sum of the targets' log-slopes, nats; 0 without transforms.
    pub(crate) fn mean_log_slope(&self) -> Result<f64, DataError> {
        let mut sum = 0.0;
        self.visit(|block| {
            let slopes = block.log_slopes().zip(block.weights());
            sum = slopes.fold(sum, |sum, (slope, weight)| sum + weight * slope);
            Ok::<_, DataError>(())
        })?;
        Ok(if sum == 0.0 { 0.0 } else { sum / self.weight() })
    }

    /// One column of all rows; each value as often as its row's weight says.
    pub(super) fn column(&self, of: impl Fn(&Dataset) -> Vec<f32>) -> Result<Vec<f32>, DataError> {
        let mut column = Vec::with_capacity(self.count());
        self.visit(|block| {
            column.extend(of(block));
            Ok::<_, DataError>(())
        })?;
        Ok(repeated(column, self.weights()))
    }

    /// Mean and standard deviation of prepared inputs and of targets, of which wild values count as the
    /// nearest ordinary one; the same bits wherever the rows are.
    pub(crate) fn spread(
        &self,
        ordinary: &[Ordinary; 2],
        preparation: &Preparation,
    ) -> Result<[Standardiser; 2], DataError> {
        let widths = [preparation.width(), self.target_names().len()];
        let mut moments = widths.map(Moments::new);
        for _ in 0..Moments::PASSES {
            self.visit(|block| {
                let weights = &block.arrangement.weights;
                moments[0].add(
                    &preparation.apply(&ordinary[0].clamp(&block.inputs)),
                    weights,
                );
                moments[1].add(&ordinary[1].clamp(&block.targets), weights);
                Ok::<_, DataError>(())
            })?;
            moments.iter_mut().for_each(Moments::end_pass);
        }
        Ok(moments.map(Moments::standardiser))
    }

    /// As [`Dataset::target_resolutions`]; on the disk with 4 bytes of memory a row.
    pub(crate) fn target_resolutions(&self) -> Result<Vec<Option<f32>>, DataError> {
        if let TableRows::Memory(data) = self {
            return Ok(data.target_resolutions());
        }
        let one = |target: usize| {
            let column = self.column(|block| block.target_column(target).collect())?;
            Ok(resolution(column.into_iter()))
        };
        (0..self.target_names().len()).map(one).collect()
    }
}
