//! Reductions over components, with the one order that the arithmetic contract allows.
//!
//! Element k belongs to partial result k mod 8, whatever the vector width; the eight partial
//! results are combined by the tree of [`Octet::sum`].

use super::{Octet, Simd, Vector};
use crate::math;

/// The position of a vector in a row.
#[derive(Clone, Copy)]
pub struct At(usize);

impl At {
    /// Position `index`.
    #[inline(always)]
    pub const fn new(index: usize) -> Self {
        At(index)
    }
    /// The part of `row` that begins at this position.
    #[inline(always)]
    pub fn of(self, row: &[f32]) -> &[f32] {
        row.get(self.0..).unwrap_or(&[])
    }
}

#[inline(always)]
fn reduce<S: Simd>(
    simd: S,
    len: usize,
    start: f32,
    value: impl Fn(At) -> S::Vector,
    combine: impl Fn(S::Vector, S::Vector) -> S::Vector,
) -> S::Octet {
    let mut partial = simd.splat_octet(start);
    for at in (0..len).step_by(8) {
        for (i, sum) in partial.vectors_mut().iter_mut().enumerate() {
            let at = at + i * S::Vector::LANES;
            if at < len {
                *sum = combine(*sum, value(At::new(at)));
            }
        }
    }
    partial
}

/// Σ `value(k)` over the `len` elements; lanes past the end must be 0.
#[inline(always)]
pub fn sum<S: Simd>(simd: S, len: usize, value: impl Fn(At) -> S::Vector) -> f32 {
    reduce(simd, len, 0.0, value, S::Vector::add).sum()
}

/// The largest `value(k)` of the `len` elements, −∞ for none; lanes past the end must be −∞.
#[inline(always)]
pub fn largest<S: Simd>(simd: S, len: usize, value: impl Fn(At) -> S::Vector) -> f32 {
    reduce(simd, len, f32::NEG_INFINITY, value, |a, b| b.larger(a)).largest()
}

/// ln Σ exp(`term(k)`) over the `len` elements: the largest term, then the others relative to it.
///
/// A NaN term counts as −∞: it comes from a distance that overflowed. Lanes past the end must be
/// −∞ or NaN. The result is −∞ where every term is.
#[inline(always)]
pub fn log_sum_exp<S: Simd>(simd: S, len: usize, term: impl Fn(At) -> S::Vector) -> f32 {
    let (mut largest, mut sum) = (f32::NEG_INFINITY, 0.0);
    // A loop, so that `term` has one call: a closure with two would be compiled by itself, without
    // the instruction set.
    for pass in [Pass::Largest, Pass::Sum] {
        let shift = simd.splat(largest);
        let start = match pass {
            Pass::Largest => largest,
            Pass::Sum => sum,
        };
        let value = |at| overflow_to_zero(simd, term(at));
        let partial = reduce(simd, len, start, value, |partial, term| match pass {
            Pass::Largest => term.larger(partial),
            Pass::Sum => partial.add(math::exp(term.sub(shift))),
        });
        match pass {
            Pass::Largest => largest = partial.largest(),
            Pass::Sum => sum = partial.sum(),
        }
        if largest == f32::NEG_INFINITY {
            return largest;
        }
    }
    largest + math::ln(sum)
}

/// The two passes of [`log_sum_exp`].
#[derive(Clone, Copy)]
enum Pass {
    Largest,
    Sum,
}

/// The log-density −∞, that is density 0, in place of NaN.
#[inline(always)]
pub fn overflow_to_zero<S: Simd>(simd: S, term: S::Vector) -> S::Vector {
    let finite = term.less(simd.splat(f32::INFINITY));
    term.select(finite, simd.splat(f32::NEG_INFINITY))
}
