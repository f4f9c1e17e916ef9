//! The classic inverse problem: a curve that folds back.

use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::FAR;
use crate::data::numeric::NumericTable;

/// The largest absolute value of the inverse problem's target.
const REACH: f64 = 10.5;

/// The curve of the inverse problem: the input that `y` gives without noise.
pub fn inverse_sine_curve(y: f64) -> f64 {
    7.0 * (0.75 * y).sin() + 0.5 * y
}

/// The classic inverse problem: `x = 7 sin(0.75 y) + 0.5 y + ε`, predict `y` from `x`.
///
/// `ε` is standard normal and `y` uniform on (−10.5, 10.5), so that up to five values of `y`
/// explain one `x`. The columns are `x` and `y`; the same arguments give the same table.
pub fn inverse_sine(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut values = Vec::with_capacity(2 * rows);
    // The bounds are finite and in order, the only things that the constructor asks for.
    if let Ok(uniform) = Uniform::new(-REACH, REACH) {
        for _ in 0..rows {
            let y = uniform.sample(&mut generator);
            let noise: f64 = StandardNormal.sample(&mut generator);
            values.extend([inverse_sine_curve(y) + noise, y]);
        }
    }
    NumericTable::new(vec!["x".to_owned(), "y".to_owned()], values)
}

/// Whether the row is one that [`inverse_sine`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    matches!(row, &[x, y] if y.abs() <= REACH && (x - inverse_sine_curve(y)).abs() < FAR)
}

/// The entropy h(y | x) of [`inverse_sine`] in nats: no model's expected negative
/// log-likelihood is lower.
///
/// By the chain rule it is h(y) + h(x | y) − h(x); the first two have closed forms and the last
/// is integrated numerically.
pub fn inverse_sine_entropy() -> f64 {
    let of_y = (2.0 * REACH).ln();
    let of_noise = 0.5 * (2.0 * PI * E).ln();
    of_y + of_noise - inverse_sine_input_entropy()
}

/// h(x) in nats, by the trapezoid rule; beyond ±25 the density is below 1e-38.
fn inverse_sine_input_entropy() -> f64 {
    const STEPS: i32 = 1000;
    const LIMIT: f64 = 25.0;
    let step = 2.0 * LIMIT / f64::from(STEPS);
    let term = |i: i32| {
        let density = inverse_sine_input_density(f64::from(i) * step - LIMIT);
        if density > 0.0 {
            -density * density.ln()
        } else {
            0.0
        }
    };
    (0..=STEPS).map(term).sum::<f64>() * step
}

/// The density of the input `x`: the noise averaged over the curve, by Simpson's rule.
fn inverse_sine_input_density(x: f64) -> f64 {
    const STEPS: i32 = 2000;
    let step = 2.0 * REACH / f64::from(STEPS);
    let term = |i: i32| {
        let weight = match i {
            0 | STEPS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let residual = x - inverse_sine_curve(f64::from(i) * step - REACH);
        weight * (-0.5 * residual * residual).exp()
    };
    let integral = (0..=STEPS).map(term).sum::<f64>() * step / 3.0;
    integral / (2.0 * REACH * (2.0 * PI).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_floor() {
        assert_eq!(format!("{:.4}", inverse_sine_entropy()), "1.2880");
    }

    #[test]
    fn the_input_density_integrates_to_one() {
        let step = 0.05;
        let total: f64 = (-500..=500)
            .map(|i| inverse_sine_input_density(f64::from(i) * step) * step)
            .sum();
        assert!((total - 1.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn the_sample_follows_the_law() {
        let table = inverse_sine(20_000, 1);
        assert_eq!(table.columns, ["x", "y"]);
        assert_eq!(table.rows(), 20_000);
        let rows: Vec<&[f64]> = table.values.chunks_exact(2).collect();
        assert!(rows.iter().all(|row| row[1].abs() < 10.5));
        let mean = |f: &dyn Fn(&[f64]) -> f64| rows.iter().map(|r| f(r)).sum::<f64>() / 20_000.0;
        // y has variance 10.5²/3 = 36.75; its mean square has standard error 0.23.
        assert!(mean(&|row| row[1]).abs() < 0.2);
        assert!((mean(&|row| row[1] * row[1]) - 36.75).abs() < 1.0);
        let noise = |row: &[f64]| row[0] - inverse_sine_curve(row[1]);
        assert!(mean(&noise).abs() < 0.03);
        assert!((mean(&|row| noise(row).powi(2)) - 1.0).abs() < 0.04);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(inverse_sine(10, 5), inverse_sine(10, 5));
        assert_ne!(inverse_sine(10, 5), inverse_sine(10, 6));
        // A longer table starts with the shorter one.
        assert_eq!(inverse_sine(20, 5).values[..20], inverse_sine(10, 5).values);
    }
}
