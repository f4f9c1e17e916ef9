//! The exponential function.
//!
//! x = n ln 2 + r with n an integer and |r| <= ln(2) / 2 (Cody and Waite 1980): n is rounded by
//! adding and subtracting 1.5 * 2^23, and ln 2 is split so that x - n * `LN2_HIGH` is exact. Then
//! e^x = 2^n (1 + q) with q = e^r - 1 = r + r^2 P(r); the tail of r is added to the small term
//! r^2 P(r) only, so that q is rounded once where it matters.
//!
//! P is minimax for the relative error of e^r - 1, which is 1.4e-8 (`EXP` in
//! `docs/coefficients.py`).
//!
//! Special values: exp(-inf) = 0, exp(inf) = inf, exp(NaN) = NaN; results overflow to infinity
//! and underflow gradually, rounded once. Largest error over all inputs: 0.93 ULP.

use super::polynomial::polynomial;
use crate::simd::Vector;

/// ln 2 to 15 bits, and the rest.
pub(super) const LN2_HIGH: f32 = 0.693_145_75;
pub(super) const LN2_LOW: f32 = 1.428_606_8e-6;

const EXP: [f32; 5] = [
    0.499_999_97,
    0.166_665_46,
    0.041_667_443,
    0.008_366_253,
    0.001_386_994_8,
];

/// Rounds what is added to it to an integer, which then stands in its low bits.
const ROUND: f32 = 12_582_912.0;

/// Undoes a factor of 2^64, which keeps what will be subnormal normal.
pub(super) const UNSCALE: f32 = 1.0 / 18_446_744_073_709_551_616.0;

/// e^x.
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    let x = x.splat(-104.0).larger(x.splat(89.0).smaller(x));
    let (q, n) = reduce(x, 254.0);
    // 2^n in two factors, for n reaches below and above the exponents of normal numbers.
    let first = n.shift_right::<1>().shift_left::<23>();
    let second = n.shift_left::<23>().sub_bits(first);
    x.splat(1.0).add(q).mul(first).mul(second)
}

/// e^x for -125 <= x <= 0 (or NaN), with the bits of [`exp`] and fewer operations.
#[inline(always)]
pub(super) fn exp_nonpositive<V: Vector>(x: V) -> V {
    let (q, n) = reduce(x, 127.0 + 64.0);
    let scaled = x.splat(1.0).add(q).mul(n.shift_left::<23>());
    scaled.mul(x.splat(UNSCALE))
}

/// e^x for x <= 0 (or NaN), with the bits of [`exp`] and fewer operations.
#[inline(always)]
pub(crate) fn exp_below_one<V: Vector>(x: V) -> V {
    exp_nonpositive(x.splat(-104.0).larger(x))
}

/// e^x for -87 <= x <= 87, with the bits of [`exp`] and fewer operations; beyond, and for NaN, any
/// number.
#[inline(always)]
pub fn exp_normal<V: Vector>(x: V) -> V {
    let (q, n) = reduce(x, 0.0);
    // The product with 2^n is normal: n is added to the exponent.
    x.splat(1.0).add(q).add_bits(n.shift_left::<23>())
}

/// e^x - 1 for 0 <= x <= 64 (or NaN).
#[inline(always)]
pub(super) fn exp_m1<V: Vector>(x: V) -> V {
    let (q, n) = reduce(x, 127.0);
    let power = n.shift_left::<23>();
    q.mul(power).add(power.sub(x.splat(1.0)))
}

/// q and n with e^x = 2^n (1 + q); n + `bias` stands in the low bits of the second.
///
/// `bias` is an integer below 2^20.
#[inline(always)]
pub(super) fn reduce<V: Vector>(x: V, bias: f32) -> (V, V) {
    let (high, low, n) = remainder(x, x, bias);
    (exp_m1_of_difference(high, low), n)
}

/// As [`reduce`], for e^(x + `tail`) with a tail small beside x.
#[inline(always)]
pub(super) fn reduce_sum<V: Vector>(x: V, tail: V, bias: f32) -> (V, V) {
    let (high, low, n) = remainder(x, x.add(tail), bias);
    (exp_m1_of_difference(high, low.sub(tail)), n)
}

/// x - n ln 2 as an exact number less a small one, and n, which is `near` x / ln 2.
#[inline(always)]
fn remainder<V: Vector>(x: V, near: V, bias: f32) -> (V, V, V) {
    let round = x.splat(ROUND + bias);
    let shifted = near.mul(x.splat(core::f32::consts::LOG2_E)).add(round);
    let n = shifted.sub(round);
    let high = x.sub(n.mul(x.splat(LN2_HIGH)));
    (high, n.mul(x.splat(LN2_LOW)), shifted)
}

/// e^(high - low) - 1.
#[inline(always)]
fn exp_m1_of_difference<V: Vector>(high: V, low: V) -> V {
    let r = high.sub(low);
    high.add(r.mul(r).mul(polynomial(r, &EXP)).sub(low))
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_below_one, exp_normal};

    /// Every 251st number of binary32 between `first` and `last`.
    fn numbers(first: f32, last: f32) -> impl Iterator<Item = f32> {
        (first.to_bits()..=last.to_bits())
            .step_by(251)
            .map(f32::from_bits)
    }

    #[test]
    fn the_short_forms_have_the_bits_of_the_whole() {
        for x in numbers(-0.0, f32::NEG_INFINITY) {
            assert_eq!(exp_below_one(x).to_bits(), exp(x).to_bits(), "{x}");
        }
        for x in numbers(0.0, 87.0).chain(numbers(-0.0, -87.0)) {
            assert_eq!(exp_normal(x).to_bits(), exp(x).to_bits(), "{x}");
        }
        assert!(exp_below_one(f32::NAN).is_nan());
    }
}
