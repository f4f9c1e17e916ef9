//! `--weights` in every command that trains or scores, and equal rows of a table without it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Bench, number};

const SMALL: &str = "--target y --steps 60 --hidden 6 -k 2";

/// `w.csv` has weights 0 to 3, `c.csv` as many copies of its rows, from the last to the first.
fn bench() -> Bench {
    let bench = Bench::new();
    let (mut weights, mut copies) = ("x,w,y\n".to_owned(), Vec::new());
    for row in 0..200_u32 {
        let of = |factor: u32| f64::from(row.wrapping_mul(factor) >> 8) / f64::from(1 << 24);
        let (x, weight) = (of(2_654_435_769), row % 4);
        let y = x * x + 0.2 * of(3_266_489_917);
        writeln!(weights, "{x},{weight},{y}").unwrap();
        copies.extend((0..weight).map(|_| format!("{x},{y}\n")));
    }
    copies.reverse();
    bench.write("w.csv", weights);
    bench.write("c.csv", format!("x,y\n{}", copies.concat()));
    bench
}

#[test]
fn fit_has_one_model_of_weights_and_copies() {
    let bench = bench();
    let fitted = bench.json(&format!("fit w.csv {SMALL} --weights w --out w.mdn"));
    assert_eq!(fitted["weights"], "w");
    let rows = number(&fitted, "train_rows") + number(&fitted, "validation_rows");
    assert_eq!(rows, 300.0);
    let copied = bench.json(&format!("fit c.csv {SMALL} --out c.mdn"));
    assert!(copied.get("weights").is_none());
    for key in [
        "train_nll",
        "validation_nll",
        "normal_nll",
        "anomaly_threshold",
    ] {
        let (found, expected) = (number(&fitted, key), number(&copied, key));
        assert!((found - expected).abs() < 1e-9, "{key}: {found} {expected}");
    }
    let bytes = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert!(bytes("w.mdn") == bytes("c.mdn"));
    bench.json(&format!(
        "fit w.csv {SMALL} --weights w --out d.mdn --stream-above 0"
    ));
    assert!(bytes("w.mdn") == bytes("d.mdn"));
    bench.write(
        "fit.toml",
        "weights = \"w\"\ntarget = [\"y\"]\nsteps = 60\nhidden = [6]\ncomponents = 2\n",
    );
    bench.json("fit w.csv --config fit.toml --out f.mdn");
    assert!(bytes("w.mdn") == bytes("f.mdn"));
    let run = bench.run(&format!("fit w.csv {SMALL} --weights w --out w2.mdn"));
    let note = "note: 50 rows left out, as the weight in column `w` is 0 there";
    assert!(run.stderr.contains(note), "{}", run.stderr);
}

#[test]
fn evaluate_scores_as_of_copies() {
    let bench = bench();
    bench.json(&format!("fit w.csv {SMALL} --weights w --out m.mdn"));
    let found = bench.json("evaluate m.mdn w.csv --weights w");
    let expected = bench.json("evaluate m.mdn c.csv");
    for key in [
        "rows",
        "nll",
        "normal_nll",
        "anomaly_share",
        "crps",
        "rmse",
        "coverage_90",
    ] {
        let (found, expected) = (number(&found, key), number(&expected, key));
        assert!((found - expected).abs() < 1e-9, "{key}: {found} {expected}");
    }
    assert_eq!(
        found["targets"][0]["pit_histogram"],
        expected["targets"][0]["pit_histogram"]
    );
    let codes = |of: &Value| {
        let all = of["diagnostics"].as_array().unwrap().iter();
        all.map(|one| one["code"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&found), codes(&expected));
    let bare = bench.json("evaluate m.mdn w.csv");
    assert_eq!(number(&bare, "rows"), 200.0);
}

#[test]
fn cross_validate_and_tune_have_the_scores_of_copies() {
    let bench = bench();
    for (command, keys) in [
        (
            "cross-validate --folds 3",
            &["rows", "nll_mean", "crps_mean"][..],
        ),
        (
            "tune --trials 2 --folds 2",
            &["rows", "train_nll", "validation_nll"],
        ),
    ] {
        let found = bench.json(&format!("{command} w.csv {SMALL} --weights w"));
        let expected = bench.json(&format!("{command} c.csv {SMALL}"));
        assert_eq!(found["weights"], "w");
        for key in keys {
            let of = |result: &Value| number(result, key);
            assert_eq!(of(&found), of(&expected), "{command}: {key}");
        }
    }
}

/// A run goes on with the weights that it began with, and no others.
#[test]
fn runs_know_their_weights() {
    let bench = bench();
    bench.json(&format!(
        "fit w.csv {SMALL} --weights w --run r --checkpoint-interval 0"
    ));
    bench.json("fit --resume r");
    let text = bench.read("w.csv");
    bench.write("w.csv", text.replacen(",1,", ",2,", 1));
    let run = bench.run("fit --resume r");
    assert!(
        run.error(1).contains("the table has changed"),
        "{}",
        run.stderr
    );
}

#[test]
fn bad_weights_are_refused_with_their_place_and_nothing_is_written() {
    let bench = bench();
    bench.json(&format!("fit w.csv {SMALL} --weights w --out m.mdn"));
    let text = bench.read("w.csv");
    let names = bench.names();
    for weight in ["-1", "inf", "two"] {
        bench.write("w.csv", text.replacen(",3,", &format!(",{weight},"), 1));
        for command in [
            &format!("fit w.csv {SMALL} --weights w --out n.mdn"),
            &format!("fit w.csv {SMALL} --weights w --out n.mdn --stream-above 0"),
            &format!("cross-validate w.csv {SMALL} --weights w"),
            &format!("tune w.csv {SMALL} --weights w --out n.mdn"),
            "evaluate m.mdn w.csv --weights w",
        ] {
            let run = bench.run(command);
            let words = format!("w.csv:5: column `w`: `{weight}` is no weight of a row");
            assert!(run.error(1).contains(&words), "{command}: {}", run.stderr);
        }
        assert_eq!(bench.names(), names);
    }
    bench.write("w.csv", "x,w,y\n1,0,2\n2,0,3\n");
    for command in [
        &*format!("fit w.csv {SMALL} --weights w"),
        "evaluate m.mdn w.csv --weights w",
    ] {
        let run = bench.run(command);
        let words = "w.csv: the weights in column `w` are 0 in every row, so that none is left";
        assert!(run.error(1).contains(words), "{}", run.stderr);
    }
    bench.write("w.csv", text);
    let run = bench.run(&format!("fit w.csv {SMALL} --weights v"));
    assert!(run.error(1).contains("`v`"), "{}", run.stderr);
}
