//! Which columns of a table are inputs: all but the targets, those that arrange the rows, and those that only name
//! them; and that each column has one role.

use std::collections::HashSet;

use super::arrangement::ArrangedBy;
use super::dataset::{constant, fingerprint};
use super::error::DataError;
use super::numeric::NumericTable;
use super::row_number::{is_row_number, may_number_rows};
use super::table::{ReadOptions, Table};
use super::transform::Transform;
use super::warning::DataWarning;

/// The column of the file that a target is made of.
fn source_of<'n>(table: &Table, target: &'n String) -> &'n str {
    match Transform::parse(target) {
        Some((_, column)) if !table.columns().contains(target) => column,
        _ => target,
    }
}

/// Every column that no target is made of and that does not arrange the rows; each needs a name.
pub(super) fn all_but(
    table: &Table,
    targets: &[String],
    arranged_by: &ArrangedBy,
) -> Result<Vec<String>, DataError> {
    let columns = table.columns();
    if let Some(position) = columns.iter().position(String::is_empty) {
        return Err(DataError::UnnamedColumn {
            file: table.name().to_owned(),
            position: position + 1,
        });
    }
    let targets: Vec<&str> = targets
        .iter()
        .map(|target| source_of(table, target))
        .collect();
    let arranges = |column: &&String| arranged_by.columns().any(|name| name == *column);
    let others = columns
        .iter()
        .filter(|column| !targets.contains(&column.as_str()) && !arranges(column));
    Ok(others.cloned().collect())
}

/// The numbers of the inputs, the first `input_count` columns, that number the rows, but for those of `dates`, where
/// others are left that are not constant.
pub(super) fn row_numbers(
    table: &NumericTable,
    input_count: usize,
    dates: &[String],
) -> Vec<usize> {
    let width = table.columns.len();
    let rows = table.values.chunks_exact(width.max(1));
    let may = |input: usize| may_number_rows(rows.clone().map(|row| row[input]));
    if !(0..input_count).any(may) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let rows = rows.filter(|row| seen.insert(fingerprint(row.iter().copied())));
    let rows: Vec<&[f64]> = rows.collect();
    let column = |input: usize| rows.iter().map(move |row| row[input]);
    let is_number =
        |&input: &usize| !dates.contains(&table.columns[input]) && is_row_number(column(input));
    let (numbers, others): (Vec<usize>, Vec<usize>) = (0..input_count).partition(is_number);
    let varies = |&input: &usize| constant(column(input).map(|value| value as f32)).is_none();
    match others.iter().any(varies) {
        true => numbers,
        false => Vec::new(),
    }
}

/// Of the inputs `all`, those that are an index by the file's metadata, unless called categorical, and the
/// others.
pub(super) fn part_index(
    table: &Table,
    all: &[String],
    options: &ReadOptions,
) -> (Vec<String>, Vec<String>) {
    let is_index =
        |name: &String| table.index_columns().contains(name) && !options.categorical.contains(name);
    all.iter().cloned().partition(is_index)
}

/// What is to be said of the columns of an index that are left out.
pub(super) fn index_warnings(index: Vec<String>) -> impl Iterator<Item = DataWarning> {
    index
        .into_iter()
        .map(|column| DataWarning::Index { column })
}

/// Checks that each column that is chosen of a table has one role, as it is or transformed.
pub(super) fn check_chosen(
    table: &Table,
    inputs: &[String],
    targets: &[String],
) -> Result<(), DataError> {
    check_roles(inputs, targets)?;
    let sources = targets.iter().map(|name| source_of(table, name).to_owned());
    check_roles(inputs, &sources.collect::<Vec<String>>())
}

/// Checks that each column has one role, and each role a column.
pub(super) fn check_roles(inputs: &[String], targets: &[String]) -> Result<(), DataError> {
    for names in [inputs, targets] {
        let mut seen = HashSet::new();
        if let Some(column) = names.iter().find(|name| !seen.insert(*name)) {
            let column = column.clone();
            return Err(DataError::NamedTwice { column });
        }
    }
    if let Some(column) = targets.iter().find(|target| inputs.contains(target)) {
        let column = column.clone();
        return Err(DataError::TargetIsInput { column });
    }
    if targets.is_empty() {
        return Err(DataError::NoTargets);
    }
    if inputs.is_empty() {
        return Err(DataError::NoInputs);
    }
    Ok(())
}
