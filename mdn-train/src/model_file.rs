//! A model file in memory, aligned as the engine wants it, and checked once.
//!
//! The bytes and the model that borrows them live together and never change, so that asking for the
//! model costs nothing, and clones share both.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mdn_infer::{Model, ParseError};
use self_cell::self_cell;

use crate::files::why_unreadable;

/// The bytes of a model file with the model in them. Clones share them.
#[derive(Clone, Debug)]
pub struct ModelFile(Arc<Checked>);

/// Bytes on a boundary of eight.
#[derive(Debug)]
struct Bytes {
    words: Vec<u64>,
    len: usize,
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

self_cell!(
    struct Checked {
        owner: Bytes,
        #[covariant]
        dependent: Model,
    }

    impl {Debug}
);

/// Why there is no model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// There is no such file.
    #[error("{}: no such file", path.display())]
    NotFound {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {}", path.display(), why_unreadable(source))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can be read but is not a sound model.
    #[error("{}: {source}{}", path.display(), instead(source))]
    Unsound {
        /// Which file.
        path: PathBuf,
        /// What is wrong with its bytes.
        source: ParseError,
    },
}

/// The way out where the file is of another kind.
fn instead(source: &ParseError) -> &'static str {
    match source {
        ParseError::NotAModel | ParseError::Truncated { found: 0, .. } => {
            "; `mdn-train fit` makes a model file of a table"
        }
        _ => "",
    }
}

impl ModelFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ModelFileError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let unreadable = |source: io::Error| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::NotFound => ModelFileError::NotFound { path },
                _ => ModelFileError::Unreadable { path, source },
            }
        };
        let unsound = |source| ModelFileError::Unsound {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        ModelFile::from_bytes(&bytes).map_err(unsound)
    }

    /// Copies and checks `bytes`. O(bytes).
    ///
    /// # Errors
    ///
    /// [`ParseError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        let len = bytes.len();
        let checked =
            Checked::try_new(Bytes { words, len }, |bytes| Model::parse(bytes.as_slice()));
        Ok(ModelFile(Arc::new(checked?)))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.borrow_owner().as_slice()
    }

    /// The model in them. O(1): it was checked when the file was made.
    pub fn model(&self) -> Model<'_> {
        *self.0.borrow_dependent()
    }
}
