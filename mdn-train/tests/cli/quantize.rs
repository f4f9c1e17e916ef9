//! Narrow model files: made, used like any other, and what does not become one.

use std::fs;

use crate::support::{Bench, GEYSER, number};

#[test]
fn narrow_models_are_used_like_any_other() {
    let bench = Bench::new();
    bench.fit_geyser();
    let before = bench.json(&format!("evaluate model.mdn {GEYSER}"));
    for (weights, most) in [("f16", 0.001), ("bf16", 0.005), ("i8", 0.01)] {
        let made = bench.json(&format!(
            "quantize model.mdn --weights {weights} --calibrate {GEYSER} --out {weights}.mdn"
        ));
        assert_eq!(made["weights"], weights);
        assert_eq!(made["calibrated"], true);
        let bytes = fs::metadata(bench.path(&format!("{weights}.mdn")))
            .unwrap()
            .len();
        assert_eq!(number(&made, "file_bytes"), bytes as f64);
        assert!(number(&made, "file_bytes") < number(&made, "file_bytes_before"));

        let after = bench.json(&format!("evaluate {weights}.mdn {GEYSER}"));
        for score in ["nll", "crps"] {
            let change = number(&after, score) - number(&before, score);
            // Apart from how JSON reads the last digit of a number.
            let said = number(&made, &format!("{score}_change"));
            assert!(
                (said - change).abs() < 1e-14,
                "{weights}, {score}: {said} {change}"
            );
            assert!(change.abs() < most, "{weights}, {score}: {change}");
        }
        let moved = number(&made["mean_change"], "deviations");
        assert!(moved > 0.0 && moved < 0.1, "{weights}: {moved}");
        assert_eq!(made["mean_change"]["target"], "duration");
        let line = number(&made["mean_change"], "line");
        assert!((2.0..=300.0).contains(&line), "{weights}: {line}");
        let rounding = number(&made, "kernel_rounding_of_largest");
        assert!(rounding > 0.0 && rounding < 0.005, "{weights}: {rounding}");

        let inspected = bench.json(&format!("inspect {weights}.mdn"));
        assert_eq!(inspected["storage"], weights);
        assert_eq!(inspected["format_version"], 4);
        let verified = bench.json(&format!("verify {weights}.mdn"));
        assert_eq!(verified["golden_bits_equal"], true);
        let rows = bench.answers(&format!("predict {weights}.mdn {GEYSER} --summary"));
        assert_eq!(rows.len(), 299);
    }
    let inspected = bench.json("inspect model.mdn");
    assert_eq!(inspected["storage"], "f32");
    assert_eq!(inspected["format_version"], 4);
}

#[test]
fn the_words_say_what_was_measured_and_on_what() {
    let bench = Bench::new();
    bench.fit_geyser();
    let run = bench.run("quantize model.mdn --weights i8 --out narrow.mdn");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for words in [
        "narrow.mdn: i8 kernels",
        "2000 rows drawn: inputs with the file's shift and scale, targets from the model itself",
        "NLL ",
        "CRPS ",
        "standard deviations of the mixture (duration)\n",
        "largest rounding ",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let run = bench.run("verify narrow.mdn");
    assert!(
        run.stdout.contains("rounding of activations"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_does_not_become_narrow_is_refused_and_leaves_nothing() {
    let bench = Bench::new();
    bench.fit_geyser();
    bench.json("quantize model.mdn --weights f16 --out narrow.mdn");
    let refused = |arguments: &str, code: i32| {
        let run = bench.run(&format!("quantize {arguments} --out out.mdn"));
        assert_eq!(run.stdout, "");
        assert!(!bench.path("out.mdn").exists());
        run.error(code).to_owned()
    };
    let words = refused("narrow.mdn --weights i8", 1);
    assert!(
        words.contains("narrow.mdn: its kernels are f16 already"),
        "{words}"
    );
    assert!(refused("nowhere.mdn --weights i8", 1).contains("no such file"));
    refused("model.mdn --weights f32", 2);
    refused("model.mdn", 2);
    bench.write("other.csv", "waiting\n1\n");
    let words = refused("model.mdn --weights i8 --calibrate other.csv", 1);
    assert!(words.contains("no column `duration`"), "{words}");
    let run = bench.run("quantize model.mdn --weights i8 --out missing/out.mdn");
    assert!(
        run.error(1).starts_with("cannot write missing/out.mdn: "),
        "{}",
        run.stderr
    );
}
