//! Which tables stay on the disk.

use std::path::{Path, PathBuf};

use clap::Args;

use super::values::size;

/// Rows that diagnostics look at, of a table on the disk.
pub const LOOKED_AT: usize = 100_000;

/// When a table is too large for memory.
#[derive(Args)]
pub struct Streaming {
    /// Keep the rows of a table on the disk where its file is larger than this (bytes, or with K, M,
    /// G): the same model, slower, from little memory
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    stream_above: u64,
}

impl Streaming {
    /// Whether the rows of the table in the file `path` are to stay on the disk. Standard input is
    /// read into memory.
    pub fn applies(&self, path: &Path) -> bool {
        let file = std::fs::metadata(path).ok().filter(|found| found.is_file());
        file.is_some_and(|file| file.len() > self.stream_above)
    }
}

/// The folder of a file that is to be written, or the nearest that exists: it has room, where the
/// system's folder for temporary files may be in memory.
pub fn folder_near(file: &Path) -> PathBuf {
    let mut folders = file.ancestors().skip(1);
    let found = folders.find(|folder| folder.is_dir());
    found.map_or_else(|| PathBuf::from("."), Path::to_owned)
}
