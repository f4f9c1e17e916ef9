//! A mixture of log-normal distributions of which everything up to a place is 0.
//!
//! With a the place of 0, y is eᵗ where t > a and 0 elsewhere: moments are those of the log-normals above a,
//! in closed form. Of the score a part has none: E min(y, y′) is that of the log-normals and eᵃ P(t > a)² less
//! ∫ P(t > u)² eᵘ du from −∞ to a, for which a quadrature stands, on stretches of at most 3 in u and 2 standard
//! deviations of a component; what lies 39 below a is left out.

use super::normal::log_upper_tail;
use super::quadrature::gauss;
use super::{BackTransformed, Normal};

/// e^(−39) is nothing beside 1.
const REACH: f64 = 39.0;
const STEPS: i32 = 13;

impl Normal {
    /// ln πₖ E\[y; `low` < ln y ≤ `high`\].
    fn log_part_between(&self, low: f64, high: f64) -> f64 {
        let place = |z: f64| (z - self.mean) / self.scale - self.scale;
        self.log_mean() + log_between(place(low), place(high))
    }
}

/// ln (Φ(b) − Φ(a)) for a < b, from the tail that the interval lies in.
fn log_between(a: f64, b: f64) -> f64 {
    let difference = |larger: f64, smaller: f64| larger + (-(smaller - larger).exp()).ln_1p();
    match (a > 0.0, b < 0.0) {
        (true, _) => difference(log_upper_tail(a), log_upper_tail(b)),
        (_, true) => difference(log_upper_tail(-b), log_upper_tail(-a)),
        _ => (-log_upper_tail(-a).exp() - log_upper_tail(b).exp()).ln_1p(),
    }
}

impl BackTransformed {
    /// ln E y.
    pub(super) fn log_mean_above_zero(&self, zero: f64) -> f64 {
        self.log_sum(|c| c.log_part_above(zero))
    }

    /// √Var y. Where next to nothing is 0, that of the log-normals, corrected; else the difference
    /// of E y² and (E y)² has digits enough.
    pub(super) fn deviation_above_zero(&self, zero: f64) -> f64 {
        const DIGITS: f64 = 1e-6;
        let square = self.log_sum(|c| c.log_square_above(zero));
        let mean = (self.log_mean_above_zero(zero) - 0.5 * square).exp();
        let variance = 1.0 - mean * mean;
        if variance > DIGITS {
            return (0.5 * (square + variance.ln())).exp();
        }
        let part = self.log_normal_mean_part(zero);
        let below = self.log_sum(|c| c.log_square_below(zero)).exp();
        let whole =
            self.log_normal_deviation().powi(2) + part * (2.0 * self.log_mean().exp() - part);
        (whole - below).max(0.0).sqrt()
    }

    /// E\[eᵗ; t ≤ z\] of the log-normals.
    fn log_normal_mean_part(&self, z: f64) -> f64 {
        self.log_sum(|c| c.log_part_below(z)).exp()
    }

    /// E\[y | ln y > z\]; below the place of 0 as if it lay there, with the probability of `z` still.
    pub(super) fn mean_above_with_zero(&self, zero: f64, z: f64) -> f64 {
        let part = self.log_sum(|c| c.log_part_above(z.max(zero)));
        (part - self.log_sum(|c| c.log_mass_above(z))).exp()
    }

    /// E\[y | y is 0 or ln y ≤ z\].
    pub(super) fn mean_below_with_zero(&self, zero: f64, z: f64) -> f64 {
        if z <= zero {
            return 0.0;
        }
        let part = self.log_sum(|c| c.log_part_between(zero, z));
        (part - self.log_sum(|c| c.log_mass_below(z))).exp()
    }

    /// As [`log_share_of_square_above`](Self::log_share_of_square_above).
    pub(super) fn log_share_of_square_above_zero(&self, zero: f64, z: f64) -> f64 {
        self.log_sum(|c| c.log_square_above(z.max(zero)))
            - self.log_sum(|c| c.log_square_above(zero))
    }

    /// 2 E(y − x)₊ − y + E min(x, x′), as of the log-normals.
    pub(super) fn crps_with_zero(&self, zero: f64, y: f64) -> f64 {
        if y == f64::INFINITY {
            return y;
        }
        let z = self.transform.apply_anywhere(y);
        let below = self.log_sum(|c| c.log_mass_below(z)).exp();
        let part = match z > zero {
            true => self.log_sum(|c| c.log_part_between(zero, z)).exp(),
            false => 0.0,
        };
        // Below the place of 0, P(x > s) is what it is there.
        let above = self.log_sum(|c| c.log_mass_above(zero));
        let least =
            self.least_of_two() - self.least_of_two_below(zero) + (zero + 2.0 * above).exp();
        (2.0 * (y * below - part) - y + least).max(0.0)
    }

    /// ∫ P(t > u)² eᵘ du up to `zero`.
    fn least_of_two_below(&self, zero: f64) -> f64 {
        let lowest = zero - REACH;
        let steps = (0..=STEPS).map(|i| lowest + REACH * f64::from(i) / f64::from(STEPS));
        let components = self.components.iter().flat_map(Normal::cuts);
        let inside = components.filter(|cut| (lowest..zero).contains(cut));
        let mut cuts: Vec<f64> = steps.chain(inside).collect();
        cuts.sort_by(f64::total_cmp);
        let stretches = cuts.windows(2).map(|ends| {
            gauss(ends[0], ends[1], |u| {
                (2.0 * self.log_sum(|c| c.log_mass_above(u)) + u).exp()
            })
        });
        stretches.sum()
    }
}
