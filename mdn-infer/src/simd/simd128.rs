//! WebAssembly's 128-bit vectors: four lanes, none of the relaxed instructions.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::wasm32::*;

use super::{Kernel, Simd, Vector, Vectors, padded, store_front};

/// The token for simd128; only [`Simd::detect`] builds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd128(());

/// Four lanes in one register; made from a [`Simd128`] token only.
#[derive(Clone, Copy)]
pub struct F32x4(v128);

impl Simd128 {
    #[inline(always)]
    fn load_full(self, from: &[f32; 4]) -> F32x4 {
        // SAFETY: `from` is four readable f32, at any alignment.
        F32x4(unsafe { v128_load(from.as_ptr().cast()) })
    }
}

impl F32x4 {
    #[inline(always)]
    fn store_full(self, to: &mut [f32; 4]) {
        // SAFETY: `to` is four writable f32, at any alignment.
        unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
    }
}

impl Vector for F32x4 {
    const LANES: usize = 4;
    type Mask = v128;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        F32x4(f32x4_splat(value))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x4(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x4(f32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x4(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F32x4(f32x4_div(self.0, other.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(f32x4_sqrt(self.0))
    }
    #[inline(always)]
    fn less(self, other: Self) -> v128 {
        f32x4_lt(self.0, other.0)
    }
    #[inline(always)]
    fn select(self, mask: v128, other: Self) -> Self {
        F32x4(v128_bitselect(self.0, other.0, mask))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        F32x4(v128_and(self.0, other.0))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        F32x4(v128_or(self.0, other.0))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        F32x4(v128_xor(self.0, other.0))
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        F32x4(i32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        F32x4(i32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        F32x4(u32x4_shl(self.0, N as u32))
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        F32x4(u32x4_shr(self.0, N as u32))
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
        Simd128(()).load_full(&lanes)
    }
}

impl Simd for Simd128 {
    type Vector = F32x4;
    type Octet = Vectors<F32x4, 2>;
    const BLOCK: usize = 2;
    const NAME: &'static str = "simd128";

    /// Always: the target includes it.
    #[inline(always)]
    fn detect() -> Option<Self> {
        Some(Simd128(()))
    }
    #[inline(always)]
    fn splat(self, value: f32) -> F32x4 {
        F32x4(f32x4_splat(value))
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
