//! Quantiles.
//!
//! A quantile is the end of one fixed bisection: over all numbers of binary32 in ascending order,
//! from −∞ and +∞, asking at each step whether the computed probability has reached the one that
//! is wanted. The steps taken depend on the answers alone, so
//!
//! - the result is the same on every target and at every level;
//! - at most 32 steps are taken, whatever the shape of the mixture;
//! - the quantile never decreases when p increases, although rounding errors of the computed
//!   distribution function may make that function decrease from one number to the next: where
//!   the answers for two probabilities differ for the first time, the smaller one has been
//!   reached and the larger one has not, so the smaller one's quantile lies at or below the
//!   number in question and the larger one's above it.
//!
//! Probabilities up to ½ ask the lower tail, the others the upper one. What has been reached for
//! p > ½ must also have reached ½ in the lower tail, so the argument holds across ½ too.
//!
//! Most answers are known without computing anything. A few steps of the regula falsi find
//! numbers on both sides whose probability differs from the wanted one by more than all rounding
//! errors; since the exact distribution function is monotone, the answer is certain beyond them.
//! These steps save time and cannot change the result.

use super::mass::Tail;
use super::{Marginal, order};
use crate::error::PredictError;
use crate::math;
use crate::mixture::Mixture;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

/// Steps of the regula falsi, after which the bisection has to do with what they found.
const STEPS: usize = 12;
/// A difference in Φ⁻¹ after which one more secant hits the quantile within rounding.
const NEAR: f32 = 1.0 / 2048.0;
/// An upper tail below this leaves no doubt that the lower one is above ½.
const NEARLY_HALF: f32 = 0.49;
/// Smaller probabilities may hold subnormal terms, whose errors are not relative.
const SMALLEST: f32 = f32::from_bits(27 << 23);

