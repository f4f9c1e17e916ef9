//! Inputs and targets in the shape that training and scoring want.

use std::borrow::Cow;
use std::path::Path;

use crc::{CRC_64_XZ, Crc};

use super::arrangement::{Arrangement, ArrangementReader};
use super::categories::Profile;
use super::error::DataError;
use super::log_zero::unsettled;
use super::numeric::NumericTable;
use super::preparation::median;
use super::roles::{all_but, check_chosen, check_roles, index_warnings, part_index, row_numbers};
use super::standardise::resolution;
use super::table::{ReadOptions, Table, Unusable};
use super::transform::{Transform, log_slope};
use super::warning::DataWarning;
use super::wild::Ordinary;

/// Rows of inputs and targets in raw units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    /// The names of the I input columns.
    pub input_names: Vec<String>,
    /// The names of the D target columns; empty if the table has no targets.
    pub target_names: Vec<String>,
    /// Row-major, shape `[rows][I]`.
    pub inputs: Vec<f32>,
    /// Row-major, shape `[rows][D]`.
    pub targets: Vec<f32>,
    /// How many rows there are.
    pub rows: usize,
    /// The line, from 1, that each row has in its file.
    pub lines: Vec<u64>,
    /// A number for the cells of each row as the file holds them, before they are rounded to `f32`: the same for
    /// equal rows, and hardly ever for others. Empty where the rows come from no file.
    pub fingerprints: Vec<u64>,
    /// How many rows of the file were left out because a value was missing.
    pub skipped_rows: usize,
    /// What the table's owner should know.
    pub warnings: Vec<DataWarning>,
    /// For each target how it was made of the file's column, shape `[D]`; empty where all are as
    /// they were. Scores are in the units of the file's columns.
    pub transforms: Vec<Option<Transform>>,
    /// The names of the columns that held dates or times, as far as the rows were read for scoring.
    pub dates: Vec<String>,
    /// The order, the groups and the weights of the rows, as far as they were asked for.
    pub arrangement: Arrangement,
}

impl Dataset {
    /// Reads a file for training; see [`Dataset::for_training`].
    ///
    /// # Errors
    /// Those of [`Table::read`] and [`Dataset::for_training`].
    pub fn from_csv(
        path: impl AsRef<Path>,
        inputs: Option<&[String]>,
        targets: &[String],
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let table = Table::read(path, options)?;
        Self::for_training(&table, inputs, targets, options)
    }

    /// The named columns of a table; `inputs` of `None` means every column that is no target, but for
    /// columns that number the rows ([`DataWarning::RowNumber`]) or are an index by the file's metadata
    /// ([`DataWarning::Index`]), where others are left that are not constant, and those of
    /// [`ReadOptions::arranged_by`].
    /// An input column of texts, or one that `options` call categorical, becomes one input for each
    /// of its values, called `column=value`: 1 where it has that value, and 0 elsewhere.
    ///
    /// # Errors
    /// When a column is unknown, named twice, or input and target at once; when there is no input
    /// or no target; when a cell of a chosen column is unusable; when a target is constant.
    pub fn for_training(
        table: &Table,
        inputs: Option<&[String]>,
        targets: &[String],
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let table = &*table.of_weight(options)?;
        let read =
            |inputs: &[String], named: bool| Self::chosen(table, (inputs, named), targets, options);
        if let Some(named) = inputs {
            return read(named, true);
        }
        let all = all_but(table, targets, &options.arranged_by)?;
        let (index, others) = part_index(table, &all, options);
        if !index.is_empty() && !others.is_empty() {
            let mut data = read(&others, false)?;
            if data.inputs_vary() {
                data.warnings.extend(index_warnings(index));
                return Ok(data);
            }
        }
        read(&all, false)
    }

