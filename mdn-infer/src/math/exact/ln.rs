//! The natural logarithm, of x and of 1 + x.
//!
//! x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), and
//! ln x = k ln 2 + f + f^2 P(f), added from the smallest term up; k * `LN2_HIGH` is exact.
//! For ln(1 + x) the rounding error of 1 + x is carried into f (Kahan 1987).
//!
//! P is minimax for the relative error of ln(1 + f), which is 5.9e-9, with P(0) = -1/2 (`LN` in
//! `docs/coefficients.py`).
//!
//! Special values: ln(0) = ln_1p(-1) = -inf; ln(x) = NaN for x < 0, ln_1p(x) = NaN for x < -1;
//! infinity and NaN are themselves, and so is ln_1p(-0). Largest errors over all inputs: ln 0.93
//! ULP, ln_1p 1.53 ULP.

use super::exp::{LN2_HIGH, LN2_LOW};
use super::polynomial::polynomial;
use crate::simd::Vector;

const LN: [f32; 9] = [
    -0.5,
    0.333_333_3,
    -0.250_008_2,
    0.200_012_42,
    -0.166_234_09,
    0.142_015_8,
    -0.131_596_1,
    0.127_622_16,
    -0.076_364_35,
];

const ONE_BITS: u32 = 0x3f80_0000;
const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
const FRACTION_BITS: u32 = 0x007f_ffff;

/// 2^23, whose low bits count units.
const COUNT: f32 = 8_388_608.0;

/// The natural logarithm.
#[inline(always)]
pub fn ln<V: Vector>(x: V) -> V {
    edges(x, 0.0, ln_positive(x))
}

/// The natural logarithm of a positive finite number.
#[inline(always)]
pub(super) fn ln_positive<V: Vector>(x: V) -> V {
    let subnormal = x.less(x.splat(f32::MIN_POSITIVE));
    let normal = x.mul(x.splat(COUNT)).select(subnormal, x);
    let bias = x
        .splat(COUNT + 127.0 + 23.0)
        .select(subnormal, x.splat(COUNT + 127.0));
    let shifted = normal.add_bits(x.splat_bits(ONE_BITS - SQRT_HALF_BITS));
    let k = exponent(shifted).sub(bias);
    sum(k, fraction(shifted).sub(x.splat(1.0)))
}

/// The natural logarithm of a positive normal number, with the bits of [`ln`] and fewer
/// operations.
#[inline(always)]
pub(crate) fn ln_normal<V: Vector>(x: V) -> V {
    let shifted = x.add_bits(x.splat_bits(ONE_BITS - SQRT_HALF_BITS));
    let k = exponent(shifted).sub(x.splat(COUNT + 127.0));
    sum(k, fraction(shifted).sub(x.splat(1.0)))
}

/// ln(1 + x), accurate for small x too.
#[inline(always)]
pub fn ln_1p<V: Vector>(x: V) -> V {
    let one = x.splat(1.0);
    let u = x.add(one);
    let error = x.sub(u.sub(one));
    let shifted = u.add_bits(x.splat_bits(ONE_BITS - SQRT_HALF_BITS));
    let k = exponent(shifted).sub(x.splat(COUNT + 127.0));
    // 2^(1 - k), for 2^-k may be subnormal.
    let infinity = x.splat(f32::INFINITY);
    let scale = shifted.and(infinity).xor(infinity);
    let carried = error.mul(scale).mul(x.splat(0.5));
    let f = fraction(shifted).sub(one).add(carried);
    edges(x, -1.0, sum(k, f)).or(x.sign())
}

/// ln(1 + s) for 0 <= s <= 1 (or NaN).
#[inline(always)]
pub(super) fn ln_1p_unit<V: Vector>(s: V) -> V {
    let one = s.splat(1.0);
    let zero = s.splat(0.0);
    let above = s.splat(core::f32::consts::SQRT_2 - 1.0).less(s);
    let k = one.select(above, zero);
    let f = s.sub(one).mul(s.splat(0.5)).select(above, s);
    sum(k, f)
}

/// k ln 2 + ln(1 + f).
#[inline(always)]
pub(super) fn sum<V: Vector>(k: V, f: V) -> V {
    let curved = f.mul(f).mul(polynomial(f, &LN));
    let low = curved.add(k.mul(f.splat(LN2_LOW)));
    k.mul(f.splat(LN2_HIGH)).add(f.add(low))
}

/// The exponent field as a number, with 2^23 added.
#[inline(always)]
fn exponent<V: Vector>(shifted: V) -> V {
    shifted.shift_right::<23>().or(shifted.splat(COUNT))
}

/// The fraction field as a number from sqrt(1/2) up to sqrt(2).
#[inline(always)]
fn fraction<V: Vector>(shifted: V) -> V {
    shifted
        .and(shifted.splat_bits(FRACTION_BITS))
        .add_bits(shifted.splat_bits(SQRT_HALF_BITS))
}

/// `inside` where `pole` < x < inf, else the special values.
#[inline(always)]
fn edges<V: Vector>(x: V, pole: f32, inside: V) -> V {
    let pole = x.splat(pole);
    let outside = x
        .splat(f32::NAN)
        .select(x.less(pole), x.splat(f32::NEG_INFINITY));
    inside
        .select(pole.less(x), outside)
        .select(x.less(x.splat(f32::INFINITY)), x)
}
