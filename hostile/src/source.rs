//! Choices and numbers from the bytes of a fuzzer.

/// Numbers that arithmetic finds hard, those that are not finite last.
const ODD: [f32; 16] = [
    0.0,
    -0.0,
    f32::from_bits(1),
    -f32::MIN_POSITIVE,
    1e-30,
    1.0,
    16_777_216.0,
    -1e10,
    1e19,
    -1e19,
    3e38,
    f32::MAX,
    f32::MIN,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
];
/// How many of them are finite.
const FINITE: usize = 13;

/// Bytes that are taken from the front; behind the last one they are 0.
#[derive(Clone, Debug)]
pub struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    /// All of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Source(bytes)
    }

    /// What was not taken yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A number from 0 to `count` − 1; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()).checked_rem(count).unwrap_or(0)
    }

    /// One of `choices`, which has at least one element.
    pub fn choice<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// Any number: an ordinary one, one of the odd ones, or four bytes as they are.
    pub fn float(&mut self) -> f32 {
        match self.byte() {
            odd @ 0..48 => ODD[usize::from(odd) % ODD.len()],
            plain @ 48..208 => (f32::from(plain) - 128.0) / 16.0,
            _ => f32::from_bits(self.word()),
        }
    }

    /// A finite number: mostly an ordinary one, seldom one of the odd ones.
    pub fn finite(&mut self) -> f32 {
        match self.byte() {
            odd @ 0..8 => ODD[(usize::from(odd) * 5 + self.below(FINITE)) % FINITE],
            plain => (f32::from(plain) - 128.0) / 32.0,
        }
    }

    /// A normal number above 0: mostly near 1.
    pub fn positive(&mut self) -> f32 {
        match self.byte() {
            odd @ 0..8 => [
                f32::MIN_POSITIVE,
                1e-30,
                1e-10,
                1e10,
                1e18,
                1e30,
                3e38,
                f32::MAX,
            ][usize::from(odd)],
            plain => f32::from(plain) / 64.0,
        }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let (front, rest) = self.0.split_at(N.min(self.0.len()));
        taken[..front.len()].copy_from_slice(front);
        self.0 = rest;
        taken
    }
}
