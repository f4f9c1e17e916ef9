//! What is to be known of the rows beside inputs and targets: their order, which belong together, and how
//! much each counts.
//!
//! [`ArrangedBy`] says which columns tell, an [`Arrangement`] what they told. It is read beside the
//! columns of the model, from the table or its blocks, and goes with the rows that are chosen of a
//! table. What a hold-out makes of it is in `hold_out`;
//! how rows become fewer that count more, in `merged`.

use std::collections::{HashMap, HashSet};

use super::cell::{Cell, cell_of, excerpt};
use super::column::Raw;
use super::error::DataError;
use super::numeric::NumericTable;
use super::select::category_of;
use super::table::{ReadOptions, Table};
use super::warning::DataWarning;

/// What tells the order of the rows, which of them belong together and how much each counts; by default
/// nothing: the order is that of the file, and all rows count the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrangedBy {
    /// A column of numbers or dates; rows are ordered by it. No input unless it is named.
    pub order: Option<String>,
    /// A column of anything; rows with the same value are a group. No input unless it is named.
    pub group: Option<String>,
    /// The rows that are held out; they are a group, and all others are another, in the place of those of
    /// `group`.
    pub listed: Option<ListedRows>,
    /// A column of numbers from 0: a row of weight w counts as w equal rows, and one of weight 0 is left out.
    /// No input unless it is named.
    pub weights: Option<String>,
}

impl ArrangedBy {
    /// The columns that are no inputs unless they are named.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        [&self.order, &self.group, &self.weights]
            .into_iter()
            .flatten()
    }
}

/// Rows that are named by their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRows {
    /// What error messages call the list.
    name: String,
    /// Ascending, each once.
    lines: Vec<u64>,
}

impl ListedRows {
    /// Parses line numbers that are parted by spaces, commas or line breaks; `name` is what error messages
    /// call the list. A line is counted as messages and the column `line` of `predict` count it: from 1,
    /// which in a text is the header; rows from 1, where the format has no lines.
    ///
    /// # Errors
    /// [`DataError::RowList`] when there is something else, or nothing.
    pub fn parse(name: &str, text: &str) -> Result<Self, DataError> {
        let fault = |line: usize, reason: String| DataError::RowList {
            file: name.to_owned(),
            line: line as u64,
            reason,
        };
        let mut lines = Vec::new();
        for (number, words) in text.lines().enumerate() {
            let words = words.split([',', ' ', '\t', '\u{feff}']);
            for word in words.filter(|word| !word.is_empty()) {
                match word.parse::<u64>() {
                    Ok(line) if line > 0 => lines.push(line),
                    _ => {
                        let word = excerpt(word);
                        let reason =
                            format!("`{word}` is no line number, which is a whole number from 1");
                        return Err(fault(number + 1, reason));
                    }
                }
            }
        }
        lines.sort_unstable();
        lines.dedup();
        match lines.is_empty() {
            true => Err(fault(1, "it names no row".to_owned())),
            false => Ok(ListedRows {
                name: name.to_owned(),
                lines,
            }),
        }
    }

    fn has(&self, line: u64) -> bool {
        self.lines.binary_search(&line).is_ok()
    }
}

/// The order, the groups and the weights of some rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrangement {
    /// Each row's place in the order, the same for rows of which none comes first; empty where the order
    /// is that of the rows.
    pub order: Vec<u32>,
    /// The number of each row's group; empty where there are none.
    pub groups: Vec<u32>,
    /// As how many rows each counts; empty where each counts as one.
    pub weights: Vec<f64>,
}

impl Arrangement {
    /// That of the rows `rows`, in that order.
    pub fn of(&self, rows: impl Iterator<Item = usize> + Clone) -> Self {
        Arrangement {
            order: of(&self.order, rows.clone()),
            groups: of(&self.groups, rows.clone()),
            weights: of(&self.weights, rows),
        }
    }

    /// Whether nothing is known but that the rows follow each other.
    pub fn is_plain(&self) -> bool {
        self.order.is_empty() && self.groups.is_empty() && self.weights.is_empty()
    }
}

/// The values of `rows`; none where there are none.
fn of<T: Copy>(values: &[T], rows: impl Iterator<Item = usize>) -> Vec<T> {
    match values.is_empty() {
        true => Vec::new(),
        false => rows.map(|row| values[row]).collect(),
    }
}

