//! From a probability back to a value, where that is not the value of the latent quantile.

use super::mass::Law;
use crate::format::Support;
use crate::mixture::marginal::{Tail, bisect};

/// An upper tail below this leaves no doubt that the lower one is above ½.
const NEARLY_HALF: f32 = 0.49;

impl Law<'_> {
    /// The value whose tail has `mass`, at most ½, where bounds or a circle have images: the first
    /// number of binary32, on a circle counted from its cut on, at which it is reached. `latent` has the
    /// quantile of the latent line, where the support only moves values up and down.
    ///
    /// It never decreases with the probability, as the quantile on the whole line.
    pub(in crate::mixture) fn quantile(
        &self,
        tail: Tail,
        mass: f32,
        latent: impl Fn() -> f32,
    ) -> f32 {
        match self.line.support {
            Support::Bounds { low, high } => {
                bisect(low, high, |y| self.reached(tail, mass, (low, y), high))
            }
            Support::Circle { period, cut, .. } => {
                let along = bisect(0.0, period, |along| {
                    self.reached(tail, mass, (0.0, along), period)
                });
                self.line.value(cut + along)
            }
            _ => self.line.value(latent()),
        }
    }

    /// Whether the quantile lies at or below `y`, between the ends of the values.
    fn reached(&self, tail: Tail, mass: f32, (low, y): (f32, f32), high: f32) -> bool {
        let lower = || self.part(low, y);
        match tail {
            Tail::Lower => lower() >= mass,
            Tail::Upper => {
                let found = self.part(y, high);
                found <= mass && (found < NEARLY_HALF || lower() >= 0.5)
            }
        }
    }

    /// P(`low` < t ≤ `high`), of places between the ends of the values, on a circle from the cut on.
    pub(super) fn part(&self, low: f32, high: f32) -> f32 {
        let stretch = match self.line.support {
            Support::Circle { .. } => self.line.arc(low, high - low),
            _ => self.line.raw_stretch(low, high),
        };
        stretch.map_or(0.0, |stretch| self.mass(stretch))
    }

    /// The interval that leaves (1 − p)/2 below and above it, where that has a meaning of its own: on a
    /// circle, cut opposite of the mean direction.
    pub(in crate::mixture) fn central_arc(&self, outside: f32) -> Option<(f32, f32)> {
        if !matches!(self.line.support, Support::Circle { .. }) {
            return None;
        }
        let line = self.line.cut_opposite(self.moments().mean);
        let law = self.mixture.law_on(line, self.d);
        let end = |tail| law.quantile(tail, outside, || f32::NAN);
        Some((end(Tail::Lower), end(Tail::Upper)))
    }
}
