//! Vectors of binary32 values and the instruction sets that implement them.
//!
//! Everything above this module is written once, over [`Vector`] and [`Simd`]; each file below
//! it supplies primitives for one instruction set and no algorithm. A [`Simd`] value is a token:
//! only feature detection can build one, and holding it is the proof that its instructions may
//! be executed. A [`Vector`] value can only be made from a token, so it carries the same proof.
//!
//! The primitives are exactly those of the arithmetic contract (`docs/arithmetic.md`): add,
//! subtract, multiply, divide, compare-and-select and integer operations on the bits, each
//! rounded once to nearest even. There is no fused multiply-add and no `min`/`max`.

pub mod reduce;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod control;
#[cfg(armv7em)]
mod dsp;
mod level;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2;
mod twin;
#[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
mod vfp;

pub use level::*;
pub use twin::Twin;

/// `LANES` binary32 values, each treated alike.
///
/// The integer operations act on the 32-bit patterns of the lanes.
pub trait Vector: Copy {
    /// The number of lanes: 1, 2, 4, 8 or 16.
    const LANES: usize;
    /// The result of a comparison, one truth value a lane.
    type Mask: Copy;

    /// `value` in every lane; `self` only proves that the instruction set is there.
    fn splat(self, value: f32) -> Self;
    /// The bit pattern `bits` in every lane.
    #[inline(always)]
    fn splat_bits(self, bits: u32) -> Self {
        self.splat(f32::from_bits(bits))
    }
    /// Sum.
    fn add(self, other: Self) -> Self;
    /// Difference.
    fn sub(self, other: Self) -> Self;
    /// Product.
    fn mul(self, other: Self) -> Self;
    /// Quotient.
    fn div(self, other: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Where `self < other`; false where either is NaN.
    fn less(self, other: Self) -> Self::Mask;
    /// `self` where `mask` holds, else `other`.
    fn select(self, mask: Self::Mask, other: Self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    fn or(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Wrapping 32-bit integer sum of the patterns.
    fn add_bits(self, other: Self) -> Self;
    /// Wrapping 32-bit integer difference of the patterns.
    fn sub_bits(self, other: Self) -> Self;
    /// Patterns shifted left by `N` bits, 1 to 31, zeros shifted in.
    fn shift_left<const N: i32>(self) -> Self;
    /// Patterns shifted right by `N` bits, 1 to 31, zeros shifted in.
    fn shift_right<const N: i32>(self) -> Self;
    /// Writes the first `to.len()` lanes (all of them where `to` is longer).
    fn store(self, to: &mut [f32]);
    /// `function` of every lane, one after the other.
    fn each(self, function: fn(f32) -> f32) -> Self;

    /// The larger of the two; `other` where either is NaN.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.select(other.less(self), other)
    }
    /// The smaller of the two; `other` where either is NaN.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        self.select(self.less(other), other)
    }
    /// The magnitude.
    #[inline(always)]
    fn magnitude(self) -> Self {
        self.and(self.splat_bits(0x7fff_ffff))
    }
    /// The sign bit alone.
    #[inline(always)]
    fn sign(self) -> Self {
        self.and(self.splat_bits(0x8000_0000))
    }
    /// The negation.
    #[inline(always)]
    fn negate(self) -> Self {
        self.xor(self.splat_bits(0x8000_0000))
    }
}

/// Eight lanes made of one or more vectors: the unit of dense kernels and of every reduction.
///
/// Eight is a constant of the arithmetic contract, whatever the width of the hardware: it fixes
/// which partial sums a reduction has.
pub trait Octet: Copy {
    /// The vectors it is made of.
    type Vector: Vector;

    /// Sum, lane by lane.
    fn add(self, other: Self) -> Self;
    /// Product, lane by lane.
    fn mul(self, other: Self) -> Self;
    /// The vectors in the order of their lanes.
    fn vectors_mut(&mut self) -> &mut [Self::Vector];
    /// Writes the first `to.len()` lanes (all eight where `to` is longer).
    fn store(self, to: &mut [f32]);
    /// The lanes in order.
    #[inline(always)]
    fn to_array(self) -> [f32; 8] {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        lanes
    }

