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

/// The first polynomial at the first point where `mask` holds, else the second: the constant and
/// the sum of the other terms, whose sum it is.
#[inline(always)]
pub(super) fn selected_polynomial<V: Vector, const N: usize>(
    mask: V::Mask,
    (x, first): (V, &[f32; N]),
    (y, second): (V, &[f32; N]),
) -> (V, V) {
    let variable = x.select(mask, y);
    let (mut constant, mut rest) = (x.splat(0.0), x.splat(0.0));
    for (i, (&a, &b)) in first.iter().zip(second).rev().enumerate() {
        if i > 0 {
            rest = rest.add(constant).mul(variable);
        }
        constant = x.splat(a).select(mask, x.splat(b));
    }
    (constant, rest)
}
