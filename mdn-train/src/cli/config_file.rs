//! `--config FILE.toml`: options from a file, and the options of a run as such a file.
//!
//! A key is the long name of an option of the command (`fit`, `tune`), or `data` for the table; so
//! every option can stand in a file, and its value is checked where that of the option is. Options on
//! the command line win: a key is left out where they name it, or name an option that excludes it.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "no result of a command")]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml_edit::{Document, Item, Value};

/// The subcommands whose options a file may hold.
const COMMANDS: [&str; 2] = ["fit", "tune"];
/// Options that are about the run and the file themselves.
const NEVER: [&str; 7] = [
    "config", "run", "resume", "json", "force", "help", "version",
];
/// Options that may change while a run goes on: they do not decide what is computed.
const FREE: [&str; 5] = [
    "data",
    "out",
    "picture",
    "checkpoint-interval",
    "stream-above",
];

/// The arguments, with those of the file that they name put in.
pub struct Arguments {
    pub all: Vec<OsString>,
    file: Option<ConfigFile>,
}

/// A file that was read.
struct ConfigFile {
    path: PathBuf,
    text: String,
    /// Its keys, and where they stand, in bytes.
    keys: Vec<(String, usize)>,
}

impl Arguments {
    /// Reads the file that `given`, the command line, names by `--config` or `--resume`.
    pub fn new(command: &Command, given: Vec<OsString>) -> anyhow::Result<Self> {
        let lenient = command.clone().ignore_errors(true);
        let matches = lenient.try_get_matches_from(&given).ok();
        let chosen = matches.as_ref().and_then(chosen);
        let found = chosen.and_then(|(name, fit)| Some((name, fit, file_of(fit)?)));
        let Some((name, fit, (path, resumed))) = found else {
            let (all, file) = (given, None);
            return Ok(Arguments { all, file });
        };
        let text = match resumed {
            true => text_of_run(&path, name)?,
            false => text_of(&path)?,
        };
        let options = command
            .find_subcommand(name)
            .context("there is such a command")?;
        let found = read(&path, &text, options)?;
        if resumed {
            check_unchanged(&path, &found, options, fit)?;
        }
        let is_given = |name: &str| is_given(options, fit, name);
        let added = found.iter().filter(|entry| !is_given(entry.name));
        let added: Vec<OsString> = added.flat_map(Entry::arguments).collect();
        let keys = found
            .iter()
            .map(|entry| (entry.name.to_owned(), entry.start));
        let keys = keys.collect();
        let at = given
            .iter()
            .position(|argument| argument == name)
            .unwrap_or(0)
            + 1;
        let mut all = given;
        all.splice(at..at, added);
        let file = Some(ConfigFile { path, text, keys });
        Ok(Arguments { all, file })
    }

    /// Where a refused argument stands in the file, if that is where it comes from.
    pub fn place(&self, refusal: &clap::Error) -> Option<String> {
        let ConfigFile { path, text, keys } = self.file.as_ref()?;
        let argument = refusal.get(ContextKind::InvalidArg)?.to_string();
        let (_, start) = keys
            .iter()
            .find(|(name, _)| argument.split([' ', '=']).next() == Some(&format!("--{name}")))?;
        Some(place(path, text, *start))
    }
}

/// The command that was chosen, with its options, where a file may hold those.
fn chosen(all: &ArgMatches) -> Option<(&'static str, &ArgMatches)> {
    let mut known = COMMANDS.into_iter();
    known.find_map(|name| Some((name, all.subcommand_matches(name)?)))
}

/// The file that the options name, and whether they resume a run.
fn file_of(fit: &ArgMatches) -> Option<(PathBuf, bool)> {
    let path = |id| {
        fit.try_contains_id(id).ok()?;
        fit.get_raw(id)?.next().map(PathBuf::from)
    };
    let resumed = path("resume").map(|folder| (folder.join("config.toml"), true));
    resumed.or_else(|| path("config").map(|file| (file, false)))
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
}

