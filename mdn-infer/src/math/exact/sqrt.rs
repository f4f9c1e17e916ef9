//! The square root, correctly rounded as IEEE 754 requires.

use crate::simd::Vector;

/// The square root: -0 at -0, NaN below zero.
#[inline(always)]
pub fn sqrt<V: Vector>(x: V) -> V {
    x.sqrt()
}
