//! A question and its answer, as they travel in JSON.

use mdn_infer::{Mixture, OwnedModel, PredictError};
use serde::{Deserialize, Serialize};

/// What a client asks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Question {
    /// `[I]`, raw
    pub inputs: Vec<f32>,
    /// `[D]`, raw, where the density at them is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<f32>>,
}

/// What it gets.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// `[D]`: each target by itself.
    pub targets: Vec<Target>,
    /// ln p(targets | inputs), where the question has targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_density: Option<f32>,
}

/// The distribution of one target.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Target {
    /// Its column; empty where the file has no names.
    pub name: String,
    /// The mean, in raw units like the others.
    pub mean: f32,
    /// The standard deviation.
    pub standard_deviation: f32,
    /// The quantile of 0.05.
    pub low: f32,
    /// The quantile of 0.5.
    pub median: f32,
    /// The quantile of 0.95.
    pub high: f32,
}

/// What `mixture`, which `model` gave, has to say about `targets`.
///
/// # Errors
///
/// [`PredictError`] where they are too few, too many or not finite.
pub fn answer(
    model: &OwnedModel,
    mixture: &Mixture<'_>,
    targets: Option<&[f32]>,
) -> Result<Answer, PredictError> {
    let mut names = model.model().target_columns().map(|(name, _)| name);
    let target = |dimension| {
        let marginal = mixture.marginal(dimension);
        let marginal = marginal.ok_or(PredictError::NoSuchDimension)?;
        let (low, high) = marginal.central_interval(0.9)?;
        Ok(Target {
            name: names.next().unwrap_or_default().to_owned(),
            mean: marginal.mean(),
            standard_deviation: marginal.standard_deviation(),
            low,
            median: marginal.median(),
            high,
        })
    };
    let dimensions = 0..model.model().dimensions();
    Ok(Answer {
        targets: dimensions.map(target).collect::<Result<_, _>>()?,
        log_density: targets.map(|t| mixture.log_density(t)).transpose()?,
    })
}
