//! Folders that are made for results.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that were made, the deepest first. Those that are still empty go when this is dropped.
#[derive(Debug)]
pub(super) struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// Makes `path` and the folders above it that are not there.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let missing = path.ancestors().take_while(is_missing);
        let made = NewFolders(missing.map(Path::to_owned).collect());
        fs::create_dir_all(path)?;
        Ok(made)
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // One that holds something stays, and so do those above it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}
