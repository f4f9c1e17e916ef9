//! The limits within which every answer of a mixture is right.
//!
//! Sums over components hold squares of distances between means and squares of scales. While the
//! standardised means are below 2⁶² and the standardised scales of every dimension below 2⁹⁰, no such
//! sum loses its answer: distances have squares in binary32, a precision is no zero, and what the
//! moments square they square in other units. A mixture beyond that is refused as an
//! overflow, unless what is beyond belongs to components without weight: these are taken out.

use super::factors::Factors;
use crate::error::PredictError;
use crate::format::{Covariance, Head};
use crate::math;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Scalar, Simd, Vector};

/// 2¹²⁴, the square of 2⁶²: of the sum of the squares of all outputs.
const LARGEST_SQUARE: f32 = 2.126_764_8e37;
/// 2⁶²: of a standardised mean.
const LARGEST_MEAN: f32 = 4.611_686e18;
/// 2⁹⁰: of a standardised scale.
const LARGEST_SCALE: f32 = 1.237_940_04e27;

/// What becomes of a mixture whose numbers leave room for wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limits {
    /// It is an error; components without weight are taken out first.
    Kept,
    /// Nothing: its answers are what the arithmetic gives.
    Ignored,
}

/// How large a network's outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Each is below [`LARGEST_MEAN`].
    Usual,
    /// All are finite.
    Vast,
}

/// How large the outputs at the front of `parameters` are.
///
/// # Errors
///
/// [`PredictError::Overflow`] when one is not finite.
#[inline(always)]
pub(super) fn extent<S: Simd>(
    simd: S,
    head: &Head,
    parameters: &[f32],
) -> Result<Extent, PredictError> {
    let outputs = parameters.get(..head.outputs()).unwrap_or_default();
    if reduce::sum_of_squares(simd, outputs) < LARGEST_SQUARE {
        Ok(Extent::Usual)
    } else if outputs.iter().all(|x| x.is_finite()) {
        Ok(Extent::Vast)
    } else {
        Err(PredictError::Overflow)
    }
}

impl Limits {
    /// Leaves parameters as [`mixture_parameters`](super::mixture_parameters) made them, but for
    /// components without weight that are out of the limits: they get the log-weight −∞, the mean 0
    /// and no correlations.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when a component with a weight is out of the limits.
    #[inline(always)]
    pub(super) fn keep<S: Simd>(
        self,
        simd: S,
        head: &Head,
        extent: Extent,
        parameters: &mut [f32],
    ) -> Result<(), PredictError> {
        if self == Limits::Ignored
            || (extent == Extent::Usual && head.covariance != Covariance::Full)
        {
            return Ok(());
        }
        let mut parts = Parts::new(head, parameters);
        if extent == Extent::Usual && parts.are_narrow(simd) {
            return Ok(());
        }
        parts.take_out()
    }
}

/// The parameters of a mixture, each with the component as the fastest index.
pub(crate) struct Parts<'a> {
    pub(crate) covariance: Covariance,
    pub(crate) dimensions: usize,
    pub(crate) log_weights: &'a mut [f32],
    pub(crate) means: &'a mut [f32],
    pub(crate) factors: &'a mut [f32],
    pub(crate) log_coefficients: &'a mut [f32],
}

impl<'a> Parts<'a> {
    #[inline(always)]
    fn new(head: &Head, parameters: &'a mut [f32]) -> Self {
        let components = usize::from(head.components);
        let dimensions = usize::from(head.dimensions);
        let factors = components * head.covariance.factors(dimensions);
        let mut rest = parameters;
        let mut take = |len| {
            let parts = core::mem::take(&mut rest).split_at_mut_checked(len);
            let (part, others) = parts.unwrap_or_default();
            rest = others;
            part
        };
        Parts {
            covariance: head.covariance,
            dimensions,
            log_weights: take(components),
            means: take(components * dimensions),
            factors: take(factors),
            log_coefficients: take(components),
        }
    }

    /// Whether every component's scales are below [`LARGEST_SCALE`].
    #[inline(always)]
    fn are_narrow<S: Simd>(&self, simd: S) -> bool {
        let wide = Wide {
            dimensions: self.dimensions,
            factors: self.factors(),
        };
        reduce::largest(simd, self.log_weights.len(), &wide) < 0.0
    }

    fn factors(&self) -> Factors<'_> {
        Factors {
            covariance: self.covariance,
            components: self.log_weights.len(),
            entries: self.factors,
        }
    }

    /// Takes out what is out of the limits and has no weight.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when it has a weight.
    #[cold]
    #[inline(never)]
    pub(crate) fn take_out(&mut self) -> Result<(), PredictError> {
        for k in 0..self.log_weights.len() {
            if !self.is_within(k) {
                let log_weight = self.log_weights.get(k).copied().unwrap_or(0.0);
                if math::exp(log_weight) > 0.0 {
                    return Err(PredictError::Overflow);
                }
                self.empty(k);
            }
        }
        Ok(())
    }

    /// Whether component `k` is within the limits.
    fn is_within(&self, k: usize) -> bool {
        let components = self.log_weights.len().max(1);
        let mut means = self.means.iter().skip(k).step_by(components);
        let wide = Wide {
            dimensions: self.dimensions,
            factors: self.factors(),
        };
        means.all(|mean| mean.abs() < LARGEST_MEAN) && wide.at(Scalar, At::new(k)) < 0.0
    }

    /// Component `k` becomes one that counts nowhere.
    fn empty(&mut self, k: usize) {
        let components = self.log_weights.len().max(1);
        for log_weight in [&mut *self.log_weights, &mut *self.log_coefficients] {
            if let Some(slot) = log_weight.get_mut(k) {
                *slot = f32::NEG_INFINITY;
            }
        }
        for row in self.means.chunks_exact_mut(components) {
            if let Some(slot) = row.get_mut(k) {
                *slot = 0.0;
            }
        }
        if self.covariance == Covariance::Full {
            let mut rows = self.factors.chunks_exact_mut(components);
            for (i, j) in (0..self.dimensions).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                let slot = rows.next().and_then(|row| row.get_mut(k));
                if let Some(slot) = slot.filter(|_| j < i) {
                    *slot = 0.0;
                }
            }
        }
    }
}

/// Negative where all scales of a component are below [`LARGEST_SCALE`]; −∞ past the end.
struct Wide<'a> {
    dimensions: usize,
    factors: Factors<'a>,
}

impl Terms for Wide<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (inside, outside) = (simd.splat(f32::NEG_INFINITY), simd.splat(1.0));
        let mut wide = inside;
        for d in 0..self.dimensions {
            // Scale d is √square / diagonal.
            let bound = simd
                .splat(LARGEST_SCALE)
                .mul(self.factors.entry(simd, at, d, d));
            let within = self.factors.square(simd, at, d).less(bound.mul(bound));
            wide = wide.select(within, outside);
        }
        wide
    }
}
