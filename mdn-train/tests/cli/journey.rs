//! From a real table to a model and everything that is done with it.

use serde_json::Value;

use crate::support::{
    Bench, GEYSER, assert_picture, assert_self_contained, column, columns, mean, mean_and_error,
    number,
};

fn durations() -> Vec<f64> {
    let table = columns(&std::fs::read_to_string(GEYSER).unwrap());
    column(&table, "duration").to_vec()
}

/// The mean negative log-density of a normal distribution with the values' own moments.
fn gaussian_nll(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    let variance = mean(values.iter().map(|value| (value - centre).powi(2)));
    0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * variance).ln()
}

fn fitted() -> (Bench, Value) {
    let bench = Bench::new();
    let fit = bench.fit_geyser();
    (bench, fit)
}

#[test]
fn fit_reports_what_it_made() {
    let (bench, fit) = fitted();
    assert_eq!(fit["model"], "model.mdn");
    assert_eq!(
        number(&fit, "train_rows") + number(&fit, "validation_rows"),
        299.0
    );
    assert_eq!(number(&fit, "validation_rows"), 30.0);
    // 1 → 16 → 3 logits, 3 means, 3 scales.
    assert_eq!(number(&fit, "parameters"), (2 * 16 + 17 * 9) as f64);
    let bytes = std::fs::metadata(bench.path("model.mdn")).unwrap().len();
    assert_eq!(number(&fit, "file_bytes"), bytes as f64);
    assert!(number(&fit, "best_step") <= number(&fit, "steps"));
    assert!(number(&fit, "steps") <= 300.0);
    assert!(number(&fit, "seconds") > 0.0);
    assert_eq!(fit["warnings"], Value::Array(Vec::new()));
    let naive = gaussian_nll(&durations());
    assert!(
        (number(&fit, "normal_nll") - naive).abs() < 1e-5,
        "{fit} against {naive}"
    );
    assert!(
        number(&fit, "train_nll") < naive - 0.2,
        "{fit} against {naive}"
    );
    assert!(
        number(&fit, "validation_nll") < naive,
        "{fit} against {naive}"
    );
}

#[test]
fn the_same_seed_makes_the_same_file() {
    let (bench, _) = fitted();
    let first = std::fs::read(bench.path("model.mdn")).unwrap();
    bench.fit_geyser();
    assert_eq!(std::fs::read(bench.path("model.mdn")).unwrap(), first);
    let seed = "--steps 300 --hidden 16 -k 3 --seed 1";
    bench.json(&format!("fit {GEYSER} --target duration {seed}"));
    assert_ne!(std::fs::read(bench.path("model.mdn")).unwrap(), first);
}

#[test]
fn evaluate_agrees_with_fit_and_with_statistics() {
    let (bench, fit) = fitted();
    let found = bench.json(&format!("evaluate model.mdn {GEYSER}"));
    assert_eq!(number(&found, "rows"), 299.0);
    assert_eq!(number(&found, "skipped_rows"), 0.0);
    assert_eq!(number(&found, "zero_density_rows"), 0.0);
    assert_eq!(found["normal_nll"], fit["normal_nll"]);
    // The whole table is the training rows and the validation rows.
    let part =
        |name: &str| number(&fit, &format!("{name}_nll")) * number(&fit, &format!("{name}_rows"));
    let expected = (part("train") + part("validation")) / 299.0;
    assert!(
        (number(&found, "nll") - expected).abs() < 1e-9,
        "{found} for {expected}"
    );
    // Binomial: four standard deviations of 299 rows either way.
    for (key, probability) in [("coverage_50", 0.5_f64), ("coverage_90", 0.9)] {
        let allowed = 4.0 * (probability * (1.0 - probability) / 299.0).sqrt();
        let coverage = number(&found, key);
        assert!((coverage - probability).abs() < allowed, "{key} {coverage}");
        assert_eq!(number(&found["targets"][0], key), coverage);
    }
    // No mean can be worse than the constant one by more than a little.
    let spread = mean_and_error(&durations()).1 * 299_f64.sqrt();
    assert!(
        number(&found, "rmse") < 1.05 * spread,
        "{found} for {spread}"
    );
    let target = &found["targets"][0];
    assert_eq!(target["name"], "duration");
    let histogram = target["pit_histogram"].as_array().unwrap();
    assert_eq!(histogram.len(), 10);
    assert_eq!(histogram.iter().filter_map(Value::as_u64).sum::<u64>(), 299);
}

