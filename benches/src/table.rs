//! Tables that read well on a terminal and are Markdown.

use std::fmt::{self, Display, Formatter};

/// A table of text: the first column to the left, the others to the right.
#[derive(Clone, Debug)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with the heads of its columns and no row yet.
    pub fn new(heads: &[&str]) -> Self {
        Table(vec![heads.iter().map(|head| (*head).to_owned()).collect()])
    }

    /// Adds a row of as many cells as there are heads.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.0[0].len(), "a cell for each head");
        self.0.push(cells);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.0.iter().map(move |row| row[column].chars().count());
        let widths: Vec<usize> = (0..self.0[0].len())
            .map(|column| width(column).max().unwrap_or(0))
            .collect();
        for (index, row) in self.0.iter().enumerate() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if index == 0 {
                write!(f, "|{}", "-".repeat(widths[0] + 2))?;
                for width in &widths[1..] {
                    write!(f, "|{}:", "-".repeat(width + 1))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["model", "×"]);
        table.row(["S".to_owned(), "12.5 µs".to_owned()]);
        let expected = "\
            | model |       × |\n\
            |-------|--------:|\n\
            | S     | 12.5 µs |\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    #[should_panic(expected = "a cell for each head")]
    fn a_row_of_another_length_is_refused() {
        Table::new(&["model", "×"]).row(["S".to_owned()]);
    }
}
