//! x86-64 with AVX2: eight lanes. Its fused multiply-add is never used.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;

use super::{Kernel, Simd, Vector, Vectors, padded, store_front};

cpufeatures::new!(cpuid, "avx2");

/// The token for AVX2; only [`Simd::detect`] builds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
    #[inline(always)]
    fn load_full(self, from: &[f32; 8]) -> F32x8 {
        // SAFETY: AVX2 is available, as the token proves; `from` is eight readable f32.
        F32x8(unsafe { _mm256_loadu_ps(from.as_ptr()) })
    }
}

/// Eight lanes in one register; made from an [`Avx2`] token only.
#[derive(Clone, Copy)]
pub struct F32x8(__m256);

impl F32x8 {
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 8]) {
        // SAFETY: AVX2 is available, as `self` proves; `to` is eight writable f32.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

/// Calls AVX2 intrinsics on the registers of existing vectors.
macro_rules! avx2 {
    ($intrinsics:expr) => {
        // SAFETY: AVX2 is available: an `Avx2` token or an `F32x8`, which is made from one,
        // is among the arguments of the calling function.
        unsafe { $intrinsics }
    };
}

#[inline(always)]
fn integers(v: F32x8) -> __m256i {
    avx2!(_mm256_castps_si256(v.0))
}

#[inline(always)]
fn floats(v: __m256i) -> F32x8 {
    F32x8(avx2!(_mm256_castsi256_ps(v)))
}

impl Vector for F32x8 {
    const LANES: usize = 8;
    type Mask = __m256;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        F32x8(avx2!(_mm256_set1_ps(value)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_sub_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_div_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x8(avx2!(_mm256_sqrt_ps(self.0)))
    }
    #[inline(always)]
    fn less(self, other: Self) -> __m256 {
        avx2!(_mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0))
    }
    #[inline(always)]
    fn select(self, mask: __m256, other: Self) -> Self {
        F32x8(avx2!(_mm256_blendv_ps(other.0, self.0, mask)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_and_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_or_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        F32x8(avx2!(_mm256_xor_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        floats(avx2!(_mm256_add_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        floats(avx2!(_mm256_sub_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        floats(avx2!(_mm256_slli_epi32::<N>(integers(self))))
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        floats(avx2!(_mm256_srli_epi32::<N>(integers(self))))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        match to.first_chunk_mut::<8>() {
            Some(full) => self.store_full(full),
            None => {
                let mut lanes = [0.0; 8];
                self.store_full(&mut lanes);
                store_front(&lanes, to);
            }
        }
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; 8];
        self.store_full(&mut lanes);
        for lane in &mut lanes {
            *lane = function(*lane);
        }
        // `self` proves what the token does.
        Avx2(()).load_full(&lanes)
    }
}

impl Simd for Avx2 {
    type Vector = F32x8;
    type Octet = Vectors<F32x8, 1>;
    const BLOCK: usize = 8;
    const NAME: &'static str = "avx2";

    /// Asks the processor and its operating system once.
    #[inline]
    fn detect() -> Option<Self> {
        cpuid::get().then_some(Avx2(()))
    }
    #[inline(always)]
    fn splat(self, value: f32) -> F32x8 {
        F32x8(avx2!(_mm256_set1_ps(value)))
    }
    #[inline(always)]
    fn load(self, from: &[f32], fill: f32) -> F32x8 {
        match from.first_chunk::<8>() {
            Some(full) => self.load_full(full),
            None => self.load_full(&padded(from, fill)),
        }
    }
    #[inline(always)]
    fn splat_octet(self, value: f32) -> Self::Octet {
        Vectors([self.splat(value)])
    }
    #[inline(always)]
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet {
        Vectors([self.load_full(from)])
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2")]
        fn inner<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX2 is available.
        unsafe { inner(self, kernel) }
    }
}
