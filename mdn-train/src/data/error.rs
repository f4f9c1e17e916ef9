//! What can be wrong with a table, and how it is put to the user.

use std::io;

use super::cell::LARGEST;
use super::date;
use super::transform::Transform;
use crate::files::{WriteError, why_unreadable};

/// A table that cannot be used. The text names the file, the line and the column concerned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file.
    #[error("{file}: no such file")]
    NotFound {
        /// The file as the user named it.
        file: String,
    },
    /// The file is there but cannot be read.
    #[error("{file}: cannot be read: {}", why_unreadable(source))]
    Read {
        /// The file as the user named it.
        file: String,
        /// What the operating system reported.
        source: io::Error,
    },
    /// The file begins like one of another format and does not go on like one.
    #[error("{file}: cannot be read as {format}: {reason}")]
    Unreadable {
        /// The file as the user named it.
        file: String,
        /// The format.
        format: &'static str,
        /// What its reader reported.
        reason: String,
    },
    /// The file holds something else than a table.
    #[error("{file}: {what}, not a table; {cure}")]
    NoTable {
        /// The file as the user named it.
        file: String,
        /// What it holds.
        what: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// The file is not text in UTF-8.
    #[error("{file}:{line}: not UTF-8 text; save the table as UTF-8 CSV")]
    NotUtf8 {
        /// The file as the user named it.
        file: String,
        /// The first line that is not UTF-8, from 1.
        line: u64,
    },
    /// The file holds no header line.
    #[error("{file}: empty; a line of column names and at least one row are needed")]
    NoHeader {
        /// The file as the user named it.
        file: String,
    },
    /// A header line and nothing else.
    #[error("{file}: no rows below the header; at least one is needed")]
    NoRows {
        /// The file as the user named it.
        file: String,
    },
    /// Every row lacked a value and was skipped.
    #[error("{file}: all {skipped} rows lack a value in the chosen columns")]
    AllRowsSkipped {
        /// The file as the user named it.
        file: String,
        /// How many rows were skipped.
        skipped: usize,
    },
    /// Two columns share a name.
    #[error("{file}:{line}: two columns are called `{column}`{}", or_data(column))]
    DuplicateColumn {
        /// The file as the user named it.
        file: String,
        /// The header's line, from 1.
        line: u64,
        /// The name.
        column: String,
    },
    /// A column name holds a control character; the model file keeps names one a line.
    #[error("{file}:{line}: column name `{column}` holds a control character (line break, tab …)")]
    ControlCharacter {
        /// The file as the user named it.
        file: String,
        /// The header's line, from 1.
        line: u64,
        /// The name, its control characters escaped.
        column: String,
    },
    /// A column without a name would have to be used.
    #[error("{file}: column {position} has no name; name the input columns to use")]
    UnnamedColumn {
        /// The file as the user named it.
        file: String,
        /// Which column, from 1.
        position: usize,
    },
    /// A row has too many cells or too few.
    #[error(
        "{file}:{line}: {found} {}, but the first line has {expected}",
        if *found == 1 { "cell" } else { "cells" }
    )]
    RaggedRow {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// Cells in the header.
        expected: usize,
        /// Cells in the row.
        found: usize,
    },
    /// A cell begins with a quote that nothing ends.
    #[error("{file}:{line}: a quote is opened and not closed before the file ends")]
    OpenQuote {
        /// The file as the user named it.
        file: String,
        /// The line of the row, from 1.
        line: u64,
    },
    /// The CSV reader gave up for another reason.
    #[cfg(feature = "text")]
    #[error("{file}: {source}")]
    Csv {
        /// The file as the user named it.
        file: String,
        /// What the reader reported.
        source: csv::Error,
    },
    /// A column was asked for that the table does not have.
    #[error(
        "{file}: no column `{column}`{}; the columns are {}",
        hint(suggestion),
        list(columns)
    )]
    UnknownColumn {
        /// The file as the user named it.
        file: String,
        /// The name asked for.
        column: String,
        /// The most similar name of the table, if one is similar.
        suggestion: Option<String>,
        /// All names of the table.
        columns: Vec<String>,
    },
    /// A column was chosen whose cells are neither numbers, times nor texts.
    #[error("{file}: column `{column}` is of type {kind}, which is neither number, time nor text")]
    UnsupportedType {
        /// The file as the user named it.
        file: String,
        /// The column.
        column: String,
        /// Its type, as Arrow calls it.
        kind: String,
    },
    /// A column was chosen twice in the same role.
    #[error("column `{column}` is named twice")]
    NamedTwice {
        /// The name.
        column: String,
    },
    /// A column was chosen both as an input and as a target.
    #[error("column `{column}` is both an input and a target")]
    TargetIsInput {
        /// The name.
        column: String,
    },
    /// A category makes an input of a name that another column of the model has.
    #[error(
        "{file}: the input `{column}` of a column of categories has the name of another column; rename \
         one of them, or leave one out of --inputs"
    )]
    NamedAsCategory {
        /// The file as the user named it.
        file: String,
        /// The name.
        column: String,
    },
    /// A column was called categorical that is no input.
    #[error(
        "column `{column}` is called categorical, but it is no input{}",
        alternatives(column, "inputs", inputs)
    )]
    NoInput {
        /// The name.
        column: String,
        /// The columns of the inputs.
        inputs: Vec<String>,
    },
    /// No target column was chosen.
    #[error("no target column is named")]
    NoTargets,
    /// No column is left to be an input.
    #[error("no input column is left besides the targets")]
    NoInputs,
    /// A cell is empty or spells a missing value.
    #[error(
        "{file}:{line}: column `{column}`: the value is missing{}; \
         --skip-missing leaves such rows out",
        spelling(text)
    )]
    MissingValue {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell, e.g. `NA`; may be empty.
        text: String,
    },
    /// A cell is no weight of a row.
    #[error(
        "{file}:{line}: column `{column}`: `{text}` is no weight of a row, which is a finite number from 0"
    )]
    NotAWeight {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The column of the weights.
        column: String,
        /// The cell, shortened if long.
        text: String,
    },
    /// No row counts.
    #[error("{file}: the weights in column `{column}` are 0 in every row, so that none is left")]
    NoWeight {
        /// The file as the user named it.
        file: String,
        /// The column of the weights.
        column: String,
    },
    /// A cell is no number.
    #[error(
        "{file}:{line}: column `{column}`: `{text}` is not a number{}",
        instead(text, *most)
    )]
    NotANumber {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell, shortened if long.
        text: String,
        /// The most different texts that would be categories, where the column has more.
        most: Option<usize>,
    },
    /// A cell is infinite or beyond the range of 32-bit floating point.
    #[error(
        "{file}:{line}: column `{column}`: `{text}` is not finite in 32-bit floating point; \
     correct it, or leave the cell empty where it stands for a missing value"
    )]
    NonFinite {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell, shortened if long.
        text: String,
    },
    /// A cell is so large that its distance from others leaves 32-bit floating point.
    #[error(
        "{file}:{line}: column `{column}`: {text} is too large: beyond {LARGEST:e}, 32-bit floating \
         point has no room for differences; give the column in other units, or leave the cell empty \
         where it stands for a missing value"
    )]
    TooLarge {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell, shortened if long.
        text: String,
    },
    /// A cell holds a number that the transform of its column has no image for.
    #[error(
        "{file}:{line}: column `{column}`: {text} has no {}, which needs values {}",
        transform.name(),
        transform.domain()
    )]
    OutsideTransform {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell.
        text: String,
        /// The transform.
        transform: Transform,
    },
    /// A cell holds a category for which there is no input.
    #[error(
        "{file}:{line}: column `{column}`: `{text}` is none of the known categories, {}",
        list(known)
    )]
    UnknownCategory {
        /// The file as the user named it.
        file: String,
        /// The row's line, from 1.
        line: u64,
        /// The cell's column.
        column: String,
        /// The cell, shortened if long.
        text: String,
        /// The categories for which there are inputs.
        known: Vec<String>,
    },
    /// A column holds more categories than can be inputs.
    #[error(
        "{file}: column `{column}` has more than {most} categories; leave it out or group them"
    )]
    TooManyCategories {
        /// The file as the user named it.
        file: String,
        /// The column.
        column: String,
        /// How many there may be.
        most: usize,
    },
    /// A category holds a control character; the model file keeps names one a line.
    #[error(
        "{file}: column `{column}`: category `{text}` holds a control character (line break, tab …)"
    )]
    BadCategory {
        /// The file as the user named it.
        file: String,
        /// The column.
        column: String,
        /// The category, its control characters escaped.
        text: String,
    },
    /// A target column has one value throughout: there is no distribution to learn.
    #[error(
        "target column `{column}` has the value {value} in every row; there is nothing to learn"
    )]
    ConstantTarget {
        /// The target.
        column: String,
        /// Its only value.
        value: f32,
    },
    /// A column's values lie so close together that their distances are below the normal range of
    /// 32-bit floating point.
    #[error(
        "column `{column}` has a standard deviation of {spread:e}, too small for 32-bit floating \
         point; give it in other units"
    )]
    Subnormal {
        /// The column.
        column: String,
        /// Its standard deviation.
        spread: f32,
    },
    /// The share of rows to validate on is no share.
    #[error("the validation fraction is {fraction}; it must be at least 0 and less than 1")]
    BadFraction {
        /// The share asked for.
        fraction: f64,
    },
    /// A list of rows that is none.
    #[error(
        "{file}:{line}: {reason}; the list holds line numbers as `predict` has them in its column `line`: in a \
         text the header is line 1"
    )]
    RowList {
        /// The file of the list.
        file: String,
        /// The line of it, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A list names a row that the table does not have, or none that it has.
    #[error(
        "{list}: {file} has no row in line {line}{}",
        if *skipped { ": every row that is listed was left out for missing values" } else { "" }
    )]
    NoSuchRow {
        /// The file of the list.
        list: String,
        /// The table.
        file: String,
        /// The line.
        line: u64,
        /// Whether all that are listed were left out.
        skipped: bool,
    },
    /// Too few groups, or too few different places in an order, to hold some out.
    #[error(
        "{found} different {what} are too few to hold some out: it takes {needed}, {}",
        if *needed > 2 { "to train on, to choose the step by and to report" } else { "to train on and to hold out" }
    )]
    TooFewToHoldOut {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A table too small to be split in two.
    #[error("{rows} row(s) cannot be split into training and validation rows")]
    TooFewRows {
        /// The rows there are.
        rows: usize,
    },
    /// More rows than can be numbered in 32 bits.
    #[error("{file}: more rows than the supported {}", u32::MAX)]
    TooManyRows {
        /// The file as the user named it.
        file: String,
    },
    /// The temporary file that holds the rows cannot be read.
    #[error("the temporary file with the table's rows cannot be read: {source}")]
    Stored {
        /// What the operating system reported.
        source: io::Error,
    },
    /// A table could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The column whose name is most like `name`, if any is much like it.
pub(super) fn most_similar(name: &str, columns: &[String]) -> Option<String> {
    const ALIKE: f64 = 0.8;
    let wanted = name.to_lowercase();
    columns
        .iter()
        .map(|column| {
            (
                strsim::jaro_winkler(&wanted, &column.to_lowercase()),
                column,
            )
        })
        .filter(|&(similarity, _)| similarity >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, column)| column.clone())
}

