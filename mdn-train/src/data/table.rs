//! Tables as they stand in a file of any of the formats.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::arrangement::ArrangedBy;
use super::cell::{Cell, cell_of, excerpt};
use super::column::{Column, Raw};
use super::error::{DataError, most_similar};
use super::log_zero::LogZero;
use super::missing::{MissingInputs, MissingValue};
use super::numeric::NumericTable;
use super::select::Source;
use super::transform::Transform;
use super::unpack::decompress;
use super::warning::DataWarning;
use super::{columnar, numpy, text};

/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// How files of each format begin.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";
pub(super) const NPY: &[u8] = b"\x93NUMPY";
pub(super) const ZIP: &[u8] = b"PK\x03\x04";
pub(super) const PARQUET: &[u8] = b"PAR1";
pub(super) const ARROW: &[u8] = b"ARROW1";
pub(super) const ARROW_STREAM: &[u8] = &[0xff; 4];

/// How a table is to be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// The byte between cells of a text; if `None`, whichever of comma, semicolon and tab the
    /// first line holds most of.
    pub delimiter: Option<u8>,
    /// The first line of a text is data too. Otherwise it is so where it holds only numbers.
    pub no_header: bool,
    /// Leave out rows in which a chosen column lacks its value, instead of failing.
    pub skip_missing: bool,
    /// Of which inputs missing values are NaN instead.
    pub missing_inputs: MissingInputs,
    /// Values that stand for missing ones.
    pub missing_values: Vec<MissingValue>,
    /// Input columns that hold categories although they hold numbers.
    pub categorical: Vec<String>,
    /// What tells the order and the groups of the rows.
    pub arranged_by: ArrangedBy,
    /// Targets `log(column)` that know 0, and its place; of all others 0 is an error.
    pub log_zeros: Vec<LogZero>,
}

/// A table of which only the columns that are chosen need hold numbers.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    cells: Vec<Column>,
    /// Each row's line in the file, from 1; its number, where the format has no lines.
    lines: Vec<u64>,
    warnings: Vec<DataWarning>,
    missing_values: Vec<MissingValue>,
    log_zeros: Vec<LogZero>,
    index: Vec<String>,
    /// How many rows were left out for their weight.
    weightless: usize,
}

/// A row that cannot be used.
#[derive(Debug)]
pub struct Unusable {
    /// How many usable rows of the table stand before it.
    pub before: usize,
    /// Its line in the file.
    pub line: u64,
    /// What is wrong with it.
    pub why: DataError,
}

/// What a reader of some format finds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) names: Vec<String>,
    /// As many as names, all of one length.
    pub(super) columns: Vec<Column>,
    /// The line of the names.
    pub(super) header_line: u64,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
    pub(super) warnings: Vec<DataWarning>,
    /// The names of the columns that the file calls an index.
    pub(super) index: Vec<String>,
}

impl Contents {
    /// For formats without lines: rows are numbered from 1.
    pub(super) fn numbered(mut self) -> Self {
        let rows = self.columns.first().map_or(0, Column::len);
        self.lines = (1..).take(rows).collect();
        self
    }
}

