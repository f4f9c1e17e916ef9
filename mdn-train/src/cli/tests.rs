//! No result of any command takes the place of what that command reads or keeps.

mod help;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Arg;
use tempfile::TempDir;

use super::config_file::Arguments;
use super::output::Output;
use super::paths::{InputFile, Kind, RunFolder, writes};
use super::{command_line, parse};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/geyser.csv");
const SMALL: &str = "--targets 1 --steps 3 --hidden 2 -k 2";

/// A folder with one of each file that a command may read or keep. Words of arguments that begin
/// with `@` are paths in it.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Bench(tempfile::tempdir().unwrap());
        fs::copy(TABLE, bench.path("t.csv")).unwrap();
        fs::create_dir(bench.path("x")).unwrap();
        fs::write(bench.path("c.toml"), "targets = 1\n").unwrap();
        for setup in [
            format!("fit @t.csv {SMALL} --run @fitted --checkpoint-interval 0"),
            format!("tune @t.csv {SMALL} --trials 2 --folds 2 --run @tuned"),
        ] {
            bench.run(&setup).unwrap();
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn arguments(&self, words: &str) -> Arguments {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).into_os_string(),
            None => OsString::from(word),
        };
        let given = ["mdn-train"].into_iter().chain(words.split_whitespace());
        Arguments::new(&command_line(), given.map(word).collect()).unwrap()
    }

    fn run(&self, words: &str) -> anyhow::Result<()> {
        let (cli, claims) =
            parse(&self.arguments(words)).unwrap_or_else(|e| panic!("{words}: {e}"));
        cli.command.run(claims, &mut Output::new(true))
    }

    /// The files that the command reads or keeps, as far as they are there.
    fn victims(&self, words: &str) -> Vec<PathBuf> {
        let line = command_line().ignore_errors(true);
        let matches = line.get_matches_from(&self.arguments(words).all);
        let (_, chosen) = matches.subcommand().unwrap();
        let mut victims = Vec::new();
        for id in chosen.ids().map(|id| id.as_str()) {
            let files = chosen.try_get_many::<InputFile>(id).ok().flatten();
            victims.extend(files.into_iter().flatten().map(|file| file.to_path_buf()));
            let folders = chosen.try_get_many::<RunFolder>(id).ok().flatten();
            for folder in folders.into_iter().flatten() {
                let files = fs::read_dir(folder).unwrap();
                let files = files.map(|entry| entry.unwrap().path());
                let own =
                    |path: &PathBuf| !path.ends_with("model.mdn") && !path.ends_with("trials.png");
                victims.extend(files.filter(own));
            }
        }
        victims
    }

    /// Everything in the folder.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut contents = BTreeMap::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => drop(contents.insert(path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        contents
    }

    /// Runs a command that must be refused and change nothing.
    fn refused(&self, words: &str) {
        let before = self.contents();
        let error = self.run(words).expect_err(words).to_string();
        assert!(error.contains("another name"), "{words}: {error}");
        assert!(self.contents() == before, "{words}");
    }

    /// Other names of `victim`, each in the folder.
    fn names(&self, victim: &Path) -> Vec<String> {
        let inside = victim
            .strip_prefix(self.0.path())
            .unwrap()
            .to_str()
            .unwrap();
        let mut names = vec![inside.to_owned(), format!("./x/../{inside}")];
        if cfg!(unix) {
            for (link, soft) in [("soft", true), ("hard", false)] {
                self.link(victim, link, soft);
                names.push(link.to_owned());
            }
        }
        names
    }

    /// Gives `victim` the other name `link`.
    fn link(&self, victim: &Path, link: &str, soft: bool) {
        let link = self.path(link);
        if fs::symlink_metadata(&link).is_ok() {
            fs::remove_file(&link).unwrap();
        }
        #[cfg(unix)]
        if soft {
            return std::os::unix::fs::symlink(victim, link).unwrap();
        }
        fs::hard_link(victim, link).unwrap();
    }
}

/// Commands that read or keep as much as they can, without their outputs. Every command with an
/// output stands here.
const COMMANDS: [&str; 12] = [
    "demo --steps 100 --points 20",
    "generate bishop -n 3",
    "fit @t.csv --config @c.toml --steps 1",
    "fit --resume @fitted",
    "tune @t.csv --config @c.toml --steps 1 --trials 1",
    "tune --resume @tuned",
    "predict @fitted/model.mdn @t.csv",
    "sample @fitted/model.mdn @t.csv",
    "plot @fitted/model.mdn @t.csv",
    "quantize @fitted/model.mdn --weights i8 --calibrate @t.csv",
    "prune @fitted/model.mdn --data @t.csv --threshold 1",
    "man",
];

/// Every command with every option of it that is of the kind.
fn options(kind: Kind) -> impl Iterator<Item = (&'static str, String)> {
    let line = command_line();
    let mut without: Vec<String> = line
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    let mut found = Vec::new();
    for words in COMMANDS {
        let name = words.split(' ').next().unwrap();
        without.retain(|other| other != name);
        let of_kind = |arg: &&Arg| Kind::of(arg) == Some(kind);
        let arguments = line.find_subcommand(name).unwrap().get_arguments();
        // The model of `tune` goes into the bench too.
        let long = |arg: &Arg| match arg.get_long().unwrap() {
            "picture" if !words.contains("--resume") => "--out @best.mdn --picture".to_owned(),
            long => format!("--{long}"),
        };
        found.extend(arguments.filter(of_kind).map(|arg| (words, long(arg))));
    }
    for name in without {
        let mut arguments = line.find_subcommand(&name).unwrap().get_arguments();
        assert!(
            !arguments.any(writes),
            "{name} has an output and is not tested"
        );
    }
    found.into_iter()
}

