//! CSV and other text with delimiters.

use csv::ByteRecord;
use memchr::{memchr_iter, memchr2_iter};

use super::column::Column;
use super::error::DataError;
use super::header::{Header, reader};
use super::table::{Contents, ReadOptions};

/// Bytes that one record may have.
pub(super) const LONGEST: usize = 1 << 26;

pub(super) fn too_long(file: &str) -> DataError {
    DataError::Unreadable {
        file: file.to_owned(),
        format: "text",
        reason: format!("a line of more than {} MB; is a quote open?", LONGEST >> 20),
    }
}

/// Reads a whole text.
pub(super) fn read(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Contents, DataError> {
    let mut start = 0;
    for end in memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        if end - start > LONGEST {
            return Err(too_long(file));
        }
        start = end;
    }
    let header = Header::read(file, bytes, options)?;
    let (before, rows) = bytes.split_at(header.end);
    read_rows(file, rows, &header, breaks(before))
}

/// Reads rows that stand after `before` line breaks.
pub(super) fn read_rows(
    file: &str,
    bytes: &[u8],
    header: &Header,
    before: u64,
) -> Result<Contents, DataError> {
    check_utf8(file, bytes, before)?;
    let mut reader = reader(bytes, header.delimiter);
    let mut record = ByteRecord::new();
    let mut columns = vec![Column::default(); header.names.len()];
    let (mut starts, mut start) = (Vec::new(), 0);
    let place = |start| before + line_of(bytes, start_of_record(bytes, start));
    while reader
        .read_byte_record(&mut record)
        .map_err(|source| csv_error(file, source))?
    {
        let end = reader.position().byte() as usize;
        if end == bytes.len() && is_open(&bytes[start..], header.delimiter) {
            return Err(DataError::OpenQuote {
                file: file.to_owned(),
                line: place(start),
            });
        }
        if record.len() != columns.len() {
            return Err(DataError::RaggedRow {
                file: file.to_owned(),
                line: place(start),
                expected: columns.len(),
                found: record.len(),
            });
        }
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.push_cell(cell);
        }
        starts.push(start);
        start = end;
    }
    let lines = lines_of(bytes, &starts).into_iter();
    Ok(Contents {
        names: header.names.clone(),
        columns,
        header_line: header.line,
        lines: lines.map(|line| before + line).collect(),
        warnings: header.warnings.clone(),
        index: Vec::new(),
    })
}

/// Whether a cell that begins with a quote goes on to the end of the record `bytes`. Within it two
/// quotes stand for one.
fn is_open(bytes: &[u8], delimiter: u8) -> bool {
    enum At {
        Start,
        Plain,
        Quoted,
        Closed,
    }
    let step = |at, byte: u8| match (at, byte) {
        (At::Quoted, b'"') => At::Closed,
        (At::Quoted, _) | (At::Start | At::Closed, b'"') => At::Quoted,
        (_, b'\n' | b'\r') => At::Start,
        (_, byte) if byte == delimiter => At::Start,
        _ => At::Plain,
    };
    matches!(bytes.iter().copied().fold(At::Start, step), At::Quoted)
}

/// Checks bytes that stand after `before` line breaks.
pub(super) fn check_utf8(file: &str, bytes: &[u8], before: u64) -> Result<(), DataError> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(fault) => Err(DataError::NotUtf8 {
            file: file.to_owned(),
            line: before + line_of(bytes, fault.valid_up_to()),
        }),
    }
}

pub(super) fn csv_error(file: &str, source: csv::Error) -> DataError {
    let file = file.to_owned();
    DataError::Csv { file, source }
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
pub(super) fn start_of_record(bytes: &[u8], start: usize) -> usize {
    let blank = bytes[start..]
        .iter()
        .take_while(|&&b| b == b'\r' || b == b'\n');
    start + blank.count()
}

/// The line, from 1, of the byte `at`.
pub(super) fn line_of(bytes: &[u8], at: usize) -> u64 {
    1 + breaks(&bytes[..at])
}

pub(super) fn breaks(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line with text.
pub(super) fn guess_delimiter(text: &[u8]) -> u8 {
    let header = &text[start_of_record(text, 0)..];
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for &byte in header
        .iter()
        .take_while(|&&byte| byte != b'\n' && byte != b'\r')
    {
        quoted ^= byte == b'"';
        if let Some(found) = counts.iter_mut().find(|(candidate, _)| *candidate == byte) {
            found.1 += usize::from(!quoted);
        }
    }
    // Of equals, `max_by_key` returns the last: the comma, as the order is reversed.
    let most = counts.into_iter().rev().max_by_key(|&(_, count)| count);
    most.map_or(b',', |(delimiter, _)| delimiter)
}
