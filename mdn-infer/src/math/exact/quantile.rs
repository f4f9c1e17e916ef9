//! The quantile of the normal distribution.
//!
//! For p and 1 - p above 1/64 it is (p - 1/2) (4 + P(w)) with w = -ln(4 p (1 - p)), a variable of
//! Giles (2010); what the rounding of p - 1/2 lost is added, times a typical slope. Beyond, its
//! magnitude is u - Q(t) with u = sqrt(2 w), w = -ln p (1 - p for p > 1/2) and
//! t = 1 / (u + 3.5) - 0.1, taken as sqrt(2 w - Q (2 u - Q)), in which the rounding of u matters
//! little. So there is one logarithm and one polynomial, whose coefficients are selected. Relative
//! accuracy holds in the whole lower tail, down to the smallest subnormal p.
//!
//! P and Q are minimax for the relative error, which is below 1.2e-8 (`CENTRE` and `TAIL` in
//! `docs/coefficients.py`).
//!
//! Special values: -inf at ±0, inf at 1, +0 at 1/2, NaN outside [0, 1] and at NaN. Largest error
//! over all inputs: 1.95 ULP.

use super::ln::ln_positive;
use super::polynomial::selected_polynomial;
use crate::simd::Vector;

/// The quantile near the median, in w.
const CENTRE: [f32; 8] = [
    -1.493_371_7,
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
    1_044.271_9,
    -686.943_1,
    37_683.35,
];
const EDGE: f32 = 1.0 / 64.0;

/// The quantile of the standard normal distribution: infinite at 0 and 1, NaN outside.
#[inline(always)]
pub fn normal_quantile<V: Vector>(p: V) -> V {
    let (zero, half, one) = (p.splat(0.0), p.splat(0.5), p.splat(1.0));
    let mass = p.select(p.less(half), one.sub(p));
    let q = p.sub(half);
    let central = p.splat(EDGE).less(mass);
    let four = p.splat(4.0);
    let argument = mass.sub(mass.mul(mass)).mul(four).select(central, mass);
    let w = ln_positive(argument).negate();
    let square = w.add(w);
    let u = square.sqrt();
    let t = one.div(u.add(p.splat(3.5))).sub(p.splat(0.1));
    let (constant, rest) = selected_polynomial(central, (w, &CENTRE), (t, &TAIL));
    let sum = constant.add(rest);
    let far = square.sub(sum.mul(u.add(u).sub(sum))).sqrt();
    let factor = q.magnitude();
    let lost = half.sub(factor).sub(mass);
    let near = four
        .mul(factor)
        .add(factor.mul(sum).add(lost.mul(p.splat(3.0))));
    let distance = near.select(central, far);
    // Just below zero: greater numbers are zero or positive, and NaN is not greater.
    let edge = p.splat(-f32::from_bits(1)).less(mass);
    let outside = p.splat(f32::INFINITY).select(edge, p.splat(f32::NAN));
    distance.select(zero.less(mass), outside).or(q.sign())
}
