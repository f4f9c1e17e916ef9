//! Every option says what it is, which values it takes and what it is unless given.

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command};
use mdn_infer::Level;

use super::command_line;

/// Options without which nothing of the kind is done or asked.
const NOTHING_BY_DEFAULT: [&str; 21] = [
    "between",
    "categorical",
    "cdf",
    "config",
    "epochs",
    "given",
    "hdr",
    "interval",
    "mean-above",
    "mean-below",
    "modes",
    "resume",
    "run",
    "shortfall",
    "survival",
    "target",
    "targets",
    "test-rows",
    "unit",
    "upper-quantiles",
    "upper-shortfall",
];

/// Words that options take without a list of clap's.
const WORDS: [(&str, &[&str]); 4] = [
    ("batch", &["full", "auto"]),
    ("transform", &["log", "logit"]),
    ("delimiter", &["tab"]),
    ("hold-out", &["random", "last", "group:COL", "rows:FILE"]),
];

fn visit(mut look: impl FnMut(&str, &Arg, String)) {
    let mut line = command_line();
    line.build();
    let commands = line
        .get_subcommands_mut()
        .filter(|c| c.get_name() != "help");
    for command in commands {
        let name = command.get_name().to_owned();
        let help = command.render_long_help().to_string();
        for arg in command.get_arguments() {
            look(&name, arg, section(command, &help, arg));
        }
    }
}

/// What the help says of an argument, its lines joined.
fn section(command: &Command, help: &str, arg: &Arg) -> String {
    let starts = |line: &str| {
        let line = line.trim_start();
        let long = |arg: &Arg| format!("--{}", arg.get_long().unwrap_or("?"));
        let is = |arg: &Arg, line: &str| match arg.get_long() {
            Some(_) => line.split([' ', ',']).any(|word| word == long(arg)),
            None => line.starts_with(&format!("<{}>", arg.get_id().as_str().to_uppercase())),
        };
        let named = line.starts_with('-') || line.starts_with('<');
        named.then(|| command.get_arguments().find(|arg| is(arg, line)))
    };
    let own = |line: &str| {
        let found = starts(line)?;
        Some(found.is_some_and(|found| found.get_id() == arg.get_id()))
    };
    let (mut inside, mut words) = (false, Vec::new());
    for line in help.lines() {
        let indented = line.starts_with("  ") || line.is_empty();
        inside = indented
            && own(line)
                .filter(|_| !line.starts_with("          "))
                .unwrap_or(inside);
        if inside {
            words.push(line.trim());
        }
    }
    words.join(" ")
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

#[test]
fn every_argument_says_what_it_is() {
    let mut seen = 0;
    visit(|command, arg, words| {
        let place = format!("{command} {}", arg.get_id());
        let help = arg.get_long_help().or(arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 5, "{place}: {help}");
        let start: String = help
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ");
        assert!(words.contains(&start), "{place}: {words}");
        seen += 1;
    });
    assert!(seen > 150, "{seen}");
}

#[test]
fn every_choice_lists_its_values() {
    let mut lists = 0;
    visit(|command, arg, words| {
        let place = format!("{command} {}", arg.get_id());
        let values = arg.get_possible_values();
        for value in values.iter().filter(|_| takes_value(arg)) {
            assert!(words.contains(value.get_name()), "{place}: {words}");
            lists += 1;
        }
        let known = |name: &str| arg.get_long() == Some(name);
        for (_, all) in WORDS.iter().filter(|(name, _)| known(name)) {
            let quoted = |word: &&str| words.contains(&format!("`{word}`"));
            assert!(all.iter().all(quoted), "{place}: {words}");
        }
        if known("level") {
            let all = Level::available().map(Level::name);
            all.for_each(|name| assert!(words.contains(name), "{place}: {words}"));
        }
    });
    assert!(lists > 50, "{lists}");
    // No list is hidden.
    visit(|command, arg, _| {
        let hidden = arg.is_hide_possible_values_set() || arg.is_hide_default_value_set();
        let values = arg.get_possible_values();
        let hidden = hidden || values.iter().any(PossibleValue::is_hide_set);
        assert!(!hidden, "{command} {}", arg.get_id());
    });
}

#[test]
fn every_option_says_its_default() {
    let mut found = 0;
    visit(|command, arg, words| {
        let Some(long) = arg.get_long().filter(|_| takes_value(arg)) else {
            return;
        };
        let place = format!("{command} --{long}: {words}");
        let told = words.contains("[default: ");
        let none = arg.is_required_set() || NOTHING_BY_DEFAULT.contains(&long);
        assert_ne!(told, none, "{place}");
        for value in arg.get_default_values() {
            assert!(words.contains(&*value.to_string_lossy()), "{place}");
        }
        found += usize::from(told);
    });
    assert!(found > 100, "{found}");
}
