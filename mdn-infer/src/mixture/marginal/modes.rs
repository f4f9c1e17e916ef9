//! Modes: the local maxima of the density.
//!
//! All stationary points of a mixture of normals on a line lie between the least and the greatest
//! mean, and there are at most K modes (Carreira-Perpiñán and Williams 2003). Ascending from the
//! means does not find them all: two wide components can have a mode midway while narrow ones
//! stand where their means are. So the line is walked from the least mean to the greatest in
//! steps over which the course of the density is certain, halved where it is not and doubled
//! after each success. It is certain where bounds over the whole step show that the density
//! rises, that it falls, or that its slope does, so that it turns at most once.
//!
//! Steps over which the density changes by less than 2⁻²⁰ of itself are not divided further: a
//! mode that rises above its surroundings by no more than rounding errors may be left out.

use super::derivative::{Bound, Order, Scaled};
use super::quantile::Furthest;
use super::{Marginal, order};
use crate::error::PredictError;
use crate::layers::Limits;
use crate::simd::Vector;

/// Steps after which an unclear course is judged by its ends, so that no mixture takes forever:
/// many times what random mixtures of up to 256 components were seen to need.
const PATIENCE: u32 = 1 << 12;
/// Changes of the log-density below this count for nothing, nor do such parts of the density.
const UNNOTICED: f32 = 1.0 / 1_048_576.0;

/// The course of the density over an interval.
enum Course {
    Rising,
    Falling,
    /// The slope rises throughout or falls throughout.
    Bent,
    /// Constant to within rounding.
    Flat,
    Unclear,
}

