//! Packed bytes, and how many they may become.

use std::io::{self, Read};

use super::error::DataError;
use super::table::GZIP;

/// How many times their size packed bytes may unpack to: tables seldom reach 20, gzip at most 1032.
const EXPANSION: usize = 200;
/// Bytes that anything may unpack to.
const HARMLESS: usize = 16 << 20;

/// What is inside of gzip, where it is gzip.
pub(super) fn decompress(file: &str, bytes: Vec<u8>) -> Result<Vec<u8>, DataError> {
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let plain = expand(gunzip(&*bytes), bytes.len());
    plain.map_err(|error| DataError::Unreadable {
        file: file.to_owned(),
        format: "gzip",
        reason: error.to_string(),
    })
}

/// What is inside of the gzip that `packed` reads.
#[cfg(feature = "text")]
pub(super) fn gunzip(packed: impl Read) -> impl Read {
    flate2::read::MultiGzDecoder::new(packed)
}

/// Nothing can be read of it.
#[cfg(not(feature = "text"))]
pub(super) fn gunzip<R>(_: R) -> impl Read + use<R> {
    struct Absent;
    impl Read for Absent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let reason = "this program was built without the feature `text`";
            Err(io::Error::other(reason))
        }
    }
    Absent
}

/// How many bytes so many packed ones may unpack to.
pub(super) fn most_unpacked(packed: usize) -> usize {
    packed.saturating_mul(EXPANSION).max(HARMLESS)
}

/// All that `reader` unpacks from `packed` bytes, where it stays in proportion to them.
pub(super) fn expand(reader: impl Read, packed: usize) -> io::Result<Vec<u8>> {
    let most = most_unpacked(packed);
    let mut plain = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut plain)?;
    if plain.len() > most {
        return Err(io::Error::other(format!(
            "it unpacks to more than {EXPANSION} times its size; unpack it first if that is right"
        )));
    }
    Ok(plain)
}
