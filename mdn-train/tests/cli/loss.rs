//! Options of training from the command line and from a file: `--loss crps`, the optimiser's.

use std::fs;

use crate::support::{Bench, GEYSER, number};

const FIT: &str = "--target duration --steps 120 --hidden 6 -k 3";

#[test]
fn a_run_keeps_its_loss() {
    let bench = Bench::new();
    let told = bench.json(&format!("fit {GEYSER} {FIT} --loss crps --run r"));
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    assert!(bench.read("r/config.toml").contains("loss = \"crps\""));
    bench.json("fit --config r/config.toml --out again.mdn");
    assert_eq!(model("again.mdn"), model("r/model.mdn"));
    fs::rename(bench.path("r/model.mdn"), bench.path("first.mdn")).unwrap();
    bench.json("fit --resume r");
    assert_eq!(model("r/model.mdn"), model("first.mdn"));
    // Another loss would be another run.
    let refused = bench.run("fit --resume r --loss nll");
    assert_ne!(refused.code, Some(0), "{}", refused.stderr);

    let lines = bench.read("r/metrics.jsonl");
    let best = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["loss"], "crps");
        number(&line, "validation_loss")
    });
    // The lowest loss of the rows held back is what was kept, unless polish lowered it further.
    let reported = best.fold(f64::INFINITY, f64::min);
    let best = number(&told["networks"][0], "validation_loss");
    assert!(best < reported + 1e-9);
    // So is the score of the file, which has one network and one target.
    assert_eq!(told["loss"], "crps");
    assert!((number(&told, "validation_crps") - best).abs() < 1e-4 * best);
    // An NLL is told beside, and is something else.
    assert!((number(&told, "validation_nll") - best).abs() > 1e-3);
    bench.json(&format!("plot r/model.mdn {GEYSER} --out pictures"));
}

#[test]
fn the_loss_that_was_minimised_is_shown() {
    let bench = Bench::new();
    let words = |loss: &str| {
        bench
            .run(&format!("fit {GEYSER} {FIT} --loss {loss}"))
            .stdout
    };
    let crps = words("crps");
    assert!(crps.starts_with("CRPS 0."), "{crps}");
    assert!(words("nll").starts_with("NLL "));
}

#[test]
fn full_covariance_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    bench.json("generate two-link-arm --rows 60 --out arm.csv");
    let before = bench.names();
    let run = bench.run("fit arm.csv --targets 2 --covariance full --loss crps --steps 5");
    let error = run.error(1);
    assert!(error.contains("choose diagonal covariance"), "{error}");
    assert_eq!(bench.names(), before);
    bench.json("fit arm.csv --targets 2 --loss crps --steps 5 --hidden 4 -k 2");
}

#[test]
fn help_says_what_the_losses_are() {
    let help = Bench::new().run("fit --help").stdout;
    for words in ["--loss <LOSS>", "ranked probability score", "likelihood"] {
        assert!(help.contains(words), "{words} in {help}");
    }
}

/// The options stand in a run's file, are taken from one, and each decides the model.
#[test]
fn the_optimiser_is_chosen_by_options() {
    let bench = Bench::new();
    let fit = format!("fit {GEYSER} --target duration --steps 60 --hidden 6 -k 2");
    bench.json(&format!("{fit} --run r"));
    let config = bench.read("r/config.toml");
    let lines = [
        "initial = \"spread\"",
        "schedule = \"cosine\"",
        "warm-up = 0.05",
        "clip = 1",
    ];
    for line in lines {
        assert!(
            config.lines().any(|found| found == line),
            "{line} in {config}"
        );
    }
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    bench.write("same.toml", lines.join("\n"));
    bench.json(&format!("{fit} --config same.toml"));
    assert_eq!(model("model.mdn"), model("r/model.mdn"));
    for line in [
        "initial = \"glorot\"",
        "schedule = \"constant\"",
        "warm-up = 0",
        "clip = 0.01",
    ] {
        bench.write("other.toml", line);
        bench.json(&format!("{fit} --config other.toml"));
        assert_ne!(model("model.mdn"), model("r/model.mdn"), "{line}");
    }
}
