//! Tables read block by block, so that a table may be larger than memory.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use super::chunks::text_blocks;
use super::columnar::parquet_blocks;
use super::error::DataError;
use super::table::{
    ARROW, ARROW_STREAM, Contents, GZIP, NPY, PARQUET, ReadOptions, STANDARD_INPUT, Table, ZIP,
    contents,
};
use super::unpack::{decompress, gunzip};

/// How many bytes of a file tell its format.
const MAGIC: u64 = 8;
/// How many packed bytes tell what is packed.
const PACKED: u64 = 1 << 16;

/// The rows of a file as one [`Table`] after another, in the order of the file.
///
/// A block of a text, within gzip or not, is some 8 MB of it, that of a Parquet file some thousand
/// rows. Arrow's and NumPy's formats, and Parquet within gzip or from standard input, are read whole,
/// as a single block.
pub struct TableBlocks {
    name: String,
    options: ReadOptions,
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
        Ok(Self {
            name,
            options: options.clone(),
            blocks,
            any,
        })
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
                    let table = |found| Table::new(self.name.clone(), found, &self.options);
                    return Some(found.and_then(table));
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
    let (head, input) = peek(name, input, MAGIC)?;
    if let Some(path) = path.filter(|_| head.starts_with(PARQUET)) {
        let file = File::open(path).map_err(|source| unread(name, source))?;
        return parquet_blocks(name, file);
    }
    if !head.starts_with(GZIP) {
        return match is_binary(&head) {
            true => whole(name, input, options),
            false => text_blocks(name, input, options),
        };
    }
    let (packed, input) = peek(name, input, PACKED)?;
    let mut head = Vec::new();
    // However that ends, what came before tells the format.
    let _ = gunzip(&*packed).take(MAGIC).read_to_end(&mut head);
    if is_binary(&head) {
        return whole(name, input, options);
    }
    text_blocks(name, Box::new(gunzip(BufReader::new(input))), options)
}

/// Whether bytes that begin like this are of a format that is no text.
fn is_binary(head: &[u8]) -> bool {
    let magics = [NPY, ZIP, PARQUET, ARROW, ARROW_STREAM];
    magics.into_iter().any(|magic| head.starts_with(magic))
}

/// The whole input as one block.
fn whole(name: &str, mut input: Box<dyn Read>, options: &ReadOptions) -> Result<Blocks, DataError> {
    let mut bytes = Vec::new();
    let read = input.read_to_end(&mut bytes);
    read.map_err(|source| unread(name, source))?;
    let whole = contents(name, decompress(name, bytes)?, options)?;
    Ok(Box::new(std::iter::once(Ok(whole))))
}

/// The first `most` bytes of `input`, and all of it.
fn peek(
    name: &str,
    mut input: Box<dyn Read>,
    most: u64,
) -> Result<(Vec<u8>, Box<dyn Read>), DataError> {
    let mut head = Vec::new();
    let read = input.by_ref().take(most).read_to_end(&mut head);
    read.map_err(|source| unread(name, source))?;
    let all = Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(all)))
}

pub(super) fn unread(file: &str, source: io::Error) -> DataError {
    let file = file.to_owned();
    DataError::Read { file, source }
}
