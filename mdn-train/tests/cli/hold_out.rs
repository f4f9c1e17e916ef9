//! `--hold-out` and `--order` in every command that trains: words, JSON, errors, files of options, runs.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Bench, number};

const SMALL: &str = "--target y --steps 60 --hidden 6 -k 2";

/// 240 rows whose time is not the order of the file, eight subjects among them.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut text = "day,who,x,y\n".to_owned();
    for row in 0..240_u32 {
        let day = (row * 77) % 240;
        let x = f64::from(row.wrapping_mul(2_654_435_769) >> 8) / f64::from(1 << 24);
        let noise = f64::from(row.wrapping_mul(3_266_489_917) >> 8) / f64::from(1 << 24);
        writeln!(text, "{day},s{},{x},{}", row / 30, 2.0 * x + noise).unwrap();
    }
    bench.write("t.csv", text);
    bench.write("held.txt", "5, 6\n7\n100 101\n");
    bench
}

fn rows(result: &Value) -> [f64; 3] {
    ["train_rows", "choosing_rows", "validation_rows"].map(|key| number(result, key))
}

#[test]
fn each_way_says_which_rows_it_reports() {
    let bench = bench();
    for (way, parts, words) in [
        ("random", [216.0, 24.0, 24.0], "on 24 validation rows"),
        (
            "last",
            [194.0, 22.0, 24.0],
            "reported on the last 24 rows, which nothing has seen; the 22 rows before them chose the step",
        ),
        (
            "last --order day",
            [194.0, 22.0, 24.0],
            "reported on the last 24 rows by `day`, which nothing has seen",
        ),
        (
            "group:who",
            [180.0, 30.0, 30.0],
            "reported on 30 rows of other groups of `who`, which nothing has seen; 30 rows of further groups \
             chose the step",
        ),
        (
            "rows:held.txt",
            [211.0, 24.0, 5.0],
            "reported on the 5 rows of held.txt, which nothing has seen; 24 rows of the others, at random, \
             chose the step",
        ),
        (
            "rows:held.txt --order day",
            [211.0, 24.0, 5.0],
            "the last 24 rows of the others by `day` chose the step",
        ),
    ] {
        let arguments = format!("fit t.csv {SMALL} --hold-out {way}");
        let said = bench.run(&arguments);
        assert_eq!(said.code, Some(0), "{way}: {}", said.stderr);
        assert!(said.stdout.contains(words), "{way}: {}", said.stdout);
        let result = bench.json(&arguments);
        assert_eq!(rows(&result), parts, "{way}");
        assert_eq!(result["hold_out"], way.split(' ').next().unwrap());
        let order = way.contains("--order").then_some("day");
        assert_eq!(result.get("order").and_then(Value::as_str), order, "{way}");
    }
}

