//! One dimension of a mixture in binary64.

use crate::supports::normal_cdf;
use nalgebra::DMatrix;

use super::OracleMixture;

/// One dimension of a mixture in binary64 and in raw units.
#[derive(Clone, Debug)]
pub struct OracleMarginal {
    /// πₖ
    pub weights: Vec<f64>,
    /// μₖ
    pub means: Vec<f64>,
    /// σₖ
    pub scales: Vec<f64>,
}

impl OracleMixture {
    /// Dimension `d` by itself.
    pub fn marginal(&self, d: usize) -> OracleMarginal {
        let scale = |covariance: &DMatrix<f64>| covariance[(d, d)].sqrt();
        OracleMarginal {
            weights: self.log_weights.iter().map(|w| w.exp()).collect(),
            means: self.means.iter().map(|mean| mean[d]).collect(),
            scales: self.covariances.iter().map(scale).collect(),
        }
    }
}

impl OracleMarginal {
    /// p(y).
    pub fn density(&self, y: f64) -> f64 {
        let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
        self.sum(|mean, scale| {
            let x = (y - mean) / scale;
            peak / scale * (-0.5 * x * x).exp()
        })
    }

    /// P(t ≤ y), accurate relative to itself in the lower tail.
    pub fn cdf(&self, y: f64) -> f64 {
        self.sum(|mean, scale| normal_cdf((y - mean) / scale))
    }

    /// P(t > y), accurate relative to itself in the upper tail.
    pub fn survival(&self, y: f64) -> f64 {
        self.sum(|mean, scale| normal_cdf((mean - y) / scale))
    }

    /// E|t − y|, by its closed form.
    pub fn mean_distance(&self, y: f64) -> f64 {
        let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
        self.sum(|mean, scale| {
            let x = (y - mean) / scale;
            scale * (2.0 * peak * (-0.5 * x * x).exp() + x * (2.0 * normal_cdf(x) - 1.0))
        })
    }

    /// The continuous ranked probability score of `y` by its definition, the integral of
    /// (P(t ≤ s) − [y ≤ s])² over s: Gauss's rule on each stretch of ten standard deviations
    /// around a mean, cut at every standard deviation of every component and at y.
    pub fn crps(&self, y: f64) -> f64 {
        let mut cuts = self.cuts(10, 1.0);
        cuts.push(y);
        cuts.sort_by(f64::total_cmp);
        let stretches = cuts.windows(2).map(|ends| {
            let below = ends[1] <= y;
            let square = |s: f64| {
                let tail = if below { self.cdf(s) } else { self.survival(s) };
                tail * tail
            };
            gauss(ends[0], ends[1], square)
        });
        stretches.sum()
    }

    /// The total length of the smallest set that holds `probability`: the densest cells of a
    /// grid, `fineness` to the standard deviation of every component, the last one in part.
    pub fn region_length(&self, probability: f64, fineness: i32) -> f64 {
        let mut cuts = self.cuts(8 * fineness, f64::from(fineness).recip());
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut cells: Vec<(f64, f64)> = cuts
            .windows(2)
            .map(|ends| {
                let below = ends[0] + ends[1] < 2.0 * self.means[0];
                let mass = if below {
                    self.cdf(ends[1]) - self.cdf(ends[0])
                } else {
                    self.survival(ends[0]) - self.survival(ends[1])
                };
                (mass, ends[1] - ends[0])
            })
            .collect();
        cells.sort_by(|a, b| (b.0 / b.1).total_cmp(&(a.0 / a.1)));
        let (mut mass, mut length) = (0.0, 0.0);
        for (cell, width) in cells {
            if mass + cell >= probability {
                return length + width * (probability - mass) / cell;
            }
            mass += cell;
            length += width;
        }
        length
    }

    /// μₖ + i `step` σₖ for i from −`count` to `count` and all k.
    pub(super) fn cuts(&self, count: i32, step: f64) -> Vec<f64> {
        let components = self.means.iter().zip(&self.scales);
        components
            .flat_map(|(&mean, &scale)| {
                (-count..=count).map(move |i| mean + f64::from(i) * step * scale)
            })
            .collect()
    }

    fn sum(&self, value: impl Fn(f64, f64) -> f64) -> f64 {
        let components = self.weights.iter().zip(&self.means).zip(&self.scales);
        components
            .map(|((&weight, &mean), &scale)| weight * value(mean, scale))
            .sum()
    }
}

/// Gauss's rule with three points on each of eight pieces of `from` to `to`: none at an end, where
/// the value may jump.
pub(super) fn gauss(from: f64, to: f64, value: impl Fn(f64) -> f64) -> f64 {
    const PIECES: usize = 8;
    let half = 0.5 * (to - from) / PIECES as f64;
    let offset = half * 0.6_f64.sqrt();
    let pieces = (0..PIECES).map(|i| {
        let middle = from + half * (2 * i + 1) as f64;
        let sides = value(middle - offset) + value(middle + offset);
        half * (8.0 * value(middle) + 5.0 * sides) / 9.0
    });
    pieces.sum()
}
