//! SSE2: four lanes, on every x86-64 target that computes in its registers.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;

use super::{Kernel, Simd, Vector, Vectors, padded, store_front};

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
    type Octet = Vectors<F32x4, 2>;
    const BLOCK: usize = 2;
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
    fn splat_octet(self, value: f32) -> Self::Octet {
        Vectors([self.splat(value); 2])
    }
    #[inline(always)]
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet {
        let [low, high] = bytemuck::must_cast_ref(from);
        Vectors([self.load_full(low), self.load_full(high)])
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.call(self)
    }
}
