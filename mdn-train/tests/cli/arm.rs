//! The two-link arm on the command line: its data, its demonstration, and how they agree.

use mdn_train::data::generators::{Pose, two_link_arm, two_link_arm_entropy};

use crate::support::{Bench, assert_picture, assert_self_contained, column, columns, number};

#[test]
fn generate_writes_the_table_of_the_library() {
    let bench = Bench::new();
    let made = bench.json("generate two-link-arm --rows 50 --seed 3 --out arm.csv");
    assert_eq!(made["inputs"], serde_json::json!(["x", "y"]));
    assert_eq!(made["targets"], serde_json::json!(["shoulder", "elbow"]));
    assert_eq!(number(&made, "rows"), 50.0);
    assert_eq!(number(&made, "floor_nll"), two_link_arm_entropy());
    let table = columns(&bench.read("arm.csv"));
    let expected = two_link_arm(50, 3);
    for (i, name) in ["x", "y", "shoulder", "elbow"].into_iter().enumerate() {
        let values = expected.values.iter().skip(i).step_by(4).copied();
        assert_eq!(column(&table, name), values.collect::<Vec<f64>>());
    }
    let other = bench.json("generate inverse-sine --rows 20");
    assert_eq!(other["file"], "inverse-sine.csv");
    assert_eq!(format!("{:.4}", number(&other, "floor_nll")), "1.2880");
    assert_eq!(bench.names(), ["arm.csv", "inverse-sine.csv"]);
}

#[test]
fn the_demo_is_what_fit_does_and_says_what_became_of_both_solutions() {
    let bench = Bench::new();
    let found = bench.json("demo --problem two-link-arm --points 400 --steps 200 --out short");
    assert_eq!(found["problem"], "two-link-arm");
    assert_eq!(number(&found, "floor_nll"), two_link_arm_entropy());
    let share = number(&found, "both_solutions_recovered");
    assert!((0.0..=1.0).contains(&share), "{share}");
    assert!(number(&found, "tips") > 700.0);
    for picture in ["two-link-arm", "heatmap", "data", "loss"] {
        assert_picture(&bench.path(&format!("short/{picture}.png")));
    }
    let html = bench.read("short/report.html");
    assert_self_contained(&html);
    assert!(html.contains(&format!("{:.1}%", 100.0 * share)));
    let units = "--unit x=m --unit y=m --unit shoulder=rad --unit elbow=rad";
    bench.json(&format!(
        "fit short/data.csv --targets 2 --covariance full --steps 200 {units}"
    ));
    let model = std::fs::read(bench.path("model.mdn")).unwrap();
    assert!(model == std::fs::read(bench.path("short/model.mdn")).unwrap());
    // The classic problem has no such figures.
    let classic = bench.json("demo --steps 150 --points 50 --out classic");
    assert!(classic.get("both_solutions_recovered").is_none());
}

#[test]
fn the_modes_of_a_fitted_model_are_the_solutions() {
    let bench = Bench::new();
    bench.json("generate two-link-arm --rows 3000 --seed 1 --out arm.csv");
    bench.json("fit arm.csv --targets 2 --covariance full --steps 2000");
    let tips = [[0.7, 0.2], [0.55, -0.1], [0.5, 0.3]];
    let rows: String = tips.iter().map(|[x, y]| format!("{x},{y}\n")).collect();
    bench.write("tips.csv", format!("x,y\n{rows}"));
    let answers = bench.answers("predict model.mdn tips.csv --summary --modes 2");
    for (row, tip) in tips.into_iter().enumerate() {
        let mode = |i: usize, joint: &str| answers.number(row, &format!("mode_{i}_{joint}"));
        let upper = if mode(1, "elbow") < 0.0 { 1 } else { 2 };
        for (pose, i) in Pose::reaching(tip).unwrap().iter().zip([upper, 3 - upper]) {
            let error = (mode(i, "shoulder") - pose.shoulder).hypot(mode(i, "elbow") - pose.elbow);
            assert!(error < 0.1, "{tip:?}: {pose:?} missed by {error}");
        }
    }
}

#[test]
fn targets_counts_columns_from_the_end() {
    let bench = Bench::new();
    bench.json("generate two-link-arm --rows 60 --out arm.csv");
    let few = "--steps 5 --hidden 3 -k 2";
    bench.json(&format!("fit arm.csv --targets 2 {few} --out counted.mdn"));
    bench.json(&format!(
        "fit arm.csv --target shoulder,elbow {few} --out named.mdn"
    ));
    let read = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(read("counted.mdn"), read("named.mdn"));
    let run = bench.run(&format!("fit arm.csv --targets 4 {few}"));
    assert_eq!(
        run.error(1),
        "--targets 4 leaves no column as input: arm.csv has 4 columns"
    );
}
