//! Probabilities: the mixture's distribution function and what is built on it.

use super::Marginal;
use crate::math;
use crate::mixture::{Mixture, standardise};
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

/// Which end of the line a probability is counted from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::mixture) enum Tail {
    Lower,
    Upper,
}

impl Marginal<'_> {
    /// The probability of this tail as seen from the standardised `z`.
    pub(super) fn mass(&self, tail: Tail, z: f32) -> f32 {
        let Marginal { mixture, d } = self;
        mixture.level.run(Mass {
            mixture,
            d: *d,
            tail,
            z,
        })
    }

    /// The probability between the standardised `low` and `high`, which lie `width` apart.
    pub(super) fn mass_between(&self, low: f32, high: f32, width: f32) -> f32 {
        let Marginal { mixture, d } = self;
        mixture.level.run(MassBetween {
            mixture,
            d: *d,
            ends: (low, high),
            width,
        })
    }
}

impl Mixture<'_> {
    /// P(t ≤ y) of dimension `d`, for a `y` that is not NaN.
    #[inline(always)]
    pub(in crate::mixture) fn cdf_of<S: Simd>(&self, simd: S, d: usize, y: f32) -> f32 {
        if let Some(law) = self.law(d) {
            return law.cdf(y);
        }
        let (shift, scale) = self.affine(d);
        let mass = Mass {
            mixture: self,
            d,
            tail: Tail::Lower,
            z: standardise(y, shift, scale),
        };
        mass.call(simd)
    }
}

/// (z − μₖ)/σₖ of the components at `at`.
#[inline(always)]
pub(super) fn whiten<S: Simd>(
    simd: S,
    mixture: &Mixture<'_>,
    d: usize,
    at: At,
    z: f32,
) -> S::Vector {
    let distance = simd.splat(z).sub(mixture.means_at(simd, at, d));
    distance.mul(mixture.inverse_scale(simd, at, d))
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
        at_most_one(reduce::sum(simd, self.mixture.components, &self))
    }
}

impl Terms for Mass<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let whitened = whiten(simd, self.mixture, self.d, at, self.z);
        let signed = match self.tail {
            Tail::Lower => whitened,
            Tail::Upper => whitened.negate(),
        };
        self.mixture.weights(simd, at).mul(math::normal_cdf(signed))
    }
}

/// Σ πₖ (Φ(bₖ) − Φ(aₖ)) with a and b the whitened ends, at most 1.
struct MassBetween<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    ends: (f32, f32),
    width: f32,
}

impl Kernel for MassBetween<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        at_most_one(reduce::sum(simd, self.mixture.components, &self))
    }
}

impl Terms for MassBetween<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (mixture, d, (low, high)) = (self.mixture, self.d, self.ends);
        let a = whiten(simd, mixture, d, at, low);
        let b = whiten(simd, mixture, d, at, high);
        let inverse_scale = mixture.inverse_scale(simd, at, d);
        let width = simd.splat(self.width).mul(inverse_scale);
        mixture
            .weights(simd, at)
            .mul(math::normal_between(a, b, width))
    }
}

fn at_most_one(mass: f32) -> f32 {
    if mass < 1.0 { mass } else { 1.0 }
}