/// The text of the file at `path` in the folder of a run, which must be one of the command `name`.
fn text_of_run(path: &Path, name: &str) -> anyhow::Result<String> {
    let folder = path.parent().unwrap_or(path).display();
    ensure!(path.exists(), "{folder}: there is no run in this folder");
    let text = text_of(path)?;
    let is_of = |command: &str| text.starts_with(&heading(command));
    match COMMANDS.into_iter().find(|command| is_of(command)) {
        Some(other) if other != name => bail!(
            "{folder}: that is a run of `{other}`: `mdn-train {other} --resume {folder}` goes on"
        ),
        _ => Ok(text),
    }
}

/// The first line of a file that was written for the command `name`.
fn heading(name: &str) -> String {
    format!("# The options of `mdn-train {name}`; reusable with --config.\n")
}

fn is_given(options: &Command, fit: &ArgMatches, name: &str) -> bool {
    let given = |arg: &Arg| {
        let id = arg.get_id().as_str();
        fit.try_contains_id(id).is_ok() && fit.value_source(id) == Some(ValueSource::CommandLine)
    };
    // Either of two arguments may be the one that says that they exclude each other.
    let excludes = |one: &Arg, other: &str| {
        let conflicts = options.get_arg_conflicts_with(one);
        conflicts.iter().any(|found| name_of(found) == other)
    };
    let itself = options.get_arguments().find(|arg| name_of(arg) == name);
    let excluded = |arg: &Arg| {
        excludes(arg, name) || itself.is_some_and(|itself| excludes(itself, name_of(arg)))
    };
    let mut arguments = options.get_arguments();
    arguments.any(|arg| given(arg) && (name_of(arg) == name || excluded(arg)))
}

/// What a file calls an argument.
fn name_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or(arg.get_id().as_str())
}

/// A key of the file.
struct Entry<'c> {
    name: &'c str,
    arg: &'c Arg,
    /// One for each time that the option is to be given.
    values: Vec<String>,
    /// Where the key stands, in bytes.
    start: usize,
}

impl Entry<'_> {
    fn arguments(&self) -> Vec<OsString> {
        let option = |value: &String| match (self.arg.get_long(), takes_value(self.arg)) {
            (None, _) => value.into(),
            (Some(long), true) => format!("--{long}={value}").into(),
            (Some(long), false) => format!("--{long}").into(),
        };
        self.values.iter().map(option).collect()
    }
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn read<'c>(path: &Path, text: &str, options: &'c Command) -> anyhow::Result<Vec<Entry<'c>>> {
    let document = Document::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        anyhow!("{}: {}", place(path, text, start), error.message())
    })?;
    let known = options
        .get_arguments()
        .filter(|arg| !NEVER.contains(&name_of(arg)));
    let known: Vec<&Arg> = known.collect();
    let mut entries = Vec::new();
    for (name, item) in document.as_table().iter() {
        let key = document.as_table().key(name);
        let start = key.and_then(|key| key.span()).map_or(0, |span| span.start);
        let at = place(path, text, start);
        let Some(&arg) = known.iter().find(|arg| name_of(arg) == name) else {
            bail!("{at}: unknown key `{name}`{}", hint(name, &known));
        };
        let values = values(item, arg).with_context(|| format!("{at}: `{name}`"))?;
        let name = name_of(arg);
        entries.push(Entry {
            name,
            arg,
            values,
            start,
        });
    }
    Ok(entries)
}

/// The known key that is much like `name`, if there is one.
fn hint(name: &str, known: &[&Arg]) -> String {
    let alike = known
        .iter()
        .map(|arg| (strsim::jaro_winkler(name, name_of(arg)), name_of(arg)));
    let alike = alike.filter(|&(similarity, _)| similarity > 0.8);
    match alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, like)) => format!(" (did you mean `{like}`?)"),
        None => String::new(),
    }
}

