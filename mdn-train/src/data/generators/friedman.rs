//! Friedman's first problem, with noise that depends on the inputs.

use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::FAR;
use crate::data::numeric::NumericTable;

/// What the target depends on.
const INPUTS: usize = 5;

/// The target without noise.
fn mean(x: &[f64; INPUTS]) -> f64 {
    10.0 * (PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4]
}

/// The standard deviation of the noise: from 0.37 to 2.7, of which the geometric mean is 1.
fn deviation(x: &[f64; INPUTS]) -> f64 {
    (2.0 * x[0] - 1.0).exp()
}

/// The problem of Friedman 1991 with unequal noise:
/// `y = 10 sin(π x1 x2) + 20 (x3 − 0.5)² + 10 x4 + 5 x5 + exp(2 x1 − 1) ε`, predict `y`.
///
/// The inputs are uniform on (0, 1) and `ε` is standard normal. The original's noise has the
/// standard deviation 1 everywhere, and five inputs more on which nothing depends. The columns are
/// `x1` to `x5` and `y`; the same arguments give the same table.
pub fn friedman(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut values = Vec::with_capacity((INPUTS + 1) * rows);
    // The bounds are finite and in order, the only things that the constructor asks for.
    if let Ok(uniform) = Uniform::new(0.0, 1.0) {
        for _ in 0..rows {
            let x: [f64; INPUTS] = std::array::from_fn(|_| uniform.sample(&mut generator));
            let noise: f64 = StandardNormal.sample(&mut generator);
            values.extend(x);
            values.push(mean(&x) + deviation(&x) * noise);
        }
    }
    let columns = ["x1", "x2", "x3", "x4", "x5", "y"].map(str::to_owned);
    NumericTable::new(columns.to_vec(), values)
}

/// Whether the row is one that [`friedman`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    let [x @ .., y] = row else {
        return false;
    };
    x.try_into().is_ok_and(|x: &[f64; INPUTS]| {
        let inside = x.iter().all(|x| (0.0..=1.0).contains(x));
        inside && (y - mean(x)).abs() < FAR * deviation(x)
    })
}

/// The entropy h(y | x1 … x5) of [`friedman`] in nats: no model's expected negative log-likelihood
/// is lower.
///
/// It is ½ ln 2πe + E ln σ, and the mean of ln σ = 2 x1 − 1 is 0.
pub fn friedman_entropy() -> f64 {
    0.5 * (2.0 * PI * E).ln()
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_floor;
    use super::*;

    #[test]
    fn the_entropy_is_the_mean_over_draws() {
        let rows = friedman(40_000, 3).values;
        let surprises = rows.chunks_exact(6).map(|row| {
            let [a, b, c, d, e, y] = row.try_into().unwrap();
            let centre = 10.0 * (PI * a * b).sin() + 20.0 * (c - 0.5) * (c - 0.5) + 10.0 * d;
            let spread = 2_f64.mul_add(a, -1.0).exp();
            let z: f64 = (y - centre - 5.0 * e) / spread;
            0.5 * z * z + (spread * (2.0 * PI).sqrt()).ln()
        });
        assert_floor(friedman_entropy(), surprises);
    }

    #[test]
    fn longer_tables_begin_with_shorter_ones() {
        let table = friedman(20, 5);
        assert_eq!(table.columns.join(","), "x1,x2,x3,x4,x5,y");
        assert_eq!(table.values[..60], friedman(10, 5).values);
        assert_ne!(table, friedman(20, 6));
        assert!(table.values.chunks_exact(6).all(can_give));
        assert!(!can_give(&[0.5, 0.5, 0.5, 0.5, 0.5, 30.0]));
        assert!(!can_give(&[0.5, 1.5, 0.5, 0.5, 0.5, 14.0]) && !can_give(&[0.5, 7.0]));
    }
}
