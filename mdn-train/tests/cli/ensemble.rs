//! Ensembles from the command line: made, used like any other model, and what does not become one.

use crate::support::{Bench, GEYSER, number};

const FIT: &str = "--target duration --steps 300 --hidden 16 -k 3";

#[test]
fn ensembles_are_used_like_any_other() {
    let bench = Bench::new();
    let fitted = bench.json(&format!("fit {GEYSER} {FIT} --ensemble 3"));
    let networks = fitted["networks"].as_array().unwrap();
    assert_eq!(networks.len(), 3);
    let alone: Vec<f64> = networks
        .iter()
        .map(|network| number(network, "validation_loss"))
        .collect();
    // The logarithm of a mean is at least the mean of the logarithms.
    let mean = alone.iter().sum::<f64>() / 3.0;
    assert!(number(&fitted, "validation_nll") < mean + 1e-6, "{alone:?}");
    assert!(alone[0] != alone[1] && alone[1] != alone[2], "{alone:?}");

    let inspected = bench.json("inspect model.mdn");
    assert_eq!(inspected["format_version"], 4);
    assert_eq!(
        (&inspected["networks"], &inspected["components"]),
        (&3.into(), &9.into())
    );
    assert_eq!(
        number(&inspected, "parameters"),
        number(&fitted, "parameters")
    );
    let verified = bench.json("verify model.mdn");
    assert_eq!(verified["golden_bits_equal"], true);
    let rows = bench.answers(&format!("predict model.mdn {GEYSER} --quantiles 0.1,0.9"));
    assert_eq!(rows.len(), 299);
    let before = bench.json(&format!("evaluate model.mdn {GEYSER}"));
    let made = bench.json(&format!(
        "quantize model.mdn --weights i8 --calibrate {GEYSER} --out narrow.mdn"
    ));
    assert!(number(&made, "nll_change").abs() < 0.01, "{made}");
    let after = bench.json(&format!("evaluate narrow.mdn {GEYSER}"));
    assert!((number(&after, "nll") - number(&before, "nll")).abs() < 0.01);
    let narrow = bench.json("inspect narrow.mdn");
    assert_eq!(
        (&narrow["format_version"], &narrow["networks"]),
        (&4.into(), &3.into())
    );
}

/// One network is the model that there is without the option, to the last byte; the first of an
/// ensemble is that network.
#[test]
fn one_network_is_no_ensemble() {
    let bench = Bench::new();
    bench.json(&format!("fit {GEYSER} {FIT} --out plain.mdn"));
    bench.json(&format!("fit {GEYSER} {FIT} --ensemble 1 --out one.mdn"));
    let read = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(read("plain.mdn"), read("one.mdn"));
    let both = bench.json(&format!("fit {GEYSER} {FIT} --ensemble 2"));
    let plain = bench.json(&format!("fit {GEYSER} {FIT}"));
    assert_eq!(both["networks"][0], plain["networks"][0]);
    assert_eq!(plain["networks"].as_array().unwrap().len(), 1);
}

#[test]
fn too_many_components_are_refused_before_training() {
    let bench = Bench::new();
    let run = bench.run(&format!(
        "fit {GEYSER} --target duration --ensemble 5 -k 205"
    ));
    assert_eq!(
        run.error(1),
        "5 networks of 205 components; a mixture has 1 to 1024 components"
    );
    assert_eq!(bench.names(), Vec::<String>::new());
    let run = bench.run(&format!("fit {GEYSER} --target duration --ensemble 0"));
    assert!(run.error(2).contains("--ensemble"));
}

#[test]
fn the_words_say_what_the_networks_are_worth_alone() {
    let bench = Bench::new();
    let run = bench.run(&format!("fit {GEYSER} {FIT} --ensemble 2"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stdout.contains("of the 2 networks alone"),
        "{}",
        run.stdout
    );
    let run = bench.run("inspect model.mdn");
    assert!(
        run.stdout
            .contains("ensemble of 2 such networks of 3 components"),
        "{}",
        run.stdout
    );
}
