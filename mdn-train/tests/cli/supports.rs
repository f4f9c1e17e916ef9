//! `--support`, and what is found: in the words of the program.

use std::fs;

use crate::support::Bench;

pub const SMALL: &str = "--steps 150 --hidden 6 -k 3 --starts 1";

/// Rain in tenths of a millimetre, 0 on more than half of the days, and visitors.
pub fn days() -> String {
    let day = |i: u32| {
        let x = i * 7919 % 600;
        let rain = i * 104_729 % 1000;
        let rain = f64::from(rain.saturating_sub(550)) / 10.0;
        format!("{x},{rain},{}\n", (i * 31 % 5 + x / 150) % 9)
    };
    "humidity,rain,visitors\n".to_owned() + &(0..600).map(day).collect::<String>()
}

#[test]
fn what_is_found_is_said_and_stays_in_the_file() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let fit = format!("fit days.csv --target rain,visitors --inputs humidity {SMALL}");
    let run = bench.run(&fit);
    for words in [
        "support of `rain`: atoms:0, with nothing below",
        "support of `visitors`: lattice:1 from 0",
        "--support 'rain=continuous'",
    ] {
        assert!(run.stdout.contains(words), "{}{}", run.stdout, run.stderr);
    }
    let said = bench.json(&format!("{fit} --out again.mdn"));
    assert_eq!(
        said["supports"][0]["support"],
        "atoms:0, with nothing below"
    );
    assert_eq!(said["supports"][0]["chosen"], false);
    let inspected = bench.json("inspect model.mdn");
    assert_eq!(inspected["format_version"], 4);
    assert_eq!(
        inspected["targets"][0]["support"],
        "atoms:0, with nothing below"
    );
    let answers = bench.answers("predict model.mdn days.csv --probability visitors=3 --cdf rain=0");
    for row in 0..answers.len() {
        assert!(answers.number(row, "rain_q0.05") >= 0.0);
        let at = answers.number(row, "rain_at0");
        assert_eq!(at, answers.number(row, "rain_cdf0"));
        assert!((0.0..=1.0).contains(&answers.number(row, "visitors_at3")));
        assert_eq!(answers.number(row, "visitors_q0.5").fract(), 0.0);
    }
    let evaluated = bench.json("evaluate model.mdn days.csv");
    let target = &evaluated["targets"][0];
    assert!(
        target["atom_share"]
            .as_f64()
            .is_some_and(|share| share > 0.5),
        "{target}"
    );
    assert!(
        target["expected_coverage_90"]
            .as_f64()
            .is_some_and(|share| share >= 0.9),
        "{target}"
    );
    let draws = bench.run("sample model.mdn days.csv --draws 1");
    assert_eq!(draws.code, Some(0), "{}", draws.stderr);
    bench.json("plot model.mdn days.csv");
    bench.json("verify model.mdn");
}

#[test]
fn the_option_wins_and_bad_ones_are_refused() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let fit = |options: &str| format!("fit days.csv --inputs humidity {SMALL} {options} --force");
    let plain = bench.json(&fit("--target rain --support continuous"));
    assert_eq!(plain["supports"][0]["support"], "continuous");
    let one = bench.json(&fit(
        "--target rain,visitors --support rain=bounds:0, --support visitors=continuous",
    ));
    assert_eq!(one["supports"][0]["support"], "bounds:0,");
    for (options, words) in [
        ("--target rain --support atoms:", "takes numbers"),
        ("--target rain --support bounds:5,1", "the lower one first"),
        ("--target rain --support lattice:0", "a number above 0"),
        ("--target rain --support beta", "`lattice:STEP`"),
        (
            "--target rain --support snow=lattice:1",
            "which is no target",
        ),
    ] {
        let run = bench.run(&fit(options));
        assert!(
            run.code != Some(0) && run.stderr.contains(words),
            "{options}: {}",
            run.stderr
        );
    }
    let off = bench.run(&fit("--target rain --support lattice:1"));
    let words = off.error(1);
    assert!(
        words.contains("days.csv: line ") && words.contains("choose a step"),
        "{words}"
    );
    let full = bench.run(&fit(
        "--target rain,visitors --covariance full --support visitors=lattice:1",
    ));
    assert!(
        full.error(1).contains("--covariance diagonal"),
        "{}",
        full.stderr
    );
    let zeros = bench.run(&fit(
        "--target rain --transform log --support rain=lattice:1",
    ));
    assert!(zeros.stderr.contains("(atoms:0)"), "{}", zeros.stderr);
}

/// Every trial and every fold has the supports of the whole table.
#[test]
fn cross_validate_and_tune_know_supports() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let folds = bench.json(&format!(
        "cross-validate days.csv --target rain --inputs humidity --folds 3 {SMALL}"
    ));
    assert_eq!(
        folds["supports"][0]["support"],
        "atoms:0, with nothing below"
    );
    let small = "--trials 2 --folds 2 --steps 60 --starts 1 --try-hidden 4 --try-components 3";
    let tuned = bench.run(&format!(
        "tune days.csv --target rain --inputs humidity {small}"
    ));
    assert!(
        tuned.stdout.contains("support of `rain`: atoms:0"),
        "{}{}",
        tuned.stdout,
        tuned.stderr
    );
}

/// Found or chosen, on the command line or in a file, with the rows in memory or on the disk, at one go or
/// from a checkpoint: one model.
#[test]
fn the_way_to_a_support_leaves_no_trace_in_the_model() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    let fit = format!("fit days.csv --target rain,visitors --inputs humidity {SMALL}");
    let chosen = "--support rain=atoms:0 --support visitors=lattice:1";
    let continuous = "--support continuous --support visitors=lattice:1";
    bench.json(&format!("{fit} {chosen} --out chosen.mdn"));
    bench.json(&format!("{fit} {continuous} --out continuous.mdn"));
    bench.write(
        "c.toml",
        "support = [\"rain=atoms:0\", \"visitors=lattice:1\"]\n",
    );
    bench.write(
        "d.toml",
        "support = [\"continuous\", \"visitors=lattice:1\"]\n",
    );
    for (options, model) in [
        ("", "chosen.mdn"),
        ("--stream-above 0", "chosen.mdn"),
        ("--config c.toml", "chosen.mdn"),
        ("--config c.toml --stream-above 0", "chosen.mdn"),
        ("--config d.toml", "continuous.mdn"),
    ] {
        bench.json(&format!("{fit} {options} --out other.mdn --force"));
        assert!(read("other.mdn") == read(model), "{options}");
    }
    for (folder, options, model) in [
        ("a", chosen, "chosen.mdn"),
        ("b", continuous, "continuous.mdn"),
        ("c", "", "chosen.mdn"),
    ] {
        bench.json(&format!(
            "{fit} {options} --run {folder} --checkpoint-interval 0"
        ));
        fs::remove_file(bench.path(&format!("{folder}/checkpoint-0"))).unwrap();
        fs::remove_file(bench.path(&format!("{folder}/model.mdn"))).unwrap();
        bench.json(&format!("fit --resume {folder} --stream-above 0"));
        assert!(
            read(&format!("{folder}/model.mdn")) == read(model),
            "{options}"
        );
    }
}
