//! Texts as configuration files: any text, one that nearly is one, and those that the command
//! writes itself. None may panic, and every refusal says where.

use std::path::Path;

use clap::CommandFactory;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Arguments, OsString, read, to_toml};
use crate::cli::{Cli, parse};

/// A sound file with every kind of value.
const SOUND: &str = r#"# A comment, with ü and 漢.
data = "table.csv"
target = ["duration", "waiting"]
hidden = [64, 32]
unit = ["duration=min", 'waiting=\min']
learning-rate = 0.005
steps = 4_000
seed = 0x1f
covariance = "full"
no-standardise = true
skip-missing = false
out = """
model.mdn"""
"#;

/// Pieces of configuration files, and of texts that are none.
const PIECES: &[&str] = &[
    "data",
    "hidden",
    "target",
    "steps",
    "unit",
    "seed",
    "no-standardise",
    "config",
    "hiden",
    "=",
    " = ",
    "\n",
    "\r\n",
    "\r",
    "1",
    "-9223372036854775808",
    "9223372036854775808",
    "1e999",
    "0.5",
    "nan",
    "-inf",
    "true",
    "false",
    "\"",
    "\"\"\"",
    "'",
    "'''",
    "\\",
    "\\u{110000}",
    "\\uD800",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    ".",
    "#",
    "\0",
    "\u{feff}",
    "ü",
    "漢",
    "\u{2028}",
    "1979-05-27T07:32:00Z",
    "[fit]",
    "a.b = 1",
    "\"data\" = 'x'",
];

/// `text` read as the options of `fit` is sound, and the command line takes or refuses it, or the
/// refusal begins with a place within the text.
fn read_or_refused(text: &str) -> Result<(), TestCaseError> {
    let command = Cli::command();
    let options = command.find_subcommand("fit").expect("there is one");
    match read(Path::new("c.toml"), text, options) {
        Ok(entries) => {
            let line = ["mdn-train", "fit"].map(OsString::from).into_iter();
            let all = line.chain(entries.iter().flat_map(super::Entry::arguments));
            let _ = parse(&Arguments {
                all: all.collect(),
                file: None,
            });
            Ok(())
        }
        Err(refusal) => {
            let refusal = refusal.to_string();
            prop_assert!(has_place(&refusal, text), "{refusal:?} of {text:?}");
            Ok(())
        }
    }
}

/// Whether `refusal` begins with file, line and column, and the last two exist in `text`.
fn has_place(refusal: &str, text: &str) -> bool {
    let mut parts = refusal.splitn(4, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (file, line, column, words) = (next(), next().parse(), next().parse(), next());
    let (Ok(line), Ok(column)) = (line, column) else {
        return false;
    };
    let found: Option<&str> = text.split('\n').nth(usize::wrapping_sub(line, 1));
    let columns = 1..=found.map_or(0, |line| 1 + line.chars().count());
    file == "c.toml" && columns.contains(&column) && words.trim().len() > 3
}

/// The sound file after one change: a character removed, replaced or put in.
fn changed(text: &str, kind: u8, at: Index, piece: &str) -> String {
    let mut starts = text.char_indices();
    let Some((start, old)) = starts.nth(at.index(text.chars().count().max(1))) else {
        return piece.to_owned();
    };
    let end = if kind == 0 {
        start
    } else {
        start + old.len_utf8()
    };
    let put_in = if kind == 1 { "" } else { piece };
    [&text[..start], put_in, &text[end..]].concat()
}

/// A text that a file must quote, or a plain one.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[a-z\"'\\\\#=\\[\\] ü漢.0-9]{1,12}",
        "[0-9.e+-]{1,6}"
    ]
    .prop_filter("no option", |word| !word.starts_with('-'))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_read_or_refused_with_its_place(text in any::<String>()) {
        read_or_refused(&text)?;
    }

    #[test]
    fn pieces_of_files_are_read_or_refused(pieces in prop::collection::vec(select(PIECES), 0..24)) {
        read_or_refused(&pieces.concat())?;
    }

    #[test]
    fn a_changed_file_is_read_or_refused(
        changes in prop::collection::vec((0..3_u8, any::<Index>(), select(PIECES)), 1..5),
    ) {
        let text = changes
            .into_iter()
            .fold(SOUND.to_owned(), |text, (kind, at, piece)| changed(&text, kind, at, piece));
        read_or_refused(&text)?;
    }

    /// The options of a run, written as its file and read back, are the same options.
    #[test]
    fn a_written_file_reads_back(
        data in word(),
        target in prop::collection::vec("[a-z ü\"'\\\\]{1,8}", 1..3),
        unit in prop::collection::vec(("[a-z]{1,4}", "[a-z\"\\\\/² ]{1,4}"), 0..3),
        hidden in prop::collection::vec(1..300_u16, 1..3),
        rate in 1e-6..1.0_f32,
        seed in any::<u64>(),
        flag in any::<bool>(),
    ) {
        let mut given = vec!["mdn-train".to_owned(), "fit".to_owned(), data];
        given.push(format!("--target={}", target.join(",")));
        given.extend(unit.iter().map(|(column, unit)| format!("--unit={column}={unit}")));
        let hidden: Vec<String> = hidden.iter().map(u16::to_string).collect();
        given.push(format!("--hidden={}", hidden.join(",")));
        given.extend([format!("--learning-rate={rate}"), format!("--seed={seed}")]);
        given.extend(flag.then(|| "--no-standardise".to_owned()));
        let text = |given: Vec<OsString>| {
            let matches = Cli::command().try_get_matches_from(given);
            matches.map(|matches| to_toml(&Cli::command(), &matches).expect("of a fit"))
        };
        let written = text(given.into_iter().map(OsString::from).collect());
        let written = written.expect("sound options");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("c.toml");
        std::fs::write(&file, &written).expect("room for a file");
        let line = ["mdn-train".into(), "fit".into(), "--config".into(), file.into()];
        let again = Arguments::new(&Cli::command(), line.into()).expect("it was written so");
        prop_assert_eq!(text(again.all).expect("it was written so"), written);
    }
}

#[test]
fn the_sound_file_is_sound() {
    let command = Cli::command();
    let options = command.find_subcommand("fit").expect("there is one");
    let entries = read(Path::new("c.toml"), SOUND, options).expect("sound");
    assert_eq!(entries.len(), 11);
    let steps = entries.iter().find(|entry| entry.name == "steps");
    assert_eq!(steps.expect("it is there").values, ["4000"]);
}

/// No depth of brackets overflows the stack.
#[test]
fn deep_brackets_are_refused() {
    for bracket in ["[", "{a=", "a."] {
        let text = format!("hidden = {}", bracket.repeat(100_000));
        read_or_refused(&text).expect("a place");
        read_or_refused(&bracket.repeat(100_000)).expect("a place");
    }
}
