//! Moments of the whole mixture.
//!
//! The mean is subtracted before anything is squared, and the variance of what its rounding
//! leaves is taken off again (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983).
//! Where a variance is too large or too small for binary32 it is summed in other units, a power
//! of two away, so that its root is exact all the same.

use super::Mixture;
use crate::check::check_len;
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::layers::Limits;
use crate::math;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

/// What deviations are multiplied by where squares leave binary32: 2^38 and 2^-40. A component within
/// the limits has room for both, however light it is, and what is small beside a large one keeps its
/// bits.
const UNITS: (f32, f32) = (274_877_906_944.0, 1.0 / 1_099_511_627_776.0);
/// 2^60 and 2^-64, for mixtures that may be out of the limits.
const FAR_UNITS: (f32, f32) = (
    1_152_921_504_606_846_976.0,
    1.0 / 18_446_744_073_709_551_616.0,
);
/// 2^-40: a variance below this part of the squared mean is of the size that the mean's rounding has, and
/// is summed about a mean without it.
const CLOSE: f32 = 1.0 / 1_099_511_627_776.0;
/// 2^120 and 2^-100: variances between them are computed as they are.
const LARGEST: f32 = 1.329_228e36;
const LEAST: f32 = 7.888_609e-31;

impl Mixture<'_> {
    /// E t = Σ πₖ μₖ `[D]` into `to`. Cost: O(K D).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn mean(&self, to: &mut [f32]) -> Result<(), PredictError> {
        self.each_marginal(to, |mixture, d| match mixture.supported_moments(d) {
            Some(moments) => moments.mean,
            None => mixture.raw(d, mixture.standardised_mean(d)),
        })
    }

    /// Var t = Σ πₖ (σₖ² + (μₖ − E t)²), each dimension by itself, `[D]` into `to`; in squared
    /// raw units, +∞ where that leaves binary32. Cost: O(K D), for full covariance O(K D³).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn variance(&self, to: &mut [f32]) -> Result<(), PredictError> {
        self.each_marginal(to, |mixture, d| {
            if let Some(moments) = mixture.supported_moments(d) {
                return moments.variance;
            }
            let margin = mixture.margin(d);
            mixture.raw_covariance(&margin, &margin)
        })
    }

    /// √Var t, each dimension by itself, `[D]` into `to`, in raw units: right even where the
    /// variance leaves binary32. Cost: as [`variance`](Self::variance).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn standard_deviation(&self, to: &mut [f32]) -> Result<(), PredictError> {
        self.each_marginal(to, |mixture, d| match mixture.supported_moments(d) {
            Some(moments) => moments.variance.sqrt(),
            None => mixture.affine(d).1 * mixture.standardised_deviation(d),
        })
    }

    /// The covariance matrix `[D][D]` into `to`, symmetric to the bit: entry (i, j) is
    /// Σ πₖ (Σₖᵢⱼ + (μₖᵢ − E tᵢ)(μₖⱼ − E tⱼ)), and the diagonal is [`variance`](Self::variance),
    /// in products of raw units, ±∞ where that leaves binary32.
    /// Cost: O(K D²), for full covariance O(K D⁴).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn covariance_into(&self, to: &mut [f32]) -> Result<(), PredictError> {
        check_len(to.len(), self.dimensions * self.dimensions)?;
        let mut margins = [Margin::NONE; MAX_DIMENSIONS];
        for (d, margin) in margins.iter_mut().enumerate().take(self.dimensions) {
            *margin = self.margin(d);
        }
        let pairs = (0..self.dimensions).flat_map(|i| (0..self.dimensions).map(move |j| (i, j)));
        for ((i, j), to) in pairs.zip(&mut *to) {
            let (first, second) = (i.min(j), i.max(j));
            if let (Some(first), Some(second)) = (margins.get(first), margins.get(second)) {
                *to = self.raw_covariance(first, second);
            }
        }
        if self.targets().is_some() {
            self.supported_covariances(to);
        }
        Ok(())
    }

    /// √Var t of dimension `d` as [`Marginal`](super::Marginal) answers it: without the limits by way
    /// of the variance, which may leave binary32 first.
    pub(super) fn marginal_deviation(&self, d: usize) -> f32 {
        if self.limits == Limits::Kept {
            return self.standardised_deviation(d);
        }
        let margin = self.margin(d);
        <f32 as Vector>::sqrt(margin.variance / margin.unit / margin.unit)
    }

    /// √Var t of dimension `d`, standardised.
    pub(super) fn standardised_deviation(&self, d: usize) -> f32 {
        let margin = self.margin(d);
        <f32 as Vector>::sqrt(margin.variance) / margin.unit
    }

    pub(super) fn standardised_mean(&self, d: usize) -> f32 {
        self.level.run(Mean { mixture: self, d })
    }

    /// The mean of dimension `d` and the unit in which its variance fits binary32.
    fn margin(&self, d: usize) -> Margin {
        let mean = self.standardised_mean(d);
        let in_unit = |mean, unit| {
            let margin = Margin {
                d,
                mean,
                unit,
                variance: 0.0,
            };
            Margin {
                variance: self.sum_covariance(&margin, &margin),
                ..margin
            }
        };
        let (large, small) = match self.limits {
            Limits::Kept => UNITS,
            Limits::Ignored => FAR_UNITS,
        };
        let mut margin = in_unit(mean, 1.0);
        if self.limits == Limits::Kept && margin.variance < CLOSE * mean * mean {
            let rest = self.level.run(Rest {
                mixture: self,
                margin: &margin,
            });
            margin = in_unit(mean + rest, 1.0);
        }
        if margin.variance < LEAST {
            in_unit(margin.mean, large)
        } else if margin.variance <= LARGEST {
            margin
        } else {
            in_unit(margin.mean, small)
        }
    }

    /// The standardised covariance, times both units.
    fn sum_covariance(&self, first: &Margin, second: &Margin) -> f32 {
        let sum = |weighty| {
            self.level.run(SumCovariance {
                mixture: self,
                first,
                second,
                weighty,
            })
        };
        let all = sum(false);
        // A weight of 0 times a square that left binary32.
        if all.is_nan() && self.limits == Limits::Kept {
            return sum(true);
        }
        all
    }

    fn raw_covariance(&self, first: &Margin, second: &Margin) -> f32 {
        let sum = if first.d == second.d {
            first.variance
        } else {
            self.sum_covariance(first, second)
        };
        self.raw_product((first.d, second.d), sum, (first.unit, second.unit))
    }

    /// A standardised product of these two dimensions in raw units; it comes times both units.
    pub(super) fn raw_product(
        &self,
        (i, j): (usize, usize),
        product: f32,
        units: (f32, f32),
    ) -> f32 {
        let (a, b) = (self.affine(i).1, self.affine(j).1);
        let scales = a * b;
        if scales.is_normal() {
            scales * product / units.0 / units.1
        } else {
            a * (b * product / units.1) / units.0
        }
    }

    fn each_marginal(
        &self,
        to: &mut [f32],
        value: impl Fn(&Self, usize) -> f32,
    ) -> Result<(), PredictError> {
        check_len(to.len(), self.dimensions)?;
        for (d, to) in to.iter_mut().enumerate() {
            *to = value(self, d);
        }
        Ok(())
    }

    /// πₖ of the components at `at`; 0 in lanes past the end.
    #[inline(always)]
    pub(super) fn weights<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        math::exp(at.load(simd, self.log_weights, f32::NEG_INFINITY))
    }

    /// 1/σ of dimension `d` in the components at `at`, standardised; 1 in lanes past the end.
    #[inline(always)]
    pub(super) fn inverse_scale<S: Simd>(&self, simd: S, at: At, d: usize) -> S::Vector {
        self.cholesky().inverse_scale(simd, at, d)
    }

    /// The covariance of two dimensions within the components at `at`, standardised, times both
    /// units.
    #[inline(always)]
    fn inner_covariance<S: Simd>(
        &self,
        simd: S,
        at: At,
        first: &Margin,
        second: &Margin,
    ) -> S::Vector {
        if first.d == second.d {
            let scale = simd
                .splat(first.unit)
                .div(self.inverse_scale(simd, at, first.d));
            return scale.mul(scale);
        }
        let zero = simd.splat(0.0);
        if self.covariance != Covariance::Full {
            return zero;
        }
        let (mut row, mut other) = ([zero; MAX_DIMENSIONS], [zero; MAX_DIMENSIONS]);
        self.cholesky().inverse_row(simd, at, first.d, &mut row);
        self.cholesky().inverse_row(simd, at, second.d, &mut other);
        let shared = row.iter().zip(&other).take(first.d.min(second.d) + 1);
        let dot = shared.fold(zero, |sum, (a, b)| sum.add(a.mul(*b)));
        let scale = simd
            .splat(first.unit)
            .div(self.factor(simd, at, first.d, first.d));
        let other = simd
            .splat(second.unit)
            .div(self.factor(simd, at, second.d, second.d));
        dot.mul(scale).mul(other)
    }
}

