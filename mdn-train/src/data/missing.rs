//! Values that are missing, and those that stand for them, such as −9999.

use super::cell::{Cell, parse_cell};
use super::column::Raw;

/// The inputs whose missing values are NaN, for whoever knows what to do with those; in other columns a
/// missing value is an error, or its row is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MissingInputs {
    /// None of them.
    #[default]
    None,
    /// All: training learns from them. Of a column of categories, missing is one more category.
    Any,
    /// Those of these names.
    Named(Vec<String>),
}

impl MissingInputs {
    /// Whether missing values of the input `name` are NaN.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            MissingInputs::None => false,
            MissingInputs::Any => true,
            MissingInputs::Named(names) => names.iter().any(|one| one == name),
        }
    }
}

/// A value that stands for a missing one, in one column or in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingValue {
    /// The column; all of them, where there is none.
    pub column: Option<String>,
    /// The value, as a text: a number is meant whatever way it is written.
    pub value: String,
}

impl MissingValue {
    /// Whether it is about the column of this name.
    pub(super) fn is_about(&self, column: &str) -> bool {
        self.column.as_deref().is_none_or(|about| about == column)
    }

    /// Whether a cell holds it; numbers are compared as the 32-bit ones that training sees.
    pub(super) fn is(&self, cell: Raw<'_>) -> bool {
        match (cell, parse_cell(&self.value)) {
            (Raw::Number(found), Cell::Number(value)) => found as f32 == value as f32,
            (Raw::Text(found), _) => found == self.value,
            _ => false,
        }
    }
}
