//! The laws that answers are measured against, in binary64.

use mdn_infer::format::{Atoms, Support};
use mdn_train::oracle::normal_cdf;

/// A mixture of normals as (weight, mean, standard deviation), in raw units.
pub type Components = [(f64, f64, f64)];

/// The latent line in cells of equal width, each with its probability, moved to its value.
pub struct Law {
    /// Ascending, with their probabilities.
    pub values: Vec<(f64, f64)>,
    /// The probability of all values before each, and of all.
    before: Vec<f64>,
}

impl Law {
    pub fn new(components: &Components, support: &Support) -> Self {
        const CELLS: usize = 400_000;
        let ends = components
            .iter()
            .map(|&(_, m, s)| (m - 6.0 * s, m + 6.0 * s));
        let (low, high) = ends.fold((f64::MAX, f64::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        let width = (high - low) / CELLS as f64;
        let place = |i: usize| low + width * i as f64;
        let up_to = |y: f64| -> f64 {
            let terms = components.iter();
            terms.map(|&(w, m, s)| w * normal_cdf((y - m) / s)).sum()
        };
        // What lies beyond the ends, 10⁻⁹ of it all, belongs to the first cell.
        let mut below = 0.0;
        let cells = (0..CELLS).map(|i| {
            let above = up_to(place(i + 1));
            let mass = above - below;
            below = above;
            (value(support, place(i) + 0.5 * width), mass)
        });
        let mut values: Vec<(f64, f64)> = cells.collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut before = vec![0.0];
        for (_, mass) in &values {
            before.push(before[before.len() - 1] + mass);
        }
        Law { values, before }
    }

    pub fn between(&self, low: f64, high: f64) -> f64 {
        let up_to = |end: f64| self.before[self.values.partition_point(|(y, _)| *y <= end)];
        up_to(high) - up_to(low)
    }

    pub fn mean(&self) -> f64 {
        self.values.iter().map(|(y, mass)| y * mass).sum()
    }

    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        let terms = self.values.iter();
        terms.map(|(y, mass)| mass * (y - mean).powi(2)).sum()
    }

    /// ∫ (F − [y ≤ s])² ds.
    pub fn crps(&self, y: f64) -> f64 {
        let (mut up_to, mut sum) = (0.0, 0.0);
        let mut from = self.values[0].0.min(y);
        let ends = self.values.iter().copied().chain([(f64::INFINITY, 0.0)]);
        let last = self.values.last().map_or(y, |last| last.0.max(y));
        for (to, mass) in ends {
            let to = to.min(last);
            let below = (to.min(y) - from).max(0.0);
            let above = (to - from.max(y)).max(0.0);
            sum += below * up_to * up_to + above * (1.0 - up_to) * (1.0 - up_to);
            up_to += mass;
            from = to;
        }
        sum
    }
}

/// What a draw becomes, as the documentation of [`Support`] has it.
pub fn value(support: &Support, latent: f64) -> f64 {
    let wide = |x: f32| f64::from(x);
    match support {
        Support::Lattice {
            origin,
            step,
            low,
            high,
        } => {
            let steps = ((latent - wide(*origin)) / wide(*step)).round();
            (wide(*origin) + steps * wide(*step)).clamp(wide(*low), wide(*high))
        }
        Support::Atoms(atoms) => value_of_atoms(atoms, latent),
        Support::Bounds { low, high } => {
            let (low, high) = (wide(*low), wide(*high));
            let mut folded = latent;
            while folded < low || folded > high {
                folded = if folded < low {
                    2.0 * low - folded
                } else {
                    2.0 * high - folded
                };
            }
            folded
        }
        Support::Circle { origin, period, .. } => {
            wide(*origin) + (latent - wide(*origin)).rem_euclid(wide(*period))
        }
        _ => latent,
    }
}

fn value_of_atoms(atoms: &Atoms, latent: f64) -> f64 {
    let gap = f64::from(atoms.gap);
    let mut rest = latent;
    for (index, &value) in atoms.values().iter().enumerate() {
        let value = f64::from(value);
        if index == 0 && atoms.lowest {
            if rest <= value {
                return value;
            }
        } else if index + 1 == atoms.values().len() && atoms.highest {
            if rest >= value {
                return value;
            }
        } else {
            if rest < value {
                return rest;
            }
            rest = (rest - gap).max(value);
            if rest == value {
                return value;
            }
        }
    }
    rest
}
