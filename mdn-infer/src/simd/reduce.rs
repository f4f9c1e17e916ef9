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
    /// The elements of `row` from this position on; lanes beyond its end hold `fill`.
    #[inline(always)]
    pub fn load<S: Simd>(self, simd: S, row: &[f32], fill: f32) -> S::Vector {
        if S::Vector::LANES == 1 {
            return simd.splat(row.get(self.0).copied().unwrap_or(fill));
        }
        simd.load(row.get(self.0..).unwrap_or(&[]), fill)
    }
    /// The elements of row `index` of `rows` from this position on, where each row has `len`
    /// elements and the position is in it; lanes beyond its end hold `fill`.
    #[inline(always)]
    pub fn load_row<S: Simd>(
        self,
        simd: S,
        rows: &[f32],
        (index, len): (usize, usize),
        fill: f32,
    ) -> S::Vector {
        if S::Vector::LANES == 1 {
            return At(index * len + self.0).load(simd, rows, fill);
        }
        let row = rows.get(index * len..(index + 1) * len).unwrap_or(&[]);
        self.load(simd, row, fill)
    }
    /// Writes `vector` into `row` at this position, as far as there is room.
    #[inline(always)]
    pub fn store<V: Vector>(self, vector: V, row: &mut [f32]) {
        if V::LANES == 1 {
            if let Some(slot) = row.get_mut(self.0) {
                vector.store(core::slice::from_mut(slot));
            }
            return;
        }
        vector.store(row.get_mut(self.0..).unwrap_or_default());
    }
    /// The positions of the vectors `V` in a row of `len` elements, in order.
    #[inline(always)]
    pub fn each<V: Vector>(len: usize) -> impl Iterator<Item = At> {
        (0..len).step_by(V::LANES).map(At)
    }
}

/// What is done to the elements of two rows; a trait for the reason that [`Terms`] is one.
pub trait PairStep {
    /// Replaces the elements of one vector of both rows. Implementations are `#[inline(always)]`.
    fn step<S: Simd>(&self, simd: S, a: &mut [f32], b: &mut [f32]);
}

/// Takes `step` for each vector of two rows, in order, as far as both go.
#[inline(always)]
pub fn each_pair<S: Simd>(simd: S, a: &mut [f32], b: &mut [f32], step: &impl PairStep) {
    let lanes = S::Vector::LANES;
    if lanes == 1 {
        for (a, b) in a.iter_mut().zip(b) {
            step.step(simd, core::slice::from_mut(a), core::slice::from_mut(b));
        }
        return;
    }
    for (a, b) in a.chunks_mut(lanes).zip(b.chunks_mut(lanes)) {
        step.step(simd, a, b);
    }
}

/// A value for each element.
///
/// A trait and not a closure: its method is inlined by force, which a closure is not, and then
/// would be compiled without the instruction set of its caller.
pub trait Terms {
    /// The values at `at`; in lanes past the end what the reduction asks for. Implementations are
    /// `#[inline(always)]`.
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector;
}

/// How a value joins a partial result; a trait for the reason that [`Terms`] is one.
trait Join {
    /// The partial result of no elements.
    const START: f32;
    /// Implementations are `#[inline(always)]`.
    fn join<V: Vector>(partial: V, value: V) -> V;
}

struct Add;

impl Join for Add {
    const START: f32 = 0.0;

    #[inline(always)]
    fn join<V: Vector>(partial: V, value: V) -> V {
        partial.add(value)
    }
}

struct Larger;

impl Join for Larger {
    const START: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn join<V: Vector>(partial: V, value: V) -> V {
        value.larger(partial)
    }
}

/// The eight partial results after every element.
#[inline(always)]
fn fold<S: Simd, J: Join>(simd: S, len: usize, terms: &impl Terms) -> S::Octet {
    let mut partial = simd.splat_octet(J::START);
    if S::Vector::LANES == 1 {
        for at in 0..len {
            if let Some(partial) = partial.vectors_mut().get_mut(at % 8) {
                *partial = J::join(*partial, terms.at(simd, At::new(at)));
            }
        }
        return partial;
    }
    for at in (0..len).step_by(8) {
        for (i, partial) in partial.vectors_mut().iter_mut().enumerate() {
            let at = at + i * S::Vector::LANES;
            if at < len {
                *partial = J::join(*partial, terms.at(simd, At::new(at)));
            }
        }
    }
    partial
}

/// Σ of the `len` terms; lanes past the end must be 0.
#[inline(always)]
pub fn sum<S: Simd>(simd: S, len: usize, terms: &impl Terms) -> f32 {
    fold::<S, Add>(simd, len, terms).sum()
}

/// The largest of the `len` terms, −∞ for none; lanes past the end must be −∞.
#[inline(always)]
pub fn largest<S: Simd>(simd: S, len: usize, terms: &impl Terms) -> f32 {
    fold::<S, Larger>(simd, len, terms).largest()
}

/// The octets of `row` folded into the first of them; all lanes are `start` where there is none.
#[inline(always)]
pub(super) fn fold_octets<S: Simd>(
    simd: S,
    row: &[[f32; 8]],
    start: f32,
    step: impl Fn(S::Vector, S::Vector) -> S::Vector,
) -> S::Octet {
    let Some((first, others)) = row.split_first() else {
        return simd.splat_octet(start);
    };
    let mut partial = simd.load_octet(first);
    for octet in others {
        let mut octet = simd.load_octet(octet);
        let values = octet.vectors_mut().iter();
        for (partial, value) in partial.vectors_mut().iter_mut().zip(values) {
            *partial = step(*partial, *value);
        }
    }
    partial
}

