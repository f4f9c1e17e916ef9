//! Rows that lie outside of what the model was trained on.

use mdn_infer::Model;

use super::{Diagnostic, Severity};
use crate::data::Dataset;

/// How far beyond the range of the training rows, in widths of it, an input is worth a word: new rows of the
/// same kind lie a little outside now and then.
const FAR: f32 = 0.5;

/// The rows, looked at as they come, that have an input far outside of its range in the training rows,
/// where the file of the model states the ranges.
#[derive(Clone, Debug)]
pub struct OutsideRange<'m> {
    model: Model<'m>,
    /// The first of them, in words.
    first: Option<String>,
    outside: usize,
    rows: usize,
}

impl<'m> OutsideRange<'m> {
    /// For rows of `model`, before any.
    pub fn new(model: &Model<'m>) -> Self {
        OutsideRange {
            model: *model,
            first: None,
            outside: 0,
            rows: 0,
        }
    }

    /// Looks at the inputs of `data`. O(rows · I).
    pub fn look(&mut self, data: &Dataset) {
        self.rows += data.rows;
        for row in 0..data.rows {
            let x = data.input(row);
            if self.model.range_distance(x).is_some_and(|far| far > FAR) {
                self.outside += 1;
                if self.first.is_none() {
                    self.first = Some(self.words(x, data.lines[row]));
                }
            }
        }
    }

    /// The input that is farthest out, in words.
    fn words(&self, x: &[f32], line: u64) -> String {
        let distances = self.model.range_distances(x).into_iter().flatten();
        let farthest = distances
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(&other.1));
        let input = farthest.map_or(0, |(input, _)| input);
        let name = self
            .model
            .input_columns()
            .nth(input)
            .map_or("", |(name, _)| name);
        let range = self
            .model
            .input_ranges()
            .and_then(|ranges| ranges.iter().nth(input));
        let (least, greatest) = range.unwrap_or_default();
        format!(
            "`{name}` is {} in line {line}, and {least} to {greatest} in the training rows",
            x[input]
        )
    }

    /// What there is to say of the rows so far.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let first = self.first.as_ref()?;
        Some(Diagnostic {
            code: "outside-range",
            severity: Severity::Warning,
            finding: format!(
                "{} of {} rows have an input more than half a range outside of what the model was trained \
                 on: {first}",
                self.outside, self.rows
            ),
            advice: "No answer there is backed by data, however sure it looks: check the values and their \
                     units, or train on such rows; `predict` has the distance in the column outside_range",
        })
    }
}
