//! Where the values of a chosen column come from.

use super::cell::{Cell, LARGEST, cell_of};
use super::column::Raw;
use super::transform::Transform;

/// A column of the table, or one category of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Source<'n> {
    /// Which column.
    pub(super) position: usize,
    /// The category that counts as 1; the empty one is that of missing values.
    pub(super) category: Option<&'n str>,
    /// What is made of its numbers.
    pub(super) transform: Option<Transform>,
}

impl<'n> Source<'n> {
    /// The numbers of a column as they are.
    pub(super) fn plain(position: usize) -> Self {
        Source {
            position,
            category: None,
            transform: None,
        }
    }

    /// The number for a cell of the column, among `all` that are chosen.
    pub(super) fn cell(&self, raw: Raw<'_>, all: &[Source<'n>]) -> Cell {
        let Some(category) = self.category else {
            let cell = match (cell_of(raw), self.transform) {
                (Cell::Number(value), Some(transform)) => {
                    transform.apply(value).map_or(Cell::Outside, Cell::Number)
                }
                (cell, _) => cell,
            };
            return match cell {
                Cell::Number(value) if value.abs() > LARGEST => Cell::TooLarge,
                cell => cell,
            };
        };
        match category_of(raw) {
            None if category.is_empty() => Cell::Number(1.0),
            None if self.alternatives(all).any(str::is_empty) => Cell::Number(0.0),
            None => Cell::Missing,
            Some(found) if found == category => Cell::Number(1.0),
            Some(found) if self.alternatives(all).any(|other| other == found) => Cell::Number(0.0),
            Some(_) => Cell::NotANumber,
        }
    }

    /// The categories of this column that are chosen.
    pub(super) fn alternatives(&self, all: &[Source<'n>]) -> impl Iterator<Item = &'n str> {
        let position = self.position;
        let same = all.iter().filter(move |source| source.position == position);
        same.filter_map(|source| source.category)
    }
}

/// The category that a cell holds: its text, or its number in the shortest form, so that 1, 1.0 and
/// 01 are the same; `None` where the value is missing.
pub(super) fn category_of(raw: Raw<'_>) -> Option<String> {
    match (raw, cell_of(raw)) {
        (_, Cell::Missing) => None,
        (Raw::Number(value), _) => Some(value.to_string()),
        (Raw::Text(text), _) => Some(text.to_owned()),
    }
}
