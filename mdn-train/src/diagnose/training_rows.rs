//! Whether a table holds rows that a model was trained on.

use mdn_infer::Model;

use super::{Diagnostic, Severity};
use crate::data::Dataset;

/// Looks for the training rows that a model file keeps: the rows of its self-test, which are among those
/// that it was trained on.
#[derive(Clone, Debug)]
pub struct KeptRows<'m> {
    /// Inputs and targets of each, and how often it was found.
    kept: Vec<(&'m [f32], &'m [f32], usize)>,
}

impl<'m> KeptRows<'m> {
    /// Those of `model`, none of them found.
    pub fn new(model: &Model<'m>) -> Self {
        let kept = model.golden().map(|row| (row.input, row.target, 0));
        KeptRows {
            kept: kept.collect(),
        }
    }

    /// Looks for them among the rows of `data`, which has the model's inputs and targets. Numbers are
    /// compared exactly. O(rows).
    pub fn look(&mut self, data: &Dataset) {
        for (input, target, found) in &mut self.kept {
            let same = |&row: &usize| data.input(row) == *input && data.target(row) == *target;
            *found += (0..data.rows).filter(same).count();
        }
    }

    /// How many the file keeps.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// How many were found.
    pub fn found(&self) -> usize {
        self.kept.iter().filter(|(_, _, found)| *found > 0).count()
    }

    /// What their being there means: a warning where all were found, and only once: a row that there is more often
    /// may be equal by chance.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let (found, count) = (self.found(), self.count());
        let be = if found == 1 { "is" } else { "are" };
        let (severity, meaning) = match found {
            0 => return None,
            all if all == count && self.kept.iter().any(|(_, _, found)| *found == 1) => (
                Severity::Warning,
                "the model was trained on them, or on a part, and its scores look too good",
            ),
            _ => (
                Severity::Note,
                "a part of these rows are rows of its training, whose scores look too good, or equal \
                 to such rows by chance",
            ),
        };
        Some(Diagnostic {
            code: "training-rows",
            severity,
            finding: format!(
                "{found} of the {count} training rows that the model file keeps {be} among these \
                 rows: {meaning}"
            ),
            advice: "Score rows that the model has not seen, or use `mdn-train cross-validate`",
        })
    }
}
