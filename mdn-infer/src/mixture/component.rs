//! One component of a mixture.

use super::Mixture;
use crate::check::check_len;
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::layers::Limits;
use crate::math;
use crate::simd::Scalar;
use crate::simd::reduce::At;

/// 2^-40: by it standardised scales within the limits are small enough to be multiplied.
const UNIT: f32 = 1.0 / 1_099_511_627_776.0;

/// Component k of a mixture: πₖ, μₖ and Σₖ in raw units.
#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    mixture: Mixture<'a>,
    k: usize,
}

impl<'a> Component<'a> {
    /// `k` is below K.
    pub(super) fn new(mixture: Mixture<'a>, k: usize) -> Self {
        Component { mixture, k }
    }

    /// k.
    pub const fn index(&self) -> usize {
        self.k
    }

    /// D, the number of target dimensions.
    pub const fn dimensions(&self) -> usize {
        self.mixture.dimensions
    }

    /// ln πₖ; −∞ where the weight is below the smallest that binary32 can tell from 0 beside
    /// the others' logits.
    pub fn log_weight(&self) -> f32 {
        self.mixture.log_weight_of(self.k)
    }

    /// πₖ.
    pub fn weight(&self) -> f32 {
        math::exp(self.log_weight())
    }

    /// Element `d` of μₖ; NaN where `d` is not below D.
    pub fn mean(&self, d: usize) -> f32 {
        if d >= self.mixture.dimensions {
            return f32::NAN;
        }
        self.mixture.raw(d, self.mixture.mean_of(self.k, d))
    }

    /// The standard deviation of dimension `d` in this component; NaN where `d` is not below D.
    pub fn scale(&self, d: usize) -> f32 {
        if d >= self.mixture.dimensions {
            return f32::NAN;
        }
        let inverse = self.mixture.inverse_scale(Scalar, At::new(self.k), d);
        self.mixture.affine(d).1 / inverse
    }

    /// Entry (i, j) of the lower-triangular L with Σₖ⁻¹ = LᵀL in raw units; 0 above the diagonal,
    /// NaN out of range.
    pub fn precision_factor(&self, i: usize, j: usize) -> f32 {
        if i.max(j) >= self.mixture.dimensions {
            return f32::NAN;
        }
        if j > i || (i != j && self.mixture.covariance != Covariance::Full) {
            return 0.0;
        }
        self.mixture.factor(Scalar, At::new(self.k), i, j) / self.mixture.affine(j).1
    }

    /// Entry (i, j) of Σₖ in products of raw units, ±∞ where that leaves binary32; NaN out of
    /// range. For full covariance it is the product of two rows of L⁻¹, which back substitution
    /// gives: O(D²).
    pub fn covariance(&self, i: usize, j: usize) -> f32 {
        if i.max(j) >= self.mixture.dimensions {
            return f32::NAN;
        }
        let (first, second) = (self.raw_scale(i), self.raw_scale(j));
        let plain = self.product(i, j, (first, second));
        if plain.is_finite() || self.mixture.limits == Limits::Ignored {
            return plain;
        }
        // A factor may leave binary32 where the product does not.
        let scale = |d| UNIT / self.mixture.factor(Scalar, At::new(self.k), d, d);
        let product = self.product(i, j, (scale(i), scale(j)));
        self.mixture.raw_product((i, j), product, (UNIT, UNIT))
    }

    /// Entry (i, j) of Σₖ where rows i and j of L⁻¹ have these last entries.
    fn product(&self, i: usize, j: usize, (first, second): (f32, f32)) -> f32 {
        if self.mixture.covariance != Covariance::Full {
            return if i == j { first * first } else { 0.0 };
        }
        let at = At::new(self.k);
        let (mut row, mut other) = ([0.0; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
        self.mixture.cholesky().inverse_row(Scalar, at, i, &mut row);
        self.mixture
            .cholesky()
            .inverse_row(Scalar, at, j, &mut other);
        let shared = row.iter().zip(&other).take(i.min(j) + 1);
        shared.fold(0.0, |sum, (a, b)| sum + first * a * (second * b))
    }

    /// Σₖ `[D][D]` into `to`; see [`covariance`](Self::covariance).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn covariance_into(&self, to: &mut [f32]) -> Result<(), PredictError> {
        let dimensions = self.mixture.dimensions;
        check_len(to.len(), dimensions * dimensions)?;
        for (i, row) in to.chunks_exact_mut(dimensions.max(1)).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = self.covariance(i, j);
            }
        }
        Ok(())
    }

    /// The raw scale of dimension `d` without the dimensions before it: of row `d` of L⁻¹, the
    /// last entry.
    fn raw_scale(&self, d: usize) -> f32 {
        self.mixture.affine(d).1 / self.mixture.factor(Scalar, At::new(self.k), d, d)
    }
}