#[test]
fn columns_that_arrange_rows_are_inputs_only_if_named() {
    let bench = bench();
    bench.json(&format!("fit t.csv {SMALL} --hold-out last --order day"));
    let inputs = |bench: &Bench| {
        let told = bench.json("inspect model.mdn");
        let names = told["inputs"].as_array().unwrap().iter();
        let names = names.map(|input| input["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<String>>()
    };
    assert!(!inputs(&bench).contains(&"day".to_owned()));
    bench.json(&format!("fit t.csv {SMALL} --hold-out group:who"));
    assert!(inputs(&bench).iter().all(|name| !name.starts_with("who")));
    bench.json(&format!(
        "fit t.csv {SMALL} --hold-out last --order day --inputs x,day"
    ));
    assert_eq!(inputs(&bench), ["x", "day"]);
}

#[test]
fn what_cannot_be_held_out_is_said() {
    let bench = bench();
    bench.write("one.csv", "g,x,y\n1,1,2\n1,2,3\n1,3,5\n1,4,4\n");
    bench.write("bad.txt", "5\nsix\n");
    bench.write("beyond.txt", "5\n242\n");
    bench.write("empty.txt", "\n");
    for (table, way, words) in [
        (
            "t.csv",
            "last --order dayy",
            "t.csv: no column `dayy` (did you mean `day`?)",
        ),
        (
            "t.csv",
            "group:whom",
            "t.csv: no column `whom` (did you mean `who`?)",
        ),
        (
            "t.csv",
            "last --order who",
            "t.csv:2: column `who`: `s0` is not a number",
        ),
        (
            "one.csv",
            "group:g",
            "one.csv: 1 different groups are too few to hold some out: it takes 3, to train on, to choose the \
             step by and to report",
        ),
        (
            "one.csv",
            "last --order g",
            "one.csv: 1 different places in the order are too few",
        ),
        (
            "t.csv",
            "rows:bad.txt",
            "bad.txt:2: `six` is no line number",
        ),
        (
            "t.csv",
            "rows:beyond.txt",
            "beyond.txt: t.csv has no row in line 242",
        ),
        ("t.csv", "rows:empty.txt", "empty.txt:1: it names no row"),
        (
            "t.csv",
            "rows:none.txt",
            "none.txt: cannot be read, which --hold-out rows: names",
        ),
        (
            "t.csv",
            "random --order day",
            "--order is of no use with --hold-out random",
        ),
        (
            "t.csv",
            "group:who --order day",
            "--order is of no use with --hold-out group:who",
        ),
    ] {
        for command in [
            "fit",
            "tune --trials 1",
            "cross-validate",
            "fit --stream-above 0",
        ] {
            let said = bench.run(&format!("{command} {table} {SMALL} --hold-out {way}"));
            let error = said.error(1);
            // Folds have words of their own for too little.
            let folds = command.starts_with("cross") && table == "one.csv";
            assert!(error.contains(words) || folds, "{command} {way}: {error}");
        }
    }
    for way in ["first", "group", "group:", "rows:", "last:day", ""] {
        let said = bench.run(&format!("fit t.csv {SMALL} --hold-out={way}"));
        let error = said.error(2);
        assert!(
            error.contains("`random`, `last`, `group:COL` or `rows:FILE`"),
            "{error}"
        );
    }
}

#[test]
fn the_file_of_rows_is_not_written_over() {
    let bench = bench();
    let said = bench.run(&format!(
        "fit t.csv {SMALL} --hold-out rows:held.txt --out held.txt --force"
    ));
    assert!(said.error(1).contains("another name"), "{}", said.stderr);
    assert_eq!(bench.read("held.txt"), "5, 6\n7\n100 101\n");
}

#[test]
fn on_the_disk_from_a_file_of_options_and_resumed_it_is_the_same_model() {
    let bench = bench();
    for (way, key) in [
        ("last --order day", "hold-out = \"last\"\norder = \"day\"\n"),
        ("group:who", "hold-out = \"group:who\"\n"),
        ("rows:held.txt", "hold-out = \"rows:held.txt\"\n"),
    ] {
        let told = bench.json(&format!("fit t.csv {SMALL} --hold-out {way} --out a.mdn"));
        let model = std::fs::read(bench.path("a.mdn")).unwrap();
        let same = |arguments: &str| {
            let other = bench.json(&format!("{arguments} --out b.mdn"));
            assert_eq!(
                std::fs::read(bench.path("b.mdn")).unwrap(),
                model,
                "{arguments}"
            );
            for key in [
                "train_nll",
                "validation_nll",
                "choosing_rows",
                "hold_out",
                "diagnostics",
            ] {
                assert_eq!(other[key], told[key], "{arguments}: {key}");
            }
        };
        same(&format!(
            "fit t.csv {SMALL} --hold-out {way} --stream-above 0"
        ));
        bench.write("c.toml", key);
        same(&format!("fit t.csv {SMALL} --config c.toml"));
        same(&format!("fit t.csv {SMALL} --hold-out {way} --run run"));
        same("fit --resume run");
        let other = bench.run("fit --resume run --hold-out last --order x");
        assert!(other.error(2).contains("a run goes on as it began"));
        std::fs::remove_dir_all(bench.path("run")).unwrap();
    }
}

/// The rows and their numbers are those of before, but other ones are held out now.
#[test]
fn a_run_does_not_go_on_with_other_groups() {
    let bench = bench();
    bench.json(&format!(
        "fit t.csv {SMALL} --hold-out group:who --run run --checkpoint-interval 0"
    ));
    let text = bench.read("t.csv");
    bench.write("t.csv", text.replace(",s1,", ",s2,"));
    let said = bench.run("fit --resume run");
    assert!(
        said.error(1).contains("the table has changed"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_rolling_origin_learns_from_what_came_before() {
    let bench = bench();
    let arguments = format!("cross-validate t.csv {SMALL} --hold-out last --order day --folds 5");
    let result = bench.json(&arguments);
    let folds = result["folds"].as_array().unwrap();
    let of = |key: &str| {
        folds
            .iter()
            .map(|fold| number(fold, key))
            .collect::<Vec<f64>>()
    };
    assert_eq!(of("test_rows"), [40.0; 5]);
    let seen: Vec<f64> = of("train_rows")
        .iter()
        .zip(of("validation_rows"))
        .map(|(train, choose)| train + choose)
        .collect();
    assert_eq!(seen, [40.0, 80.0, 120.0, 160.0, 200.0]);
    let said = bench.run(&arguments);
    assert!(
        said.stdout.contains("a rolling origin by `day`"),
        "{}",
        said.stdout
    );
    // The last fold is the fit to what comes before it.
    let text = bench.read("t.csv");
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    let day = |line: &&str| line.split(',').next().unwrap().parse::<u32>().unwrap();
    let later: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| day(line) >= 200)
        .collect();
    lines.retain(|line| day(line) < 200);
    // Its choosing rows are the last ones by day, as those of `fit` are that a list leaves it.
    let kept = lines.iter().filter(|line| day(line) < 180).count();
    assert_eq!(of("train_rows")[4], kept as f64);
    let supports = "--support continuous";
    let lists = lines.len() + 2..lines.len() + later.len() + 2;
    let lists: Vec<String> = lists.map(|line| line.to_string()).collect();
    bench.write("later.txt", lists.join("\n"));
    let all = [lines, later].concat();
    bench.write("sorted.csv", format!("day,who,x,y\n{}\n", all.join("\n")));
    let fit = bench.json(&format!(
        "fit sorted.csv {SMALL} {supports} --inputs x --hold-out rows:later.txt --order day"
    ));
    let folds = bench.json(&format!(
        "cross-validate sorted.csv {SMALL} {supports} --inputs x --hold-out last --order day --folds 5"
    ));
    assert_eq!(folds["folds"][4]["nll"], fit["validation_nll"]);
    assert_eq!(folds["folds"][4]["train_rows"], fit["train_rows"]);
}

#[test]
fn folds_of_groups_and_of_listed_rows() {
    let bench = bench();
    let result = bench.json(&format!(
        "cross-validate t.csv {SMALL} --hold-out group:who --folds 4"
    ));
    for fold in result["folds"].as_array().unwrap() {
        assert_eq!(number(fold, "test_rows"), 60.0);
        assert_eq!(number(fold, "validation_rows"), 30.0);
    }
    let result = bench.json(&format!(
        "cross-validate t.csv {SMALL} --hold-out rows:held.txt"
    ));
    let folds = result["folds"].as_array().unwrap();
    assert_eq!((folds.len(), number(&folds[0], "test_rows")), (1, 5.0));
    let few = bench.run(&format!(
        "cross-validate t.csv {SMALL} --hold-out group:who --folds 9"
    ));
    assert!(
        few.error(1)
            .contains("8 different groups are too few for 9 folds"),
        "{}",
        few.stderr
    );
}

/// The trials see all but what the model at last is reported on.
#[test]
fn tune_reports_on_rows_that_chose_no_trial() {
    let bench = bench();
    for (way, words) in [
        ("last", "on the last 24 rows, which nothing has seen"),
        (
            "group:who",
            "on 30 rows of other groups of `who`, which nothing has seen",
        ),
        (
            "rows:held.txt",
            "on the 5 rows of held.txt, which nothing has seen",
        ),
    ] {
        let arguments = format!("tune t.csv {SMALL} --trials 2 --folds 2 --hold-out {way}");
        let said = bench.run(&arguments);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stdout.contains(words), "{}", said.stdout);
        // What is reported has no part in the race.
        let before = bench.json(&arguments);
        let text = bench.read("t.csv");
        let changed = |line: (usize, &str)| match (way, line.0) {
            ("last", 217..) => line.1.replace(",0.", ",7."),
            _ => line.1.to_owned(),
        };
        let lines: Vec<String> = text.lines().enumerate().map(changed).collect();
        bench.write("t.csv", lines.join("\n"));
        let after = bench.json(&arguments);
        let nll = |result: &Value| result["trials"][0]["nll"].clone();
        assert_eq!(nll(&before), nll(&after), "{way}");
        bench.write("t.csv", text);
    }
}

/// A walk at random, and the same rows shuffled.
#[test]
fn rows_that_depend_on_each_other_are_told() {
    let bench = Bench::new();
    let (mut walk, mut lines) = (0.0, Vec::new());
    for row in 0..600_u32 {
        let of = |factor: u32| f64::from(row.wrapping_mul(factor) >> 8) / f64::from(1 << 24);
        walk = 0.95 * walk + of(2_654_435_769) - 0.5;
        lines.push(format!("{},{}", of(3_266_489_917), walk + 0.5));
    }
    bench.write("walk.csv", format!("x,y\n{}\n", lines.join("\n")));
    let fit = "walk.csv --target y --steps 60 --hidden 6 -k 2";
    for command in [
        "fit",
        "fit --stream-above 0",
        "cross-validate --folds 3",
        "tune --trials 1 --folds 2",
    ] {
        let codes = |hold_out: &str| {
            let told = bench.json(&format!("{command} {fit} --hold-out {hold_out}"));
            let found = told["diagnostics"].as_array().unwrap().iter();
            let found = found.map(|found| found["code"].as_str().unwrap().to_owned());
            found.collect::<Vec<String>>()
        };
        let code = "dependent-rows".to_owned();
        assert!(codes("random").contains(&code), "{command}");
        assert!(!codes("last").contains(&code), "{command}");
    }
    let said = bench.run(&format!("fit {fit}"));
    assert!(
        said.stdout.contains("warning dependent-rows"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("`--hold-out last`"), "{}", said.stdout);
}
