//! Inputs that are missing, far out or new, and rows without a target.

use crate::support::{Bench, Run};

/// Small enough to train in a moment.
const SMALL: &str = "--steps 60 --hidden 8 -k 2";

/// 80 rows of x from 0 to 10, of which every eighth is missing, a city and y.
fn rows() -> String {
    let row = |i: usize| {
        let x = (i * 37 % 80) as f64 / 8.0 + 0.01;
        let cell = if i.is_multiple_of(8) {
            String::new()
        } else {
            x.to_string()
        };
        let city = ["Ulm", "Bonn", ""][i % 3];
        format!("{cell},{city},{}\n", 2.0 * x + (i as f64).sin())
    };
    "x,city,y\n".to_owned() + &(0..80).map(row).collect::<String>()
}

#[test]
fn missing_values_are_learnt_from_unless_refused() {
    let bench = Bench::new();
    bench.write("t.csv", rows());
    let run = bench.run(&format!("fit t.csv --target y {SMALL}"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("input `x` is missing in some rows, which are learnt from"),
        "{}",
        run.stderr
    );
    let inspected = bench.json("inspect model.mdn");
    let names: Vec<&str> = inspected["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["x", "city=", "city=Bonn", "city=Ulm"]);
    assert!(inspected["inputs"][0]["fill"].is_number(), "{inspected}");
    let all = bench.answers("predict model.mdn t.csv");
    assert_eq!(all.len(), 80);
    assert!((0..80).all(|row| all.cell(row, "problem").is_null()));
    assert_eq!(bench.json("evaluate model.mdn t.csv")["rows"], 80);
    assert_eq!(
        bench.json("evaluate model.mdn t.csv --skip-missing")["rows"],
        47
    );
    let refused = bench.run(&format!(
        "fit t.csv --target y {SMALL} --missing refuse --force"
    ));
    assert!(
        refused
            .error(1)
            .contains("t.csv:2: column `x`: the value is missing"),
        "{}",
        refused.stderr
    );
    let both = bench.run(&format!(
        "fit t.csv --target y {SMALL} --missing learn --skip-missing"
    ));
    assert!(
        both.error(2).contains("cannot be used with"),
        "{}",
        both.stderr
    );
    let old = bench.run(&format!(
        "fit t.csv --target y {SMALL} --file-version 1 --force"
    ));
    assert!(
        old.error(1).contains("missing values of `x`") && old.stderr.contains("--skip-missing"),
        "{}",
        old.stderr
    );
    // The same bytes from the disk, and from a configuration file.
    bench.write("c.toml", "missing = \"learn\"\nsaturate = \"0.5\"\n");
    bench.json(&format!(
        "fit t.csv --target y {SMALL} --out disk.mdn --stream-above 0"
    ));
    bench.json(&format!(
        "fit t.csv --target y {SMALL} --out config.mdn --config c.toml"
    ));
    let read = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert!(read("disk.mdn") == read("model.mdn") && read("config.mdn") == read("model.mdn"));
}

/// A row that cannot be answered costs no other row its answer; where none can, that is an error.
#[test]
fn rows_without_an_answer_are_kept_with_the_reason() {
    let bench = Bench::new();
    bench.write("t.csv", rows());
    bench.json(&format!("fit t.csv --target y --inputs city {SMALL}"));
    let new = "city,y\nUlm,1\nRome,2\nBonn,\n,4\nParis,\nUlm,7\n";
    bench.write("new.csv", new);
    let run = bench.run("predict model.mdn new.csv --crps --anomaly");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 7);
    for (line, begins) in lines[1..].iter().zip(["2,", "3,", "4,", "5,", "6,", "7,"]) {
        assert!(line.starts_with(begins), "{line}");
    }
    assert!(
        run.stderr
            .contains("warning unanswered: 2 rows without an answer; the first: new.csv:3: "),
        "{}",
        run.stderr
    );
    let answers = bench.answers("predict model.mdn new.csv --crps --anomaly");
    for row in 0..6 {
        let (city, scored) = (
            [true, false, true, true, false, true][row],
            [true, false, false, true, false, true][row],
        );
        assert_eq!(answers.cell(row, "y_mean").is_number(), city, "row {row}");
        assert_eq!(answers.cell(row, "problem").is_null(), city, "row {row}");
        for column in ["y_crps", "log_density", "anomaly_score", "anomaly"] {
            assert_eq!(
                answers.cell(row, column).is_null(),
                !scored,
                "row {row}: {column}"
            );
        }
    }
    let why = answers.cell(1, "problem").as_str().unwrap();
    assert!(
        why.contains("`city`") && why.contains("Rome") && why.contains("Bonn"),
        "{why}"
    );
    bench.write("none.csv", "city,y\nRome,1\nParis,2\n");
    for command in ["predict", "sample"] {
        let refused = bench.run(&format!(
            "{command} model.mdn none.csv --out none-answers.csv"
        ));
        assert!(
            refused.error(1).contains("none.csv:2: ") && refused.stderr.contains("Rome"),
            "{}",
            refused.stderr
        );
        assert!(!bench.path("none-answers.csv").exists());
    }
}

/// A row that has no draws, whatever the reason, is one line, and leaves those of the others alone.
#[test]
fn rows_without_draws_are_kept_with_the_reason() {
    let bench = Bench::new();
    bench.write("t.csv", rows());
    bench.json(&format!(
        "fit t.csv --target y --saturate none --skip-missing {SMALL}"
    ));
    let all = "x,city\n1,Ulm\n2,Bonn\n3,Ulm\n4,Bonn\n";
    bench.write("all.csv", all);
    let some = "x,city\n9e36,Ulm\n2,Bonn\n3,Rome\n4,Bonn\n,Ulm\n";
    bench.write("some.csv", some);
    // Few draws at a time of many rows, and more of one row than are held at a time.
    for draws in [3, 20_000] {
        let sample = |table: &str| bench.run(&format!("sample model.mdn {table} --draws {draws}"));
        let (whole, run) = (sample("all.csv"), sample("some.csv"));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(
            run.stderr.contains(
                "warning unanswered: 3 rows without an answer; the first: some.csv:2: the numbers"
            ),
            "{}",
            run.stderr
        );
        let lines = |of: &Run, begins: &str| -> Vec<String> {
            let lines = of.stdout.lines().filter(|line| line.starts_with(begins));
            lines.map(str::to_owned).collect()
        };
        for begins in ["3,", "5,"] {
            assert_eq!(lines(&run, begins), lines(&whole, begins));
            assert_eq!(lines(&run, begins).len(), draws);
        }
        for (begins, why) in [
            ("2,,,,", "the numbers overflowed"),
            ("4,,,,", "`Rome`"),
            ("6,,,,", "missing"),
        ] {
            let found = lines(&run, &begins[..2]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].starts_with(begins) && found[0].contains(why),
                "{found:?}"
            );
        }
        let order = run
            .stdout
            .lines()
            .skip(1)
            .map(|line| line.split(',').next());
        assert!(order.is_sorted_by_key(|line| line.and_then(|line| line.parse::<u64>().ok())));
    }
}

