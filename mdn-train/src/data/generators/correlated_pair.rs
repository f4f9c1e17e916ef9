//! Two targets whose noise is correlated, more or less so by an input.

use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::FAR;
use crate::data::numeric::NumericTable;

/// The standard deviation of each target's noise.
const NOISE: f64 = 0.3;
/// The correlation of the noises where the third input is 1.
const CORRELATION: f64 = 0.9;

/// The targets without noise.
fn means(x: [f64; 3]) -> [f64; 2] {
    [(PI * x[0]).sin(), (PI * x[0]).cos() + x[1]]
}

/// Two targets with correlated noise: `y1 = sin(π x1) + 0.3 ε1` and `y2 = cos(π x1) + x2 + 0.3 ε2`,
/// predict both.
///
/// The inputs are uniform on (−1, 1); `ε1` and `ε2` are standard normal with the correlation
/// `0.9 x3`, so that neither target alone tells anything of `x3`. The columns are `x1`, `x2`, `x3`,
/// `y1`, `y2`; the same arguments give the same table.
pub fn correlated_pair(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut values = Vec::with_capacity(5 * rows);
    // The bounds are finite and in order, the only things that the constructor asks for.
    if let Ok(uniform) = Uniform::new(-1.0, 1.0) {
        for _ in 0..rows {
            let x: [f64; 3] = std::array::from_fn(|_| uniform.sample(&mut generator));
            let [first, other]: [f64; 2] =
                std::array::from_fn(|_| StandardNormal.sample(&mut generator));
            let correlation = CORRELATION * x[2];
            let second = correlation * first + (1.0 - correlation * correlation).sqrt() * other;
            let [y1, y2] = means(x);
            values.extend(x);
            values.extend([y1 + NOISE * first, y2 + NOISE * second]);
        }
    }
    let columns = ["x1", "x2", "x3", "y1", "y2"].map(str::to_owned);
    NumericTable::new(columns.to_vec(), values)
}

/// Whether the row is one that [`correlated_pair`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    let &[a, b, c, y1, y2] = row else {
        return false;
    };
    let [first, second] = means([a, b, c]);
    let (first, second) = ((y1 - first) / NOISE, (y2 - second) / NOISE);
    let correlation = CORRELATION * c;
    let other = (second - correlation * first) / (1.0 - correlation * correlation).sqrt();
    let inside = [a, b, c].iter().all(|x| x.abs() <= 1.0);
    inside && first.abs() < FAR && other.abs() < FAR
}

/// The entropy h(y1, y2 | x1, x2, x3) of [`correlated_pair`] in nats: no model's expected negative
/// log-likelihood is lower.
///
/// It is ln 2πe + 2 ln 0.3 + ½ E ln(1 − ρ²), and with ρ = c x3 the last mean is
/// ((1 + c) ln(1 + c) − (1 − c) ln(1 − c)) / c − 2.
pub fn correlated_pair_entropy() -> f64 {
    let of_noise = (2.0 * PI * E).ln() + 2.0 * NOISE.ln();
    let (above, below) = (1.0 + CORRELATION, 1.0 - CORRELATION);
    let mean = (above * above.ln() - below * below.ln()) / CORRELATION - 2.0;
    of_noise + 0.5 * mean
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::super::tests::assert_floor;
    use super::*;
    use crate::oracle::OracleMixture;

    #[test]
    fn the_entropy_is_the_mean_over_draws() {
        let rows = correlated_pair(40_000, 3).values;
        let surprises = rows.chunks_exact(5).map(|row| {
            let covariance = 0.09 * 0.9 * row[2];
            let law = OracleMixture {
                log_weights: vec![0.0],
                means: vec![DVector::from_vec(vec![
                    (PI * row[0]).sin(),
                    (PI * row[0]).cos() + row[1],
                ])],
                covariances: vec![DMatrix::from_row_slice(
                    2,
                    2,
                    &[0.09, covariance, covariance, 0.09],
                )],
            };
            -law.log_density_at(&DVector::from_column_slice(&row[3..]))
        });
        assert_floor(correlated_pair_entropy(), surprises);
        assert_eq!(format!("{:.4}", correlated_pair_entropy()), "0.2354");
    }

    #[test]
    fn longer_tables_begin_with_shorter_ones() {
        let table = correlated_pair(20, 5);
        assert_eq!(table.columns.join(","), "x1,x2,x3,y1,y2");
        assert_eq!(table.values[..50], correlated_pair(10, 5).values);
        assert_ne!(table, correlated_pair(20, 6));
        assert!(table.values.chunks_exact(5).all(can_give));
        // Each noise is possible, and not with the other at this correlation.
        assert!(can_give(&[0.0, 0.0, 0.0, 1.2, -0.2]));
        assert!(!can_give(&[0.0, 0.0, 1.0, 1.2, -0.2]));
        assert!(!can_give(&[0.0, 0.0, 1.5, 0.0, 1.0]) && !can_give(&[0.5]));
    }
}
