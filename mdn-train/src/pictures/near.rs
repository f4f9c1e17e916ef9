//! Which rows of a table a line through the inputs is about.

use mdn_infer::{Level, PredictError};
use rayon::prelude::*;

use super::PictureError;
use super::line::Line;
use crate::data::Dataset;
use crate::plot::Rows;

/// How far, in probability, quantiles of what a model expects at a row may lie from those on a line that
/// the row is near; see [`Line::rows`].
pub const NEAR: f32 = 0.2;
/// Where the two are compared: quantiles of what it expects at the row.
const LEVELS: [f32; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// About so many rows are drawn, evenly over the table.
const DRAWN: usize = 4000;
const ROWS_A_TASK: usize = 64;

impl Line<'_> {
    /// The rows of `data` along this line: at most some 4000, evenly over the table, with all that lie
    /// beyond axes of these ranges (low, high), horizontal first.
    ///
    /// A row has other inputs than those that are held. It is near the line where the model expects
    /// nearly the same at the row and on the line at the row's input: where the 10%, 30%, 50%, 70% and
    /// 90% quantiles of its target at the row are quantiles of the target on the line, each to within
    /// 0.2 in probability. So a calibrated model looks calibrated on the near rows, to within as much.
    /// Targets do not decide.
    ///
    /// Without targets there are no rows. Rows whose category is not shown are left out. Two predictions
    /// and ten distribution functions or quantiles a row, in parallel.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn rows(&self, data: &Dataset, axes: [(f32, f32); 2]) -> Result<Rows, PictureError> {
        let mut rows = Rows::default();
        if data.target_names.is_empty() {
            return Ok(rows);
        }
        let chosen = self.chosen(data, axes);
        let judged = chosen.par_chunks(ROWS_A_TASK).map(|chosen| {
            let mut judge = Judge::new(self);
            let near = chosen.iter().map(|&row| judge.is_near(data.input(row)));
            near.collect::<Result<Vec<bool>, PredictError>>()
        });
        let judged = judged.collect::<Vec<_>>().into_iter();
        let judged = judged.collect::<Result<Vec<_>, _>>()?;
        for (&row, is_near) in chosen.iter().zip(judged.into_iter().flatten()) {
            let Some(point) = self.point(data, row) else {
                continue;
            };
            match is_near {
                true => rows.near.push(point),
                false => rows.far.push(point),
            }
        }
        Ok(rows)
    }

    /// The rows that are drawn.
    fn chosen(&self, data: &Dataset, [across, up]: [(f32, f32); 2]) -> Vec<usize> {
        let step = data.rows.div_ceil(DRAWN).max(1);
        let within = |(low, high): (f32, f32), value: f32| low <= value && value <= high;
        let is_outlier = |row: usize| {
            let point = self.point(data, row);
            point.is_some_and(|(x, y)| !within(across, x) || !within(up, y))
        };
        let chosen = (0..data.rows).filter(|&row| row.is_multiple_of(step) || is_outlier(row));
        chosen.collect()
    }
}

/// Compares rows with a line.
struct Judge<'l, 'm> {
    line: &'l Line<'m>,
    inputs: Vec<f32>,
    at_row: Vec<f32>,
    on_line: Vec<f32>,
}

impl<'l, 'm> Judge<'l, 'm> {
    fn new(line: &'l Line<'m>) -> Self {
        let working = vec![0.0; line.model().working_len()];
        Judge {
            line,
            inputs: Vec::new(),
            at_row: working.clone(),
            on_line: working,
        }
    }

    fn is_near(&mut self, row: &[f32]) -> Result<bool, PredictError> {
        let line = self.line;
        self.inputs.clear();
        self.inputs.extend(row);
        line.hold_others(&mut self.inputs);
        if self.inputs == row {
            return Ok(true);
        }
        let (model, level) = (line.model(), Level::detect());
        let at_row = model.predict(level, row, &mut self.at_row)?;
        let on_line = model.predict(level, &self.inputs, &mut self.on_line)?;
        let [at_row, on_line] = [at_row, on_line].map(|mixture| mixture.marginal(line.target()));
        let (at_row, on_line) = (at_row.zip(on_line)).ok_or(PredictError::NoSuchDimension)?;
        for level in LEVELS {
            if (on_line.cdf(at_row.quantile(level)?)? - level).abs() > NEAR {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