/// The figures are those of the rows that can be scored, and say so.
#[test]
fn rows_that_cannot_be_scored_are_counted_by_reason() {
    let bench = Bench::new();
    bench.write("t.csv", rows());
    bench.json(&format!("fit t.csv --target y --skip-missing {SMALL}"));
    let scored = ["1,Ulm,2", "2,Bonn,5", "3,Ulm,6"];
    let others = ["4,Rome,8", ",Ulm,1", "5,Ulm,", "x5,Ulm,3", ",Bonn,1"];
    let mixed: Vec<&str> = (0..5)
        .flat_map(|i| others.get(i).into_iter().chain(scored.get(i)))
        .copied()
        .collect();
    bench.write("few.csv", format!("x,city,y\n{}\n", scored.join("\n")));
    bench.write("mixed.csv", format!("x,city,y\n{}\n", mixed.join("\n")));
    let (few, mixed) = (
        bench.json("evaluate model.mdn few.csv"),
        bench.json("evaluate model.mdn mixed.csv"),
    );
    assert!(few["unscored_rows"] == 0 && few.get("unscored").is_none());
    for key in ["rows", "nll", "normal_nll", "crps", "rmse", "targets"] {
        assert_eq!(mixed[key], few[key], "{key}");
    }
    assert_eq!(mixed["unscored_rows"], 5);
    let reasons = mixed["unscored"].as_array().unwrap().iter();
    let told: Vec<_> = reasons
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            let [rows, line] = ["rows", "line"].map(|key| one[key].as_u64().unwrap());
            assert!(text("first").starts_with(&format!("mixed.csv:{line}: column `")));
            (text("reason"), text("column"), rows, line)
        })
        .collect();
    let expected = [
        ("of an unknown category", "city", 1, 2),
        ("missing", "x", 2, 4),
        ("missing", "y", 1, 6),
        ("not a number", "x", 1, 8),
    ];
    assert_eq!(told, expected);
    let first = &mixed["diagnostics"][0];
    assert!(first["code"] == "unscored-rows" && first["severity"] == "warning");
    let words = bench.run("evaluate model.mdn mixed.csv").stdout;
    assert!(
        words.starts_with("3 of 8 rows: the others cannot be scored")
            && words.contains("`x` missing in 2, the first in line 4"),
        "{words}"
    );
    // Rows that were left out on purpose are no fault.
    let skipped = bench.json("evaluate model.mdn mixed.csv --skip-missing");
    assert_eq!(
        (&skipped["skipped_rows"], &skipped["unscored_rows"]),
        (&3.into(), &2.into())
    );
    bench.write("none.csv", "x,city,y\n,Ulm,1\n1,Rome,2\n");
    let refused = bench.run("evaluate model.mdn none.csv");
    let told =
        "none of 2 rows can be scored; the first: none.csv:2: column `x`: the value is missing";
    assert!(refused.error(1).starts_with(told), "{}", refused.stderr);
}

