//! Tables whose rows stay on the disk.

mod standard;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::arrangement::{Arrangement, ArrangementReader};
use super::blocks::TableBlocks;
use super::categories::Profile;
use super::dataset::{Dataset, fingerprint};
use super::error::DataError;
use super::log_zero::{LogZero, UNSETTLED, place, unsettled};
use super::roles::{all_but, check_chosen, index_warnings, part_index};
use super::row_file::{RowFile, RowWriter};
use super::row_number::Range;
use super::rows::TableRows;
use super::table::{ReadOptions, Table};
use super::transform::Transform;
use super::warning::DataWarning;

pub use standard::StoredRows;

/// Rows that are read at a time where all are.
const BLOCK: usize = 1 << 14;

/// Rows of inputs and targets in raw units, in a temporary file without a name: what a [`Dataset`]
/// holds, in memory that does not depend on the table but for 4 bytes a row of a [part], of an order and
/// of groups, and 8 of weights.
///
/// The file takes 4 bytes a value and 16 a row. It is gone with the last table or part that uses it.
///
/// [part]: StoredTable::part
#[derive(Clone, Debug)]
pub struct StoredTable {
    /// The names of the I input columns.
    pub input_names: Vec<String>,
    /// The names of the D target columns.
    pub target_names: Vec<String>,
    /// How many rows of the table were left out because a value was missing.
    pub skipped_rows: usize,
    /// What the table's owner should know.
    pub warnings: Vec<DataWarning>,
    /// As in [`Dataset`].
    pub transforms: Vec<Option<Transform>>,
    /// That of the rows of this part.
    arrangement: Arc<Arrangement>,
    file: Arc<RowFile>,
    /// The rows of the file that are those of this part, in order; all, where there is none.
    chosen: Option<Arc<[u32]>>,
}

impl StoredTable {
    /// Reads a file for training, as [`Dataset::for_training`] does, into a temporary file in
    /// `folder`.
    ///
    /// The table is read once, and its beginning twice: as far as it takes to tell columns of texts
    /// from columns of numbers. Columns that number the rows, or zeros of a target `log(column)`, make for
    /// one time more. Whether rounding merges values is told from the first block.
    ///
    /// # Errors
    /// Those of [`Dataset::for_training`], and when the temporary file cannot be written.
    pub fn for_training(
        path: impl AsRef<Path>,
        inputs: Option<&[String]>,
        targets: &[String],
        options: &ReadOptions,
        folder: &Path,
    ) -> Result<Self, DataError> {
        let path = path.as_ref();
        let first = first_block(path, options)?;
        let read = |inputs: &[String], named: bool| {
            Self::chosen(path, (inputs, named), targets, options, folder)
        };
        if let Some(named) = inputs {
            return read(named, true);
        }
        let all = all_but(&first, targets, &options.arranged_by)?;
        let (index, others) = part_index(&first, &all, options);
        drop(first);
        if !index.is_empty() && !others.is_empty() {
            let mut table = read(&others, false)?;
            if table.any_varies(&table.input_names)? {
                table.warnings.extend(index_warnings(index));
                return Ok(table);
            }
        }
        read(&all, false)
    }

    /// The columns of these names; the inputs without those that number the rows unless they were `named`.
    fn chosen(
        path: &Path,
        (inputs, named): (&[String], bool),
        targets: &[String],
        options: &ReadOptions,
        folder: &Path,
    ) -> Result<Self, DataError> {
        let mut blocks = TableBlocks::open(path, options)?;
        let first = next_of(&mut blocks)?;
        check_chosen(&first, inputs, targets)?;
        let mut profile = Profile::new(inputs, options)?;
        profile.add(&first)?;
        while profile.is_open() {
            match blocks.next() {
                Some(block) => profile.add(&block?)?,
                None => break,
            }
        }
        let all = profile.inputs(first.name(), targets)?;
        let dates = first.date_columns(&all);
        drop((first, blocks));
        let read = |inputs: &[String]| Self::read_settled(path, inputs, targets, options, folder);
        let (mut table, ranges) = read(&all).map_err(|error| profile.explain(error))?;
        let numbers = match named {
            true => Vec::new(),
            false => table.row_numbers(path, &ranges, &dates, options)?,
        };
        let others = all.iter().filter(|name| !numbers.contains(name));
        let others: Vec<String> = others.cloned().collect();
        let leave_out = !numbers.is_empty() && table.any_varies(&others)?;
        if leave_out {
            table = read(&others)?.0;
        }
        table.check_columns()?;
        if leave_out {
            let left_out = |column| DataWarning::RowNumber { column };
            table.warnings.extend(numbers.into_iter().map(left_out));
        }
        Ok(table)
    }

