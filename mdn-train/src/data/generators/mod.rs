//! Built-in problems whose best attainable score is known.
//!
//! Inverse problems, with several answers for one input: [`inverse_sine`](fn@inverse_sine) and
//! [`bishop`](fn@bishop) with one target, [`two_link_arm`](fn@two_link_arm) with two. Ordinary
//! problems of several inputs: [`friedman`](fn@friedman) with noise that depends on them,
//! [`sparse_linear`](fn@sparse_linear), [`correlated_pair`](fn@correlated_pair) with two targets,
//! [`timber`](fn@timber) with categories and missing values. [`Draws`] can add inputs of mere noise to
//! any of them.

#![cfg_attr(
    not(feature = "text"),
    allow(
        dead_code,
        reason = "only tables that are read are compared with the laws"
    )
)]

mod bishop;
mod correlated_pair;
#[cfg(feature = "text")]
mod drawn;
mod draws;
mod friedman;
mod inverse_sine;
mod sparse_linear;
mod timber;
mod two_link_arm;

#[cfg(feature = "text")]
pub(crate) use drawn::is_drawn;

pub use bishop::{bishop, bishop_entropy};
pub use correlated_pair::{correlated_pair, correlated_pair_entropy};
pub use draws::Draws;
pub use friedman::{friedman, friedman_entropy};
pub use inverse_sine::{inverse_sine, inverse_sine_curve, inverse_sine_entropy};
pub use sparse_linear::{sparse_linear, sparse_linear_entropy};
pub use timber::{timber, timber_entropy};
pub use two_link_arm::{
    ELBOW_LIMIT, LINKS, Pose, SHOULDER_LIMIT, TIP_NOISE, two_link_arm, two_link_arm_entropy,
};

/// Within so many standard deviations lies all noise: once in 10¹⁰ draws.
const FAR: f64 = 6.5;

#[cfg(test)]
mod tests {
    /// Checks that the mean of −ln p over draws is the entropy `floor`, to four standard errors.
    pub(super) fn assert_floor(floor: f64, surprises: impl Iterator<Item = f64>) {
        let all: Vec<f64> = surprises.collect();
        let count = all.len() as f64;
        let mean = all.iter().sum::<f64>() / count;
        let variance = all.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count;
        let error = (variance / count).sqrt();
        assert!(count > 30_000.0 && error < 0.02, "{count} {error}");
        assert!(
            (mean - floor).abs() < 4.0 * error,
            "{mean} ± {error}, {floor}"
        );
    }
}
