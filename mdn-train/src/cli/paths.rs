//! The files and folders that arguments name, by what becomes of them.
//!
//! No argument is a plain path: its type says whether the command reads, writes or keeps what it
//! names. So [`claims`] finds all that is read and kept by itself, for any command.

use std::any::TypeId;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TryMapValueParser, TypedValueParser, ValueParserFactory};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use mdn_train::files::Claims;
use mdn_train::run::Run;

use super::fit::hold_out::HeldBy;

fn any(_: &Path) -> Result<(), String> {
    Ok(())
}

/// `-` stands for standard output elsewhere, and is no name that anybody means.
fn names_file(path: &Path) -> Result<(), String> {
    match path.to_str() {
        Some("-") => Err(
            "results go into files, and `predict` and `sample` print them without --out; `./-` is \
             a file of that name"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

/// A kind of path.
macro_rules! path {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(PathBuf);

        impl Deref for $name {
            type Target = Path;

            fn deref(&self) -> &Path {
                &self.0
            }
        }

        impl AsRef<Path> for $name {
            fn as_ref(&self) -> &Path {
                &self.0
            }
        }

        impl ValueParserFactory for $name {
            type Parser = TryMapValueParser<PathBufValueParser, fn(PathBuf) -> Result<Self, String>>;

            fn value_parser() -> Self::Parser {
                PathBufValueParser::new().try_map(|path| $check(&path).map(|()| $name(path)))
            }
        }
    };
}

path! {
    /// A file that the command reads.
    InputFile, any
}
path! {
    /// A file that the command writes.
    OutputFile, names_file
}
path! {
    /// A folder into which the command writes files.
    OutputFolder, names_file
}
path! {
    /// The folder of a run, in which the command keeps its state.
    RunFolder, names_file
}

const FORCE: &str = "force";

/// Gives every command that writes files its `--force`.
pub fn with_force(command: Command) -> Command {
    if !command.get_arguments().any(writes) {
        return command;
    }
    command.arg(
        Arg::new(FORCE)
            .long(FORCE)
            .action(ArgAction::SetTrue)
            .help_heading(None)
            .help(
                "Replace files that mdn-train did not make or that are write-protected; those that \
                 this command reads stay in any case",
            ),
    )
}

/// Whether the argument names a file or a folder that the command writes.
pub fn writes(arg: &Arg) -> bool {
    matches!(Kind::of(arg), Some(Kind::Output | Kind::OutputFolder))
}

/// What the chosen command reads and keeps, so that no result takes the place of it.
pub fn claims(matches: &ArgMatches) -> Claims {
    let mut claims = Claims::new();
    let Some((_, chosen)) = matches.subcommand() else {
        return claims;
    };
    if let Ok(Some(true)) = chosen.try_get_one::<bool>(FORCE) {
        claims.force();
    }
    for id in chosen.ids() {
        // Arguments of other types, and those that were not given, have none.
        let files = chosen.try_get_many::<InputFile>(id.as_str());
        for file in files.ok().flatten().into_iter().flatten() {
            claims.read(file);
        }
        let held = chosen.try_get_one::<HeldBy>(id.as_str());
        if let Some(file) = held.ok().flatten().and_then(HeldBy::file) {
            claims.read(file);
        }
        let folders = chosen.try_get_many::<RunFolder>(id.as_str());
        for folder in folders.ok().flatten().into_iter().flatten() {
            claims.keep(folder, Run::files(folder));
        }
    }
    claims
}

/// Has shells complete the argument where it names a path.
pub fn complete(arg: Arg) -> Arg {
    match Kind::of(&arg) {
        Some(_) => arg.value_hint(ValueHint::AnyPath),
        None => arg,
    }
}

/// What becomes of the path that an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Input,
    Output,
    OutputFolder,
    RunFolder,
}

impl Kind {
    /// None where the argument names no path.
    pub fn of(arg: &Arg) -> Option<Self> {
        let parsed = arg.get_value_parser().type_id();
        let is = |id: TypeId| parsed == id;
        [
            (TypeId::of::<InputFile>(), Kind::Input),
            (TypeId::of::<OutputFile>(), Kind::Output),
            (TypeId::of::<OutputFolder>(), Kind::OutputFolder),
            (TypeId::of::<RunFolder>(), Kind::RunFolder),
        ]
        .into_iter()
        .find_map(|(id, kind)| is(id).then_some(kind))
    }
}
