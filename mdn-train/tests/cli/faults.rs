//! What can fail under a training run but the process itself: the disk, the folder, the table.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use crc::{CRC_64_XZ, Crc};

use super::runs::{signal, start, until};
use super::support::{Bench, GEYSER, number};

const LONG: &str = "--target duration --steps 1000000 --hidden 8 -k 3 --patience 0";

/// Checks that every file of a run's folder is whole; returns how many hidden temporary files of a
/// killed process lie beside them. A folder that is not there holds nothing.
pub fn only_whole_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut hidden = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let whole = match name {
            "lock" => bytes.is_empty(),
            "config.toml" => bytes.ends_with(b"\n"),
            "metrics.jsonl" => lines_are_objects(&bytes),
            "checkpoint-0" | "checkpoint-1" => checkpoint_is_whole(&bytes),
            "model.mdn" => mdn_infer::Model::words_needed(&bytes).is_ok(),
            _ if name.starts_with(".mdn-") => {
                hidden += 1;
                true
            }
            _ => false,
        };
        assert!(whole, "{name}: {} bytes", bytes.len());
    }
    hidden
}

fn lines_are_objects(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap();
    let object = |line| serde_json::from_str(line).is_ok_and(|v: serde_json::Value| v.is_object());
    (text.is_empty() || text.ends_with('\n')) && text.lines().all(object)
}

/// Magic, the length of the rest, its CRC-64/XZ, the rest.
fn checkpoint_is_whole(bytes: &[u8]) -> bool {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    bytes.len() >= 24
        && number(8) == bytes.len() as u64 - 24
        && number(16) == Crc::<u64>::new(&CRC_64_XZ).checksum(&bytes[24..])
}

/// Runs the program where no file may grow beyond `blocks` of 512 bytes (1024 in some shells): a
/// write that goes further fails, as on a full disk.
#[cfg(unix)]
fn run_limited(bench: &Bench, blocks: usize, arguments: &str) -> (Option<i32>, String) {
    let program = cargo_bin!("mdn-train").display().to_string();
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {arguments}");
    let run = Command::new("sh")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (run.status.code(), String::from_utf8(run.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_leaves_the_old_model() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 3 --hidden 2 -k 2"
    ));
    let model = || fs::read(bench.path("model.mdn")).unwrap();
    let older = model();
    let options = "--target duration --steps 20 --hidden 64,64 -k 3";
    let (code, words) = run_limited(&bench, 4, &format!("fit {GEYSER} {options}"));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("error: cannot write model.mdn: "), "{words}");
    assert_eq!(model(), older);
    assert_eq!(bench.names(), ["model.mdn"]);
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_during_a_run_leaves_whole_files() {
    let bench = Bench::new();
    let options = "--target duration --steps 20 --hidden 64,64 -k 3";
    let fit = format!("fit {GEYSER} {options} --run r --checkpoint-interval 0");
    let (code, words) = run_limited(&bench, 8, &fit);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot write r/checkpoint-0: "), "{words}");
    assert!(words.contains("cannot write r/model.mdn: "), "{words}");
    assert_eq!(only_whole_files(&bench.path("r")), 0);
    assert!(!bench.path("r/model.mdn").exists());
    // With room again the run goes on to the model of an undisturbed one.
    bench.json("fit --resume r");
    bench.json(&format!("fit {GEYSER} {options} --out whole.mdn"));
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(model("r/model.mdn"), model("whole.mdn"));
}

