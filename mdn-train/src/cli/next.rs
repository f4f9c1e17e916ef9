//! Commands to paste that go on from here: the last line of what a command says, and in reports.

use std::fmt::Display;
use std::fs;
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
        let model = file(model);
        if reading.is_standard_input() {
            return Next::new("inspect", [model]);
        }
        let mut next = Next::new(name, [model, file(&reading.data)]);
        next.0.extend(reading.words());
        next
    }

    /// The same with more words.
    pub fn with(mut self, words: &[&str]) -> Self {
        self.0.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    /// The same with an option that takes a value, which may begin as options do.
    pub fn with_option(mut self, long: &str, value: &str) -> Self {
        self.0.extend(option(long, value));
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

/// A file as a word that is no option.
pub fn file(path: &Path) -> String {
    let word = path.display().to_string();
    match word.starts_with('-') && word != STANDARD_INPUT {
        true => format!("./{word}"),
        false => word,
    }
}

/// An option with its value as words: one where the value begins as options do.
fn option(long: &str, value: &str) -> Vec<String> {
    match value.starts_with('-') {
        true => vec![format!("--{long}={value}")],
        false => vec![format!("--{long}"), value.to_owned()],
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
                words.extend(values.iter().flat_map(|value| option(long, value)));
            }
            Some(long) => words.push(format!("--{long}")),
            None => words.extend(values.iter().map(|value| file(Path::new(value)))),
        }
    }
    Next::new(name, words)
}

/// What a model of this table may be called, in the folder at hand: a name that no file has yet.
pub fn model_for(table: &Path) -> PathBuf {
    let named = table.to_str() != Some(STANDARD_INPUT);
    let stem = table.file_stem().filter(|_| named);
    let name = stem.map_or_else(|| "model".into(), |stem| stem.to_string_lossy());
    free_name(name.trim_end_matches(".csv"), |name| {
        fs::symlink_metadata(name).is_ok()
    })
}

/// `stem.mdn`, or with the first number from 2 on that is not taken, as `stem-2.mdn`.
fn free_name(stem: &str, is_taken: impl Fn(&str) -> bool) -> PathBuf {
    let numbered = (2..).map(|number: u32| format!("{stem}-{number}.mdn"));
    let mut names = [format!("{stem}.mdn")].into_iter().chain(numbered);
    let free = names.find(|name| !is_taken(name));
    PathBuf::from(free.unwrap_or_default())
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
    fn files_and_values_are_no_options() {
        assert_eq!(file(Path::new("-a.csv")), "./-a.csv");
        assert_eq!(file(Path::new("x/-a.csv")), "x/-a.csv");
        assert_eq!(file(Path::new("-")), "-");
        let next = Next::new("fit", ["t.csv"]).with_option("target", "-y");
        let next = next.with_option("out", "m.mdn").command();
        assert_eq!(
            next.unwrap(),
            "mdn-train fit t.csv '--target=-y' --out m.mdn"
        );
    }

    #[test]
    fn models_are_called_after_tables() {
        for (table, model) in [
            ("data/no such table.csv", "no such table.mdn"),
            ("no such.csv.gz", "no such.mdn"),
            ("x y z.parquet", "x y z.mdn"),
        ] {
            assert_eq!(model_for(Path::new(table)), Path::new(model));
        }
    }

    #[test]
    fn models_have_names_that_are_free() {
        for (taken, free) in [
            (&[][..], "a.mdn"),
            (&["a-2.mdn"], "a.mdn"),
            (&["a.mdn"], "a-2.mdn"),
            (&["a.mdn", "a-2.mdn"], "a-3.mdn"),
        ] {
            assert_eq!(
                free_name("a", |name| taken.contains(&name)),
                Path::new(free)
            );
        }
    }
}
