//! A folder to work in, the program run in it, and what it said.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use tempfile::TempDir;

/// The Old Faithful table.
pub const GEYSER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/geyser.csv");

/// A temporary folder in which commands run.
pub struct Bench(TempDir);

/// What a command left.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        Bench(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Every name in the folder, sorted; hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let entries = fs::read_dir(self.0.path()).unwrap().map(name);
        let mut names: Vec<String> = entries.map(|n| n.into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs the program with `arguments`, parted at spaces, and `stdin`.
    pub fn run_with(&self, arguments: &str, stdin: impl Into<Vec<u8>>) -> Run {
        let output = cargo_bin_cmd!("mdn-train")
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .write_stdin(stdin)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        let run = Run {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(
            !run.stderr.contains("panicked"),
            "{arguments}: {}",
            run.stderr
        );
        run
    }

    /// Runs the program with `--json`; it must succeed.
    pub fn json(&self, arguments: &str) -> Value {
        let run = self.run(&format!("{arguments} --json"));
        assert_eq!(run.code, Some(0), "{arguments}: {}", run.stderr);
        run.object()
    }

    /// Fits the geyser's duration and returns what `fit --json` said.
    pub fn fit_geyser(&self) -> Value {
        self.json(&format!(
            "fit {GEYSER} --target duration --steps 300 --hidden 16 -k 3"
        ))
    }
}

impl Run {
    /// Standard output, which must hold one JSON object and nothing else.
    pub fn object(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.stdout));
        assert!(value.is_object(), "{value}");
        value
    }

    /// The error's words; the command must have failed with `code` and said nothing else.
    pub fn error(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        let start = self.stderr.find("error: ").expect("an error says so");
        self.stderr[start + "error: ".len()..].trim_end()
    }
}

/// A table of answers, as `--json` gives it.
pub struct Answers(Value);

impl Bench {
    /// Runs a command that answers with a table.
    pub fn answers(&self, arguments: &str) -> Answers {
        Answers(self.json(arguments))
    }
}

impl Answers {
    /// Names of the columns.
    pub fn names(&self) -> Vec<&str> {
        let names = self.0["columns"].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap()).collect()
    }

    pub fn len(&self) -> usize {
        self.0["rows"].as_array().unwrap().len()
    }

    /// The cell of a row (from 0) in the column called `name`.
    pub fn cell(&self, row: usize, name: &str) -> &Value {
        let names = self.names();
        let column = names.iter().position(|found| *found == name);
        let column = column.unwrap_or_else(|| panic!("no column {name} in {names:?}"));
        &self.0["rows"][row][column]
    }

    /// A cell that is a number.
    pub fn number(&self, row: usize, name: &str) -> f64 {
        let cell = self.cell(row, name);
        cell.as_f64()
            .unwrap_or_else(|| panic!("{name}: {cell} is no number"))
    }

    /// Another key of the object.
    pub fn key(&self, name: &str) -> &Value {
        &self.0[name]
    }
}

/// A number of a JSON object.
pub fn number(object: &Value, key: &str) -> f64 {
    object[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no number `{key}` in {object}"))
}

/// A CSV text of numbers as its header and its columns; an empty cell is NaN.
pub fn columns(text: &str) -> Vec<(String, Vec<f64>)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let mut columns: Vec<_> = names.iter().map(|n| (n.to_owned(), Vec::new())).collect();
    for record in reader.records() {
        for (cell, (_, column)) in record.unwrap().iter().zip(&mut columns) {
            let cell = if cell.is_empty() { "NaN" } else { cell };
            column.push(
                cell.parse()
                    .unwrap_or_else(|_| panic!("{cell} is no number")),
            );
        }
    }
    columns
}

/// One of those columns.
pub fn column<'c>(columns: &'c [(String, Vec<f64>)], name: &str) -> &'c [f64] {
    let found = columns.iter().find(|(found, _)| found == name);
    &found.unwrap_or_else(|| panic!("no column {name}")).1
}

pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean and standard error of the mean.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let centre = mean(values.iter().copied());
    let variance = mean(values.iter().map(|value| (value - centre).powi(2)));
    (centre, (variance / values.len() as f64).sqrt())
}

/// Checks that a file is a PNG picture of some size with more than one colour.
pub fn assert_picture(path: &Path) {
    let decoder = png::Decoder::new(fs::File::open(path).unwrap());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert!(info.width >= 300 && info.height >= 200, "{info:?}");
    assert!(
        pixels.iter().any(|byte| *byte != pixels[0]),
        "{}",
        path.display()
    );
}

/// Checks that a report fetches nothing: no address but the names of XML namespaces.
pub fn assert_self_contained(html: &str) {
    let names = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"];
    let rest = names
        .iter()
        .fold(html.to_owned(), |text, name| text.replace(name, ""));
    for sign in [
        "http://", "https://", "src=\"//", "@import", "<script", "<link", "file:",
    ] {
        assert!(!rest.contains(sign), "{sign}");
    }
    assert!(html.contains("<svg"));
}
