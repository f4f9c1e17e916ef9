//! One dimension of a mixture by itself: itself a mixture, of univariate normals.

use super::Mixture;
use crate::error::PredictError;
use crate::math;
use crate::simd::reduce::{self, At, LogTerms};
use crate::simd::{Kernel, Simd, Vector};

/// The distribution of one target dimension, in raw units.
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

    /// E t.
    pub fn mean(&self) -> f32 {
        self.mixture
            .raw(self.d, self.mixture.standardised_mean(self.d))
    }

    /// √Var t; unlike the variance it does not leave binary32 for wide targets.
    pub fn standard_deviation(&self) -> f32 {
        self.mixture.affine(self.d).1
            * <f32 as Vector>::sqrt(self.mixture.standardised_variance(self.d))
    }

    /// ln p(y) of this dimension alone, in nats per raw unit. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn log_density(&self, y: f32) -> Result<f32, PredictError> {
        const HALF_LN_2PI: f32 = 0.918_938_5;
        let z = self.standardise(y)?;
        let Marginal { mixture, d } = self;
        let standardised = mixture.level.run(LogDensity { mixture, d: *d, z });
        Ok(standardised - (HALF_LN_2PI + math::ln(mixture.affine(*d).1)))
    }

    /// P(t ≤ y), accurate relative to itself in the lower tail. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn cdf(&self, y: f32) -> Result<f32, PredictError> {
        Ok(self.mass(Tail::Lower, self.standardise(y)?))
    }

    /// P(t > y), accurate relative to itself in the upper tail. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn survival(&self, y: f32) -> Result<f32, PredictError> {
        Ok(self.mass(Tail::Upper, self.standardise(y)?))
    }

    /// The y with P(t ≤ y) = p: the value at which the computed distribution function passes
    /// p, to the last bit of the standardised y.
    ///
    /// The quantile lies between the least and the greatest of the components' own quantiles;
    /// that interval is bisected over the numbers of binary32, so at most 32 evaluations of the
    /// distribution function find it, whatever its shape. Cost: O(32 K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < p < 1.
    pub fn quantile(&self, p: f32) -> Result<f32, PredictError> {
        if !(0.0 < p && p < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        // From the nearer end: a probability near 1 has no precision left, its complement has.
        let (tail, mass) = if p <= 0.5 {
            (Tail::Lower, p)
        } else {
            (Tail::Upper, 1.0 - p)
        };
        Ok(self.mixture.raw(self.d, self.solve(tail, mass)))
    }

    /// The quantile at ½.
    pub fn median(&self) -> f32 {
        self.mixture.raw(self.d, self.solve(Tail::Lower, 0.5))
    }

    /// The interval that leaves (1 − `probability`)/2 below and above it.
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < `probability` < 1.
    pub fn central_interval(&self, probability: f32) -> Result<(f32, f32), PredictError> {
        if !(0.0 < probability && probability < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        let outside = 0.5 * (1.0 - probability);
        let end = |tail| self.mixture.raw(self.d, self.solve(tail, outside));
        Ok((end(Tail::Lower), end(Tail::Upper)))
    }

    fn standardise(&self, y: f32) -> Result<f32, PredictError> {
        if !y.is_finite() {
            return Err(PredictError::NotFinite { index: 0 });
        }
        let (shift, scale) = self.mixture.affine(self.d);
        Ok((y - shift) / scale)
    }

    fn mass(&self, tail: Tail, z: f32) -> f32 {
        let Marginal { mixture, d } = self;
        mixture.level.run(Mass {
            mixture,
            d: *d,
            tail,
            z,
        })
    }

    /// The standardised z whose tail has `mass` ≤ ½.
    fn solve(&self, tail: Tail, mass: f32) -> f32 {
        let (mut below, mut above) = self.bracket(tail, mass);
        // Binary32 in ascending order is a range of integers: halve it until it has no inside.
        loop {
            let middle = ordered_middle(below, above);
            if middle == below || middle == above {
                return above;
            }
            let reached = match tail {
                Tail::Lower => self.mass(tail, middle) >= mass,
                Tail::Upper => self.mass(tail, middle) <= mass,
            };
            *(if reached { &mut above } else { &mut below }) = middle;
        }
    }

    /// The least and the greatest of the components' own quantiles.
    fn bracket(&self, tail: Tail, mass: f32) -> (f32, f32) {
        let lower = math::normal_quantile(mass);
        let z = match tail {
            Tail::Lower => lower,
            Tail::Upper => -lower,
        };
        let Marginal { mixture, d } = self;
        let above = mixture.level.run(Furthest {
            mixture,
            d: *d,
            z,
            sign: 1.0,
        });
        let below = -mixture.level.run(Furthest {
            mixture,
            d: *d,
            z,
            sign: -1.0,
        });
        (below, above)
    }
}

/// Which end of the line a probability is counted from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tail {
    Lower,
    Upper,
}

/// The number halfway between `a` ≤ `b` in the order of binary32's values.
fn ordered_middle(a: f32, b: f32) -> f32 {
    let to_ordered = |x: f32| {
        let bits = x.to_bits() as i32;
        i64::from(if bits < 0 {
            i32::MIN.wrapping_sub(bits)
        } else {
            bits
        })
    };
    let middle = ((to_ordered(a) + to_ordered(b)) >> 1) as i32;
    f32::from_bits(if middle < 0 {
        i32::MIN.wrapping_sub(middle)
    } else {
        middle
    } as u32)
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

impl LogTerms for LogDensity<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let LogDensity { mixture, d, z } = *self;
        let inverse_scale = mixture.inverse_scale(simd, at, d);
        let distance = simd
            .splat(z)
            .sub(simd.load(at.of(mixture.mean_row(d)), 0.0));
        let whitened = distance.mul(inverse_scale);
        let square = simd.splat(0.5).mul(whitened.mul(whitened));
        let log_weight = simd.load(at.of(mixture.log_weights), f32::NEG_INFINITY);
        log_weight.add(math::ln(inverse_scale)).sub(square)
    }
}

/// Σ πₖ Φ(±(z − μₖ)/σₖ), at most 1.
struct Mass<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    tail: Tail,
    z: f32,
}

impl Kernel for Mass<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let Mass {
            mixture,
            d,
            tail,
            z,
        } = self;
        let means = mixture.mean_row(d);
        let mass = reduce::sum(simd, means.len(), |at| {
            let distance = simd.splat(z).sub(simd.load(at.of(means), 0.0));
            let whitened = distance.mul(mixture.inverse_scale(simd, at, d));
            let signed = match tail {
                Tail::Lower => whitened,
                Tail::Upper => whitened.negate(),
            };
            mixture.weights(simd, at).mul(math::normal_cdf(signed))
        });
        if mass < 1.0 { mass } else { 1.0 }
    }
}

/// max of sign · (μₖ + σₖ z) over the components whose weight is not 0.
struct Furthest<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    z: f32,
    sign: f32,
}

impl Kernel for Furthest<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let Furthest {
            mixture,
            d,
            z,
            sign,
        } = self;
        let means = mixture.mean_row(d);
        let nowhere = simd.splat(f32::NEG_INFINITY);
        reduce::largest(simd, means.len(), |at| {
            let offset = simd.splat(z).div(mixture.inverse_scale(simd, at, d));
            let end = simd.load(at.of(means), 0.0).add(offset);
            // Lanes past the end have no weight either.
            let log_weight = simd.load(at.of(mixture.log_weights), f32::NEG_INFINITY);
            simd.splat(sign)
                .mul(end)
                .select(nowhere.less(log_weight), nowhere)
        })
    }
}