    /// The columns of these names; the inputs without those that number the rows unless they were `named`.
    fn chosen(
        table: &Table,
        (inputs, named): (&[String], bool),
        targets: &[String],
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        check_chosen(table, inputs, targets)?;
        let mut arrangement = ArrangementReader::new(options);
        arrangement.see(table);
        if table.rows() == 0 {
            arrangement.check_any(table.name())?;
        }
        let mut profile = Profile::new(inputs, options)?;
        profile.add(table)?;
        let inputs = profile.inputs(table.name(), targets)?;
        let names = [inputs.as_slice(), targets].concat();
        let selected = table.select_with(&names, inputs.len(), options, &unsettled(targets));
        let mut selected = selected.map_err(|error| profile.explain(error))?;
        arrangement.add(table, &mut selected)?;
        if selected.rows() == 0 {
            return Err(DataError::AllRowsSkipped {
                file: table.name().to_owned(),
                skipped: selected.skipped_rows,
            });
        }
        selected.settle_zeros(arrangement.weights());
        let numbers = match named {
            true => Vec::new(),
            false => row_numbers(&selected, inputs.len(), &table.date_columns(&inputs)),
        };
        selected.remove(&numbers);
        let mut data = Self::from_numeric(selected, inputs.len() - numbers.len())?;
        data.warnings.extend(arrangement.warning());
        data.arrangement = arrangement.finish(table.name())?;
        let left_out = numbers.iter().map(|&input| inputs[input].clone());
        data.warnings
            .extend(left_out.map(|column| DataWarning::RowNumber { column }));
        Ok(data)
    }

    /// Whether any input is not constant.
    fn inputs_vary(&self) -> bool {
        let mut inputs = 0..self.input_names.len();
        inputs.any(|input| constant(self.input_column(input)).is_none())
    }

    /// Training data from numbers: the first `input_count` columns are inputs, the rest targets.
    ///
    /// # Errors
    /// When a target is constant, or no column is left for the targets or the inputs.
    pub fn from_numeric(table: NumericTable, input_count: usize) -> Result<Self, DataError> {
        let mut data = Self::assemble(table, input_count);
        check_roles(&data.input_names, &data.target_names)?;
        for (target, column) in data.target_names.iter().enumerate() {
            if let Some(value) = constant(data.target_column(target)) {
                let column = column.clone();
                return Err(DataError::ConstantTarget { column, value });
            }
        }
        for (input, column) in data.input_names.iter().enumerate() {
            if let Some(value) = constant(data.input_column(input)) {
                let column = column.clone();
                data.warnings
                    .push(DataWarning::ConstantInput { column, value });
            }
        }
        for (input, target) in data.pairs() {
            if data.input_column(input).eq(data.target_column(target)) {
                data.warnings.push(data.equals_target(input, target));
            }
        }
        Ok(data)
    }

