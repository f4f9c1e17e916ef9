//! One column of a table: numbers, and what stands where there is none.

use super::cell::is_finite;
use super::date;

/// Cells in the order of the rows. A number takes 8 bytes; a text goes into one string with the
/// column's others.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    /// A value a row, finite in 32-bit floating point; NaN where the cell is text.
    values: Vec<f64>,
    texts: String,
    /// Row and end in `texts` of each text, in the order of the rows.
    spans: Vec<(usize, usize)>,
    /// The type of cells that cannot be read.
    unsupported: Option<String>,
    /// Whether its numbers are dates.
    dates: bool,
}

/// What a cell holds before anything is made of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw<'c> {
    /// A number that is finite in 32-bit floating point.
    Number(f64),
    /// Anything else, as it would stand in a CSV file.
    Text(&'c str),
}

impl Column {
    /// Appends a number; NaN stands for a missing value.
    pub(super) fn push(&mut self, value: f64) {
        if is_finite(value) {
            self.values.push(value);
        } else if value.is_nan() {
            self.push_text("");
        } else {
            self.push_text(&value.to_string());
        }
    }

    /// Appends a text.
    pub(super) fn push_text(&mut self, text: &str) {
        self.texts.push_str(text);
        self.spans.push((self.values.len(), self.texts.len()));
        self.values.push(f64::NAN);
    }

    /// Appends cells of the type `kind`, which cannot be read.
    #[cfg(feature = "columnar")]
    pub(super) fn push_unsupported(&mut self, cells: usize, kind: &str) {
        (0..cells).for_each(|_| self.push_text(""));
        self.unsupported = Some(kind.to_owned());
    }

    /// Says that its numbers are dates: days since 1970.
    #[cfg(feature = "columnar")]
    pub(super) fn mark_dates(&mut self) {
        self.dates = true;
    }

    /// Whether it holds dates, as its type or its first text says.
    pub(super) fn has_dates(&self) -> bool {
        let texts = self.spans.iter().map(|&(row, _)| self.get(row));
        let mut texts = texts.filter(|cell| !matches!(cell, Raw::Text("")));
        let first = texts.next();
        self.dates || matches!(first, Some(Raw::Text(text)) if date::days(text).is_some())
    }

    /// The type of the column's cells, where they cannot be read.
    pub(super) fn unsupported(&self) -> Option<&str> {
        self.unsupported.as_deref()
    }

    /// Appends a cell of a CSV file, which is UTF-8; spaces around it don't count.
    #[cfg(feature = "text")]
    pub(super) fn push_cell(&mut self, cell: &[u8]) {
        let cell = cell.trim_ascii();
        match fast_float2::parse::<f64, _>(cell) {
            Ok(value) if is_finite(value) => self.values.push(value),
            _ => self.push_text(std::str::from_utf8(cell).unwrap_or_default().trim()),
        }
    }

    /// Appends a cell of another column.
    #[cfg(feature = "columnar")]
    pub(super) fn push_raw(&mut self, cell: Raw<'_>) {
        match cell {
            Raw::Number(value) => self.push(value),
            Raw::Text(text) => self.push_text(text),
        }
    }

    pub(super) fn get(&self, row: usize) -> Raw<'_> {
        let value = self.values[row];
        if !value.is_nan() {
            return Raw::Number(value);
        }
        let at = self.spans.partition_point(|&(other, _)| other < row);
        let start = at.checked_sub(1).map_or(0, |before| self.spans[before].1);
        let end = self.spans.get(at).map_or(start, |&(_, end)| end);
        Raw::Text(&self.texts[start..end])
    }

    /// The cells of these rows.
    pub(super) fn of(&self, rows: &[usize]) -> Self {
        let mut some = Column {
            unsupported: self.unsupported.clone(),
            dates: self.dates,
            ..Column::default()
        };
        for &row in rows {
            match self.get(row) {
                Raw::Number(value) => some.values.push(value),
                Raw::Text(text) => some.push_text(text),
            }
        }
        some
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(all(test, feature = "text"))]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back() {
        let mut column = Column::default();
        for cell in ["1", " x ", "", "-2.5e3", "1e39", "+7.", "é"] {
            column.push_cell(cell.as_bytes());
        }
        column.push(f64::NAN);
        column.push(f64::INFINITY);
        column.push(0.25);
        let expected = [
            Raw::Number(1.0),
            Raw::Text("x"),
            Raw::Text(""),
            Raw::Number(-2500.0),
            Raw::Text("1e39"),
            Raw::Number(7.0),
            Raw::Text("é"),
            Raw::Text(""),
            Raw::Text("inf"),
            Raw::Number(0.25),
        ];
        assert_eq!(column.len(), expected.len());
        for (row, expected) in expected.into_iter().enumerate() {
            assert_eq!(column.get(row), expected, "{row}");
        }
    }

    #[test]
    fn columns_of_dates_are_told() {
        let column = |cells: &[&str]| {
            let mut column = Column::default();
            cells
                .iter()
                .for_each(|cell| column.push_cell(cell.as_bytes()));
            column.has_dates()
        };
        assert!(column(&["", "2024-02-29", "NA"]));
        assert!(!column(&["1", "2"]) && !column(&["x", "2024-02-29"]) && !column(&[]));
    }
}