/// One dimension, standardised.
#[derive(Clone, Copy)]
struct Margin {
    d: usize,
    mean: f32,
    /// The power of two by which deviations are multiplied before they are squared.
    unit: f32,
    /// Times the square of `unit`.
    variance: f32,
}

impl Margin {
    const NONE: Self = Margin {
        d: 0,
        mean: 0.0,
        unit: 1.0,
        variance: 0.0,
    };

    /// μₖ − E t of the components at `at`, in this unit; 0 in lanes past the end.
    #[inline(always)]
    fn deviation<S: Simd>(&self, simd: S, mixture: &Mixture<'_>, at: At) -> S::Vector {
        let unit = simd.splat(self.unit);
        let mean = at.load(simd, mixture.mean_row(self.d), self.mean);
        mean.mul(unit).sub(simd.splat(self.mean).mul(unit))
    }

    /// Σ πₖ deviation: what the rounding of the mean leaves.
    #[inline(always)]
    fn rest<S: Simd>(&self, simd: S, mixture: &Mixture<'_>) -> f32 {
        let margin = self;
        reduce::sum(simd, mixture.components, &Deviations { mixture, margin })
    }
}

/// πₖ deviation
struct Deviations<'a> {
    mixture: &'a Mixture<'a>,
    margin: &'a Margin,
}

