//! The continuous ranked probability score.

use super::Marginal;
use crate::error::PredictError;
use crate::layers::Limits;
use crate::math;
use crate::mixture::Mixture;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Scalar, Simd, Vector};

impl Marginal<'_> {
    /// The continuous ranked probability score of the outcome `y`, in raw units: the integral of
    /// (P(t ≤ s) − [y ≤ s])² over s (Matheson and Winkler 1976). Less is better; for a forecast
    /// without spread it is the absolute error; +∞ where y in standardised units, or the score in them, leaves binary32.
    ///
    /// The closed form for mixtures of normals (Grimit, Gneiting, Berrocal and Johnson 2006),
    /// E|t − y| − ½ E|t − t′| with t′ an independent copy of t. Its two terms cancel in part, so
    /// the error is relative to E|t − y|, the mean distance of the distribution from y: below
    /// (K/8 + 12) 2⁻²³ of it, and the rounding of y and of the means. Cost: O(K²).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotFinite`].
    pub fn crps(&self, y: f32) -> Result<f32, PredictError> {
        if !y.is_finite() {
            return Err(PredictError::NotFinite { index: 0 });
        }
        let Marginal { mixture, d } = self;
        if let Some(law) = mixture.law(*d) {
            return Ok(law.crps(y));
        }
        let z = self.standardise(y);
        if !z.is_finite() {
            return Ok(f32::INFINITY);
        }
        let standardised = mixture.level.run(Crps { mixture, d: *d, z });
        Ok(mixture.affine(*d).1 * standardised)
    }
}

/// Σ πᵢ (A(μᵢ − z, σᵢ) − ½ Σ πⱼ A(μᵢ − μⱼ, √(σᵢ² + σⱼ²))), at least 0.
struct Crps<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    z: f32,
}

impl Kernel for Crps<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let Crps { mixture, d, z } = self;
        let (mut total, mut lost) = (0.0, 0.0);
        for i in 0..mixture.components {
            let at = At::new(i);
            let weight = mixture.weights(Scalar, at);
            let scale = 1.0 / mixture.inverse_scale(Scalar, at, d);
            let mean = mixture.means_at(Scalar, at, d);
            let distance = expected_distance(z - mean, scale);
            let distances = Distances {
                mixture,
                d,
                mean,
                scale,
            };
            let among = reduce::sum(simd, mixture.components, &distances);
            // Compensated (Kahan 1965): K terms with the error of two.
            let term = weight * (distance - 0.5 * among) - lost;
            let sum = total + term;
            lost = (sum - total) - term;
            total = sum;
        }
        if total.is_nan() && mixture.limits == Limits::Kept {
            // The compensation of a sum that left binary32.
            return f32::INFINITY;
        }
        if total < 0.0 { 0.0 } else { total }
    }
}

/// πⱼ E|t − tⱼ|, t normal with this mean and scale.
struct Distances<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    mean: f32,
    scale: f32,
}

impl Terms for Distances<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (mixture, d) = (self.mixture, self.d);
        let other = simd.splat(1.0).div(mixture.inverse_scale(simd, at, d));
        let offset = simd.splat(self.mean).sub(mixture.means_at(simd, at, d));
        let both = hypotenuse(simd.splat(self.scale), other);
        let distance = expected_distance(offset, both);
        mixture.weights(simd, at).mul(distance)
    }
}

/// √(a² + b²) for positive a and b, without squares that leave binary32.
#[inline(always)]
fn hypotenuse<V: Vector>(a: V, b: V) -> V {
    let (long, short) = (a.larger(b), a.smaller(b));
    let ratio = short.div(long);
    long.mul(a.splat(1.0).add(ratio.mul(ratio)).sqrt())
}

/// A(m, s) = E|x| of the normal x with mean `m` and standard deviation `s`:
/// |m| + 2 s (φ(r) − r Φ(−r)) with r = |m|/s, whose terms are all positive.
#[inline(always)]
fn expected_distance<V: Vector>(m: V, s: V) -> V {
    const PEAK: f32 = 0.398_942_3;
    /// The second term is below 2⁻¹⁵⁰ from here on.
    const FAR: f32 = 20.0;
    let ratio = m.magnitude().div(s);
    let r = m.splat(FAR).smaller(ratio);
    let density = m.splat(PEAK).mul(math::exp(m.splat(-0.5).mul(r.mul(r))));
    let loss = density.sub(r.mul(math::normal_cdf(r.negate())));
    m.magnitude().add(m.splat(2.0).mul(s).mul(loss))
}
