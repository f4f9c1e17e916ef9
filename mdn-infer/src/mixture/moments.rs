//! Moments of the whole mixture.

use super::Mixture;
use crate::error::PredictError;
use crate::format::Covariance;
use crate::math;
use crate::simd::reduce::{self, At};
use crate::simd::{Kernel, Simd, Vector};

impl Mixture<'_> {
    /// E t = Σ πₖ μₖ `[D]` into `to`.
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn mean(&self, to: &mut [f32]) -> Result<(), PredictError> {
        self.each_marginal(to, |mixture, d| {
            mixture.raw(d, mixture.level.run(Mean { mixture, d }))
        })
    }

    /// Var t = Σ πₖ (σₖ² + (μₖ − E t)²), each dimension by itself, `[D]` into `to`; in squared
    /// raw units, +∞ where that leaves binary32.
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn variance(&self, to: &mut [f32]) -> Result<(), PredictError> {
        self.each_marginal(to, |mixture, d| {
            let (_, scale) = mixture.affine(d);
            scale * scale * mixture.standardised_variance(d)
        })
    }

    pub(super) fn standardised_variance(&self, d: usize) -> f32 {
        let mean = self.level.run(Mean { mixture: self, d });
        self.level.run(Variance {
            mixture: self,
            d,
            mean,
        })
    }

    pub(super) fn standardised_mean(&self, d: usize) -> f32 {
        self.level.run(Mean { mixture: self, d })
    }

    fn each_marginal(
        &self,
        to: &mut [f32],
        value: impl Fn(&Self, usize) -> f32,
    ) -> Result<(), PredictError> {
        if to.len() != self.dimensions {
            return Err(PredictError::WrongLength {
                expected: self.dimensions,
                found: to.len(),
            });
        }
        for (d, to) in to.iter_mut().enumerate() {
            *to = value(self, d);
        }
        Ok(())
    }

    /// πₖ of the components at `at`; 0 in lanes past the end.
    #[inline(always)]
    pub(super) fn weights<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        math::exp(simd.load(at.of(self.log_weights), f32::NEG_INFINITY))
    }

    /// 1/σ of dimension `d` in the components at `at`, standardised; 1 in lanes past the end.
    ///
    /// For full covariance Σ = L⁻¹L⁻ᵀ, so the variance of dimension d is the squared length of
    /// row d of L⁻¹, which back substitution gives.
    #[inline(always)]
    pub(super) fn inverse_scale<S: Simd>(&self, simd: S, at: At, d: usize) -> S::Vector {
        let diagonal = self.factor(simd, at, d, d);
        if self.covariance != Covariance::Full {
            return diagonal;
        }
        let one = simd.splat(1.0);
        let mut inverse_row = [one; crate::format::MAX_DIMENSIONS];
        let mut variance = simd.splat(0.0);
        for j in (0..=d).rev() {
            let pivot = self.factor(simd, at, j, j);
            let mut sum = if j == d { one } else { simd.splat(0.0) };
            for (i, entry) in inverse_row.iter().enumerate().take(d + 1).skip(j + 1) {
                sum = sum.sub(self.factor(simd, at, i, j).mul(*entry));
            }
            let entry = sum.div(pivot);
            variance = variance.add(entry.mul(entry));
            if let Some(slot) = inverse_row.get_mut(j) {
                *slot = entry;
            }
        }
        one.div(variance.sqrt())
    }
}

struct Mean<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
}

impl Kernel for Mean<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let means = self.mixture.mean_row(self.d);
        reduce::sum(simd, means.len(), |at| {
            self.mixture
                .weights(simd, at)
                .mul(simd.load(at.of(means), 0.0))
        })
    }
}

struct Variance<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    mean: f32,
}

impl Kernel for Variance<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let means = self.mixture.mean_row(self.d);
        reduce::sum(simd, means.len(), |at| {
            let scale = simd
                .splat(1.0)
                .div(self.mixture.inverse_scale(simd, at, self.d));
            let distance = simd.load(at.of(means), 0.0).sub(simd.splat(self.mean));
            let spread = scale.mul(scale).add(distance.mul(distance));
            self.mixture.weights(simd, at).mul(spread)
        })
    }
}