impl Marginal<'_> {
    /// The y with P(t ≤ y) = p, in raw units: where the computed distribution function passes
    /// p, to the last bit of the standardised y; ±∞ where that leaves binary32. On a lattice and with
    /// atoms it is the least value y with P(t ≤ y) ≥ p, on a circle it is counted from the cut on.
    ///
    /// It never decreases with p. Where the distribution function is flat to within rounding,
    /// between far-apart components, it is some value of the flat stretch. For p near 1 see
    /// [`upper_quantile`](Self::upper_quantile): p itself has little precision left there.
    /// Cost: O(K) for each of at most 47 evaluations of the distribution function, about 13 for
    /// most mixtures.
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < p < 1.
    pub fn quantile(&self, p: f32) -> Result<f32, PredictError> {
        if !(0.0 < p && p < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        Ok(if p <= 0.5 {
            self.tail_quantile(Tail::Lower, p)
        } else {
            self.tail_quantile(Tail::Upper, 1.0 - p)
        })
    }

    /// The y with P(t > y) = q, in raw units: the quantile at 1 − q without the loss of
    /// precision in that difference, so that q = 10⁻³⁰ means what it says. Otherwise as
    /// [`quantile`](Self::quantile); it never increases with q.
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < q < 1.
    pub fn upper_quantile(&self, q: f32) -> Result<f32, PredictError> {
        if !(0.0 < q && q < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        Ok(if q < 0.5 {
            self.tail_quantile(Tail::Upper, q)
        } else {
            self.tail_quantile(Tail::Lower, 1.0 - q)
        })
    }

    /// The quantile at ½.
    pub fn median(&self) -> f32 {
        self.tail_quantile(Tail::Lower, 0.5)
    }

    /// The interval that leaves (1 − `probability`)/2 below and above it, or less where its ends have
    /// probabilities. On a circle that is cut opposite of the mean direction, and the low end may be above
    /// the high one.
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < `probability` < 1.
    pub fn central_interval(&self, probability: f32) -> Result<(f32, f32), PredictError> {
        if !(0.0 < probability && probability < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        let outside = 0.5 * (1.0 - probability);
        if let Some(arc) = self
            .mixture
            .law(self.d)
            .and_then(|law| law.central_arc(outside))
        {
            return Ok(arc);
        }
        let end = |tail| self.tail_quantile(tail, outside);
        Ok((end(Tail::Lower), end(Tail::Upper)))
    }

    /// The raw y whose tail has `mass`, 0 < `mass` ≤ ½.
    fn tail_quantile(&self, tail: Tail, mass: f32) -> f32 {
        match self.mixture.law(self.d) {
            Some(law) => law.quantile(tail, mass, || self.latent_quantile(tail, mass)),
            None => self.latent_quantile(tail, mass),
        }
    }

    /// As [`tail_quantile`](Self::tail_quantile), of the latent line.
    fn latent_quantile(&self, tail: Tail, mass: f32) -> f32 {
        let z = self.standardised_quantile(tail, mass);
        self.mixture.raw(self.d, z)
    }

    /// As [`latent_quantile`](Self::latent_quantile), standardised.
    pub(super) fn standardised_quantile(&self, tail: Tail, mass: f32) -> f32 {
        let (below, above) = Search::new(self, tail, mass).certain();
        order::bisect(f32::NEG_INFINITY, f32::INFINITY, |z| {
            below < z && (above <= z || self.reached(tail, mass, z))
        })
    }

    /// Whether the quantile of `tail` and `mass` is at or below the standardised `z`.
    fn reached(&self, tail: Tail, mass: f32, z: f32) -> bool {
        match tail {
            Tail::Lower => self.mass(tail, z) >= mass,
            Tail::Upper => {
                let found = self.mass(tail, z);
                found <= mass && (found < NEARLY_HALF || self.mass(Tail::Lower, z) >= 0.5)
            }
        }
    }

    /// The least and the greatest of the components' own quantiles at the standard normal's
    /// quantile `z`, give or take 2⁻¹⁰ of their scales.
    fn bracket(&self, z: f32) -> (f32, f32) {
        const SLACK: f32 = 1.0 / 1024.0;
        let Marginal { mixture, d } = self;
        let furthest = |z, sign| {
            sign * mixture.level.run(Furthest {
                mixture,
                d: *d,
                z,
                sign,
            })
        };
        (furthest(z - SLACK, -1.0), furthest(z + SLACK, 1.0))
    }
}

/// The regula falsi for one quantile.
///
/// Its function is Φ⁻¹ of the probability less Φ⁻¹ of the wanted one, which is linear for a
/// single component and nearly so for components that overlap.
struct Search<'a> {
    marginal: &'a Marginal<'a>,
    tail: Tail,
    mass: f32,
    /// Φ⁻¹(`mass`)
    score: f32,
    /// A relative difference of two computed probabilities beyond this is no rounding error:
    /// 5 ULP for two values of Φ, and K/8 + 5 roundings for each of two sums.
    margin: f32,
    /// Nothing up to here has reached `mass`.
    below: f32,
    /// Everything from here on has reached `mass`.
    above: f32,
}

impl<'a> Search<'a> {
    fn new(marginal: &'a Marginal<'a>, tail: Tail, mass: f32) -> Self {
        const ROUNDING: f32 = 1.0 / 16_777_216.0;
        Search {
            marginal,
            tail,
            mass,
            score: math::normal_quantile(mass),
            margin: (24.0 + 0.5 * marginal.mixture.components as f32) * ROUNDING,
            below: f32::NEG_INFINITY,
            above: f32::INFINITY,
        }
    }

    /// Numbers around the quantile beyond which the answers are certain.
    fn certain(mut self) -> (f32, f32) {
        if self.mass > SMALLEST {
            self.regula_falsi();
        }
        (self.below, self.above)
    }

    /// With the modification called Illinois (Dowell and Jarratt 1971).
    fn regula_falsi(&mut self) {
        let sign = self.sign();
        let (mut low, mut high) = self.marginal.bracket(sign * self.score);
        let (mut low_value, mut high_value) = (self.value(low), self.value(high));
        let (mut last, mut last_value) = (low, low_value);
        for _ in 0..STEPS {
            let slope = (high - low) / (high_value - low_value);
            let guess = low - low_value * slope;
            let inside = low < guess && guess < high;
            let z = if inside {
                guess
            } else {
                order::middle(low, high)
            };
            let value = self.value(z);
            if -NEAR < value && value < NEAR {
                let slope = (z - last) / (value - last_value);
                return self.step_out(z - value * slope, slope);
            }
            let same_side = (value < 0.0) == (last_value < 0.0);
            if value < 0.0 {
                (low, low_value) = (z, value);
                high_value *= if same_side { 0.5 } else { 1.0 };
            } else {
                (high, high_value) = (z, value);
                low_value *= if same_side { 0.5 } else { 1.0 };
            }
            (last, last_value) = (z, value);
        }
    }

    /// Looks on both sides of the estimate `z` for probabilities that differ for certain.
    fn step_out(&mut self, z: f32, slope: f32) {
        const PEAK: f32 = 0.398_942_3;
        const TRIES: usize = 2;
        let density = PEAK * math::exp(-0.5 * self.score * self.score);
        for side in [-1.0, 1.0] {
            let mut step = 2.0 * self.margin * self.mass / density * slope;
            for _ in 0..TRIES {
                let (before, at) = ((self.below, self.above), z + side * step);
                self.value(at);
                if (self.below, self.above) != before {
                    break;
                }
                step *= 8.0;
            }
        }
    }

    /// The function at `z`, increasing; notes what is certain from there on.
    fn value(&mut self, z: f32) -> f32 {
        let found = self.marginal.mass(self.tail, z);
        let (less, more) = (
            self.mass * (1.0 - self.margin),
            self.mass * (1.0 + self.margin),
        );
        let (before, after) = match self.tail {
            Tail::Lower => (found < less, more <= found),
            Tail::Upper => (more < found, found <= less && found < NEARLY_HALF),
        };
        if before && self.below < z {
            self.below = z;
        }
        if after && z < self.above {
            self.above = z;
        }
        self.sign() * (math::normal_quantile(found) - self.score)
    }

    fn sign(&self) -> f32 {
        match self.tail {
            Tail::Lower => 1.0,
            Tail::Upper => -1.0,
        }
    }
}

/// max of sign · (μₖ + σₖ z) over the components whose weight is not 0.
pub(super) struct Furthest<'a> {
    pub mixture: &'a Mixture<'a>,
    pub d: usize,
    pub z: f32,
    pub sign: f32,
}

impl Kernel for Furthest<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        reduce::largest(simd, self.mixture.components, &self)
    }
}

impl Terms for Furthest<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (mixture, d) = (self.mixture, self.d);
        let nowhere = simd.splat(f32::NEG_INFINITY);
        let offset = simd.splat(self.z).div(mixture.inverse_scale(simd, at, d));
        let end = mixture.means_at(simd, at, d).add(offset);
        // Lanes past the end have no weight either.
        let log_weight = at.load(simd, mixture.log_weights, f32::NEG_INFINITY);
        let signed = simd.splat(self.sign).mul(end);
        signed.select(nowhere.less(log_weight), nowhere)
    }
}
