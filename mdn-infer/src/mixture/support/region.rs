//! Highest-density regions and modes on a support.
//!
//! Densities are looked at on a grid: the places between which integrals are taken piece by piece,
//! and three points within each piece. The means are among them. Where a point is above or below both
//! neighbours the peak or valley is looked for; others are not seen. On a lattice the grid are its values,
//! and the density is the probability; one of more than [`MANY`] steps counts as fine, and its regions
//! are those of its line, as far as the values that they touch.

use core::cell::Cell;

use super::line::Line;
use super::mass::Law;
use super::moments::Walk;
use crate::error::PredictError;
use crate::format::{MAX_ATOMS, Support};
use crate::math;
use crate::mixture::marginal::{bisect, next, previous};
use crate::simd::Vector;

/// Steps of a lattice that are looked at one by one.
const MANY: f32 = 4096.0;
/// Changes of the log-density below this count for nothing.
const UNNOTICED: f32 = 1.0 / 1_048_576.0;
/// Parts of a piece.
const PARTS: usize = 4;

/// A local extremum.
#[derive(Clone, Copy)]
enum Turn {
    Peak,
    Valley,
}

/// A point and the one before it, with their heights.
struct Window {
    before: Option<(f32, f32)>,
    at: Option<(f32, f32)>,
}

impl Window {
    const EMPTY: Window = Window {
        before: None,
        at: None,
    };

    fn push(&mut self, point: Option<(f32, f32)>) {
        (self.before, self.at) = (self.at, point);
    }

    /// Whether the density turns at the point, with `after` behind it; of equal points, at the first. An
    /// end is a peak where it is above its neighbour, and no valley.
    fn turn(&self, after: Option<(f32, f32)>) -> Option<Turn> {
        let (_, height) = self.at?;
        let above = |other: Option<(f32, f32)>| other.is_none_or(|(_, other)| other < height);
        let below = |other: Option<(f32, f32)>| other.is_some_and(|(_, other)| other > height);
        let level = |other: Option<(f32, f32)>| other.is_some_and(|(_, other)| other == height);
        if above(self.before) && (above(after) || level(after)) && height > f32::NEG_INFINITY {
            Some(Turn::Peak)
        } else if below(self.before) && (below(after) || level(after)) {
            Some(Turn::Valley)
        } else {
            None
        }
    }
}

/// What a level leaves: atoms that belong to the region whatever it is, or the densities from it on.
#[derive(Clone, Copy)]
struct Level {
    /// The least probability of an atom that belongs to it.
    atom: f32,
    log_density: f32,
}