    /// Each input with each target.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (inputs, targets) = (self.input_names.len(), self.target_names.len());
        (0..inputs).flat_map(move |input| (0..targets).map(move |target| (input, target)))
    }

    pub(super) fn equals_target(&self, input: usize, target: usize) -> DataWarning {
        DataWarning::EqualsTarget {
            column: self.input_names[input].clone(),
            target: self.target_names[target].clone(),
        }
    }

    /// The columns that a model wants, wherever they stand in the table. If the table lacks any
    /// of `targets`, none is read and `target_names` and `targets` are empty.
    ///
    /// # Errors
    /// When an input column is unknown or a cell of a chosen column is unusable.
    pub fn for_prediction(
        table: &Table,
        inputs: &[String],
        targets: &[String],
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let targets = if table.has_columns(targets) {
            targets
        } else {
            &[]
        };
        Self::for_scoring(table, inputs, targets, options)
    }

    /// The columns that a model wants, wherever they stand in the table, of the rows that it can answer, and
    /// what is wrong with the others. Targets that are missing are NaN with `missing_targets`; without, their
    /// rows are among the others.
    ///
    /// # Errors
    /// When a column is unknown, or every row was left out because a value was missing.
    pub fn for_answers(
        table: &Table,
        (inputs, targets): (&[String], &[String]),
        missing_targets: bool,
        options: &ReadOptions,
    ) -> Result<(Self, Vec<Unusable>), DataError> {
        let names = [inputs, targets].concat();
        let table = &*table.of_weight(options)?;
        let mut arrangement = ArrangementReader::new(options);
        let selected = table.select_usable(&names, inputs.len(), missing_targets, options);
        let (mut numeric, unusable) = selected?;
        arrangement.add(table, &mut numeric)?;
        let data = Self {
            dates: table.date_columns(&names),
            arrangement: arrangement.finish(table.name())?,
            ..Self::assemble(numeric, inputs.len())
        };
        Ok((data, unusable))
    }

    /// The columns that a model wants, wherever they stand in the table, targets included.
    ///
    /// # Errors
    /// When a column is unknown or a cell of a chosen column is unusable.
    pub fn for_scoring(
        table: &Table,
        inputs: &[String],
        targets: &[String],
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let names = [inputs, targets].concat();
        let table = &*table.of_weight(options)?;
        let mut arrangement = ArrangementReader::new(options);
        let mut numeric = table.select(&names, inputs.len(), options)?;
        arrangement.add(table, &mut numeric)?;
        Ok(Self {
            dates: table.date_columns(&names),
            arrangement: arrangement.finish(table.name())?,
            ..Self::assemble(numeric, inputs.len())
        })
    }

    /// Parts the columns, rounds to `f32` and notes where that merges values.
    pub(super) fn assemble(table: NumericTable, input_count: usize) -> Self {
        let width = table.columns.len();
        let input_count = input_count.min(width);
        let (input_names, target_names) = table.columns.split_at(input_count);
        let mut data = Self {
            input_names: input_names.to_vec(),
            target_names: target_names.to_vec(),
            rows: table.rows(),
            skipped_rows: table.skipped_rows,
            warnings: [table.warnings.clone(), precision_warnings(&table)].concat(),
            transforms: table.transforms.into_iter().skip(input_count).collect(),
            lines: table.lines,
            ..Self::default()
        };
        for row in table.values.chunks_exact(width.max(1)) {
            data.fingerprints.push(fingerprint(row.iter().copied()));
            let (inputs, targets) = row.split_at(input_count);
            data.inputs.extend(inputs.iter().map(|&value| value as f32));
            data.targets
                .extend(targets.iter().map(|&value| value as f32));
        }
        data
    }

    /// The inputs of one row, shape `[I]`; empty if there is no such row.
    pub fn input(&self, row: usize) -> &[f32] {
        row_of(&self.inputs, self.input_names.len(), row)
    }

    /// The targets of one row, shape `[D]`; empty if there is no such row.
    pub fn target(&self, row: usize) -> &[f32] {
        row_of(&self.targets, self.target_names.len(), row)
    }

    /// One input column, a value a row.
    pub fn input_column(&self, input: usize) -> impl Iterator<Item = f32> + Clone {
        let width = self.input_names.len().max(1);
        self.inputs.iter().skip(input).step_by(width).copied()
    }

    /// One target column, a value a row.
    pub fn target_column(&self, target: usize) -> impl Iterator<Item = f32> + Clone {
        let width = self.target_names.len().max(1);
        self.targets.iter().skip(target).step_by(width).copied()
    }

    /// The mean over the rows of the sum of the targets' log-slopes, nats; 0 without transforms.
    pub fn mean_log_slope(&self) -> f64 {
        let slopes = self.log_slopes().zip(self.weights());
        let sum: f64 = slopes.map(|(slope, weight)| weight * slope).sum();
        sum / self.weights().sum::<f64>().max(f64::MIN_POSITIVE)
    }

    /// Each row's sum of the targets' log-slopes, nats; nothing without transforms.
    pub(super) fn log_slopes(&self) -> impl Iterator<Item = f64> {
        let rows = match self.transforms.iter().all(Option::is_none) {
            true => 0,
            false => self.rows,
        };
        (0..rows).map(|row| log_slope(&self.transforms, self.target(row)))
    }

    /// The smallest gap between different values of each target, shape `[D]`: how finely the
    /// target was recorded. A constant target has none.
    pub fn target_resolutions(&self) -> Vec<Option<f32>> {
        (0..self.target_names.len())
            .map(|target| resolution(self.target_column(target)))
            .collect()
    }

    /// The inputs `[rows][I]`, with the median of its column for each that is missing (0 where all are).
    pub fn filled_inputs(&self) -> Cow<'_, [f32]> {
        if !self.inputs.iter().any(|value| value.is_nan()) {
            return Cow::Borrowed(&self.inputs);
        }
        let medians = (0..self.input_names.len()).map(|input| {
            let known = self.input_column(input).filter(|value| !value.is_nan());
            median(&mut known.collect::<Vec<f32>>())
        });
        let medians: Vec<f32> = medians.collect();
        let values = self.inputs.iter().zip(medians.iter().cycle());
        Cow::Owned(
            values
                .map(|(&x, &median)| if x.is_nan() { median } else { x })
                .collect(),
        )
    }

    /// The rows without a missing input; where there are none, all with [`filled_inputs`](Self::filled_inputs).
    pub fn whole_rows(&self) -> Cow<'_, Self> {
        let is_whole = |row: &usize| !self.input(*row).iter().any(|value| value.is_nan());
        let whole: Vec<usize> = (0..self.rows).filter(is_whole).collect();
        match whole.len() {
            count if count == self.rows => Cow::Borrowed(self),
            0 => Cow::Owned(Self {
                inputs: self.filled_inputs().into_owned(),
                ..self.clone()
            }),
            _ => Cow::Owned(self.subset(&whole)),
        }
    }

    /// Appends rows of the same columns, both with weights or both without. Their order and groups are then not known.
    pub fn append(&mut self, mut more: Self) {
        let weights = [&self.arrangement, &more.arrangement].map(|of| of.weights.as_slice());
        self.arrangement = Arrangement {
            weights: weights.concat(),
            ..Arrangement::default()
        };
        self.inputs.append(&mut more.inputs);
        self.targets.append(&mut more.targets);
        self.lines.append(&mut more.lines);
        self.fingerprints.append(&mut more.fingerprints);
        self.rows += more.rows;
        self.skipped_rows += more.skipped_rows;
    }

    /// The rows `rows`, in that order, under the same names; rows that do not exist are left out.
    pub fn subset(&self, rows: &[usize]) -> Self {
        let rows = rows.iter().filter(|&&row| row < self.rows);
        let mut part = Self {
            arrangement: self.arrangement.of(rows.clone().copied()),
            input_names: self.input_names.clone(),
            target_names: self.target_names.clone(),
            transforms: self.transforms.clone(),
            dates: self.dates.clone(),
            ..Self::default()
        };
        for &row in rows {
            part.inputs.extend_from_slice(self.input(row));
            part.targets.extend_from_slice(self.target(row));
            part.lines.push(self.lines[row]);
            part.fingerprints.extend(self.fingerprints.get(row));
        }
        part.rows = part.lines.len();
        part
    }

    /// Without the rows that have a number that stands for a missing one ([`Ordinary`]) in any column; all,
    /// where every row has.
    pub fn without_marked(&self) -> Cow<'_, Self> {
        let kept = self.unmarked(&self.ordinary());
        match kept.len() {
            0 => Cow::Borrowed(self),
            all if all == self.rows => Cow::Borrowed(self),
            _ => Cow::Owned(Self {
                warnings: self.warnings.clone(),
                skipped_rows: self.skipped_rows,
                ..self.subset(&kept)
            }),
        }
    }

    /// The numbers of the rows without a number that stands for a missing one.
    pub(crate) fn unmarked(&self, [inputs, targets]: &[Ordinary; 2]) -> Vec<usize> {
        let marked = |row: &usize| {
            inputs.is_marked(self.input(*row)) || targets.is_marked(self.target(*row))
        };
        (0..self.rows).filter(|row| !marked(row)).collect()
    }

    /// All rows in order, at most `most` (at least 1) at a time.
    pub fn parts(&self, most: usize) -> impl Iterator<Item = Self> + '_ {
        let most = most.max(1);
        let starts = (0..self.rows).step_by(most);
        starts.map(move |start| {
            let rows = start..start.saturating_add(most).min(self.rows);
            self.subset(&rows.collect::<Vec<usize>>())
        })
    }
}

