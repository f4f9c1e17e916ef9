//! Mean, variance and CRPS on a support, by integrals over its values.
//!
//! With F the distribution function and c any value, E(t − c) = ∫_c (1 − F) − ∫^c F and
//! E(t − c)² = ∫_c 2 (s − c) (1 − F) + ∫^c 2 (c − s) F. On a lattice the integrals are sums. Elsewhere
//! they are taken piece by piece between places where the components' own distribution functions
//! bend, 1.5 scales apart, and atoms and bounds, by the rule of Gauss and Legendre with four points, whose
//! error is below 10⁻⁶ of a scale a component. A lattice of more than [`FEW`] steps within the reach
//! of what is integrated counts as fine: its values have the moments of its line, with Sheppard's
//! step²/12 of variance (Sheppard 1898).

use super::line::Line;
use super::mass::Law;
use crate::format::{Atoms, MAX_DIMENSIONS, Support};
use crate::mixture::Mixture;
use crate::mixture::marginal::Tail;
use crate::simd::reduce::At;
use crate::simd::{Scalar, Vector};

/// Places where a component's distribution function bends, in scales from its mean.
const BENDS: [f32; 9] = [-6.0, -4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5, 6.0];
/// Steps of a lattice that are added up one by one.
const FEW: f32 = 512.0;
/// A component of less weight has no places of its own in integrals over the mixture.
const LIGHT: f32 = -14.0;
/// Places beyond it count as there, so that no middle and no width leaves binary32.
const FURTHEST: f32 = 1e37;
/// 2^-70: by it such places are small enough to be multiplied.
const FAR_UNIT: f32 = 8.470_329_5e-22;
/// The points and weights of Gauss and Legendre between −1 and 1.
const RULE: [(f32, f32); 4] = [
    (-0.861_136_3, 0.347_854_85),
    (-0.339_981_05, 0.652_145_15),
    (0.339_981_05, 0.652_145_15),
    (0.861_136_3, 0.347_854_85),
];

/// Mean and variance.
#[derive(Clone, Copy, Debug)]
pub(in crate::mixture) struct Moments {
    pub(in crate::mixture) mean: f32,
    pub(in crate::mixture) variance: f32,
}

