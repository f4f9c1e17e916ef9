//! Arguments, help, exit statuses and pipes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use crate::support::{Bench, GEYSER};

const COMMANDS: [&str; 11] = [
    "demo",
    "generate",
    "fit",
    "cross-validate",
    "tune",
    "evaluate",
    "predict",
    "sample",
    "plot",
    "inspect",
    "verify",
];

#[test]
fn every_command_has_help_with_an_example_that_parses() {
    let bench = Bench::new();
    let overview = bench.run("--help");
    assert_eq!(overview.code, Some(0));
    assert!(
        overview.stdout.contains("Exit status"),
        "{}",
        overview.stdout
    );
    for command in COMMANDS {
        assert!(
            overview.stdout.contains(&format!("\n  {command} ")),
            "{command}"
        );
        let help = bench.run(&format!("{command} --help")).stdout;
        let (_, examples) = help
            .split_once("Example")
            .unwrap_or_else(|| panic!("{help}"));
        let example = format!("mdn-train {command} ");
        let lines: Vec<&str> = examples
            .lines()
            .filter(|line| line.contains(&example))
            .collect();
        assert!(!lines.is_empty(), "{help}");
        // These need no files.
        let makes_data = ["demo", "generate"].contains(&command);
        for line in lines.iter().filter(|_| !makes_data) {
            let arguments = line.trim_start().trim_start_matches("mdn-train ");
            let arguments = arguments.split(" > ").next().unwrap_or_default();
            // The files are not there: status 1. Arguments that do not parse would give 2.
            let run = bench.run(arguments);
            assert_eq!(run.code, Some(1), "{arguments}: {}", run.stderr);
        }
    }
}

#[test]
fn the_version_says_what_it_was_built_with() {
    let bench = Bench::new();
    let short = bench.run("-V").stdout;
    assert_eq!(short, format!("mdn-train {}\n", env!("CARGO_PKG_VERSION")));
    let long = bench.run("--version").stdout;
    assert!(long.starts_with(short.trim_end()), "{long}");
    for words in [
        "target    ",
        "compiler  rustc 1.",
        "scalar",
        "tables    CSV",
    ] {
        assert!(long.contains(words), "{words} in {long}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let bench = Bench::new();
    let manual = bench.run("man").stdout;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = bench.run(&format!("completions {shell}")).stdout;
        for command in COMMANDS {
            assert!(text.contains(command), "{shell}: {command}");
            assert!(manual.contains(&command.replace('-', "\\-")), "{command}");
        }
        assert!(text.contains("checkpoint-interval"), "{shell}");
    }
    assert_eq!(bench.run("man --out pages").code, Some(0));
    let page = bench.read("pages/mdn-train-fit.1");
    assert!(page.contains("weight\\-decay"), "{page}");
    assert_eq!(bench.run("completions nosuchshell").code, Some(2));
}

#[test]
fn wrong_usage_is_status_2() {
    let bench = Bench::new();
    for arguments in [
        "",
        "train data.csv",
        "fit",
        "fit data.csv",
        "fit data.csv --target y --colour",
        "fit data.csv --target y --hidden 0",
        "fit data.csv --target y --hidden 8,",
        "fit data.csv --target y --activation sine",
        "fit data.csv --target y --components 0",
        "fit data.csv --target y --components 70000",
        "fit data.csv --target y --covariance round",
        "fit data.csv --target y --scale-floor 0",
        "fit data.csv --target y --scale-floor nan",
        "fit data.csv --target y --steps 0",
        "fit data.csv --target y --steps 5 --epochs 5",
        "fit data.csv --target y --batch most",
        "fit data.csv --target y --learning-rate=-1",
        "fit data.csv --target y --learning-rate nan",
        "fit data.csv --target y --weight-decay=-1",
        "fit data.csv --target y --clip=-1",
        "fit data.csv --target y --clip inf",
        "fit data.csv --target y --warm-up 1",
        "fit data.csv --target y --schedule linear",
        "fit data.csv --target y --initial zero",
        "fit data.csv --target y --validation 1",
        "fit data.csv --target y --validation=-0.1",
        "fit data.csv --target y --validation nan",
        "fit data.csv --target y --unit y",
        "fit data.csv --target y --seed=-1",
        "predict model.mdn data.csv --quantiles 0,0.5",
        "predict model.mdn data.csv --quantiles 50",
        "predict model.mdn data.csv --upper-quantiles 1",
        "predict model.mdn data.csv --cdf y=",
        "predict model.mdn data.csv --survival nan",
        "predict model.mdn data.csv --between 3",
        "predict model.mdn data.csv --between y=3:2",
        "predict model.mdn data.csv --modes 0",
        "predict model.mdn data.csv --given y=inf",
        "predict model.mdn data.csv --given =3",
        "sample model.mdn data.csv --draws 0",
        "sample model.mdn data.csv --temperature=-1",
        "sample model.mdn data.csv --temperature 1,inf",
        "sample model.mdn data.csv --temperature 1,1,1",
        "fit data.csv --targets 0",
        "fit data.csv --target y --targets 1",
        "generate",
        "generate spiral",
        "generate two-link-arm --rows 0",
        "demo --problem spiral",
        "demo --points 3",
        "demo --steps 0",
    ] {
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments}");
    }
    assert!(bench.names().is_empty());
}

