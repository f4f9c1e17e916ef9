//! Polynomials by Horner's rule.

use crate::simd::Vector;

/// The polynomial with these coefficients, lowest degree first, at `x`.
#[inline(always)]
pub(super) fn polynomial<V: Vector, const N: usize>(x: V, coefficients: &[f32; N]) -> V {
    let Some((&highest, lower)) = coefficients.split_last() else {
        return x.splat(0.0);
    };
    let start = x.splat(highest);
    lower
        .iter()
        .rev()
        .fold(start, |sum, &c| sum.mul(x).add(x.splat(c)))
}
