//! What `fit` and `evaluate` find out about a model, in words.

use serde_json::Value;

use crate::support::{Bench, GEYSER};

/// A line with a ripple: y = slope (x + 0.2 sin), x from 0 to 1.
fn line(slope: f64) -> String {
    let row = |i: usize| {
        let x = i as f64 / 200.0;
        format!("{x},{}\n", slope * (x + 0.2 * (i as f64 * 12.9).sin()))
    };
    "x,y\n".to_owned() + &(0..200).map(row).collect::<String>()
}

fn codes(result: &Value) -> Vec<&str> {
    let found = result["diagnostics"].as_array().unwrap();
    let code = |diagnostic: &'_ Value| {
        for key in ["finding", "advice"] {
            assert!(!diagnostic[key].as_str().unwrap().is_empty());
        }
    };
    found.iter().for_each(code);
    found
        .iter()
        .map(|diagnostic| diagnostic["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_negative_loss_is_explained_where_it_appears() {
    let bench = Bench::new();
    bench.write("small.csv", line(0.001));
    let fitted = bench.json("fit small.csv --target y --steps 200 --hidden 8 -k 2");
    assert!(codes(&fitted).contains(&"negative-loss"));
    bench.write("large.csv", line(1000.0));
    let fitted = bench.json("fit large.csv --target y --steps 200 --hidden 8 -k 2");
    assert!(!codes(&fitted).contains(&"negative-loss"));
    let words = bench.run("fit small.csv --target y --steps 200 --hidden 8 -k 2");
    assert!(words.stdout.contains("which is no bug"), "{}", words.stdout);
}

#[test]
fn rows_far_from_the_training_rows_are_counted() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    bench.json("fit table.csv --target y --steps 100 --hidden 8 -k 2");
    let at_home = bench.json("evaluate model.mdn table.csv");
    assert!(!codes(&at_home).contains(&"outside-range"));
    bench.write("far.csv", "x,y\n0.5,0.5\n50,0.5\n-50,0.5\n");
    let far = bench.json("evaluate model.mdn far.csv");
    assert!(codes(&far).contains(&"outside-range"));
    assert!(!codes(&far).contains(&"extrapolation"));
    assert!(far["diagnostics"].to_string().contains("2 of 3 rows"));
    // A file without ranges knows the centre and the spread.
    bench.json("fit table.csv --target y --steps 100 --hidden 8 -k 2 --saturate none");
    let far = bench.json("evaluate model.mdn far.csv");
    assert!(codes(&far).contains(&"extrapolation"));
    assert!(!codes(&far).contains(&"outside-range"));
}

#[test]
fn a_wild_target_and_scales_at_the_floor_are_named() {
    let bench = Bench::new();
    bench.write("wild.csv", line(1.0) + "0.5,1000000\n");
    let fitted = bench.json("fit wild.csv --target y --steps 50 --hidden 8 -k 2");
    assert!(codes(&fitted).contains(&"wild-outliers"));
    bench.write("table.csv", line(1.0));
    let choices = "--target y --steps 400 --hidden 8 -k 2";
    let fitted = bench.json(&format!("fit table.csv {choices} --scale-floor 0.9"));
    assert!(codes(&fitted).contains(&"collapsed-scales"));
    let found = fitted["diagnostics"].to_string();
    assert!(found.contains("try a smaller --scale-floor"), "{found}");
}

