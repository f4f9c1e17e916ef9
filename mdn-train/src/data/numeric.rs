//! Tables of numbers, and writing them.

use super::transform::Transform;
use super::warning::DataWarning;

/// A table of numbers with named columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NumericTable {
    /// The column names.
    pub columns: Vec<String>,
    /// The cells, row-major, shape `[rows][columns]`.
    pub values: Vec<f64>,
    /// The line, from 1, that each row has in its file.
    pub lines: Vec<u64>,
    /// How many rows of the file were left out because a value was missing.
    pub skipped_rows: usize,
    /// How the cells of each column were made of the file's; empty where all are as they were.
    pub transforms: Vec<Option<Transform>>,
    /// What the owner of the file should know of how it was read.
    pub warnings: Vec<DataWarning>,
}

impl NumericTable {
    /// A table that was computed rather than read; `values` is row-major, `[rows][columns]`.
    ///
    /// Its lines are those that [`NumericTable::write_to`] would give it. A last row that
    /// `values` does not fill is dropped.
    pub fn new(columns: Vec<String>, mut values: Vec<f64>) -> Self {
        let rows = values.len().checked_div(columns.len()).unwrap_or(0);
        values.truncate(rows * columns.len());
        Self {
            columns,
            values,
            lines: (2..).take(rows).collect(),
            ..Self::default()
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Takes these columns out.
    pub(super) fn remove(&mut self, columns: &[usize]) {
        if columns.is_empty() {
            return;
        }
        let width = self.columns.len();
        let keep = |index: usize| !columns.contains(&(index % width));
        let mut index = 0..;
        self.values.retain(|_| index.next().is_some_and(keep));
        let mut index = 0..;
        self.columns.retain(|_| index.next().is_some_and(keep));
        let mut index = 0..;
        self.transforms.retain(|_| index.next().is_some_and(keep));
    }

    /// Writes the table as CSV to `out`, each number with as many digits as reading it back exactly
    /// needs (feature `text`).
    ///
    /// # Errors
    /// When `out` fails.
    #[cfg(feature = "text")]
    pub fn write_to(&self, out: impl std::io::Write) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.columns)?;
        for row in self.values.chunks_exact(self.columns.len().max(1)) {
            writer.write_record(row.iter().map(f64::to_string))?;
        }
        writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ReadOptions, Table};
    use super::*;

    #[test]
    fn what_is_written_reads_back_exactly() {
        let names = vec!["a, quoted".to_owned(), "b \"too\"".to_owned()];
        let values = vec![0.1 + 0.2, -1e-300, 1e22, 3.0, 1e37, -0.0];
        let table = NumericTable::new(names.clone(), values);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        table
            .write_to(std::fs::File::create(&path).unwrap())
            .unwrap();
        let read = Table::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!(
            read.select(&names, 0, &ReadOptions::default()).unwrap(),
            table
        );
    }

    #[test]
    fn text_is_as_expected() {
        let table = NumericTable::new(vec!["x".into(), "y".into()], vec![1.0, 2.5, -3.0, 0.125]);
        let mut out = Vec::new();
        table.write_to(&mut out).unwrap();
        assert_eq!(out, b"x,y\n1,2.5\n-3,0.125\n");
    }

    #[test]
    fn columns_are_taken_out() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let mut table = NumericTable::new(names.to_vec(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        table.remove(&[1]);
        assert_eq!(
            (table.columns, table.values),
            (vec!["a".into(), "c".into()], vec![1.0, 3.0, 4.0, 6.0])
        );
    }

    #[test]
    fn a_row_that_is_not_filled_is_dropped() {
        let table = NumericTable::new(vec!["x".into(), "y".into()], vec![1.0, 2.0, 3.0]);
        assert_eq!((table.rows(), table.values.len()), (1, 2));
        assert_eq!(NumericTable::new(Vec::new(), vec![1.0]).rows(), 0);
    }
}
