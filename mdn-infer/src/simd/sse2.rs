//! SSE2: four lanes, on every x86-64 target that computes in its registers.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;

use super::{Kernel, Octets, Simd, Twin, Vector, Vectors, padded, store_front};

/// The token for SSE2; only [`Simd::detect`] builds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sse2(());

/// Four lanes in one register; made from an [`Sse2`] token only.
#[derive(Clone, Copy)]
pub struct F32x4(__m128);

/// Calls SSE2 intrinsics on the registers of existing vectors.
macro_rules! sse2 {
    ($intrinsics:expr) => {
        // SAFETY: SSE2 is available: this module is compiled only for targets that include it.
        unsafe { $intrinsics }
    };
}

#[inline(always)]
fn integers(v: F32x4) -> __m128i {
    sse2!(_mm_castps_si128(v.0))
}

#[inline(always)]
fn floats(v: __m128i) -> F32x4 {
    F32x4(sse2!(_mm_castsi128_ps(v)))
}

impl Sse2 {
    #[inline(always)]
    fn load_full(self, from: &[f32; 4]) -> F32x4 {
        // SAFETY: SSE2 is available, as the token proves; `from` is four readable f32.
        F32x4(unsafe { _mm_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn load_words(self, from: &[u32; 4]) -> __m128i {
        // SAFETY: SSE2 is available, as the token proves; `from` is sixteen readable bytes.
        unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
    }
}

impl Sse2 {
    /// The sums of neighbours in `low`, then in `high`, as the nearest binary32 numbers.
    #[inline(always)]
    fn joined(self, low: __m128i, high: __m128i) -> F32x4 {
        F32x4(sse2!({
            let (low, high) = (_mm_castsi128_ps(low), _mm_castsi128_ps(high));
            let even = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(low, high));
            let odd = _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(low, high));
            _mm_cvtepi32_ps(_mm_add_epi32(even, odd))
        }))
    }
}

impl F32x4 {
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 4]) {
        // SAFETY: SSE2 is available, as `self` proves; `to` is four writable f32.
        unsafe { _mm_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

impl Vector for F32x4 {
    const LANES: usize = 4;
    type Mask = __m128;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        F32x4(sse2!(_mm_set1_ps(value)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x4(sse2!(_mm_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x4(sse2!(_mm_sub_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x4(sse2!(_mm_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F32x4(sse2!(_mm_div_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(sse2!(_mm_sqrt_ps(self.0)))
    }
    #[inline(always)]
    fn less(self, other: Self) -> __m128 {
        sse2!(_mm_cmplt_ps(self.0, other.0))
    }
    #[inline(always)]
    fn select(self, mask: __m128, other: Self) -> Self {
        // There is no blend before SSE4.1.
        let (chosen, rest) = sse2!((_mm_and_ps(mask, self.0), _mm_andnot_ps(mask, other.0)));
        F32x4(sse2!(_mm_or_ps(chosen, rest)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        F32x4(sse2!(_mm_and_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        F32x4(sse2!(_mm_or_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        F32x4(sse2!(_mm_xor_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        floats(sse2!(_mm_add_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        floats(sse2!(_mm_sub_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        floats(sse2!(_mm_slli_epi32::<N>(integers(self))))
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        floats(sse2!(_mm_srli_epi32::<N>(integers(self))))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        match to.first_chunk_mut::<4>() {
            Some(full) => self.store_full(full),
            None => {
                let mut lanes = [0.0; 4];
                self.store_full(&mut lanes);
                store_front(&lanes, to);
            }
        }
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; 4];
        self.store_full(&mut lanes);
        for lane in &mut lanes {
            *lane = function(*lane);
        }
        // `self` proves what the token does.
        Sse2(()).load_full(&lanes)
    }
}

impl Simd for Sse2 {
    type Vector = F32x4;
    type Wide = F32x4;
    type Twin = Twin<F32x4>;
    type Octet = Vectors<F32x4, 2>;
    type Pair = Octets<Self::Octet>;
    const BLOCK: usize = 2;
    const TILE_ROWS: usize = 2;
    const NAME: &'static str = "sse2";

    /// Always: the target includes it.
    #[inline(always)]
    fn detect() -> Option<Self> {
        Some(Sse2(()))
    }
    #[inline(always)]
    fn splat(self, value: f32) -> F32x4 {
        F32x4(sse2!(_mm_set1_ps(value)))
    }
    #[inline(always)]
    fn load(self, from: &[f32], fill: f32) -> F32x4 {
        match from.first_chunk::<4>() {
            Some(full) => self.load_full(full),
            None => self.load_full(&padded(from, fill)),
        }
    }
    #[inline(always)]
    fn load_wide(self, from: &[f32]) -> F32x4 {
        self.load(from, 0.0)
    }
    #[inline(always)]
    fn load_twin(self, from: &[f32]) -> Self::Twin {
        Twin::load(self, from)
    }
    #[inline(always)]
    fn splat_octet(self, value: f32) -> Self::Octet {
        Vectors([self.splat(value); 2])
    }
    #[inline(always)]
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet {
        let [low, high] = bytemuck::must_cast_ref(from);
        Vectors([self.load_full(low), self.load_full(high)])
    }
    #[inline(always)]
    fn load_halves(self, from: &[u32; 4]) -> Self::Octet {
        let halves = self.load_words(from);
        Vectors(
            sse2!({
                let zero = _mm_setzero_si128();
                [
                    _mm_unpacklo_epi16(halves, zero),
                    _mm_unpackhi_epi16(halves, zero),
                ]
            })
            .map(floats),
        )
    }

    /// Of outputs 0 and 1, 2 and 3 …, two parts each: the sums over inputs 0 and 1, 2 and 3.
    type Sums = [__m128i; 4];
    /// Twice the four integers.
    type Quad = __m128i;

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [sse2!(_mm_setzero_si128()); 4]
    }
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> __m128i {
        sse2!(_mm_set1_epi64x(bytemuck::must_cast(*x)))
    }
    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, entries: &[u32; 8], x: __m128i) -> Self::Sums {
        let halves: &[[u32; 4]; 2] = bytemuck::must_cast_ref(entries);
        for (sums, entries) in sums.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
            let bytes = self.load_words(entries);
            // A byte in the upper half of 16 bits, shifted down with its sign.
            let [first, last] = sse2!({
                let (first, last) = (
                    _mm_unpacklo_epi8(bytes, bytes),
                    _mm_unpackhi_epi8(bytes, bytes),
                );
                [_mm_srai_epi16::<8>(first), _mm_srai_epi16::<8>(last)]
            });
            *sums = sse2!([
                _mm_add_epi32(sums[0], _mm_madd_epi16(first, x)),
                _mm_add_epi32(sums[1], _mm_madd_epi16(last, x)),
            ]);
        }
        sums
    }
    #[inline(always)]
    fn nearest(self, [a, b, c, d]: Self::Sums) -> Self::Octet {
        Vectors([self.joined(a, b), self.joined(c, d)])
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.call(self)
    }
    #[inline(never)]
    fn run_apart<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.call(self)
    }
}
