//! The logistic function.
//!
//! With s = e^-|x| <= 1 and v = s / (1 + s), it is 1 - v for x >= 0 and s - s v below, which keeps
//! its relative accuracy.
//!
//! Special values: sigmoid(-inf) = 0, sigmoid(inf) = 1, sigmoid(NaN) = NaN; results underflow
//! gradually. Largest error over all inputs: 1.84 ULP.

use super::exp::exp_nonpositive;
use crate::simd::Vector;

/// From here on e^-x rounds to zero.
pub(super) const VANISHING: f32 = 110.0;

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    let one = x.splat(1.0);
    let s = exp_of_negated_magnitude(x);
    let unit = s.select(x.less(x.splat(0.0)), one);
    unit.sub(unit.mul(s.div(one.add(s))))
}

/// e^-|x|.
#[inline(always)]
pub(super) fn exp_of_negated_magnitude<V: Vector>(x: V) -> V {
    exp_nonpositive(x.splat(VANISHING).smaller(x.magnitude()).negate())
}
