//! Rows that are in no score, as they cannot be used.

use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::data::{DataError, Unusable};

/// Rows that cannot be scored, counted as they come by what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct UnscoredRows {
    reasons: Vec<UnscoredReason>,
}

/// Rows that cannot be scored for one reason; each counts for the first cell that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnscoredReason {
    /// What is wrong with the cell, such as `missing`.
    pub reason: &'static str,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// How many there are.
    pub rows: usize,
    /// The line of the first in the table.
    pub line: u64,
    /// What is wrong with the first, in words.
    pub first: String,
}

impl UnscoredRows {
    /// Counts rows.
    pub fn look(&mut self, rows: &[Unusable]) {
        for row in rows {
            let (reason, column) = fault(&row.why);
            let same =
                |one: &&mut UnscoredReason| one.reason == reason && one.column.as_deref() == column;
            match self.reasons.iter_mut().find(same) {
                Some(known) => known.rows += 1,
                None => self.reasons.push(UnscoredReason {
                    reason,
                    column: column.map(str::to_owned),
                    rows: 1,
                    line: row.line,
                    first: row.why.to_string(),
                }),
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.reasons.iter().map(|one| one.rows).sum()
    }

    /// The reasons, each in the place of its first row.
    pub fn reasons(&self) -> &[UnscoredReason] {
        &self.reasons
    }

    /// What there is to say of them beside `scored` rows.
    pub fn diagnostic(&self, scored: usize) -> Option<Diagnostic> {
        let words = |one: &UnscoredReason| {
            let column = one.column.iter().map(|column| format!("`{column}` "));
            let column: String = column.collect();
            format!(
                "{column}{} in {}, the first in line {}",
                one.reason, one.rows, one.line
            )
        };
        let reasons: Vec<String> = self.reasons.iter().map(words).collect();
        let (unscored, all) = (self.count(), self.count() + scored);
        (unscored > 0).then(|| Diagnostic {
            code: "unscored-rows",
            severity: Severity::Warning,
            finding: format!(
                "{unscored} of {all} rows cannot be scored and are in none of these figures: {}",
                reasons.join("; ")
            ),
            advice: "The scores are those of the other rows and say nothing of these: correct them, or train \
                     on such rows; `predict` has the reason of each",
        })
    }
}

/// What is wrong with a cell, and its column.
fn fault(why: &DataError) -> (&'static str, Option<&str>) {
    match why {
        DataError::MissingValue { column, .. } => ("missing", Some(column)),
        DataError::NotANumber { column, .. } => ("not a number", Some(column)),
        DataError::UnknownCategory { column, .. } => ("of an unknown category", Some(column)),
        DataError::NonFinite { column, .. } => ("not finite", Some(column)),
        DataError::TooLarge { column, .. } => ("too large", Some(column)),
        DataError::OutsideTransform { column, .. } => ("outside of its transform", Some(column)),
        _ => ("unusable", None),
    }
}