impl Law<'_> {
    /// The region of this probability as ascending intervals into the front of `to`; how many there
    /// are. On a circle the last may reach across the end of the values to the first.
    pub(in crate::mixture) fn region(
        &self,
        probability: f32,
        to: &mut [(f32, f32)],
    ) -> Result<usize, PredictError> {
        if let Some(fine) = self.fine(MANY) {
            let law = self.mixture.law_on(fine, self.d);
            let count = law.region(probability, to)?;
            for interval in to.iter_mut().take(count) {
                *interval = (self.line.value(interval.0), self.line.value(interval.1));
            }
            return Ok(count);
        }
        let level = self.level(probability);
        let slots = Cell::from_mut(to).as_slice_of_cells();
        let mut count = 0;
        self.each_interval(level, &mut |low, high| {
            if let Some(slot) = slots.get(count) {
                slot.set((low, high));
            }
            count += 1;
        });
        if count > slots.len() {
            return Err(PredictError::TooFewSlots { needed: count });
        }
        Ok(self.on_circle(slots, count))
    }

    /// The highest level above which the region has this probability.
    fn level(&self, probability: f32) -> Level {
        const HALVINGS: usize = 30;
        let nothing = Level {
            atom: f32::INFINITY,
            log_density: f32::INFINITY,
        };
        let mut level = nothing;
        for _ in 0..MAX_ATOMS {
            let below = self.atoms().filter(|(_, mass)| *mass < level.atom);
            let largest = below
                .map(|(_, mass)| mass)
                .fold(0.0, |a: f32, b| a.larger(b));
            if largest <= 0.0 {
                break;
            }
            level.atom = largest;
            if self.holds(level, probability) {
                return level;
            }
        }
        let (mut top, mut bottom) = (f32::NEG_INFINITY, f32::INFINITY);
        self.each_place(&mut |_, height| {
            top = height.larger(top);
            if height > f32::NEG_INFINITY {
                bottom = height.smaller(bottom);
            }
        });
        for _ in 0..HALVINGS {
            let middle = 0.5 * top + 0.5 * bottom;
            let between = Level {
                log_density: middle,
                ..level
            };
            *(if self.holds(between, probability) {
                &mut bottom
            } else {
                &mut top
            }) = middle;
        }
        Level {
            log_density: bottom,
            ..level
        }
    }

    fn holds(&self, level: Level, probability: f32) -> bool {
        let mut inside = 0.0;
        self.each_interval(level, &mut |low, high| {
            inside += match self.line.support {
                Support::Circle { .. } => self.part(low, high),
                _ => self.between(low, high) + self.probability(low),
            };
        });
        inside >= probability
    }

    /// Calls `visit` with each interval in ascending order, on a circle counted from its cut on.
    fn each_interval(&self, level: Level, visit: &mut dyn FnMut(f32, f32)) {
        let mut open: Option<(f32, f32)> = None;
        // Intervals that touch become one.
        let mut emit = |low: f32, high: f32| match open {
            Some((start, end)) if low <= end || self.is_next(end, low) => {
                open = Some((start, high.larger(end)));
            }
            _ => {
                if let Some((start, end)) = open.replace((low, high)) {
                    visit(start, end);
                }
            }
        };
        let reaches = |place| self.smooth_log_density(place) >= level.log_density;
        let mut last: Option<(f32, bool)> = None;
        self.each_place(&mut |place, height| {
            let atom = self.is_atom(place);
            let inside = height >= level.log_density;
            if let Some((before, was_inside)) = last
                && !self.is_lattice()
            {
                // Neither end of a piece has the density of an atom that it touches.
                match (was_inside, inside) {
                    (true, true) => emit(before, place),
                    (true, false) => emit(before, bisect(before, place, |s| !reaches(s))),
                    (false, true) => emit(previous(bisect(before, place, reaches)), place),
                    _ => {}
                }
            } else if inside && self.is_lattice() {
                emit(place, place);
            }
            if atom && self.probability(place) >= level.atom {
                emit(place, place);
            }
            last = Some((place, inside));
        });
        if let Some((start, end)) = open {
            visit(start, end);
        }
    }

    /// Calls `visit` with each mode: places, on a circle counted from its cut on, with their heights.
    fn each_mode(&self, visit: &mut dyn FnMut(f32, f32)) {
        let deviation = Vector::sqrt(self.moments().variance);
        for (value, mass) in self.atoms().filter(|(_, mass)| *mass > 0.0) {
            visit(value, mass / deviation);
        }
        // The highest place since the density last rose, or the lowest since it fell.
        let circle = self.is_circle();
        let mut rising = !circle;
        let mut best = (
            f32::NAN,
            if circle {
                f32::INFINITY
            } else {
                f32::NEG_INFINITY
            },
        );
        // Which way the density goes from the cut on.
        let (mut first, mut falls_at_first) = (None, None);
        let mut emit = |(place, height): (f32, f32)| {
            if height > f32::NEG_INFINITY && !self.is_atom(place) {
                visit(place, math::exp(height));
            }
        };
        self.each_place(&mut |place, height| {
            match first {
                None => first = Some(height),
                Some(first) => falls_at_first = falls_at_first.or(Some(height < first)),
            }
            let noticed = UNNOTICED * (1.0 + best.1.abs());
            if rising == (height > best.1) {
                best = (place, height);
            } else if rising && height < best.1 - noticed || !rising && height > best.1 + noticed {
                if rising {
                    emit(best);
                }
                (rising, best) = (!rising, (place, height));
            }
        });
        if rising && (!circle || falls_at_first == Some(true)) {
            emit(best);
        }
    }

    /// Calls `visit` with the points of the grid, and the peaks and valleys between them, in ascending
    /// order, and with their heights.
    fn each_place(&self, visit: &mut dyn FnMut(f32, f32)) {
        let mut window = Window::EMPTY;
        let mut step = |point: Option<(f32, f32)>| {
            let Some(at) = window.at else {
                window.push(point);
                return;
            };
            let turn = window.turn(point).filter(|_| !self.is_lattice());
            let extremum = turn.map(|turn| {
                let from = window.before.map_or(at.0, |(place, _)| place);
                let to = point.map_or(at.0, |(place, _)| place);
                let place = self.extremum(turn, from, to);
                (place, self.smooth_log_density(place))
            });
            match extremum {
                Some(found) if found.0 < at.0 => {
                    visit(found.0, found.1);
                    visit(at.0, at.1);
                }
                Some(found) if at.0 < found.0 => {
                    visit(at.0, at.1);
                    visit(found.0, found.1);
                }
                _ => visit(at.0, at.1),
            }
            window.push(point);
        };
        self.each_point(&mut |place| step(Some((place, self.smooth_log_density(place)))));
        step(None);
    }

    /// The highest or the lowest place from `from` to `to`, between which is only that one.
    fn extremum(&self, turn: Turn, from: f32, to: f32) -> f32 {
        const THIRDS: usize = 32;
        let (mut from, mut to) = (from, to);
        for _ in 0..THIRDS {
            let third = (1.0 / 3.0) * (to - from);
            let (a, b) = (from + third, to - third);
            let rises = self.smooth_log_density(a) < self.smooth_log_density(b);
            if rises == matches!(turn, Turn::Peak) {
                from = a;
            } else {
                to = b;
            }
        }
        0.5 * from + 0.5 * to
    }

    /// The value with the highest density; the probability of an atom counts divided by the standard
    /// deviation. Where all densities are 0 in binary32, the heaviest component's mean.
    pub(in crate::mixture) fn mode(&self) -> f32 {
        let mut best = None;
        self.each_mode(&mut |place, height| {
            if best.is_none_or(|(_, highest)| height > highest) {
                best = Some((self.value_at(place), height));
            }
        });
        best.map_or_else(|| self.heaviest(), |(place, _)| place)
    }

    /// All modes in ascending order into the front of `to`; how many there are.
    pub(in crate::mixture) fn modes(&self, to: &mut [f32]) -> Result<usize, PredictError> {
        let mut count = 0;
        let mut insert = |value| {
            let mut value = value;
            for slot in to.iter_mut().take(count) {
                if value < *slot {
                    core::mem::swap(&mut value, slot);
                }
            }
            if let Some(slot) = to.get_mut(count) {
                *slot = value;
            }
            count += 1;
        };
        let mut none = true;
        self.each_mode(&mut |place, _| {
            none = false;
            insert(self.value_at(place));
        });
        if none {
            insert(self.heaviest());
        }
        match count <= to.len() {
            true => Ok(count),
            false => Err(PredictError::TooFewSlots { needed: count }),
        }
    }

    fn heaviest(&self) -> f32 {
        self.line
            .value(self.bend(self.mixture.best_component(), 0.0))
    }

    /// Calls `visit` with the points of the grid in ascending order.
    fn each_point(&self, visit: &mut dyn FnMut(f32)) {
        let walk = Walk {
            law: self,
            only: None,
            outcome: None,
        };
        let ends = walk.ends();
        walk.each_piece(ends, f32::NAN, &mut |from, to| {
            let last = to >= ends.1;
            if self.is_lattice() {
                visit(from);
            } else {
                for part in 0..PARTS {
                    let share = part as f32 / PARTS as f32;
                    visit(from + share * (to - from));
                }
            }
            if last {
                visit(to);
            }
        });
    }

    /// ln of the density at a place, of a lattice of the probability; beside an atom that of the
    /// continuum.
    fn smooth_log_density(&self, place: f32) -> f32 {
        match self.line.support {
            Support::Circle { cut, .. } => self.log_density(cut + place),
            Support::Atoms(atoms) if self.is_atom(place) => {
                let first = atoms.values().first() == Some(&place) && atoms.lowest;
                self.log_density(if first { next(place) } else { previous(place) })
            }
            _ => self.log_density(place),
        }
    }

    fn atoms(&self) -> impl Iterator<Item = (f32, f32)> + use<'_> {
        let atoms = match &self.line.support {
            Support::Atoms(atoms) => atoms.values(),
            _ => &[],
        };
        atoms.iter().map(|&value| (value, self.probability(value)))
    }

    fn is_atom(&self, place: f32) -> bool {
        matches!(&self.line.support, Support::Atoms(atoms) if atoms.values().contains(&place))
    }

    fn is_lattice(&self) -> bool {
        matches!(self.line.support, Support::Lattice { .. })
    }

    /// Whether nothing of the support lies between two values.
    fn is_next(&self, low: f32, high: f32) -> bool {
        let after = match self.line.support {
            Support::Lattice { .. } => self.line.next_value(low),
            _ => next(low),
        };
        high <= after
    }

    /// The line of a lattice without its steps, where there are more than `most`.
    fn fine(&self, most: f32) -> Option<Line> {
        let walk = Walk {
            law: self,
            only: None,
            outcome: None,
        };
        (self.steps(walk.ends()) > most).then(|| self.line.without_steps())
    }

    /// The value at a place of the grid.
    fn value_at(&self, place: f32) -> f32 {
        match self.line.support {
            Support::Circle { cut, .. } => self.line.value(cut + place),
            _ => place,
        }
    }

    /// Places along a circle become values, and what touches at the cut is one interval.
    fn on_circle(&self, slots: &[Cell<(f32, f32)>], count: usize) -> usize {
        let Support::Circle { period, .. } = self.line.support else {
            return count;
        };
        let found = slots.get(..count).unwrap_or_default();
        let mut left = count;
        if let (Some(first), Some(last)) = (found.first(), found.last())
            && count > 1
            && first.get().0 <= 0.0
            && last.get().1 >= period
        {
            first.set((last.get().0, first.get().1));
            left -= 1;
        }
        for slot in found.iter().take(left) {
            let (low, high) = slot.get();
            slot.set((self.value_at(low), self.value_at(high)));
        }
        left
    }
}
