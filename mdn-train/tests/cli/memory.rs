//! Limits on memory and threads: a message and exit status 1, never an abort.

use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::support::{Bench, GEYSER};

/// Every command, each with little to do.
const COMMANDS: [&str; 17] = [
    "demo --steps 150 --points 20 --out d",
    "generate two-link-arm -n 1000 --out arm.csv",
    "fit t.csv --targets 1 --steps 3 --hidden 4 -k 2 --out f.mdn",
    "fit t.csv --targets 1 --steps 3 --hidden 4 -k 2 --ensemble 3 --out e.mdn",
    "fit t.csv --targets 1 --steps 2 --hidden 600,600 --out w.mdn",
    "fit t.csv --targets 1 --steps 2 --stream-above 1 --out s.mdn",
    "cross-validate t.csv --targets 1 --steps 3 --folds 2",
    "tune t.csv --targets 1 --steps 3 --folds 2 --trials 2 --out t.mdn",
    "evaluate m.mdn t.csv",
    "predict m.mdn t.csv",
    "sample m.mdn t.csv --draws 100",
    "plot m.mdn t.csv --out p",
    "inspect m.mdn",
    "quantize m.mdn --weights i8 --out q.mdn",
    "prune m.mdn --data t.csv --threshold 1 --out r.mdn",
    "verify m.mdn",
    "man",
];

fn bench() -> Bench {
    let bench = Bench::new();
    std::fs::copy(GEYSER, bench.path("t.csv")).unwrap();
    bench.json("fit t.csv --targets 1 --steps 3 --hidden 4 -k 2 --out m.mdn");
    bench
}

/// Runs the program under a limit of `ulimit`; its status, which is none where a signal ended it, and
/// what it said on standard error.
fn limited(bench: &Bench, limit: &str, arguments: &str) -> (Option<i32>, String) {
    let (code, words, _) = limited_whole(bench, limit, arguments);
    (code, words)
}

/// As [`limited`], and what it said on standard output.
fn limited_whole(bench: &Bench, limit: &str, arguments: &str) -> (Option<i32>, String, String) {
    let program = cargo_bin("mdn-train").display().to_string();
    let script = format!("ulimit {limit} && exec {program} {arguments}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let [out, words] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.code(), words, out)
}

/// The least limit on memory, in megabytes, under which the program can say its version.
fn least(bench: &Bench) -> usize {
    let runs = |limit: &usize| {
        let (code, _) = limited(bench, &format!("-v {}", limit << 10), "--version");
        code == Some(0)
    };
    (8..4000).find(runs).expect("some limit is enough")
}

/// Runs every command under each limit; whether all of them did their work under the last.
fn climb(limits: impl Iterator<Item = usize>) -> bool {
    let bench = bench();
    let mut all_done = false;
    for limit in limits {
        all_done = true;
        for arguments in COMMANDS {
            let limit_on_memory = format!("-v {}", limit << 10);
            let arguments = &format!("{arguments} --json");
            let (code, words, out) = limited_whole(&bench, &limit_on_memory, arguments);
            all_done &= code == Some(0);
            let told = words.contains("error: ") || words.contains("memory allocation of");
            assert!(
                code == Some(0) || code == Some(1) && told,
                "{limit} MB: {arguments}: {code:?}: {words}"
            );
            let object: Value = serde_json::from_str(&out).unwrap_or_else(|error| {
                panic!("{limit} MB: {arguments}: {error} in {out:?}: {words}")
            });
            assert_eq!(object["error"].is_string(), code == Some(1), "{object}");
        }
    }
    all_done
}

#[cfg(target_os = "linux")]
#[test]
fn too_little_memory_is_a_message() {
    let least = least(&Bench::new());
    assert!(climb([0, 3, 10, 2000].into_iter().map(|more| least + more)));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a thousand runs of the program: `just memory`"]
fn too_little_memory_is_a_message_at_every_limit() {
    let least = least(&Bench::new());
    let limits = (least..least + 60).chain((least + 60..least + 300).step_by(10));
    assert!(climb(limits.chain([2000])));
}

#[cfg(target_os = "linux")]
#[test]
fn no_threads_are_no_failure() {
    let bench = bench();
    for arguments in COMMANDS {
        // Every thread would take more than all memory for its stack.
        let limit = "-v 2000000 && export RUST_MIN_STACK=4000000000";
        let (code, words) = limited(&bench, limit, arguments);
        assert_eq!(code, Some(0), "{arguments}: {words}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_known_to_be_too_large_is_refused_before_training() {
    let bench = bench();
    let fit = "fit t.csv --targets 1 --hidden 20000,20000";
    let (code, words) = limited(&bench, "-v 4000000", fit);
    assert_eq!(code, Some(1), "{words}");
    let told = "training a network of 401260060 parameters takes some 12246 MB of memory, and ";
    assert!(words.contains(told), "{words}");
}

#[test]
fn a_line_without_end_is_refused() {
    let bench = bench();
    let row = |cells: &str| format!("duration,waiting\n{cells}\n").into_bytes();
    for start in [Vec::new(), row("1,2")] {
        let line = vec![b'7'; 80 << 20];
        bench.write("long.csv", [start, line].concat());
        for arguments in ["fit long.csv --targets 1", "evaluate m.mdn long.csv"] {
            let run = bench.run(arguments);
            let told = "long.csv: cannot be read as text: a line of more than 64 MB";
            assert!(run.error(1).starts_with(told), "{}", run.stderr);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn draws_are_not_held() {
    let bench = bench();
    // All of them at a time took 400 MB.
    for json in ["", " --json"] {
        let (code, words) = limited(
            &bench,
            "-v 330000",
            &format!("sample m.mdn t.csv --draws 6000{json}"),
        );
        assert_eq!(code, Some(0), "{words}");
    }
}
