//! The hyperbolic tangent.
//!
//! tanh |x| = t / (t + 2) with t = e^(2|x|) - 1, taken as b + (t - 2b - b t) / (t + 2) with
//! b = min(|x|, 1): the quotient is then a small correction, and near zero nothing cancels. The
//! sign is copied. From |x| = 9.02 on the result rounds to 1.
//!
//! Special values: tanh(-0) = -0, tanh(±inf) = ±1, tanh(NaN) = NaN. Largest error over all
//! inputs: 1.88 ULP.

use super::exp::exp_m1;
use crate::simd::Vector;

/// tanh x.
#[inline(always)]
pub fn tanh<V: Vector>(x: V) -> V {
    let magnitude = x.splat(9.1).smaller(x.magnitude());
    let t = exp_m1(magnitude.add(magnitude));
    let b = x.splat(1.0).smaller(magnitude);
    let excess = t.sub(b.add(b)).sub(b.mul(t));
    b.add(excess.div(t.add(x.splat(2.0)))).or(x.sign())
}
