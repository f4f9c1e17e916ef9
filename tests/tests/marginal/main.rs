//! One dimension of a mixture: probabilities, quantiles, scores, modes and regions against the
//! binary64 oracle, on mixtures of every shape.

mod answers;
mod crps;
mod draws;
mod intervals;
mod models;
mod modes;
mod quantiles;
mod regions;
mod support;
mod tail_means;
