//! Probabilities of stretches of the latent line with their images.

use super::line::{Images, Line, Preimage, Stretch};
use crate::format::Support;
use crate::math;
use crate::mixture::Mixture;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Scalar, Simd, Vector};

/// The scales on which a normal has all of its mass but 10⁻¹⁰.
const REACH: f32 = 6.5;
/// The most images on either side: a scale counts as half a period at most, where a circle's density
/// differs from the constant one by 1.5 in 100, and less in a mixture.
const MOST: i32 = 4;

/// One dimension of a mixture on its support.
#[derive(Clone, Copy)]
pub(in crate::mixture) struct Law<'a> {
    pub(super) mixture: &'a Mixture<'a>,
    pub(super) d: usize,
    pub(super) line: Line,
    pub(super) images: Images,
    /// How many images on either side matter.
    reach: i32,
}

impl<'a> Mixture<'a> {
    /// Dimension `d` on its support, where that is not the whole line.
    #[inline]
    pub(in crate::mixture) fn law(&'a self, d: usize) -> Option<Law<'a>> {
        self.line(d).map(|line| self.law_on(line, d))
    }

    #[cold]
    pub(super) fn law_on(&'a self, line: Line, d: usize) -> Law<'a> {
        let images = line.images();
        let mut law = Law {
            mixture: self,
            d,
            line,
            images,
            reach: 0,
        };
        law.reach = images.period.map_or(0, |period| law.images_within(period));
        law
    }
}

impl Law<'_> {
    fn images_within(&self, period: f32) -> i32 {
        let weighty = (0..self.mixture.components)
            .filter(|&k| self.mixture.log_weight_of(k) > f32::NEG_INFINITY);
        let scales = weighty.map(|k| 1.0 / self.inverse_scale(Scalar, At::new(k)));
        let widest = scales.fold(0.0, |a, b| if a < b { b } else { a });
        let turns = (REACH * (widest / period)) as i32 + 1;
        turns.min(MOST)
    }

    /// 1/σ of the components at `at`; a scale of more than half a period counts as half a one.
    #[inline(always)]
    pub(super) fn inverse_scale<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let inverse = self.mixture.inverse_scale(simd, at, self.d);
        match self.images.period {
            Some(period) => simd.splat(2.0 / period).larger(inverse),
            None => inverse,
        }
    }

    /// The means of the components at `at`, from the origin of the images on and less whole periods;
    /// 0 where they are so far out that what is left of a period is not known.
    #[inline(always)]
    pub(super) fn means<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let mean = self.mixture.means_at(simd, at, self.d);
        let mean = mean.sub(simd.splat(self.images.origin));
        let Some(period) = self.images.period else {
            return mean;
        };
        let rest = less_turns(mean, period);
        let known = rest.magnitude().less(simd.splat(period));
        rest.select(known, simd.splat(0.0))
    }

    /// P(t ≤ y).
    pub(in crate::mixture) fn cdf(&self, y: f32) -> f32 {
        self.between(f32::NEG_INFINITY, y)
    }

    /// P(t > y).
    pub(in crate::mixture) fn survival(&self, y: f32) -> f32 {
        self.between(y, f32::INFINITY)
    }

    /// P(`low` < t ≤ `high`); on a circle, of the arc from `low` on to `high`.
    pub(in crate::mixture) fn between(&self, low: f32, high: f32) -> f32 {
        let stretch = self.line.between(low, high);
        stretch.map_or(0.0, |stretch| self.mass(stretch))
    }

    /// Whether the values lie on a circle, where an interval may have `low` above `high`.
    pub(in crate::mixture) fn is_circle(&self) -> bool {
        matches!(self.line.support, Support::Circle { .. })
    }

    /// P(t = y).
    pub(in crate::mixture) fn probability(&self, y: f32) -> f32 {
        match self.line.preimage(y) {
            Preimage::Stretch(stretch) => self.mass(stretch),
            _ => 0.0,
        }
    }

    #[inline(never)]
    pub(super) fn mass(&self, stretch: Stretch) -> f32 {
        self.mixture.level.run(Mass {
            law: self,
            stretch: &stretch,
        })
    }

    /// P(`low` < t ≤ `high`) in component `k` alone.
    pub(super) fn between_in(&self, k: usize, low: f32, high: f32) -> f32 {
        let stretch = self.line.between(low, high);
        let mass = stretch.map_or(0.0, |stretch| self.masses(Scalar, At::new(k), &stretch));
        at_most_one(mass)
    }

    /// The probabilities of a stretch in the components at `at`, not below 0.
    #[inline(always)]
    pub(super) fn masses<S: Simd>(&self, simd: S, at: At, stretch: &Stretch) -> S::Vector {
        let inverse_scale = self.inverse_scale(simd, at);
        let mean = self.means(simd, at);
        let mirrored = self.images.mirrored.then_some(Stretch {
            low: -stretch.high,
            high: -stretch.low,
            ..*stretch
        });
        let mut mass = simd.splat(0.0);
        for stretch in [Some(*stretch), mirrored].into_iter().flatten() {
            let Some(period) = self.images.period else {
                mass = mass.add(mass_in(simd, &stretch, mean, inverse_scale));
                continue;
            };
            let middle = simd.splat(0.5 * stretch.low + 0.5 * stretch.high);
            let turns = whole_turns(middle.sub(mean), period);
            for image in -self.reach..=self.reach {
                let turns = turns.add(simd.splat(image as f32));
                let mean = mean.add(turns.mul(simd.splat(period)));
                mass = mass.add(mass_in(simd, &stretch, mean, inverse_scale));
            }
        }
        mass
    }

    /// The images on either side that matter.
    pub(super) fn reach(&self) -> i32 {
        self.reach
    }
}

/// The probability of a stretch in normals with this mean and 1/σ.
#[inline(always)]
fn mass_in<S: Simd>(
    simd: S,
    stretch: &Stretch,
    mean: S::Vector,
    inverse_scale: S::Vector,
) -> S::Vector {
    math::normal_between(
        simd.splat(stretch.low).sub(mean).mul(inverse_scale),
        simd.splat(stretch.high).sub(mean).mul(inverse_scale),
        simd.splat(stretch.width).mul(inverse_scale),
    )
}

/// How many whole periods a distance has, to the nearest number; a distance of 2²² or more is taken as
/// whole.
#[inline(always)]
pub(super) fn whole_turns<V: Vector>(distance: V, period: f32) -> V {
    /// Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let turns = distance.div(distance.splat(period));
    let round = turns.splat(ROUND);
    let near = turns.magnitude().less(turns.splat(4_194_304.0));
    turns.add(round).sub(round).select(near, turns)
}

/// `distance` less whole periods.
#[inline(always)]
pub(super) fn less_turns<V: Vector>(distance: V, period: f32) -> V {
    let turns = whole_turns(distance, period);
    distance.sub(turns.mul(distance.splat(period)))
}

/// Σ πₖ P(stretch), at most 1.
struct Mass<'a> {
    law: &'a Law<'a>,
    stretch: &'a Stretch,
}

impl Kernel for Mass<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        at_most_one(reduce::sum(simd, self.law.mixture.components, &self))
    }
}

impl Terms for Mass<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let weights = self.law.mixture.weights(simd, at);
        weights.mul(self.law.masses(simd, at, self.stretch))
    }
}

fn at_most_one(mass: f32) -> f32 {
    if mass < 1.0 { mass } else { 1.0 }
}
