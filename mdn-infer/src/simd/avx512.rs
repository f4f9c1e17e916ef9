//! x86-64 with AVX-512: the eight lanes of AVX2 with twice as many registers, and sixteen lanes
//! where a tile of a dense layer needs them. Its fused multiply-add is never used.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;

use super::avx2::{Avx2, F32x8};
use super::{Kernel, Pair, Simd, Vectors};

cpufeatures::new!(cpuid, "avx512f", "avx512dq", "avx512vl");

/// The token for AVX-512 F, DQ and VL; only [`Simd::detect`] builds one. It includes AVX2's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(Avx2);

/// Sixteen lanes in one register; made from an [`Avx512`] token only.
#[derive(Clone, Copy)]
pub struct F32x16(__m512);

/// Calls AVX-512 intrinsics on the registers of existing vectors.
macro_rules! avx512 {
    ($intrinsics:expr) => {
        // SAFETY: AVX-512 F and DQ are available: an `Avx512` token or an `F32x16`, which is
        // made from one, is among the arguments of the calling function.
        unsafe { $intrinsics }
    };
}

impl Pair<Avx512> for F32x16 {
    #[inline(always)]
    fn splat(_simd: Avx512, value: f32) -> Self {
        F32x16(avx512!(_mm512_set1_ps(value)))
    }
    #[inline(always)]
    fn load(simd: Avx512, low: &[f32; 8], high: &[f32; 8]) -> Self {
        let (low, high) = (simd.0.load(low, 0.0), simd.0.load(high, 0.0));
        F32x16(avx512!(_mm512_insertf32x8::<1>(
            _mm512_castps256_ps512(low.register()),
            high.register()
        )))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn octets(self, simd: Avx512) -> [Vectors<F32x8, 1>; 2] {
        let low = avx512!(_mm512_castps512_ps256(self.0));
        let high = avx512!(_mm512_extractf32x8_ps::<1>(self.0));
        let octet = |half| Vectors([F32x8::from_register(simd.0, half)]);
        [octet(low), octet(high)]
    }
}

impl Simd for Avx512 {
    type Vector = F32x8;
    type Octet = Vectors<F32x8, 1>;
    type Pair = F32x16;
    const BLOCK: usize = 8;
    const TILE_ROWS: usize = 8;
    const NAME: &'static str = "avx512";

    /// Asks the processor and its operating system once.
    #[inline]
    fn detect() -> Option<Self> {
        Avx2::detect().filter(|_| cpuid::get()).map(Avx512)
    }
    #[inline(always)]
    fn splat(self, value: f32) -> F32x8 {
        self.0.splat(value)
    }
    #[inline(always)]
    fn load(self, from: &[f32], fill: f32) -> F32x8 {
        self.0.load(from, fill)
    }
    #[inline(always)]
    fn splat_octet(self, value: f32) -> Self::Octet {
        self.0.splat_octet(value)
    }
    #[inline(always)]
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet {
        self.0.load_octet(from)
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2")]
        fn inner<K: Kernel>(token: Avx512, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX-512 F, DQ and VL and AVX2 are available.
        unsafe { inner(self, kernel) }
    }
}
