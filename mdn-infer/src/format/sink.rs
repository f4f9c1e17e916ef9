//! Where the bytes of a preamble and a header go: the counterpart of `fields`, with postcard as the
//! writer of each value.

use postcard::ser_flavors;
use serde::Serialize;

use crate::error::EmitError;

/// Writes a number, the length of what `fill` writes, and that.
pub(super) fn put_entry(
    sink: &mut Sink<'_>,
    number: u16,
    fill: impl Fn(&mut Sink<'_>) -> Result<(), EmitError>,
) -> Result<(), EmitError> {
    let mut counted = Sink::new(&mut []);
    fill(&mut counted)?;
    let len = u16::try_from(counted.len()).map_err(|_| EmitError::InvalidHeader)?;
    sink.put(&(number, len))?;
    fill(sink)
}

/// Where bytes go; those beyond its room are counted all the same.
pub(super) struct Sink<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Sink<'a> {
    pub(super) const fn new(room: &'a mut [u8]) -> Self {
        Sink { room, len: 0 }
    }

    /// How many bytes were written and counted.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(to) = self.room.get_mut(self.len) {
                *to = byte;
            }
            self.len += 1;
        }
    }

    pub(super) fn put(&mut self, value: &impl Serialize) -> Result<(), EmitError> {
        postcard::serialize_with_flavor(value, self).map_err(|_| EmitError::InvalidHeader)
    }
}

impl ser_flavors::Flavor for &mut Sink<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.bytes(&[byte]);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
