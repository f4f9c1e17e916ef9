//! Inputs as people have them: spread over powers of ten, missing, far outside of what was learnt.
//!
//! The figures of docs/inputs.md:
//! `cargo test --release -p mdn-train --test inputs -- --nocapture`

use std::ops::ControlFlow;

use mdn_infer::Level;
use mdn_infer::format::InputTransform;
use mdn_train::data::{Dataset, InputChoice, NumericTable};
use mdn_train::fit::{FitConfig, FitError, Fitted, InputError, fit};
use mdn_train::metrics::score;
use mdn_train::train::Length;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

fn uniform(rng: &mut SplitMix64) -> f64 {
    rng.next_u32() as f64 / 4_294_967_296.0
}

/// Roughly normal: the sum of twelve uniforms less six.
fn normal(rng: &mut SplitMix64) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

/// A table of the inputs `x` and `w` and the target `y`.
fn table(rows: usize, seed: u64, row: impl Fn(&mut SplitMix64) -> [f64; 3]) -> Dataset {
    let mut rng = SplitMix64::seed_from_u64(seed);
    let columns = ["x", "w", "y"].map(str::to_owned).to_vec();
    let values = (0..rows).flat_map(|_| row(&mut rng)).collect();
    Dataset::from_numeric(NumericTable::new(columns, values), 2).unwrap()
}

fn config() -> FitConfig {
    let mut config = FitConfig::default();
    config.options.length = Length::Steps(1_000);
    config
}

