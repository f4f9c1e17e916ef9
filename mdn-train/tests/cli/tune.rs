//! `tune`: a race of configurations that any number of threads and interruptions leave as it is.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use serde_json::Value;

#[cfg(unix)]
use crate::runs::{signal, start, until};
use crate::support::{Bench, GEYSER, assert_picture, number};

/// Five trials: 5 fits on the first fold, 2 of them on the second, the best and trial 0 on all.
const RACE: &str = "--target duration --steps 40 --hidden 6 -k 2 --starts 1 --trials 5 --folds 3 \
                    --try-hidden 4 --try-components 1,3 --try-noise never,always \
                    --try-weight-decay 0.5";

fn scores(trial: &Value) -> Vec<f64> {
    let scores = trial["nll"].as_array().unwrap();
    scores.iter().map(|score| score.as_f64().unwrap()).collect()
}

fn trials(result: &Value) -> &[Value] {
    result["trials"].as_array().unwrap()
}

#[test]
fn the_best_trial_is_what_cross_validate_and_fit_say() {
    let bench = Bench::new();
    let result = bench.json(&format!("tune {GEYSER} {RACE} --run r"));
    let trials = trials(&result);
    assert_eq!(trials.len(), 5);
    let best = &trials[0];
    assert_eq!(best["trial"], result["best"]);
    let given = trials.iter().find(|trial| trial["trial"] == 0).unwrap();
    assert_eq!(scores(given).len(), 3);
    assert!(number(best, "nll_mean") <= number(given, "nll_mean"));
    let gain = number(given, "nll_mean") - number(best, "nll_mean");
    assert!((number(&result, "gain") - gain).abs() < 1e-12);
    // 5 + 2 (+ 1 for trial 0), then the third fold, then all rows.
    let lengths: Vec<usize> = trials.iter().map(|trial| scores(trial).len()).collect();
    assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
    let fits = 1 + lengths.iter().sum::<usize>();
    assert_eq!(number(&result, "fits"), fits as f64);

    let options = result["options"].as_str().unwrap();
    let same = format!("{GEYSER} --target duration --steps 40 --starts 1 {options}");
    let folds = bench.json(&format!("cross-validate {same} --folds 3"));
    let folds = folds["folds"].as_array().unwrap();
    for (score, fold) in scores(best).iter().zip(folds) {
        assert!(
            (score - number(fold, "nll")).abs() < 1e-12,
            "{score} {fold}"
        );
    }
    bench.json(&format!("fit {same} --out same.mdn"));
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(model("same.mdn"), model("r/model.mdn"));
    assert_picture(&bench.path("r/trials.png"));
}

#[test]
fn threads_do_not_matter_and_pictures_are_drawn_where_told() {
    let bench = Bench::new();
    let race = |threads: &str| {
        let mut program = cargo_bin_cmd!("mdn-train");
        let command = format!("tune {GEYSER} {RACE} --json --picture race.svg");
        program.args(command.split_whitespace());
        program.current_dir(bench.path(""));
        let output = program.env("RAYON_NUM_THREADS", threads).output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        (
            object["trials"].clone(),
            fs::read(bench.path("model.mdn")).unwrap(),
        )
    };
    assert_eq!(race("1"), race("3"));
    assert!(bench.read("race.svg").starts_with("<svg"));
    assert_eq!(bench.names(), ["model.mdn", "race.svg"]);
}

/// A folder with the first bytes of the journal of `r`, as a kill leaves it.
fn cut(bench: &Bench, name: &str, bytes: usize) {
    fs::create_dir(bench.path(name)).unwrap();
    fs::copy(
        bench.path("r/config.toml"),
        bench.path(&format!("{name}/config.toml")),
    )
    .unwrap();
    let journal = fs::read(bench.path("r/trials.jsonl")).unwrap();
    bench.write(
        &format!("{name}/trials.jsonl"),
        &journal[..bytes.min(journal.len())],
    );
}

#[test]
fn resuming_ends_like_an_undisturbed_race_wherever_it_was_cut() {
    let bench = Bench::new();
    let whole = bench.json(&format!("tune {GEYSER} {RACE} --run r"));
    let model = |folder: &str| fs::read(bench.path(&format!("{folder}/model.mdn"))).unwrap();
    let length = bench.read("r/trials.jsonl").len();
    for (number, bytes) in [0, 5, length / 3, length / 2, length - 1, length]
        .into_iter()
        .enumerate()
    {
        let folder = format!("cut{number}");
        cut(&bench, &folder, bytes);
        let again = bench.json(&format!("tune --resume {folder}"));
        assert_eq!(
            again["trials"], whole["trials"],
            "{bytes} of {length} bytes"
        );
        assert_eq!(model(&folder), model("r"));
        let lines = bench
            .read(&format!("{folder}/trials.jsonl"))
            .lines()
            .count();
        assert_eq!(lines, bench.read("r/trials.jsonl").lines().count());
    }
}

