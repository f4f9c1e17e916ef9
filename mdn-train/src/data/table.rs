//! Tables of text as they stand in a file.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use csv::StringRecord;

use super::cell::{Cell, excerpt, parse_cell};
use super::error::DataError;
use super::numeric::NumericTable;

/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// How a table is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The byte between cells; if `None`, whichever of comma, semicolon and tab the header line
    /// holds most of.
    pub delimiter: Option<u8>,
    /// Leave out rows in which a chosen column lacks its value, instead of failing.
    pub skip_missing: bool,
}

/// A table whose cells are still text: only the columns that are chosen need be numbers.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    /// Each row's line in the file, from 1, and its cells.
    rows: Vec<(u64, StringRecord)>,
}

impl Table {
    /// Reads a CSV file with a header line; `-` is standard input.
    ///
    /// Cells may be quoted; spaces around them, blank lines and a byte order mark are ignored.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8, has no header or no rows, a row's length
    /// differs from the header's, or a column's name is taken or holds control characters.
    pub fn read_csv(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
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

    /// Reads the bytes of a CSV file; `name` is what error messages call it.
    ///
    /// # Errors
    /// As [`Table::read_csv`].
    pub fn from_bytes(
        name: String,
        bytes: Vec<u8>,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(bad) => {
                let before = &bad.as_bytes()[..bad.utf8_error().valid_up_to()];
                let line = 1 + count_lines(before);
                return Err(DataError::NotUtf8 { file: name, line });
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut records = Records::new(&name, text, options.delimiter);
        let Some((line, header)) = records.read()? else {
            return Err(DataError::NoHeader { file: name });
        };
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        check_header(&name, line, &columns)?;
        let rows = records.read_rows(columns.len())?;
        if rows.is_empty() {
            return Err(DataError::NoRows { file: name });
        }
        Ok(Self {
            name,
            columns,
            rows,
        })
    }

    /// What error messages call the table: its path, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column names in the order of the file.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are below the header.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether each of `names` is a column.
    pub fn has_columns(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.position(name).is_some())
    }

    /// The columns `names`, in that order, as numbers.
    ///
    /// # Errors
    /// When a column does not exist, or one of its cells is missing (unless `skip_missing`), is
    /// no number, or is not finite in 32-bit floating point.
    pub fn select(&self, names: &[String], skip_missing: bool) -> Result<NumericTable, DataError> {
        let positions = names
            .iter()
            .map(|name| self.position(name).ok_or_else(|| self.unknown(name)))
            .collect::<Result<Vec<usize>, DataError>>()?;
        let mut selected = NumericTable {
            columns: names.to_vec(),
            ..NumericTable::default()
        };
        for (line, record) in &self.rows {
            let kept = selected.values.len();
            for &position in &positions {
                match parse_cell(&record[position]) {
                    Cell::Number(value) => selected.values.push(value),
                    Cell::Missing if skip_missing => break,
                    fault => return Err(self.fault(fault, *line, record, position)),
                }
            }
            if selected.values.len() == kept + positions.len() {
                selected.lines.push(*line);
            } else {
                selected.values.truncate(kept);
                selected.skipped_rows += 1;
            }
        }
        if selected.lines.is_empty() {
            return Err(DataError::AllRowsSkipped {
                file: self.name.clone(),
                skipped: selected.skipped_rows,
            });
        }
        Ok(selected)
    }

    /// The error for a cell that is no number.
    fn fault(&self, fault: Cell, line: u64, record: &StringRecord, position: usize) -> DataError {
        let file = self.name.clone();
        let column = self.columns[position].clone();
        let text = excerpt(&record[position]);
        match fault {
            Cell::Missing => DataError::MissingValue {
                file,
                line,
                column,
                text,
            },
            Cell::NonFinite => DataError::NonFinite {
                file,
                line,
                column,
                text,
            },
            _ => DataError::NotANumber {
                file,
                line,
                column,
                text,
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

/// The records of a CSV text, each with the line it starts on.
struct Records<'t> {
    name: &'t str,
    text: &'t str,
    reader: csv::Reader<&'t [u8]>,
    /// The line number, from 1, of the byte `counted`.
    line: u64,
    counted: usize,
}

impl<'t> Records<'t> {
    fn new(name: &'t str, text: &'t str, delimiter: Option<u8>) -> Self {
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or_else(|| guess_delimiter(text)))
            .has_headers(false)
            // Row lengths are checked here: the reader's message would count lines differently.
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        Self {
            name,
            text,
            reader,
            line: 1,
            counted: 0,
        }
    }

    /// The next record and its line.
    fn read(&mut self) -> Result<Option<(u64, StringRecord)>, DataError> {
        let start = self.reader.position().byte() as usize;
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some((self.line_of_record(start), record))),
            Err(source) => Err(DataError::Csv {
                file: self.name.to_owned(),
                source,
            }),
        }
    }

    /// All records that are left; each must have `expected` cells.
    fn read_rows(mut self, expected: usize) -> Result<Vec<(u64, StringRecord)>, DataError> {
        let mut rows = Vec::new();
        while let Some((line, record)) = self.read()? {
            if record.len() != expected {
                return Err(DataError::RaggedRow {
                    file: self.name.to_owned(),
                    line,
                    expected,
                    found: record.len(),
                });
            }
            rows.push((line, record));
        }
        Ok(rows)
    }

    /// The line of the first record at or after byte `start`.
    ///
    /// The reader's own line number belongs to the end of the previous record: it is too small
    /// after blank lines, and after lines that end in a carriage return and a line feed.
    fn line_of_record(&mut self, start: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let blank = bytes[start..]
            .iter()
            .take_while(|&&b| b == b'\r' || b == b'\n');
        let start = start + blank.count();
        self.line += count_lines(&bytes[self.counted..start]);
        self.counted = start;
        self.line
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line with text.
fn guess_delimiter(text: &str) -> u8 {
    let header = text.trim_start_matches(['\r', '\n']).bytes();
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header.take_while(|&byte| byte != b'\n' && byte != b'\r') {
        quoted ^= byte == b'"';
        if let Some(found) = counts.iter_mut().find(|(candidate, _)| *candidate == byte) {
            found.1 += usize::from(!quoted);
        }
    }
    // Of equals, `max_by_key` returns the last: the comma, as the order is reversed.
    let most = counts.into_iter().rev().max_by_key(|&(_, count)| count);
    most.map_or(b',', |(delimiter, _)| delimiter)
}

fn check_header(file: &str, line: u64, columns: &[String]) -> Result<(), DataError> {
    let is_number = |column: &String| matches!(parse_cell(column), Cell::Number(_));
    if columns.iter().all(is_number) {
        return Err(DataError::NumericHeader {
            file: file.to_owned(),
            line,
        });
    }
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

/// The column whose name is most like `name`, if any is much like it.
fn most_similar(name: &str, columns: &[String]) -> Option<String> {
    const ALIKE: f64 = 0.8;
    let wanted = name.to_lowercase();
    columns
        .iter()
        .map(|column| {
            (
                strsim::jaro_winkler(&wanted, &column.to_lowercase()),
                column,
            )
        })
        .filter(|&(similarity, _)| similarity >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, column)| column.clone())
}
