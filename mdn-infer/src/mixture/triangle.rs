//! Small lower-triangular matrices on the stack: plain scalar code, the same at every level.

use super::local::Point;
use crate::format::MAX_DIMENSIONS;
use crate::simd::Vector;

const ENTRIES: usize = MAX_DIMENSIONS * (MAX_DIMENSIONS + 1) / 2;

/// A lower-triangular matrix of at most [`MAX_DIMENSIONS`] rows, packed row by row.
#[derive(Clone, Copy)]
pub(super) struct Triangle([f32; ENTRIES]);

impl Triangle {
    pub(super) const ZERO: Self = Triangle([0.0; ENTRIES]);

    /// Entry (i, j); 0 above the diagonal.
    #[inline]
    pub(super) fn at(&self, i: usize, j: usize) -> f32 {
        if j > i {
            return 0.0;
        }
        self.0.get(i * (i + 1) / 2 + j).copied().unwrap_or(0.0)
    }

    /// Replaces entry (i, j), j ≤ i.
    #[inline]
    pub(super) fn set(&mut self, i: usize, j: usize, value: f32) {
        if let Some(entry) = self.0.get_mut(i * (i + 1) / 2 + j) {
            *entry = value;
        }
    }

    /// Becomes the factor, of `rows` rows, of the same quadratic form |L t|² with dimensions `p`
    /// and `p` + 1 exchanged.
    ///
    /// Exchanging the columns leaves one entry above the diagonal; a reflection of rows `p` and
    /// `p` + 1 removes it and keeps the diagonal positive. Nothing is squared but in
    /// [`hypotenuse`] and no diagonal entry comes from a difference, so that small pivots keep
    /// their relative accuracy.
    ///
    /// Source: the exchange of neighbours that LINPACK's `chex` is made of (Dongarra, Moler,
    /// Bunch and Stewart 1979, chapter 10).
    pub(super) fn exchange(&mut self, p: usize, rows: usize) {
        let (above, left, below) = (self.at(p, p), self.at(p + 1, p), self.at(p + 1, p + 1));
        let length = hypotenuse(above, left);
        let (sine, cosine) = (above / length, left / length);
        for j in 0..p {
            let (upper, lower) = (self.at(p, j), self.at(p + 1, j));
            self.set(p, j, sine * lower - cosine * upper);
            self.set(p + 1, j, sine * upper + cosine * lower);
        }
        self.set(p, p, sine * below);
        self.set(p + 1, p, cosine * below);
        self.set(p + 1, p + 1, length);
        for i in p + 2..rows {
            let (first, second) = (self.at(i, p), self.at(i, p + 1));
            self.set(i, p, second);
            self.set(i, p + 1, first);
        }
    }

    /// Adds to entry (i, j), j ≤ i.
    #[inline]
    pub(super) fn add(&mut self, i: usize, j: usize, value: f32) {
        self.set(i, j, self.at(i, j) + value);
    }

    /// vᵀ S v for the symmetric S of `n` rows whose lower triangle this is.
    pub(super) fn quadratic(&self, n: usize, v: &Point) -> f32 {
        let mut sum = 0.0;
        for (i, a) in v.iter().enumerate().take(n) {
            let row = v.iter().enumerate().take(i);
            let off = row.fold(0.0, |sum, (j, b)| sum + self.at(i, j) * b);
            sum += a * (self.at(i, i) * a + 2.0 * off);
        }
        sum
    }

    /// The Cholesky factor C, S = C Cᵀ, of the symmetric S of `n` rows whose lower triangle this
    /// is, up to the first row i whose pivot is not above `least(i)`, and the number of rows
    /// before that. Row i is there without its diagonal entry.
    pub(super) fn cholesky(&self, n: usize, least: impl Fn(usize) -> f32) -> (Self, usize) {
        let mut factor = Triangle::ZERO;
        for i in 0..n {
            for j in 0..i {
                let rest = (0..j).fold(self.at(i, j), |rest, m| {
                    rest - factor.at(i, m) * factor.at(j, m)
                });
                factor.set(i, j, rest / factor.at(j, j));
            }
            let pivot = (0..i).fold(self.at(i, i), |rest, m| {
                rest - factor.at(i, m) * factor.at(i, m)
            });
            if !(pivot > least(i) && pivot < f32::INFINITY) {
                return (factor, i);
            }
            factor.set(i, i, Vector::sqrt(pivot));
        }
        (factor, n)
    }

    /// x with C Cᵀ x = `right`, for the Cholesky factor C of `n` rows that this is.
    pub(super) fn solve(&self, n: usize, right: &Point) -> Point {
        let mut x = [0.0; MAX_DIMENSIONS];
        for (i, right) in right.iter().enumerate().take(n) {
            let earlier = x.iter().enumerate().take(i);
            let rest = earlier.fold(*right, |rest, (j, x)| rest - self.at(i, j) * x);
            if let Some(slot) = x.get_mut(i) {
                *slot = rest / self.at(i, i);
            }
        }
        self.solve_transposed(n, x)
    }

    /// x with Cᵀ x = `right`.
    fn solve_transposed(&self, n: usize, right: Point) -> Point {
        let mut x = right;
        for i in (0..n).rev() {
            let later = x.iter().enumerate().take(n).skip(i + 1);
            let known = later.fold(0.0, |sum, (j, x)| sum + self.at(j, i) * x);
            if let Some(slot) = x.get_mut(i) {
                *slot = (*slot - known) / self.at(i, i);
            }
        }
        x
    }

    /// For a [`cholesky`](Self::cholesky) factor that ended at row `rank`: the vector x with
    /// xᵀ S x equal to the pivot that it ended at, and 1 in that row (Moré and Sorensen 1983).
    pub(super) fn null_direction(&self, rank: usize) -> Point {
        let mut right = [0.0; MAX_DIMENSIONS];
        for (j, slot) in right.iter_mut().enumerate().take(rank) {
            *slot = -self.at(rank, j);
        }
        let mut x = self.solve_transposed(rank, right);
        if let Some(slot) = x.get_mut(rank) {
            *slot = 1.0;
        }
        x
    }
}

/// √(a² + b²), not both 0, without overflow or underflow of the squares.
fn hypotenuse(a: f32, b: f32) -> f32 {
    let (a, b) = (a.abs(), b.abs());
    let largest = if a < b { b } else { a };
    let (a, b) = (a / largest, b / largest);
    largest * Vector::sqrt(a * a + b * b)
}
