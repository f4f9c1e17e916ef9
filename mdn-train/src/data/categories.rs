//! Columns of categories: which they are, and the inputs that they become.
//!
//! A column of texts becomes one input for each of its values, called `column=value`, which is 1 in
//! rows that hold the value and 0 elsewhere. The names are in the model file, so that whoever has
//! the file can encode; [`Table::select`] understands them.

use std::collections::BTreeSet;

use super::cell::{Cell, cell_of};
use super::column::Raw;
use super::error::DataError;
use super::select::category_of;
use super::table::{ReadOptions, Table};

/// The most categories that a column of texts may have to be taken as such unasked.
const MOST_UNASKED: usize = 32;
/// Rows a category, on average, below which texts are taken as names rather than categories.
const FEWEST_ROWS: usize = 2;
/// The most categories that a column may have.
const MOST: usize = 1024;

/// The inputs `names` with each column of categories replaced by its categories.
///
/// # Errors
/// When a column does not exist, or has too many categories or one that cannot be in a name.
pub(super) fn expand(
    table: &Table,
    names: &[String],
    options: &ReadOptions,
) -> Result<Vec<String>, DataError> {
    if let Some(other) = options
        .categorical
        .iter()
        .find(|&name| !names.contains(name))
    {
        let column = other.clone();
        return Err(DataError::NoInput { column });
    }
    let mut inputs = Vec::new();
    for name in names {
        let asked = options.categorical.contains(name);
        if asked || is_text(table, name)? {
            let categories = categories(table, name, asked)?;
            inputs.extend(
                categories
                    .iter()
                    .map(|category| format!("{name}={category}")),
            );
        } else {
            inputs.push(name.clone());
        }
    }
    Ok(inputs)
}

/// Whether the column holds texts and no number, and few different ones, but more than one.
fn is_text(table: &Table, name: &str) -> Result<bool, DataError> {
    let mut different = BTreeSet::new();
    for raw in table.raw_cells(name)? {
        match (raw, cell_of(raw)) {
            (_, Cell::Missing) => {}
            (Raw::Text(text), Cell::NotANumber) => {
                different.insert(text);
                if different.len() > MOST_UNASKED {
                    return Ok(false);
                }
            }
            _ => return Ok(false),
        }
    }
    // A text that is always the same tells nothing.
    Ok(different.len() > 1 && different.len() * FEWEST_ROWS <= table.rows())
}

/// The categories of a column in ascending order.
fn categories(table: &Table, name: &str, asked: bool) -> Result<BTreeSet<String>, DataError> {
    let mut found = BTreeSet::new();
    for category in table.raw_cells(name)?.filter_map(category_of) {
        if category.contains(char::is_control) {
            return Err(DataError::BadCategory {
                file: table.name().to_owned(),
                column: name.to_owned(),
                text: super::cell::excerpt(&category),
            });
        }
        found.insert(category);
        if found.len() > MOST {
            break;
        }
    }
    let most = if asked { MOST } else { MOST_UNASKED };
    if found.len() > most {
        return Err(DataError::TooManyCategories {
            file: table.name().to_owned(),
            column: name.to_owned(),
            most,
        });
    }
    Ok(found)
}
