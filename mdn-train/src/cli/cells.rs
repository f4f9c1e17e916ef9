//! Tables of answers: CSV for people and programs, or the rows of a JSON object.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Display};
use std::io::{self, BufWriter, Seek, Write};

use mdn_train::files::Destination;
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::output::Output;

/// Bytes of a JSON object that stay in memory till it is whole.
const IN_MEMORY: usize = 16 << 20;

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
    /// Words.
    Text(String),
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
            Cell::Text(text) => f.write_str(text),
            Cell::Missing => Ok(()),
        }
    }
}

/// Hands rows of cells on as they are made.
pub type Rows<'a> = dyn FnMut(&mut Sink<'_>) -> anyhow::Result<()> + 'a;
/// Takes some rows.
pub type Sink<'a> = dyn FnMut(Vec<Vec<Cell>>) -> anyhow::Result<()> + 'a;

/// Writes rows of cells as they come: to `file`, to standard output, or as the result of `--json`,
/// whose object has the keys of `more` too. A file is written whole or not at all; what went to
/// standard output before a fault stays there. No two columns have one name, as [`distinct`] says.
pub fn write(
    file: Option<&Destination>,
    columns: &[String],
    rows: &mut Rows<'_>,
    more: Map<String, Value>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let columns = &distinct(columns);
    let mut result = more;
    if let Some(file) = file {
        let mut fault = None;
        let mut count = 0;
        let written = file.write(|out| {
            let outcome = write_csv(out, columns, rows);
            match outcome {
                Ok(rows) => count = rows,
                // A fault of the rows is told as it is; one of the file with the file's name.
                Err(error) => match error.downcast::<csv::Error>() {
                    Ok(error) => return Err(io::Error::other(error)),
                    Err(error) => {
                        fault = Some(error);
                        return Err(io::ErrorKind::Other.into());
                    }
                },
            }
            Ok(())
        });
        fault.map_or(Ok(()), Err)?;
        written?;
        output.say(format_args!("{}: {count} rows", file.path().display()))?;
        result.insert("file".to_owned(), json!(file.path().display().to_string()));
    } else if output.is_json() {
        result.insert("columns".to_owned(), json!(columns));
        return write_json(result, rows, output);
    } else {
        write_csv(&mut io::stdout().lock(), columns, rows)?;
    }
    result.insert("columns".to_owned(), json!(columns));
    output.result(&Value::Object(result))
}

/// The names, each once: a later one that is taken gets the first free number from 2 on, as `line_2`.
fn distinct(names: &[String]) -> Vec<String> {
    let given: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut taken = HashSet::new();
    let free = |name: &String, taken: &mut HashSet<String>| {
        let mut numbered = (2..).map(|number: u32| format!("{name}_{number}"));
        numbered.find(|other| !given.contains(other.as_str()) && taken.insert(other.clone()))
    };
    let one = |name: &String| match taken.insert(name.clone()) {
        true => name.clone(),
        false => free(name, &mut taken).unwrap_or_default(),
    };
    names.iter().map(one).collect()
}

/// The object of `more`, whose last key are the rows. It goes out when it is whole; till then it is
/// in a temporary file, where it is large.
fn write_json(
    more: Map<String, Value>,
    rows: &mut Rows<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let object = Streamed {
        more,
        rows: RefCell::new(rows),
        fault: RefCell::new(None),
    };
    let mut whole = tempfile::spooled_tempfile(IN_MEMORY);
    let mut buffered = BufWriter::new(&mut whole);
    let written = serde_json::to_writer_pretty(&mut buffered, &object);
    object.fault.into_inner().map_or(Ok(()), Err)?;
    written?;
    buffered.flush()?;
    drop(buffered);
    whole.rewind()?;
    output.result_text(&mut whole)
}

/// An object whose rows are made while it is written.
struct Streamed<'a, 'r> {
    more: Map<String, Value>,
    rows: RefCell<&'a mut Rows<'r>>,
    /// What ended the rows.
    fault: RefCell<Option<anyhow::Error>>,
}

impl Serialize for Streamed<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (key, value) in &self.more {
            object.serialize_entry(key, value)?;
        }
        object.serialize_entry("rows", &StreamedRows(self))?;
        object.end()
    }
}

struct StreamedRows<'a, 'b, 'r>(&'a Streamed<'b, 'r>);

impl Serialize for StreamedRows<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(None)?;
        let mut refused = None;
        let made = (self.0.rows.borrow_mut())(&mut |rows| {
            for row in rows {
                if let Err(error) = array.serialize_element(&json!(row)) {
                    refused = Some(error);
                    anyhow::bail!("the rows cannot be written");
                }
            }
            Ok(())
        });
        refused.map_or(Ok(()), Err)?;
        if let Err(fault) = made {
            *self.0.fault.borrow_mut() = Some(fault);
            return Err(S::Error::custom("the rows ended"));
        }
        array.end()
    }
}

/// The header, then the rows; how many.
fn write_csv(
    out: &mut dyn Write,
    columns: &[String],
    rows: &mut Rows<'_>,
) -> anyhow::Result<usize> {
    let mut csv = csv::Writer::from_writer(out);
    let mut count = 0;
    rows(&mut |rows| {
        if count == 0 && !rows.is_empty() {
            csv.write_record(columns)?;
        }
        for row in &rows {
            csv.write_record(row.iter().map(Cell::to_string))?;
        }
        count += rows.len();
        Ok(())
    })?;
    csv.flush().map_err(csv::Error::from)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_taken_get_a_free_number() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        for (given, expected) in [
            (&["line", "y"][..], &["line", "y"][..]),
            (&["line", "draw", "line"], &["line", "draw", "line_2"]),
            // The number of another column is not free, wherever that stands.
            (&["a", "a", "a_2", "a"], &["a", "a_3", "a_2", "a_4"]),
            (&["a_2", "a_2", "a", "a"], &["a_2", "a_2_2", "a", "a_3"]),
        ] {
            assert_eq!(distinct(&names(given)), names(expected), "{given:?}");
        }
    }
}
