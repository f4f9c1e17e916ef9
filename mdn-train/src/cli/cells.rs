//! Tables of answers: CSV for people and programs, or the rows of a JSON object.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;

use mdn_train::files::write_atomically;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::output::Output;

/// A cell of a table of answers.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A count, such as the number of a line.
    Index(usize),
    /// A number of the engine.
    Number(f32),
    /// Yes or no.
    Flag(bool),
    /// Numbers in ascending order, however many there are.
    Numbers(Vec<f32>),
    /// Disjoint intervals in ascending order.
    Intervals(Vec<(f32, f32)>),
    /// There is no answer: an empty cell, in JSON null.
    Missing,
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Index(index) => index.fmt(f),
            Cell::Number(number) => number.fmt(f),
            Cell::Flag(flag) => flag.fmt(f),
            Cell::Numbers(numbers) => {
                let all: Vec<String> = numbers.iter().map(f32::to_string).collect();
                f.write_str(&all.join(" "))
            }
            Cell::Intervals(intervals) => {
                let one = |(low, high): &(f32, f32)| format!("{low}:{high}");
                let all: Vec<String> = intervals.iter().map(one).collect();
                f.write_str(&all.join(" "))
            }
            Cell::Missing => Ok(()),
        }
    }
}

/// Writes rows of cells: to `path`, to standard output, or as the result of `--json`, whose
/// object has the keys of `more` too.
pub fn write(
    path: Option<&Path>,
    columns: &[String],
    rows: &[Vec<Cell>],
    more: Map<String, Value>,
    output: &mut Output,
) -> anyhow::Result<()> {
    if let Some(path) = path {
        write_atomically(path, |out| {
            write_csv(out, columns, rows).map_err(io::Error::other)
        })?;
        output.say(format_args!("{}: {} rows", path.display(), rows.len()))?;
    } else if !output.is_json() {
        write_csv(&mut io::stdout().lock(), columns, rows)?;
    }
    let mut result = more;
    match path {
        Some(path) => result.insert("file".to_owned(), json!(path.display().to_string())),
        None => result.insert("rows".to_owned(), json!(rows)),
    };
    result.insert("columns".to_owned(), json!(columns));
    output.result(&Value::Object(result))
}

fn write_csv(out: &mut dyn Write, columns: &[String], rows: &[Vec<Cell>]) -> csv::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns)?;
    for row in rows {
        csv.write_record(row.iter().map(Cell::to_string))?;
    }
    Ok(csv.flush()?)
}
