//! Hidden layers with an activation each.

use std::fs;

use serde_json::Value;

use crate::support::{Bench, GEYSER};

const SMALL: &str = "--target duration --steps 30 -k 2 --starts 1";

fn activations(bench: &Bench, model: &str) -> Vec<Value> {
    let found = bench.json(&format!("inspect {model}"));
    let layers = found["layers"].as_array().unwrap().iter();
    layers.map(|layer| layer["activation"].clone()).collect()
}

#[test]
fn each_layer_has_the_activation_that_it_is_given() {
    let bench = Bench::new();
    let model = |name: &str| fs::read(bench.path(name)).unwrap();
    let mixed = format!("fit {GEYSER} {SMALL} --hidden 6,5 --activation relu,tanh");
    bench.json(&format!(
        "{mixed} --ensemble 2 --run r --checkpoint-interval 0.000001"
    ));
    assert_eq!(
        activations(&bench, "r/model.mdn"),
        ["relu", "tanh", "identity"]
    );
    assert_eq!(bench.json("verify r/model.mdn")["golden_bits_equal"], true);
    // A checkpoint with finished networks, the run's own file, and files written by hand.
    fs::rename(bench.path("r/model.mdn"), bench.path("first.mdn")).unwrap();
    bench.json("fit --resume r");
    assert_eq!(model("r/model.mdn"), model("first.mdn"));
    bench.json("fit --config r/config.toml --out again.mdn");
    assert_eq!(model("again.mdn"), model("first.mdn"));
    for text in ["\"relu,tanh\"", "[\"relu\", \"tanh\"]"] {
        bench.write(
            "c.toml",
            format!("hidden = [6, 5]\nactivation = {text}\nensemble = 2\n"),
        );
        bench.json(&format!(
            "fit {GEYSER} {SMALL} --config c.toml --out file.mdn"
        ));
        assert_eq!(model("file.mdn"), model("first.mdn"), "{text}");
    }
    let turned = mixed.replace("relu,tanh", "tanh,relu");
    bench.json(&format!("{turned} --ensemble 2 --out turned.mdn"));
    assert_ne!(model("turned.mdn"), model("first.mdn"));
}

#[test]
fn one_activation_stands_for_all_layers() {
    let bench = Bench::new();
    let model = |activation: &str| {
        let options = format!("--hidden 6,5 --activation {activation} --out {activation}.mdn");
        bench.json(&format!("fit {GEYSER} {SMALL} {options}"));
        fs::read(bench.path(&format!("{activation}.mdn"))).unwrap()
    };
    assert_eq!(model("gelu"), model("gelu,gelu"));
}

#[test]
fn a_wrong_number_of_activations_is_refused_before_anything_is_made() {
    let bench = Bench::new();
    for (command, words) in [
        (
            "fit --hidden 8 --activation relu,tanh --run r",
            "2 activations for 1 hidden layer:",
        ),
        (
            "fit --activation relu,tanh,silu",
            "3 activations for 2 hidden layers:",
        ),
        (
            "cross-validate --hidden 1,2,3 --activation relu,tanh",
            "2 activations for 3 hidden layers:",
        ),
        (
            "tune --activation relu,tanh --run r",
            "--try-hidden 32: 2 activations for 1 hidden layer:",
        ),
    ] {
        let (name, options) = command.split_once(' ').unwrap();
        let run = bench.run(&format!("{name} {GEYSER} --target duration {options}"));
        let said = run.error(1);
        assert!(said.contains(words), "{command}: {said}");
        assert_eq!(bench.names(), [""; 0], "{command}");
    }
}

#[test]
fn every_trial_keeps_the_activations_given() {
    let bench = Bench::new();
    let given = "--hidden 4,3 --activation relu,tanh --try-hidden 5,2 --try-components 1,2";
    let race = "--trials 3 --folds 2 --steps 20 --starts 1 --out tuned.mdn";
    bench.json(&format!("tune {GEYSER} --target duration {given} {race}"));
    assert_eq!(
        activations(&bench, "tuned.mdn"),
        ["relu", "tanh", "identity"]
    );
}
