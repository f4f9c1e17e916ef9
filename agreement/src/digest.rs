//! CRC-64/XZ over the bits of results.

#[cfg(target_os = "none")]
type Method = crc::NoTable;
#[cfg(not(target_os = "none"))]
type Method = crc::Table<16>;

static CRC: crc::Crc<u64, Method> = crc::Crc::<u64, Method>::new(&crc::CRC_64_XZ);

pub(crate) struct Digest(crc::Digest<'static, u64, Method>);

impl Digest {
    pub(crate) fn new() -> Self {
        Digest(CRC.digest())
    }

    /// Adds a result; every NaN counts the same, for payloads are not part of the promise.
    pub(crate) fn value(&mut self, value: f32) {
        let canonical = if value.is_nan() { f32::NAN } else { value };
        self.0.update(&canonical.to_bits().to_le_bytes());
    }

    /// Adds a result, NaN where there is none.
    pub(crate) fn answer<E>(&mut self, answer: Result<f32, E>) {
        self.value(answer.unwrap_or(f32::NAN));
    }

    /// Adds the hash of a part, or a count.
    pub(crate) fn hash(&mut self, hash: u64) {
        self.0.update(&hash.to_le_bytes());
    }

    pub(crate) fn finish(self) -> u64 {
        self.0.finalize()
    }
}