/// A number that stands for a missing value is named with its column, takes nothing from what the other rows
/// teach, and goes out where it is called missing.
#[test]
fn a_mark_of_missing_values_is_named() {
    let bench = Bench::new();
    let row = |i: usize| {
        let (x, w) = (i as f64 / 400.0, (i as f64 * 0.377).sin());
        let noise = 0.1 * (i as f64 * 12.9898).sin();
        format!("{x},{w},{}\n", 3.0 * x + w + noise)
    };
    let clean: String = (0..400).map(row).collect();
    let marked = |mark: &str| {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let rows = clean.lines().enumerate().map(|(i, line)| match i % 40 {
            0 => format!("{},{mark},{}\n", cells(line)[0], cells(line)[2]),
            _ => format!("{line}\n"),
        });
        "x,w,y\n".to_owned() + &rows.collect::<String>()
    };
    bench.write("clean.csv", "x,w,y\n".to_owned() + &clean);
    let choices = "--target y --steps 600 --hidden 16 -k 3";
    let fresh = |file: &str| {
        let fitted = bench.json(&format!("fit {file} {choices}"));
        let scored = bench.json("evaluate model.mdn clean.csv");
        (fitted, scored["nll"].as_f64().unwrap())
    };
    let (fitted, best) = fresh("clean.csv");
    assert!(!codes(&fitted).contains(&"sentinel"));
    for mark in ["-9999", "9.96921e36"] {
        bench.write("marked.csv", marked(mark));
        let (fitted, nll) = fresh("marked.csv");
        let found = fitted["diagnostics"].to_string();
        assert!(codes(&fitted).contains(&"sentinel"), "{found}");
        assert!(
            found.contains("input `w` is") && found.contains("in 10 rows"),
            "{found}"
        );
        assert!(nll < best + 0.15, "{mark}: {nll} after {best}");
        // The scores of `fit`, and the threshold, are those of rows that have no mark.
        let told = |key: &str| fitted[key].as_f64().unwrap();
        assert!((told("train_nll") - nll).abs() < 0.3, "{mark}: {fitted}");
        assert_eq!(fitted["set_aside_rows"], 10);
        assert!(told("anomaly_threshold") < 10.0, "{mark}: {fitted}");
        let words = bench.run(&format!("fit marked.csv {choices}")).stdout;
        let aside =
            "10 rows with a number that stands for a missing one (sentinel) in none of these";
        assert!(words.contains(aside), "{words}");
        let folds = bench.run(&format!("cross-validate marked.csv {choices} --folds 2"));
        assert!(
            folds.stdout.contains("10 test rows with a number"),
            "{}",
            folds.stdout
        );
        assert!(
            folds.stdout.contains("warning sentinel"),
            "{}",
            folds.stdout
        );
        let without = format!("fit marked.csv {choices} --skip-missing --missing-value w={mark}");
        let fitted = bench.json(&without);
        let rows = |key| fitted[key].as_u64().unwrap();
        assert_eq!(rows("train_rows") + rows("validation_rows"), 390);
        assert!(!codes(&fitted).contains(&"sentinel"));
    }
    let unknown = bench.run("fit marked.csv --target y --missing-value v=-9999");
    assert!(unknown.error(1).contains("`v`"));
}

/// Two regimes far apart, each known to a ten-thousandth of the distance: a larger floor would blur them.
#[test]
fn advice_about_the_floor_makes_no_score_worse() {
    let bench = Bench::new();
    let row = |i: usize| {
        let (x, regime) = (i as f64 * 0.618 % 1.0, i * 7 % 2);
        let noise = 0.1 * (i as f64 * 12.9898).sin();
        format!("{x},{regime},{}\n", 1000.0 * regime as f64 + x + noise)
    };
    let rows: String = (0..400).map(row).collect();
    bench.write("regimes.csv", "x,regime,y\n".to_owned() + &rows);
    let choices = "--target y --steps 4000 --hidden 16 -k 2";
    let nll = |floor: &str| {
        let fitted = bench.json(&format!("fit regimes.csv {choices} {floor}"));
        (fitted["validation_nll"].as_f64().unwrap(), fitted)
    };
    let (before, fitted) = nll("");
    let found = fitted["diagnostics"].as_array().unwrap();
    let collapsed = found.iter().find(|one| one["code"] == "collapsed-scales");
    let advice = collapsed.unwrap_or_else(|| panic!("{fitted}"))["advice"].to_string();
    assert!(advice.contains("smaller --scale-floor"), "{advice}");
    let (after, _) = nll("--scale-floor 0.0001");
    assert!(after < before, "{after} after {before}");
}

/// A logarithm is only for what has one.
#[test]
fn advice_about_wild_targets_can_be_followed() {
    let bench = Bench::new();
    let advice = |table: &str, options: &str| {
        let fit = "--target y --steps 20 --hidden 4 -k 2 --support continuous";
        let fitted = bench.json(&format!("fit {table} {fit} {options}"));
        let found = fitted["diagnostics"].as_array().unwrap().clone();
        let wild = found.into_iter().find(|one| one["code"] == "wild-outliers");
        wild.map(|wild| wild["advice"].as_str().unwrap().to_owned())
    };
    let table: String = (0..200)
        .map(|i| format!("{},{}\n", i % 9, 1.0 + (i * i % 37) as f64 / 7.1))
        .collect();
    let table = "x,y\n".to_owned() + &table;
    bench.write("above.csv", table.clone() + "0.5,1000000\n");
    bench.write("below.csv", table + "0.5,-1000000\n");
    assert!(advice("above.csv", "").unwrap().contains("--transform log"));
    assert!(!advice("below.csv", "").unwrap().contains("log"));
    let followed = bench.run("fit above.csv --target y --steps 20 --hidden 4 -k 2 --transform log");
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
    assert!(!followed.stdout.contains("may suit"), "{}", followed.stdout);
}

