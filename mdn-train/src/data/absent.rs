//! What stands in for the readers that this crate was built without: each says which feature has it.

use super::blocks::Blocks;
use super::error::DataError;
use super::table::{Contents, ReadOptions};

/// That `file`, of `format`, takes `feature`.
fn absent<T>(file: &str, format: &'static str, feature: &str) -> Result<T, DataError> {
    Err(DataError::Unreadable {
        file: file.to_owned(),
        format,
        reason: format!("this program was built without the feature `{feature}`"),
    })
}

pub(super) mod columnar {
    use super::*;

    pub(in super::super) fn read(
        file: &str,
        format: &'static str,
        _: Vec<u8>,
    ) -> Result<Contents, DataError> {
        absent(file, format, "columnar")
    }

    pub(in super::super) fn parquet_blocks(
        file: &str,
        _: std::fs::File,
    ) -> Result<Blocks, DataError> {
        absent(file, "Parquet", "columnar")
    }
}

pub(super) mod numpy {
    use super::*;

    pub(in super::super) fn read_npy(file: &str, _: &[u8]) -> Result<Contents, DataError> {
        absent(file, "NumPy", "numpy")
    }

    pub(in super::super) fn read_npz(file: &str, _: &[u8]) -> Result<Contents, DataError> {
        absent(file, "NumPy", "numpy")
    }
}

pub(super) mod text {
    use super::*;

    pub(in super::super) fn read(
        file: &str,
        _: &[u8],
        _: &ReadOptions,
    ) -> Result<Contents, DataError> {
        absent(file, "text", "text")
    }
}

pub(super) mod chunks {
    use super::*;

    pub(in super::super) fn text_blocks(
        file: &str,
        _: Box<dyn std::io::Read>,
        _: &ReadOptions,
    ) -> Result<Blocks, DataError> {
        absent(file, "text", "text")
    }
}
