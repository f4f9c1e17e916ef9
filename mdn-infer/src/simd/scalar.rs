//! Plain Rust: one lane, on every target.

use super::{Kernel, Octets, Simd, Twin, Vector, Vectors, padded, store_front};

/// The token for plain Rust; always available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar;

#[inline(always)]
fn bitwise(a: f32, b: f32, function: impl Fn(u32, u32) -> u32) -> f32 {
    f32::from_bits(function(a.to_bits(), b.to_bits()))
}

impl Vector for f32 {
    const LANES: usize = 1;
    type Mask = bool;

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        value
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self / other
    }
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    #[inline(always)]
    fn sqrt(self) -> Self {
        super::vfp::sqrt(self)
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")))]
    #[inline(always)]
    fn sqrt(self) -> Self {
        libm::sqrtf(self)
    }
    #[inline(always)]
    fn less(self, other: Self) -> bool {
        self < other
    }
    #[inline(always)]
    fn select(self, mask: bool, other: Self) -> Self {
        if mask { self } else { other }
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        bitwise(self, other, |a, b| a & b)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        bitwise(self, other, |a, b| a | b)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        bitwise(self, other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        bitwise(self, other, u32::wrapping_add)
    }
    #[inline(always)]
    fn sub_bits(self, other: Self) -> Self {
        bitwise(self, other, u32::wrapping_sub)
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        f32::from_bits(self.to_bits() << N)
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        f32::from_bits(self.to_bits() >> N)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        store_front(&[self], to);
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        function(self)
    }
}

impl Simd for Scalar {
    type Vector = f32;
    type Wide = f32;
    type Twin = Twin<f32>;
    type Octet = Vectors<f32, 8>;
    type Pair = Octets<Self::Octet>;
    const BLOCK: usize = 1;
    const TILE_ROWS: usize = 1;
    const NAME: &'static str = "scalar";

    #[inline(always)]
    fn detect() -> Option<Self> {
        Some(Scalar)
    }
    #[inline(always)]
    fn splat(self, value: f32) -> f32 {
        value
    }
    #[inline(always)]
    fn load(self, from: &[f32], fill: f32) -> f32 {
        let [lane] = padded(from, fill);
        lane
    }
    #[inline(always)]
    fn load_wide(self, from: &[f32]) -> f32 {
        self.load(from, 0.0)
    }
    #[inline(always)]
    fn load_twin(self, from: &[f32]) -> Self::Twin {
        Twin::load(self, from)
    }
    #[inline(always)]
    fn splat_octet(self, value: f32) -> Self::Octet {
        Vectors([value; 8])
    }
    #[inline(always)]
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet {
        Vectors(*from)
    }
    #[inline(always)]
    fn load_halves(self, from: &[u32; 4]) -> Self::Octet {
        let [a, b, c, d] = from.map(|word| [word & 0xffff, word >> 16].map(f32::from_bits));
        Vectors([a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]])
    }

    type Sums = [i32; 8];
    type Quad = [i32; 4];

    #[inline(always)]
    fn no_sums(self) -> [i32; 8] {
        [0; 8]
    }
    #[cfg(not(armv7em))]
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> [i32; 4] {
        let [a, b] = x.map(|word| [(word as i16).into(), ((word >> 16) as i16).into()]);
        [a[0], a[1], b[0], b[1]]
    }
    /// The first and third, then the second and fourth, as the DSP instructions want them.
    #[cfg(armv7em)]
    #[inline(always)]
    fn low_halves(self, Vectors(lanes): Self::Octet) -> [[u32; 2]; 2] {
        let [a, b, c, d, e, f, g, h] = lanes.map(f32::to_bits);
        let word = |(low, high)| (low & 0xffff) | (high << 16);
        [[(a, c), (b, d)], [(e, g), (f, h)]].map(|group| group.map(word))
    }
    #[cfg(armv7em)]
    #[inline(always)]
    fn quad(self, x: &[u32; 2]) -> [i32; 4] {
        let [a, b] = x.map(|word| [(word as i16).into(), ((word >> 16) as i16).into()]);
        [a[0], b[0], a[1], b[1]]
    }
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    const HAS_PANEL_F16: bool = true;
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    #[inline(always)]
    fn panel_f16(self, bias: &[f32; 8], pairs: &[[u32; 8]], input: &[f32], to: &mut [f32]) {
        match to.first_chunk_mut::<8>() {
            Some(full) => super::vfp::panel_f16(bias, pairs, input, full),
            None => {
                let mut lanes = [0.0; 8];
                super::vfp::panel_f16(bias, pairs, input, &mut lanes);
                store_front(&lanes, to);
            }
        }
    }
    #[cfg(armv7em)]
    const HAS_INTEGER_PANELS: bool = true;
    #[cfg(armv7em)]
    #[inline(always)]
    fn integer_panels(
        self,
        panels: &super::IntegerPanels<'_>,
        inputs: &[[u32; 2]],
        step: f32,
        to: &mut [[f32; 8]],
    ) {
        super::dsp::panels(panels, inputs, step, to);
    }
    #[inline(always)]
    fn add_products(self, mut sums: [i32; 8], entries: &[u32; 8], x: [i32; 4]) -> [i32; 8] {
        for (sum, word) in sums.iter_mut().zip(entries) {
            for (entry, x) in word.to_le_bytes().into_iter().zip(x) {
                *sum = sum.wrapping_add(i32::from(entry as i8) * x);
            }
        }
        sums
    }
    #[inline(always)]
    fn nearest(self, sums: [i32; 8]) -> Self::Octet {
        Vectors(sums.map(|sum| sum as f32))
    }
    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.call(self)
    }
    #[inline(never)]
    fn run_apart<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.call(self)
    }
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    #[inline(always)]
    fn sums(self, row: &[[f32; 8]]) -> Self::Octet {
        Vectors(super::vfp::sums(row).unwrap_or([0.0; 8]))
    }
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    #[inline(always)]
    fn largest(self, row: &[[f32; 8]]) -> Self::Octet {
        Vectors(super::vfp::largest(row).unwrap_or([f32::NEG_INFINITY; 8]))
    }
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    const HAS_PANELS: bool = true;
    #[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
    #[inline(always)]
    fn panels(self, panels: &[[f32; 8]], input: &[f32], output: &mut [f32]) {
        super::vfp::panels(panels, input, output);
    }
}
