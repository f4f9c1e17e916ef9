//! `cross-validate`: its folds are fits, its figures their scores.

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

use crate::support::{Bench, GEYSER, mean_and_error, number};

const CHOICES: &str = "--target duration --steps 100 --hidden 8 -k 2";

/// The value `key` of each fold.
fn of_folds(result: &Value, key: &str) -> Vec<f64> {
    let folds = result["folds"].as_array().unwrap();
    folds.iter().map(|fold| number(fold, key)).collect()
}

#[test]
fn a_fold_is_what_fit_and_evaluate_say() {
    let bench = Bench::new();
    bench.write(
        "splits.json",
        "[[0, 3, 5, 250], [7, 8, 9, 100, 101, 102, 103]]",
    );
    let result = bench.json(&format!(
        "cross-validate {GEYSER} {CHOICES} --test-rows splits.json"
    ));
    let table = std::fs::read_to_string(GEYSER).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    let tests = [0, 3, 5, 250];
    let (mut training, mut testing) = (format!("{header}\n"), format!("{header}\n"));
    for (number, row) in rows.lines().enumerate() {
        let part = match tests.contains(&number) {
            true => &mut testing,
            false => &mut training,
        };
        part.push_str(&format!("{row}\n"));
    }
    bench.write("training.csv", training);
    bench.write("testing.csv", testing);
    let fitted = bench.json(&format!("fit training.csv {CHOICES}"));
    let scored = bench.json("evaluate model.mdn testing.csv");
    let fold = &result["folds"][0];
    for key in ["nll", "crps", "rmse", "coverage_50", "coverage_90"] {
        assert_eq!(number(fold, key), number(&scored, key), "{key}");
    }
    for key in [
        "train_rows",
        "validation_rows",
        "validation_nll",
        "best_step",
    ] {
        assert_eq!(fold[key], fitted[key], "{key}");
    }
    assert_eq!(fold["test_rows"], 4);
}

#[test]
fn means_and_errors_are_those_of_the_folds() {
    let bench = Bench::new();
    let result = bench.json(&format!("cross-validate {GEYSER} {CHOICES} --folds 4"));
    let tested: f64 = of_folds(&result, "test_rows").iter().sum();
    assert_eq!(tested, number(&result, "rows"));
    for key in ["nll", "crps", "rmse", "calibration_error"] {
        let (mean, error) = mean_and_error(&of_folds(&result, key));
        let found = number(&result, &format!("{key}_mean"));
        assert!((found - mean).abs() < 1e-12, "{key}");
        let found = number(&result, &format!("{key}_standard_error"));
        // Its variance divides by the folds; that of an unbiased estimate by one less.
        assert!(
            (found - error * (4.0_f64 / 3.0).sqrt()).abs() < 1e-12,
            "{key}"
        );
    }
    let covered = of_folds(&result, "coverage_90").iter().sum::<f64>() / 4.0;
    assert!((number(&result, "coverage_90_mean") - covered).abs() < 1e-12);
    // Below the normal distribution that knows no inputs, far above certainty.
    assert!((0.2..1.2).contains(&number(&result, "nll_mean")));
}

#[test]
fn repeats_take_the_next_seeds_and_a_second_run_finds_the_same() {
    let bench = Bench::new();
    let command = format!("cross-validate {GEYSER} {CHOICES} --folds 2 --json");
    let folds = |more: &str, threads: &str| {
        let mut program = cargo_bin_cmd!("mdn-train");
        program.args(command.split(' ').chain(more.split_whitespace()));
        let output = program.env("RAYON_NUM_THREADS", threads).output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        object["folds"].as_array().unwrap().clone()
    };
    let twice = folds("--repeats 2 --seed 4", "1");
    assert_eq!(twice.len(), 4);
    assert_eq!(twice[..2], folds("--seed 4", "3"));
    let seeds: Vec<_> = twice.iter().map(|fold| number(fold, "seed")).collect();
    assert_eq!(seeds, [4.0, 4.0, 5.0, 5.0]);
    let nll = |fold: &Value| number(fold, "nll");
    let next = folds("--seed 5", "2");
    let found: Vec<f64> = twice[2..].iter().map(nll).collect();
    assert_eq!(found, next.iter().map(nll).collect::<Vec<_>>());
    drop(bench);
}

#[test]
fn splits_that_cannot_be_used_are_refused_by_name() {
    let bench = Bench::new();
    bench.write("beyond.json", "[[0], [1, 299]]");
    bench.write("object.json", "{\"folds\": 3}");
    for (file, words) in [
        (
            "beyond.json",
            "beyond.json: split 2 names row 299, but the table has rows 0 to 298",
        ),
        ("object.json", "object.json: not a JSON list of splits"),
        ("none.json", "none.json: cannot be read"),
    ] {
        let run = bench.run(&format!(
            "cross-validate {GEYSER} {CHOICES} --test-rows {file}"
        ));
        assert!(run.error(1).starts_with(words), "{}", run.stderr);
    }
    let run = bench.run(&format!("cross-validate {GEYSER} {CHOICES} --folds 300"));
    assert_eq!(
        run.error(1),
        format!("{GEYSER}: 299 rows are too few for 300 folds; fewer --folds need fewer rows")
    );
    bench.write("gap.csv", "x,y\n1,2\n2,3\n3,\n4,5\n5,4\n6,1\n");
    bench.write("first.json", "[[0]]");
    let run = bench.run("cross-validate gap.csv --target y --skip-missing --test-rows first.json");
    assert!(run.error(1).contains("1 row left out"), "{}", run.stderr);
}