impl Law<'_> {
    /// Of the mixture, in raw units; on a circle of directions, see `direction`.
    pub(in crate::mixture) fn moments(&self) -> Moments {
        if let Support::Circle { period, cut, .. } = self.line.support {
            return self.direction(period, cut);
        }
        // The weighted means and squares of West (1979), from the first component's mean on.
        let (mut total, mut base, mut mean, mut variance) = (0.0, 0.0, 0.0, 0.0);
        for k in 0..self.mixture.components {
            let weight = self.mixture.weights(Scalar, At::new(k));
            if weight <= 0.0 {
                continue;
            }
            let own = self.moments_in(k);
            if total == 0.0 {
                base = own.mean;
            }
            let (before, distance) = (total, own.mean - base - mean);
            total += weight;
            mean += weight / total * distance;
            variance += weight * (own.variance + before / total * distance * distance);
        }
        let (low, high) = self.line.ends();
        Moments {
            // Rounding may have carried it beyond.
            mean: (base + mean).larger(low).smaller(high),
            variance: or_infinite(variance),
        }
    }

    /// Of component `k` alone; on a circle its mean is the one nearest to `about`.
    pub(in crate::mixture) fn mean_in(&self, k: usize, about: f32) -> f32 {
        match self.line.support {
            Support::Circle { period, .. } => {
                let mean = self.mixture.raw(self.d, self.mixture.mean_of(k, self.d));
                about + super::direction::deviation(mean - about, period)
            }
            _ => self.moments_in(k).mean,
        }
    }

    fn moments_in(&self, k: usize) -> Moments {
        let walk = Walk {
            law: self,
            only: Some(k),
            outcome: None,
        };
        let (mean, ends) = (self.bend(k, 0.0), walk.ends());
        let centre = self.line.value(mean);
        let steps = self.steps(ends);
        if steps > FEW {
            let fine = self.mixture.law_on(self.line.without_steps(), self.d);
            let moments = fine.moments_in(k);
            let Support::Lattice { step, .. } = self.line.support else {
                return moments;
            };
            let variance = moments.variance + step * step * (1.0 / 12.0);
            return Moments {
                variance,
                ..moments
            };
        }
        let (mut first, mut second) = (0.0, 0.0);
        walk.integrate(ends, centre, &mut |from, s, weight| {
            let (sign, mass) = if from >= centre {
                (1.0, self.between_in(k, from, f32::INFINITY))
            } else {
                (-1.0, self.between_in(k, f32::NEG_INFINITY, from))
            };
            first += weight * sign * mass;
            second += weight * 2.0 * sign * (s - centre) * mass;
        });
        let variance = second - first * first;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        Moments {
            mean: centre + first,
            variance: or_infinite(variance),
        }
    }

    /// E max(t − y, 0) of the upper tail, E max(y − t, 0) of the lower, in raw units: the integral of the
    /// probability of the tail from `y` on. `None` on a circle, which has no tails.
    pub(in crate::mixture) fn excess(&self, tail: Tail, y: f32) -> Option<f32> {
        let walk = Walk {
            law: self,
            only: None,
            outcome: Some(y),
        };
        let (low, high) = walk.ends();
        if self.is_circle() {
            return None;
        }
        if self.steps((low, high)) > FEW {
            let fine = self.mixture.law_on(self.line.without_steps(), self.d);
            return fine.excess(tail, y);
        }
        let ends = match tail {
            Tail::Lower => (low, y),
            Tail::Upper => (y, high),
        };
        let mut sum = 0.0;
        walk.integrate(ends, y, &mut |from, _, weight| {
            sum += weight
                * match tail {
                    Tail::Lower => self.cdf(from),
                    Tail::Upper => self.survival(from),
                };
        });
        Some(sum)
    }

    /// The continuous ranked probability score of the outcome `y`, in raw units.
    pub(in crate::mixture) fn crps(&self, y: f32) -> f32 {
        let walk = Walk {
            law: self,
            only: None,
            outcome: Some(y),
        };
        let ends = walk.ends();
        if self.steps(ends) > FEW {
            return self
                .mixture
                .law_on(self.line.without_steps(), self.d)
                .crps(y);
        }
        let mut sum = 0.0;
        let centre = match self.line.support {
            Support::Circle { .. } => self.line.along(y),
            _ => y,
        };
        walk.integrate(ends, centre, &mut |from, _, weight| {
            let difference = match self.line.support {
                Support::Circle { period, .. } => 0.5 * self.half_circle(from, period, centre),
                _ if from >= y => self.survival(from),
                _ => self.cdf(from),
            };
            sum += weight * difference * difference;
        });
        match self.line.support {
            // ½ ∫ (…)², and the difference was halved.
            Support::Circle { .. } => 2.0 * sum,
            _ => sum,
        }
    }

    /// |P(t in H) − [y in H]|, H the half circle from `from` along the circle on.
    fn half_circle(&self, from: f32, period: f32, y: f32) -> f32 {
        let half = 0.5 * period;
        let behind = y - from;
        let inside = 0.0 <= behind && behind < half || behind < -half;
        let from = if inside { from + half } else { from };
        self.part(from, from + half)
    }

    /// How many steps of the lattice lie between these ends; 0 where there is none.
    pub(super) fn steps(&self, (low, high): (f32, f32)) -> f32 {
        match self.line.support {
            Support::Lattice { step, .. } => (high - low) / step,
            _ => 0.0,
        }
    }

    /// The raw place `scales` from the mean of component `k`, on the latent line.
    pub(super) fn bend(&self, k: usize, scales: f32) -> f32 {
        let scale = 1.0 / self.inverse_scale(Scalar, At::new(k));
        let place = self.mixture.mean_of(k, self.d) + scale * scales;
        let raw = self.mixture.raw(self.d, place);
        raw.larger(-FURTHEST).smaller(FURTHEST)
    }
}

