//! x86-64 with AVX2 and F16C: eight lanes. A fused multiply-add is never used.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::x86_64::*;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::{Kernel, Octets, Simd, Twin, Vector, Vectors, padded, store_front};

cpufeatures::new!(cpuid, "avx2");

/// Whether the processor has F16C, for which `cpufeatures` has no name.
///
/// Every processor with AVX2 has it, but a virtual machine may hide it. It works in AVX's
/// registers: where AVX2 may be used, so may it.
#[inline]
fn has_f16c() -> bool {
    const F16C: u32 = 1 << 29;
    const UNKNOWN: u8 = 2;
    static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
    match FOUND.load(Relaxed) {
        UNKNOWN => {
            #[allow(
                unused_unsafe,
                reason = "safe in Rust versions after the oldest supported"
            )]
            // SAFETY: every x86-64 processor has CPUID.
            let found = unsafe { __cpuid(1) }.ecx & F16C != 0;
            FOUND.store(found.into(), Relaxed);
            found
        }
        known => known == 1,
    }
}

/// The token for AVX2 and F16C; only [`Simd::detect`] builds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
    #[inline(always)]
    fn load_full(self, from: &[f32; 8]) -> F32x8 {
        // SAFETY: AVX2 is available, as the token proves; `from` is eight readable f32.
        F32x8(unsafe { _mm256_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn load_words(self, from: &[u32; 4]) -> __m128i {
        // SAFETY: AVX2 is available, as the token proves; `from` is sixteen readable bytes.
        unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
    }
}

/// Eight lanes in one register; made from an [`Avx2`] token only.
#[derive(Clone, Copy)]
pub struct F32x8(__m256);

impl F32x8 {
    /// The register.
    #[inline(always)]
    pub(super) const fn register(self) -> __m256 {
        self.0
    }
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 8]) {
        // SAFETY: AVX2 is available, as `self` proves; `to` is eight writable f32.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

/// Calls intrinsics of AVX2 and F16C on the registers of existing vectors.
macro_rules! avx2 {
    ($intrinsics:expr) => {
        // SAFETY: AVX2 and F16C are available: an `Avx2` token or an `F32x8`, which is made from one,
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

/// Two squares of four by four turned: the low lanes of four octets, and their high ones.
#[inline(always)]
fn quarter_turns(rows: [Vectors<F32x8, 1>; 4]) -> [F32x8; 4] {
    let [Vectors([a]), Vectors([b]), Vectors([c]), Vectors([d])] = rows;
    let (ab, cd) = (
        avx2!(_mm256_unpacklo_ps(a.0, b.0)),
        avx2!(_mm256_unpacklo_ps(c.0, d.0)),
    );
    let (upper_ab, upper_cd) = (
        avx2!(_mm256_unpackhi_ps(a.0, b.0)),
        avx2!(_mm256_unpackhi_ps(c.0, d.0)),
    );
    [
        F32x8(avx2!(_mm256_shuffle_ps::<0x44>(ab, cd))),
        F32x8(avx2!(_mm256_shuffle_ps::<0xee>(ab, cd))),
        F32x8(avx2!(_mm256_shuffle_ps::<0x44>(upper_ab, upper_cd))),
        F32x8(avx2!(_mm256_shuffle_ps::<0xee>(upper_ab, upper_cd))),
    ]
}

impl Simd for Avx2 {
    type Vector = F32x8;
    type Wide = F32x8;
    type Twin = Twin<F32x8>;
    type Octet = Vectors<F32x8, 1>;
    type Pair = Octets<Self::Octet>;
    const BLOCK: usize = 8;
    const TILE_ROWS: usize = 4;
    const NAME: &'static str = "avx2";

    /// Asks the processor and its operating system once.
    #[inline]
    fn detect() -> Option<Self> {
        (cpuid::get() && has_f16c()).then_some(Avx2(()))
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
    fn load_wide(self, from: &[f32]) -> F32x8 {
        self.load(from, 0.0)
    }
    #[inline(always)]
    fn load_twin(self, from: &[f32]) -> Self::Twin {
        Twin::load(self, from)
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
    fn turn(self, square: [Self::Octet; 8]) -> [Self::Octet; 8] {
        let [a, b, c, d, e, f, g, h] = square;
        let low = quarter_turns([a, b, c, d]);
        let high = quarter_turns([e, f, g, h]);
        let mut turned = square;
        let (firsts, lasts) = turned.split_at_mut(4);
        let places = firsts.iter_mut().zip(lasts);
        for ((first, last), (&low, &high)) in places.zip(low.iter().zip(&high)) {
            *first = Vectors([F32x8(avx2!(_mm256_permute2f128_ps::<0x20>(low.0, high.0)))]);
            *last = Vectors([F32x8(avx2!(_mm256_permute2f128_ps::<0x31>(low.0, high.0)))]);
        }
        turned
    }
    #[inline(always)]
    fn load_halves(self, from: &[u32; 4]) -> Self::Octet {
        let halves = self.load_words(from);
        Vectors([floats(avx2!(_mm256_cvtepu16_epi32(halves)))])
    }
    #[inline(always)]
    fn load_f16(self, from: &[u32; 4]) -> Self::Octet {
        let halves = self.load_words(from);
        Vectors([F32x8(avx2!(_mm256_cvtph_ps(halves)))])
    }

    #[inline(always)]
    fn low_halves(self, lanes: Self::Octet) -> [[u32; 2]; 2] {
        let Vectors([lanes]) = lanes;
        let mut words = [[0; 2]; 2];
        // SAFETY: AVX2 is available, as the token proves; `words` is sixteen writable bytes.
        unsafe {
            // The low half of each lane, within both halves of the register, then these together.
            let low = _mm256_set1_epi64x(0x0d0c_0908_0504_0100);
            let pairs = _mm256_shuffle_epi8(integers(lanes), low);
            let pairs = _mm256_permute4x64_epi64::<0b11_01_10_00>(pairs);
            _mm_storeu_si128(words.as_mut_ptr().cast(), _mm256_castsi256_si128(pairs));
        }
        words
    }

    /// Of the outputs 0 to 3 and 4 to 7, two parts each: the sums over inputs 0 and 1, 2 and 3.
    type Sums = [__m256i; 2];
    /// Four times the four integers.
    type Quad = __m256i;

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [avx2!(_mm256_setzero_si256()); 2]
    }
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> __m256i {
        avx2!(_mm256_set1_epi64x(bytemuck::must_cast(*x)))
    }
    #[inline(always)]
    fn add_products(self, sums: Self::Sums, entries: &[u32; 8], x: __m256i) -> Self::Sums {
        let [first, last] = bytemuck::must_cast_ref(entries);
        let [first, last] = [self.load_words(first), self.load_words(last)];
        avx2!({
            let first = _mm256_madd_epi16(_mm256_cvtepi8_epi16(first), x);
            let last = _mm256_madd_epi16(_mm256_cvtepi8_epi16(last), x);
            [
                _mm256_add_epi32(sums[0], first),
                _mm256_add_epi32(sums[1], last),
            ]
        })
    }
    #[inline(always)]
    fn nearest(self, sums: Self::Sums) -> Self::Octet {
        Vectors([F32x8(avx2!({
            // Outputs 0, 1, 4, 5, then 2, 3, 6, 7.
            let joined = _mm256_hadd_epi32(sums[0], sums[1]);
            _mm256_cvtepi32_ps(_mm256_permute4x64_epi64::<0b11_01_10_00>(joined))
        }))])
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,f16c")]
        fn inner<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX2 and F16C are available.
        unsafe { inner(self, kernel) }
    }
    #[inline(always)]
    fn run_apart<K: Kernel>(self, kernel: K) -> K::Output {
        #[inline(never)]
        #[target_feature(enable = "avx2,f16c")]
        fn inner<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
            kernel.call(token)
        }
        // SAFETY: the token proves that AVX2 and F16C are available.
        unsafe { inner(self, kernel) }
    }
}
