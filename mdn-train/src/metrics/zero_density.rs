//! Why a model gives a row density 0.

use std::fmt;

use mdn_infer::format::Support;
use mdn_infer::{Level, Mixture, Model, PredictError};
use serde::Serialize;

use super::{supports, transforms};
use crate::data::Dataset;
use crate::fit::describe_target;

/// A row whose score is infinite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZeroDensity {
    /// Its line in the table.
    pub line: u64,
    /// Why, in words.
    pub cause: String,
}

impl fmt::Display for ZeroDensity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.cause)
    }
}

impl ZeroDensity {
    /// Of row `row` of `data`, to which `model` gives density 0.
    pub(super) fn of_row(model: &Model<'_>, data: &Dataset, row: usize) -> Self {
        let mut working = vec![0.0; model.working_len()];
        let input = data.input(row);
        let cause = match model.predict(Level::detect(), input, &mut working) {
            Ok(mixture) => far_target(model, &mixture, data.target(row)),
            Err(PredictError::Overflow) => far_input(model, input),
            Err(error) => error.to_string(),
        };
        let line = data.lines.get(row).copied().unwrap_or(0);
        ZeroDensity { line, cause }
    }
}

/// The input that is furthest out.
fn far_input(model: &Model<'_>, input: &[f32]) -> String {
    let spread = model.input_shift().iter().zip(model.input_scale());
    let columns = model.input_columns().zip(input).zip(spread);
    let far = columns.map(|(((name, _), &x), (&shift, &scale))| {
        let distance = (f64::from(x) - f64::from(shift)).abs() / f64::from(scale);
        (distance, name, x)
    });
    match far.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((distance, name, x)) => format!(
            "`{name}` is {x:?}, {distance:.3e} standard deviations from the training rows' mean, where the \
             model's numbers overflow"
        ),
        None => "the model's numbers overflow".to_owned(),
    }
}

/// The target that is least expected.
fn far_target(model: &Model<'_>, mixture: &Mixture<'_>, target: &[f32]) -> String {
    let density = |d: usize| {
        let marginal = mixture.marginal(d);
        let found = marginal.and_then(|marginal| marginal.log_density(target[d]).ok());
        found.unwrap_or(f32::NEG_INFINITY)
    };
    let least = (0..target.len()).min_by(|&a, &b| density(a).total_cmp(&density(b)));
    let column = least.and_then(|d| Some((d, model.target_columns().nth(d)?.0)));
    let Some((d, name)) = column else {
        return "its targets are far outside anything the model expects".to_owned();
    };
    let support = supports(model)[d];
    let transform = transforms(model)[d];
    let back = |z: f32| transform.map_or(z, |transform| transform.undo(z.into()) as f32);
    let (column, value) = (crate::data::Transform::split(name).1, back(target[d]));
    if support != Support::Continuous && density(d) == f32::NEG_INFINITY {
        let support = describe_target(name, &support);
        return format!(
            "`{column}` is {value:?}, which is no value of its support, {support}, or far from all that the model expects"
        );
    }
    let interval = mixture
        .marginal(d)
        .and_then(|marginal| marginal.central_interval(0.9).ok());
    let (low, high) = interval.unwrap_or((f32::NAN, f32::NAN));
    format!(
        "`{column}` is {value:?}, where the model's central 90% interval is {:?} to {:?}",
        back(low),
        back(high)
    )
}
