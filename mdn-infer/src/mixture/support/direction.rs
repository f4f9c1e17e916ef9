//! The mean direction and the spread of a distribution on a circle.
//!
//! A normal wound about a circle of circumference P has the first trigonometric moment
//! exp(−½ s²) (cos, sin)(2π μ/P), s = 2π σ/P. That of the mixture is R (cos θ, sin θ): θ is the mean
//! direction, √(−2 ln R) the circular standard deviation (Mardia 1972), which for one component is s.

use super::mass::{Law, whole_turns};
use super::moments::Moments;
use crate::math;
use crate::simd::Scalar;
use crate::simd::reduce::At;

const TAU: f32 = core::f32::consts::TAU;

impl Law<'_> {
    /// The mean direction and the square of the circular standard deviation, in raw units; +∞ where
    /// no direction is preferred.
    pub(super) fn direction(&self, period: f32, cut: f32) -> Moments {
        let angle = self.angle(period);
        // 1 − R, as the sum of what each component lacks: nothing near 1 is subtracted from 1.
        let missing = self.each_angle(period).fold(0.0, |sum, (weight, s, own)| {
            let half = math::sin_turns(0.5 * deviation(own - angle, 1.0));
            let (kept, lost) = decay(0.5 * s * s);
            sum + weight * (lost + kept * (2.0 * half * half))
        });
        let missing = if missing < 1.0 { missing } else { 1.0 };
        let unit = period / TAU;
        Moments {
            mean: self.line.value(cut + angle * period),
            variance: -2.0 * math::ln_1p(-missing) * unit * unit,
        }
    }

    /// θ in turns from the cut on.
    fn angle(&self, period: f32) -> f32 {
        let (mut along, mut across) = (0.0, 0.0);
        for (weight, s, own) in self.each_angle(period) {
            let length = weight * math::exp(-0.5 * s * s);
            along += length * math::cos_turns(own);
            across += length * math::sin_turns(own);
        }
        math::turns_of(across, along)
    }

    /// Weight, s and mean, in turns from the cut on, of each component.
    fn each_angle(&self, period: f32) -> impl Iterator<Item = (f32, f32, f32)> + use<'_> {
        let law = *self;
        let standardised = period / law.line.scale;
        (0..law.mixture.components).map(move |k| {
            let at = At::new(k);
            let s = TAU / (standardised * law.inverse_scale(Scalar, at));
            let turns = law.means(Scalar, at) / standardised;
            let own = deviation(turns, 1.0);
            (law.mixture.weights(Scalar, at), s, own)
        })
    }
}

/// A distance on a circle, from −½ to ½ of its circumference.
pub(super) fn deviation(distance: f32, period: f32) -> f32 {
    distance - period * whole_turns(distance, period)
}

/// e^−x and 1 − e^−x, for x of at least 0.
fn decay(x: f32) -> (f32, f32) {
    let t = math::tanh(0.5 * x);
    (math::exp(-x), 2.0 * t / (1.0 + t))
}
