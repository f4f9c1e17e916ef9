//! Densities and responsibilities.

use super::Mixture;
use crate::check::{check, check_len};
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::math;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

impl Mixture<'_> {
    /// ln p(target), in nats per raw units; `target` is `[D]`. A dimension on a lattice counts with its
    /// probability over the step, an atom with its probability; off its support a target has −∞.
    ///
    /// Log-sum-exp over the components' terms: no overflow, and no underflow before the result
    /// itself leaves binary32, where it is −∞: below −1.7 × 10³⁸, or where the target is more than
    /// about 10¹⁹ scales from every component. Cost: O(K F).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] and [`PredictError::NotFinite`].
    // Inlined, it would share the few registers of a small processor with the caller's values.
    #[inline(never)]
    pub fn log_density(&self, target: &[f32]) -> Result<f32, PredictError> {
        let z = self.standardise(target)?;
        if self.targets().is_some() {
            return Ok(self.supported_log_density(target));
        }
        Ok(self.level.run(LogDensity {
            mixture: self,
            z: &z,
        }))
    }

    /// ln p of each row of `targets` `[N][D]` into `to` `[N]`, with the bits of
    /// [`log_density`](Self::log_density): many points of one mixture, such as a grid, with one
    /// choice of the instruction set. Cost: O(N K F).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] unless `targets` has N D elements, and
    /// [`PredictError::NotFinite`] with the index in `targets`.
    pub fn log_densities(&self, targets: &[f32], to: &mut [f32]) -> Result<(), PredictError> {
        check(targets, to.len().saturating_mul(self.dimensions))?;
        if self.targets().is_some() {
            let rows = targets.chunks_exact(self.dimensions.max(1));
            for (target, to) in rows.zip(to) {
                *to = self.supported_log_density(target);
            }
            return Ok(());
        }
        self.level.run(LogDensities {
            mixture: self,
            targets,
            to,
        });
        Ok(())
    }

    /// p(target), per raw units: [`log_density`](Self::log_density) through exp.
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density).
    pub fn density(&self, target: &[f32]) -> Result<f32, PredictError> {
        self.log_density(target).map(math::exp)
    }

    /// rₖ = πₖ N(target | μₖ, Σₖ) / p(target) `[K]` into `to`.
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density), for both slices; [`PredictError::Overflow`] when
    /// the target is so far out that every component's log-density is −∞.
    pub fn responsibilities(&self, target: &[f32], to: &mut [f32]) -> Result<(), PredictError> {
        let z = self.standardise(target)?;
        check_len(to.len(), self.components)?;
        if self.targets().is_some() {
            return self.supported_responsibilities(target, to);
        }
        let log_density = self.level.run(LogDensity {
            mixture: self,
            z: &z,
        });
        if log_density == f32::NEG_INFINITY {
            return Err(PredictError::Overflow);
        }
        self.level.run(Responsibilities {
            mixture: self,
            z: &z,
            log_density,
            to,
        });
        Ok(())
    }

    /// ln πₖ + ln N(z | μₖ, Σₖ) of the components at `at`; −∞ in lanes past the end, and −∞ or
    /// NaN where a distance overflows.
    #[inline(always)]
    pub(super) fn log_terms<S: Simd>(
        &self,
        simd: S,
        at: At,
        z: &[f32; MAX_DIMENSIONS],
    ) -> S::Vector {
        let square = match self.covariance {
            Covariance::Full => self.square_full(simd, at, z),
            _ => self.square_separable(simd, at, z),
        };
        let coefficient = at.load(simd, self.log_coefficients, f32::NEG_INFINITY);
        coefficient.sub(simd.splat(0.5).mul(square))
    }

    /// |L (z − μ)|² for the kinds without entries off the diagonal.
    #[inline(always)]
    fn square_separable<S: Simd>(&self, simd: S, at: At, z: &[f32; MAX_DIMENSIONS]) -> S::Vector {
        let mut square = simd.splat(0.0);
        for (i, z) in z.iter().enumerate().take(self.dimensions) {
            let delta = simd.splat(*z).sub(self.means_at(simd, at, i));
            let whitened = self.factor(simd, at, i, i).mul(delta);
            square = square.add(whitened.mul(whitened));
        }
        square
    }

    #[inline(always)]
    fn square_full<S: Simd>(&self, simd: S, at: At, z: &[f32; MAX_DIMENSIONS]) -> S::Vector {
        let mut difference = [simd.splat(0.0); MAX_DIMENSIONS];
        let mut square = simd.splat(0.0);
        for (i, z) in z.iter().enumerate().take(self.dimensions) {
            let delta = simd.splat(*z).sub(self.means_at(simd, at, i));
            let mut whitened = simd.splat(0.0);
            for (j, earlier) in difference.iter().enumerate().take(i) {
                whitened = whitened.add(self.factor(simd, at, i, j).mul(*earlier));
            }
            if let Some(slot) = difference.get_mut(i) {
                *slot = delta;
            }
            whitened = whitened.add(self.factor(simd, at, i, i).mul(delta));
            square = square.add(whitened.mul(whitened));
        }
        square
    }
}

pub(super) struct LogDensity<'a> {
    pub(super) mixture: &'a Mixture<'a>,
    pub(super) z: &'a [f32; MAX_DIMENSIONS],
}

impl Kernel for LogDensity<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        reduce::log_sum_exp(simd, self.mixture.components, &self)
    }
}

impl Terms for LogDensity<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        self.mixture.log_terms(simd, at, self.z)
    }
}

struct LogDensities<'a> {
    mixture: &'a Mixture<'a>,
    targets: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let mixture = self.mixture;
        let rows = self.targets.chunks_exact(mixture.dimensions.max(1));
        for (target, to) in rows.zip(self.to) {
            let z = &mixture.standardise_checked(target);
            *to = LogDensity { mixture, z }.call(simd);
        }
    }
}

struct Responsibilities<'a> {
    mixture: &'a Mixture<'a>,
    z: &'a [f32; MAX_DIMENSIONS],
    log_density: f32,
    to: &'a mut [f32],
}

impl Kernel for Responsibilities<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let lanes = S::Vector::LANES;
        for (i, to) in self.to.chunks_mut(lanes).enumerate() {
            let terms = self.mixture.log_terms(simd, At::new(i * lanes), self.z);
            let terms = reduce::overflow_to_zero(simd, terms);
            math::exp(terms.sub(simd.splat(self.log_density))).store(to);
        }
    }
}
