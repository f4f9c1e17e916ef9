//! Run folders and configuration files, as users meet them: interruptions of every kind.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::faults::only_whole_files;
use super::support::{Bench, GEYSER};

const SMALL: &str = "--target duration --steps 600 --hidden 6 -k 2";

/// Starts the program with `arguments`, parted at spaces, in the folder.
pub fn start(bench: &Bench, arguments: &str) -> Child {
    Command::new(cargo_bin!("mdn-train"))
        .args(arguments.split_whitespace())
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "waited for {what}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal to a process that the test started.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_run_leaves_its_options_losses_and_model() {
    let bench = Bench::new();
    let told = bench.json(&format!("fit {GEYSER} {SMALL} --run r"));
    assert_eq!(told["model"], "r/model.mdn");
    assert_eq!(told["interrupted"], serde_json::Value::Null);
    let config = bench.read("r/config.toml");
    for line in [
        "hidden = 6",
        "components = 2",
        "target = [\"duration\"]",
        "steps = 600",
    ] {
        assert!(config.contains(line), "{line} in {config}");
    }
    let lines = bench.read("r/metrics.jsonl");
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    // All starts, one after the other; the last one may end early.
    let of = |name: &str| last[name].as_u64().unwrap();
    assert!(of("steps") >= 4 * 600 && of("steps").is_multiple_of(600));
    assert!((of("steps") - 599..=of("steps")).contains(&of("step")));
    let kept = ["best_step", "steps"].map(|name| told[name].as_u64().unwrap());
    assert!(kept[0] <= kept[1] && kept[1] <= 600, "{kept:?}");
    // The folder's own file makes the same model again, and so does resuming what is done.
    let again = bench.json("fit --config r/config.toml --out again.mdn");
    assert_eq!(again["validation_nll"], told["validation_nll"]);
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(model("again.mdn"), model("r/model.mdn"));
    fs::rename(bench.path("r/model.mdn"), bench.path("first.mdn")).unwrap();
    bench.json("fit --resume r");
    assert_eq!(model("r/model.mdn"), model("first.mdn"));
    let refused = bench.run(&format!("fit {GEYSER} {SMALL} --run r"));
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("r: holds a run already"),
        "{}",
        refused.stderr
    );
}

#[test]
fn options_win_over_the_file() {
    let bench = Bench::new();
    bench.write(
        "c.toml",
        format!("data = \"{GEYSER}\"\ntarget = \"duration\"\nepochs = 9\nhidden = [4, 4]\nunit = [\"duration=min\"]\n"),
    );
    let told = bench.json("fit --config c.toml --steps 20 --hidden 3 -k 1");
    assert_eq!(told["train_rows"], 269);
    bench.write(
        "t.toml",
        format!("data = \"{GEYSER}\"\ntargets = 1\nsteps = 9\n"),
    );
    bench.json("fit --config t.toml --target waiting --epochs 1 --out other.mdn");
    // 1 → 3 → mean and scale.
    assert_eq!(told["parameters"], 3 + 3 + 3 * 3 + 3);
    assert_eq!(told["steps"], 20);
    let told = bench.json("inspect model.mdn");
    assert_eq!(told["targets"][0]["unit"], "min", "{told}");
}

