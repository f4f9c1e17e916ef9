//! The rows of a table for a model, piece by piece.

use anyhow::bail;
use mdn_infer::Model;
use mdn_train::data::{DataError, DataWarning, Dataset, ReadOptions, Table, TableBlocks, Unusable};
use mdn_train::diagnose::{Diagnostic, OneCategory, OutsideRange};

use super::options::{Reading, column_names, count};
use super::output::Output;
use super::streaming::LOOKED_AT;

/// Reads a table as it is asked for more.
pub struct Pieces<'r> {
    reading: &'r Reading,
    outside: OutsideRange<'r>,
    blocks: TableBlocks,
    options: ReadOptions,
    inputs: Vec<String>,
    targets: Vec<String>,
    /// Whether `targets` are read only where the table has them all; else these.
    or_else: Option<Vec<String>>,
    /// Whether a row without a target can be used.
    missing_targets: bool,
    /// The rows of the last piece that cannot be used.
    unusable: Vec<Unusable>,
    skipped: usize,
    /// Rows of weight 0.
    weightless: usize,
    categories: OneCategory,
}

impl<'r> Pieces<'r> {
    /// The columns of `model`, and rows that have all targets; with `or_else` those columns instead of the
    /// targets where the table does not have them all, and rows without a target too. Rows count by `weights`,
    /// a column, where they are to be scored.
    pub fn open(
        reading: &'r Reading,
        model: &Model<'r>,
        or_else: Option<Vec<String>>,
        weights: Option<String>,
    ) -> anyhow::Result<Self> {
        let mut options = reading.options_for(model);
        options.arranged_by.weights = weights;
        let (inputs, targets) = column_names(model);
        Ok(Self {
            blocks: TableBlocks::open(&reading.data, &options)?,
            reading,
            options,
            inputs,
            targets,
            missing_targets: or_else.is_some(),
            or_else,
            unusable: Vec::new(),
            skipped: 0,
            weightless: 0,
            categories: OneCategory::new(model),
            outside: OutsideRange::new(model),
        })
    }

    /// The first rows; what the table's owner should know of its columns is said.
    pub fn first(&mut self, output: &mut Output) -> anyhow::Result<Dataset> {
        let Some(data) = self.next()? else {
            let (file, skipped) = (self.blocks.name().to_owned(), self.skipped);
            if let (0, Some(column)) = (skipped, self.options.arranged_by.weights.clone()) {
                bail!(DataError::NoWeight { file, column });
            }
            bail!(DataError::AllRowsSkipped { file, skipped });
        };
        self.reading.warn(&data, output);
        Ok(data)
    }

    /// The rows, among the last that [`next`](Self::next) gave, that cannot be used.
    pub fn unusable(&mut self) -> Vec<Unusable> {
        std::mem::take(&mut self.unusable)
    }

    /// The next rows, at least one, usable or not; none at the end.
    pub fn next(&mut self) -> anyhow::Result<Option<Dataset>> {
        while let Some(block) = self.blocks.next().transpose()? {
            self.weightless += block.weightless();
            match self.select(&block) {
                Err(DataError::AllRowsSkipped { skipped, .. }) => self.skipped += skipped,
                Err(error) => return Err(error.into()),
                Ok((data, unusable)) => {
                    self.unusable = unusable;
                    self.skipped += data.skipped_rows;
                    self.categories.look(&data);
                    self.outside.look(&data);
                    return Ok(Some(data));
                }
            }
        }
        Ok(None)
    }

    /// What there is to say of the inputs of all rows so far.
    pub fn findings(&self) -> impl Iterator<Item = Diagnostic> {
        let found = [self.categories.diagnostic(), self.outside.diagnostic()];
        found.into_iter().flatten()
    }

    /// Says what there is to know of all rows.
    pub fn end(&self, output: &mut Output) {
        self.skipped(output);
        for diagnostic in self.findings() {
            output.note(diagnostic);
        }
    }

    /// Says how many rows were left out, and counts them.
    pub fn skipped(&self, output: &mut Output) -> usize {
        if let (rows @ 1.., Some(column)) = (self.weightless, &self.options.arranged_by.weights) {
            let column = column.clone();
            let warning = DataWarning::ZeroWeight { column, rows };
            output.note(format_args!("{}: {warning}", warning.heading()));
        }
        if self.skipped > 0 {
            output.note(format_args!(
                "{} left out for missing values",
                count(self.skipped, "row")
            ));
        }
        self.skipped
    }

    fn select(&mut self, block: &Table) -> Result<(Dataset, Vec<Unusable>), DataError> {
        if let Some(others) = self.or_else.take()
            && !block.has_columns(&self.targets)
        {
            self.targets = others;
        }
        let columns = (&self.inputs[..], &self.targets[..]);
        Dataset::for_answers(block, columns, self.missing_targets, &self.options)
    }
}

/// Rows of a table that comes in pieces, evenly over it: all, where there are few.
#[derive(Default)]
pub struct Sample {
    rows: Option<Dataset>,
    /// One row of 2 to this power is kept.
    thinned: u32,
    seen: usize,
}

impl Sample {
    /// Takes the next rows.
    pub fn add(&mut self, mut data: Dataset) {
        let (seen, stride) = (self.seen, 1_usize << self.thinned);
        self.seen += data.rows;
        let Some(rows) = &mut self.rows else {
            self.rows = Some(data);
            return self.thin();
        };
        if stride > 1 {
            let wanted = (0..data.rows).filter(|row| (seen + row).is_multiple_of(stride));
            data = data.subset(&wanted.collect::<Vec<_>>());
        }
        rows.append(data);
        self.thin();
    }

    /// Lets every second row go until there are few enough.
    fn thin(&mut self) {
        let Some(rows) = &mut self.rows else { return };
        while rows.rows > LOOKED_AT {
            *rows = rows.subset(&(0..rows.rows).step_by(2).collect::<Vec<_>>());
            self.thinned += 1;
        }
    }

    /// The rows that were kept.
    pub fn rows(self) -> Dataset {
        self.rows.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_even_and_whole_where_rows_are_few() {
        let piece = |from: u64, rows: u64| Dataset {
            lines: (from..from + rows).collect(),
            rows: rows as usize,
            ..Dataset::default()
        };
        let mut few = Sample::default();
        few.add(piece(0, 10));
        few.add(piece(10, 5));
        assert_eq!(few.rows().lines, (0..15).collect::<Vec<_>>());
        let mut many = Sample::default();
        for start in 0..50 {
            many.add(piece(start * 12_345, 12_345));
        }
        let lines = many.rows().lines;
        assert!((LOOKED_AT / 2..=LOOKED_AT).contains(&lines.len()));
        let stride = lines[1];
        assert!(lines.iter().zip(0..).all(|(&line, at)| line == at * stride));
    }
}
