//! The normal distribution function and the error function.
//!
//! The upper tail 1 - Phi(a), a = |x|, is e^(-a^2/2) R(a) with Mills' ratio R: a polynomial up to
//! a = 1.5 and a polynomial in 1/a, divided by a, beyond; erfc is built alike. The square is
//! taken in two parts of which the first is exact, so that the relative accuracy holds down to
//! the subnormal results. erf x = x + x P(x^2) for |x| < 1/2.
//!
//! Only the last sum is rounded at the size of the result. With e^(-a^2/2) = 2^n (1 + q) the tail
//! is 2^n (R + (R q + l)), where l is what the rounding of R lost (Dekker 1971). Beyond the edge
//! R = (c + s) / a with c of 12 bits and s small, and the quotient is taken without a rounding of
//! its size: h, the first 12 bits of 1/a, leaves the remainder r = 1 - a h, which is exact when a
//! is split too; then R = c h + (s + c r) / a, and c h is exact.
//!
//! The polynomials are minimax; their relative errors are below 1.1e-8 (`NORMAL_NEAR` to `ERF` in
//! `docs/coefficients.py`).
//!
//! Special values: 0 and 1 (erf: -1 and 1, erfc: 2 and 0) at -inf and inf, erf(-0) = -0, NaN at
//! NaN; results underflow gradually. Largest errors over all inputs: normal_cdf 1.78, erf 1.08,
//! erfc 1.84 ULP.

use super::exp::{UNSCALE, reduce_sum};
use super::polynomial::{polynomial, selected_polynomial};
use crate::simd::Vector;

const TERMS: usize = 12;

/// e^(`factor` a^2) times an upper tail: P(a - `middle`) up to `edge`, then
/// Q(1 / a - `inverse_middle`) / a up to `end`, where the tail has rounded to zero. The constant
/// of Q has 12 bits.
struct Tail {
    factor: f32,
    middle: f32,
    edge: f32,
    inverse_middle: f32,
    end: f32,
    near: [f32; TERMS],
    far: [f32; TERMS],
}

/// 1 - Phi(a).
const NORMAL: Tail = Tail {
    factor: 0.5,
    middle: 0.789_062_5,
    edge: 1.5,
    inverse_middle: 0.281_119_3,
    end: 14.5,
    near: NORMAL_NEAR,
    far: NORMAL_FAR,
};
const NORMAL_NEAR: [f32; TERMS] = [
    0.293_572_13,
    -0.167_295_53,
    0.080_782_704,
    -0.034_517_4,
    0.013_387_189,
    -0.004_793_024,
    0.001_597_980_7,
    -0.000_496_594_47,
    0.000_156_210_37,
    -5.384_268_3e-5,
    8.274_582e-6,
    2.562_866_5e-6,
];
const NORMAL_FAR: [f32; TERMS] = [
    0.372_924_8,
    -0.155_473_55,
    -0.113_700_666,
    0.333_251_8,
    -0.337_289_04,
    -0.055_434_577,
    0.908_965_4,
    -1.862_518,
    1.472_216_5,
    2.322_677_9,
    -7.176_396_4,
    5.500_560_8,
];

/// erfc(a).
const ERFC: Tail = Tail {
    factor: 1.0,
    middle: 0.5,
    edge: 1.078_125,
    inverse_middle: 0.249_179_68,
    end: 10.25,
    near: ERFC_NEAR,
    far: ERFC_FAR,
};
const ERFC_NEAR: [f32; TERMS] = [
    0.615_690_35,
    -0.512_688_8,
    0.359_344_7,
    -0.222_010_2,
    0.124_208_99,
    -0.063_997_15,
    0.030_307_868,
    -0.013_494_098,
    0.007_810_414,
    -0.004_502_514,
    -0.001_916_334_4,
    0.003_283_992_4,
];
const ERFC_FAR: [f32; TERMS] = [
    0.548_095_7,
    -0.119_171_135,
    -0.168_326_15,
    0.219_581_56,
    -0.026_949_672,
    -0.273_247_18,
    0.405_180_66,
    -0.114_156_835,
    -0.499_086_86,
    0.878_393_2,
    -0.647_771_84,
    0.190_019_19,
];

/// erf(x) / x - 1 in x^2, up to `ERF_EDGE`.
const ERF: [f32; 5] = [
    0.128_379_17,
    -0.376_126_1,
    0.112_828_51,
    -0.026_758_26,
    0.004_719_16,
];
const ERF_EDGE: f32 = 0.5;

/// The standard normal distribution function. Its complement is `normal_cdf(-x)`.
#[inline(always)]
pub fn normal_cdf<V: Vector>(x: V) -> V {
    let tail = upper_tail(x.magnitude(), &NORMAL);
    tail.select(x.less(x.splat(0.0)), x.splat(1.0).sub(tail))
}

/// The error function.
#[inline(always)]
pub fn erf<V: Vector>(x: V) -> V {
    let a = x.magnitude();
    let near = a.add(a.mul(polynomial(a.mul(a), &ERF)));
    let far = x.splat(1.0).sub(upper_tail(a, &ERFC));
    near.select(a.less(x.splat(ERF_EDGE)), far).or(x.sign())
}

/// The complementary error function.
#[inline(always)]
pub fn erfc<V: Vector>(x: V) -> V {
    let tail = upper_tail(x.magnitude(), &ERFC);
    x.splat(2.0).sub(tail).select(x.less(x.splat(0.0)), tail)
}

/// This tail for a >= 0 (or NaN).
#[inline(always)]
fn upper_tail<V: Vector>(a: V, tail: &Tail) -> V {
    let a = a.splat(tail.end).smaller(a);
    let one = a.splat(1.0);
    let near = a.less(a.splat(tail.edge));
    let divisor = one.select(near, a);
    let inverse = one.div(divisor);
    let (constant, rest) = selected_polynomial(
        near,
        (a.sub(a.splat(tail.middle)), &tail.near),
        (inverse.sub(a.splat(tail.inverse_middle)), &tail.far),
    );
    // 1 - divisor * short, exactly: the divisor in two parts of 12 bits.
    let (short, leading) = (leading_bits(inverse), leading_bits(divisor));
    let trailing = divisor.sub(leading);
    let remainder = one.sub(leading.mul(short)).sub(trailing.mul(short));
    let large = constant.mul(short);
    let small = rest.add(constant.mul(remainder)).mul(inverse);
    let ratio = large.add(small);
    let lost = small.sub(ratio.sub(large));
    let (q, n) = exp_of_square(a, tail.factor);
    ratio
        .add(ratio.mul(q).add(lost))
        .mul(n.shift_left::<23>())
        .mul(a.splat(UNSCALE))
}

/// The first 12 bits of the significand.
#[inline(always)]
fn leading_bits<V: Vector>(x: V) -> V {
    x.and(x.splat_bits(0xffff_f000))
}

/// As the exponential's `reduce`, for 2^64 e^(-`factor` a^2).
#[inline(always)]
fn exp_of_square<V: Vector>(a: V, factor: f32) -> (V, V) {
    let minus = a.splat(-factor);
    let leading = leading_bits(a);
    let square = leading.mul(leading).mul(minus);
    let rest = a.sub(leading).mul(a.add(leading)).mul(minus);
    reduce_sum(square, rest, 127.0 + 64.0)
}