#[test]
fn wrong_usage_is_an_object_with_json() {
    let run = Bench::new().run("fit data.csv --target y --steps none --json");
    let words = run.object()["error"].as_str().unwrap().to_owned();
    assert!(
        words.contains("--steps") && !words.starts_with("error"),
        "{words}"
    );
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    assert!(
        Bench::new()
            .run("fit --help --json")
            .stdout
            .contains("Usage")
    );
}

/// Starts `arguments`, reads one line of its output and hangs up.
fn hang_up(bench: &Bench, arguments: &str) {
    let mut child = Command::new(cargo_bin!("mdn-train"))
        .args(arguments.split_whitespace())
        .current_dir(bench.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(!line.is_empty());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments}: {stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 5 --hidden 3 -k 2"
    ));
    // More than any pipe holds.
    for options in ["", "--json"] {
        hang_up(
            &bench,
            &format!("sample model.mdn {GEYSER} --draws 500 {options}"),
        );
    }
    hang_up(&bench, &format!("predict model.mdn {GEYSER}"));
}

#[test]
fn a_negative_number_is_a_value_and_no_option() {
    let bench = Bench::new();
    for (arguments, told) in [
        (
            "generate bishop --seed -1",
            "invalid value '-1' for '--seed <SEED>': a whole number from 0 to 18446744073709551615",
        ),
        ("fit t.csv --targets 1 --seed -1", "a whole number from 0"),
        (
            "fit t.csv --targets 1 --learning-rate -0.1",
            "invalid value '-0.1'",
        ),
        (
            "predict m.mdn t.csv --quantiles -0.5",
            "a probability between 0 and 1",
        ),
    ] {
        let run = bench.run(arguments);
        assert!(run.error(2).contains(told), "{arguments}: {}", run.stderr);
    }
}

#[test]
fn a_dash_is_no_file_for_results() {
    let bench = Bench::new();
    for arguments in [
        "generate bishop --out -",
        "predict m.mdn t.csv -o -",
        "fit t.csv --targets 1 --run -",
        "man --out -",
    ] {
        let run = bench.run(arguments);
        assert!(
            run.error(2).contains("results go into files"),
            "{}",
            run.stderr
        );
    }
    bench.json("generate bishop -n 1 --out ./-");
    assert_eq!(bench.names(), ["-"]);
}

#[test]
fn completions_and_manual_pages_are_objects_with_json() {
    let bench = Bench::new();
    for (arguments, key) in [("completions bash", "script"), ("man", "page")] {
        let text = bench.run(arguments).stdout;
        assert_eq!(bench.json(arguments)[key], text.as_str());
    }
    let files = bench.json("man --out pages")["files"].clone();
    let files: Vec<&str> = files
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|f| f.as_str())
        .collect();
    assert!(files.contains(&"pages/mdn-train-fit.1"), "{files:?}");
    assert!(files.iter().all(|file| bench.path(file).exists()));
}
