//! Polynomials by Horner's rule.

use crate::simd::Vector;

/// The polynomial with these coefficients, lowest degree first, at `x`.
#[inline(always)]
pub(super) fn polynomial<V: Vector, const N: usize>(x: V, coefficients: &[f32; N]) -> V {
    let Some((&highest, lower)) = coefficients.split_last() else {
        return x.splat(0.0);
    };
    // A loop, for a closure would not be compiled for the instruction set of its caller.
    let mut sum = x.splat(highest);
    for &coefficient in lower.iter().rev() {
        sum = sum.mul(x).add(x.splat(coefficient));
    }
    sum
}

/// The polynomial with the coefficients `a` at `x` where `mask` holds, else that with `b` at `y`.
#[inline(always)]
pub(super) fn selected_polynomial<V: Vector, const N: usize>(
    x: V,
    a: &[f32; N],
    mask: V::Mask,
    y: V,
    b: &[f32; N],
) -> V {
    let variable = x.select(mask, y);
    let mut sum = None;
    for (&a, &b) in a.iter().zip(b).rev() {
        let coefficient = x.splat(a).select(mask, x.splat(b));
        sum = Some(match sum {
            Some(sum) => variable.mul(sum).add(coefficient),
            None => coefficient,
        });
    }
    sum.unwrap_or(x.splat(0.0))
}
