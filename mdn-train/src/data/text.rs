//! CSV and other text with delimiters.

use csv::ByteRecord;
use memchr::memchr_iter;

use super::cell::{Cell, parse_cell};
use super::column::Column;
use super::error::DataError;
use super::table::Contents;

/// Reads a text with a header line; without a `delimiter` it is found in the header.
pub(super) fn read(file: &str, bytes: &[u8], delimiter: Option<u8>) -> Result<Contents, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|fault| DataError::NotUtf8 {
        file: file.to_owned(),
        line: line_of(bytes, fault.valid_up_to()),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or_else(|| guess_delimiter(text)))
        .has_headers(false)
        // Row lengths are checked here: the reader's message would count lines differently.
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let csv_error = |source| DataError::Csv {
        file: file.to_owned(),
        source,
    };
    if !reader.read_byte_record(&mut record).map_err(csv_error)? {
        let file = file.to_owned();
        return Err(DataError::NoHeader { file });
    }
    let names = record
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_owned());
    let names: Vec<String> = names.collect();
    let line = line_of(text.as_bytes(), start_of_record(text.as_bytes(), 0));
    check_numeric(file, line, &names)?;
    let mut columns = vec![Column::default(); names.len()];
    let mut starts = Vec::new();
    let mut start = reader.position().byte() as usize;
    while reader.read_byte_record(&mut record).map_err(csv_error)? {
        if record.len() != names.len() {
            let at = start_of_record(text.as_bytes(), start);
            return Err(DataError::RaggedRow {
                file: file.to_owned(),
                line: line_of(text.as_bytes(), at),
                expected: names.len(),
                found: record.len(),
            });
        }
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.push_cell(cell);
        }
        starts.push(start);
        start = reader.position().byte() as usize;
    }
    Ok(Contents {
        names,
        columns,
        header_line: line,
        lines: lines_of(text.as_bytes(), &starts),
    })
}

/// The line of the first record at or after each of `starts`, which ascend.
///
/// The reader's own line number belongs to the end of the previous record: it is too small
/// after blank lines, and after lines that end in a carriage return and a line feed.
fn lines_of(bytes: &[u8], starts: &[usize]) -> Vec<u64> {
    let mut breaks = memchr_iter(b'\n', bytes).peekable();
    let mut line = 1;
    let mut lines = Vec::with_capacity(starts.len());
    for &start in starts {
        let start = start_of_record(bytes, start);
        while breaks.next_if(|&at| at < start).is_some() {
            line += 1;
        }
        lines.push(line);
    }
    lines
}

/// The first byte at or after `start` that belongs to no blank line.
fn start_of_record(bytes: &[u8], start: usize) -> usize {
    let blank = bytes[start..]
        .iter()
        .take_while(|&&b| b == b'\r' || b == b'\n');
    start + blank.count()
}

/// The line, from 1, of the byte `at`.
fn line_of(bytes: &[u8], at: usize) -> u64 {
    1 + memchr_iter(b'\n', &bytes[..at]).count() as u64
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line with text.
pub(super) fn guess_delimiter(text: &str) -> u8 {
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

/// A first line of nothing but numbers is no header.
fn check_numeric(file: &str, line: u64, names: &[String]) -> Result<(), DataError> {
    let is_number = |name: &String| matches!(parse_cell(name), Cell::Number(_));
    if names.iter().all(is_number) {
        let file = file.to_owned();
        return Err(DataError::NumericHeader { file, line });
    }
    Ok(())
}
