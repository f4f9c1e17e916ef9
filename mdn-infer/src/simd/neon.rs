//! NEON on AArch64: four lanes. Its fused multiply-add is never used, and so neither is
//! `vmlaq_f32`, which may become one.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::aarch64::*;

use super::{Kernel, Simd, Vector, Vectors, padded, store_front};

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
    type Octet = Vectors<F32x4, 2>;
    const BLOCK: usize = 4;
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