#[test]
fn what_is_wrong_with_a_file_is_placed() {
    let bench = Bench::new();
    for (text, words) in [
        (
            "\n  hiden = 3",
            "c.toml:2:3: unknown key `hiden` (did you mean `hidden`?)",
        ),
        ("resume = \"r\"", "c.toml:1:1: unknown key `resume`"),
        ("steps = 1\nsteps = 2", "c.toml:2:1: duplicate key"),
        ("steps = ", "c.toml:1:9:"),
        (
            "no-standardise = 3",
            "c.toml:1:1: `no-standardise`: must be true or false",
        ),
        ("[network]\nhidden = 3", "c.toml:1:2: unknown key `network`"),
        (
            "steps = [[1]]",
            "c.toml:1:1: `steps`: must be a number or a text",
        ),
        (
            "seed = 1\nsteps = 0",
            "c.toml:2:1:\nerror: invalid value '0' for '--steps <N>'",
        ),
        (
            "steps = \"many\"",
            "c.toml:1:1:\nerror: invalid value 'many' for '--steps <N>'",
        ),
        (
            "ensemble = 2.5",
            "invalid value '2.5' for '--ensemble <M>': a whole number from 1 to 255",
        ),
        (
            "components = 1025",
            "invalid value '1025' for '--components <K>': a whole number from 1 to 1024",
        ),
    ] {
        bench.write("c.toml", text);
        let run = bench.run(&format!("fit {GEYSER} --target duration --config c.toml"));
        assert_eq!(run.code, Some(2), "{text}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{text}: {}", run.stderr);
    }
    let run = bench.run(&format!(
        "fit {GEYSER} --target duration --config none.toml"
    ));
    assert!(
        run.stderr.contains("none.toml: cannot be read"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_run_goes_on_only_as_it_began() {
    let bench = Bench::new();
    bench.write("t.csv", fs::read(GEYSER).unwrap());
    bench.json(&format!(
        "fit t.csv {SMALL} --run r --checkpoint-interval 0"
    ));
    let run = bench.run("fit --resume r --components 3");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("--components: the run began with `2`"),
        "{}",
        run.stderr
    );
    bench.json("fit --resume r --components 2 --out other.mdn");
    let table = bench.read("t.csv");
    let (rest, last) = table.trim_end().rsplit_once('\n').unwrap();
    bench.write("t.csv", format!("{rest}\n{last}5\n"));
    let run = bench.run("fit --resume r");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("r: the table has changed"),
        "{}",
        run.stderr
    );
    fs::remove_file(bench.path("t.csv")).unwrap();
    let run = bench.run("fit --resume r");
    assert!(run.stderr.contains("t.csv: no such file"), "{}", run.stderr);
    let run = bench.run("fit --resume nowhere");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr
            .contains("nowhere: there is no run in this folder"),
        "{}",
        run.stderr
    );
}

/// The run in folder `r` came to the end of the undisturbed one in folder `whole`.
fn assert_same_end(bench: &Bench) {
    assert_eq!(only_whole_files(&bench.path("r")), 0, "leftovers");
    for name in ["model.mdn", "metrics.jsonl"] {
        let read = |folder: &str| fs::read(bench.path(&format!("{folder}/{name}"))).unwrap();
        assert_eq!(read("r"), read("whole"), "{name}");
    }
}

/// Kills runs `times` times in all; each is resumed until it ends, as an undisturbed one does. No
/// process has the time for a whole run, so that none ends without going on from a checkpoint.
fn kill_and_resume(times: usize, seed: u64) {
    let bench = Bench::new();
    let options = format!("{GEYSER} --target duration --steps 4000 --hidden 8 -k 3 --patience 0");
    let often = "--checkpoint-interval 0.01";
    let begun = Instant::now();
    bench.json(&format!("fit {options} {often} --run whole"));
    let longest = begun.elapsed().mul_f64(0.6);
    let command = || match bench.path("r/config.toml").exists() {
        true => format!("fit --resume r {often}"),
        false => format!("fit {options} {often} --run r"),
    };
    let mut rng = SplitMix64::seed_from_u64(seed);
    let (mut kills, mut ends) = (0, 0);
    while kills < times {
        let mut child = start(&bench, &command());
        let share = rng.next_u64() as f64 / u64::MAX as f64;
        std::thread::sleep(longest.mul_f64(share));
        // `kill` is SIGKILL.
        child.kill().unwrap();
        let ended = child.wait().unwrap().success();
        only_whole_files(&bench.path("r"));
        kills += usize::from(!ended);
        if ended {
            assert_same_end(&bench);
            fs::remove_dir_all(bench.path("r")).unwrap();
            ends += 1;
        }
    }
    bench.json(&command());
    assert_same_end(&bench);
    println!("{kills} kills, {} runs compared", ends + 1);
}

#[test]
fn killed_at_some_moments() {
    kill_and_resume(4, 1);
}

#[test]
#[ignore = "takes a minute; `just kills`"]
fn killed_at_fifty_moments() {
    kill_and_resume(50, 2);
}

