//! Whether standard deviations say what quantiles say.

use mdn_infer::format::Support;
use mdn_infer::{Mixture, Model, PredictError};

use super::{Diagnostic, SIGNIFICANT, Severity};
use crate::data::Dataset;
use crate::metrics::{RowError, map_predictions, supports};

/// Rows that are looked at, at least where there are so many.
const LOOKED_AT: usize = 500;
/// The distance between the 5% and the 95% quantile of a standard normal distribution.
const NORMAL_SPREAD: f32 = 3.289_707;
/// How much larger than the quantiles' spread a standard deviation may be, at the median row: 1 for a
/// normal distribution, more for one with long tails or several modes.
const WIDER: f32 = 1.1;
/// The mean square of (y − mean) / sd, 1 where both are right, below which the sd is too large.
const TOO_SMALL: f64 = 0.9;

/// A target's answer at one row.
#[derive(Clone, Copy)]
struct Answer {
    /// ((y − mean) / sd)²
    square: f64,
    /// The standard deviation over the one of the normal distribution with the same 5% and 95% quantiles.
    ratio: f32,
}

impl Answer {
    /// One for each target.
    fn of_row(mixture: &Mixture<'_>, target: &[f32]) -> Result<Vec<Answer>, PredictError> {
        let dimensions = mixture.dimensions();
        let (mut means, mut deviations) = (vec![0.0; dimensions], vec![0.0; dimensions]);
        mixture.mean(&mut means)?;
        mixture.standard_deviation(&mut deviations)?;
        let marginals = (0..dimensions).filter_map(|d| mixture.marginal(d));
        let answers = marginals.enumerate().map(|(d, marginal)| {
            let spread = (marginal.quantile(0.95)? - marginal.quantile(0.05)?) / NORMAL_SPREAD;
            let z = (f64::from(target[d]) - f64::from(means[d])) / f64::from(deviations[d]);
            Ok(Answer {
                square: z * z,
                ratio: deviations[d] / spread,
            })
        });
        answers.collect()
    }
}

/// A warning where a continuous target's standard deviations are wider than its quantiles and than its values,
/// beyond chance. Two quantiles for each of some 500 rows and each target.
pub(super) fn wide_moments(
    model: &Model<'_>,
    data: &Dataset,
) -> Result<Option<Diagnostic>, RowError> {
    let step = (data.rows / LOOKED_AT).max(1);
    let rows = map_predictions(model, data, |row, mixture| match mixture {
        _ if !row.is_multiple_of(step) => Ok(None),
        Err(PredictError::Overflow) => Ok(None),
        mixture => Answer::of_row(&mixture?, data.target(row)).map(Some),
    })?;
    let rows: Vec<Vec<Answer>> = rows.into_iter().flatten().collect();
    let mut targets = data.target_names.iter().enumerate();
    let supports = supports(model);
    Ok(targets.find_map(|(d, name)| {
        // Quantiles of others have a spread of their own, or none.
        if supports[d] != Support::Continuous {
            return None;
        }
        let answers: Vec<Answer> = rows.iter().map(|row| row[d]).collect();
        let (error, ratio) = wider(&answers)?;
        Some(Diagnostic {
            code: "wide-moments",
            severity: Severity::Warning,
            finding: format!(
                "the standard deviations of target `{name}` are {ratio:.2} times as wide as its \
                 quantiles, and its errors only {error:.2} of them (root mean square): components \
                 of next to no weight far away decide the moments"
            ),
            advice: "Trust quantiles, intervals and densities, which do not see such components. \
                     Train again with a larger --moments, or drop them by `mdn-train prune`",
        })
    }))
}

/// The root mean square of (y − mean) / sd and the median ratio, where they say that the standard
/// deviation is too large.
fn wider(answers: &[Answer]) -> Option<(f64, f32)> {
    let count = answers.len() as f64;
    let squares = || answers.iter().map(|answer| answer.square);
    let mean = squares().sum::<f64>() / count;
    let variance = squares().map(|square| (square - mean).powi(2)).sum::<f64>() / count;
    let chance = SIGNIFICANT * (variance / count).sqrt();
    let mut ratios: Vec<f32> = answers.iter().map(|answer| answer.ratio).collect();
    ratios.sort_by(f32::total_cmp);
    let ratio = *ratios.get(answers.len() / 2)?;
    (ratio > WIDER && mean + chance < TOO_SMALL).then(|| (mean.sqrt(), ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of one standard deviation times `error`, with some scatter, and this ratio.
    fn answers(rows: usize, error: f64, ratio: f32) -> Vec<Answer> {
        let scatter = |row: usize| if row.is_multiple_of(2) { 0.5 } else { 1.5 };
        let answer = |row| Answer {
            square: error * error * scatter(row),
            ratio,
        };
        (0..rows).map(answer).collect()
    }

    #[test]
    fn both_quantiles_and_values_must_be_narrower() {
        let (error, ratio) = wider(&answers(500, 0.7, 1.4)).unwrap();
        assert!((error - 0.7).abs() < 1e-12);
        assert_eq!(ratio, 1.4);
        // Two modes or long tails: the values are as far off as the standard deviation says.
        assert_eq!(wider(&answers(500, 1.0, 1.6)), None);
        // Everything is too wide, the quantiles too: that is what `miscalibration` is for.
        assert_eq!(wider(&answers(500, 0.7, 1.0)), None);
        // Chance: four rows show nothing.
        assert_eq!(wider(&answers(4, 0.8, 1.4)), None);
        assert_eq!(wider(&[]), None);
    }
}
