//! Densities and probabilities of single values, component by component.

use super::line::{Preimage, Stretch};
use super::mass::{Law, whole_turns};
use crate::error::PredictError;
use crate::format::{MAX_DIMENSIONS, Support};
use crate::math;
use crate::mixture::Mixture;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Scalar, Simd, Vector};

const HALF_LN_2PI: f32 = 0.918_938_5;

/// One dimension of a target, as its components see it.
#[derive(Clone, Copy)]
pub(in crate::mixture) struct Spot<'a> {
    law: Law<'a>,
    preimage: Preimage,
}

impl<'a> Mixture<'a> {
    /// The value `y`, which is finite, of dimension `d`.
    pub(in crate::mixture) fn spot(&'a self, d: usize, y: f32) -> Spot<'a> {
        let law = self.law_on(self.line_of(d, self.support(d)), d);
        Spot {
            law,
            preimage: law.line.preimage(y),
        }
    }

    /// ln p of `target` `[D]`, whose dimensions may have any support: densities in raw units, for a
    /// value of a lattice its probability divided by the step, for an atom its probability.
    #[cold]
    pub(in crate::mixture) fn supported_log_density(&'a self, target: &[f32]) -> f32 {
        let mut spots = [None; MAX_DIMENSIONS];
        let mut unit = 0.0;
        for (d, (slot, &y)) in spots.iter_mut().zip(target).enumerate() {
            let spot = self.spot(d, y);
            unit += spot.log_unit();
            *slot = Some(spot);
        }
        self.joint_log_density(spots.get(..target.len()).unwrap_or_default()) + unit
    }

    /// ln Σ πₖ Π f of these dimensions, without their units. In one place, since it is much code.
    #[inline(never)]
    fn joint_log_density(&self, spots: &[Option<Spot<'_>>]) -> f32 {
        let mixture = self;
        self.level.run(JointLogDensity { mixture, spots })
    }

    /// The responsibilities at `target` `[D]` `[K]` into `to`.
    #[cold]
    pub(in crate::mixture) fn supported_responsibilities(
        &'a self,
        target: &[f32],
        to: &mut [f32],
    ) -> Result<(), PredictError> {
        let log_density = self.supported_log_density(target);
        if log_density == f32::NEG_INFINITY {
            return Err(PredictError::Overflow);
        }
        for (k, to) in to.iter_mut().enumerate() {
            let factors = target.iter().enumerate();
            let joint = factors.fold(self.log_weight_of(k), |sum, (d, &y)| {
                let spot = self.spot(d, y);
                sum + (spot.log_factor_in(k) + spot.log_unit())
            });
            // NaN comes from a distance that overflowed.
            let share = math::exp(joint - log_density);
            *to = if share.is_nan() { 0.0 } else { share };
        }
        Ok(())
    }
}

impl Spot<'_> {
    /// ln f of component `k`, without [`log_unit`](Self::log_unit).
    pub(in crate::mixture) fn log_factor_in(&self, k: usize) -> f32 {
        self.log_factors(Scalar, At::new(k))
    }

    /// What all components have in common: −ln √2π σ for densities, σ the scale of the
    /// standardisation, −ln Δ on a lattice of step Δ, 0 for an atom.
    pub(in crate::mixture) fn log_unit(&self) -> f32 {
        match (self.preimage, self.law.line.support) {
            (Preimage::Point(_), _) => -(HALF_LN_2PI + math::ln(self.law.line.scale)),
            (Preimage::Stretch(_), Support::Lattice { step, .. }) => -math::ln(step),
            _ => 0.0,
        }
    }

    /// ln f of the components at `at`: of the probability of a stretch, or of the density of a point
    /// in standardised units, without −½ ln 2π.
    #[inline(always)]
    fn log_factors<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        if S::Vector::LANES == 1 {
            return self.log_factors_apart(simd, at);
        }
        self.log_factors_of(simd, at)
    }

    /// A function of its own where that needs no instruction set: small processors keep it once.
    #[inline(never)]
    fn log_factors_apart<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        self.log_factors_of(simd, at)
    }

    #[inline(always)]
    fn log_factors_of<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        match &self.preimage {
            Preimage::Nothing => simd.splat(f32::NEG_INFINITY),
            Preimage::Stretch(stretch) => self.log_masses(simd, at, stretch),
            Preimage::Point(z) => self.log_densities(simd, at, *z),
        }
    }

    #[inline(always)]
    fn log_masses<S: Simd>(&self, simd: S, at: At, stretch: &Stretch) -> S::Vector {
        // What has stretches has no images.
        let inverse_scale = self.law.inverse_scale(simd, at);
        let mean = self.law.means(simd, at);
        let width = simd.splat(stretch.width).mul(inverse_scale);
        math::ln_normal_between(
            simd.splat(stretch.low).sub(mean).mul(inverse_scale),
            simd.splat(stretch.high).sub(mean).mul(inverse_scale),
            width,
        )
    }

    #[inline(always)]
    fn log_densities<S: Simd>(&self, simd: S, at: At, z: f32) -> S::Vector {
        let inverse_scale = self.law.inverse_scale(simd, at);
        let mean = self.law.means(simd, at);
        let (half, log_inverse) = (simd.splat(0.5), math::ln(inverse_scale));
        let mirrored = self.law.images.mirrored.then_some(-z);
        let mut nearest = simd.splat(f32::INFINITY);
        for z in [Some(z), mirrored].into_iter().flatten() {
            let distance = simd.splat(z).sub(mean);
            let whitened = self.less_turns(distance, 0).mul(inverse_scale);
            nearest = whitened.mul(whitened).smaller(nearest);
        }
        if self.law.images.is_none() {
            return log_inverse.sub(half.mul(nearest));
        }
        let mut sum = simd.splat(0.0);
        for z in [Some(z), mirrored].into_iter().flatten() {
            let distance = simd.splat(z).sub(mean);
            for image in -self.law.reach()..=self.law.reach() {
                let whitened = self.less_turns(distance, image).mul(inverse_scale);
                let relative = half.mul(nearest.sub(whitened.mul(whitened)));
                sum = sum.add(math::exp(relative));
            }
        }
        log_inverse.add(math::ln(sum)).sub(half.mul(nearest))
    }

    /// A distance less whole periods, and less `image` more.
    #[inline(always)]
    fn less_turns<V: Vector>(&self, distance: V, image: i32) -> V {
        let Some(period) = self.law.images.period else {
            return distance;
        };
        let turns = whole_turns(distance, period).add(distance.splat(image as f32));
        distance.sub(turns.mul(distance.splat(period)))
    }
}

/// ln Σ πₖ Π f, without the dimensions' units.
struct JointLogDensity<'a> {
    mixture: &'a Mixture<'a>,
    spots: &'a [Option<Spot<'a>>],
}

impl Kernel for JointLogDensity<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        reduce::log_sum_exp(simd, self.mixture.components, &self)
    }
}

impl Terms for JointLogDensity<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        // A loop: a closure would be compiled without the instruction set.
        let mut sum = at.load(simd, self.mixture.log_weights, f32::NEG_INFINITY);
        for spot in self.spots.iter().flatten() {
            sum = sum.add(spot.log_factors(simd, at));
        }
        sum
    }
}

impl Law<'_> {
    /// ln of the density, or of the probability, of the value `y` alone, in the units of
    /// [`Mixture::supported_log_density`].
    pub(in crate::mixture) fn log_density(&self, y: f32) -> f32 {
        let spot = Spot {
            law: *self,
            preimage: self.line.preimage(y),
        };
        self.mixture.joint_log_density(&[Some(spot)]) + spot.log_unit()
    }
}