/// What the table holds are different rows; rounded to 32 bits they are not.
#[test]
fn rounding_makes_no_repeats() {
    let bench = Bench::new();
    let row = |i: usize| format!("{},{:.10}\n", i % 40, 47.3 + 1e-7 * (i * i % 997) as f64);
    let rows: String = (0..400).map(row).collect();
    bench.write("track.csv", "s,lat\n".to_owned() + &rows);
    for more in ["", "--stream-above 0"] {
        let fit = "fit track.csv --target lat --steps 20 --hidden 4 -k 2";
        let run = bench.run(&format!("{fit} {more} --json"));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("32-bit"), "{}", run.stderr);
        assert!(
            !codes(&run.object()).contains(&"repeated-rows"),
            "{}",
            run.stdout
        );
    }
}

/// An infinite score says which row makes it so, and why.
#[test]
fn a_row_of_density_0_is_named() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    bench.json("fit table.csv --target y --steps 200 --hidden 8 -k 2");
    bench.write("far.csv", "x,y\n0.5,0.5\n0.6,1e30\n0.7,0.7\n");
    let far = bench.json("evaluate model.mdn far.csv");
    assert!(far["nll"].is_null());
    assert_eq!(far["zero_density"]["line"], 3);
    let cause = far["zero_density"]["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("`y` is 1e30, where the model's central 90% interval is "),
        "{cause}"
    );
    let words = bench.run("evaluate model.mdn far.csv").stdout;
    assert!(
        words.contains("the density is 0 in 1 row; it is line 3: `y`"),
        "{words}"
    );
    let finite = bench.json("evaluate model.mdn table.csv");
    assert!(finite.get("zero_density").is_none());

    bench.write(
        "counts.csv",
        "x,n\n".to_owned()
            + &(0..200)
                .map(|i| format!("{},{}\n", i % 9, i * i % 5))
                .collect::<String>(),
    );
    bench.json("fit counts.csv --target n --steps 50 --hidden 4 -k 2 --support lattice:1");
    bench.write("half.csv", "x,n\n1,2\n2,2.5\n");
    let off = bench.json("evaluate model.mdn half.csv");
    let cause = off["zero_density"]["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("`n` is 2.5, which is no value of its support, lattice:1"),
        "{cause}"
    );
}

/// Six grades taken for a continuum are known to within a step: the floor is wide, and right.
#[test]
fn grades_ask_for_no_smaller_floor() {
    let bench = Bench::new();
    let row = |i: usize| format!("{},{}\n", i as f64 / 300.0, 3 + i / 50);
    bench.write(
        "grades.csv",
        "x,grade\n".to_owned() + &(0..300).map(row).collect::<String>(),
    );
    let choices = "--target grade --support continuous --steps 400 --hidden 8 -k 2";
    for floor in ["", "--scale-floor 0.5"] {
        let fitted = bench.json(&format!("fit grades.csv {choices} {floor}"));
        let found = fitted["diagnostics"].as_array().unwrap();
        let collapsed = found.iter().find(|one| one["code"] == "collapsed-scales");
        let collapsed = collapsed.unwrap_or_else(|| panic!("{fitted}"));
        assert_eq!(collapsed["severity"], "note", "{collapsed}");
        assert!(!collapsed.to_string().contains("smaller"), "{collapsed}");
        assert!(collapsed.to_string().contains("CRPS"), "{collapsed}");
    }
}

