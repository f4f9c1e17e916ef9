//! Commands to paste that go on from here: the last line of what a command says, and in reports.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};
use mdn_train::data::STANDARD_INPUT;

use super::options::Reading;
use super::output::Output;

/// A command line of this program.
pub struct Next(Vec<String>);

impl Next {
    /// A command with the words after its name.
    pub fn new(name: &str, words: impl IntoIterator<Item = impl Display>) -> Self {
        let words = words.into_iter().map(|word| word.to_string());
        Next([name.to_owned()].into_iter().chain(words).collect())
    }

    /// A command about a model and the table that was read, with the options by which it was read.
    /// Of a table from standard input, which is gone, `inspect` about the model.
    pub fn about(name: &str, model: &Path, reading: &Reading) -> Self {
        let model = model.display();
        if reading.data.to_str() == Some(STANDARD_INPUT) {
            return Next::new("inspect", [model]);
        }
        let mut next = Next::new(name, [model, reading.data.display()]);
        next.0.extend(reading.words());
        next
    }

    /// The same with more words.
    pub fn with(mut self, words: &[&str]) -> Self {
        self.0.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    /// Says it as a result.
    pub fn say(&self, output: &mut Output) -> io::Result<()> {
        self.line().map_or(Ok(()), |line| output.say(line))
    }

    /// Says it where standard output has the result.
    pub fn note(&self, output: &mut Output) {
        if let Some(line) = self.line() {
            output.note(line);
        }
    }

    fn line(&self) -> Option<String> {
        self.command().map(|command| format!("next: {command}"))
    }

    /// The command, quoted for a shell; nothing where no shell can be told.
    pub fn command(&self) -> Option<String> {
        let words = self.0.iter().map(String::as_str);
        let words = shlex::try_join(words).ok()?;
        Some(format!("mdn-train {words}"))
    }
}

/// The command `name` with the arguments that `matches` have of another one and that it takes too.
pub fn same_for(name: &str, command: &Command, matches: &ArgMatches) -> Next {
    let mut words = Vec::new();
    let all = command.find_subcommand(name).into_iter();
    for arg in all.flat_map(Command::get_arguments) {
        let id = arg.get_id().as_str();
        let known = matches.try_contains_id(id).is_ok();
        if !known || matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten();
        let values: Vec<String> = values.map(|v| v.to_string_lossy().into_owned()).collect();
        let values = match arg.get_value_delimiter() {
            Some(delimiter) => vec![values.join(&delimiter.to_string())],
            None => values,
        };
        let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        match arg.get_long() {
            Some(long) if takes_value => {
                let one = |value: String| [format!("--{long}"), value];
                words.extend(values.into_iter().flat_map(one));
            }
            Some(long) => words.push(format!("--{long}")),
            None => words.extend(values),
        }
    }
    Next::new(name, words)
}

/// What a model of this table may be called, in the folder at hand.
pub fn model_for(table: &Path) -> PathBuf {
    let named = table.to_str() != Some(STANDARD_INPUT);
    let stem = table.file_stem().filter(|_| named);
    let name = stem.map_or_else(|| "model".into(), |stem| stem.to_string_lossy());
    PathBuf::from(format!("{}.mdn", name.trim_end_matches(".csv")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        let next = Next::new("fit", ["my table.csv", "--target", "y"]).with(&["--out", "a'b"]);
        let line = next.line().unwrap();
        let words = shlex::split(line.strip_prefix("next: ").unwrap()).unwrap();
        assert_eq!(
            words,
            [
                "mdn-train",
                "fit",
                "my table.csv",
                "--target",
                "y",
                "--out",
                "a'b"
            ]
        );
        assert!(Next::new("fit", ["\0"]).line().is_none());
    }

    #[test]
    fn models_are_called_after_tables() {
        for (table, model) in [
            ("data/concrete.csv", "concrete.mdn"),
            ("a.csv.gz", "a.mdn"),
            ("x.parquet", "x.mdn"),
            ("-", "model.mdn"),
        ] {
            assert_eq!(model_for(Path::new(table)), Path::new(model));
        }
    }
}
