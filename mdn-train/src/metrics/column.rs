//! Scores of the columns themselves, where a model has learnt a transform of them.

use mdn_infer::Mixture;

use crate::back_transformed::BackTransformed;
use crate::data::Transform;

use super::Scores;

/// Scores in the units of the column y, of a target `log(y)` or `logit(y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnScores {
    /// Root mean squared error of E y; +∞ where E y leaves binary64 in some row.
    pub rmse: f64,
    /// The mean continuous ranked probability score of y.
    pub crps: f64,
    /// Rows where [`BackTransformed::moments_rest_on_the_tail`]: E y, and so `rmse`, says little there.
    pub tail_rows: usize,
}

impl ColumnScores {
    /// Of a row at whose input the model's numbers overflow.
    pub(super) const OVERFLOWED: Self = ColumnScores {
        rmse: f64::INFINITY,
        crps: f64::INFINITY,
        tail_rows: 1,
    };

    /// Of one row, where target `d` is the `transform` of the column and has the value `z`; the error is
    /// squared.
    pub(super) fn of_row(transform: Transform, mixture: &Mixture<'_>, d: usize, z: f32) -> Self {
        let distribution = BackTransformed::new(transform, mixture, d);
        let y = transform.undo(z.into());
        ColumnScores {
            rmse: (distribution.mean() - y).powi(2),
            crps: distribution.crps(y),
            tail_rows: distribution.moments_rest_on_the_tail().into(),
        }
    }
}

/// Sums of the scores of rows, which count by their weights.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ColumnSums {
    squares: f64,
    crps: f64,
    tail: f64,
}

impl ColumnSums {
    pub(super) fn add(&mut self, row: &ColumnScores, weight: f64) {
        self.squares += weight * row.rmse;
        self.crps += weight * row.crps;
        self.tail += weight * row.tail_rows as f64;
    }

    /// The scores of all rows, which count as `rows`.
    pub(super) fn finish(self, rows: f64) -> ColumnScores {
        ColumnScores {
            rmse: (self.squares / rows).sqrt(),
            crps: self.crps / rows,
            tail_rows: self.tail.round() as usize,
        }
    }
}

impl Scores {
    /// As [`mean_crps`](Self::mean_crps), in the units of the table's columns; `None` where no target was
    /// transformed.
    pub fn mean_column_crps(&self) -> Option<f64> {
        let crps = self.of_columns(&self.crps, |column| column.crps)?;
        Some(crps.iter().sum::<f64>() / crps.len() as f64)
    }

    /// As [`mean_rmse`](Self::mean_rmse), in the units of the table's columns; `None` where no target was
    /// transformed.
    pub fn mean_column_rmse(&self) -> Option<f64> {
        let rmse = self.of_columns(&self.rmse, |column| column.rmse)?;
        let squares = rmse.iter().map(|rmse| rmse * rmse);
        Some((squares.sum::<f64>() / rmse.len() as f64).sqrt())
    }

    /// The `scores` of the targets, or of the columns of those that were transformed.
    fn of_columns(&self, scores: &[f64], of: impl Fn(&ColumnScores) -> f64) -> Option<Vec<f64>> {
        let pairs = scores.iter().zip(&self.columns);
        let one =
            |(&score, column): (&f64, &Option<ColumnScores>)| column.as_ref().map_or(score, &of);
        let any = self.columns.iter().any(Option::is_some);
        any.then(|| pairs.map(one).collect())
    }
}
