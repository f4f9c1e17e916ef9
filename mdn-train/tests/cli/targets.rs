//! Several targets, drawn from a distribution whose entropy is known.

use mdn_infer::Level;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro128PlusPlus;
use serde_json::Value;

use crate::support::{Bench, assert_picture, assert_self_contained, column, columns, number};

const NOISE: f64 = 0.1;

/// Two branches, (x, −x) and (x + 3, 3 − x), equally likely, with noise of 0.1 on `u` and
/// correlated noise on `v`.
fn branches(rows: usize, seed: u64) -> String {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
    let mut text = "x;u;v\n".to_owned();
    for _ in 0..rows {
        let x = rng.random_range(-1.0..1.0);
        let branch = if rng.random_bool(0.5) { 3.0 } else { 0.0 };
        let [a, b]: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
        let u = x + branch + NOISE * a;
        let v = branch - x + NOISE * (0.8 * a + 0.6 * b);
        text += &format!("{x};{u};{v}\n");
    }
    text
}

/// The entropy of (u, v) given x: one bit for the branch and that of the noise, whose factor has
/// the determinant 0.1 · 0.06.
fn entropy() -> f64 {
    2_f64.ln()
        + (2.0 * std::f64::consts::PI * std::f64::consts::E).ln()
        + (NOISE * 0.6 * NOISE).ln()
}

fn fitted(covariance: &str) -> (Bench, Value) {
    let bench = Bench::new();
    bench.write("train.csv", branches(2000, 1));
    bench.write("fresh.csv", branches(2000, 2));
    let options = "--hidden 16 -k 2 --steps 1500 --learning-rate 0.01 --covariance";
    let fit = bench.json(&format!(
        "fit train.csv --target u,v {options} {covariance}"
    ));
    (bench, fit)
}

#[test]
fn full_covariance_comes_close_to_the_truth() {
    let (bench, _) = fitted("full");
    let found = bench.json("evaluate model.mdn fresh.csv");
    // The mean of 2000 surprises has a standard error of √(1/2000) nats: each is the entropy
    // plus half of a χ² with two degrees, which has variance 1, and never less on average.
    let excess = number(&found, "nll") - entropy();
    assert!((-4.0 / 2000_f64.sqrt()..0.15).contains(&excess), "{excess}");
    for target in 0..2 {
        let coverage = number(&found["targets"][target], "coverage_90");
        assert!(
            (coverage - 0.9).abs() < 4.0 * (0.09_f64 / 2000.0).sqrt() + 0.01,
            "{coverage}"
        );
    }
    // The mean lies halfway between the branches, 1.5 from each.
    let rmse = (1.5_f64.powi(2) + NOISE.powi(2)).sqrt();
    assert!((number(&found, "rmse") - rmse).abs() < 0.05, "{found}");
}

#[test]
fn a_diagonal_covariance_misses_the_correlation_and_no_more() {
    let (bench, _) = fitted("diagonal");
    let found = bench.json("evaluate model.mdn fresh.csv");
    // Correlation 0.8 is worth −½ ln(1 − 0.64) nats.
    let missed = -0.5 * (1.0 - 0.64_f64).ln();
    let excess = number(&found, "nll") - entropy() - missed;
    // The variance of ½(a² + b²) is 1 + 0.8² for a and b of variance 1 and correlation 0.8.
    let error = (1.64_f64 / 2000.0).sqrt();
    assert!((-4.0 * error..0.15).contains(&excess), "{excess}");
}

#[test]
fn every_command_knows_every_target() {
    let (bench, _) = fitted("isotropic");
    let ask = "predict model.mdn fresh.csv --quantiles 0.5 --out p.csv";
    let all = [
        "line",
        "outside_range",
        "u_mean",
        "u_sd",
        "u_q0.5",
        "v_mean",
        "v_sd",
        "v_q0.5",
        "log_density",
        "weight_1",
        "u_mean_1",
        "u_sd_1",
        "v_mean_1",
        "v_sd_1",
        "weight_2",
        "u_mean_2",
        "u_sd_2",
        "v_mean_2",
        "v_sd_2",
    ];
    for (more, count) in [("", 9), (" --summary", 9), (" --full", all.len())] {
        let predicted = bench.json(&format!("{ask}{more}"));
        let columns = [&all[..count], &["problem"]].concat();
        assert_eq!(predicted["columns"], serde_json::json!(columns));
    }
    let both = bench.run(&format!("{ask} --full --summary"));
    assert!(
        both.error(2).contains("cannot be used with"),
        "{}",
        both.stderr
    );
    let drawn = columns(&bench.run("sample model.mdn fresh.csv").stdout);
    let (u, v) = (column(&drawn, "u"), column(&drawn, "v"));
    // A draw takes both targets from one branch: never u of one and v of the other.
    let apart = |(u, v): (&f64, &f64)| (u + v - 3.0).abs() > 1.5;
    let together = u.iter().zip(v).filter(|&pair| apart(pair)).count();
    assert!(together > 1980, "{together} of 2000");
    let plotted = bench.json("plot model.mdn fresh.csv");
    let files: Vec<&str> = plotted["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    // Five pictures for each target, two for both, each in two kinds, and the report.
    assert_eq!(files.len(), 25);
    for file in files.iter().filter(|file| file.ends_with(".png")) {
        let common = ["pictures/pair.png", "pictures/weights.png"].contains(file);
        assert!(
            common || file.ends_with("-1.png") || file.ends_with("-2.png"),
            "{file}"
        );
        assert_picture(&bench.path(file));
    }
    assert_self_contained(&bench.read("pictures/report.html"));
    assert_eq!(bench.json("inspect model.mdn")["covariance"], "isotropic");
    let hash = |level: Level| {
        bench.json(&format!("verify model.mdn --level {}", level.name()))["output_hash"].clone()
    };
    let hashes: Vec<Value> = Level::available().map(hash).collect();
    assert!(hashes.iter().all(|found| *found == hashes[0]), "{hashes:?}");
}