impl Marginal<'_> {
    /// The value at which the density is greatest, in raw units: the highest mode, the least of
    /// equal ones; ±∞ where that leaves binary32. Cost: O(K) a step, some 20 steps for each mode.
    pub fn mode(&self) -> f32 {
        if let Some(law) = self.mixture.law(self.d) {
            return law.mode();
        }
        let mut best = (f32::NEG_INFINITY, f32::NAN);
        self.each_mode(|_, mode| {
            let height = self.standardised_log_density(mode);
            if best.1.is_nan() || height > best.0 {
                best = (height, mode);
            }
        });
        self.mixture.raw(self.d, best.1)
    }

    /// All modes in ascending order, in raw units, into the first elements of `to`; returns how
    /// many there are, from 1 to K. Cost: as [`mode`](Self::mode).
    ///
    /// # Errors
    ///
    /// [`PredictError::TooFewSlots`]; K are always enough. [`PredictError::Overflow`] where a mode
    /// lies beyond the range of binary32 in raw units.
    pub fn modes(&self, to: &mut [f32]) -> Result<usize, PredictError> {
        if let Some(law) = self.mixture.law(self.d) {
            return law.modes(to);
        }
        let (mut count, mut finite) = (0, true);
        let mut slots = to.iter_mut();
        self.each_mode(|_, mode| {
            count += 1;
            if let Some(slot) = slots.next() {
                *slot = self.mixture.raw(self.d, mode);
                finite &= slot.is_finite();
            }
        });
        let count = self.fits(count, to.len())?;
        if finite || self.mixture.limits == Limits::Ignored {
            Ok(count)
        } else {
            Err(PredictError::Overflow)
        }
    }

    /// `count`, where there are as many `slots`.
    pub(super) fn fits(&self, count: usize, slots: usize) -> Result<usize, PredictError> {
        if count > slots {
            return Err(PredictError::TooFewSlots {
                needed: self.mixture.components,
            });
        }
        Ok(count)
    }

    /// Calls `visit` with each mode, in ascending order and in standardised units, and before it
    /// the lowest point between it and the mode before, −∞ for the first.
    pub(super) fn each_mode(&self, mut visit: impl FnMut(f32, f32)) {
        let (first, last) = self.ends();
        let (mut at, mut step) = (first, 0.5 * last - 0.5 * first);
        let (mut rising, mut since, mut valley) = (true, first, f32::NEG_INFINITY);
        let mut patience = PATIENCE;
        while at < last {
            let to = step_end(at, step, last);
            let mut course = self.course(at, to);
            patience = patience.saturating_sub(1);
            if matches!(course, Course::Unclear) {
                if patience > 0 && order::next(at) < to {
                    step = 0.5 * to - 0.5 * at;
                    continue;
                }
                course = self.course_of_ends(at, to);
            }
            let slope = match course {
                Course::Rising => 1.0,
                Course::Falling => -1.0,
                Course::Bent => self.slope(to),
                _ => 0.0,
            };
            if rising && slope < 0.0 {
                visit(valley, self.turn(since, to, 1.0));
                rising = false;
            } else if !rising && slope > 0.0 {
                valley = self.turn(since, to, -1.0);
                rising = true;
            }
            if slope != 0.0 {
                since = to;
            }
            (at, step) = (to, 2.0 * (to - at));
        }
        if rising {
            visit(valley, self.turn(since, last, 1.0));
        }
    }

    /// The first number above `from` at which the slope no longer has this sign; `to` at the
    /// latest.
    fn turn(&self, from: f32, to: f32, sign: f32) -> f32 {
        if self.turned(from, sign) {
            return from;
        }
        order::bisect(from, to, |z| self.turned(z, sign))
    }

    fn turned(&self, z: f32, sign: f32) -> bool {
        let slope = sign * self.slope(z);
        slope.is_nan() || slope <= 0.0
    }

    /// The least and the greatest mean of the components whose weight is not 0.
    fn ends(&self) -> (f32, f32) {
        let Marginal { mixture, d } = self;
        let furthest = |sign| {
            sign * mixture.level.run(Furthest {
                mixture,
                d: *d,
                z: 0.0,
                sign,
            })
        };
        (furthest(-1.0), furthest(1.0))
    }

    fn course(&self, from: f32, to: f32) -> Course {
        let bound = |order, bound| self.bound(order, bound, (from, to));
        let slope = [Bound::Lower, Bound::Upper].map(|side| bound(Order::Slope, side));
        if slope[0].value > 0.0 {
            return Course::Rising;
        }
        if slope[1].value < 0.0 {
            return Course::Falling;
        }
        let bend = [Bound::Lower, Bound::Upper].map(|side| bound(Order::Bend, side));
        if bend[0].value > 0.0 || bend[1].value < 0.0 {
            return Course::Bent;
        }
        let width = to - from;
        let ends = |side| [from, to].map(|z| self.bound(Order::Slope, side, (z, z)));
        if exceeds(ends(Bound::Lower), 1.0, bend, width) {
            return Course::Rising;
        }
        if exceeds(ends(Bound::Upper), -1.0, bend, width) {
            return Course::Falling;
        }
        let value = [Bound::Lower, Bound::Upper].map(|side| bound(Order::Value, side));
        if is_flat(value, slope, width) {
            return Course::Flat;
        }
        Course::Unclear
    }

    /// As the densities of the ends have it.
    fn course_of_ends(&self, from: f32, to: f32) -> Course {
        let [start, end] = [from, to].map(|z| self.standardised_log_density(z));
        let noticed = UNNOTICED * (1.0 + start.abs().smaller(end.abs()));
        if start + noticed < end {
            Course::Rising
        } else if end + noticed < start {
            Course::Falling
        } else {
            Course::Flat
        }
    }
}

/// Whether the slope has this `sign` throughout: between two ends it cannot get further from
/// their mean than half the width times its own greatest slope.
fn exceeds(ends: [Scaled; 2], sign: f32, bend: [Scaled; 2], width: f32) -> bool {
    let log = ends[0].log;
    let sum = sign * (ends[0].value + ends[1].relative_to(log));
    let steepest = greatest(bend, log);
    sum > 1.000_001 * width * steepest
}

/// Whether the density changes by less than 2⁻²⁰ of itself, or is 0 to any computation.
fn is_flat(value: [Scaled; 2], slope: [Scaled; 2], width: f32) -> bool {
    const NOTHING: f32 = -1e35;
    let [lower, upper] = value;
    upper.log < NOTHING || width * greatest(slope, lower.log) < UNNOTICED * lower.value
}

/// The larger magnitude of two bounds, as a factor of exp(`log`).
fn greatest(bounds: [Scaled; 2], log: f32) -> f32 {
    let [lower, upper] = bounds.map(|bound| bound.relative_to(log));
    let (lower, upper) = (-lower, upper);
    if upper < lower { lower } else { upper }
}

/// Where a step from `at` ends: at `last` at the latest, and at the next number at the earliest.
fn step_end(at: f32, step: f32, last: f32) -> f32 {
    let to = at + step;
    if to <= at {
        order::next(at)
    } else if to < last {
        to
    } else {
        last
    }
}