/// Reads the arrangement of the rows that are chosen of a table, block by block.
pub(super) struct ArrangementReader<'o> {
    by: &'o ArrangedBy,
    skip_missing: bool,
    order: Vec<f64>,
    groups: Vec<u32>,
    weights: Vec<f64>,
    /// Rows of weight 0, which the table has left out.
    weightless: usize,
    /// The number of each group.
    numbers: HashMap<String, u32>,
    /// The listed rows that the table has.
    found: HashSet<u64>,
}

impl<'o> ArrangementReader<'o> {
    pub(super) fn new(options: &'o ReadOptions) -> Self {
        ArrangementReader {
            by: &options.arranged_by,
            skip_missing: options.skip_missing,
            order: Vec::new(),
            groups: Vec::new(),
            weights: Vec::new(),
            weightless: 0,
            numbers: HashMap::new(),
            found: HashSet::new(),
        }
    }

    /// Notes which of the listed rows a block of the table has, whether they are chosen or not, and how many it
    /// has left out for their weight.
    pub(super) fn see(&mut self, table: &Table) {
        self.weightless += table.weightless();
        if let Some(listed) = &self.by.listed {
            let lines = table.lines().iter().copied();
            self.found.extend(lines.filter(|&line| listed.has(line)));
        }
    }

    /// Notes the arrangement of `chosen`, rows of the block. Rows without a value that is needed are left
    /// out of it, where such rows are.
    ///
    /// # Errors
    /// When a column does not exist, a value is missing and rows are not to be left out, the order's is
    /// neither a number nor a date, or a weight is no number from 0.
    pub(super) fn add(
        &mut self,
        table: &Table,
        chosen: &mut NumericTable,
    ) -> Result<(), DataError> {
        let order = self.by.order.as_deref();
        let group = self.by.group.as_deref();
        if let Some(column) = order {
            self.keep(table, chosen, column, |raw| {
                matches!(cell_of(raw), Cell::Missing)
            })?;
        }
        if let Some(column) = group {
            self.keep(table, chosen, column, |raw| category_of(raw).is_none())?;
        }
        if let Some(column) = self.by.weights.as_deref() {
            self.keep(table, chosen, column, |raw| {
                matches!(cell_of(raw), Cell::Missing)
            })?;
            for (line, raw) in cells(table, chosen, column)? {
                match raw {
                    Raw::Number(weight) if weight >= 0.0 => self.weights.push(weight),
                    _ => return Err(no_weight(table, line, column, raw)),
                }
            }
        }
        if let Some(column) = order {
            for (line, raw) in cells(table, chosen, column)? {
                match cell_of(raw) {
                    Cell::Number(value) => self.order.push(value),
                    _ => return Err(not_a_number(table, line, column, raw)),
                }
            }
        }
        if let Some(listed) = &self.by.listed {
            let lines = chosen.lines.iter();
            self.groups
                .extend(lines.map(|&line| u32::from(listed.has(line))));
        } else if let Some(column) = group {
            for (_, raw) in cells(table, chosen, column)? {
                let next = self.numbers.len() as u32;
                let name = category_of(raw).unwrap_or_default();
                self.groups.push(*self.numbers.entry(name).or_insert(next));
            }
        }
        Ok(())
    }

