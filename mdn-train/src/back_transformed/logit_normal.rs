//! Quadrature for mixtures of logit-normal distributions.
//!
//! [Gauss and Legendre's rule](gauss) on stretches that are short beside both a component's
//! standard deviation and the unit of the logistic function, whose nearest pole lies π from the axis: at most 2.3 of
//! the one and 3 of the other. What lies 9 standard deviations out, or where y differs from 0 or 1 by less
//! than 10⁻¹⁶, is left out. Means, standard deviations and scores are right to 10⁻⁹.

use super::normal::log_sum_exp;
use super::quadrature::gauss;
use super::{BackTransformed, Normal};
use crate::data::Transform;

/// Beyond it y is 0 or 1 in binary64.
const LOGISTIC_REACH: f64 = 39.0;
const LOGISTIC_STEP: f64 = 3.0;
/// In standard deviations.
const NORMAL_REACH: f64 = 9.0;

impl BackTransformed {
    /// E `value`(y).
    pub(super) fn logit_moment(&self, value: impl Fn(f64) -> f64) -> f64 {
        let means = self.components.iter().map(|component| {
            let (_, mean) = component.tail(f64::NEG_INFINITY, 1.0, &value);
            component.log_weight.exp() * mean
        });
        means.sum()
    }

    /// E\[y | `sign` logit y > `sign` z\].
    pub(super) fn logit_tail_mean(&self, z: f64, sign: f64) -> f64 {
        let tails = self.components.iter().map(|c| c.tail(z, sign, |y| y));
        let tails: Vec<(f64, f64)> = tails.collect();
        let all = log_sum_exp(tails.iter().map(|&(log_mass, _)| log_mass));
        let parts = tails
            .iter()
            .map(|(log_mass, mean)| (log_mass - all).exp() * mean);
        parts.sum()
    }

    /// ∫ (P(y ≤ s) − [`y` ≤ s])² ds, over logit s.
    pub(super) fn logit_normal_crps(&self, y: f64) -> f64 {
        let outcome = Transform::Logit.apply_anywhere(y);
        let outcome = outcome.clamp(-LOGISTIC_REACH, LOGISTIC_REACH);
        let mut cuts: Vec<f64> = self.components.iter().flat_map(Normal::cuts).collect();
        let inside = |cut: &f64| cut.abs() < LOGISTIC_REACH;
        cuts.retain(inside);
        cuts.extend(logistic_cuts());
        cuts.push(outcome);
        cuts.sort_by(f64::total_cmp);
        let log_mass = |mass: fn(&Normal, f64) -> f64, z: f64| {
            log_sum_exp(self.components.iter().map(|c| mass(c, z)))
        };
        let stretches = cuts.windows(2).map(|ends| {
            let mass = match ends[1] <= outcome {
                true => Normal::log_mass_below,
                false => Normal::log_mass_above,
            };
            gauss(ends[0], ends[1], |z| {
                (2.0 * log_mass(mass, z) - Transform::Logit.log_slope(z)).exp()
            })
        });
        stretches.sum()
    }
}

impl Normal {
    /// ln of its weight and of P(`sign` t > `sign` z), and the mean of `value`(y) there.
    ///
    /// Densities are relative to the largest of the tail, so that nothing underflows.
    fn tail(&self, z: f64, sign: f64, value: impl Fn(f64) -> f64) -> (f64, f64) {
        const STRETCHES: i32 = 8;
        let a = sign * (z - self.mean) / self.scale;
        let start = a.max(-NORMAL_REACH);
        let nearest = start.max(0.0);
        // Beyond this the density is below e^(−½ 9²) of the largest.
        let square = NORMAL_REACH.powi(2);
        let end = nearest - start + square / ((nearest * nearest + square).sqrt() + nearest);
        // t at the distance `beyond` from the start, in standard deviations.
        let at = |beyond: f64| self.mean + sign * self.scale * (start + beyond);
        let logistic = logistic_cuts().map(|cut| sign * (cut - at(0.0)) / self.scale);
        let mut cuts: Vec<f64> = logistic.filter(|cut| (0.0..end).contains(cut)).collect();
        cuts.extend((0..=STRETCHES).map(|i| end * f64::from(i) / f64::from(STRETCHES)));
        cuts.sort_by(f64::total_cmp);
        let (mut mass, mut sum) = (0.0, 0.0);
        for ends in cuts.windows(2) {
            let density = |beyond: f64| {
                let above = start - nearest + beyond;
                (-0.5 * above * (above + 2.0 * nearest)).exp()
            };
            mass += gauss(ends[0], ends[1], density);
            sum += gauss(ends[0], ends[1], |beyond| {
                density(beyond) * value(Transform::Logit.undo(at(beyond)))
            });
        }
        (self.log_mass(a), sum / mass)
    }

    /// ln of its weight and of the probability of more than `a` standard deviations above the mean.
    fn log_mass(&self, a: f64) -> f64 {
        self.log_weight + super::log_upper_tail(a)
    }
}

/// Where the logistic function is cut.
fn logistic_cuts() -> impl Iterator<Item = f64> {
    let count = (LOGISTIC_REACH / LOGISTIC_STEP) as i32;
    (-count..=count).map(|i| LOGISTIC_STEP * f64::from(i))
}
