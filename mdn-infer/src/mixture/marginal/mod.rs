//! One dimension of a mixture by itself: itself a mixture, of univariate normals.

mod crps;
mod derivative;
mod mass;
mod modes;
mod order;
mod quantile;
mod region;
mod tail_means;

pub(super) use self::mass::Tail;
use self::mass::whiten;
pub(super) use self::order::{bisect, next, previous};
use super::{Mixture, standardise};
use crate::error::PredictError;
use crate::format::Support;
use crate::math;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

/// The distribution of one target dimension, in raw units, on the [support](Self::support) that the file
/// states: every answer is about values of the target, with probabilities where values have some. Those on
/// supports other than the whole line cost more: a moment some 40 probabilities of a component, a score 40
/// K of the mixture, a quantile 33 of them.
///
/// Probabilities are computed in the tail that they are asked for, so that they are accurate
/// relative to themselves however small they are: to about 10⁻⁶ within 4 standard deviations of
/// the components that matter, and further out to 2⁻²² of the squared number of standard
/// deviations, for that is what rounding y does to them.
#[derive(Clone, Copy, Debug)]
pub struct Marginal<'a> {
    mixture: Mixture<'a>,
    d: usize,
}

impl<'a> Marginal<'a> {
    /// `d` is below D.
    pub(super) fn new(mixture: Mixture<'a>, d: usize) -> Self {
        Marginal { mixture, d }
    }

    /// E t; on a circle the mean direction (Mardia 1972).
    pub fn mean(&self) -> f32 {
        match self.mixture.supported_moments(self.d) {
            Some(moments) => moments.mean,
            None => self
                .mixture
                .raw(self.d, self.mixture.standardised_mean(self.d)),
        }
    }

    /// √Var t, in raw units; unlike the variance it does not leave binary32 for wide targets. On a
    /// circle it is the circular standard deviation √(−2 ln R), R the length of the mean vector.
    pub fn standard_deviation(&self) -> f32 {
        match self.mixture.supported_moments(self.d) {
            Some(moments) => moments.variance.sqrt(),
            None => self.mixture.affine(self.d).1 * self.mixture.marginal_deviation(self.d),
        }
    }

