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

/// The eight partial results after every element; `step` takes the one that its element joins.
#[inline(always)]
fn fold<S: Simd>(
    simd: S,
    len: usize,
    start: f32,
    step: impl Fn(S::Vector, At) -> S::Vector,
) -> S::Octet {
    let mut partial = simd.splat_octet(start);
    for at in (0..len).step_by(8) {
        for (i, partial) in partial.vectors_mut().iter_mut().enumerate() {
            let at = at + i * S::Vector::LANES;
            if at < len {
                *partial = step(*partial, At::new(at));
            }
        }
    }
    partial
}

/// Σ `value(k)` over the `len` elements; lanes past the end must be 0.
#[inline(always)]
pub fn sum<S: Simd>(simd: S, len: usize, value: impl Fn(At) -> S::Vector) -> f32 {
    fold(simd, len, 0.0, |partial, at| partial.add(value(at))).sum()
}

/// The largest `value(k)` of the `len` elements, −∞ for none; lanes past the end must be −∞.
#[inline(always)]
pub fn largest<S: Simd>(simd: S, len: usize, value: impl Fn(At) -> S::Vector) -> f32 {
    let keep = |partial, at| value(at).larger(partial);
    fold(simd, len, f32::NEG_INFINITY, keep).largest()
}

/// The terms of a log-sum-exp, one an element.
///
/// A trait and not a closure: its method is inlined by force, which a closure that is called
/// twice is not, and then would be compiled without the instruction set of its caller.
pub trait LogTerms {
    /// The terms at `at`; −∞ or NaN in lanes past the end. NaN counts as −∞: it comes from a
    /// distance that overflowed. Implementations are `#[inline(always)]`.
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector;
}

/// ln Σ exp(term) over the `len` elements: the largest term, then the others relative to it; −∞
/// where every term is.
#[inline(always)]
pub fn log_sum_exp<S: Simd>(simd: S, len: usize, terms: &impl LogTerms) -> f32 {
    let mut largest = f32::NEG_INFINITY;
    for summing in [false, true] {
        let mut partial = simd.splat_octet(if summing { 0.0 } else { largest });
        for at in (0..len).step_by(8) {
            for (i, partial) in partial.vectors_mut().iter_mut().enumerate() {
                let at = at + i * S::Vector::LANES;
                if at >= len {
                    break;
                }
                let term = overflow_to_zero(simd, terms.at(simd, At::new(at)));
                *partial = if summing {
                    partial.add(math::exp(term.sub(simd.splat(largest))))
                } else {
                    term.larger(*partial)
                };
            }
        }
        if summing {
            return largest + math::ln(partial.sum());
        }
        largest = partial.largest();
        if largest == f32::NEG_INFINITY {
            break;
        }
    }
    largest
}

/// The log-density −∞, that is density 0, in place of NaN.
#[inline(always)]
pub fn overflow_to_zero<S: Simd>(simd: S, term: S::Vector) -> S::Vector {
    let finite = term.less(simd.splat(f32::INFINITY));
    term.select(finite, simd.splat(f32::NEG_INFINITY))
}