/// One input so far out that the model's numbers overflow there is a row of density 0, and said; the model
/// of the other rows is written and scored by them.
#[test]
fn an_input_out_of_all_bounds_does_not_fail_a_training_that_is_done() {
    let bench = Bench::new();
    let mut table = String::from("x,y\n");
    for i in 0..200 {
        let x = if i == 77 { 9e36 } else { f64::from(i) / 100.0 };
        let wave = 0.1 * f64::from(i * 7919 % 101) / 101.0;
        table.push_str(&format!("{x},{}\n", f64::from(i) / 50.0 + wave));
    }
    bench.write("far.csv", table);
    let run = bench.run(
        "fit far.csv --target y --validation 0 --steps 300 --hidden 8 -k 2 --saturate none --json \
         --out far.mdn",
    );
    let result = run.object();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    // It is a mark of a missing value, whose row is in no score of the others.
    assert!(number(&result, "train_nll") < 1.0, "{result}");
    assert_eq!(number(&result, "train_rows"), 199.0);
    assert_eq!(number(&result, "set_aside_rows"), 1.0);
    assert!(result["set_aside_nll"].is_null(), "{result}");
    let scores = bench.json("evaluate far.mdn far.csv");
    assert_eq!(number(&scores, "zero_density_rows"), 1.0);
    let first = &scores["zero_density"];
    assert_eq!(first["line"], 79);
    let cause = first["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("`x` is 9e36, ") && cause.ends_with("overflow"),
        "{cause}"
    );
}

