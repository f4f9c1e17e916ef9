//! A linear problem most of whose coefficients are 0.

use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::FAR;
use crate::data::numeric::NumericTable;

const COEFFICIENTS: [f64; 8] = [3.0, 1.5, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0];
/// Between neighbouring inputs.
const CORRELATION: f64 = 0.5;
/// The standard deviation of the target's noise.
const NOISE: f64 = 3.0;

fn mean(x: &[f64]) -> f64 {
    COEFFICIENTS.iter().zip(x).map(|(c, x)| c * x).sum()
}

/// The standard deviation of an input given the one before.
fn innovation() -> f64 {
    (1.0 - CORRELATION * CORRELATION).sqrt()
}

/// The first example of Tibshirani 1996 (the lasso): `y = 3 x1 + 1.5 x2 + 2 x5 + 3 ε`, predict `y`
/// from eight inputs.
///
/// The inputs are standard normal with correlation 0.5^|i − j|, and `ε` is standard normal. The
/// columns are `x1` to `x8` and `y`; the same arguments give the same table.
pub fn sparse_linear(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut generator) };
    let mut values = Vec::with_capacity((COEFFICIENTS.len() + 1) * rows);
    for _ in 0..rows {
        let mut x = [0.0; COEFFICIENTS.len()];
        x[0] = normal();
        for i in 1..x.len() {
            x[i] = CORRELATION * x[i - 1] + innovation() * normal();
        }
        values.extend(x);
        values.push(mean(&x) + NOISE * normal());
    }
    let inputs = (1..=COEFFICIENTS.len()).map(|i| format!("x{i}"));
    NumericTable::new(inputs.chain(["y".to_owned()]).collect(), values)
}

/// Whether the row is one that [`sparse_linear`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    let [x @ .., y] = row else {
        return false;
    };
    let near = |pair: &[f64]| (pair[1] - CORRELATION * pair[0]).abs() < FAR * innovation();
    x.len() == COEFFICIENTS.len()
        && x[0].abs() < FAR
        && x.windows(2).all(near)
        && (y - mean(x)).abs() < FAR * NOISE
}

/// The entropy h(y | x1 … x8) of [`sparse_linear`] in nats, ½ ln 2πe + ln 3: no model's expected
/// negative log-likelihood is lower.
pub fn sparse_linear_entropy() -> f64 {
    0.5 * (2.0 * PI * E).ln() + NOISE.ln()
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_floor;
    use super::*;

    #[test]
    fn the_entropy_is_the_mean_over_draws() {
        let rows = sparse_linear(40_000, 3).values;
        let surprises = rows.chunks_exact(9).map(|row| {
            let z = (row[8] - 3.0 * row[0] - 1.5 * row[1] - 2.0 * row[4]) / 3.0;
            0.5 * z * z + (3.0 * (2.0 * PI).sqrt()).ln()
        });
        assert_floor(sparse_linear_entropy(), surprises);
    }

    #[test]
    fn inputs_correlate_as_the_law_says() {
        let rows = sparse_linear(40_000, 1).values;
        for (i, j) in [(0, 0), (7, 7), (0, 1), (3, 5), (2, 7)] {
            let products = rows.chunks_exact(9).map(|row| row[i] * row[j]);
            let found = products.sum::<f64>() / 40_000.0;
            let expected = 0.5_f64.powi(j as i32 - i as i32);
            assert!((found - expected).abs() < 0.03, "{i} {j}: {found}");
        }
    }

    #[test]
    fn longer_tables_begin_with_shorter_ones() {
        let table = sparse_linear(20, 5);
        assert_eq!(table.columns.join(","), "x1,x2,x3,x4,x5,x6,x7,x8,y");
        assert_eq!(table.values[..90], sparse_linear(10, 5).values);
        assert_ne!(table, sparse_linear(20, 6));
        assert!(table.values.chunks_exact(9).all(can_give));
        assert!(!can_give(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 25.0]));
        assert!(!can_give(&[0.0, 9.0, 4.5, 2.0, 1.0, 0.0, 0.0, 0.0, 15.0]) && !can_give(&[0.5]));
    }
}