/// Each row twice: what is held back is known to the model.
#[test]
fn rows_written_twice_are_noticed() {
    let bench = Bench::new();
    let table = line(1.0);
    let (_, rows) = table.split_once('\n').unwrap();
    bench.write("once.csv", &table);
    bench.write("twice.csv", table.clone() + rows);
    bench.write("splits.json", "[[0, 200], [7, 207]]");
    let choices = "--target y --steps 20 --hidden 4 -k 2";
    let fit = |table: &str| bench.json(&format!("fit {table} {choices}"));
    assert!(!codes(&fit("once.csv")).contains(&"repeated-rows"));
    let fitted = fit("twice.csv");
    assert!(codes(&fitted).contains(&"repeated-rows"));
    let found = fitted["diagnostics"].to_string();
    assert!(found.contains("100% of 400 rows"), "{found}");
    let nothing_held_back = fit("twice.csv --validation 0");
    assert!(!codes(&nothing_held_back).contains(&"repeated-rows"));
    let folds = format!("cross-validate twice.csv {choices}");
    let checked = bench.json(&format!("{folds} --folds 2"));
    assert_eq!(codes(&checked), ["repeated-rows"]);
    let given = bench.json(&format!("{folds} --test-rows splits.json"));
    assert!(codes(&given).is_empty());
}

/// A threshold that 1% of the rows exceed needs some hundreds of them.
#[test]
fn a_threshold_from_few_rows_says_so() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    let fit = "fit table.csv --target y --steps 20 --hidden 4 -k 2 --validation 0.2";
    assert_eq!(bench.json(fit)["anomaly_rows_needed"], 300);
    let said = bench.run(fit).stdout;
    assert!(said.contains(", from 40 validation rows where"), "{said}");
    let enough = format!("{fit} --anomaly-rate 0.1");
    assert!(bench.json(&enough)["anomaly_rows_needed"].is_null());
    assert!(!bench.run(&enough).stdout.contains("--anomaly-rate"));
    let none = format!("{fit} --anomaly-rate 0");
    assert!(bench.json(&none)["anomaly_rows_needed"].is_null());
}

/// Inputs from 0 to 1 were learnt from; those from 1 to 2 are less than 6 standard deviations away.
#[test]
fn rows_from_elsewhere_that_the_model_cannot_predict_are_named() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    bench.json("fit table.csv --target y --steps 300 --hidden 8 -k 2");
    let at_home = bench.json("evaluate model.mdn table.csv");
    assert!(!codes(&at_home).contains(&"no-better-than-normal"));
    let folded = |i: usize| format!("{},{}\n", 1.0 + i as f64 / 200.0, 1.0 - i as f64 / 200.0);
    let rows: String = (0..200).map(folded).collect();
    bench.write("elsewhere.csv", "x,y\n".to_owned() + &rows);
    let elsewhere = bench.json("evaluate model.mdn elsewhere.csv");
    assert!(!codes(&elsewhere).contains(&"extrapolation"));
    assert!(
        codes(&elsewhere).contains(&"no-better-than-normal"),
        "{elsewhere}"
    );
}

#[test]
fn dead_components_are_those_that_prune_drops() {
    let bench = Bench::new();
    bench.run("generate inverse-sine --rows 400 --out sine.csv");
    let choices = "--starts 2 --steps 3000 -k 20 --seed 1 --moments 0 --polish 0";
    let fitted = bench.json(&format!("fit sine.csv --targets 1 {choices}"));
    let found = fitted["diagnostics"].as_array().unwrap();
    let dead = found.iter().find(|one| one["code"] == "dead-components");
    let finding = dead.expect("some are dead")["finding"].as_str().unwrap();
    let dead: u64 = finding.split(' ').next().unwrap().parse().unwrap();
    let pruned = bench.json("prune model.mdn --data sine.csv --out small.mdn");
    assert_eq!(pruned["components"], 20 - dead, "{finding}");
}

/// A rare category is far from the others in standard deviations only; and what was learnt from is no
/// extrapolation.
#[test]
fn rare_categories_are_no_extrapolation() {
    let bench = Bench::new();
    let row = |i: usize| {
        let kind = if i % 100 == 7 { "rare" } else { "often" };
        let x = if i == 50 { 1e4 } else { i as f64 };
        format!("{kind},{x},{}\n", i % 13)
    };
    bench.write(
        "table.csv",
        "kind,x,y\n".to_owned() + &(0..300).map(row).collect::<String>(),
    );
    let fitted = bench.json("fit table.csv --target y --steps 50 --hidden 4 -k 2");
    assert!(!codes(&fitted).contains(&"extrapolation"));
    bench.write("rare.csv", "kind,x,y\nrare,20,3\nrare,30,4\n");
    let rare = bench.json("evaluate model.mdn rare.csv");
    assert!(!codes(&rare).contains(&"extrapolation"));
}

