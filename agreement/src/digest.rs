//! CRC-64/XZ over the bits of answers.

use mdn_infer::PredictError;

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

    pub(crate) fn add(&mut self, answer: impl Answer) {
        answer.add_to(self);
    }

    pub(crate) fn finish(self) -> u64 {
        self.0.finalize()
    }
}

/// What can be hashed: the same bytes for the same answer on every machine.
pub(crate) trait Answer {
    fn add_to(self, digest: &mut Digest);
}

/// A count, or the hash of a part.
impl Answer for u64 {
    fn add_to(self, digest: &mut Digest) {
        digest.0.update(&self.to_le_bytes());
    }
}

impl Answer for usize {
    fn add_to(self, digest: &mut Digest) {
        digest.add(self as u64);
    }
}

impl Answer for bool {
    fn add_to(self, digest: &mut Digest) {
        digest.add(u64::from(self));
    }
}

/// Every NaN counts the same, for payloads are not part of the promise.
impl Answer for f32 {
    fn add_to(self, digest: &mut Digest) {
        let canonical = if self.is_nan() { f32::NAN } else { self };
        digest.0.update(&canonical.to_bits().to_le_bytes());
    }
}

impl Answer for (f32, f32) {
    fn add_to(self, digest: &mut Digest) {
        digest.add(self.0);
        digest.add(self.1);
    }
}

impl<A: Answer + Copy> Answer for &[A] {
    fn add_to(self, digest: &mut Digest) {
        self.iter().for_each(|&answer| digest.add(answer));
    }
}

impl<A: Answer> Answer for Option<A> {
    fn add_to(self, digest: &mut Digest) {
        digest.add(self.is_some());
        if let Some(answer) = self {
            digest.add(answer);
        }
    }
}

/// An error counts by its kind.
impl<A: Answer> Answer for Result<A, PredictError> {
    fn add_to(self, digest: &mut Digest) {
        match self {
            Ok(answer) => digest.add(answer),
            Err(error) => digest.add(kind(error)),
        }
    }
}

/// A number for each kind of error, with the upper half set: no pattern of a binary32.
fn kind(error: PredictError) -> u64 {
    let kind: u32 = match error {
        PredictError::CapacityTooSmall { .. } => 1,
        PredictError::WrongLength { .. } => 2,
        PredictError::NotFinite { .. } => 3,
        PredictError::NotANumber { .. } => 4,
        PredictError::ReversedInterval => 5,
        PredictError::TooFewSlots { .. } => 6,
        PredictError::Overflow => 7,
        PredictError::NoSuchComponent => 8,
        PredictError::NoSuchDimension => 9,
        PredictError::RepeatedDimension { .. } => 10,
        PredictError::NothingFree => 11,
        PredictError::NotATemperature => 12,
        PredictError::NotAProbability => 13,
        _ => 0,
    };
    u64::MAX << 32 | u64::from(kind)
}
