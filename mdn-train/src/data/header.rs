//! The first line of a text: the names of the columns, or data already.

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::cell::{Cell, parse_cell};
use super::error::DataError;
use super::foreign;
use super::table::ReadOptions;
use super::text::{check_utf8, csv_error, guess_delimiter, line_of, start_of_record};
use super::warning::DataWarning;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What the first line tells of a table.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) delimiter: u8,
    /// The line of the names, from 1.
    pub(super) line: u64,
    /// The byte at which the rows begin.
    pub(super) end: usize,
    pub(super) warnings: Vec<DataWarning>,
}

impl Header {
    /// Reads the first record of the text that `bytes` begin.
    pub(super) fn read(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Self, DataError> {
        foreign::check(file, bytes)?;
        let start = match bytes.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        let text = &bytes[start..];
        let delimiter = delimiter(text, options);
        let mut reader = reader(text, delimiter);
        let mut record = ByteRecord::new();
        let found = reader.read_byte_record(&mut record);
        if !found.map_err(|source| csv_error(file, source))? {
            let file = file.to_owned();
            return Err(DataError::NoHeader { file });
        }
        let end = start + reader.position().byte() as usize;
        check_utf8(file, &bytes[..end], 0)?;
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell));
        let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
        let guessed = !options.no_header && is_data(&cells);
        let is_header = !options.no_header && !guessed;
        let warning = match is_header {
            true => doubtful(&cells),
            false => guessed.then_some(DataWarning::NoHeader),
        };
        Ok(Self {
            names: match is_header {
                true => cells,
                false => (0..cells.len()).map(|i| format!("x{i}")).collect(),
            },
            delimiter,
            line: line_of(bytes, start_of_record(bytes, start)),
            end: if is_header { end } else { start },
            warnings: warning.into_iter().collect(),
        })
    }

    /// Whether the first record ends within `bytes`, with which a text begins.
    pub(super) fn is_whole(bytes: &[u8], options: &ReadOptions) -> bool {
        let mut reader = reader(bytes, delimiter(bytes, options));
        let found = reader.read_byte_record(&mut ByteRecord::new());
        matches!(found, Ok(true)) && (reader.position().byte() as usize) < bytes.len()
    }
}

/// Records of any length; who reads them checks that, as the reader would count lines differently.
pub(super) fn reader(text: &[u8], delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text)
}

fn delimiter(text: &[u8], options: &ReadOptions) -> u8 {
    options.delimiter.unwrap_or_else(|| guess_delimiter(text))
}

/// A first line of nothing but numbers and empty cells is no header, unless it counts the columns: so
/// pandas writes columns that nobody named.
fn is_data(cells: &[String]) -> bool {
    let given = cells.iter().filter(|cell| !cell.is_empty());
    let counted = (0..).map(|i: usize| i.to_string());
    if given.zip(counted).all(|(cell, number)| *cell == number) {
        return false;
    }
    let mut numbers = 0;
    let fits = cells.iter().all(|cell| match parse_cell(cell) {
        Cell::Number(_) => {
            numbers += 1;
            true
        }
        cell => cell == Cell::Missing,
    });
    fits && numbers > 0
}

/// The warning about names of which one is a number with a fraction or an exponent.
fn doubtful(names: &[String]) -> Option<DataWarning> {
    let looks_measured = |name: &&String| {
        name.parse::<f64>().is_ok_and(f64::is_finite) && name.parse::<i64>().is_err()
    };
    let column = names.iter().find(looks_measured)?.clone();
    Some(DataWarning::DoubtfulHeader { column })
}