/// What the option is given for `item`.
fn values(item: &Item, arg: &Arg) -> anyhow::Result<Vec<String>> {
    match (item.as_value(), takes_value(arg)) {
        (Some(Value::Boolean(on)), false) => Ok(vec![String::new(); usize::from(*on.value())]),
        (Some(Value::Array(array)), true) => {
            let words = array
                .iter()
                .map(word)
                .collect::<anyhow::Result<Vec<String>>>()?;
            let once = arg.get_value_delimiter().is_some()
                || !matches!(arg.get_action(), ArgAction::Append);
            let joined = once && !(words.is_empty() && may_be_empty(arg));
            Ok(if joined { vec![words.join(",")] } else { words })
        }
        (Some(value), true) => Ok(vec![word(value)?]),
        (_, false) => bail!("must be true or false"),
        (None, true) => bail!("must be a number, a text or an array of them"),
    }
}

/// Whether an empty list says the same as no list.
fn may_be_empty(arg: &Arg) -> bool {
    arg.get_value_delimiter().is_some() && arg.get_default_values().is_empty()
}

fn word(value: &Value) -> anyhow::Result<String> {
    match value {
        Value::String(text) => Ok(text.value().clone()),
        Value::Integer(number) => Ok(number.value().to_string()),
        Value::Float(number) => Ok(number.value().to_string()),
        _ => bail!("must be a number or a text"),
    }
}

/// `file:line:column`, both from 1.
fn place(path: &Path, text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before
        .rsplit('\n')
        .next()
        .map_or(0, |text| text.chars().count());
    format!("{}:{line}:{column}", path.display())
}

/// Refuses options that would change what a run computes.
fn check_unchanged(
    path: &Path,
    found: &[Entry<'_>],
    options: &Command,
    fit: &ArgMatches,
) -> anyhow::Result<()> {
    for arg in options.get_arguments() {
        let (id, name) = (arg.get_id().as_str(), name_of(arg));
        let named = fit.try_contains_id(id).is_ok()
            && fit.value_source(id) == Some(ValueSource::CommandLine);
        if !named || NEVER.contains(&name) || FREE.contains(&name) {
            continue;
        }
        let Some(given) = raw(fit, id) else { continue };
        let begun = found.iter().find(|entry| entry.name == name);
        let begun = begun.map(|entry| entry.values.join(","));
        if begun.as_deref() != Some(&*given.join(",")) {
            bail!(
                "--{name}: the run began with {}, says {}; a run goes on as it began",
                begun.map_or("another setting".to_owned(), |value| format!("`{value}`")),
                path.display()
            );
        }
    }
    Ok(())
}

/// The words that an option was given, or its default's.
fn raw(matches: &ArgMatches, id: &str) -> Option<Vec<String>> {
    let words = matches.try_contains_id(id).ok().and(matches.get_raw(id))?;
    Some(
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    )
}

/// The options of a parsed command line as a file: those given and the defaults.
pub fn to_toml(command: &Command, matches: &ArgMatches) -> Option<String> {
    let (name, fit) = chosen(matches)?;
    let options = command.find_subcommand(name)?;
    let mut text = heading(name);
    for arg in options.get_arguments() {
        let (id, name) = (arg.get_id().as_str(), name_of(arg));
        let by_default = fit.try_contains_id(id).is_ok()
            && fit.value_source(id) == Some(ValueSource::DefaultValue);
        let skipped = NEVER.contains(&name) || by_default && is_given(options, fit, name);
        let Some(words) = raw(fit, id).filter(|_| !skipped) else {
            continue;
        };
        let many =
            arg.get_value_delimiter().is_some() || matches!(arg.get_action(), ArgAction::Append);
        let values: Vec<String> = words.iter().map(|word| to_value(word)).collect();
        match (takes_value(arg), many) {
            (true, true) => text += &format!("{name} = [{}]\n", values.join(", ")),
            (true, false) => text += &format!("{name} = {}\n", values.concat()),
            (false, _) if words == ["true"] => text += &format!("{name} = true\n"),
            (false, _) => {}
        }
    }
    Some(text)
}

/// A number where it is one that is read back as the same text.
fn to_value(word: &str) -> String {
    let is_integer = word
        .parse::<i64>()
        .is_ok_and(|number| number.to_string() == word);
    let is_float = word.contains('.')
        && word
            .parse::<f64>()
            .is_ok_and(|number| number.to_string() == word);
    if is_integer || is_float {
        word.to_owned()
    } else {
        Value::from(word).to_string()
    }
}