    /// Leaves out the rows of `chosen` of which the cell in `column` is missing.
    fn keep(
        &self,
        table: &Table,
        chosen: &mut NumericTable,
        column: &str,
        is_missing: impl Fn(Raw<'_>) -> bool,
    ) -> Result<(), DataError> {
        let mut missing = HashSet::new();
        for (line, raw) in cells(table, chosen, column)? {
            if is_missing(raw) {
                missing.insert(line);
                if !self.skip_missing {
                    return Err(DataError::MissingValue {
                        file: table.name().to_owned(),
                        line,
                        column: column.to_owned(),
                        text: text_of(raw),
                    });
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let width = chosen.columns.len().max(1);
        let lines = std::mem::take(&mut chosen.lines);
        let mut kept = lines.iter().map(|line| !missing.contains(line));
        let values = std::mem::take(&mut chosen.values);
        let rows = values.chunks_exact(width);
        chosen.values = rows
            .filter(|_| kept.next().unwrap_or(true))
            .flatten()
            .copied()
            .collect();
        chosen.skipped_rows += missing.len();
        chosen.lines = lines;
        chosen.lines.retain(|line| !missing.contains(line));
        Ok(())
    }

    /// The weights so far.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The arrangement of all rows; `file` is what errors call the table.
    ///
    /// # Errors
    /// When the table lacks a row that is listed, or no row is left of those.
    pub(super) fn finish(self, file: &str) -> Result<Arrangement, DataError> {
        if let Some(listed) = &self.by.listed {
            let lacking = listed.lines.iter().find(|line| !self.found.contains(line));
            let none = !self.groups.contains(&1);
            if let Some(&line) = lacking.or(listed.lines.first().filter(|_| none)) {
                return Err(DataError::NoSuchRow {
                    list: listed.name.clone(),
                    file: file.to_owned(),
                    line,
                    skipped: lacking.is_none(),
                });
            }
        }
        Ok(Arrangement {
            order: ranks(&self.order),
            groups: self.groups,
            // Weights of 1 say nothing.
            weights: match self.weights.iter().all(|&weight| weight == 1.0) {
                true => Vec::new(),
                false => self.weights,
            },
        })
    }

    /// What is to be said of the rows of weight 0, where there are any.
    pub(super) fn warning(&self) -> Option<DataWarning> {
        let column = self.by.weights.clone()?;
        let rows = self.weightless;
        (rows > 0).then_some(DataWarning::ZeroWeight { column, rows })
    }

    /// That a table without a row has none for its weights, where that is so.
    ///
    /// # Errors
    /// [`DataError::NoWeight`].
    pub(super) fn check_any(&self, file: &str) -> Result<(), DataError> {
        match &self.by.weights {
            Some(column) if self.weightless > 0 => Err(DataError::NoWeight {
                file: file.to_owned(),
                column: column.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// The cells of `column` in the rows of `chosen`, with their lines.
fn cells<'t>(
    table: &'t Table,
    chosen: &NumericTable,
    column: &str,
) -> Result<Vec<(u64, Raw<'t>)>, DataError> {
    let mut wanted = chosen.lines.iter().peekable();
    let all = table.lines().iter().zip(table.raw_cells(column)?);
    let chosen = all.filter(|(line, _)| wanted.next_if_eq(line).is_some());
    Ok(chosen.map(|(&line, raw)| (line, raw)).collect())
}

fn not_a_number(table: &Table, line: u64, column: &str, raw: Raw<'_>) -> DataError {
    DataError::NotANumber {
        file: table.name().to_owned(),
        line,
        column: column.to_owned(),
        text: excerpt(&text_of(raw)),
        most: None,
    }
}

fn no_weight(table: &Table, line: u64, column: &str, raw: Raw<'_>) -> DataError {
    DataError::NotAWeight {
        file: table.name().to_owned(),
        line,
        column: column.to_owned(),
        text: excerpt(&text_of(raw)),
    }
}

fn text_of(raw: Raw<'_>) -> String {
    match raw {
        Raw::Number(value) => value.to_string(),
        Raw::Text(text) => text.to_owned(),
    }
}

/// The place of each value among the different ones.
fn ranks(values: &[f64]) -> Vec<u32> {
    let mut different = values.to_vec();
    different.sort_unstable_by(f64::total_cmp);
    different.dedup();
    let rank = |value: &f64| different.partition_point(|other| other < value) as u32;
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_rows_are_parsed() {
        let listed = ListedRows::parse("l", "7, 3\n\n 12\t3\r\n").unwrap();
        assert_eq!(listed.lines, [3, 7, 12]);
        assert!(listed.has(12) && !listed.has(4));
        for (text, place) in [
            ("", "l:1"),
            ("1\ntwo\n", "l:2"),
            ("0", "l:1"),
            ("1\n2\n-3", "l:3"),
            ("1.5", "l:1"),
        ] {
            let error = ListedRows::parse("l", text).unwrap_err().to_string();
            assert!(error.starts_with(place), "{error}");
        }
    }

    #[test]
    fn ranks_are_places_among_different_values() {
        assert_eq!(ranks(&[2.5, -1.0, 2.5, 1e9, -0.0, 0.0]), [2, 0, 2, 3, 1, 1]);
        assert_eq!(ranks(&[]), [0_u32; 0]);
    }

    #[test]
    fn an_arrangement_goes_with_its_rows() {
        let all = Arrangement {
            order: vec![3, 1, 2],
            weights: vec![0.5, 1.0, 4.0],
            ..Arrangement::default()
        };
        let some = all.of([2, 0].into_iter());
        assert_eq!((some.order, some.groups), (vec![2, 3], vec![]));
        assert_eq!(some.weights, [4.0, 0.5]);
        assert!(!all.is_plain() && Arrangement::default().is_plain());
    }
}
