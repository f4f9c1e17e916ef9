//! Bytes as a configuration file: read and taken, or refused with its place; what is taken is written
//! as a file that reads back as the same.
//!
//! The reader is part of the program `mdn-train`, not of its library, so it is compiled in from its
//! source. It knows options by their [`Command`] alone; here is one with an option of every kind.

// Formatted where it belongs; from here its tests are not found.
#[rustfmt::skip]
#[path = "../../mdn-train/src/cli/config_file.rs"]
mod config_file;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, process};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use config_file::{Arguments, to_toml};

static COMMAND: LazyLock<Command> = LazyLock::new(|| {
    let options = [
        Arg::new("data"),
        path("config"),
        path("resume"),
        path("out"),
        option("target").value_delimiter(','),
        option("hidden").default_value("64,64"),
        option("unit").action(ArgAction::Append),
        option("steps")
            .value_parser(value_parser!(u32))
            .conflicts_with("epochs"),
        option("epochs").value_parser(value_parser!(u32)),
        option("learning-rate")
            .value_parser(value_parser!(f32))
            .default_value("0.005"),
        option("covariance")
            .value_parser(["diagonal", "full"])
            .default_value("diagonal"),
        option("no-standardise").action(ArgAction::SetTrue),
    ];
    let subcommands = ["fit", "tune"].map(|name| Command::new(name).args(options.clone()));
    Command::new("mdn-train").subcommands(subcommands)
});

/// On the disk, where the reader looks for it.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| env::temp_dir().join(format!("mdn-fuzz-{}.toml", process::id())));

fn option(name: &'static str) -> Arg {
    Arg::new(name).long(name)
}

fn path(name: &'static str) -> Arg {
    option(name).value_parser(value_parser!(PathBuf))
}

pub fn any(bytes: &[u8]) {
    let Some(arguments) = read(bytes) else {
        return;
    };
    match COMMAND.clone().try_get_matches_from(&arguments.all) {
        Ok(matches) => reads_back(&matches),
        Err(refusal) => {
            let place = arguments.place(&refusal);
            assert!(place.is_none_or(|place| has_place(&format!("{place}: "), bytes)));
        }
    }
}

/// The command line with what the file adds; `None` for a refusal.
fn read(bytes: &[u8]) -> Option<Arguments> {
    fs::write(&*FILE, bytes).expect("a folder for temporary files");
    let line = ["mdn-train", "fit", "--config"]
        .map(OsString::from)
        .into_iter();
    match Arguments::new(&COMMAND, line.chain([FILE.clone().into()]).collect()) {
        Ok(arguments) => Some(arguments),
        Err(refusal) => {
            let refusal = refusal.to_string();
            let is_text = str::from_utf8(bytes).is_ok();
            assert!(!is_text || has_place(&refusal, bytes), "{refusal:?}");
            None
        }
    }
}

/// What a run would write as its configuration, read again and written again, is the same.
fn reads_back(matches: &ArgMatches) {
    let written = to_toml(&COMMAND, matches).expect("it is `fit`");
    let again = read(written.as_bytes()).expect("it was written");
    let matches = COMMAND.clone().try_get_matches_from(&again.all);
    let matches = matches.expect("it was taken before");
    assert_eq!(to_toml(&COMMAND, &matches).expect("it is `fit`"), written);
}

/// Whether `refusal` begins with file, line and column, and the last two exist in the file.
fn has_place(refusal: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let place = refusal.strip_prefix(&format!("{}:", FILE.display()));
    let mut parts = place.unwrap_or_default().splitn(3, ':');
    let mut number = || parts.next()?.parse::<usize>().ok();
    let (Some(line), Some(column)) = (number(), number()) else {
        return false;
    };
    let found = text.split('\n').nth(line.wrapping_sub(1));
    found.is_some_and(|line| (1..=1 + line.chars().count()).contains(&column))
}