#[test]
fn targets_on_one_side_are_told_from_wide_intervals() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    bench.json("fit table.csv --target y --steps 300 --hidden 8 -k 2");
    let shifted = |by: f64| {
        let row = |i: usize| format!("{},{}\n", i as f64 / 200.0, i as f64 / 200.0 + by);
        "x,y\n".to_owned() + &(0..200).map(row).collect::<String>()
    };
    for (by, side) in [(0.12, "lie above"), (-0.12, "lie below")] {
        bench.write("shifted.csv", shifted(by));
        let found = bench.json("evaluate model.mdn shifted.csv")["diagnostics"].to_string();
        assert!(found.contains(side), "{by}: {found}");
    }
}

#[test]
fn a_sound_model_is_left_in_peace() {
    let bench = Bench::new();
    bench.fit_geyser();
    let evaluated = bench.json(&format!("evaluate model.mdn {GEYSER}"));
    for code in codes(&evaluated) {
        assert!(
            !["extrapolation", "wild-outliers", "over-fit"].contains(&code),
            "{evaluated}"
        );
    }
}

#[test]
fn rows_of_the_training_are_noticed() {
    let bench = Bench::new();
    bench.write("table.csv", line(1.0));
    bench.json("fit table.csv --target y --steps 20 --hidden 4 -k 2");
    let found = |table: &str| {
        let evaluated = bench.json(&format!("evaluate model.mdn {table}"));
        let found = evaluated["diagnostics"].as_array().unwrap().clone();
        found.into_iter().find(|one| one["code"] == "training-rows")
    };
    let all = found("table.csv").unwrap();
    assert_eq!(all["severity"], "warning");
    assert!(
        all["finding"]
            .as_str()
            .unwrap()
            .starts_with("4 of the 4 training rows")
    );
    bench.json("plot model.mdn table.csv");
    assert!(
        bench
            .read("pictures/report.html")
            .contains("warning training-rows")
    );
    // New rows: none is kept, and the report says so.
    // The row 0, 0 is one of both.
    bench.write("new.csv", line(1.1).replacen("0,0\n", "", 1));
    assert_eq!(found("new.csv"), None);
    bench.json("plot model.mdn new.csv");
    let report = bench.read("pictures/report.html");
    assert!(
        report.contains("None of the 4 training rows that the model file keeps is among these.")
    );
    // A part of them holds some of the kept rows, or none.
    let text = bench.read("table.csv");
    let parts = [40, 80, 120, 160].map(|rows| {
        let part: String = text.split_inclusive('\n').take(1 + rows).collect();
        bench.write("part.csv", part);
        found("part.csv").map(|found| found["severity"].clone())
    });
    assert!(parts.contains(&Some("note".into())), "{parts:?}");
    assert!(!parts[..2].contains(&Some("warning".into())), "{parts:?}");
}

/// A table that has the encoded inputs themselves can have rows that no column of categories has.
#[test]
fn rows_without_exactly_one_category_are_told() {
    let bench = Bench::new();
    let rows = |sets: &[[u8; 2]]| {
        let row = |(i, [oak, fir]): (usize, &[u8; 2])| format!("{oak},{fir},{},{}\n", i % 7, i % 5);
        let rows: String = sets.iter().enumerate().map(row).collect();
        format!("wood=oak,wood=fir,x,y\n{rows}")
    };
    let right: Vec<[u8; 2]> = (0..60)
        .map(|i| if i % 3 == 0 { [1, 0] } else { [0, 1] })
        .collect();
    bench.write("t.csv", rows(&right));
    bench.json("fit t.csv --target y --steps 60 --hidden 4 -k 2");
    let told = |table: &str, command: &str| {
        let run = bench.run(&format!("{command} model.mdn {table}"));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        (run.stdout + &run.stderr).contains("warning not-one-category: ")
    };
    bench.write("odd.csv", rows(&[[1, 0], [1, 1], [0, 1], [0, 0]]));
    bench.write("column.csv", "wood,x,y\noak,1,2\nfir,3,4\noak,2,2\n");
    for command in ["predict", "sample", "evaluate"] {
        assert!(
            !told("t.csv", command) && !told("column.csv", command),
            "{command}"
        );
        assert!(told("odd.csv", command), "{command}");
    }
    let found = bench.json("evaluate model.mdn odd.csv");
    let found = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "not-one-category");
    let words = found.unwrap()["finding"].as_str().unwrap();
    assert!(
        words.starts_with("2 of 4 rows") && words.contains("`wood`"),
        "{words}"
    );
}
