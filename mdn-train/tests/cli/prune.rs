//! `prune`: components without weight go, and the answers stay.

use crate::support::{Bench, GEYSER, number};

#[test]
fn what_is_dropped_was_not_needed() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 300 --hidden 16 -k 12"
    ));
    let pruned = bench.json(&format!(
        "prune model.mdn --data {GEYSER} --threshold 0.1 --out small.mdn"
    ));
    let kept = number(&pruned, "components");
    assert!((1.0..12.0).contains(&kept), "{kept} components");
    // Logit, mean and log-scale of each component, from 16 units and a bias.
    let dropped = number(&pruned, "parameters_before") - number(&pruned, "parameters");
    assert_eq!(dropped, 3.0 * 17.0 * (12.0 - kept));
    assert!(number(&pruned, "file_bytes") < number(&pruned, "file_bytes_before"));
    for (model, key) in [("model.mdn", "nll_before"), ("small.mdn", "nll")] {
        let scored = bench.json(&format!("evaluate {model} {GEYSER}"));
        assert!((number(&scored, "nll") - number(&pruned, key)).abs() < 1e-9);
    }
    assert!((number(&pruned, "nll") - number(&pruned, "nll_before")).abs() < 0.3);
    assert_eq!(bench.run("verify small.mdn").code, Some(0));
}

#[test]
fn one_component_stays_and_a_tiny_threshold_drops_none() {
    let bench = Bench::new();
    bench.fit_geyser();
    let pruned = bench.json(&format!(
        "prune model.mdn --data {GEYSER} --threshold 2 --out one.mdn"
    ));
    assert_eq!(pruned["components"], 1);
    let refused = bench.run(&format!(
        "prune model.mdn --data {GEYSER} --threshold 1e-30 --out none.mdn"
    ));
    assert!(refused.error(1).contains("every one of the 3 components"));
    assert!(!bench.path("none.mdn").exists());
}

#[test]
fn narrow_models_are_refused() {
    let bench = Bench::new();
    bench.fit_geyser();
    bench.json("quantize model.mdn --weights f16 --out narrow.mdn");
    let refused = bench.run(&format!(
        "prune narrow.mdn --data {GEYSER} --threshold 0.9 --out small.mdn"
    ));
    assert!(
        refused.error(1).contains("then quantize"),
        "{}",
        refused.stderr
    );
}

/// Both networks keep as many components, and the answers stay.
#[test]
fn ensembles_are_pruned_network_by_network() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 300 --hidden 16 -k 12 --ensemble 2"
    ));
    let pruned = bench.json(&format!(
        "prune model.mdn --data {GEYSER} --threshold 0.05 --out small.mdn"
    ));
    let kept = number(&pruned, "components");
    assert!((2.0..24.0).contains(&kept) && kept % 2.0 == 0.0, "{kept}");
    let dropped = number(&pruned, "parameters_before") - number(&pruned, "parameters");
    assert_eq!(dropped, 3.0 * 17.0 * (24.0 - kept));
    let change = number(&pruned, "nll") - number(&pruned, "nll_before");
    assert!(change.abs() < 0.3, "{change}");
    assert_eq!(bench.run("verify small.mdn").code, Some(0));
    assert_eq!(bench.json("inspect small.mdn")["networks"], 2);
    let refused = bench.run(&format!(
        "prune model.mdn --data {GEYSER} --threshold 1e-30 --out none.mdn"
    ));
    let told = "every one of the 12 components of a network";
    assert!(refused.error(1).contains(told), "{}", refused.stderr);
}