/// `/proc` takes no new files, not even root's.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_refused_before_training() {
    let bench = Bench::new();
    for (output, words) in [
        ("--out /proc/model.mdn", "cannot write /proc/model.mdn: "),
        ("--run /proc/r", "/proc/r: "),
    ] {
        let run = bench.run(&format!("fit {GEYSER} {LONG} {output}"));
        assert!(run.error(1).contains(words), "{}", run.stderr);
    }
    assert_eq!(bench.names(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_table_that_changes_or_vanishes_under_way_changes_nothing() {
    let bench = Bench::new();
    let table = fs::read_to_string(GEYSER).unwrap();
    let options = "--target duration --steps 6000 --hidden 8 -k 3 --patience 0";
    bench.json(&format!("fit {GEYSER} {options} --out whole.mdn"));
    let (header, rows) = table.split_once('\n').unwrap();
    let cut = format!("{header}\n{}", &rows[..rows.len() / 2]);
    for (run, change) in [("changed", Some(cut)), ("vanished", None)] {
        bench.write("t.csv", &table);
        let mut child = start(&bench, &format!("fit t.csv {options} --run {run}"));
        let metrics = bench.path(&format!("{run}/metrics.jsonl"));
        until("a report", || {
            fs::metadata(&metrics).is_ok_and(|found| found.len() > 0)
        });
        match change {
            Some(text) => bench.write("t.csv", text),
            None => fs::remove_file(bench.path("t.csv")).unwrap(),
        }
        let early = child.try_wait().unwrap().is_none();
        assert!(early, "the run was over before the table changed");
        assert!(child.wait().unwrap().success());
        let model = fs::read(bench.path(&format!("{run}/model.mdn"))).unwrap();
        assert_eq!(model, fs::read(bench.path("whole.mdn")).unwrap(), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn signals_keep_the_best_model_without_a_run_too() {
    for (name, status) in [("-INT", 130), ("-TERM", 143)] {
        let bench = Bench::new();
        // A signal that comes before training starts leaves no model: wait longer then.
        let kept = (1..8).any(|attempt| {
            let mut child = start(&bench, &format!("fit {GEYSER} {LONG}"));
            std::thread::sleep(Duration::from_millis(250 << attempt));
            signal(&child, name);
            child.wait().unwrap().code() == Some(status) && bench.path("model.mdn").exists()
        });
        assert!(kept, "{name}");
        let told = bench.json("verify model.mdn");
        assert_eq!(told["golden_bits_equal"], true, "{told}");
        assert_eq!(bench.names(), ["model.mdn"]);
    }
}

#[test]
fn a_result_never_takes_the_place_of_what_is_read() {
    let bench = Bench::new();
    fs::copy(bench.path(GEYSER), bench.path("t.csv")).unwrap();
    bench.json("fit t.csv --targets 1 --steps 20 --checkpoint-interval 0 --run r");
    fs::copy(bench.path("r/model.mdn"), bench.path("m.mdn")).unwrap();
    fs::copy(bench.path("r/config.toml"), bench.path("c.toml")).unwrap();
    bench.write("tune.toml", "data = \"t.csv\"\ntargets = 1\ntrials = 2\n");
    for (arguments, kept) in [
        ("fit t.csv --targets 1 --out t.csv", "t.csv"),
        ("fit --config c.toml --out c.toml", "c.toml"),
        ("fit t.csv --targets 1 --run new --out t.csv", "t.csv"),
        (
            "fit t.csv --targets 1 --run new --out new/metrics.jsonl",
            "t.csv",
        ),
        ("fit --resume r --out r/checkpoint-0", "r/checkpoint-0"),
        ("fit --resume r --out ./r/config.toml", "r/config.toml"),
        ("tune t.csv --targets 1 --trials 2 --out t.csv", "t.csv"),
        ("tune --config tune.toml --out tune.toml", "tune.toml"),
        ("tune t.csv --targets 1 --trials 2 --picture t.csv", "t.csv"),
        (
            "tune --config tune.toml --picture ./r/../tune.toml",
            "tune.toml",
        ),
        (
            "tune t.csv --targets 1 --run new --out new/trials.jsonl",
            "t.csv",
        ),
        ("predict m.mdn t.csv --out ./t.csv", "t.csv"),
        ("sample m.mdn t.csv --out t.csv", "t.csv"),
        ("prune m.mdn --data t.csv --out m.mdn", "m.mdn"),
        ("quantize m.mdn --weights i8 --out m.mdn", "m.mdn"),
    ] {
        let before = fs::read(bench.path(kept)).unwrap();
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(1), "{arguments}: {}", run.stderr);
        assert!(
            run.stderr.contains("needs another name"),
            "{arguments}: {}",
            run.stderr
        );
        assert_eq!(fs::read(bench.path(kept)).unwrap(), before, "{arguments}");
        assert!(!bench.path("new").exists(), "{arguments}");
    }
}

#[cfg(unix)]
#[test]
fn a_result_never_takes_the_place_of_standard_inputs_file() {
    let bench = Bench::new();
    fs::copy(bench.path(GEYSER), bench.path("t.csv")).unwrap();
    bench.json("fit t.csv --targets 1 --steps 5 --hidden 3 -k 2 --out m.mdn");
    let table = fs::read(bench.path("t.csv")).unwrap();
    fs::hard_link(bench.path("t.csv"), bench.path("hard")).unwrap();
    for (folder, link) in [
        ("d", "model.mdn"),
        ("p", "report.html"),
        ("m", "mdn-train.1"),
    ] {
        fs::create_dir(bench.path(folder)).unwrap();
        std::os::unix::fs::symlink("../t.csv", bench.path(folder).join(link)).unwrap();
    }
    for arguments in [
        "fit - --targets 1 --steps 5 --out t.csv",
        "tune - --targets 1 --trials 2 --out x.mdn --picture t.csv",
        "predict m.mdn - -o t.csv",
        "predict m.mdn /dev/stdin -o hard",
        "sample m.mdn - --out hard",
        "generate bishop -o ./d/../t.csv",
        "quantize m.mdn --weights i8 --calibrate - --out t.csv",
        "prune m.mdn --data - --out t.csv",
        "demo --out d",
        "plot m.mdn - --out p",
        "man --out m",
    ] {
        let run = Command::new(cargo_bin!("mdn-train"))
            .args(arguments.split_whitespace())
            .current_dir(bench.path(""))
            .stdin(fs::File::open(bench.path("t.csv")).unwrap())
            .output()
            .unwrap();
        let words = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(1), "{arguments}: {words}");
        assert!(words.contains("needs another name"), "{arguments}: {words}");
        assert_eq!(fs::read(bench.path("t.csv")).unwrap(), table, "{arguments}");
        assert_eq!(fs::read(bench.path("hard")).unwrap(), table, "{arguments}");
        let left = ["d", "p", "m"].map(|folder| fs::read_dir(bench.path(folder)).unwrap().count());
        assert_eq!(left, [1; 3], "{arguments}: nothing is written half");
    }
}

/// Whatever ends a command, no part of a result is left, and no temporary file.
#[cfg(target_os = "linux")]
#[test]
fn whatever_ends_a_command_leaves_no_litter() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --targets 1 --steps 3 --hidden 2 -k 2"
    ));
    bench.json(&format!("sample model.mdn {GEYSER} --out old.csv"));
    let old = bench.read("old.csv");
    for signals in ["-HUP", "-INT", "-TERM", "-KILL", "-ABRT"] {
        for out in ["old.csv", "new.csv"] {
            let sample = format!("sample model.mdn {GEYSER} --draws 100000000 --out {out}");
            let mut child = start(&bench, &sample);
            std::thread::sleep(Duration::from_millis(300));
            assert!(child.try_wait().unwrap().is_none(), "it was at work");
            signal(&child, signals);
            assert_ne!(child.wait().unwrap().code(), Some(0));
            assert_eq!(bench.names(), ["model.mdn", "old.csv"], "{signals}");
            assert_eq!(bench.read("old.csv"), old, "{signals}");
        }
    }
    // What an older system left goes with the next result.
    bench.write(".mdn-left.tmp", "half a table");
    bench.json(&format!("sample model.mdn {GEYSER} --out old.csv"));
    assert_eq!(bench.names(), ["model.mdn", "old.csv"]);
}

