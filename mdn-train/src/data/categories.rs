//! Columns of categories: which they are, and the inputs that they become.
//!
//! A column of texts becomes one input for each of its values, called `column=value`, which is 1 in
//! rows that hold the value and 0 elsewhere. The names are in the model file, so that whoever has
//! the file can encode; [`Table::select`] understands them.

use std::collections::{BTreeSet, HashSet};

use super::cell::{Cell, cell_of, excerpt};
use super::error::DataError;
use super::select::category_of;
use super::table::{ReadOptions, Table};

/// The most categories that a column of texts may have to be taken as such unasked.
const MOST_UNASKED: usize = 32;
/// Rows a category, on average, below which texts are taken as names rather than categories.
const FEWEST_ROWS: usize = 2;
/// The most categories that a column may have.
const MOST: usize = 1024;

/// What input columns hold, as far as a table was read, block by block.
pub(super) struct Profile {
    columns: Vec<ColumnProfile>,
    rows: usize,
}

struct ColumnProfile {
    name: String,
    /// Whether it was called categorical.
    asked: bool,
    /// Whether a missing value is a category.
    missing: bool,
    /// Whether it holds texts and no number, as far as it was read, and not too many.
    is_text: bool,
    /// Its categories so far; none where a number shows that it has none.
    found: BTreeSet<String>,
}

impl Profile {
    /// Nothing is read yet.
    ///
    /// # Errors
    /// When a column is called categorical that is none of `names`.
    pub(super) fn new(names: &[String], options: &ReadOptions) -> Result<Self, DataError> {
        let mut asked = options.categorical.iter();
        if let Some(other) = asked.find(|&name| !names.contains(name)) {
            let column = other.clone();
            let inputs = names.to_vec();
            return Err(DataError::NoInput { column, inputs });
        }
        let columns = names.iter().map(|name| ColumnProfile {
            name: name.clone(),
            asked: options.categorical.contains(name),
            missing: options.missing_inputs.has(name),
            is_text: true,
            found: BTreeSet::new(),
        });
        Ok(Self {
            columns: columns.collect(),
            rows: 0,
        })
    }

    /// Whether more rows could change what the inputs are.
    pub(super) fn is_open(&self) -> bool {
        self.columns.iter().any(ColumnProfile::is_open)
    }

    /// Looks at the rows of a block.
    ///
    /// # Errors
    /// When a column does not exist, or has too many categories or one that cannot be in a name.
    pub(super) fn add(&mut self, table: &Table) -> Result<(), DataError> {
        self.rows += table.rows();
        for column in &mut self.columns {
            column.add(table)?;
        }
        Ok(())
    }

    /// The inputs beside `targets`; `file` is what errors call the table.
    ///
    /// # Errors
    /// When a category cannot be in a name, or makes one that another input or a target has.
    pub(super) fn inputs(&self, file: &str, targets: &[String]) -> Result<Vec<String>, DataError> {
        let inputs = self.encoded(file)?;
        let mut seen: HashSet<&String> = targets.iter().collect();
        match inputs.iter().find(|&name| !seen.insert(name)) {
            None => Ok(inputs),
            Some(name) => Err(DataError::NamedAsCategory {
                file: file.to_owned(),
                column: name.clone(),
            }),
        }
    }

    fn encoded(&self, file: &str) -> Result<Vec<String>, DataError> {
        let mut inputs = Vec::new();
        for column in &self.columns {
            // A text that is always the same tells nothing.
            let different = column.found.len();
            let found = column.is_text && different > 1 && different * FEWEST_ROWS <= self.rows;
            if !column.asked && !found {
                inputs.push(column.name.clone());
                continue;
            }
            for category in &column.found {
                check_category(file, &column.name, category)?;
                inputs.push(format!("{}={category}", column.name));
            }
        }
        Ok(inputs)
    }

    /// The error of a cell that is no number, with the reason why its column's texts are no categories.
    pub(super) fn explain(&self, mut error: DataError) -> DataError {
        if let DataError::NotANumber { column, most, .. } = &mut error
            && let Some(profile) = self.columns.iter().find(|profile| profile.name == *column)
        {
            let limit = MOST_UNASKED.min(self.rows / FEWEST_ROWS).max(1);
            *most = (profile.found.len() > limit).then_some(limit);
        }
        error
    }
}

impl ColumnProfile {
    fn is_open(&self) -> bool {
        self.asked || self.is_text
    }

    fn add(&mut self, table: &Table) -> Result<(), DataError> {
        let name = self.name.clone();
        let cells = table.raw_cells(&name)?;
        if !self.is_open() {
            return Ok(());
        }
        for raw in cells {
            if !self.asked && matches!(cell_of(raw), Cell::Number(_) | Cell::NonFinite) {
                self.is_text = false;
                self.found.clear();
                return Ok(());
            }
            let category = category_of(raw);
            let Some(category) = category.or(self.missing.then(String::new)) else {
                continue;
            };
            if !self.found.contains(&category) {
                self.found.insert(category);
            }
            if self.found.len() > self.most() {
                break;
            }
        }
        if self.found.len() > self.most() {
            return self.overflow(table.name());
        }
        Ok(())
    }

    fn most(&self) -> usize {
        if self.asked { MOST } else { MOST_UNASKED }
    }

    /// Too many for a column that is called categorical; a column of texts is none then.
    fn overflow(&mut self, file: &str) -> Result<(), DataError> {
        self.is_text = false;
        if !self.asked {
            return Ok(());
        }
        Err(DataError::TooManyCategories {
            file: file.to_owned(),
            column: self.name.clone(),
            most: MOST,
        })
    }
}

fn check_category(file: &str, column: &str, category: &str) -> Result<(), DataError> {
    if !category.contains(char::is_control) {
        return Ok(());
    }
    Err(DataError::BadCategory {
        file: file.to_owned(),
        column: column.to_owned(),
        text: excerpt(category),
    })
}

/// The inputs of each column of categories, of a model whose inputs have these names and means over the
/// training rows.
///
/// A file has nothing else of them. Inputs `column=category` that follow each other are a column where
/// their means add up to 1, which tells them from other columns with a `=` in the name.
pub(crate) fn encoded_columns(names: &[&str], means: &[f32]) -> Vec<Vec<usize>> {
    let column = |input: usize| names[input].split_once('=').map(|(column, _)| column);
    let inputs: Vec<usize> = (0..names.len()).filter(|&i| column(i).is_some()).collect();
    let groups = inputs.chunk_by(|&a, &b| column(a) == column(b));
    groups
        .filter(|group| adds_up(group, means))
        .map(<[usize]>::to_vec)
        .collect()
}

/// Whether the inputs' means are the shares of categories.
pub(crate) fn adds_up(inputs: &[usize], means: &[f32]) -> bool {
    let shares = inputs.iter().map(|&input| means[input]);
    let total: f32 = shares.clone().sum();
    shares.clone().all(|share| share >= 0.0) && (total - 1.0).abs() < 1e-3
}