impl Table {
    /// Reads a file; `-` is standard input. What the file holds is told by how it begins, whatever
    /// it is called:
    ///
    /// - CSV, or a text with another delimiter: feature `text`. Cells may be quoted; spaces around them, blank lines
    ///   and a byte order mark are ignored. Where the first line holds only numbers, or by
    ///   [`ReadOptions::no_header`], it is a row, and the columns are called `x0`, `x1` …
    /// - Parquet, Arrow IPC (a file, also called Feather, or a stream): feature `columnar`.
    /// - NumPy `.npy` and `.npz`, feature `numpy`: the columns of the matrix are called `x0`, `x1` …, with the array's
    ///   name for `x` in an archive.
    /// - Any of them compressed by gzip: feature `text`.
    ///
    /// All these features are on by default; without one its files are [`DataError::Unreadable`].
    ///
    /// # Errors
    /// When the file cannot be read or is no such file, has no header or no rows, a row's length
    /// differs from the header's, or a column's name is taken or holds control characters.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        if path == Path::new(STANDARD_INPUT) {
            let file = "standard input".to_owned();
            let mut bytes = Vec::new();
            match io::stdin().lock().read_to_end(&mut bytes) {
                Ok(_) => Self::from_bytes(file, bytes, options),
                Err(source) => Err(DataError::Read { file, source }),
            }
        } else {
            let file = path.display().to_string();
            match fs::read(path) {
                Ok(bytes) => Self::from_bytes(file, bytes, options),
                Err(source) if source.kind() == io::ErrorKind::NotFound => {
                    Err(DataError::NotFound { file })
                }
                Err(source) => Err(DataError::Read { file, source }),
            }
        }
    }

    /// Reads the bytes of a file; `name` is what error messages call it.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn from_bytes(
        name: String,
        bytes: Vec<u8>,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let bytes = decompress(&name, bytes)?;
        let found = contents(&name, bytes, options)?;
        Self::new(name, found, options)
    }

    /// A table of what a reader found.
    pub(super) fn new(
        name: String,
        found: Contents,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        check_header(&name, found.header_line, &found.names)?;
        if found.lines.is_empty() {
            return Err(DataError::NoRows { file: name });
        }
        let table = Self {
            name,
            columns: found.names,
            cells: found.columns,
            lines: found.lines,
            warnings: found.warnings,
            missing_values: options.missing_values.clone(),
            log_zeros: options.log_zeros.clone(),
            index: found.index,
            weightless: 0,
        };
        let mut named = (options.missing_values)
            .iter()
            .filter_map(|value| value.column.as_deref());
        match named.find(|column| table.position(column).is_none()) {
            Some(column) => Err(table.unknown(column)),
            None => Ok(match table.of_weight(options)? {
                Cow::Owned(some) => some,
                Cow::Borrowed(_) => table,
            }),
        }
    }

    /// The table without rows of weight 0, by [`ArrangedBy::weights`]: whatever else they hold is of no account.
    ///
    /// # Errors
    /// When there is no such column.
    pub(super) fn of_weight(&self, options: &ReadOptions) -> Result<Cow<'_, Self>, DataError> {
        let Some(column) = &options.arranged_by.weights else {
            return Ok(Cow::Borrowed(self));
        };
        let weights = self.raw_cells(column)?.enumerate();
        let counts = weights.filter(|(_, cell)| *cell != Raw::Number(0.0));
        let kept: Vec<usize> = counts.map(|(row, _)| row).collect();
        if kept.len() == self.rows() {
            return Ok(Cow::Borrowed(self));
        }
        Ok(Cow::Owned(Self {
            name: self.name.clone(),
            columns: self.columns.clone(),
            cells: self.cells.iter().map(|cells| cells.of(&kept)).collect(),
            lines: kept.iter().map(|&row| self.lines[row]).collect(),
            warnings: self.warnings.clone(),
            missing_values: self.missing_values.clone(),
            log_zeros: self.log_zeros.clone(),
            index: self.index.clone(),
            weightless: self.weightless + self.rows() - kept.len(),
        }))
    }

    /// How many rows were left out for their weight.
    pub fn weightless(&self) -> usize {
        self.weightless
    }

    /// What a cell holds: nothing, where its value stands for a missing one.
    fn cell(&self, position: usize, row: usize) -> Raw<'_> {
        let cell = self.cells[position].get(row);
        let column = &self.columns[position];
        let mut values = self
            .missing_values
            .iter()
            .filter(|value| value.is_about(column));
        match values.any(|value| value.is(cell)) {
            true => Raw::Text(""),
            false => cell,
        }
    }

    /// What error messages call the table: its path, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column names in the order of the file.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The columns that the file's own metadata call an index, which names the rows: what pandas writes into
    /// Parquet and Feather files beside the columns of a table.
    pub fn index_columns(&self) -> &[String] {
        &self.index
    }

    /// How many rows there are below the header.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Each row's line in the file, ascending.
    pub(super) fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// Whether each of `names` is a column.
    pub fn has_columns(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.source(name, &[]).is_ok())
    }

    /// Which of `names` are columns of dates or times: their numbers are days since 1970.
    pub fn date_columns(&self, names: &[String]) -> Vec<String> {
        let is_date = |name: &&String| {
            let place = self.columns.iter().position(|column| column == *name);
            place.is_some_and(|place| self.cells[place].has_dates())
        };
        names.iter().filter(is_date).cloned().collect()
    }

    /// The columns `names`, in that order, as numbers; the first `inputs` of them are inputs. Dates and
    /// times count as days since 1970.
    ///
    /// Where there is no column of that name, `column=category` stands for 1 where `column` holds
    /// `category` and 0 elsewhere, and `log(column)` or `logit(column)` for its [`Transform`].
    ///
    /// # Errors
    /// When a column does not exist or is of a type that cannot be read, or one of its cells is
    /// missing (unless `options` say what to do with it), is no number, or is not finite in 32-bit floating point or beyond
    /// 1e37, where differences are not; when
    /// it holds a category that is in none of `names`.
    pub fn select(
        &self,
        names: &[String],
        inputs: usize,
        options: &ReadOptions,
    ) -> Result<NumericTable, DataError> {
        self.select_with(names, inputs, options, &self.log_zeros)
    }

    /// As [`select`](Self::select), with these places of zeros.
    pub(super) fn select_with(
        &self,
        names: &[String],
        inputs: usize,
        options: &ReadOptions,
        log_zeros: &[LogZero],
    ) -> Result<NumericTable, DataError> {
        let with = (options, log_zeros);
        let selected = self.select_rows(names, (inputs, false), with, &mut |_, why| Err(why))?;
        match selected.lines.is_empty() {
            true => Err(self.all_skipped(&selected)),
            false => Ok(selected),
        }
    }

    /// As [`select`](Self::select) row by row: one with a cell that cannot be used is left out and told of, so
    /// that it does not cost all others their answers. A target that is missing is NaN with
    /// `missing_targets`, else its row cannot be used.
    ///
    /// # Errors
    /// When a column does not exist or is of a type that cannot be read, or every row was left out because
    /// a value was missing.
    pub fn select_usable(
        &self,
        names: &[String],
        inputs: usize,
        missing_targets: bool,
        options: &ReadOptions,
    ) -> Result<(NumericTable, Vec<Unusable>), DataError> {
        let mut unusable = Vec::new();
        let mut note = |(before, line), why| {
            unusable.push(Unusable { before, line, why });
            Ok(())
        };
        let with = (options, &self.log_zeros[..]);
        let selected = self.select_rows(names, (inputs, missing_targets), with, &mut note)?;
        match selected.lines.is_empty() && unusable.is_empty() {
            true => Err(self.all_skipped(&selected)),
            false => Ok((selected, unusable)),
        }
    }

    fn all_skipped(&self, selected: &NumericTable) -> DataError {
        DataError::AllRowsSkipped {
            file: self.name.clone(),
            skipped: selected.skipped_rows,
        }
    }

    /// The rows without a fault; `fault` is told how many of them stand before a row with one, and its
    /// line.
    fn select_rows(
        &self,
        names: &[String],
        (inputs, missing_targets): (usize, bool),
        (options, log_zeros): (&ReadOptions, &[LogZero]),
        fault: &mut dyn FnMut((usize, u64), DataError) -> Result<(), DataError>,
    ) -> Result<NumericTable, DataError> {
        let known = names.iter().take(inputs);
        let may_be_missing: Vec<bool> = known
            .map(|name| options.missing_inputs.has(name))
            .chain(std::iter::repeat_n(
                missing_targets,
                names.len().saturating_sub(inputs),
            ))
            .collect();
        let sources = names
            .iter()
            .map(|name| self.source(name, log_zeros))
            .collect::<Result<Vec<Source<'_>>, DataError>>()?;
        let mut transforms: Vec<_> = sources.iter().map(|source| source.transform).collect();
        if transforms.iter().all(Option::is_none) {
            transforms.clear();
        }
        let mut selected = NumericTable {
            columns: names.to_vec(),
            transforms,
            warnings: self.warnings.clone(),
            ..NumericTable::default()
        };
        for (row, &line) in self.lines.iter().enumerate() {
            let kept = selected.values.len();
            for (source, &missing) in sources.iter().zip(&may_be_missing) {
                let raw = self.cell(source.position, row);
                let is_missing = matches!(cell_of(raw), Cell::Missing);
                match source.cell(raw, &sources) {
                    _ if is_missing && options.skip_missing => {
                        selected.skipped_rows += 1;
                        break;
                    }
                    Cell::Number(value) => selected.values.push(value),
                    Cell::Missing if missing && source.category.is_none() => {
                        selected.values.push(f64::NAN);
                    }
                    cell => {
                        let before = selected.lines.len();
                        fault((before, line), self.fault(cell, row, source, &sources))?;
                        break;
                    }
                }
            }
            if selected.values.len() == kept + sources.len() {
                selected.lines.push(line);
            } else {
                selected.values.truncate(kept);
            }
        }
        Ok(selected)
    }

    /// The column called `name`, or the category that it names, which can be read.
    fn source<'n>(&self, name: &'n str, log_zeros: &[LogZero]) -> Result<Source<'n>, DataError> {
        let source = self.find(name, log_zeros)?;
        self.check_readable(source.position)?;
        Ok(source)
    }

    fn check_readable(&self, position: usize) -> Result<(), DataError> {
        match self.cells[position].unsupported() {
            None => Ok(()),
            Some(kind) => Err(DataError::UnsupportedType {
                file: self.name.clone(),
                column: self.columns[position].clone(),
                kind: kind.to_owned(),
            }),
        }
    }

    fn find<'n>(&self, name: &'n str, log_zeros: &[LogZero]) -> Result<Source<'n>, DataError> {
        if let Some(position) = self.position(name) {
            return Ok(Source::plain(position));
        }
        if let Some((transform, column)) = Transform::parse(name)
            && let Some(position) = self.position(column)
        {
            let known = log_zeros.iter().find(|known| known.target == name);
            let transform = match (transform, known) {
                (Transform::Log, Some(known)) => Transform::LogOrZero { zero: known.place },
                _ => transform,
            };
            return Ok(Source {
                transform: Some(transform),
                ..Source::plain(position)
            });
        }
        let parts = name
            .match_indices('=')
            .map(|(at, _)| (&name[..at], &name[at + 1..]));
        let mut found =
            parts.filter_map(|(column, category)| Some((self.position(column)?, category)));
        let source = found.next_back().map(|(position, category)| Source {
            category: Some(category),
            ..Source::plain(position)
        });
        source.ok_or_else(|| self.unknown(name))
    }

    /// What the cells of a column are, in the order of the rows.
    pub(super) fn raw_cells(&self, name: &str) -> Result<impl Iterator<Item = Raw<'_>>, DataError> {
        let position = self.position(name).ok_or_else(|| self.unknown(name))?;
        self.check_readable(position)?;
        Ok((0..self.rows()).map(move |row| self.cell(position, row)))
    }

    /// The error for a cell that is no number.
    fn fault(
        &self,
        fault: Cell,
        row: usize,
        source: &Source<'_>,
        sources: &[Source<'_>],
    ) -> DataError {
        let file = self.name.clone();
        let line = self.lines[row];
        let column = self.columns[source.position].clone();
        let text = match self.cells[source.position].get(row) {
            Raw::Number(value) => value.to_string(),
            Raw::Text(text) => excerpt(text),
        };
        match fault {
            Cell::Outside => DataError::OutsideTransform {
                file,
                line,
                column,
                text,
                transform: source.transform.unwrap_or(Transform::Log),
            },
            Cell::Missing => DataError::MissingValue {
                file,
                line,
                column,
                text,
            },
            Cell::TooLarge => DataError::TooLarge {
                file,
                line,
                column,
                text: match self.cells[source.position].get(row) {
                    Raw::Number(value) => format!("{value:e}"),
                    Raw::Text(_) => text,
                },
            },
            Cell::NonFinite => DataError::NonFinite {
                file,
                line,
                column,
                text,
            },
            _ if source.category.is_some() => DataError::UnknownCategory {
                file,
                line,
                column,
                text,
                known: source.alternatives(sources).map(str::to_owned).collect(),
            },
            _ => DataError::NotANumber {
                file,
                line,
                column,
                text,
                most: None,
            },
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        let named = |column: &String| column == name && !column.is_empty();
        self.columns.iter().position(named)
    }

    fn unknown(&self, name: &str) -> DataError {
        DataError::UnknownColumn {
            file: self.name.clone(),
            column: name.to_owned(),
            suggestion: most_similar(name, &self.columns),
            columns: self.columns.clone(),
        }
    }
}

/// Reads whichever format the bytes begin like.
pub(super) fn contents(
    file: &str,
    bytes: Vec<u8>,
    options: &ReadOptions,
) -> Result<Contents, DataError> {
    let begins = |magic| bytes.starts_with(magic);
    if begins(NPY) {
        guarded(file, "NumPy", || numpy::read_npy(file, &bytes))
    } else if begins(ZIP) {
        guarded(file, "NumPy", || numpy::read_npz(file, &bytes))
    } else if begins(PARQUET) {
        guarded(file, "Parquet", || columnar::read(file, "Parquet", bytes))
    } else if begins(ARROW) {
        guarded(file, "Arrow", || columnar::read(file, "Arrow", bytes))
    } else if begins(ARROW_STREAM) {
        let format = "Arrow stream";
        guarded(file, format, || columnar::read(file, format, bytes))
    } else {
        text::read(file, &bytes, options)
    }
}

/// What `read` finds; where a format's own library panics at a damaged file, that is an error too.
pub(super) fn guarded<T>(
    file: &str,
    format: &'static str,
    read: impl FnOnce() -> Result<T, DataError>,
) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(DataError::Unreadable {
            file: file.to_owned(),
            format,
            reason: "the file is damaged".to_owned(),
        })
    })
}

fn check_header(file: &str, line: u64, columns: &[String]) -> Result<(), DataError> {
    let mut seen = HashSet::new();
    for column in columns {
        if column.contains(char::is_control) {
            return Err(DataError::ControlCharacter {
                file: file.to_owned(),
                line,
                column: excerpt(column),
            });
        }
        // Exported row indices often come without a name; they are harmless until chosen.
        if !column.is_empty() && !seen.insert(column) {
            return Err(DataError::DuplicateColumn {
                file: file.to_owned(),
                line,
                column: column.clone(),
            });
        }
    }
    Ok(())
}