#[test]
fn predictions_hang_together() {
    let (bench, _) = fitted();
    let nll = number(&bench.json(&format!("evaluate model.mdn {GEYSER}")), "nll");
    bench.json(&format!(
        "predict model.mdn {GEYSER} --full --out predicted.csv"
    ));
    let table = columns(&bench.read("predicted.csv"));
    let named = |name: &str| column(&table, &format!("duration_{name}"));
    assert_eq!(named("mean").len(), 299);
    // The text is that of a binary32, whose value it is to within half a unit in the last place.
    let log_density = column(&table, "log_density").iter();
    let log_density = log_density.map(|&value| f64::from(value as f32));
    assert!((mean(log_density) + nll).abs() < 1e-9);
    let quantiles = ["q0.05", "q0.25", "q0.5", "q0.75", "q0.95"].map(named);
    for row in 0..299 {
        let q = quantiles.map(|quantile| quantile[row]);
        assert!(q.is_sorted_by(|a, b| a < b), "row {row}: {q:?}");
        // A median lies within one standard deviation of the mean, for any distribution.
        let (centre, sd) = (named("mean")[row], named("sd")[row]);
        assert!(
            (q[2] - centre).abs() <= sd,
            "row {row}: {q:?} about {centre}"
        );
        let weights = ["weight_1", "weight_2", "weight_3"].map(|name| column(&table, name)[row]);
        assert!(
            (weights.iter().sum::<f64>() - 1.0).abs() < 1e-6,
            "{weights:?}"
        );
        let means = ["mean_1", "mean_2", "mean_3"].map(|name| named(name)[row]);
        let mixed: f64 = weights.iter().zip(means).map(|(w, m)| w * m).sum();
        assert!(
            (mixed - centre).abs() < 1e-5 * centre.abs(),
            "{mixed} for {centre}"
        );
    }
}

#[test]
fn predictions_are_the_same_on_every_way_out() {
    let (bench, _) = fitted();
    let predict = format!("predict model.mdn {GEYSER} --quantiles 0.1,0.9 --summary");
    let printed = bench.run(&predict);
    assert_eq!(printed.code, Some(0));
    let filed = bench.json(&format!("{predict} --out p.csv"));
    assert_eq!(filed["file"], "p.csv");
    assert_eq!(bench.read("p.csv"), printed.stdout);
    let object = bench.json(&predict);
    let header = ["mean", "sd", "q0.1", "q0.9"].map(|name| format!("duration_{name}"));
    let header: Vec<String> = ["line", "outside_range"]
        .map(str::to_owned)
        .into_iter()
        .chain(header)
        .chain(["log_density", "problem"].map(str::to_owned))
        .collect();
    let table = columns(&printed.stdout);
    let names: Vec<_> = table.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, header);
    assert_eq!(object["columns"], serde_json::json!(header));
    for (row, cells) in object["rows"].as_array().unwrap().iter().enumerate() {
        for (cell, (_, column)) in cells.as_array().unwrap().iter().zip(&table) {
            match cell.as_f64() {
                Some(number) => assert_eq!(number as f32, column[row] as f32),
                None => assert!(cell.is_null() && column[row].is_nan()),
            }
        }
    }
}