fn fitted(data: &Dataset, config: &FitConfig) -> Fitted {
    fit(data, config, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn nll(fitted: &Fitted, fresh: &Dataset) -> f64 {
    score(&fitted.file.model(), fresh).unwrap().nll
}

/// y = sin 2z + w/2 + noise, with the normal z or what `of` makes of it as x.
fn waves(rows: usize, seed: u64, of: impl Fn(f64) -> f64) -> Dataset {
    table(rows, seed, |rng| {
        let (z, w) = (normal(rng), normal(rng));
        [of(z), w, (2.0 * z).sin() + 0.5 * w + 0.2 * normal(rng)]
    })
}

/// What the network learns from a log-normal input is what it learns from its logarithm.
#[test]
fn heavy_tails_cost_nothing() {
    for spread in [2.0, 3.0, 4.0] {
        let heavy = |rows, seed| waves(rows, seed, |z| (spread * z).exp());
        let light = |rows, seed| waves(rows, seed, |z| spread * z);
        let (heavy_rows, fresh) = (heavy(2_000, 1), heavy(2_000, 2));
        let found = fitted(&heavy_rows, &config());
        let rule = found.preparation.rules()[0];
        assert!(
            matches!(rule.transform, InputTransform::Log { .. }),
            "{rule:?}"
        );
        assert_eq!(
            found.preparation.rules()[1].transform,
            InputTransform::Identity
        );
        let reached = nll(&found, &fresh);
        let right = nll(&fitted(&light(2_000, 1), &config()), &light(2_000, 2));
        let as_it_is = FitConfig {
            input_transforms: vec![(None, InputChoice::Identity)],
            ..config()
        };
        let before = nll(&fitted(&heavy_rows, &as_it_is), &fresh);
        println!(
            "log-spread {spread}: {before:.3} as it is, {reached:.3} by the rule, {right:.3} of the logarithm itself"
        );
        assert!(reached < right + 0.05, "{reached} {right}");
        assert!(reached < before - 0.3, "{reached} {before}");
    }
}

/// y = x + 2w + noise, w missing in a share of the rows.
fn holes(rows: usize, seed: u64, share: f64) -> Dataset {
    table(rows, seed, |rng| {
        let (x, w, noise) = (normal(rng), normal(rng), normal(rng));
        let missing = uniform(rng) < share;
        [
            x,
            if missing { f64::NAN } else { w },
            x + 2.0 * w + 0.3 * noise,
        ]
    })
}

/// Where w is missing the best density is normal with its variance in place of it; a model that has
/// learnt from such rows comes near to that, and elsewhere is no worse than one that never saw any.
#[test]
fn missing_values_are_learnt_from() {
    let entropy =
        |variance: f64| 0.5 * (std::f64::consts::TAU * std::f64::consts::E * variance).ln();
    let right = 0.75 * entropy(0.09) + 0.25 * entropy(4.09);
    let data = holes(2_000, 1, 0.25);
    let found = fitted(&data, &config());
    let fill = found.preparation.rules()[1].fill.expect("w may be missing");
    assert!(fill.abs() < 0.1, "the median of w is {fill}");
    assert_eq!(found.preparation.rules()[0].fill, None);
    let reached = nll(&found, &holes(2_000, 2, 0.25));
    let whole_rows: Vec<usize> = (0..data.rows)
        .filter(|&row| !data.input(row)[1].is_nan())
        .collect();
    let dropped = fitted(&data.subset(&whole_rows), &config());
    let fresh = holes(2_000, 3, 0.0);
    let (learnt, dropped) = (nll(&found, &fresh), nll(&dropped, &fresh));
    println!(
        "a quarter missing: {reached:.3}, at best {right:.3}; whole rows {learnt:.3}, with incomplete ones dropped {dropped:.3}"
    );
    assert!(reached < right + 0.1, "{reached} {right}");
    assert!(learnt < dropped + 0.05, "{learnt} {dropped}");
}

/// A value a decimal point too far counts as one half a range outside, and is said to be far out.
#[test]
fn a_typing_error_makes_no_confident_nonsense() {
    let rooms = |rows, seed| {
        table(rows, seed, |rng| {
            let (x, w) = (3.0 + 4.0 * uniform(rng), normal(rng));
            [x, w, (1.0 + 0.4 * x + 0.1 * w + 0.1 * normal(rng)).exp()]
        })
    };
    let found = fitted(&rooms(1_000, 1), &config());
    let model = found.file.model();
    let mean = |x: f32| {
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &[x, 0.0], &mut working)
            .unwrap();
        let mut mean = [0.0];
        mixture.mean(&mut mean).unwrap();
        mean[0]
    };
    let [rule, _] = found.preparation.rules() else {
        unreachable!()
    };
    assert!((rule.high - 9.0).abs() < 0.1, "{rule:?}");
    assert_eq!(mean(58.9), mean(rule.high));
    assert!(model.range_distance(&[58.9, 0.0]).unwrap() > 12.0);
    assert_eq!(model.range_distance(&[5.0, 0.0]), Some(0.0));
    let unlimited = FitConfig {
        saturation: Some(f32::INFINITY),
        ..config()
    };
    let free = fitted(&rooms(1_000, 1), &unlimited);
    assert!(
        free.file.model().input_rules().is_none() && free.file.model().input_ranges().is_some()
    );
    println!(
        "x = 58.9 where the training has 3 to 7: {} within limits, 9 gives {}",
        mean(58.9),
        mean(9.0)
    );
}

/// What a file of an earlier version cannot hold is left out where nobody asked for it, and else refused.
#[test]
fn earlier_versions_have_no_rules() {
    let version = |file_version, input_transforms| FitConfig {
        file_version,
        input_transforms,
        ..config()
    };
    let short = |config: FitConfig| {
        let mut config = config;
        config.options.length = Length::Steps(20);
        config
    };
    let heavy = waves(300, 1, |z| (3.0 * z).exp());
    let found = fitted(&heavy, &short(version(Some(1), vec![])));
    assert_eq!(found.file.model().header().version(), 1);
    let refused = |data: &Dataset, config: FitConfig| match fit(data, &short(config), &mut |_| {
        ControlFlow::Continue(())
    }) {
        Err(FitError::Input(error)) => error,
        other => panic!("{:?}", other.map(|_| ())),
    };
    let log = vec![(Some("x".to_owned()), InputChoice::Log)];
    for (data, transforms) in [(&heavy, log.clone()), (&holes(300, 1, 0.1), vec![])] {
        let error = refused(data, version(Some(1), transforms));
        assert!(
            matches!(error, InputError::FileVersion { version: 1, .. }),
            "{error}"
        );
    }
    // A logarithm of what has none.
    let error = refused(&waves(300, 1, |z| z), version(None, log));
    assert!(
        matches!(&error, InputError::NotPositive { input, value } if input == "x" && *value < 0.0)
    );
}

/// A column with no value at all is said to be constant, and does not matter.
#[test]
fn a_column_without_values_is_harmless() {
    let empty = table(300, 1, |rng| {
        let x = normal(rng);
        [x, f64::NAN, x + 0.1 * normal(rng)]
    });
    assert!(
        empty
            .warnings
            .iter()
            .any(|warning| warning.to_string().contains("a value in no row"))
    );
    let found = fitted(&empty, &config());
    let model = found.file.model();
    let density = |w: f32| {
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &[0.5, w], &mut working)
            .unwrap();
        mixture.log_density(&[0.5]).unwrap()
    };
    assert!(density(f32::NAN) > 0.0);
    assert_eq!(density(f32::NAN), density(3.0));
}
