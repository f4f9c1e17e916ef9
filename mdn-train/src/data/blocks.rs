//! Tables read block by block, so that a table may be larger than memory.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::chunks::TextChunks;
use super::error::DataError;
use super::table::{
    ARROW, ARROW_STREAM, Contents, NPY, PARQUET, ReadOptions, STANDARD_INPUT, Table, ZIP, contents,
};

/// How many bytes of a file tell its format.
const MAGIC: u64 = 8;

/// The rows of a file as one [`Table`] after another, in the order of the file.
///
/// A block of a text is some 8 MB of it; Parquet and Arrow come in batches of their own size. NumPy's
/// formats, and Parquet and Arrow files within gzip or from standard input, are read whole, as a
/// single block.
pub struct TableBlocks {
    name: String,
    blocks: Blocks,
    any: bool,
}

pub(super) type Blocks = Box<dyn Iterator<Item = Result<Contents, DataError>>>;

impl TableBlocks {
    /// Opens a file; `-` is standard input. The formats are those of [`Table::read`].
    ///
    /// # Errors
    /// When the file cannot be read or has no beginning of its format.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        let (name, blocks) = if path == Path::new(STANDARD_INPUT) {
            let name = "standard input".to_owned();
            let blocks = blocks(&name, None, Box::new(io::stdin()), options)?;
            (name, blocks)
        } else {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|source| match source.kind() {
                ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
                _ => unread(&name, source),
            })?;
            let blocks = blocks(&name, Some(path), Box::new(file), options)?;
            (name, blocks)
        };
        let any = false;
        Ok(Self { name, blocks, any })
    }

    /// What error messages call the table.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Iterator for TableBlocks {
    type Item = Result<Table, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.blocks.next() {
                Some(Ok(found)) if found.lines.is_empty() => {}
                Some(found) => {
                    self.any = true;
                    return Some(found.and_then(|found| Table::new(self.name.clone(), found)));
                }
                None if self.any => return None,
                None => {
                    self.any = true;
                    let file = self.name.clone();
                    return Some(Err(DataError::NoRows { file }));
                }
            }
        }
    }
}

/// Opens whichever format `input` begins like; `path` is where it can be opened again.
fn blocks(
    name: &str,
    path: Option<&Path>,
    input: Box<dyn Read>,
    options: &ReadOptions,
) -> Result<Blocks, DataError> {
    let (head, mut input) = peek(name, input)?;
    let begins = |magic: &[u8]| head.starts_with(magic);
    if begins(b"\x1f\x8b") {
        let plain = MultiGzDecoder::new(BufReader::new(input));
        return blocks(name, None, Box::new(plain), options);
    }
    if begins(ARROW_STREAM) {
        return columnar(name, "Arrow stream", input);
    }
    if let Some(path) = path.filter(|_| begins(PARQUET) || begins(ARROW)) {
        let file = File::open(path).map_err(|source| unread(name, source))?;
        return columnar_file(name, begins(PARQUET), file);
    }
    if [NPY, ZIP, PARQUET, ARROW].into_iter().any(begins) {
        let mut bytes = Vec::new();
        input
            .read_to_end(&mut bytes)
            .map_err(|source| unread(name, source))?;
        let whole = contents(name, bytes, options)?;
        return Ok(Box::new(std::iter::once(Ok(whole))));
    }
    Ok(Box::new(TextChunks::new(name, input, options.delimiter)))
}

/// The first bytes of `input`, and all of it.
fn peek(name: &str, mut input: Box<dyn Read>) -> Result<(Vec<u8>, Box<dyn Read>), DataError> {
    let mut head = Vec::new();
    let read = input.by_ref().take(MAGIC).read_to_end(&mut head);
    read.map_err(|source| unread(name, source))?;
    let all = Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(all)))
}

pub(super) fn unread(file: &str, source: io::Error) -> DataError {
    let file = file.to_owned();
    DataError::Read { file, source }
}

#[cfg(feature = "columnar")]
use super::columnar::{file_blocks as columnar_file, stream_blocks};

#[cfg(feature = "columnar")]
fn columnar(name: &str, _: &'static str, input: Box<dyn Read>) -> Result<Blocks, DataError> {
    stream_blocks(name, input)
}

#[cfg(not(feature = "columnar"))]
fn columnar(name: &str, format: &'static str, _: Box<dyn Read>) -> Result<Blocks, DataError> {
    super::table::read_columnar(name, format, Vec::new()).map(|_| unreachable_blocks())
}

#[cfg(not(feature = "columnar"))]
fn columnar_file(name: &str, parquet: bool, _: File) -> Result<Blocks, DataError> {
    let format = if parquet { "Parquet" } else { "Arrow" };
    columnar(name, format, Box::new(io::empty()))
}

#[cfg(not(feature = "columnar"))]
fn unreachable_blocks() -> Blocks {
    Box::new(std::iter::empty())
}
