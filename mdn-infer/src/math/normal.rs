//! The normal distribution function and the error function.
//!
//! The upper tail 1 - Phi(a), a = |x|, is e^(-a^2/2) R(a) with Mills' ratio R: a polynomial up to
//! a = 1.75 and a polynomial in 1/a, divided by a, beyond; erfc is built alike. The square is
//! taken in two parts of which the first is exact, so that the relative accuracy holds down to
//! the subnormal results. erf x = x + x P(x^2) for |x| < 1/2.
//!
//! The polynomials are minimax; their relative errors are below 9.4e-9 (`NORMAL_NEAR` to `ERF` in
//! `docs/coefficients.py`).
//!
//! Special values: 0 and 1 (erf: -1 and 1, erfc: 2 and 0) at -inf and inf, erf(-0) = -0, NaN at
//! NaN; results underflow gradually. Largest errors over all inputs: normal_cdf 2.64, erf 1.29,
//! erfc 2.89 ULP.

use super::exp::{UNSCALE, reduce_sum};
use super::polynomial::{polynomial, selected_polynomial};
use crate::simd::Vector;

const TERMS: usize = 11;

/// e^(`factor` a^2) times an upper tail: P(a - `middle`) up to `edge`, then
/// Q(1 / a - `inverse_middle`) / a up to `end`, where the tail has rounded to zero.
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
    middle: 0.65625,
    edge: 1.75,
    inverse_middle: 0.28125,
    end: 14.5,
    near: NORMAL_NEAR,
    far: NORMAL_FAR,
};
const NORMAL_NEAR: [f32; TERMS] = [
    0.317_301_24,
    -0.190_713_35,
    0.096_072_64,
    -0.042_555_004,
    0.017_038_072,
    -0.006_276_485_5,
    0.002_147_831_7,
    -0.000_689_882_1,
    0.000_219_598_14,
    -6.867_392e-5,
    1.350_973_5e-5,
];
const NORMAL_FAR: [f32; TERMS] = [
    0.372_904_48,
    -0.155_503_23,
    -0.113_568_984,
    0.333_065_12,
    -0.337_495_45,
    -0.053_703_193,
    0.916_675_1,
    -1.902_689_8,
    1.267_768_1,
    3.093_557_8,
    -5.593_825,
];

/// erfc(a).
const ERFC: Tail = Tail {
    factor: 1.0,
    middle: 0.375,
    edge: 1.25,
    inverse_middle: 0.25,
    end: 10.25,
    near: ERFC_NEAR,
    far: ERFC_FAR,
};
const ERFC_NEAR: [f32; TERMS] = [
    0.685_857_24,
    -0.613_986_25,
    0.455_612_27,
    -0.295_420_62,
    0.172_412_7,
    -0.092_303_66,
    0.045_976_53,
    -0.021_584_738,
    0.009_433_363,
    -0.003_362_447_3,
    0.000_662_185_8,
];
const ERFC_FAR: [f32; TERMS] = [
    0.547_997_83,
    -0.119_446_84,
    -0.167_786_2,
    0.219_483_4,
    -0.028_019_423,
    -0.270_714,
    0.400_681_44,
    -0.121_334_21,
    -0.401_861_52,
    0.583_809_73,
    -0.262_022_02,
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
    let inverse = one.div(a);
    let ratio = selected_polynomial(
        near,
        (a.sub(a.splat(tail.middle)), &tail.near),
        (inverse.sub(a.splat(tail.inverse_middle)), &tail.far),
    );
    let minus = a.splat(-tail.factor);
    let leading = a.and(a.splat_bits(0xffff_f000));
    let square = leading.mul(leading).mul(minus);
    let rest = a.sub(leading).mul(a.add(leading)).mul(minus);
    let (q, n) = reduce_sum(square, rest, 127.0 + 64.0);
    ratio
        .add(ratio.mul(q))
        .div(one.select(near, a))
        .mul(n.shift_left::<23>())
        .mul(a.splat(UNSCALE))
}