#[test]
fn a_table_without_targets_can_be_predicted() {
    let (bench, _) = fitted();
    bench.write("new.csv", "note,waiting\nshort,50\nlong,90\n");
    let run = bench.run("predict model.mdn new.csv --summary");
    let table = columns(&run.stdout);
    assert!(table.iter().all(|(name, _)| name != "log_density"));
    // After a short wait the eruption is long, and the other way round.
    let centres = column(&table, "duration_mean");
    assert!(centres[0] > centres[1] + 0.5, "{centres:?}");
    let from_stdin = bench.run_with("predict model.mdn - --summary", bench.read("new.csv"));
    assert_eq!(from_stdin.stdout, run.stdout);
    let evaluate = bench.run("evaluate model.mdn new.csv");
    assert!(
        evaluate.error(1).contains("no column `duration`"),
        "{}",
        evaluate.stderr
    );
}

#[test]
fn draws_have_the_predicted_moments() {
    const DRAWS: usize = 200;
    let (bench, _) = fitted();
    let predicted = columns(
        &bench
            .run(&format!("predict model.mdn {GEYSER} --full"))
            .stdout,
    );
    let (centres, spreads) = (
        column(&predicted, "duration_mean"),
        column(&predicted, "duration_sd"),
    );
    let drawn = columns(
        &bench
            .run(&format!("sample model.mdn {GEYSER} -n {DRAWS} --seed 5"))
            .stdout,
    );
    let draws = column(&drawn, "duration");
    assert_eq!(draws.len(), 299 * DRAWS);
    let z: Vec<f64> = (0..draws.len())
        .map(|i| (draws[i] - centres[i / DRAWS]) / spreads[i / DRAWS])
        .collect();
    let (centre, error) = mean_and_error(&z);
    assert!(centre.abs() < 4.0 * error, "{centre} ± {error}");
    let squares: Vec<f64> = z.iter().map(|z| z * z).collect();
    let (variance, error) = mean_and_error(&squares);
    assert!((variance - 1.0).abs() < 4.0 * error, "{variance} ± {error}");
    // Components are drawn as often as their weights say.
    let weights = column(&predicted, "weight_1").iter().copied();
    let hits = column(&drawn, "component")
        .iter()
        .map(|&k| f64::from(k == 1.0));
    let hits: Vec<f64> = hits.collect();
    let (share, error) = mean_and_error(&hits);
    assert!(
        (share - mean(weights)).abs() < 4.0 * error,
        "{share} ± {error}"
    );
}

#[test]
fn draws_depend_on_the_seed_and_the_row_only() {
    let (bench, _) = fitted();
    let sample = |rest: &str| bench.run(&format!("sample model.mdn {rest}")).stdout;
    let all = sample(&format!("{GEYSER} -n 3 --seed 9"));
    assert_eq!(sample(&format!("{GEYSER} -n 3 --seed 9")), all);
    assert_ne!(sample(&format!("{GEYSER} -n 3 --seed 10")), all);
    let head: Vec<String> = std::fs::read_to_string(GEYSER)
        .unwrap()
        .lines()
        .take(8)
        .map(str::to_owned)
        .collect();
    bench.write("head.csv", head.join("\n"));
    assert!(all.starts_with(&sample("head.csv -n 3 --seed 9")));
    let more = sample("head.csv -n 4 --seed 9");
    let firsts = more
        .lines()
        .filter(|line| line.split(',').nth(2) != Some("4"));
    assert!(all.starts_with(&firsts.collect::<Vec<_>>().join("\n")));
    assert!(
        all.starts_with("line,outside_range,draw,component,duration,problem\n2,0,1,"),
        "{}",
        &all[..60]
    );
}