/// What to say after a `name` that is none of the `known` ones, which are called `nouns`: the most similar
/// one, if one is much like it, and all of them, of many the first twenty.
pub fn alternatives(name: &str, nouns: &str, known: &[String]) -> String {
    let suggestion = hint(&most_similar(name, known));
    format!("{suggestion}; the {nouns} are {}", list(known))
}

/// ` (did you mean …?)`, or nothing.
fn hint(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!(" (did you mean `{name}`?)"),
        None => String::new(),
    }
}

/// The way out where a name is a number, or nothing.
fn or_data(column: &str) -> &'static str {
    match column.parse::<f64>() {
        Ok(_) => "; --no-header takes the first line as data",
        Err(_) => "",
    }
}

/// The names, quoted; a long list is cut.
fn list(columns: &[String]) -> String {
    const SHOWN: usize = 20;
    let quoted: Vec<String> = columns
        .iter()
        .take(SHOWN)
        .map(|c| format!("`{c}`"))
        .collect();
    let mut text = quoted.join(", ");
    if columns.len() > SHOWN {
        text += &format!(" and {} more", columns.len() - SHOWN);
    }
    text
}

/// How the file spells a missing value, unless by an empty cell.
fn spelling(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" (`{text}`)")
    }
}

/// What was expected in place of a text that is no number.
fn instead(text: &str, most: Option<usize>) -> String {
    if text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok() {
        " (write the decimal mark as a point)".to_owned()
    } else if date::is_like_one(text) {
        " or a date such as 2024-06-19".to_owned()
    } else if let Some(most) = most {
        format!(", and its column has too many different texts for categories (at most {most})")
    } else {
        String::new()
    }
}
