//! The local maxima of the density.
//!
//! Every ascent is the fixed-point iteration z ← z + A⁻¹ g of [`Local`], which never descends
//! (mean shift: Carreira-Perpiñán 2000; it is an EM algorithm), lengthened while that climbs
//! higher, and replaced by Newton's step where the log-density bends down in every direction and
//! the step is short and climbs. At a stationary point that is no maximum, such as the exact
//! middle between two equal components, the ascent leaves along a direction of upward bend.

use super::Mixture;
use super::local::{FLAT, Local, Newton, Point};
use crate::check::check_len;
use crate::error::PredictError;
use crate::format::MAX_DIMENSIONS;

/// Iterations of one ascent.
const ITERATIONS: usize = 100;
/// Of the scale of the neighbourhood: the last Newton step of a converged ascent is shorter.
const TOLERANCE: f32 = 1e-3;
/// Newton steps longer than this are not tried.
const TRUSTED: f32 = 1.0;
/// How far an ascent looks to both sides of a stationary point.
const LOOK: f32 = 0.25;
/// Modes closer than this are one.
const MERGED: f32 = 0.1;
/// Modes on a flat top closer than this are one.
const MERGED_FLAT: f32 = 0.5;
/// ln 2⁻²⁴: components lighter than the heaviest by more are not started from.
const LIGHTEST: f32 = -16.635_532;
/// Of so many of the heaviest components every pair is started between.
const PAIRED: usize = 12;
/// Between a pair only where the density is within this, in nats, of the pair's larger peak.
const REACH: f32 = 12.5;

impl Mixture<'_> {
    /// The local maxima of p into the rows of `to` `[capacity][D]`, in raw units and by falling
    /// density, the global maximum first; returns how many rows were written. Of more maxima
    /// than `to` has rows the highest are kept.
    ///
    /// Ascents start from the mean of every component whose weight is at least 2⁻²⁴ of the
    /// largest, and in more than one dimension also from the whole mixture's mean and from the
    /// points where the ridges of two components meet, for every pair of the 12 heaviest. In
    /// several dimensions a mixture can have maxima that none of these leads to.
    ///
    /// An ascent ends when Newton's step is below 10⁻³ of the local scale and takes that step;
    /// the maximum is then off by about 10⁻⁵ scales or by the spacing of binary32 in raw units,
    /// whichever is more, and by up to a quarter scale along a direction in which the density is
    /// flat (its curvature below 10⁻⁴ of the components' own). Maxima closer than a tenth of the
    /// local scale count as one, on a flat top closer than half. The local scale is that of the
    /// precision Σ rₖ Σₖ⁻¹ with the responsibilities rₖ.
    ///
    /// Cost: at most 100 iterations, commonly 3 to 10, of O(K F + D³ Kₙ) for each of at most
    /// K + 67 starts, where Kₙ is the number of components that matter at a point. Needs about
    /// 6 KiB of stack.
    ///
    /// Sources: Carreira-Perpiñán 2000 (mean shift and Newton); Ray and Lindsay 2005 (maxima lie
    /// where ridges meet).
    ///
    /// ```
    /// use mdn_infer::{Mixture, PredictError};
    ///
    /// /// The most probable target and its density.
    /// fn summit(mixture: &Mixture<'_>) -> Result<(f32, f32), PredictError> {
    ///     let mut to = [0.0];
    ///     mixture.modes(&mut to)?;
    ///     Ok((to[0], mixture.density(&to)?))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PredictError::NotContinuous`] where a dimension has a support; [`PredictError::WrongLength`] unless
    /// `to` has whole rows; [`PredictError::Overflow`] where
    /// no ascent ends, because components that overlap differ in scale by more than about 10¹⁵, or
    /// a maximum lies beyond the range of binary32 in raw units.
    pub fn modes(&self, to: &mut [f32]) -> Result<usize, PredictError> {
        let supported = (0..self.dimensions).find(|&d| self.line(d).is_some());
        if let Some(dimension) = supported {
            return Err(PredictError::NotContinuous { dimension });
        }
        let dimensions = self.dimensions.max(1);
        check_len(to.len(), to.len() / dimensions * dimensions)?;
        let mut found = Found {
            mixture: self,
            rows: to,
            count: 0,
            reached: false,
        };
        let least = self.log_weight_of(self.best_component()) + LIGHTEST;
        for (k, &log_weight) in self.log_weights.iter().enumerate() {
            if log_weight >= least {
                found.climb(self.mean_point(k), k);
            }
        }
        if dimensions > 1 {
            self.climb_between(&mut found);
        }
        let (reached, count) = (found.reached, found.count);
        let mut coordinates = to.iter().take(count * dimensions);
        if reached && coordinates.all(|coordinate| coordinate.is_finite()) {
            Ok(count)
        } else {
            Err(PredictError::Overflow)
        }
    }

    /// Ascents from the whole mixture's mean and from where ridges meet.
    fn climb_between(&self, found: &mut Found<'_>) {
        let mut middle = [0.0; MAX_DIMENSIONS];
        for (d, z) in middle.iter_mut().enumerate().take(self.dimensions) {
            *z = self.standardised_mean(d);
        }
        found.climb(middle, self.best_component());
        let (heaviest, count) = self.heaviest();
        let heaviest = heaviest.get(..count).unwrap_or(&[]);
        for (i, &j) in heaviest.iter().enumerate() {
            for &k in heaviest.iter().take(i) {
                if let Some(between) = self.ridge_point(j, k) {
                    found.climb(between, j);
                }
            }
        }
    }

    /// Where the ridges of two components meet: (Σⱼ⁻¹ + Σₖ⁻¹)⁻¹ (Σⱼ⁻¹ μⱼ + Σₖ⁻¹ μₖ), unless the
    /// density is negligible there.
    fn ridge_point(&self, j: usize, k: usize) -> Option<Point> {
        let z = self.mean_point(j);
        let mut pair = Local::in_units_of(self, j, 0.0);
        pair.add(self, j, 0.5, &z);
        pair.add(self, k, 0.5, &z);
        let between = pair.moved(&z, &pair.mean_shift()?, 1.0);
        let peak = |k: usize| self.log_coefficients.get(k).copied();
        let (first, second) = (peak(j)?, peak(k)?);
        let least = if first < second { second } else { first } - REACH;
        (self.log_density_at(&between) > least).then_some(between)
    }

    /// The heaviest components, at most [`PAIRED`], and how many.
    fn heaviest(&self) -> ([usize; PAIRED], usize) {
        let (mut indices, mut weights) = ([0; PAIRED], [f32::NEG_INFINITY; PAIRED]);
        for (k, &log_weight) in self.log_weights.iter().enumerate() {
            let (mut k, mut log_weight) = (k, log_weight);
            for (index, weight) in indices.iter_mut().zip(&mut weights) {
                if log_weight > *weight {
                    core::mem::swap(&mut k, index);
                    core::mem::swap(&mut log_weight, weight);
                }
            }
        }
        let weighty = weights.iter().filter(|w| **w > f32::NEG_INFINITY);
        (indices, weighty.count())
    }

    /// μₖ, standardised.
    fn mean_point(&self, k: usize) -> Point {
        let mut z = [0.0; MAX_DIMENSIONS];
        for (d, z) in z.iter_mut().enumerate().take(self.dimensions) {
            *z = self.mean_of(k, d);
        }
        z
    }
}