/// The pieces of an integral over the values.
pub(super) struct Walk<'a> {
    pub(super) law: &'a Law<'a>,
    /// One component, or all.
    pub(super) only: Option<usize>,
    pub(super) outcome: Option<f32>,
}

impl Walk<'_> {
    /// Calls `visit` with each place where the integrand may bend.
    fn each_bend(&self, visit: &mut dyn FnMut(f32)) {
        let law = self.law;
        let components = match self.only {
            Some(k) => k..k + 1,
            None => 0..law.mixture.components,
        };
        let weighty = |k: &usize| self.only.is_some() || law.mixture.log_weight_of(*k) > LIGHT;
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for k in components.filter(weighty) {
            for scales in BENDS {
                let place = law.bend(k, scales);
                low = place.smaller(low);
                high = place.larger(high);
                self.visit_value(place, visit);
            }
        }
        if let Some(y) = self.outcome {
            self.visit_value(y, visit);
        }
        let within = |place: &f32| low <= *place && *place <= high;
        match law.line.support {
            Support::Atoms(atoms) => atoms.values().iter().copied().for_each(visit),
            Support::Bounds { low, high } => {
                [low, high].into_iter().filter(within).for_each(visit);
            }
            Support::Circle { period, .. } => [0.0, period].into_iter().for_each(visit),
            _ => {}
        }
    }

    /// The value of a latent place; on a circle, how far along it lies, and half a circle on.
    fn visit_value(&self, place: f32, visit: &mut dyn FnMut(f32)) {
        let line = &self.law.line;
        match line.support {
            Support::Circle { period, .. } => {
                visit(line.along(place));
                visit(line.along(place + 0.5 * period));
            }
            _ if self.outcome == Some(place) => visit(place),
            _ => visit(line.value(place)),
        }
    }

    /// The least and the greatest of them.
    pub(super) fn ends(&self) -> (f32, f32) {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        self.each_bend(&mut |place| {
            low = place.smaller(low);
            high = place.larger(high);
        });
        (low, high)
    }

    /// Calls `visit` with a place, the middle of what it stands for, and the width of that, from one
    /// end to the other: steps of a lattice, else points of the pieces, of which `centre` is an end.
    fn integrate(&self, ends: (f32, f32), centre: f32, visit: &mut dyn FnMut(f32, f32, f32)) {
        let steps = matches!(self.law.line.support, Support::Lattice { .. });
        self.each_piece(ends, centre, &mut |from, to| {
            let (middle, half) = (0.5 * from + 0.5 * to, 0.5 * to - 0.5 * from);
            if steps {
                visit(from, middle, to - from);
                return;
            }
            for (point, weight) in RULE {
                let place = middle + half * point;
                visit(place, place, half * weight);
            }
        });
    }

    /// Calls `visit` with the ends of each piece: a step of a lattice, else what lies between two
    /// bends; `centre` is an end.
    pub(super) fn each_piece(
        &self,
        (low, high): (f32, f32),
        centre: f32,
        visit: &mut dyn FnMut(f32, f32),
    ) {
        let steps = matches!(self.law.line.support, Support::Lattice { .. });
        let mut from = low;
        while from < high {
            let mut to = high;
            let mut consider = |place: f32| {
                if from < place && place < to {
                    to = place;
                }
            };
            consider(centre);
            if steps {
                consider(self.law.line.next_value(from));
            } else {
                self.each_bend(&mut consider);
            }
            visit(from, to);
            from = to;
        }
    }
}