    /// The sum of the lanes by the contract's tree:
    /// `((l0+l4) + (l2+l6)) + ((l1+l5) + (l3+l7))`.
    #[inline(always)]
    fn sum(self) -> f32 {
        tree(self.to_array(), |a, b| a + b)
    }
    /// The largest lane, by the same tree.
    #[inline(always)]
    fn largest(self) -> f32 {
        tree(self.to_array(), |a, b| if b < a { a } else { b })
    }
}

#[inline(always)]
fn tree(l: [f32; 8], combine: impl Fn(f32, f32) -> f32) -> f32 {
    let even = combine(combine(l[0], l[4]), combine(l[2], l[6]));
    let odd = combine(combine(l[1], l[5]), combine(l[3], l[7]));
    combine(even, odd)
}

/// `N` vectors seen as one octet; `N * V::LANES` is 8.
#[derive(Clone, Copy)]
pub struct Vectors<V, const N: usize>([V; N]);

impl<V: Vector, const N: usize> Vectors<V, N> {
    #[inline(always)]
    fn zip(mut self, other: Self, function: impl Fn(V, V) -> V) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = function(*a, b);
        }
        self
    }
}

impl<V: Vector, const N: usize> Octet for Vectors<V, N> {
    type Vector = V;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, V::add)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, V::mul)
    }
    #[inline(always)]
    fn vectors_mut(&mut self) -> &mut [V] {
        &mut self.0
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        for (v, to) in self.0.into_iter().zip(to.chunks_mut(V::LANES)) {
            v.store(to);
        }
    }
}

/// Two octets side by side: the unit in which a tile of a dense layer is computed.
pub trait Pair<S: Simd>: Copy {
    /// `value` in all sixteen lanes.
    fn splat(simd: S, value: f32) -> Self;
    /// Two octets.
    fn load(simd: S, low: &[f32; 8], high: &[f32; 8]) -> Self;
    /// Sum, lane by lane.
    fn add(self, other: Self) -> Self;
    /// Product, lane by lane.
    fn mul(self, other: Self) -> Self;
    /// Writes the first `to.len()` lanes (all sixteen where `to` is longer).
    fn store(self, to: &mut [f32]);
}

/// A pair made of two octets.
#[derive(Clone, Copy)]
pub struct Octets<O>(O, O);

impl<S: Simd> Pair<S> for Octets<S::Octet> {
    #[inline(always)]
    fn splat(simd: S, value: f32) -> Self {
        let octet = simd.splat_octet(value);
        Octets(octet, octet)
    }
    #[inline(always)]
    fn load(simd: S, low: &[f32; 8], high: &[f32; 8]) -> Self {
        Octets(simd.load_octet(low), simd.load_octet(high))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Octets(self.0.add(other.0), self.1.add(other.1))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Octets(self.0.mul(other.0), self.1.mul(other.1))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        match to.split_first_chunk_mut::<8>() {
            Some((low, high)) => {
                self.0.store(low);
                self.1.store(high);
            }
            None => self.0.store(to),
        }
    }
}

/// A token for one instruction set.
pub trait Simd: Copy {
    /// Its widest vector of at most eight lanes.
    type Vector: Vector;
    /// Its widest vector, for functions of single elements: wider than the unit of reductions
    /// where the hardware is.
    type Wide: Vector;
    /// Two of [`Vector`](Self::Vector) seen as one, or one register as wide: for functions of many
    /// elements, in kernels over many rows.
    type Twin: Vector;
    /// Eight lanes of [`Vector`](Self::Vector).
    type Octet: Octet<Vector = Self::Vector>;
    /// Two octets of it.
    type Pair: Pair<Self>;
    /// How many panels of eight outputs a dense kernel works on at once: 1, 2, 4 or 8, as the
    /// registers allow.
    const BLOCK: usize;
    /// How many rows of a batch a dense kernel works on at once, two panels at a time: 1, 2, 4
    /// or 6, as the registers allow.
    const TILE_ROWS: usize;

    /// The name of the instruction set, in lower case.
    const NAME: &'static str;