#[test]
fn a_race_that_is_killed_goes_on() {
    let bench = Bench::new();
    let race = format!(
        "tune {GEYSER} {}",
        RACE.replace("--steps 40 ", "--steps 400 ")
    );
    let mut child = Command::new(cargo_bin!("mdn-train"))
        .args(format!("{race} --run r").split_whitespace())
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let lines =
        || fs::read_to_string(bench.path("r/trials.jsonl")).map_or(0, |text| text.lines().count());
    while lines() < 3 {
        assert!(start.elapsed() < Duration::from_secs(120), "no score came");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = bench.json("tune --resume r");
    let whole = bench.json(&format!("{race} --run whole"));
    assert_eq!(resumed["trials"], whole["trials"]);
}

/// The lines of a race that a signal ended are those of the whole race, as far as they go.
#[cfg(unix)]
#[test]
fn a_race_that_is_stopped_tells_the_trials_so_far_and_goes_on() {
    let bench = Bench::new();
    let steps = "--steps 6000 --patience 0 ";
    let race = format!("tune {GEYSER} {}", RACE.replace("--steps 40 ", steps));
    let mut program = Command::new(cargo_bin!("mdn-train"));
    program.args(format!("{race} --run r --json").split_whitespace());
    program
        .current_dir(bench.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = program.spawn().unwrap();
    let lines =
        || fs::read_to_string(bench.path("r/trials.jsonl")).map_or(0, |text| text.lines().count());
    until("two scores", || lines() >= 3);
    signal(&child, "-INT");
    let told = child.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(130), "{words}");
    for expected in [
        "is the best so far",
        "as options: mdn-train fit",
        "stopped by a signal; `mdn-train tune --resume r` goes on",
    ] {
        assert!(words.contains(expected), "{words}");
    }
    let stopped: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(stopped["interrupted"], true);
    assert_eq!(stopped["model"], Value::Null);
    assert!(!bench.path("r/model.mdn").exists());

    let resumed = bench.json("tune --resume r");
    let whole = bench.json(&format!("{race} --run whole"));
    assert_eq!(resumed["trials"], whole["trials"]);
    assert_eq!(resumed["interrupted"], false);
    let model = |folder: &str| fs::read(bench.path(&format!("{folder}/model.mdn"))).unwrap();
    assert_eq!(model("r"), model("whole"));
    assert!(!trials(&stopped).is_empty());
    for early in trials(&stopped) {
        let mut late = trials(&whole).iter();
        let late = late.find(|late| late["trial"] == early["trial"]).unwrap();
        assert!(scores(late).starts_with(&scores(early)), "{early} {late}");
    }
}

#[cfg(unix)]
#[test]
fn a_race_that_is_stopped_before_its_first_score_says_so() {
    let bench = Bench::new();
    let race = format!(
        "tune {GEYSER} {} --patience 0 --run r",
        RACE.replace("--steps 40 ", "--steps 1000000 ")
    );
    let child = start(&bench, &race);
    until("the journal", || bench.path("r/trials.jsonl").exists());
    // The signals are caught soon after.
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "-TERM");
    let told = child.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(143), "{words}");
    let expected = "stopped by a signal before the first score; `mdn-train tune --resume r`";
    assert!(words.contains(expected), "{words}");
    assert_eq!(bench.read("r/trials.jsonl").lines().count(), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let bench = Bench::new();
    let alone = RACE.replace("--trials 5", "--trials 1");
    bench.json(&format!("tune {GEYSER} {alone} --run r"));
    let again = bench.run(&format!("tune {GEYSER} {RACE} --run r"));
    assert!(
        again.error(1).contains("holds a run already"),
        "{}",
        again.stderr
    );
    let fit = bench.run("fit --resume r");
    assert_eq!(
        fit.error(2),
        "r: that is a run of `tune`: `mdn-train tune --resume r` goes on"
    );
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 5 --hidden 3 -k 1 --run f"
    ));
    let tune = bench.run("tune --resume f");
    assert_eq!(
        tune.error(2),
        "f: that is a run of `fit`: `mdn-train fit --resume f` goes on"
    );
    let other = bench.run("tune --resume r --trials 7");
    assert!(
        other.error(2).contains("--trials: the run began with"),
        "{}",
        other.stderr
    );
    bench.write(
        "small.csv",
        "waiting,duration\n1,2\n2,3\n3,5\n4,4\n5,5\n6,1\n",
    );
    let table = bench.run("tune --resume r small.csv");
    assert!(table.error(1).contains("another table"), "{}", table.stderr);
    let journal = bench.read("r/trials.jsonl");
    bench.write("r/trials.jsonl", format!("{journal}{{\"trial\": -1}}\n"));
    let damaged = bench.run("tune --resume r");
    assert!(
        damaged.error(1).contains("trials.jsonl:5: not a score"),
        "{}",
        damaged.stderr
    );
    for (options, words) in [
        ("--folds 1", "--folds"),
        ("--trials 0", "--trials"),
        ("--try-components 0", "--try-components"),
        ("--try-hidden 8,0", "--try-hidden"),
        ("--try-noise sometimes", "--try-noise"),
    ] {
        let run = bench.run(&format!("tune {GEYSER} --target duration {options}"));
        assert!(run.error(2).contains(words), "{}", run.stderr);
    }
    let few = bench.run("tune small.csv --target duration --folds 9");
    assert_eq!(
        few.error(1),
        "small.csv: 6 rows are too few for 9 folds; fewer --folds need fewer rows"
    );
    assert!(!bench.path("model.mdn").exists());
}
