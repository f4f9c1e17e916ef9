//! A text with delimiters in pieces that end where a record ends.

use std::io::Read;

use csv::ByteRecord;
use memchr::{memchr, memrchr};

use super::blocks::{Blocks, unread};
use super::error::DataError;
use super::header::{Header, reader};
use super::table::{Contents, ReadOptions};
use super::text::{LONGEST, breaks, read_rows, too_long};

/// Bytes of a piece.
const PIECE: u64 = 8 << 20;

/// Reads pieces, each under the header of the whole.
struct TextChunks {
    name: String,
    input: Box<dyn Read>,
    options: ReadOptions,
    piece: u64,
    /// None before the first line is read.
    header: Option<Header>,
    /// What is read and not yet given out, from the start of a record.
    rest: Vec<u8>,
    /// The line breaks before `rest`.
    breaks: u64,
    ended: bool,
    done: bool,
}

/// The pieces as blocks.
pub(super) fn text_blocks(
    name: &str,
    input: Box<dyn Read>,
    options: &ReadOptions,
) -> Result<Blocks, DataError> {
    Ok(Box::new(TextChunks::new(name, input, options)))
}

impl TextChunks {
    fn new(name: &str, input: Box<dyn Read>, options: &ReadOptions) -> Self {
        Self {
            name: name.to_owned(),
            input,
            options: options.clone(),
            piece: PIECE,
            header: None,
            rest: Vec::new(),
            breaks: 0,
            ended: false,
            done: false,
        }
    }

    /// Reads on; at the end of the text the last piece is whatever is left.
    fn fill(&mut self) -> Result<(), DataError> {
        let read = self
            .input
            .by_ref()
            .take(self.piece)
            .read_to_end(&mut self.rest);
        let read = read.map_err(|source| unread(&self.name, source))?;
        self.ended = (read as u64) < self.piece;
        Ok(())
    }

    fn piece(&mut self) -> Result<Contents, DataError> {
        loop {
            self.fill()?;
            self.take_header()?;
            let end = match &self.header {
                None => 0,
                Some(_) if self.ended => self.rest.len(),
                Some(header) => last_end(&self.rest, header.delimiter),
            };
            // Within one long record, or the header itself, there is nothing to give out yet.
            if end == 0 && self.rest.len() > LONGEST {
                return Err(too_long(&self.name));
            }
            if self.ended || end > 0 {
                self.done = self.ended;
                return self.give_out(end);
            }
        }
    }

    /// Parts the header from the rest, unless it is not all there.
    fn take_header(&mut self) -> Result<(), DataError> {
        let is_there = self.ended || Header::is_whole(&self.rest, &self.options);
        if self.header.is_none() && is_there {
            let header = Header::read(&self.name, &self.rest, &self.options)?;
            self.breaks = breaks(&self.rest[..header.end]);
            self.rest.drain(..header.end);
            self.header = Some(header);
        }
        Ok(())
    }

    /// The first `end` bytes of the rest as rows under the header.
    fn give_out(&mut self, end: usize) -> Result<Contents, DataError> {
        let Some(header) = &self.header else {
            let file = self.name.clone();
            return Err(DataError::NoHeader { file });
        };
        let rows = &self.rest[..end];
        let found = read_rows(&self.name, rows, header, self.breaks);
        self.breaks += breaks(rows);
        self.rest.drain(..end);
        found
    }
}

/// The end of the last record that is whole for sure.
fn last_end(text: &[u8], delimiter: u8) -> usize {
    if memchr(b'"', text).is_none() {
        return memrchr(b'\n', text).map_or(0, |at| at + 1);
    }
    let mut reader = reader(text, delimiter);
    let mut record = ByteRecord::new();
    let mut start = 0;
    loop {
        let next = reader.position().byte() as usize;
        match reader.read_byte_record(&mut record) {
            Ok(true) => start = next,
            _ => return start,
        }
    }
}

impl Iterator for TextChunks {
    type Item = Result<Contents, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let piece = self.piece();
        self.done |= piece.is_err();
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::Raw;
    use super::super::text;
    use super::*;

    /// Each row's line and cells.
    fn rows(found: &Contents) -> Vec<(u64, Vec<String>)> {
        let cell = |raw: Raw<'_>| match raw {
            Raw::Number(value) => value.to_string(),
            Raw::Text(text) => text.to_owned(),
        };
        let row = |row: usize| found.columns.iter().map(|c| cell(c.get(row))).collect();
        let rows = found.lines.iter().enumerate();
        rows.map(|(at, &line)| (line, row(at))).collect()
    }

    fn in_pieces(text: &'static str, piece: u64) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let chunks = TextChunks {
            piece,
            ..TextChunks::new("t.csv", Box::new(text.as_bytes()), &ReadOptions::default())
        };
        let mut all = Vec::new();
        for found in chunks {
            all.extend(rows(&found?));
        }
        Ok(all)
    }

    #[test]
    fn pieces_of_any_size_hold_the_rows_of_the_whole() {
        for text in [
            "a,b\n1,2\n3,4\n5,6",
            "a;b\r\n1;2\r\n\r\n3;4\r\n5;6\r\n",
            "\u{feff}a\tb\n\n1\tx y\n2\t\n",
            "\"a\nq\",b\n\"1\",\"two\nlines, and \"\" a quote\"\n3,4\n\n5,\"6\"\n",
            "a,b\n1,2\"3\n4,5\"\n6,7\n",
            "a,b\r1,2\r3,4\r",
            "\n\na,b\n1,é\n2,é\n",
            "1,2\n3,4\n5,6",
            "\u{feff}\r\n\"1\";2.5\r\n3;\"x\ny\"\r\n",
        ] {
            let whole =
                rows(&text::read("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap());
            for piece in 1..=text.len() as u64 + 1 {
                assert_eq!(
                    in_pieces(text, piece).unwrap(),
                    whole,
                    "{text:?} by {piece}"
                );
            }
        }
    }

    #[test]
    fn faults_name_the_line_of_the_file() {
        for (text, told) in [
            ("a,b\n1,2\n3,4\n5\n", "t.csv:4: "),
            ("a,b\r\n1,2\r\n\r\n3,4,5\r\n", "t.csv:4: "),
        ] {
            for piece in 1..20 {
                let error = in_pieces(text, piece).unwrap_err().to_string();
                assert!(error.starts_with(told), "{error}");
            }
        }
        let latin: &[u8] = b"a,b\n1,2\n3,\xe9\n";
        for piece in 1..20 {
            let mut chunks = TextChunks {
                piece,
                ..TextChunks::new("t.csv", Box::new(latin), &ReadOptions::default())
            };
            let error = chunks.find_map(Result::err).unwrap().to_string();
            assert!(error.starts_with("t.csv:3: "), "{error}");
        }
    }

    #[test]
    fn nothing_is_no_table() {
        let error = in_pieces("", 4).unwrap_err();
        assert!(matches!(error, DataError::NoHeader { .. }), "{error}");
        assert_eq!(in_pieces("a,b\n", 2).unwrap(), []);
    }
}
