//! Rows of numbers in a file that has no name and is gone with its process.
//!
//! A record is a row: its values as `f32`, then its line in the table and its fingerprint as `u64`,
//! little-endian.
//! Records are read where they stand, by any number of threads at a time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Of rows in ascending order, those within this many times their number are read in one go.
const DENSE: usize = 16;

#[derive(Debug)]
pub(super) struct RowFile {
    file: File,
    /// How many values a row has.
    width: usize,
    rows: usize,
}

/// Appends rows.
pub(super) struct RowWriter {
    out: BufWriter<File>,
    width: usize,
    rows: usize,
}

impl RowWriter {
    /// A new file in `folder`.
    pub(super) fn new(folder: &Path, width: usize) -> io::Result<Self> {
        Ok(Self {
            out: BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(folder)?),
            width,
            rows: 0,
        })
    }

    /// Appends the row whose values are `inputs` and `targets`.
    pub(super) fn push(
        &mut self,
        inputs: &[f32],
        targets: &[f32],
        [line, fingerprint]: [u64; 2],
    ) -> io::Result<()> {
        for value in inputs.iter().chain(targets) {
            self.out.write_all(&value.to_le_bytes())?;
        }
        self.rows += 1;
        self.out.write_all(&line.to_le_bytes())?;
        self.out.write_all(&fingerprint.to_le_bytes())
    }

    pub(super) fn finish(self) -> io::Result<RowFile> {
        let file = self.out.into_inner().map_err(|error| error.into_error())?;
        Ok(RowFile {
            file,
            width: self.width,
            rows: self.rows,
        })
    }
}

impl RowFile {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    fn record(&self) -> usize {
        self.width * size_of::<f32>() + 2 * size_of::<u64>()
    }

    /// Calls `visit` with the values, as bytes, and the line and the fingerprint of each of `rows`, in that
    /// order.
    /// `memory` is grown as needed and best used again.
    pub(super) fn visit(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        memory: &mut Vec<u8>,
        mut visit: impl FnMut(&[u8], [u64; 2]),
    ) -> io::Result<()> {
        let record = self.record();
        let split = |bytes: &[u8], visit: &mut dyn FnMut(&[u8], [u64; 2])| {
            let (values, numbers) = bytes.split_at(record - 2 * size_of::<u64>());
            let (line, fingerprint) = numbers.split_at(size_of::<u64>());
            let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
            visit(values, [number(line), number(fingerprint)]);
        };
        if let Some(span) = dense_span(rows.clone()) {
            memory.resize(span.len() * record, 0);
            self.read_at(span.start, memory)?;
            for row in rows {
                split(&memory[(row - span.start) * record..][..record], &mut visit);
            }
        } else {
            memory.resize(record, 0);
            for row in rows {
                self.read_at(row, memory)?;
                split(memory, &mut visit);
            }
        }
        Ok(())
    }

    #[cfg(unix)]
    fn read_at(&self, row: usize, to: &mut [u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(to, (row * self.record()) as u64)
    }

    #[cfg(windows)]
    fn read_at(&self, row: usize, to: &mut [u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        let mut at = (row * self.record()) as u64;
        let mut left = to;
        while !left.is_empty() {
            let read = self.file.seek_read(left, at)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at += read as u64;
            left = &mut left[read..];
        }
        Ok(())
    }
}

/// The rows from the first to the last, where they ascend and are not far apart.
fn dense_span(
    mut rows: impl ExactSizeIterator<Item = usize> + Clone,
) -> Option<std::ops::Range<usize>> {
    let most = rows.len() * DENSE;
    let first = rows.next()?;
    let mut last = first;
    for row in rows {
        if row <= last {
            return None;
        }
        last = row;
    }
    (last - first < most).then_some(first..last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = RowWriter::new(folder.path(), 2).unwrap();
        for row in 0..1000_u64 {
            out.push(&[row as f32], &[-(row as f32)], [2 * row + 7, !row])
                .unwrap();
        }
        let file = out.finish().unwrap();
        assert_eq!(file.rows(), 1000);
        let mut memory = Vec::new();
        for wanted in [
            vec![],
            vec![999],
            (0..1000).collect(),
            vec![3, 5, 8],
            vec![0, 999],
            vec![8, 5, 5, 3],
        ] {
            let mut seen = Vec::new();
            let note = |values: &[u8], [line, fingerprint]: [u64; 2]| {
                let value = |at: usize| f32::from_le_bytes(values[at..at + 4].try_into().unwrap());
                assert_eq!(value(0), -value(4));
                assert_eq!(line, 2 * value(0) as u64 + 7);
                assert_eq!(fingerprint, !(value(0) as u64));
                seen.push(value(0) as usize);
            };
            let rows = wanted.iter().copied();
            file.visit(rows, &mut memory, note).unwrap();
            assert_eq!(seen, wanted);
        }
        let beyond = file.visit([1000].into_iter(), &mut memory, |_, _| {});
        assert!(beyond.is_err());
    }
}