impl Terms for Deviations<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let deviation = self.margin.deviation(simd, self.mixture, at);
        self.mixture.weights(simd, at).mul(deviation)
    }
}

/// [`Margin::rest`] by itself.
struct Rest<'a> {
    mixture: &'a Mixture<'a>,
    margin: &'a Margin,
}

impl Kernel for Rest<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        self.margin.rest(simd, self.mixture)
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
        reduce::sum(simd, self.mixture.components, &self)
    }
}

impl Terms for Mean<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let means = self.mixture.means_at(simd, at, self.d);
        self.mixture.weights(simd, at).mul(means)
    }
}

/// Σ πₖ (Σₖ + deviation · deviation) − (Σ πₖ deviation)(Σ πₖ deviation)
struct SumCovariance<'a> {
    mixture: &'a Mixture<'a>,
    first: &'a Margin,
    second: &'a Margin,
    /// Only over components whose weight is not 0.
    weighty: bool,
}

impl Kernel for SumCovariance<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let total = reduce::sum(simd, self.mixture.components, &self);
        let SumCovariance {
            mixture,
            first,
            second,
            ..
        } = self;
        let rest = first.rest(simd, mixture);
        let other = if first.d == second.d {
            rest
        } else {
            second.rest(simd, mixture)
        };
        total - rest * other
    }
}

impl Terms for SumCovariance<'_> {
    /// πₖ (Σₖ + deviation · deviation)
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (mixture, first, second) = (self.mixture, self.first, self.second);
        let inner = mixture.inner_covariance(simd, at, first, second);
        let deviation = first.deviation(simd, mixture, at);
        let spread = inner.add(deviation.mul(second.deviation(simd, mixture, at)));
        let weights = mixture.weights(simd, at);
        let product = weights.mul(spread);
        if !self.weighty {
            return product;
        }
        let zero = simd.splat(0.0);
        product.select(zero.less(weights), zero)
    }
}