/// The same for equal rows, hardly ever for others, and for good: the order of merged rows rests on it. 0 and −0
/// are equal.
pub(super) fn fingerprint(row: impl Iterator<Item = f64>) -> u64 {
    static CRC: Crc<u64, crc::Table<16>> = Crc::<u64, crc::Table<16>>::new(&CRC_64_XZ);
    let mut digest = CRC.digest();
    row.for_each(|value| digest.update(&(value + 0.0).to_bits().to_le_bytes()));
    digest.finalize()
}

fn row_of(values: &[f32], width: usize, row: usize) -> &[f32] {
    values.get(row * width..(row + 1) * width).unwrap_or(&[])
}

/// The only value of a column, if it has but one beside missing ones; NaN where all are missing.
pub(super) fn constant(column: impl Iterator<Item = f32> + Clone) -> Option<f32> {
    let mut known = column.clone().filter(|value| !value.is_nan());
    let first = known.next().or_else(|| column.clone().next())?;
    known.all(|value| value == first).then_some(first)
}

/// A warning for each column that loses more than half of its different values to rounding.
///
/// That is the mark of an offset far larger than the spread; a few merged values among many
/// random ones are ordinary.
fn precision_warnings(table: &NumericTable) -> Vec<DataWarning> {
    let width = table.columns.len().max(1);
    let mut warnings = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        let cells = table.values.iter().skip(index).step_by(width);
        let mut values: Vec<f64> = cells.copied().collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let distinct = values.len();
        values.dedup_by_key(|value| *value as f32);
        let kept = values.len();
        if kept * 2 < distinct {
            let column = column.clone();
            warnings.push(DataWarning::PrecisionLost {
                column,
                distinct,
                kept,
            });
        }
    }
    warnings
}
