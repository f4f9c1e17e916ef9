//! Closed forms for mixtures of log-normal distributions.
//!
//! Of y = eᵗ with t normal, E y = e^(μ + σ²/2), and E\[y; y > c\] is E y times the probability that a
//! normal with the mean μ + σ² exceeds ln c. Everything is computed of logarithms, for with a wide component
//! E y may be above 10³⁰⁸ where answers that are made of it are not.

use super::normal::{log_sum_exp, log_upper_tail};
use super::{BackTransformed, Normal};

impl Normal {
    /// ln E y of the component, with its weight.
    pub(super) fn log_mean(&self) -> f64 {
        self.log_weight + self.mean + 0.5 * self.scale.powi(2)
    }

    /// ln E y² of the component, with its weight.
    pub(super) fn log_square(&self) -> f64 {
        self.log_weight + 2.0 * (self.mean + self.scale.powi(2))
    }

    /// ln πₖ E\[y²; ln y > z\].
    pub(super) fn log_square_above(&self, z: f64) -> f64 {
        self.log_square() + log_upper_tail(self.whiten(z) - 2.0 * self.scale)
    }

    /// ln πₖ E\[y²; ln y ≤ z\].
    pub(super) fn log_square_below(&self, z: f64) -> f64 {
        self.log_square() + log_upper_tail(2.0 * self.scale - self.whiten(z))
    }

    /// (z − μ)/σ.
    fn whiten(&self, z: f64) -> f64 {
        (z - self.mean) / self.scale
    }

    /// ln πₖ E\[y; ln y > z\].
    pub(super) fn log_part_above(&self, z: f64) -> f64 {
        self.log_mean() + log_upper_tail(self.whiten(z) - self.scale)
    }

    /// ln πₖ E\[y; ln y ≤ z\].
    pub(super) fn log_part_below(&self, z: f64) -> f64 {
        self.log_mean() + log_upper_tail(self.scale - self.whiten(z))
    }

    /// ln πᵢ πⱼ E\[x; x ≤ y\] for independent x of this component and y of the `other`.
    fn log_part_below_other(&self, other: &Normal) -> f64 {
        let both = self.scale.hypot(other.scale);
        let beyond = (self.mean - other.mean + self.scale.powi(2)) / both;
        self.log_mean() + other.log_weight + log_upper_tail(beyond)
    }
}

impl BackTransformed {
    /// ln Σ of a logarithm for each component.
    pub(super) fn log_sum(&self, log: impl Fn(&Normal) -> f64 + Copy) -> f64 {
        log_sum_exp(self.components.iter().map(log))
    }

    pub(super) fn log_mean(&self) -> f64 {
        self.log_sum(Normal::log_mean)
    }

    /// √Σ πₖ (Var yₖ + (E yₖ − E y)²), in units of the largest √E yₖ².
    pub(super) fn log_normal_deviation(&self) -> f64 {
        let logs = self.components.iter().map(|c| 0.5 * c.log_square());
        let unit = logs.fold(f64::NEG_INFINITY, f64::max);
        let mean = (self.log_mean() - unit).exp();
        let parts = self.components.iter().map(|c| {
            let inner = (c.log_square() - 2.0 * unit).exp() * -(-c.scale.powi(2)).exp_m1();
            let own = (c.log_mean() - c.log_weight - unit).exp();
            // A mean that leaves binary64 has a weight that makes up for it.
            let offset = (own - mean) * (0.5 * c.log_weight).exp();
            inner + offset.powi(2)
        });
        (unit + 0.5 * parts.sum::<f64>().ln()).exp()
    }

    pub(super) fn log_normal_mean_above(&self, z: f64) -> f64 {
        if z == f64::NEG_INFINITY {
            return self.mean();
        }
        let parts = self.log_sum(|c| c.log_part_above(z));
        (parts - self.log_sum(|c| c.log_mass_above(z))).exp()
    }

    pub(super) fn log_normal_mean_below(&self, z: f64) -> f64 {
        if z == f64::INFINITY {
            return self.mean();
        }
        let parts = self.log_sum(|c| c.log_part_below(z));
        (parts - self.log_sum(|c| c.log_mass_below(z))).exp()
    }

    /// ln E\[y²; ln y > z\]/E y².
    pub(super) fn log_share_of_square_above(&self, z: f64) -> f64 {
        self.log_sum(|c| c.log_square_above(z)) - self.log_sum(Normal::log_square)
    }

    /// 2 E(y − x)₊ − y + E min(x, x′), which is E|x − y| − ½ E|x − x′| without the means of x, which may be
    /// far larger than the score: of these terms none is larger than y and the score together.
    pub(super) fn log_normal_crps(&self, y: f64) -> f64 {
        if y == f64::INFINITY {
            return y;
        }
        let z = y.ln();
        let below = self.log_sum(|c| c.log_mass_below(z)).exp();
        let part = self.log_sum(|c| c.log_part_below(z)).exp();
        (2.0 * (y * below - part) - y + self.least_of_two()).max(0.0)
    }

    /// E min(x, x′).
    pub(super) fn least_of_two(&self) -> f64 {
        let pairs = |c: &Normal| {
            let others = self.components.iter();
            log_sum_exp(others.map(|other| c.log_part_below_other(other)))
        };
        2.0 * self.log_sum(pairs).exp()
    }
}
