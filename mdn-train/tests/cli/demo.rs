//! The demonstration, cut short.

use std::collections::BTreeSet;
use std::f64::consts::{E, PI};

use mdn_infer::Level;
use serde_json::Value;

#[cfg(unix)]
use crate::runs::{signal, start, until};
use crate::support::{Bench, assert_picture, assert_self_contained, column, columns, number};

const PICTURES: [&str; 4] = ["data.png", "loss.png", "heatmap.png", "samples.png"];

#[test]
fn the_demo_leaves_everything_in_its_folder() {
    let bench = Bench::new();
    let found = bench.json("demo --steps 300 --out short");
    let mut expected = BTreeSet::from(["data.csv", "model.mdn", "report.html"]);
    expected.extend(PICTURES);
    let drawings = PICTURES.map(|name| name.replace(".png", ".svg"));
    expected.extend(drawings.iter().map(String::as_str));
    let expected: BTreeSet<String> = expected
        .iter()
        .map(|name| format!("short/{name}"))
        .collect();
    let files = found["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str);
    assert_eq!(files.map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    assert_eq!(bench.names(), ["short"]);
    assert_eq!(
        std::fs::read_dir(bench.path("short")).unwrap().count(),
        expected.len() + 1,
        "and the list of them"
    );
    for picture in PICTURES {
        assert_picture(&bench.path("short").join(picture));
    }
    assert_self_contained(&bench.read("short/report.html"));
    let data = columns(&bench.read("short/data.csv"));
    assert_eq!(
        (column(&data, "x").len(), column(&data, "y").len()),
        (1000, 1000)
    );
    check_figures(&bench, &found);
}

fn check_figures(bench: &Bench, found: &Value) {
    // 300 of 10,000 steps: better than a normal distribution with the spread of y, 21/√12, and
    // worse than the floor that no model can pass.
    let normal = (2.0 * PI * E * 21_f64.powi(2) / 12.0).ln() / 2.0;
    let floor = number(found, "floor_nll");
    for key in ["train_nll", "heldout_nll"] {
        let nll = number(found, key);
        assert!(floor < nll && nll < normal, "{key} {nll}, floor {floor}");
    }
    assert_eq!(found["golden_bits_equal"], true);
    assert!(number(found, "max_relative_error") < 1e-5, "{found}");
    let bytes = std::fs::metadata(bench.path("short/model.mdn"))
        .unwrap()
        .len();
    assert_eq!(number(found, "file_bytes"), bytes as f64);
    // 1 → 24 → 24 logits, 24 means, 24 scales.
    assert_eq!(number(found, "parameters"), (2 * 24 + 25 * 72) as f64);
    for level in Level::available() {
        let verified = bench.json(&format!("verify short/model.mdn --level {}", level.name()));
        assert_eq!(verified["output_hash"], found["output_hash"]);
        assert_eq!(verified["max_relative_error"], found["max_relative_error"]);
    }
    // The data file is the training data.
    let scored = bench.json("evaluate short/model.mdn short/data.csv");
    assert!((number(&scored, "nll") - number(found, "train_nll")).abs() < 1e-9);
}

#[test]
fn the_seed_decides_the_demo() {
    let bench = Bench::new();
    let hash = |options: &str| {
        bench.json(&format!("demo --steps 150 --points 50 {options}"))["output_hash"].clone()
    };
    let first = hash("--out a");
    assert_eq!(hash("--out b"), first);
    assert_ne!(hash("--out c --seed 1"), first);
}

#[cfg(unix)]
#[test]
fn a_stopped_demo_leaves_the_best_model_so_far() {
    let bench = Bench::new();
    let child = start(&bench, "demo --steps 1000000 --out d");
    until("the points", || bench.path("d/data.csv").exists());
    signal(&child, "-INT");
    let told = child.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(130), "{words}");
    assert!(words.contains("stopped by a signal"), "{words}");
    let told = bench.json("verify d/model.mdn");
    assert_eq!(told["golden_bits_equal"], true, "{told}");
    assert!(bench.path("d/report.html").exists());
}

/// Every default of `fit` can be turned off, which leaves the tutorial's recipe.
#[test]
fn the_recipe_of_the_tutorial_can_be_given_to_fit() {
    let bench = Bench::new();
    bench.json("demo --steps 400 --points 200 --out d");
    bench.json(
        "fit d/data.csv --target y --hidden 24 --activation sigmoid -k 24 --covariance isotropic \
         --scale-floor 0.2 --no-standardise --validation 0 --steps 400 --batch full --initial glorot \
         --learning-rate 0.001 --schedule constant --weight-decay 0 --clip 0 --averaging 0 \
         --noise never --starts 1 --patience 0 --moments 0 --polish 0 --input-transform none --saturate none",
    );
    let model = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(model("model.mdn"), model("d/model.mdn"));
}
