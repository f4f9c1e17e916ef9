//! NEON on AArch64: four lanes. Its fused multiply-add is never used, and so neither is
//! `vmlaq_f32`, which may become one.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::aarch64::*;

use super::{Kernel, Octets, Simd, Twin, Vector, Vectors, padded, store_front};

/// The token for NEON; only [`Simd::detect`] builds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neon(());

/// Four lanes in one register; made from a [`Neon`] token only.
#[derive(Clone, Copy)]
pub struct F32x4(float32x4_t);

/// Calls NEON intrinsics on the registers of existing vectors.
macro_rules! neon {
    ($intrinsics:expr) => {
        // SAFETY: NEON is available: this module is compiled only for targets that include it.
        unsafe { $intrinsics }
    };
}

#[inline(always)]
fn integers(v: F32x4) -> uint32x4_t {
    neon!(vreinterpretq_u32_f32(v.0))
}

#[inline(always)]
fn floats(v: uint32x4_t) -> F32x4 {
    F32x4(neon!(vreinterpretq_f32_u32(v)))
}

impl Neon {
    #[inline(always)]
    fn load_full(self, from: &[f32; 4]) -> F32x4 {
        // SAFETY: NEON is available, as the token proves; `from` is four readable f32.
        F32x4(unsafe { vld1q_f32(from.as_ptr()) })
    }
    #[inline(always)]
    fn load_words(self, from: &[u32; 4]) -> uint32x4_t {
        // SAFETY: NEON is available, as the token proves; `from` is four readable words.
        unsafe { vld1q_u32(from.as_ptr()) }
    }
}

impl F32x4 {
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 4]) {
        // SAFETY: NEON is available, as `self` proves; `to` is four writable f32.
        unsafe { vst1q_f32(to.as_mut_ptr(), self.0) }
    }
}

impl Vector for F32x4 {
    const LANES: usize = 4;
    type Mask = uint32x4_t;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        F32x4(neon!(vdupq_n_f32(value)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x4(neon!(vaddq_f32(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x4(neon!(vsubq_f32(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x4(neon!(vmulq_f32(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F32x4(neon!(vdivq_f32(self.0, other.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(neon!(vsqrtq_f32(self.0)))
    }
    #[inline(always)]
    fn less(self, other: Self) -> uint32x4_t {
        neon!(vcltq_f32(self.0, other.0))
    }
    #[inline(always)]
    fn select(self, mask: uint32x4_t, other: Self) -> Self {
        F32x4(neon!(vbslq_f32(mask, self.0, other.0)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        floats(neon!(vandq_u32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        floats(neon!(vorrq_u32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        floats(neon!(veorq_u32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        floats(neon!(vaddq_u32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        floats(neon!(vsubq_u32(integers(self), integers(other))))
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        floats(neon!(vshlq_n_u32::<N>(integers(self))))
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        floats(neon!(vshrq_n_u32::<N>(integers(self))))
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
        Neon(()).load_full(&lanes)
    }
}

impl Simd for Neon {
    type Vector = F32x4;
    type Wide = F32x4;
    type Twin = Twin<F32x4>;
    type Octet = Vectors<F32x4, 2>;
    type Pair = Octets<Self::Octet>;
    const BLOCK: usize = 4;
    const TILE_ROWS: usize = 4;
    const NAME: &'static str = "neon";

    /// Always: the target includes it.
    #[inline(always)]
    fn detect() -> Option<Self> {
        Some(Neon(()))
    }
    #[inline(always)]
    fn splat(self, value: f32) -> F32x4 {
        F32x4(neon!(vdupq_n_f32(value)))
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
            neon!({
                let halves = vreinterpretq_u16_u32(halves);
                [vmovl_u16(vget_low_u16(halves)), vmovl_high_u16(halves)]
            })
            .map(floats),
        )
    }

    /// Of each output four parts: the sums over inputs 0, 1, 2 and 3.
    type Sums = [int32x4_t; 8];
    /// The four integers.
    type Quad = int16x4_t;

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [neon!(vdupq_n_s32(0)); 8]
    }
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> int16x4_t {
        neon!(vcreate_s16(u64::from(x[1]) << 32 | u64::from(x[0])))
    }
    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, entries: &[u32; 8], x: int16x4_t) -> Self::Sums {
        let halves: &[[u32; 4]; 2] = bytemuck::must_cast_ref(entries);
        for (sums, entries) in sums.as_chunks_mut::<4>().0.iter_mut().zip(halves) {
            let bytes = self.load_words(entries);
            *sums = neon!({
                let bytes = vreinterpretq_s8_u32(bytes);
                let (first, last) = (vmovl_s8(vget_low_s8(bytes)), vmovl_high_s8(bytes));
                let x = vcombine_s16(x, x);
                [
                    vmlal_s16(sums[0], vget_low_s16(first), vget_low_s16(x)),
                    vmlal_high_s16(sums[1], first, x),
                    vmlal_s16(sums[2], vget_low_s16(last), vget_low_s16(x)),
                    vmlal_high_s16(sums[3], last, x),
                ]
            });
        }
        sums
    }
    #[inline(always)]
    fn nearest(self, [a, b, c, d, e, f, g, h]: Self::Sums) -> Self::Octet {
        Vectors(
            neon!([
                vcvtq_f32_s32(vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d))),
                vcvtq_f32_s32(vpaddq_s32(vpaddq_s32(e, f), vpaddq_s32(g, h))),
            ])
            .map(F32x4),
        )
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
