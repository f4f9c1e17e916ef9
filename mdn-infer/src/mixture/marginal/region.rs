//! Highest-density regions.

use core::cell::Cell;

use super::mass::Tail;
use super::{Marginal, order};
use crate::error::PredictError;

/// The modes of a density, each with the valley before it; later, in the same place, the
/// intervals of a region, of which there are never more.
type Slots<'a> = &'a [Cell<(f32, f32)>];

impl Marginal<'_> {
    /// The smallest set that holds this probability, as disjoint intervals in ascending order
    /// and in raw units, into the first elements of `to`; returns how many there are.
    ///
    /// It is the set on which the density is at least some level (Hyndman 1996). The level is
    /// found by bisection of its logarithm, to 2⁻²³ of its distance from the peak's, and for each
    /// level the ends of the intervals by bisection between the density's modes and the valleys between them; ends are
    /// rounded outwards, so the set holds no less than the probability. It holds more by what
    /// has a density within 2⁻²¹ of the level, which is little unless the density is all but flat
    /// there. `to` holds the modes while the search goes on.
    ///
    /// Cost: O(K) for each of some 1600 evaluations of the density for each mode, and
    /// [`modes`](Self::modes).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < `probability` < 1;
    /// [`PredictError::TooFewSlots`] when there are more modes than elements in `to`: K are
    /// always enough.
    pub fn highest_density_region(
        &self,
        probability: f32,
        to: &mut [(f32, f32)],
    ) -> Result<usize, PredictError> {
        if !(0.0 < probability && probability < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        if let Some(law) = self.mixture.law(self.d) {
            return law.region(probability, to);
        }
        let slots = Cell::from_mut(to).as_slice_of_cells();
        let mut found = 0;
        self.each_mode(|valley, mode| {
            if let Some(slot) = slots.get(found) {
                slot.set((valley, mode));
            }
            found += 1;
        });
        let modes = slots
            .get(..self.fits(found, slots.len())?)
            .unwrap_or_default();
        let level = self.region_level(probability, modes);
        let mut count = 0;
        self.region(level, modes, |low, high| {
            if let Some(slot) = modes.get(count) {
                slot.set((self.raw_below(low), self.raw_above(high)));
            }
            count += 1;
        });
        Ok(count)
    }

    /// The highest log-density, standardised, above which the region holds `probability`.
    fn region_level(&self, probability: f32, modes: Slots<'_>) -> f32 {
        const HALVINGS: usize = 24;
        let mut level = f32::NEG_INFINITY;
        for slot in modes {
            let height = self.standardised_log_density(slot.get().1);
            level = if level < height { height } else { level };
        }
        let top = level;
        // From a level that holds too little, if only just, to one that holds enough.
        let mut step = 1.0;
        while level > f32::NEG_INFINITY && !self.holds(probability, level, modes) {
            step *= 2.0;
            level = top - step;
        }
        for _ in 0..HALVINGS {
            step *= 0.5;
            let higher = level + step;
            if higher <= top && self.holds(probability, higher, modes) {
                level = higher;
            }
        }
        level
    }

    /// Whether the density is at least `level` on a set of this probability.
    fn holds(&self, probability: f32, level: f32, modes: Slots<'_>) -> bool {
        let between = |low, high| self.mass_between(low, high, high - low);
        let (mut inside, mut outside, mut last) = (0.0, 0.0, f32::NEG_INFINITY);
        self.region(level, modes, |low, high| {
            inside += between(low, high);
            outside += between(last, low);
            last = high;
        });
        outside += self.mass(Tail::Upper, last);
        // By the smaller of the two, which is the more accurate.
        if probability < 0.5 {
            inside >= probability
        } else {
            outside <= 1.0 - probability
        }
    }

    /// A raw number that standardises to no more than `z`, and hardly less.
    fn raw_below(&self, z: f32) -> f32 {
        if z == f32::NEG_INFINITY {
            return z;
        }
        let y = self.mixture.raw(self.d, order::previous(z));
        if self.standardise(y) > z {
            order::previous(y)
        } else {
            y
        }
    }

    /// A raw number that standardises to no less than `z`, and hardly more.
    fn raw_above(&self, z: f32) -> f32 {
        if z == f32::INFINITY {
            return z;
        }
        let y = self.mixture.raw(self.d, order::next(z));
        if self.standardise(y) < z {
            order::next(y)
        } else {
            y
        }
    }

    /// Calls `visit` with the ends of each interval on which the density is at least `level`.
    fn region(&self, level: f32, modes: Slots<'_>, mut visit: impl FnMut(f32, f32)) {
        let reaches = |z| self.standardised_log_density(z) >= level;
        let end = |mode, valley| order::bisect(mode, valley, |z| !reaches(z));
        let mut open = None;
        let mut last = f32::NEG_INFINITY;
        for slot in modes {
            let (valley, mode) = slot.get();
            if let Some(low) = open
                && !reaches(valley)
            {
                visit(low, end(last, valley));
                open = None;
            }
            if open.is_none() && reaches(mode) {
                open = Some(order::previous(order::bisect(valley, mode, reaches)));
            }
            last = mode;
        }
        if let Some(low) = open {
            visit(low, end(last, f32::INFINITY));
        }
    }
}
