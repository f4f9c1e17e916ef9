//! A process whose float unit something has put into a wrong mode before `main`, as libraries do that
//! are linked with `-ffast-math`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Bench, GEYSER};

/// MXCSR's modes, with what `verify` must call them.
const MODES: [(u32, &[&str]); 6] = [
    (0x8000, &["results-flushed"]),
    (0x0040, &["inputs-flushed"]),
    (0x8040, &["results-flushed", "inputs-flushed"]),
    (0x2000, &["rounds-down"]),
    (0x4000, &["rounds-up"]),
    (0x6000, &["rounds-toward-zero"]),
];

/// Builds a library that sets `bits` in MXCSR when it is loaded.
fn library(bench: &Bench, bits: u32) -> std::path::PathBuf {
    let mxcsr = 0x1f80 | bits;
    bench.write(
        "mode.c",
        format!(
            "__attribute__((constructor)) static void set(void) \
             {{ __builtin_ia32_ldmxcsr({mxcsr}); }}"
        ),
    );
    let (source, library) = (bench.path("mode.c"), bench.path("mode.so"));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(built.is_ok_and(|status| status.success()), "cc failed");
    library
}

fn run(bench: &Bench, library: &std::path::Path, arguments: &str) -> Output {
    assert_cmd::cargo::cargo_bin_cmd!("mdn-train")
        .args(arguments.split_whitespace())
        .current_dir(bench.path(""))
        .env("LD_PRELOAD", library)
        .output()
        .unwrap()
}

#[test]
fn verify_names_the_mode_and_every_other_command_sets_it_right() {
    let bench = Bench::new();
    let fit = format!("fit {GEYSER} --target duration --steps 20 --seed 3 --out");
    assert_eq!(bench.run(&format!("{fit} right.mdn")).code, Some(0));
    let question = format!("predict right.mdn {GEYSER} --quantiles 1e-40,0.5 --summary");
    let answer = bench.run(&question);
    for (bits, names) in MODES {
        let library = library(&bench, bits);
        for level in mdn_infer::Level::available() {
            let verify = format!("verify right.mdn --json --level {}", level.name());
            let verified = run(&bench, &library, &verify);
            assert_eq!(verified.status.code(), Some(1), "{verify}, {bits:#x}");
            let found: Value = serde_json::from_slice(&verified.stdout).unwrap();
            assert_eq!(found["float_unit"]["passed"], false);
            assert_eq!(found["float_unit"]["faults"], serde_json::json!(names));
            assert_eq!(found["float_unit"]["control"], 0x1f80 | bits);
            let words = String::from_utf8(verified.stderr).unwrap();
            assert!(
                words.contains("the float unit is in a wrong mode"),
                "{words}"
            );
        }

        let predicted = run(&bench, &library, &question);
        assert!(predicted.stdout == answer.stdout.as_bytes(), "{bits:#x}");
        let words = String::from_utf8(predicted.stderr).unwrap();
        assert!(words.contains("set right for this command"), "{words}");

        run(&bench, &library, &format!("{fit} wrong.mdn"));
        let file = |name| std::fs::read(bench.path(name)).unwrap();
        assert!(file("wrong.mdn") == file("right.mdn"), "{bits:#x}");
    }
}
