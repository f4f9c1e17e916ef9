//! Bishop's inverse sinusoid, with bounded noise.

use std::f64::consts::TAU;

use rand::SeedableRng;
use rand_distr::{Distribution, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::data::numeric::NumericTable;

/// The noise is uniform within ± this.
const NOISE: f64 = 0.1;

/// The input that `t` gives without noise.
fn curve(t: f64) -> f64 {
    t + 0.3 * (TAU * t).sin()
}

/// The problem of Bishop 1994: `x = t + 0.3 sin 2πt + ε`, predict `t` from `x`.
///
/// `ε` is uniform on (−0.1, 0.1) and `t` on (0, 1), so that up to three stretches of `t` explain one
/// `x`. The columns are `x` and `t`; the same arguments give the same table.
pub fn bishop(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut values = Vec::with_capacity(2 * rows);
    // The bounds are finite and in order, the only things that the constructor asks for.
    if let (Ok(target), Ok(noise)) = (Uniform::new(0.0, 1.0), Uniform::new(-NOISE, NOISE)) {
        for _ in 0..rows {
            let t = target.sample(&mut generator);
            values.extend([curve(t) + noise.sample(&mut generator), t]);
        }
    }
    NumericTable::new(vec!["x".to_owned(), "t".to_owned()], values)
}

/// Whether the row is one that [`bishop`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    // Rounding of sums of numbers below 2.
    const ROUNDING: f64 = 1e-12;
    matches!(row, &[x, t] if (0.0..=1.0).contains(&t)
        && (x - curve(t)).abs() <= NOISE + ROUNDING)
}

/// The entropy h(t | x) of [`bishop`] in nats: no model's expected negative log-likelihood is lower.
///
/// By the chain rule it is h(t) + h(x | t) − h(x), of which the first is 0, the second ln 0.2 and the
/// last is integrated numerically, to about 1e-5.
pub fn bishop_entropy() -> f64 {
    const TARGETS: usize = 1 << 17;
    const INPUTS: usize = 1 << 13;
    let target = |i: usize| (i as f64 + 0.5) / TARGETS as f64;
    let mut curves: Vec<f64> = (0..TARGETS).map(|i| curve(target(i))).collect();
    curves.sort_by(f64::total_cmp);
    let below = |x: f64| curves.partition_point(|&curve| curve <= x) as f64 / TARGETS as f64;
    // The curve stays within 0 and 1.
    let (low, high) = (-NOISE, 1.0 + NOISE);
    let step = (high - low) / INPUTS as f64;
    let term = |i: usize| {
        let x = low + (i as f64 + 0.5) * step;
        let density = (below(x + NOISE) - below(x - NOISE)) / (2.0 * NOISE);
        match density > 0.0 {
            true => -density * density.ln() * step,
            false => 0.0,
        }
    };
    let of_input: f64 = (0..INPUTS).map(term).sum();
    (2.0 * NOISE).ln() - of_input
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of targets, on a fine grid, that the noise brings to `x`, by counting.
    fn input_density(x: f64) -> f64 {
        let near = (0..100_000).filter(|i| (curve(f64::from(*i) / 1e5) - x).abs() < NOISE);
        near.count() as f64 / 1e5 / (2.0 * NOISE)
    }

    #[test]
    fn the_entropy_is_the_mean_over_draws() {
        let floor = bishop_entropy();
        assert_eq!(format!("{floor:.3}"), "-1.282");
        // p(t | x) = p(x | t) p(t) / p(x), and the first two are 1/0.2 and 1 at every draw.
        let table = bishop(300, 5);
        let inputs = table.values.chunks_exact(2).map(|row| row[0]);
        let terms: Vec<f64> = inputs
            .map(|x| (2.0 * NOISE * input_density(x)).ln())
            .collect();
        let mean = terms.iter().sum::<f64>() / terms.len() as f64;
        let square = terms.iter().map(|term| (term - mean).powi(2)).sum::<f64>();
        let error = square.sqrt() / terms.len() as f64;
        assert!((mean - floor).abs() < 4.0 * error, "{mean} ± {error}");
    }

    #[test]
    fn draws_follow_the_law_and_longer_tables_begin_with_shorter_ones() {
        let table = bishop(1000, 1);
        assert_eq!(
            (table.columns.join(","), table.rows()),
            ("x,t".into(), 1000)
        );
        for row in table.values.chunks_exact(2) {
            assert!((0.0..1.0).contains(&row[1]));
            assert!((row[0] - curve(row[1])).abs() <= NOISE);
        }
        assert_eq!(bishop(10, 1).values, table.values[..20]);
        assert_ne!(bishop(10, 2).values, table.values[..20]);
    }
}