#[test]
fn plot_draws_pictures_and_a_report() {
    let (bench, _) = fitted();
    let plotted = bench.json(&format!(
        "plot model.mdn {GEYSER} --input waiting --out pictures"
    ));
    let files: Vec<&str> = plotted["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let drawn = ["heatmap", "samples", "fan", "pit", "calibration", "weights"];
    let kinds = |name: &str| ["png", "svg"].map(|kind| format!("pictures/{name}.{kind}"));
    let mut expected: Vec<String> = drawn.iter().flat_map(|name| kinds(name)).collect();
    expected.push("pictures/report.html".to_owned());
    assert_eq!(files, expected);
    for file in files.iter().filter(|file| file.ends_with(".png")) {
        assert_picture(&bench.path(file));
    }
    for file in files.iter().filter(|file| file.ends_with(".svg")) {
        assert_self_contained(&bench.read(file));
    }
    let html = bench.read("pictures/report.html");
    assert_self_contained(&html);
    let evaluated = bench.json(&format!("evaluate model.mdn {GEYSER}"));
    let (nll, crps) = (number(&evaluated, "nll"), number(&evaluated, "crps"));
    let version = format!("Version: mdn-train {}.", env!("CARGO_PKG_VERSION"));
    for part in [
        &format!("{nll:.4} nats"),
        "CRPS of duration",
        &format!("{crps:.4}"),
        &format!(
            "Command: mdn-train plot model.mdn {GEYSER} --input waiting --out pictures --json"
        ),
        &version,
        &format!("Data: {GEYSER}, 299 rows; inputs waiting; targets duration."),
        "What to do next",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    // Every diagnostic stands there in the words of `evaluate`.
    let words = bench.run(&format!("evaluate model.mdn {GEYSER}")).stdout;
    let found = evaluated["diagnostics"].as_array().unwrap();
    assert!(!found.is_empty());
    for diagnostic in found {
        for key in ["code", "finding", "advice"] {
            let part = diagnostic[key].as_str().unwrap();
            assert!(words.contains(part), "{part} in {words}");
            let escaped = part
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            assert!(html.contains(&escaped), "{part} in {html}");
        }
    }
}

#[test]
fn inspect_shows_the_columns_and_what_firmware_needs() {
    let bench = Bench::new();
    let units = "--unit duration=min --unit waiting=min --scale-floor 0.05";
    let fit = bench.json(&format!(
        "fit {GEYSER} --target duration --steps 20 --hidden 6,5 -k 2 {units}"
    ));
    let found = bench.json("inspect model.mdn");
    for key in ["parameters", "file_bytes"] {
        assert_eq!(found[key], fit[key]);
    }
    assert_eq!(
        number(&found, "working_bytes"),
        4.0 * number(&found, "working_len")
    );
    assert_eq!(found["inputs"][0]["name"], "waiting");
    assert_eq!(found["targets"][0]["unit"], "min");
    let layers = found["layers"].as_array().unwrap();
    let shape = |layer: &Value| (number(layer, "inputs"), number(layer, "outputs"));
    let shapes: Vec<_> = layers.iter().map(shape).collect();
    assert_eq!(shapes, [(1.0, 6.0), (6.0, 5.0), (5.0, 6.0)]);
    assert_eq!(layers[0]["activation"], "silu");
    assert!((number(&found, "scale_min") / 0.05 - 1.0).abs() < 1e-6);
    assert_eq!(number(&found, "golden_vectors"), 4.0);
    let words = bench.run("inspect model.mdn").stdout;
    let capacity = format!("Predictor::<{}>", found["working_len"]);
    for part in ["duration [min]", "include_model!(\"model.mdn\")", &capacity] {
        assert!(words.contains(part), "{part} in {words}");
    }
}

#[test]
fn verify_finds_the_same_bits_at_every_level() {
    let (bench, _) = fitted();
    let found = bench.json("verify model.mdn");
    assert_eq!(found["golden_bits_equal"], true);
    assert_eq!(number(&found, "golden_vectors"), 4.0);
    assert_eq!(number(&found, "golden_mismatches"), 0.0);
    assert!(number(&found, "compared_with_f64") > 1000.0, "{found}");
    assert!(number(&found, "max_relative_error") < 1e-5, "{found}");
    for level in mdn_infer::Level::available() {
        let at_level = bench.json(&format!("verify model.mdn --level {}", level.name()));
        assert_eq!(at_level["level"], level.name());
        assert_eq!(at_level["output_hash"], found["output_hash"]);
    }
}
