//! The distribution of y itself where a model has learnt ln y or logit y.
//!
//! Quantiles and probabilities map back through a monotone transform; moments, tail means and the CRPS do
//! not: the exponential of the mean of ln y is no mean of y. Here they are computed of y, in binary64,
//! from the components of the engine's mixture: a mixture of normals of ln y is one of log-normals of y,
//! for which everything has a closed form (Crow and Shimizu 1988); of logit y it is one of logit-normals,
//! for which nothing has, and a quadrature stands in its place. A column with zeros has a point mass at 0 beside
//! the log-normals.

mod log_normal;
mod logit_normal;
mod normal;
mod quadrature;
mod zero;

use mdn_infer::Mixture;

use crate::data::Transform;
use normal::{log_sum_exp, log_upper_tail};

/// Values that are exceeded with this probability are beyond what a table of some thousand rows shows.
const RARE: f64 = 1e-4;

/// One component of the transformed target, a normal distribution.
#[derive(Clone, Copy, Debug)]
struct Normal {
    log_weight: f64,
    mean: f64,
    scale: f64,
}

impl Normal {
    /// ln of its weight and of the probability that it exceeds `z`.
    fn log_mass_above(&self, z: f64) -> f64 {
        self.log_weight + log_upper_tail((z - self.mean) / self.scale)
    }

    /// The same of at most `z`.
    fn log_mass_below(&self, z: f64) -> f64 {
        self.log_weight + log_upper_tail((self.mean - z) / self.scale)
    }
}

/// The distribution of y = T⁻¹(t) for a target t that is a mixture of K normals.
#[derive(Clone, Debug)]
pub struct BackTransformed {
    transform: Transform,
    components: Vec<Normal>,
}

impl BackTransformed {
    /// Of the column that target `d` of `mixture` is the `transform` of, `d` below D.
    pub fn new(transform: Transform, mixture: &Mixture<'_>, d: usize) -> Self {
        let components = mixture.components().map(|component| {
            let parameters = [
                component.log_weight(),
                component.mean(d),
                component.scale(d),
            ];
            let [log_weight, mean, scale] = parameters.map(f64::from);
            (log_weight.exp(), mean, scale)
        });
        Self::of_normals(transform, components)
    }

    /// Of normals as (weight, mean, standard deviation) of the transformed target; the weights are
    /// divided by their sum, and components without weight are left out.
    pub fn of_normals(
        transform: Transform,
        normals: impl IntoIterator<Item = (f64, f64, f64)>,
    ) -> Self {
        let weighty = normals.into_iter().filter(|&(weight, ..)| weight > 0.0);
        let mut components: Vec<Normal> = weighty
            .map(|(weight, mean, scale)| Normal {
                log_weight: weight.ln(),
                mean,
                scale,
            })
            .collect();
        let sum = log_sum_exp(components.iter().map(|component| component.log_weight));
        components.iter_mut().for_each(|c| c.log_weight -= sum);
        BackTransformed {
            transform,
            components,
        }
    }

    /// E y; +∞ where that leaves binary64. Cost: O(K), for `logit` some 200 exponentials a component.
    pub fn mean(&self) -> f64 {
        match self.transform {
            Transform::Log => self.log_mean().exp(),
            Transform::LogOrZero { zero } => self.log_mean_above_zero(zero.into()).exp(),
            Transform::Logit => self.logit_moment(|y| y),
        }
    }

    /// √Var y; +∞ where that leaves binary64. Cost: as [`mean`](Self::mean).
    pub fn standard_deviation(&self) -> f64 {
        match self.transform {
            Transform::Log => self.log_normal_deviation(),
            Transform::LogOrZero { zero } => self.deviation_above_zero(zero.into()),
            Transform::Logit => {
                let mean = self.mean();
                self.logit_moment(|y| (y - mean).powi(2)).sqrt()
            }
        }
    }

