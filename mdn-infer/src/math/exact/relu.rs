//! The rectifier.

use crate::simd::Vector;

/// max(x, 0); NaN stays NaN.
#[inline(always)]
pub fn relu<V: Vector>(x: V) -> V {
    let zero = x.splat(0.0);
    zero.select(x.less(zero), x)
}
