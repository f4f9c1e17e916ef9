//! The checksum of a file, at once and in slices.
//!
//! It covers all bytes but its own, in order. [`read`](super::read) asks for the whole before it
//! looks at any field behind it; [`IntegrityWalk`] computes the same value a few bytes at a time,
//! for a device that must notice when its flash changes and has a control loop to serve.

use core::hint::black_box;
use core::ops::Range;

use super::PREAMBLE_LEN;
use crate::error::ParseError;

const CHECKSUM_AT: usize = 20;

/// CRC-32/ISO-HDLC: finds every error burst of up to 32 bits.
#[cfg(target_os = "none")]
static CRC: crc::Crc<u32, Table> = crc::Crc::<u32, Table>::new(&crc::CRC_32_ISO_HDLC);
#[cfg(not(target_os = "none"))]
static CRC: crc::Crc<u32, Table> = crc::Crc::<u32, Table>::new(&crc::CRC_32_ISO_HDLC);

#[cfg(target_os = "none")]
type Table = crc::NoTable;
#[cfg(not(target_os = "none"))]
type Table = crc::Table<16>;

type Digest = crc::Digest<'static, u32, Table>;

/// The checksum of a whole file: all its bytes but the checksum's own.
pub(super) fn checksum(file: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    add_range(&mut digest, file, 0..file.len());
    digest.finalize()
}

/// The bytes of a range join a checksum, without those of the checksum itself.
fn add_range(digest: &mut Digest, file: &[u8], range: Range<usize>) {
    let before = range.start..range.end.min(CHECKSUM_AT);
    let behind = range.start.max(CHECKSUM_AT + 4)..range.end;
    for part in [before, behind] {
        // A range that ends before it starts holds nothing.
        add(digest, file.get(part).unwrap_or(&[]));
    }
}

/// Bytes join a checksum.
#[cfg(not(target_os = "none"))]
fn add(digest: &mut Digest, bytes: &[u8]) {
    digest.update(bytes);
}

/// Bytes join a checksum, each by a call that leaves the compiler nothing to unroll.
#[cfg(target_os = "none")]
fn add(digest: &mut Digest, bytes: &[u8]) {
    #[inline(never)]
    fn add_one(digest: &mut Digest, byte: u8) {
        digest.update(&[byte]);
    }
    bytes.iter().for_each(|&byte| add_one(digest, byte));
}

/// The checksum of a model file in slices, round after round: notices that the bytes have changed
/// since they were parsed, as when flash loses a bit, and never holds up a control loop for longer
/// than a slice takes.
///
/// It reads the file, not a [`Model`](crate::Model): numbers that
/// [`parse_into`](crate::Model::parse_into) copied are no longer watched. A single flipped bit, and
/// every burst of up to 32, is noticed by the end of the round after the one in which it happens;
/// of other changes one in 2³² escapes.
///
/// ```
/// # fn main() -> Result<(), mdn_infer::ParseError> {
/// use mdn_infer::{IntegrityWalk, Progress};
///
/// const FILE: &[u8] = mdn_infer::include_model!("../../samples/classic.mdn");
/// let mut walk = IntegrityWalk::new(FILE);
/// // Between two predictions:
/// while walk.step(64)? == Progress::Underway {}
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct IntegrityWalk<'a> {
    file: &'a [u8],
    at: usize,
    digest: Digest,
}

/// How far a round of an [`IntegrityWalk`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Some bytes are still to be read in this round.
    Underway,
    /// This step ended a round, and the file is unchanged; the next step begins another round.
    Unchanged,
}

impl<'a> IntegrityWalk<'a> {
    /// A walk that begins at the first byte of a model file.
    pub fn new(file: &'a [u8]) -> Self {
        IntegrityWalk {
            file,
            at: 0,
            digest: CRC.digest(),
        }
    }

    /// Reads up to `bytes` more bytes, fewer at the end of a round. O(`bytes`), the same time for
    /// each byte.
    ///
    /// # Errors
    ///
    /// [`ParseError::ChecksumMismatch`] at the end of a round in which the bytes were others than
    /// their checksum says, [`ParseError::Truncated`] where there is no room for a checksum. The
    /// next step begins another round all the same.
    pub fn step(&mut self, bytes: usize) -> Result<Progress, ParseError> {
        // Of a constant the compiler may think that it knows the bytes.
        let file = black_box(self.file);
        let end = self.at.saturating_add(bytes).min(file.len());
        add_range(&mut self.digest, file, self.at..end);
        self.at = end;
        if end < file.len() {
            return Ok(Progress::Underway);
        }
        let found = core::mem::replace(self, Self::new(file)).digest.finalize();
        let stored = file.get(CHECKSUM_AT..).and_then(<[u8]>::first_chunk);
        let Some(&stored) = stored else {
            return Err(ParseError::Truncated {
                expected: PREAMBLE_LEN,
                found: file.len(),
            });
        };
        match u32::from_le_bytes(stored) {
            expected if expected == found => Ok(Progress::Unchanged),
            expected => Err(ParseError::ChecksumMismatch { expected, found }),
        }
    }
}