    /// The continuous ranked probability score of the outcome `y`, in the units of y.
    ///
    /// Cost: O(K²) for `log`; for `logit`, and beside zeros, an integral, O(K²) with a factor of some 100.
    pub fn crps(&self, y: f64) -> f64 {
        match self.transform {
            Transform::Log => self.log_normal_crps(y),
            Transform::LogOrZero { zero } => self.crps_with_zero(zero.into(), y),
            Transform::Logit => self.logit_normal_crps(y),
        }
    }

    /// E\[y | y > `threshold`\], never below it; `None` where no y is above it.
    pub fn upper_tail_mean(&self, threshold: f64) -> Option<f64> {
        let z = self.transform.apply_anywhere(threshold);
        (z < f64::INFINITY).then(|| self.mean_above(z).max(threshold))
    }

    /// E\[y | y ≤ `threshold`\], never above it; `None` where no y is.
    pub fn lower_tail_mean(&self, threshold: f64) -> Option<f64> {
        let z = self.transform.apply_anywhere(threshold);
        (z > f64::NEG_INFINITY).then(|| self.mean_below(z).min(threshold))
    }

    /// The mean of the lowest share `p` of the distribution, 0 < p < 1.
    pub fn expected_shortfall(&self, p: f64) -> f64 {
        self.mean_below(self.quantile(p, Normal::log_mass_below, 1.0))
    }

    /// The mean of the highest share `q` of the distribution, 0 < q < 1.
    pub fn upper_expected_shortfall(&self, q: f64) -> f64 {
        self.mean_above(self.quantile(q, Normal::log_mass_above, -1.0))
    }

    /// Whether more than half of E y² comes from values that are exceeded with probability 10⁻⁴: then the
    /// standard deviation, and often the mean, rests on a tail that no table of some thousand rows
    /// shows, but the widest component extends.
    pub fn moments_rest_on_the_tail(&self) -> bool {
        let rare = || self.quantile(RARE, Normal::log_mass_above, -1.0);
        let log_share = match self.transform {
            Transform::Log => self.log_share_of_square_above(rare()),
            Transform::LogOrZero { zero } => {
                self.log_share_of_square_above_zero(zero.into(), rare())
            }
            Transform::Logit => return false,
        };
        log_share > 0.5_f64.ln()
    }

    fn mean_above(&self, z: f64) -> f64 {
        match self.transform {
            Transform::LogOrZero { .. } if z == f64::NEG_INFINITY => self.mean(),
            Transform::LogOrZero { zero } => self.mean_above_with_zero(zero.into(), z),
            Transform::Log => self.log_normal_mean_above(z),
            Transform::Logit => self.logit_tail_mean(z, 1.0),
        }
    }

    fn mean_below(&self, z: f64) -> f64 {
        match self.transform {
            Transform::LogOrZero { .. } if z == f64::INFINITY => self.mean(),
            Transform::LogOrZero { zero } => self.mean_below_with_zero(zero.into(), z),
            Transform::Log => self.log_normal_mean_below(z),
            Transform::Logit => self.logit_tail_mean(z, -1.0),
        }
    }

    /// The transformed value at which the probability that `log_mass` is about, which grows with it where
    /// `sign` is positive and falls elsewhere, reaches `probability`: by bisection, to 2⁻⁶⁰ of the whole width.
    fn quantile(&self, probability: f64, log_mass: fn(&Normal, f64) -> f64, sign: f64) -> f64 {
        const REACH: f64 = 40.0;
        const HALVINGS: usize = 60;
        let end = |side: f64| {
            let ends = self.components.iter();
            let ends = ends.map(move |c| side * c.mean + REACH * c.scale);
            side * ends.fold(f64::NEG_INFINITY, f64::max)
        };
        let (mut low, mut high) = (end(-1.0), end(1.0));
        let wanted = probability.ln();
        for _ in 0..HALVINGS {
            let middle = low + 0.5 * (high - low);
            let found = log_sum_exp(self.components.iter().map(|c| log_mass(c, middle)));
            if sign * found < sign * wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

#[cfg(test)]
mod tests;
