//! A checkpoint's file: 8 bytes of magic, the length of the rest and its CRC-64/XZ as u64 in
//! little-endian order, then postcard: the [`Identity`], the reports and what is [`Kept`].

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crc::{CRC_64_XZ, Crc, Digest, Table};
use serde::{Deserialize, Serialize};

use crate::data::{DataError, Dataset, TableRows};
use crate::draft::PRODUCER;
use crate::files::{WriteError, write_atomically};
use crate::train::{Kept, Progress, Snapshot, Starts, Trained};

const MAGIC: [u8; 8] = *b"\x89MDNRUN\n";
const PREAMBLE: usize = 24;

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// What a state belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The program and its version.
    pub(super) producer: String,
    /// The checksum of the table's names and numbers.
    pub(super) table: u64,
    /// The checksum of the configuration.
    pub(super) config: u64,
}

impl Identity {
    pub(crate) fn new(data: TableRows<'_>, config: &impl Serialize) -> Result<Self, DataError> {
        // No field of a configuration can fail to be written to memory.
        let config = postcard::to_stdvec(config).unwrap_or_default();
        Ok(Identity {
            producer: PRODUCER.to_owned(),
            table: table_checksum(data)?,
            config: CRC.checksum(&config),
        })
    }
}

fn table_checksum(data: TableRows<'_>) -> Result<u64, DataError> {
    let mut digest = CRC.digest();
    let names = [data.input_names(), data.target_names()];
    for names in names {
        number(&mut digest, names.len());
        for name in names {
            number(&mut digest, name.len());
            digest.update(name.as_bytes());
        }
    }
    let values: [fn(&Dataset) -> &[f32]; 2] = [|data| &data.inputs, |data| &data.targets];
    for (values, names) in values.into_iter().zip(names) {
        number(&mut digest, data.count() * names.len());
        data.visit(|block| {
            for values in values(block).chunks(1024) {
                let bits = values.iter().flat_map(|value| value.to_le_bytes());
                digest.update(&bits.collect::<Vec<u8>>());
            }
            Ok::<_, DataError>(())
        })?;
    }
    Ok(digest.finalize())
}

fn number(digest: &mut Digest<'_, u64, Table<16>>, value: usize) {
    digest.update(&(value as u64).to_le_bytes());
}

/// What a checkpoint holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) identity: Identity,
    /// Every report so far, as the observer saw it.
    pub(super) reports: Vec<Progress>,
    pub(super) kept: Kept,
}

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("cannot be read: {0}")]
    Io(io::Error),
    #[error("is no checkpoint")]
    Foreign,
    #[error("is cut off")]
    Truncated,
    #[error("is damaged: its checksum is wrong")]
    Checksum,
    #[error("is of another version")]
    Contents,
}

impl Checkpoint {
    /// How far it is: networks finished, starts of the next that are done, and steps of this one.
    pub(super) fn progress(&self) -> (usize, usize, usize) {
        let Kept {
            finished,
            starts,
            current,
        } = &self.kept;
        (finished.len(), starts.done(), current.tried())
    }

    /// Writes the whole file or leaves the old one.
    pub(super) fn write(
        path: &Path,
        identity: &Identity,
        reports: &[Progress],
        (finished, starts, current): (&[Trained], &Starts, &Snapshot),
    ) -> Result<(), WriteError> {
        write_atomically(path, |out| {
            // The fields in the order of `Checkpoint`, which borrows nothing.
            let body = postcard::to_stdvec(&(identity, reports, finished, starts, current))
                .map_err(io::Error::other)?;
            out.write_all(&MAGIC)?;
            out.write_all(&(body.len() as u64).to_le_bytes())?;
            out.write_all(&CRC.checksum(&body).to_le_bytes())?;
            out.write_all(&body)
        })
    }

    /// `None` where there is no file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Fault> {
        let read = match fs::metadata(path) {
            // A device might never end.
            Ok(found) if !found.is_file() => Err(io::Error::other("not a file")),
            _ => fs::read(path),
        };
        match read {
            Ok(bytes) => Self::parse(&bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::Io(error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let Some((preamble, body)) = bytes.split_at_checked(PREAMBLE) else {
            return Err(match MAGIC.starts_with(&bytes[..bytes.len().min(8)]) {
                true => Fault::Truncated,
                false => Fault::Foreign,
            });
        };
        let (magic, numbers) = preamble.split_at(8);
        if magic != MAGIC {
            return Err(Fault::Foreign);
        }
        let (length, checksum) = numbers.split_at(8);
        if length != (body.len() as u64).to_le_bytes() {
            return Err(Fault::Truncated);
        }
        if checksum != CRC.checksum(body).to_le_bytes() {
            return Err(Fault::Checksum);
        }
        postcard::from_bytes(body).map_err(|_| Fault::Contents)
    }
}