    /// Whether any of these inputs is not constant.
    fn any_varies(&self, inputs: &[String]) -> Result<bool, DataError> {
        let names = self.input_names.iter().enumerate();
        let asked = names.filter(|(_, name)| inputs.contains(name));
        let asked: Vec<usize> = asked.map(|(input, _)| input).collect();
        let first = self.sample(1)?;
        for block in self.blocks() {
            let block = block?;
            let varies = |&input: &usize| {
                let value = first.input(0)[input];
                block.input_column(input).any(|other| other != value)
            };
            if asked.iter().any(varies) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads columns for training, with zeros of logarithms in their place: twice where there are any.
    fn read_settled(
        path: &Path,
        inputs: &[String],
        targets: &[String],
        options: &ReadOptions,
        folder: &Path,
    ) -> Result<(Self, Vec<Range>), DataError> {
        let read = |log_zeros: Vec<LogZero>| {
            let options = ReadOptions {
                log_zeros,
                ..options.clone()
            };
            Self::read_columns(path, inputs, targets, &options, folder)
        };
        let unknown = Some(Transform::LogOrZero { zero: UNSETTLED });
        let (mut table, ranges) = read(unsettled(targets))?;
        let mut settled = Vec::new();
        for (target, name) in targets.iter().enumerate() {
            if table.transforms.get(target) != Some(&unknown) {
                continue;
            }
            let rows = TableRows::from(&table);
            let mut column = rows.column(|block| block.target_column(target).collect())?;
            match place(&mut column) {
                Some(place) => settled.push(LogZero {
                    target: name.clone(),
                    place,
                }),
                None => table.transforms[target] = Some(Transform::Log),
            }
        }
        match settled.is_empty() {
            true => Ok((table, ranges)),
            false => read(settled),
        }
    }

    /// The inputs, but those of dates, that number the rows of the file, by their `ranges`. Reads the file once
    /// more where there may be any, with some 16 bytes of memory a row.
    fn row_numbers(
        &self,
        path: &Path,
        ranges: &[Range],
        dates: &[String],
        options: &ReadOptions,
    ) -> Result<Vec<String>, DataError> {
        let inputs = self.input_names.iter().zip(ranges).enumerate();
        let may = inputs.filter(|(_, (name, _))| !dates.contains(name));
        let mut may: Vec<_> = may
            .filter_map(|(input, (name, range))| Some((input, (name, range), range.places()?)))
            .collect();
        if may.is_empty() {
            return Ok(Vec::new());
        }
        let options = ReadOptions {
            log_zeros: unsettled(&self.target_names),
            ..options.clone()
        };
        let names = [&self.input_names[..], &self.target_names].concat();
        let mut seen = HashSet::new();
        for block in TableBlocks::open(path, &options)? {
            let rows = match block?.select(&names, self.input_names.len(), &options) {
                Err(DataError::AllRowsSkipped { .. }) => continue,
                selected => selected?,
            };
            let rows = rows.values.chunks_exact(names.len());
            for row in rows.filter(|row| seen.insert(fingerprint(row.iter().copied()))) {
                may.iter_mut()
                    .for_each(|(input, _, places)| places.add(row[*input]));
            }
        }
        may.retain(|(_, (_, range), places)| {
            places.are_different() && range.places_of(seen.len()).is_some()
        });
        Ok(may
            .into_iter()
            .map(|(_, (name, _), _)| name.clone())
            .collect())
    }

    /// Reads the columns that a model wants into a temporary file in `folder`.
    ///
    /// # Errors
    /// When a column is unknown or a cell of a chosen column is unusable, and when the temporary
    /// file cannot be written.
    pub fn for_scoring(
        path: impl AsRef<Path>,
        inputs: &[String],
        targets: &[String],
        options: &ReadOptions,
        folder: &Path,
    ) -> Result<Self, DataError> {
        Ok(Self::read_columns(path.as_ref(), inputs, targets, options, folder)?.0)
    }

    /// The same, and the range of each column.
    fn read_columns(
        path: &Path,
        inputs: &[String],
        targets: &[String],
        options: &ReadOptions,
        folder: &Path,
    ) -> Result<(Self, Vec<Range>), DataError> {
        let names = [inputs, targets].concat();
        let fault = |source| written(folder, source);
        let mut out = RowWriter::new(folder, names.len()).map_err(fault)?;
        let (mut skipped_rows, mut warnings, mut transforms) = (0, None, Vec::new());
        let mut ranges = vec![Range::new(); names.len()];
        let blocks = TableBlocks::open(path, options)?;
        let file = blocks.name().to_owned();
        let mut arrangement = ArrangementReader::new(options);
        for block in blocks {
            let block = block?;
            arrangement.see(&block);
            let mut numeric = match block.select(&names, inputs.len(), options) {
                Err(DataError::AllRowsSkipped { skipped, .. }) => {
                    skipped_rows += skipped;
                    continue;
                }
                selected => selected?,
            };
            arrangement.add(&block, &mut numeric)?;
            for row in numeric.values.chunks_exact(names.len().max(1)) {
                let columns = ranges.iter_mut().zip(row);
                columns.for_each(|(range, &value)| range.add(value));
            }
            let mut rows = Dataset::assemble(numeric, inputs.len());
            skipped_rows += rows.skipped_rows;
            for row in 0..rows.rows {
                let numbers = [rows.lines[row], rows.fingerprints[row]];
                out.push(rows.input(row), rows.target(row), numbers)
                    .map_err(fault)?;
            }
            warnings.get_or_insert(std::mem::take(&mut rows.warnings));
            transforms = rows.transforms;
        }
        let rows = out.finish().map_err(fault)?;
        if rows.rows() == 0 {
            arrangement.check_any(&file)?;
            let skipped = skipped_rows;
            return Err(DataError::AllRowsSkipped { file, skipped });
        }
        if u32::try_from(rows.rows()).is_err() {
            return Err(DataError::TooManyRows { file });
        }
        let mut warnings = warnings.unwrap_or_default();
        warnings.extend(arrangement.warning());
        let table = Self {
            input_names: inputs.to_vec(),
            target_names: targets.to_vec(),
            skipped_rows,
            warnings,
            transforms,
            arrangement: Arc::new(arrangement.finish(&file)?),
            file: Arc::new(rows),
            chosen: None,
        };
        Ok((table, ranges))
    }

    /// Constant targets are an error, constant inputs a warning, as are inputs that equal a target.
    fn check_columns(&mut self) -> Result<(), DataError> {
        let inputs = self.input_names.len();
        let mut first: Vec<f32> = Vec::new();
        let mut equal: Vec<(usize, usize)> = self.sample(1)?.pairs().collect();
        let mut constant = vec![true; inputs + self.target_names.len()];
        for block in self.blocks() {
            let block = block?;
            for row in 0..block.rows {
                let values = block.input(row).iter().chain(block.target(row)).copied();
                if first.is_empty() {
                    first.extend(values.clone());
                }
                for ((same, value), first) in constant.iter_mut().zip(values).zip(&mut first) {
                    *first = if first.is_nan() { value } else { *first };
                    *same &= value.is_nan() || value == *first;
                }
                let (x, t) = (block.input(row), block.target(row));
                equal.retain(|&(input, target)| x[input] == t[target]);
            }
        }
        let names = self.input_names.iter().chain(&self.target_names);
        for (number, (column, value)) in names.zip(first).enumerate() {
            let column = column.clone();
            match constant[number] {
                true if number >= inputs => {
                    return Err(DataError::ConstantTarget { column, value });
                }
                true => self
                    .warnings
                    .push(DataWarning::ConstantInput { column, value }),
                false => {}
            }
        }
        let some = self.sample(1)?;
        let equal = equal.into_iter();
        self.warnings
            .extend(equal.map(|(input, target)| some.equals_target(input, target)));
        Ok(())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match &self.chosen {
            Some(chosen) => chosen.len(),
            None => self.file.rows(),
        }
    }

    /// The rows `rows`, ascending, as a table of their own.
    pub fn part(&self, rows: &[usize]) -> Self {
        self.arranged(rows, self.arrangement.of(rows.iter().copied()))
    }

    /// The order, the groups and the weights of the rows.
    pub fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// The rows `rows`, in that order, any of them more than once, in this arrangement.
    pub(super) fn arranged(&self, rows: &[usize], arrangement: Arrangement) -> Self {
        let chosen = rows.iter().map(|&row| self.record(row) as u32);
        Self {
            chosen: Some(chosen.collect()),
            arrangement: Arc::new(arrangement),
            ..self.clone()
        }
    }

    /// All rows in order, some thousands at a time.
    pub fn blocks(&self) -> impl Iterator<Item = Result<Dataset, DataError>> {
        let starts = (0..self.rows()).step_by(BLOCK);
        starts.map(|start| self.read(start..(start + BLOCK).min(self.rows())))
    }

    /// At most `most` rows, evenly over the table, with what is to be known of all.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn sample(&self, most: usize) -> Result<Dataset, DataError> {
        let count = most.min(self.rows());
        let rows = self.read((0..count).map(|i| i * self.rows() / count))?;
        Ok(Dataset {
            skipped_rows: self.skipped_rows,
            warnings: self.warnings.clone(),
            ..rows
        })
    }

    /// The rows `rows`, in that order.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn read(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Result<Dataset, DataError> {
        let arrangement = self.arrangement.of(rows.clone());
        let records = rows.map(|row| self.record(row));
        let mut read = Dataset {
            input_names: self.input_names.clone(),
            target_names: self.target_names.clone(),
            transforms: self.transforms.clone(),
            arrangement,
            ..Dataset::default()
        };
        let inputs = 4 * self.input_names.len();
        let visit = |values: &[u8], [line, fingerprint]: [u64; 2]| {
            let (inputs, targets) = values.split_at(inputs);
            read.inputs.extend(numbers(inputs));
            read.targets.extend(numbers(targets));
            read.lines.push(line);
            read.fingerprints.push(fingerprint);
        };
        self.file
            .visit(records, &mut Vec::new(), visit)
            .map_err(unreadable)?;
        read.rows = read.lines.len();
        Ok(read)
    }

    /// The number of a row in the file.
    fn record(&self, row: usize) -> usize {
        match &self.chosen {
            Some(chosen) => chosen[row] as usize,
            None => row,
        }
    }
}

/// The first rows of the table in a file.
fn first_block(path: &Path, options: &ReadOptions) -> Result<Table, DataError> {
    next_of(&mut TableBlocks::open(path, options)?)
}

fn next_of(blocks: &mut TableBlocks) -> Result<Table, DataError> {
    let next = blocks.next().transpose()?;
    next.ok_or_else(|| DataError::NoRows {
        file: blocks.name().to_owned(),
    })
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let values = bytes.chunks_exact(size_of::<f32>());
    values.map(|value| value.try_into().map_or(0.0, f32::from_le_bytes))
}

fn unreadable(source: io::Error) -> DataError {
    DataError::Stored { source }
}

fn written(folder: &Path, source: io::Error) -> DataError {
    let path = folder.join("a temporary file");
    DataError::Write(crate::files::WriteError { path, source })
}