#[test]
fn every_path_says_what_becomes_of_it() {
    for command in command_line().get_subcommands() {
        for arg in command.get_arguments() {
            let place = format!("{} {}", command.get_name(), arg.get_id());
            let parsed = arg.get_value_parser().type_id();
            for plain in [TypeId::of::<PathBuf>(), TypeId::of::<OsString>()] {
                assert!(parsed != plain, "{place}: is it read, written or kept?");
            }
            let values = arg.get_value_names().unwrap_or_default();
            let names_path = values
                .iter()
                .any(|name| ["FILE", "DIR"].contains(&name.as_str()));
            assert!(!names_path || Kind::of(arg).is_some(), "{place}");
        }
    }
}

#[test]
fn no_file_takes_the_place_of_what_its_command_reads_or_keeps() {
    let bench = Bench::new();
    let mut tried = 0;
    for (words, option) in options(Kind::Output) {
        for victim in bench.victims(words) {
            for name in bench.names(&victim) {
                bench.refused(&format!("{words} {option} @{name}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn no_file_in_a_folder_takes_the_place_of_what_its_command_reads() {
    let bench = Bench::new();
    for (number, (words, option)) in options(Kind::OutputFolder).enumerate() {
        let folder = format!("out{number}");
        let words = format!("{words} {option} @{folder}");
        bench.run(&words).unwrap();
        let mut written: Vec<String> = fs::read_dir(bench.path(&folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        written.sort();
        assert!(written.len() > 5, "{words}: {written:?}");
        let mut victims = bench.victims(&words);
        let others: &[&str] = match words.split(' ').next() {
            Some("plot") => &["fitted/metrics.jsonl"],
            // These read nothing: the file of another result is all that can be lost.
            Some("demo") => &["out0/data.csv", "out0/model.mdn"],
            _ => &["out2/mdn-train.1", "out2/mdn-train-fit.1"],
        };
        victims.extend(others.iter().map(|other| bench.path(other)));
        for (turn, name) in written.iter().enumerate() {
            let path = bench.path(&folder).join(name);
            let others = victims.iter().filter(|victim| **victim != path);
            let victim = others.cycle().nth(turn).unwrap();
            let kept = fs::read(&path).unwrap();
            bench.link(victim, &format!("{folder}/{name}"), turn % 2 == 0);
            bench.refused(&words);
            fs::remove_file(&path).unwrap();
            fs::write(&path, kept).unwrap();
        }
    }
}

#[test]
fn no_file_takes_the_place_of_what_another_program_or_kind_of_result_made() {
    let bench = Bench::new();
    bench.run("generate bishop -n 3 --out @drawn").unwrap();
    for (words, option) in options(Kind::Output) {
        let words = format!("{words} {option} @f");
        let mut others: Vec<Vec<u8>> = ["name,amount\nmine,1\n", "x,t\n0.1,0.9\n", "<svg >"]
            .map(|text| text.as_bytes().to_vec())
            .into();
        let makes_model = option == "--out" && !["gene", "pred", "samp"].contains(&&words[..4]);
        let other_kind = ["fitted/model.mdn", "drawn"][usize::from(makes_model)];
        others.push(fs::read(bench.path(other_kind)).unwrap());
        for other in others {
            fs::write(bench.path("f"), other).unwrap();
            bench.refused(&words);
        }
        bench.run(&format!("{words} --force")).unwrap();
        // Its own result it replaces without a question, and an empty file.
        bench.run(&words).unwrap();
        fs::write(bench.path("f"), "").unwrap();
        bench.run(&words).unwrap();
        assert!(fs::metadata(bench.path("f")).unwrap().len() > 0, "{words}");
    }
}

#[test]
fn no_file_in_a_folder_takes_the_place_of_what_another_program_made() {
    let bench = Bench::new();
    for (number, (words, option)) in options(Kind::OutputFolder).enumerate() {
        let folder = bench.path(&format!("out{number}"));
        let words = format!("{words} {option} @out{number}");
        bench.run(&words).unwrap();
        bench.run(&words).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let own = fs::read(&path).unwrap();
            // Not even another result of the same kind, which somebody put there.
            let drawn = "x,y\n0,0\n";
            let model = fs::read(bench.path("fitted/model.mdn")).unwrap();
            for other in [b"mine".to_vec(), drawn.into(), model] {
                fs::write(&path, other).unwrap();
                bench.refused(&words);
            }
            fs::write(&path, own).unwrap();
        }
        fs::write(folder.join("report.html"), "mine").unwrap();
        fs::write(folder.join("mdn-train.1"), "mine").unwrap();
        bench.run(&format!("{words} --force")).unwrap();
        bench.run(&words).unwrap();
    }
}

#[test]
fn two_results_of_a_command_do_not_share_a_file() {
    let bench = Bench::new();
    let tune = "tune @t.csv --targets 1 --trials 1";
    bench.refused(&format!("{tune} --out @new --picture @x/../new"));
    bench.refused(&format!("{tune} --run @r --picture @r/model.mdn"));
    bench.refused(&format!("{tune} --run @r --picture @r/checkpoint-0"));
}