    /// The token, where this machine has the instruction set.
    fn detect() -> Option<Self>;
    /// `value` in every lane.
    fn splat(self, value: f32) -> Self::Vector;
    /// The first lanes of `from`; lanes beyond its end hold `fill`.
    fn load(self, from: &[f32], fill: f32) -> Self::Vector;
    /// The first lanes of `from`, 0 beyond its end.
    fn load_wide(self, from: &[f32]) -> Self::Wide;
    /// The first lanes of `from`, 0 beyond its end.
    fn load_twin(self, from: &[f32]) -> Self::Twin;
    /// `value` in all eight lanes.
    fn splat_octet(self, value: f32) -> Self::Octet;
    /// Eight lanes.
    fn load_octet(self, from: &[f32; 8]) -> Self::Octet;
    /// A square turned: lane i of the result's octet j is lane j of octet i.
    #[inline(always)]
    fn turn(self, square: [Self::Octet; 8]) -> [Self::Octet; 8] {
        let mut turned = [[0.0; 8]; 8];
        for (i, octet) in square.iter().enumerate() {
            for (row, value) in turned.iter_mut().zip(octet.to_array()) {
                if let Some(place) = row.get_mut(i) {
                    *place = value;
                }
            }
        }
        let mut octets = square;
        for (octet, row) in octets.iter_mut().zip(&turned) {
            *octet = self.load_octet(row);
        }
        octets
    }
    /// Eight 16-bit patterns, two a word and the first in the lower half, as the lanes' patterns.
    fn load_halves(self, from: &[u32; 4]) -> Self::Octet;
    /// Eight finite binary16 numbers, laid out alike; the conversion is exact.
    #[inline(always)]
    fn load_f16(self, from: &[u32; 4]) -> Self::Octet {
        let mut lanes = self.load_halves(from);
        for lane in lanes.vectors_mut() {
            *lane = f16_to_f32(*lane);
        }
        lanes
    }
    /// Sixteen bfloat16 numbers, the upper halves of binary32 numbers: eight in the lower halves
    /// of the words, and eight in the upper.
    #[inline(always)]
    fn load_bf16(self, from: &[u32; 8]) -> [Self::Octet; 2] {
        let words = self.load_octet(bytemuck::must_cast_ref(from));
        let (mut lower, mut upper) = (words, words);
        for lane in lower.vectors_mut() {
            *lane = lane.shift_left::<16>();
        }
        for lane in upper.vectors_mut() {
            *lane = lane.and(lane.splat_bits(0xffff_0000));
        }
        [lower, upper]
    }

    /// The low halves of the lanes' patterns as two groups of four integers, for
    /// [`quad`](Self::quad).
    #[inline(always)]
    fn low_halves(self, lanes: Self::Octet) -> [[u32; 2]; 2] {
        let [a, b, c, d, e, f, g, h] = lanes.to_array().map(f32::to_bits);
        let word = |(low, high)| (low & 0xffff) | (high << 16);
        [[(a, b), (c, d)], [(e, f), (g, h)]].map(|group| group.map(word))
    }

    /// Eight integer sums of products, one an output, in whatever parts the hardware keeps them.
    type Sums: Copy;
    /// Four 16-bit integers, ready to be multiplied.
    type Quad: Copy;

    /// Sums of no products.
    fn no_sums(self) -> Self::Sums;
    /// Four integers, as [`low_halves`](Self::low_halves) packs them.
    fn quad(self, x: &[u32; 2]) -> Self::Quad;
    /// Adds to the sum of each output the four products of `x` and of the 8-bit integers in its
    /// word of `entries`, the first lowest. Where it overflows 32 bits it wraps.
    fn add_products(self, sums: Self::Sums, entries: &[u32; 8], x: Self::Quad) -> Self::Sums;
    /// The binary32 number nearest to each sum, ties to even.
    fn nearest(self, sums: Self::Sums) -> Self::Octet;

    /// Whether [`panel_f16`](Self::panel_f16) is to be used in place of
    /// [`load_f16`](Self::load_f16).
    const HAS_PANEL_F16: bool = false;

    /// One panel as [`panels`](Self::panels) does them, from biases and, for each pair of inputs,
    /// eight binary16 entries for each of the two.
    #[inline(always)]
    fn panel_f16(self, _bias: &[f32; 8], _pairs: &[[u32; 8]], _input: &[f32], _to: &mut [f32]) {}

