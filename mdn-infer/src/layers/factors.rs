//! The Cholesky factors of the components' precisions, and rows of their inverses.

use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::simd::reduce::At;
use crate::simd::{Simd, Vector};

/// The lower-triangular L of each of K components, Σ⁻¹ = LᵀL in standardised units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors<'a> {
    pub(crate) covariance: Covariance,
    pub(crate) components: usize,
    /// `[F][K]`
    pub(crate) entries: &'a [f32],
}

impl Factors<'_> {
    /// Entry (i, j), j ≤ i, of the components at `at`; in lanes past the end that of the unit matrix.
    #[inline(always)]
    pub(crate) fn entry<S: Simd>(&self, simd: S, at: At, i: usize, j: usize) -> S::Vector {
        match self.covariance {
            Covariance::Isotropic => {
                at.load_row(simd, self.entries, (0, self.components), fill(i, j))
            }
            Covariance::Diagonal => {
                at.load_row(simd, self.entries, (i, self.components), fill(i, j))
            }
            Covariance::Full => self.triangle_entry(simd, at, i, j),
        }
    }

    /// [`entry`](Self::entry) for full covariance.
    #[inline(always)]
    fn triangle_entry<S: Simd>(&self, simd: S, at: At, i: usize, j: usize) -> S::Vector {
        let entry = i * (i + 1) / 2 + j;
        at.load_row(simd, self.entries, (entry, self.components), fill(i, j))
    }

    /// Row `d` of L⁻¹ divided by its last entry, for full covariance, by back substitution, into the
    /// front of `row`. Not a result, which would be copied.
    #[inline(always)]
    pub(crate) fn inverse_row<S: Simd>(
        &self,
        simd: S,
        at: At,
        d: usize,
        row: &mut [S::Vector; MAX_DIMENSIONS],
    ) {
        if let Some(last) = row.get_mut(d) {
            *last = simd.splat(1.0);
        }
        for j in (0..d).rev() {
            let mut sum = simd.splat(0.0);
            for (i, entry) in row.iter().enumerate().take(d + 1).skip(j + 1) {
                sum = sum.sub(self.triangle_entry(simd, at, i, j).mul(*entry));
            }
            if let Some(slot) = row.get_mut(j) {
                *slot = sum.div(self.triangle_entry(simd, at, j, j));
            }
        }
    }

    /// |row `d` of L⁻¹|² divided by the square of its last entry.
    #[inline(always)]
    pub(crate) fn square<S: Simd>(&self, simd: S, at: At, d: usize) -> S::Vector {
        if self.covariance != Covariance::Full {
            return simd.splat(1.0);
        }
        let mut row = [simd.splat(0.0); MAX_DIMENSIONS];
        self.inverse_row(simd, at, d, &mut row);
        let entries = row.iter().take(d + 1).rev();
        entries.fold(simd.splat(0.0), |sum, entry| sum.add(entry.mul(*entry)))
    }

    /// 1/σ of dimension `d`; 1 in lanes past the end.
    ///
    /// For full covariance Σ = L⁻¹L⁻ᵀ, so the variance of dimension d is the squared length of
    /// row d of L⁻¹.
    #[inline(always)]
    pub(crate) fn inverse_scale<S: Simd>(&self, simd: S, at: At, d: usize) -> S::Vector {
        let diagonal = self.entry(simd, at, d, d);
        if self.covariance != Covariance::Full {
            return diagonal;
        }
        diagonal.div(self.square(simd, at, d).sqrt())
    }
}

/// Entry (i, j) of the unit matrix.
#[inline(always)]
fn fill(i: usize, j: usize) -> f32 {
    if i == j { 1.0 } else { 0.0 }
}
