//! The softplus function.
//!
//! softplus x = max(x, 0) + ln(1 + e^-|x|).
//!
//! Special values: softplus(-inf) = 0, softplus(inf) = inf, softplus(NaN) = NaN; results
//! underflow gradually. Largest error over all inputs: 1.81 ULP.

use super::ln::ln_1p_unit;
use super::sigmoid::exp_of_negated_magnitude;
use crate::simd::Vector;

/// ln(1 + e^x).
#[inline(always)]
pub fn softplus<V: Vector>(x: V) -> V {
    let s = exp_of_negated_magnitude(x);
    x.larger(x.splat(0.0)).add(ln_1p_unit(s))
}