#[test]
fn a_row_far_outside_is_flagged_and_answered_like_the_limit() {
    let bench = Bench::new();
    bench.write("t.csv", rows());
    bench.json(&format!("fit t.csv --target y --inputs x {SMALL}"));
    let inspected = bench.json("inspect model.mdn");
    let limit = inspected["inputs"][0]["limits"][1].as_f64().unwrap();
    bench.write("far.csv", format!("x\n5\n{limit}\n1e6\n"));
    let run = bench.run("predict model.mdn far.csv");
    assert!(
        run.stderr.contains("warning outside-range: 1 of 3 rows"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("`x` is 1000000 in line 4"),
        "{}",
        run.stderr
    );
    let answers = bench.answers("predict model.mdn far.csv");
    assert_eq!(answers.number(0, "outside_range"), 0.0);
    assert!((answers.number(1, "outside_range") - 0.5).abs() < 1e-5);
    assert!(answers.number(2, "outside_range") > 1e4);
    for column in ["y_mean", "y_sd", "y_q0.5"] {
        assert_eq!(
            answers.number(1, column),
            answers.number(2, column),
            "{column}"
        );
    }
    let drawn = bench.run("sample model.mdn far.csv");
    assert!(
        drawn.stderr.contains("warning outside-range"),
        "{}",
        drawn.stderr
    );
    // Without a range nothing is far.
    bench.json(&format!(
        "fit t.csv --target y --inputs x {SMALL} --skip-missing --saturate none --force"
    ));
    assert_eq!(bench.json("inspect model.mdn")["format_version"], 1);
    let run = bench.run("predict model.mdn far.csv");
    assert!(!run.stdout.contains("outside_range") && !run.stderr.contains("outside-range"));
}

#[test]
fn transforms_of_inputs_are_chosen_or_found() {
    let bench = Bench::new();
    let row = |i: usize| {
        let z = ((i * 37 % 200) as f64 - 100.0) / 30.0;
        format!("{},{}\n", (4.0 * z).exp(), z + 0.1 * (i as f64).sin())
    };
    bench.write(
        "t.csv",
        "x,y\n".to_owned() + &(0..200).map(row).collect::<String>(),
    );
    let fit = format!("fit t.csv --target y {SMALL} --force");
    let found = bench.run(&fit);
    assert!(
        found.stderr.contains("note heavy-tail: ") && found.stderr.contains("its logarithm"),
        "{}",
        found.stderr
    );
    let transform = || bench.json("inspect model.mdn")["inputs"][0]["transform"].clone();
    assert_eq!(transform(), "its logarithm");
    let none = bench.run(&format!("{fit} --input-transform none"));
    assert!(!none.stderr.contains("heavy-tail"), "{}", none.stderr);
    assert!(transform().is_null());
    // What is chosen need not be so for its tails.
    let chosen = bench.run(&format!(
        "{fit} --input-transform none --input-transform x=symmetric-log"
    ));
    assert!(
        !chosen.stderr.contains("heavy-tail")
            && chosen
                .stderr
                .contains("input `x` is learnt on another scale, as chosen: a symmetric logarithm"),
        "{}",
        chosen.stderr
    );
    assert!(
        transform()
            .as_str()
            .unwrap()
            .starts_with("a symmetric logarithm about")
    );
    for (options, code, words) in [
        (
            "--input-transform z=log",
            1,
            "--input-transform names `z`, which is no input",
        ),
        (
            "--input-transform x=cube",
            2,
            "`auto`, `none`, `log` or `symmetric-log`",
        ),
        (
            "--saturate -1",
            2,
            "a number that is at least 0, `inf` or `none`",
        ),
        (
            "--file-version 1 --input-transform x=log",
            1,
            "needs version 4",
        ),
    ] {
        let run = bench.run(&format!("{fit} {options}"));
        assert!(run.error(code).contains(words), "{options}: {}", run.stderr);
    }
}
