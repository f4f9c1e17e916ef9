//! The normal distribution's tails as logarithms.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// ln Φ(−a), for any a: beyond a = 10 by Laplace's continued fraction of Mills' ratio.
pub fn log_upper_tail(a: f64) -> f64 {
    const FAR: f64 = 10.0;
    const TERMS: i32 = 24;
    if a < FAR {
        return (0.5 * libm::erfc(a * FRAC_1_SQRT_2)).ln();
    }
    let rest = (1..=TERMS)
        .rev()
        .fold(0.0, |rest, n| f64::from(n) / (a + rest));
    -0.5 * a * a - 0.5 * (2.0 * PI).ln() - (a + rest).ln()
}

/// ln Σ exp(term); −∞ for none.
pub fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return largest;
    }
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}