/// A maximum, standardised, and its neighbourhood.
struct Mode {
    z: Point,
    local: Local,
    merged: f32,
}

/// An ascent of the density, one step after the other.
struct Ascent<'a> {
    mixture: &'a Mixture<'a>,
    z: Point,
    local: Local,
}

/// What a step came to.
enum Step {
    To(Point),
    Summit(Point, f32),
    Lost,
}

impl<'a> Ascent<'a> {
    /// From `z`, where component `k` is expected to dominate.
    fn run(mixture: &'a Mixture<'a>, z: Point, k: usize) -> Option<Mode> {
        let local = Local::new(mixture, &z, k)?;
        let mut ascent = Ascent { mixture, z, local };
        for _ in 0..ITERATIONS {
            match ascent.step() {
                Step::To(z) => {
                    ascent.local = Local::new(mixture, &z, ascent.local.dominant())?;
                    ascent.z = z;
                }
                Step::Summit(z, merged) => {
                    let local = ascent.local;
                    return Some(Mode { z, local, merged });
                }
                Step::Lost => return None,
            }
        }
        None
    }

    fn step(&self) -> Step {
        let Some(shift) = self.local.mean_shift() else {
            return Step::Lost;
        };
        match self.local.newton() {
            Newton::Step(step) => {
                let length = self.local.length(&step);
                let to = self.local.moved(&self.z, &step, 1.0);
                if length <= TOLERANCE || to == self.z {
                    return Step::Summit(to, MERGED);
                }
                if length <= TRUSTED && self.climbs(&to) {
                    return Step::To(to);
                }
            }
            Newton::Bend(direction, up) => {
                if self.local.length(&shift) <= TOLERANCE {
                    return self.leave(&direction, up);
                }
            }
        }
        Step::To(self.lengthened(&shift))
    }

