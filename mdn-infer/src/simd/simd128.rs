//! WebAssembly's 128-bit vectors: four lanes, none of the relaxed instructions.
#![allow(unsafe_code, reason = "the intrinsics of this instruction set")]

use core::arch::wasm32::*;

use super::{Kernel, Octets, Simd, Twin, Vector, Vectors, padded, store_front};

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
    #[inline(always)]
    fn load_words(self, from: &[u32; 4]) -> v128 {
        // SAFETY: `from` is sixteen readable bytes, at any alignment.
        unsafe { v128_load(from.as_ptr().cast()) }
    }
    /// The sums of neighbours in `low`, then in `high`, as the nearest binary32 numbers.
    #[inline(always)]
    fn joined(self, low: v128, high: v128) -> F32x4 {
        let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
        let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
        F32x4(f32x4_convert_i32x4(i32x4_add(even, odd)))
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
    type Wide = F32x4;
    type Twin = Twin<F32x4>;
    type Octet = Vectors<F32x4, 2>;
    type Pair = Octets<Self::Octet>;
    const BLOCK: usize = 2;
    const TILE_ROWS: usize = 2;
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
        Vectors([
            F32x4(u32x4_extend_low_u16x8(halves)),
            F32x4(u32x4_extend_high_u16x8(halves)),
        ])
    }

    /// Of outputs 0 and 1, 2 and 3 …, two parts each: the sums over inputs 0 and 1, 2 and 3.
    type Sums = [v128; 4];
    /// Twice the four integers.
    type Quad = v128;

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [i32x4_splat(0); 4]
    }
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> v128 {
        i64x2_splat(bytemuck::must_cast(*x))
    }
    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, entries: &[u32; 8], x: v128) -> Self::Sums {
        let halves: &[[u32; 4]; 2] = bytemuck::must_cast_ref(entries);
        for (sums, entries) in sums.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
            let bytes = self.load_words(entries);
            let first = i32x4_dot_i16x8(i16x8_extend_low_i8x16(bytes), x);
            let last = i32x4_dot_i16x8(i16x8_extend_high_i8x16(bytes), x);
            *sums = [i32x4_add(sums[0], first), i32x4_add(sums[1], last)];
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