/// Σ of the elements of `row`.
#[inline(always)]
pub fn sum_row<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let (whole, rest) = row.as_chunks::<8>();
    let mut partial = simd.sums(whole);
    let rest = rest.chunks(S::Vector::LANES);
    for (partial, values) in partial.vectors_mut().iter_mut().zip(rest) {
        *partial = partial.add(simd.load(values, 0.0));
    }
    partial.sum()
}

/// Adds the squares of the elements of `row` to the partial results.
#[inline(always)]
pub fn add_squares<S: Simd>(simd: S, partial: &mut S::Octet, row: &[f32]) {
    let (whole, rest) = row.as_chunks::<8>();
    for octet in whole {
        let mut octet = simd.load_octet(octet);
        let values = octet.vectors_mut().iter();
        for (partial, value) in partial.vectors_mut().iter_mut().zip(values) {
            *partial = partial.add(value.mul(*value));
        }
    }
    let rest = rest.chunks(S::Vector::LANES);
    for (partial, values) in partial.vectors_mut().iter_mut().zip(rest) {
        let value = simd.load(values, 0.0);
        *partial = partial.add(value.mul(value));
    }
}

/// The largest element of `row`, none of which may be NaN; −∞ for none.
#[inline(always)]
pub fn largest_in_row<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let (whole, rest) = row.as_chunks::<8>();
    let mut partial = simd.largest(whole);
    let rest = rest.chunks(S::Vector::LANES);
    for (partial, values) in partial.vectors_mut().iter_mut().zip(rest) {
        *partial = simd.load(values, f32::NEG_INFINITY).larger(*partial);
    }
    partial.largest()
}

/// Octets of terms that [`log_sum_exp`] keeps from its first pass for its second.
const KEPT: usize = 4;

/// ln Σ exp(term) of the `len` terms: the largest, then the others relative to it; −∞ where every
/// term is. Lanes past the end must be −∞ or NaN. NaN counts as −∞: it comes from a distance that
/// overflowed.
#[inline(always)]
pub fn log_sum_exp<S: Simd>(simd: S, len: usize, terms: &impl Terms) -> f32 {
    if S::Vector::LANES == 1 {
        return log_sum_exp_of_lanes(simd, len, terms);
    }
    let nothing = simd.splat_octet(f32::NEG_INFINITY);
    let mut kept = [nothing; KEPT];
    let mut partial = nothing;
    for at in (0..len).step_by(8) {
        let mut octet = octet_of_terms(simd, terms, at, len);
        let values = octet.vectors_mut().iter();
        for (partial, value) in partial.vectors_mut().iter_mut().zip(values) {
            *partial = value.larger(*partial);
        }
        if let Some(slot) = kept.get_mut(at / 8) {
            *slot = octet;
        }
    }
    let largest = partial.largest();
    if largest == f32::NEG_INFINITY {
        return largest;
    }
    let mut partial = simd.splat_octet(0.0);
    for at in (0..len).step_by(8) {
        let mut octet = match kept.get(at / 8) {
            Some(octet) => *octet,
            None => octet_of_terms(simd, terms, at, len),
        };
        let values = octet.vectors_mut().iter().enumerate();
        for (partial, (i, value)) in partial.vectors_mut().iter_mut().zip(values) {
            if at + i * S::Vector::LANES < len {
                *partial = partial.add(math::exp_below_one(value.sub(simd.splat(largest))));
            }
        }
    }
    largest + math::ln_normal(partial.sum())
}

/// As [`log_sum_exp`], for vectors of one lane: one element after the other, in little code.
#[inline(always)]
fn log_sum_exp_of_lanes<S: Simd>(simd: S, len: usize, terms: &impl Terms) -> f32 {
    let nothing = simd.splat(f32::NEG_INFINITY);
    let mut kept = [nothing; 8 * KEPT];
    let mut partial = simd.splat_octet(f32::NEG_INFINITY);
    for at in 0..len {
        let term = overflow_to_zero(simd, terms.at(simd, At::new(at)));
        if let Some(slot) = kept.get_mut(at) {
            *slot = term;
        }
        if let Some(partial) = partial.vectors_mut().get_mut(at % 8) {
            *partial = term.larger(*partial);
        }
    }
    let largest = partial.largest();
    if largest == f32::NEG_INFINITY {
        return largest;
    }
    let mut partial = simd.splat_octet(0.0);
    for at in 0..len {
        let term = match kept.get(at) {
            Some(term) => *term,
            None => overflow_to_zero(simd, terms.at(simd, At::new(at))),
        };
        if let Some(partial) = partial.vectors_mut().get_mut(at % 8) {
            *partial = partial.add(math::exp_below_one(term.sub(simd.splat(largest))));
        }
    }
    largest + math::ln_normal(partial.sum())
}

/// The terms from `at` on; −∞ past the end.
#[inline(always)]
fn octet_of_terms<S: Simd>(simd: S, terms: &impl Terms, at: usize, len: usize) -> S::Octet {
    let mut octet = simd.splat_octet(f32::NEG_INFINITY);
    for (i, slot) in octet.vectors_mut().iter_mut().enumerate() {
        let at = at + i * S::Vector::LANES;
        if at < len {
            *slot = overflow_to_zero(simd, terms.at(simd, At::new(at)));
        }
    }
    octet
}

/// The log-density −∞, that is density 0, in place of NaN.
#[inline(always)]
pub fn overflow_to_zero<S: Simd>(simd: S, term: S::Vector) -> S::Vector {
    let finite = term.less(simd.splat(f32::INFINITY));
    term.select(finite, simd.splat(f32::NEG_INFINITY))
}