    /// Whether `to` is not lower, but for rounding.
    fn climbs(&self, to: &Point) -> bool {
        let here = self.local.log_density;
        let rounding = 1e-6 * (1.0 + here.abs());
        self.mixture.log_density_at(to) >= here - rounding
    }

    /// The mean shift, doubled while that climbs higher and stays near.
    fn lengthened(&self, shift: &Point) -> Point {
        let length = self.local.length(shift);
        let mut factor = 1.0;
        let mut to = self.local.moved(&self.z, shift, factor);
        let mut height = self.mixture.log_density_at(&to);
        while 2.0 * factor * length <= TRUSTED {
            let further = self.local.moved(&self.z, shift, 2.0 * factor);
            let further_height = self.mixture.log_density_at(&further);
            if further_height <= height {
                break;
            }
            (to, height, factor) = (further, further_height, 2.0 * factor);
        }
        to
    }

    /// Away from a stationary point that is not a strict maximum.
    fn leave(&self, direction: &Point, up: f32) -> Step {
        let distance = LOOK / self.local.length(direction);
        let one = self.local.moved(&self.z, direction, distance);
        let other = self.local.moved(&self.z, direction, -distance);
        let height = self.mixture.log_density_at(&one);
        let other_height = self.mixture.log_density_at(&other);
        let (best, best_height) = if height < other_height {
            (other, other_height)
        } else {
            (one, height)
        };
        if best_height > self.local.log_density {
            Step::To(best)
        } else if up <= FLAT {
            Step::Summit(self.z, MERGED_FLAT)
        } else {
            Step::Lost
        }
    }
}

/// The maxima so far, highest first.
struct Found<'a> {
    mixture: &'a Mixture<'a>,
    /// `[capacity][D]`, raw
    rows: &'a mut [f32],
    count: usize,
    /// Whether any ascent ended.
    reached: bool,
}

impl Found<'_> {
    fn climb(&mut self, z: Point, k: usize) {
        if let Some(mode) = Ascent::run(self.mixture, z, k) {
            self.reached = true;
            self.insert(&mode);
        }
    }

    fn insert(&mut self, mode: &Mode) {
        let dimensions = self.mixture.dimensions.max(1);
        let mut raw = [0.0; MAX_DIMENSIONS];
        for (d, (raw, z)) in raw.iter_mut().zip(mode.z).enumerate().take(dimensions) {
            *raw = self.mixture.raw(d, z);
        }
        let raw = raw.get(..dimensions).unwrap_or(&[]);
        let mut rows = self.rows.chunks_exact(dimensions.max(1)).take(self.count);
        if rows.any(|row| self.is_same(mode, raw, row)) {
            return;
        }
        let start = self.rank(self.height(raw)) * dimensions;
        // The last row falls off where all are taken.
        let kept = self.rows.len().saturating_sub(dimensions);
        let end = (self.count * dimensions).min(kept);
        let Some(to) = self.rows.get_mut(start..end + dimensions) else {
            return;
        };
        to.rotate_right(dimensions.min(to.len()));
        for (to, raw) in to.iter_mut().zip(raw) {
            *to = *raw;
        }
        self.count = end / dimensions + 1;
    }

    /// ln p of a row.
    fn height(&self, raw: &[f32]) -> f32 {
        let z = self.mixture.standardise_checked(raw);
        self.mixture.log_density_at(&z)
    }

    /// How many rows are at least as high as `height`.
    fn rank(&self, height: f32) -> usize {
        let dimensions = self.mixture.dimensions.max(1);
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.rows.chunks_exact(dimensions.max(1)).nth(middle);
            if row.is_some_and(|row| self.height(row) >= height) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether two points are one maximum. Differences that the spacing of raw units explains do
    /// not count.
    fn is_same(&self, mode: &Mode, raw: &[f32], row: &[f32]) -> bool {
        const SPACING: f32 = 2.4e-7;
        let mut difference = [0.0; MAX_DIMENSIONS];
        for (d, (to, (a, b))) in difference.iter_mut().zip(raw.iter().zip(row)).enumerate() {
            let distance = (a - b).abs() - SPACING * (a.abs() + b.abs());
            if distance > 0.0 {
                *to = distance / self.mixture.affine(d).1;
                if a < b {
                    *to = -*to;
                }
            }
        }
        let difference = mode.local.in_units(&difference);
        mode.local.length(&difference) <= mode.merged
    }
}