#[cfg(unix)]
#[test]
fn signals_stop_with_the_best_model_so_far() {
    for (name, status) in [("-INT", 130), ("-TERM", 143)] {
        let bench = Bench::new();
        let options = "--target duration --steps 1000000 --hidden 8 -k 3 --patience 0";
        let mut child = start(&bench, &format!("fit {GEYSER} {options} --run r"));
        let metrics = bench.path("r/metrics.jsonl");
        until("a report", || {
            fs::metadata(&metrics).is_ok_and(|found| found.len() > 0)
        });
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(status), "{name}");
        let told = bench.json("verify r/model.mdn");
        assert_eq!(told["golden_bits_equal"], true, "{told}");
        // The state was kept too.
        assert!(bench.path("r/checkpoint-0").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_stopped_run_says_how_to_go_on() {
    let bench = Bench::new();
    let options = "--target duration --steps 1000000 --hidden 8 -k 3 --patience 0";
    let child = start(&bench, &format!("fit {GEYSER} {options} --run r"));
    let metrics = bench.path("r/metrics.jsonl");
    until("a report", || {
        fs::metadata(&metrics).is_ok_and(|found| found.len() > 0)
    });
    signal(&child, "-INT");
    let told = child.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert!(words.contains("stopped by a signal after step"), "{words}");
    assert!(
        words.contains("`mdn-train fit --resume r` goes on"),
        "{words}"
    );
}

/// The network that a signal cuts short is left out; those before it are the model, and that is said.
#[cfg(unix)]
#[test]
fn a_stopped_ensemble_says_how_many_networks_it_has() {
    let bench = Bench::new();
    let options =
        "--target duration --steps 60000 --hidden 6 -k 2 --patience 0 --starts 1 --ensemble 3";
    let child = start(&bench, &format!("fit {GEYSER} {options} --run r --json"));
    let metrics = bench.path("r/metrics.jsonl");
    until("the second network", || {
        let lines = fs::read_to_string(&metrics).unwrap_or_default();
        let last = lines.lines().last();
        let last = last.and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        last.is_some_and(|report| report["step"].as_u64() > Some(60_000))
    });
    signal(&child, "-INT");
    let told = child.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert!(
        words.contains("with 1 of 3 networks in the file"),
        "{words}"
    );
    assert!(
        words.contains("`mdn-train fit --resume r` goes on"),
        "{words}"
    );
    let model = bench.json("inspect r/model.mdn");
    assert_eq!(model["components"], 2, "{model}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_checkpoints_only() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} {SMALL} --run r --checkpoint-interval 0"
    ));
    let model = fs::read(bench.path("r/model.mdn")).unwrap();
    let written = |name: &str| {
        fs::metadata(bench.path(&format!("r/{name}")))
            .unwrap()
            .modified()
            .unwrap()
    };
    let mut slots = ["checkpoint-0", "checkpoint-1"];
    slots.sort_by_key(|name| written(name));
    let [older, newer] = slots;
    let intact = fs::read(bench.path(&format!("r/{newer}"))).unwrap();
    for name in ["metrics.jsonl", older] {
        let path = bench.path(&format!("r/{name}"));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/full", path).unwrap();
    }
    let run = bench.run("fit --resume r --checkpoint-interval 0");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for words in [
        "cannot write r/metrics.jsonl: No space left",
        &format!("cannot write r/{older}: No space left"),
        &format!("{older}: cannot be read: not a file; going on from the other one"),
    ] {
        assert_eq!(
            run.stderr.matches(words).count(),
            1,
            "{words}: {}",
            run.stderr
        );
    }
    assert_eq!(fs::read(bench.path("r/model.mdn")).unwrap(), model);
    assert_eq!(fs::read(bench.path(&format!("r/{newer}"))).unwrap(), intact);
    let run = bench.run("fit --resume r --out /dev/full");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("cannot write /dev/full: No space left"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_run_needs_a_folder() {
    let bench = Bench::new();
    bench.write("r", "a file");
    let run = bench.run(&format!("fit {GEYSER} {SMALL} --run r"));
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("error: r: "), "{}", run.stderr);
    assert_eq!(bench.names(), ["r"]);
}