    /// ln p(y) of this dimension alone, in nats per raw unit; on a lattice that of P(t = y) over the step, of
    /// an atom that of P(t = y), and −∞ off the support. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn log_density(&self, y: f32) -> Result<f32, PredictError> {
        const HALF_LN_2PI: f32 = 0.918_938_5;
        if !y.is_finite() {
            return Err(PredictError::NotFinite { index: 0 });
        }
        if let Some(law) = self.mixture.law(self.d) {
            return Ok(law.log_density(y));
        }
        let standardised = self.standardised_log_density(self.standardise(y));
        let scale = self.mixture.affine(self.d).1;
        Ok(standardised - (HALF_LN_2PI + math::ln(scale)))
    }

    /// P(t ≤ y), accurate relative to itself in the lower tail; 0 at −∞ and 1 at +∞. On a circle, of the
    /// arc from the cut on to y. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotANumber`].
    pub fn cdf(&self, y: f32) -> Result<f32, PredictError> {
        let z = self.standardised_end(y, 0)?;
        Ok(match self.mixture.law(self.d) {
            Some(law) => law.cdf(y),
            None => self.mass(Tail::Lower, z),
        })
    }

    /// P(t > y), accurate relative to itself in the upper tail; 1 at −∞ and 0 at +∞. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotANumber`].
    pub fn survival(&self, y: f32) -> Result<f32, PredictError> {
        let z = self.standardised_end(y, 0)?;
        Ok(match self.mixture.law(self.d) {
            Some(law) => law.survival(y),
            None => self.mass(Tail::Upper, z),
        })
    }

    /// The probability that the threshold `y` is exceeded: another name of
    /// [`survival`](Self::survival).
    ///
    /// # Errors
    ///
    /// As [`survival`](Self::survival).
    pub fn exceedance(&self, y: f32) -> Result<f32, PredictError> {
        self.survival(y)
    }

    /// The probability integral transform of the outcome `y` (Dawid 1984), uniform on (0, 1) over
    /// the outcomes when the forecasts are calibrated: another name of [`cdf`](Self::cdf).
    ///
    /// # Errors
    ///
    /// As [`cdf`](Self::cdf).
    pub fn pit(&self, y: f32) -> Result<f32, PredictError> {
        self.cdf(y)
    }

    /// P(t = y): 0 but for a value of a lattice and for an atom; see [`support`](Self::support).
    /// Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn probability(&self, y: f32) -> Result<f32, PredictError> {
        if !y.is_finite() {
            return Err(PredictError::NotFinite { index: 0 });
        }
        let law = self.mixture.law(self.d);
        Ok(law.map_or(0.0, |law| law.probability(y)))
    }

    /// (P(t < y), P(t ≤ y)): where values have probabilities, a number drawn between the two is
    /// the randomised probability integral transform of the outcome `y`, uniform when the forecasts are
    /// calibrated, as [`pit`](Self::pit) is elsewhere (Czado, Gneiting and Held 2009). Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn pit_between(&self, y: f32) -> Result<(f32, f32), PredictError> {
        let at = self.probability(y)?;
        let up_to = self.cdf(y)?;
        let below = up_to - at;
        Ok((if below > 0.0 { below } else { 0.0 }, up_to))
    }

    /// The set on which the values of this dimension lie, in raw units.
    pub fn support(&self) -> Support {
        self.mixture.support(self.d)
    }

    /// P(`low` < t ≤ `high`). Either end may be infinite. On a circle it is the probability of the arc
    /// from `low` on to `high`, and `low` may be above `high`.
    ///
    /// It is a sum over the components of differences within one tail each, or of a series where
    /// the interval is narrow, and so accurate relative to itself wherever the interval lies and
    /// however narrow it is. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotANumber`]; [`PredictError::ReversedInterval`] when `low` > `high`.
    pub fn interval_probability(&self, low: f32, high: f32) -> Result<f32, PredictError> {
        let ends = (
            self.standardised_end(low, 0)?,
            self.standardised_end(high, 1)?,
        );
        let law = self.mixture.law(self.d);
        if low > high && !law.is_some_and(|law| law.is_circle()) {
            return Err(PredictError::ReversedInterval);
        }
        if let Some(law) = law {
            return Ok(law.between(low, high));
        }
        // From the raw ends, for the standardised ones have been rounded.
        let width = standardise(high, low, self.mixture.affine(self.d).1);
        Ok(self.mass_between(ends.0, ends.1, width))
    }

    /// `y` in standardised units.
    fn standardise(&self, y: f32) -> f32 {
        let (shift, scale) = self.mixture.affine(self.d);
        standardise(y, shift, scale)
    }

    /// As [`standardise`](Self::standardise), for the end `index` of an interval.
    fn standardised_end(&self, y: f32, index: usize) -> Result<f32, PredictError> {
        if y.is_nan() {
            return Err(PredictError::NotANumber { index });
        }
        Ok(self.standardise(y))
    }

    /// ln p of the standardised z, without −½ ln 2π.
    fn standardised_log_density(&self, z: f32) -> f32 {
        let Marginal { mixture, d } = self;
        mixture.level.run(LogDensity { mixture, d: *d, z })
    }
}

/// ln Σ πₖ/σₖ exp(−½ ((z − μₖ)/σₖ)²)
struct LogDensity<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    z: f32,
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
        let LogDensity { mixture, d, z } = *self;
        let whitened = whiten(simd, mixture, d, at, z);
        let square = simd.splat(0.5).mul(whitened.mul(whitened));
        let log_weight = at.load(simd, mixture.log_weights, f32::NEG_INFINITY);
        let inverse_scale = mixture.inverse_scale(simd, at, d);
        log_weight.add(math::ln(inverse_scale)).sub(square)
    }
}