    /// Whether [`integer_panels`](Self::integer_panels) is to be used in place of
    /// [`add_products`](Self::add_products).
    const HAS_INTEGER_PANELS: bool = false;

    /// Panels of a dense layer with 8-bit entries, in the order of the arithmetic contract, from
    /// inputs as [`low_halves`](Self::low_halves) packs them, each worth `step`.
    #[inline(always)]
    fn integer_panels(
        self,
        _panels: &IntegerPanels<'_>,
        _inputs: &[[u32; 2]],
        _step: f32,
        _to: &mut [[f32; 8]],
    ) {
    }

    /// Runs `kernel` compiled for this instruction set.
    fn run<K: Kernel>(self, kernel: K) -> K::Output;
    /// As [`run`](Self::run), for kernels over many rows: there the widest registers pay, which
    /// cost the short loops of a single row more than they give.
    #[inline(always)]
    fn run_batch<K: Kernel>(self, kernel: K) -> K::Output {
        self.run(kernel)
    }
    /// A part of a kernel that [`run_batch`](Self::run_batch) runs, in a function of its own,
    /// which has all registers for itself.
    fn run_apart<K: Kernel>(self, kernel: K) -> K::Output;

    /// The sums of each lane of `row`, from its first octet on; 0 for none.
    #[inline(always)]
    fn sums(self, row: &[[f32; 8]]) -> Self::Octet {
        reduce::fold_octets(self, row, 0.0, |partial, x| partial.add(x))
    }
    /// The largest of each lane of `row`, none of which may be NaN; −∞ for none.
    #[inline(always)]
    fn largest(self, row: &[[f32; 8]]) -> Self::Octet {
        reduce::fold_octets(self, row, f32::NEG_INFINITY, |partial, x| x.larger(partial))
    }

    /// Whether [`panels`](Self::panels) is to be used in place of [`Octet`]s.
    const HAS_PANELS: bool = false;

    /// All panels of a dense layer, each of eight biases and then the entries of each of `input`,
    /// in the order of the arithmetic contract.
    #[inline(always)]
    fn panels(self, _panels: &[[f32; 8]], _input: &[f32], _output: &mut [f32]) {}
}

/// Panels of a dense layer with 8-bit entries.
#[derive(Clone, Copy, Debug)]
pub struct IntegerPanels<'a> {
    /// For each panel its eight biases.
    pub biases: &'a [[f32; 8]],
    /// For each panel what the entries of its outputs are multiplied by.
    pub scales: &'a [[f32; 8]],
    /// For each panel, and in it for each group of four inputs, a word for each output.
    pub groups: &'a [[u32; 8]],
}

/// The finite binary16 numbers in the low halves of the lanes, as binary32.
///
/// Moved to the place of a binary32's exponent and fraction, the pattern stands for the number
/// times 2^-112, subnormal or not; the product with 2^112 is exact.
#[inline(always)]
fn f16_to_f32<V: Vector>(pattern: V) -> V {
    let magnitude = pattern.and(pattern.splat_bits(0x7fff)).shift_left::<13>();
    let sign = pattern.shift_left::<16>().sign();
    let number = magnitude.mul(pattern.splat(5_192_296_858_534_827_628_530_496_329_220_096.0));
    number.or(sign)
}

/// An algorithm to be compiled once for each instruction set.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The algorithm; implementations are `#[inline(always)]`.
    fn call<S: Simd>(self, simd: S) -> Self::Output;
}

/// The first `N` elements of `from`, those beyond its end being `fill`: a partial load.
#[inline(always)]
fn padded<const N: usize>(from: &[f32], fill: f32) -> [f32; N] {
    let mut lanes = [fill; N];
    for (lane, &value) in lanes.iter_mut().zip(from) {
        *lane = value;
    }
    lanes
}

/// As many of `lanes` as `to` has room for: a partial store.
#[inline(always)]
fn store_front(lanes: &[f32], to: &mut [f32]) {
    for (slot, &lane) in to.iter_mut().zip(lanes) {
        *slot = lane;
    }
}
