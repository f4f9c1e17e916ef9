//! A model file in memory, read from the disk and checked once.

use std::io;
use std::path::{Path, PathBuf};

use mdn_infer::{Model, OwnedModel, ParseError};

use crate::files::why_unreadable;

/// The bytes of a model file with the model in them. Clones share them.
#[derive(Clone, Debug)]
pub struct ModelFile(OwnedModel);

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
        OwnedModel::parse(bytes).map(ModelFile)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The model in them. O(1): it was checked when the file was made.
    pub fn model(&self) -> Model<'_> {
        *self.0.model()
    }
}
