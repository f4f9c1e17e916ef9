//! One component of a mixture.

use super::Mixture;
use crate::format::Covariance;
use crate::math;
use crate::simd::Scalar;
use crate::simd::reduce::At;

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

    /// ln πₖ; −∞ where the weight is below the smallest that binary32 can tell from 0 beside
    /// the others' logits.
    pub fn log_weight(&self) -> f32 {
        self.element(self.mixture.log_weights)
    }

    /// πₖ.
    pub fn weight(&self) -> f32 {
        math::exp(self.log_weight())
    }

    /// Element `d` of μₖ; NaN where `d` is not below D.
    pub fn mean(&self, d: usize) -> f32 {
        self.mixture.raw(d, self.element(self.mixture.mean_row(d)))
    }

    /// The standard deviation of dimension `d` in this component; NaN where `d` is not below D.
    pub fn scale(&self, d: usize) -> f32 {
        let inverse = self.mixture.inverse_scale(Scalar, At::new(self.k), d);
        self.mixture.affine(d).1 / inverse
    }

    /// Entry (i, j) of the lower-triangular L with Σₖ⁻¹ = LᵀL in raw units; 0 above the diagonal,
    /// NaN out of range.
    pub fn precision_factor(&self, i: usize, j: usize) -> f32 {
        let (_, scale) = self.mixture.affine(i.max(j));
        if j > i || (i != j && self.mixture.covariance != Covariance::Full) {
            return scale * 0.0;
        }
        let entry = self.mixture.factor(Scalar, At::new(self.k), i, j);
        entry
            / if i == j {
                scale
            } else {
                self.mixture.affine(j).1
            }
    }

    #[inline]
    fn element(&self, row: &[f32]) -> f32 {
        row.get(self.k).copied().unwrap_or(f32::NAN)
    }
}
