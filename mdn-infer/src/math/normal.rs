//! The normal distribution function and its quantile, and the complementary error function.
//!
//! The upper tail is 1 - Phi(a) = e^(-a^2/2) R(a) for a = |x|, with Mills' ratio R a polynomial
//! in t = (a - c) / (a + c), divided by a + c, after Shepherd and Laframboise (1981); erfc is
//! built alike. The square is taken in two parts of which the first is exact, so that the
//! relative accuracy reaches down into the subnormal results.
//!
//! The quantile is (p - 1/2) P(w) with w = -ln(4 p (1 - p)) for p and 1 - p above 1/64 (the
//! variable of Giles 2010), and beyond that u - Q(t) with u = sqrt(-2 ln p), t = 1 / (u + 3.5) -
//! 0.1 and the sign of p - 1/2: one logarithm and one polynomial whose coefficients are selected.
//! The lower tail is accurate down to the smallest subnormal p.

use super::exp::{UNSCALE, reduce_with_tail};
use super::ln::ln_positive;
use super::polynomial::{polynomial, selected_polynomial};
use crate::simd::Vector;

/// (Phi(a) - 1/2) / a in a^2, up to `NORMAL_EDGE`.
const NORMAL_CENTRE: [f32; 5] = [
    0.398_942_3,
    -0.066_491_075,
    0.009_980_181,
    -0.001_206_614_2,
    0.000_128_622_53,
];
/// e^(a^2/2) (1 - Phi(a)) (a + c) in t, for c = `NORMAL_POLE`.
const NORMAL_TAIL: [f32; 9] = [
    0.718_986_03,
    -0.474_354_12,
    0.182_334_42,
    -0.016_566_586,
    -0.016_444_419,
    0.003_217_424_7,
    0.002_492_483_7,
    -0.000_326_434,
    -0.000_415_782_97,
];
const NORMAL_POLE: f32 = 2.75;
const NORMAL_EDGE: f32 = 0.7;
/// Where the tail has rounded to zero.
const NORMAL_END: f32 = 14.5;

/// erf(x) / x - 1 in x^2, up to `ERF_EDGE`.
const ERF_CENTRE: [f32; 5] = [
    0.128_379_17,
    -0.376_126_1,
    0.112_828_51,
    -0.026_758_26,
    0.004_719_16,
];
/// e^(x^2) erfc(x) (x + c) in t, for c = `ERFC_POLE`.
const ERFC_TAIL: [f32; 9] = [
    1.016_170_7,
    -0.668_709_16,
    0.255_086_15,
    -0.021_821_229,
    -0.023_409_981,
    0.004_284_753_5,
    0.003_553_989,
    -0.000_397_787_37,
    -0.000_586_170_2,
];
const ERFC_POLE: f32 = 1.9375;
const ERF_EDGE: f32 = 0.5;
/// Where the tail has rounded to zero.
const ERFC_END: f32 = 10.25;

/// The quantile near the median, in w.
const CENTRE: [f32; 8] = [
    2.506_628_3,
    0.656_234_6,
    0.032_657_932,
    -0.006_577_046_6,
    -0.000_403_719,
    0.000_164_405_79,
    -7.514_712e-6,
    -6.290_947e-7,
];
/// u less the quantile far from the median, in t.
const TAIL: [f32; 8] = [
    0.437_271_8,
    4.506_319_5,
    8.338_519,
    51.529_65,
    87.167_81,
    1044.271_9,
    -686.943_1,
    37_683.35,
];
const EDGE: f32 = 1.0 / 64.0;

/// The standard normal distribution function. Its complement is `normal_cdf(-x)`.
#[inline(always)]
pub fn normal_cdf<V: Vector>(x: V) -> V {
    let half = x.splat(0.5);
    let a = x.splat(NORMAL_END).smaller(x.magnitude());
    let centre = a.mul(polynomial(a.mul(a), &NORMAL_CENTRE));
    let far = scaled_tail(a, 0.5, NORMAL_POLE, &NORMAL_TAIL);
    let tail = half.sub(centre).select(a.less(x.splat(NORMAL_EDGE)), far);
    tail.select(x.less(x.splat(0.0)), x.splat(1.0).sub(tail))
}

/// The error function.
#[inline(always)]
pub fn erf<V: Vector>(x: V) -> V {
    let (near, centre, far) = error_function(x);
    centre.select(near, x.splat(1.0).sub(far)).or(x.sign())
}

/// The complementary error function.
#[inline(always)]
pub fn erfc<V: Vector>(x: V) -> V {
    let (near, centre, far) = error_function(x);
    let tail = x.splat(1.0).sub(centre).select(near, far);
    x.splat(2.0).sub(tail).select(x.less(x.splat(0.0)), tail)
}

/// Whether |x| < `ERF_EDGE`, erf |x| where it is, and erfc |x| where it is not.
#[inline(always)]
fn error_function<V: Vector>(x: V) -> (V::Mask, V, V) {
    let a = x.splat(ERFC_END).smaller(x.magnitude());
    let near = a.less(x.splat(ERF_EDGE));
    let centre = a.add(a.mul(polynomial(a.mul(a), &ERF_CENTRE)));
    (near, centre, scaled_tail(a, 1.0, ERFC_POLE, &ERFC_TAIL))
}

/// e^(-`factor` a^2) P(t) / (a + pole) with t = (a - pole) / (a + pole); `factor` is 1 or 1/2.
#[inline(always)]
fn scaled_tail<V: Vector>(a: V, factor: f32, pole: f32, coefficients: &[f32; 9]) -> V {
    let pole = a.splat(pole);
    let minus = a.splat(-factor);
    let w = a.splat(1.0).div(a.add(pole));
    let ratio = polynomial(a.sub(pole).mul(w), coefficients).mul(w);
    let leading = a.and(a.splat_bits(0xffff_f000));
    let square = leading.mul(leading).mul(minus);
    let rest = a.sub(leading).mul(a.add(leading)).mul(minus);
    let (q, n) = reduce_with_tail(square, rest, 127.0 + 64.0);
    ratio
        .add(ratio.mul(q))
        .mul(n.shift_left::<23>())
        .mul(a.splat(UNSCALE))
}

/// The quantile of the standard normal distribution: infinite at 0 and 1, NaN outside.
#[inline(always)]
pub fn normal_quantile<V: Vector>(p: V) -> V {
    let (zero, half, one) = (p.splat(0.0), p.splat(0.5), p.splat(1.0));
    let mass = p.select(p.less(half), one.sub(p));
    let q = p.sub(half);
    let central = p.splat(EDGE).less(mass);
    let four = p.splat(4.0);
    let argument = mass.mul(four.sub(four.mul(mass))).select(central, mass);
    let w = ln_positive(argument).negate();
    let u = w.add(w).sqrt();
    let t = one.div(u.add(p.splat(3.5))).sub(p.splat(0.1));
    let sum = selected_polynomial(w, &CENTRE, central, t, &TAIL);
    let distance = q.magnitude().mul(sum).select(central, u.sub(sum));
    // Just below zero: greater numbers are zero or positive, and NaN is not greater.
    let edge = p.splat(-f32::from_bits(1)).less(mass);
    let outside = p.splat(f32::INFINITY).select(edge, p.splat(f32::NAN));
    distance.select(zero.less(mass), outside).or(q.sign())
}
