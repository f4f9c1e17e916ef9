//! x86-64 with AVX-512: sixteen lanes for batches. A single row, whose loops are short, is left to
//! AVX2. A fused multiply-add is never used.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;

use super::avx2::{Avx2, F32x8};
use super::{Kernel, Pair, Simd, Vector, Vectors};

cpufeatures::new!(cpuid, "avx512f", "avx512bw", "avx512dq");

/// The token for AVX-512 F, BW and DQ; only [`Simd::detect`] builds one. It includes AVX2's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(Avx2);

/// Sixteen lanes in one register; made from an [`Avx512`] token only.
#[derive(Clone, Copy)]
pub struct F32x16(__m512);

/// Calls AVX-512 intrinsics on the registers of existing vectors.
macro_rules! avx512 {
    ($intrinsics:expr) => {
        // SAFETY: AVX-512 F, BW and DQ are available: an `Avx512` token or an `F32x16`, which is
        // made from one, is among the arguments of the calling function.
        unsafe { $intrinsics }
    };
}

#[inline(always)]
fn integers(v: F32x16) -> __m512i {
    avx512!(_mm512_castps_si512(v.0))
}

#[inline(always)]
fn floats(v: __m512i) -> F32x16 {
    F32x16(avx512!(_mm512_castsi512_ps(v)))
}

impl Avx512 {
    #[inline(always)]
    fn load_full(self, from: &[f32; 16]) -> F32x16 {
        // SAFETY: AVX-512 is available, as the token proves; `from` is sixteen readable f32.
        F32x16(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn load_bytes(self, from: &[u32; 8]) -> __m256i {
        // SAFETY: AVX2 is available, as the token proves; `from` is 32 readable bytes.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }
}

impl F32x16 {
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 16]) {
        // SAFETY: AVX-512 is available, as `self` proves; `to` is sixteen writable f32.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

impl Vector for F32x16 {
    const LANES: usize = 16;
    type Mask = __mmask16;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        F32x16(avx512!(_mm512_set1_ps(value)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_sub_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F32x16(avx512!(_mm512_div_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x16(avx512!(_mm512_sqrt_ps(self.0)))
    }
    #[inline(always)]
    fn less(self, other: Self) -> __mmask16 {
        avx512!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0))
    }
    #[inline(always)]
    fn select(self, mask: __mmask16, other: Self) -> Self {
        F32x16(avx512!(_mm512_mask_blend_ps(mask, other.0, self.0)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        floats(avx512!(_mm512_and_si512(integers(self), integers(other))))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        floats(avx512!(_mm512_or_si512(integers(self), integers(other))))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        floats(avx512!(_mm512_xor_si512(integers(self), integers(other))))
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        floats(avx512!(_mm512_add_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        floats(avx512!(_mm512_sub_epi32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        floats(avx512!(_mm512_sll_epi32(
            integers(self),
            _mm_cvtsi32_si128(N)
        )))
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        floats(avx512!(_mm512_srl_epi32(
            integers(self),
            _mm_cvtsi32_si128(N)
        )))
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; 16];
        self.store_full(&mut lanes);
        for lane in &mut lanes {
            *lane = function(*lane);
        }
        // SAFETY: AVX-512 F is available, as `self` proves; `lanes` is sixteen readable f32.
        F32x16(unsafe { _mm512_loadu_ps(lanes.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        match to.first_chunk_mut::<16>() {
            Some(full) => self.store_full(full),
            // SAFETY: AVX-512 F is available, as `self` proves; the mask has one bit for each
            // element of `to`, and lanes without a bit are not written.
            None => unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), front(to.len()), self.0) },
        }
    }
}

/// The first `len` lanes.
#[inline(always)]
fn front(len: usize) -> __mmask16 {
    if len < 16 { (1 << len) - 1 } else { !0 }
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
        Vector::add(self, other)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Vector::mul(self, other)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        Vector::store(self, to);
    }
}

impl Simd for Avx512 {
    type Vector = F32x8;
    type Wide = F32x16;
    type Twin = F32x16;
    type Octet = Vectors<F32x8, 1>;
    type Pair = F32x16;
    const BLOCK: usize = 8;
    const TILE_ROWS: usize = 6;
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
    fn load_wide(self, from: &[f32]) -> F32x16 {
        match from.first_chunk::<16>() {
            Some(full) => self.load_full(full),
            // SAFETY: AVX-512 F is available, as the token proves; the mask has one bit for each
            // element of `from`, and lanes without a bit are not read.
            None => F32x16(unsafe { _mm512_maskz_loadu_ps(front(from.len()), from.as_ptr()) }),
        }
    }
    #[inline(always)]
    fn load_twin(self, from: &[f32]) -> F32x16 {
        self.load_wide(from)
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
    fn turn(self, square: [Self::Octet; 8]) -> [Self::Octet; 8] {
        self.0.turn(square)
    }
    #[inline(always)]
    fn load_halves(self, from: &[u32; 4]) -> Self::Octet {
        self.0.load_halves(from)
    }
    #[inline(always)]
    fn load_f16(self, from: &[u32; 4]) -> Self::Octet {
        self.0.load_f16(from)
    }

    #[inline(always)]
    fn low_halves(self, lanes: Self::Octet) -> [[u32; 2]; 2] {
        self.0.low_halves(lanes)
    }

    /// Of each output two parts: the sums over inputs 0 and 1, 2 and 3.
    type Sums = __m512i;
    /// Eight times the four integers.
    type Quad = __m512i;

    #[inline(always)]
    fn no_sums(self) -> __m512i {
        avx512!(_mm512_setzero_si512())
    }
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> __m512i {
        avx512!(_mm512_set1_epi64(bytemuck::must_cast(*x)))
    }
    #[inline(always)]
    fn add_products(self, sums: __m512i, entries: &[u32; 8], x: __m512i) -> __m512i {
        let entries = self.load_bytes(entries);
        avx512!(_mm512_add_epi32(
            sums,
            _mm512_madd_epi16(_mm512_cvtepi8_epi16(entries), x)
        ))
    }
    #[inline(always)]
    fn nearest(self, sums: __m512i) -> Self::Octet {
        let low = avx512!(_mm512_castsi512_si256(sums));
        let high = avx512!(_mm512_extracti64x4_epi64::<1>(sums));
        self.0.nearest([low, high])
    }
    /// By AVX2, with the same bits.
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        self.0.run(kernel)
    }
    #[inline(always)]
    fn run_batch<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx2,f16c")]
        fn inner<K: Kernel>(token: Avx512, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX-512 F, BW and DQ, AVX2 and F16C are available.
        unsafe { inner(self, kernel) }
    }
    #[inline(always)]
    fn run_apart<K: Kernel>(self, kernel: K) -> K::Output {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx2,f16c")]
        fn inner<K: Kernel>(token: Avx512, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX-512 F, BW and DQ, AVX2 and F16C are available.
        unsafe { inner(self, kernel) }
    }
}
