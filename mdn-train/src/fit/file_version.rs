//! Whether the model of a fit can be a file of the version that is asked for.

use mdn_infer::format::VERSION;

use super::FitConfig;

/// The first version that states supports and ranges.
pub(super) const STATING: u16 = 4;

/// Why a fit cannot end in a file of the version that was chosen. A model has one encoding, so that a
/// version can be too high for it as well as too low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileVersionError {
    /// There is no such version.
    #[error("--file-version {version}: there are versions 1 to {VERSION}")]
    Unknown {
        /// What was chosen.
        version: u16,
    },
    /// An ensemble in a file of one network.
    #[error(
        "--file-version {version}: {networks} networks in one file need version 3; take --file-version 3 \
         or --ensemble 1"
    )]
    Networks {
        /// What was chosen.
        version: u16,
        /// How many networks.
        networks: u8,
    },
    /// Version 2 is that of narrow kernels.
    #[error(
        "--file-version 2: a file of version 2 has narrow kernels, and `fit` writes f32; take \
         --file-version 1, of which `quantize` makes a file of version 2"
    )]
    Storage,
    /// Version 3 is that of several networks.
    #[error(
        "--file-version 3: a file of version 3 has several networks; take --ensemble, or --file-version 1, \
         which every reader of version 3 knows"
    )]
    OneNetwork,
}

impl FitConfig {
    /// Whether the version of the file that is chosen, if one is, can hold the network.
    ///
    /// # Errors
    ///
    /// [`FileVersionError`].
    pub fn check_file_version(&self) -> Result<(), FileVersionError> {
        let Some(version) = self.file_version else {
            return Ok(());
        };
        let networks = self.ensemble;
        match (version, networks) {
            (1, 1) | (3, 2..) | (STATING, _) => Ok(()),
            (1 | 2, 2..) => Err(FileVersionError::Networks { version, networks }),
            (2, _) => Err(FileVersionError::Storage),
            (3, _) => Err(FileVersionError::OneNetwork),
            _ => Err(FileVersionError::Unknown { version }),
        }
    }
}