/// A training of which nothing came says so, exits with status 1 and leaves the old model.
#[test]
fn a_failed_training_is_a_failure() {
    let bench = Bench::new();
    let rows = |unit: f64| -> String {
        let row = |i: u32| {
            let x = f64::from(i) / 100.0;
            format!("{x},{:e}\n", unit * (1000.0 + x + (37.0 * x).sin()))
        };
        "x,y\n".to_owned() + &(0..100).map(row).collect::<String>()
    };
    bench.write("t.csv", rows(1.0));
    bench.write("tiny.csv", rows(1e-42));
    let swapped: String = rows(1e-42)
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(x, y)| format!("{y},{x}\n"))
        .collect();
    bench.write("tiny-input.csv", "x,y\n".to_owned() + &swapped);
    bench.json("fit t.csv --targets 1 --steps 3");
    let model = || fs::read(bench.path("model.mdn")).unwrap();
    let older = model();
    for (arguments, told) in [
        (
            "t.csv --steps 10 --learning-rate 1e30",
            "training diverges at any learning rate",
        ),
        (
            "t.csv --steps 10 --learning-rate 1e30 --validation 0",
            "training diverges at any",
        ),
        (
            "t.csv --steps 10 --learning-rate 1e30 --starts 1",
            "training diverges at any",
        ),
        (
            "t.csv --steps 10 --learning-rate 1e30 --ensemble 2",
            "training diverges at any",
        ),
        (
            "t.csv --steps 5 --no-standardise --initial glorot",
            "training has failed: the NLL of the rows held back",
        ),
        (
            "t.csv --steps 5 --no-standardise --initial glorot --validation 0",
            "training has failed: the NLL of the training rows is",
        ),
        (
            "t.csv --steps 5 --no-standardise --initial glorot --loss crps",
            "training has failed: the CRPS of the",
        ),
        (
            "tiny.csv --steps 5",
            "tiny.csv: column `y` has a standard deviation of ",
        ),
        (
            "tiny.csv --steps 5 --stream-above 1",
            "tiny.csv: column `y` has a standard deviation of ",
        ),
        (
            "tiny-input.csv --steps 5",
            "tiny-input.csv: column `x` has a standard deviation of ",
        ),
    ] {
        let run = bench.run(&format!("fit {arguments} --targets 1"));
        assert!(
            run.error(1).starts_with(told),
            "{arguments}: {}",
            run.stderr
        );
        assert!(!run.stdout.contains("self-test passed"), "{arguments}");
        assert_eq!(model(), older, "{arguments}");
    }
    let tune =
        "tune t.csv --targets 1 --steps 5 --no-standardise --initial glorot --trials 1 --folds 2";
    let run = bench.run(tune);
    assert!(
        run.error(1).starts_with("training has failed"),
        "{}",
        run.stderr
    );
    assert_eq!(model(), older);
}
