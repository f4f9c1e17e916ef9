//! The preamble, and with it the file as a whole: what comes first, how long it is, whether it is
//! undamaged.

use super::checksum::checksum;
use super::encoding::{decode, encode};
use super::sink::Sink;
use super::{ALIGNMENT, Header, Layout, PREAMBLE_LEN, VERSION};
use crate::error::{EmitError, ParseError};

/// The first byte is outside ASCII and the line ends are of both kinds, so that a transfer as
/// text is noticed; the idea is PNG's.
const MAGIC: [u8; 8] = *b"\x89MDN\r\n\x1a\n";

/// What stands between the magic and the checksum, with it.
struct Preamble {
    version: u16,
    header_len: u16,
    total_len: u32,
    working_len: u32,
    checksum: u32,
}

impl Preamble {
    const fn read(bytes: &[u8; PREAMBLE_LEN]) -> Self {
        let &[_, _, _, _, _, _, _, _, v0, v1, h0, h1, rest @ ..] = bytes;
        let [t0, t1, t2, t3, w0, w1, w2, w3, c0, c1, c2, c3] = rest;
        Preamble {
            version: u16::from_le_bytes([v0, v1]),
            header_len: u16::from_le_bytes([h0, h1]),
            total_len: u32::from_le_bytes([t0, t1, t2, t3]),
            working_len: u32::from_le_bytes([w0, w1, w2, w3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        }
    }

    fn write(&self, to: &mut [u8; PREAMBLE_LEN]) {
        let mut sink = Sink::new(to);
        sink.bytes(&MAGIC);
        sink.bytes(&self.version.to_le_bytes());
        sink.bytes(&self.header_len.to_le_bytes());
        for word in [self.total_len, self.working_len, self.checksum] {
            sink.bytes(&word.to_le_bytes());
        }
    }
}

/// Checks the file up to its numbers; returns the header, the layout and the blob's bytes.
///
/// The order matters: magic and version before anything whose meaning depends on them, the
/// length before the checksum, the checksum before every field that it covers.
///
/// # Errors
///
/// All of [`ParseError`] but those that concern the blob's numbers, alignment and byte order.
pub fn read(bytes: &[u8]) -> Result<(Header<'_>, Layout, &[u8]), ParseError> {
    let magic_len = bytes.len().min(MAGIC.len());
    if bytes.get(..magic_len) != MAGIC.get(..magic_len) {
        return Err(ParseError::NotAModel);
    }
    let cut = |expected: usize| ParseError::Truncated {
        expected,
        found: bytes.len(),
    };
    let (preamble, rest) = bytes.split_first_chunk().ok_or(cut(PREAMBLE_LEN))?;
    let preamble = Preamble::read(preamble);
    if !(1..=VERSION).contains(&preamble.version) {
        return Err(ParseError::UnsupportedVersion {
            found: preamble.version,
        });
    }
    let expected =
        usize::try_from(preamble.total_len).map_err(|_| ParseError::InconsistentSizes)?;
    match bytes.len() {
        found if found < expected => return Err(cut(expected)),
        found if found > expected => return Err(ParseError::TrailingBytes { expected, found }),
        _ => {}
    }
    let found = checksum(bytes);
    if found != preamble.checksum {
        return Err(ParseError::ChecksumMismatch {
            expected: preamble.checksum,
            found,
        });
    }
    let header_len = usize::from(preamble.header_len);
    let fields = rest.get(..header_len).ok_or(ParseError::MalformedHeader)?;
    let mut header = Header::EMPTY;
    decode(fields, preamble.version, &mut header)?;
    header.check()?;
    let layout = Layout::of(&header).ok_or(ParseError::InconsistentSizes)?;
    let blob = bytes
        .get(blob_offset(header_len)..)
        .ok_or(ParseError::InconsistentSizes)?;
    if blob.len() != layout.words * 4 || preamble.working_len as usize != layout.working_len {
        return Err(ParseError::InconsistentSizes);
    }
    Ok((header, layout, blob))
}

/// How many f32 of working memory a [`Predictor`](crate::Predictor) needs for the model in
/// `bytes`, for use as its const parameter.
///
/// Reads one field of the preamble and checks only the magic; [`Model::parse`](crate::Model::parse)
/// checks the rest.
///
/// # Panics
///
/// When `bytes` does not begin like a model file: in a constant, that is a compile error.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "for constants, where a panic is a compile error"
)]
pub const fn working_len(bytes: &[u8]) -> usize {
    assert!(bytes.len() >= PREAMBLE_LEN, "not a model file");
    let mut i = 0;
    while i < MAGIC.len() {
        assert!(bytes[i] == MAGIC[i], "not a model file");
        i += 1;
    }
    match bytes.first_chunk() {
        Some(preamble) => Preamble::read(preamble).working_len as usize,
        None => panic!("not a model file"),
    }
}

const fn blob_offset(header_len: usize) -> usize {
    (PREAMBLE_LEN + header_len).next_multiple_of(ALIGNMENT)
}

/// Where the blob starts and how long the file is.
pub(super) struct Extent {
    header_len: u16,
    pub(super) blob_offset: usize,
    pub(super) total_len: usize,
}

/// The extent of the file that `header` asks for, after checking it as a reader would.
pub(super) fn extent(header: &Header<'_>, layout: &Layout) -> Result<Extent, EmitError> {
    header.check().map_err(|_| EmitError::InvalidHeader)?;
    let mut counted = Sink::new(&mut []);
    encode(header, &mut counted)?;
    let blob_offset = blob_offset(counted.len());
    Ok(Extent {
        header_len: u16::try_from(counted.len()).map_err(|_| EmitError::InvalidHeader)?,
        blob_offset,
        total_len: blob_offset + layout.words * 4,
    })
}

/// Writes preamble and header into the front of `out`, whose blob is in place already.
pub(super) fn write_front(
    header: &Header<'_>,
    layout: &Layout,
    extent: &Extent,
    out: &mut [u8],
) -> Result<(), EmitError> {
    let mut preamble = Preamble {
        version: header.version(),
        header_len: extent.header_len,
        total_len: u32::try_from(extent.total_len).map_err(|_| EmitError::InvalidHeader)?,
        working_len: u32::try_from(layout.working_len).map_err(|_| EmitError::InvalidHeader)?,
        checksum: 0,
    };
    let (front, rest) = out
        .split_first_chunk_mut()
        .ok_or(EmitError::InvalidHeader)?;
    encode(header, &mut Sink::new(rest))?;
    preamble.write(front);
    preamble.checksum = checksum(out);
    let front = out.first_chunk_mut().ok_or(EmitError::InvalidHeader)?;
    preamble.write(front);
    Ok(())
}
