//! The scores of one row.

use mdn_infer::format::Support;
use mdn_infer::{Marginal, Mixture, Model, PredictError};

use super::{ColumnScores, HELD, is_told_by_pit};
use crate::data::{Transform, log_slope};

/// The scores of one row.
pub(super) struct RowScore {
    pub(super) log_density: f64,
    pub(super) is_anomaly: Option<bool>,
    pub(super) squared_errors: Vec<f64>,
    pub(super) crps: Vec<f32>,
    pub(super) columns: Vec<Option<ColumnScores>>,
    /// P(t < y) and P(t ≤ y), the same where y has no probability.
    pub(super) pit: Vec<(f32, f32)>,
    /// Whether each interval holds the target, and its probability.
    pub(super) held: Vec<[(bool, f32); 3]>,
}

impl RowScore {
    /// Of a row whose input is so far out that the numbers of `model` overflow there: density 0, and
    /// no end of an error.
    pub(super) fn overflowed(model: &Model<'_>, transforms: &[Option<Transform>]) -> Self {
        let dimensions = model.dimensions();
        let column = |transform: &Option<Transform>| transform.map(|_| ColumnScores::OVERFLOWED);
        RowScore {
            log_density: f64::NEG_INFINITY,
            is_anomaly: model.header().anomaly_threshold.map(|_| true),
            squared_errors: vec![f64::INFINITY; dimensions],
            crps: vec![f32::INFINITY; dimensions],
            columns: transforms.iter().map(column).collect(),
            pit: vec![(0.0, 0.0); dimensions],
            held: vec![[(false, 0.0); 3]; dimensions],
        }
    }

    /// `transforms` say how the targets were made of the table's columns; they may be empty.
    pub(super) fn new(
        mixture: &Mixture<'_>,
        target: &[f32],
        transforms: &[Option<Transform>],
    ) -> Result<Self, PredictError> {
        let slope = log_slope(transforms, target);
        let column = |(d, (transform, &z)): (usize, (&Option<Transform>, &f32))| {
            transform.map(|transform| ColumnScores::of_row(transform, mixture, d, z))
        };
        let columns = transforms.iter().zip(target).enumerate().map(column);
        let dimensions = mixture.dimensions();
        let mut mean = vec![0.0; dimensions];
        mixture.mean(&mut mean)?;
        let square = |(d, (mean, target)): (usize, (&f32, &f32))| {
            let error = f64::from(*mean) - f64::from(*target);
            way(&mixture.support(d), error).powi(2)
        };
        let marginals = (0..dimensions).filter_map(|d| mixture.marginal(d));
        let outcomes = || marginals.clone().zip(target);
        Ok(RowScore {
            log_density: f64::from(mixture.log_density(target)?) + slope,
            is_anomaly: mixture.is_anomaly(target)?,
            squared_errors: mean.iter().zip(target).enumerate().map(square).collect(),
            crps: outcomes()
                .map(|(marginal, &t)| marginal.crps(t))
                .collect::<Result<_, _>>()?,
            columns: columns.collect(),
            pit: outcomes()
                .map(|(marginal, &t)| match is_told_by_pit(&marginal.support()) {
                    true => marginal.pit(t).map(|pit| (pit, pit)),
                    false => marginal.pit_between(t),
                })
                .collect::<Result<_, _>>()?,
            held: outcomes()
                .map(|(marginal, &t)| held(&marginal, t))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// An error; on a circle the shortest way.
fn way(support: &Support, error: f64) -> f64 {
    match support {
        &Support::Circle { period, .. } => {
            let period = f64::from(period);
            error - (error / period).round() * period
        }
        _ => error,
    }
}

/// Whether the central intervals hold `t`, and what they should.
fn held(marginal: &Marginal<'_>, t: f32) -> Result<[(bool, f32); 3], PredictError> {
    let support = marginal.support();
    let mut all = [(false, 0.0); 3];
    if is_told_by_pit(&support) {
        return Ok(all);
    }
    for (level, held) in HELD.into_iter().zip(&mut all) {
        let (low, high) = marginal.central_interval(level as f32)?;
        *held = match support {
            Support::Circle { period, .. } => {
                let on = |from: f32, to: f32| (to - from).rem_euclid(period);
                (on(low, t) <= on(low, high), level as f32)
            }
            _ => {
                let above = marginal.interval_probability(low, high)?;
                let probability = above + marginal.probability(low)?;
                (low <= t && t <= high, probability)
            }
        };
    }
    Ok(all)
}
