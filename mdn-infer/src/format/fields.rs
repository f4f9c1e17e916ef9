//! The fields of a header, taken one after the other off its bytes.
//!
//! This reads postcard's wire format, and of it only the shortest spelling of each number, so that a
//! model has one encoding. It is written by hand because a reader of two kilobytes less matters on a
//! microcontroller; `encoding` writes with postcard itself.

use crate::error::ParseError;

/// What is left of some fields. Once one is malformed, all that follow are of no meaning, and
/// [`end`](Self::end) says so.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    sound: bool,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Fields {
            rest: bytes,
            sound: true,
        }
    }

    /// Every field was sound, and none is left.
    pub(super) const fn end(&self) -> Result<(), ParseError> {
        match self.sound && self.rest.is_empty() {
            true => Ok(()),
            false => Err(ParseError::MalformedHeader),
        }
    }

    #[inline(never)]
    pub(super) fn byte(&mut self) -> u8 {
        match self.rest {
            &[byte, ref rest @ ..] => {
                self.rest = rest;
                byte
            }
            [] => {
                self.sound = false;
                0
            }
        }
    }

    /// A number in groups of seven bits, the lowest first; the last group is not 0, but for 0 itself.
    #[inline(never)]
    pub(super) fn number(&mut self) -> u16 {
        let (mut value, mut shift) = (0_u32, 0);
        loop {
            let byte = self.byte();
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                self.sound &= byte > 0 || shift == 0;
                break;
            }
            shift += 7;
            if shift > 14 {
                self.sound = false;
                break;
            }
        }
        self.sound &= value <= u16::MAX.into();
        value as u16
    }

    pub(super) fn float(&mut self) -> f32 {
        f32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    #[inline(never)]
    fn bytes(&mut self, count: u16) -> &'a [u8] {
        match self.rest.split_at_checked(count.into()) {
            Some((taken, rest)) => {
                self.rest = rest;
                taken
            }
            None => {
                self.sound = false;
                &[]
            }
        }
    }

    #[inline(never)]
    pub(super) fn text(&mut self) -> &'a str {
        let count = self.number();
        let text = core::str::from_utf8(self.bytes(count));
        self.sound &= text.is_ok();
        text.unwrap_or_default()
    }

    /// The one of `all` that has the number in the file.
    #[allow(clippy::indexing_slicing, reason = "the index is at most the last")]
    pub(super) fn choice<T: Copy, const N: usize>(&mut self, all: &[T; N]) -> T {
        const { assert!(N > 0) }
        let number = usize::from(self.number());
        self.sound &= number < N;
        all[number.min(N - 1)]
    }

    /// A number, a length and so many bytes; `None` at the end, and where they are malformed.
    pub(super) fn entry(&mut self) -> Option<(u16, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let (number, len) = (self.number(), self.number());
        let payload = self.bytes(len);
        self.sound.then_some((number, payload))
    }
}