impl Line {
    /// A lattice's line with its bounds alone.
    pub(super) fn without_steps(&self) -> Line {
        let Support::Lattice { low, high, .. } = self.support else {
            return *self;
        };
        let bounds = [low, high];
        let (lowest, highest) = (low.is_finite(), high.is_finite());
        let bounds = match (lowest, highest) {
            (false, false) => &[],
            (true, false) => bounds.get(..1).unwrap_or_default(),
            (false, true) => bounds.get(1..).unwrap_or_default(),
            (true, true) => &bounds[..],
        };
        let atoms = Atoms::new(bounds, lowest, highest, 1.0);
        let support = atoms.map_or(Support::Continuous, Support::Atoms);
        Line { support, ..*self }
    }
}

impl Mixture<'_> {
    /// Mean and variance of dimension `d`, where it has a support.
    pub(in crate::mixture) fn supported_moments(&self, d: usize) -> Option<Moments> {
        self.law(d).map(|law| law.moments())
    }

    /// Puts into `to` `[D][D]`, in raw units, the variances of dimensions that have a support, and the
    /// covariances of pairs of dimensions of which at least one has.
    #[cold]
    pub(in crate::mixture) fn supported_covariances(&self, to: &mut [f32]) {
        let mut centres = [0.0; MAX_DIMENSIONS];
        for (d, centre) in centres.iter_mut().enumerate().take(self.dimensions) {
            let Some(moments) = self.supported_moments(d) else {
                *centre = self.raw(d, self.standardised_mean(d));
                continue;
            };
            *centre = moments.mean;
            if let Some(to) = to.get_mut(d * self.dimensions + d) {
                *to = moments.variance;
            }
        }
        self.each_supported_pair(to, |_, to| *to = 0.0);
        for k in 0..self.components {
            let weight = self.weights(Scalar, At::new(k));
            let mut deviations = [0.0; MAX_DIMENSIONS];
            let each = deviations.iter_mut().zip(&centres).enumerate();
            for (d, (deviation, centre)) in each.take(self.dimensions) {
                *deviation = self.deviation_in(k, d, *centre);
            }
            self.each_supported_pair(to, |(i, j), to| {
                if let (Some(a), Some(b)) = (deviations.get(i), deviations.get(j))
                    && weight > 0.0
                {
                    *to += weight * (a * b);
                }
            });
        }
        self.each_supported_pair(to, |(i, j), to| {
            if let (Some(a), Some(b)) = (centres.get(i), centres.get(j))
                && !to.is_finite()
            {
                *to = self.far_covariance((i, *a), (j, *b));
            }
        });
    }

    /// The covariance of two dimensions with these means, of numbers whose products leave binary32.
    fn far_covariance(&self, (i, mean): (usize, f32), (j, other): (usize, f32)) -> f32 {
        let mut sum = 0.0;
        for k in 0..self.components {
            let weight = self.weights(Scalar, At::new(k));
            let deviation = FAR_UNIT * self.deviation_in(k, i, mean);
            let other = FAR_UNIT * self.deviation_in(k, j, other);
            if weight > 0.0 {
                sum += weight * (deviation * other);
            }
        }
        or_infinite(sum / FAR_UNIT / FAR_UNIT)
    }

    /// How far the mean of component `k` in dimension `d` lies from `mean`.
    fn deviation_in(&self, k: usize, d: usize, mean: f32) -> f32 {
        let own = match self.law(d) {
            Some(law) => law.mean_in(k, mean),
            None => self.raw(d, self.mean_of(k, d)),
        };
        own - mean
    }

    /// Calls `visit` with the entries of `to` `[D][D]` of two dimensions of which one has a support.
    fn each_supported_pair(&self, to: &mut [f32], mut visit: impl FnMut((usize, usize), &mut f32)) {
        let pairs = (0..self.dimensions).flat_map(|i| (0..self.dimensions).map(move |j| (i, j)));
        for ((i, j), to) in pairs.zip(to) {
            let supported = |d| self.support(d) != Support::Continuous;
            if i != j && (supported(i) || supported(j)) {
                visit((i, j), to);
            }
        }
    }
}

/// +∞ for NaN, which comes of numbers whose squares leave binary32.
fn or_infinite(square: f32) -> f32 {
    if square.is_nan() {
        f32::INFINITY
    } else {
        square
    }
}
