//! Targets that are not smooth: what the rows are found to say, and what a fit makes of tables drawn from
//! known laws.

use mdn_infer::Level;
use mdn_infer::format::{Covariance, Support};
use mdn_train::data::{Dataset, Transform};
use mdn_train::fit::{
    FitConfig, FitError, Fitted, SupportError, SupportRule, describe, fit, with_supports_of,
};
use mdn_train::metrics::{Scores, map_rows, score};
use mdn_train::train::{Length, LossKind, StartCount, TrainOptions};
use mdn_train::verify::verify;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// `rows` rows of an input even on (0, 1) and the targets that `law` draws for it.
fn table<const D: usize>(
    rows: usize,
    seed: u64,
    law: impl Fn(f64, &mut Xoshiro256PlusPlus) -> [f64; D],
) -> Dataset {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut data = Dataset {
        input_names: vec!["x".to_owned()],
        target_names: (0..D).map(|d| format!("y{d}")).collect(),
        rows,
        lines: (2..2 + rows as u64).collect(),
        ..Dataset::default()
    };
    for _ in 0..rows {
        let x: f64 = rng.random_range(0.0..1.0);
        data.inputs.push(x as f32);
        data.targets.extend(law(x, &mut rng).map(|y| y as f32));
    }
    data
}

fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    StandardNormal.sample(rng)
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

fn count(mean: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    Poisson::new(mean).expect("a mean above 0").sample(rng)
}

/// Dry on three days of five, else an exponential law in tenths of a millimetre.
fn rain(x: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    let wet: f64 = rng.random_range(0.0..1.0);
    let amount: f64 = Exp1.sample(rng);
    if wet < 0.6 {
        0.0
    } else {
        rounded(0.1 + (2.0 + 6.0 * x) * amount, 1)
    }
}

/// A north wind, in tenths of a degree.
fn wind(x: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    rounded(20.0 * (x - 0.5) + 15.0 * normal(rng), 1).rem_euclid(360.0)
}

/// A sensor that ends at 0 and 10.
fn saturated(x: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    (14.0 * x - 2.0 + normal(rng)).clamp(0.0, 10.0)
}

/// The support of the only target, in words, and what is hinted at.
fn found(data: &Dataset) -> (String, Option<String>) {
    let (_, settled) = with_supports_of(data, &FitConfig::default()).expect("nothing chosen");
    (describe(&settled[0].support), settled[0].hint.clone())
}

fn said(law: impl Fn(f64, &mut Xoshiro256PlusPlus) -> f64) -> String {
    found(&table(1000, 1, |x, rng| [law(x, rng)])).0
}

#[test]
fn clear_cases_are_found() {
    assert_eq!(
        said(|x, rng| count(1.0 + 6.0 * x, rng)),
        "lattice:1 from 0 on"
    );
    assert_eq!(
        said(|x, rng| f64::from(rng.random_range(0.0..1.0) < x)),
        "lattice:1 from 0 to 1"
    );
    let stars = |x: f64, rng: &mut _| (1.0 + 4.0 * x + normal(rng)).round().clamp(1.0, 5.0);
    assert_eq!(said(stars), "lattice:1 from 1 to 5");
    let grades = |x: f64, rng: &mut _| (5.0 + 2.0 * x + 0.8 * normal(rng)).round();
    assert!(said(grades).starts_with("lattice:1"), "{}", said(grades));
    let zeros = |x: f64, rng: &mut Xoshiro256PlusPlus| match rng.random_range(0.0..1.0) < 0.5 {
        true => 0.0,
        false => count(1.0 + 6.0 * x, rng),
    };
    assert_eq!(said(zeros), "lattice:1 from 0 on");
    assert_eq!(said(rain), "atoms:0, with nothing below");
    assert_eq!(
        said(saturated),
        "atoms:0,10, with nothing below the first or above the last"
    );
    let both_sides = |x: f64, rng: &mut Xoshiro256PlusPlus| match rng.random_range(0.0..1.0) < 0.4 {
        true => 1.0,
        false => x + normal(rng),
    };
    assert_eq!(said(both_sides), "atoms:1");
    let mut directions = table(1000, 1, |x, rng| [wind(x, rng)]);
    assert_eq!(found(&directions).0, "continuous");
    directions.target_names = vec!["wind_dir (deg)".to_owned()];
    assert!(
        found(&directions).0.starts_with("circle:360, cut at 1"),
        "{}",
        found(&directions).0
    );
}

#[test]
fn smooth_targets_stay_continuous() {
    for decimals in 1..=3 {
        assert_eq!(
            said(|x, rng| rounded(5.0 * x + normal(rng), decimals)),
            "continuous"
        );
        assert_eq!(
            said(|x, _| rounded((9.0 * x).sin(), decimals + 1)),
            "continuous"
        );
    }
    assert_eq!(
        said(|x, rng| (2000.0 + 20.0 * x + 15.0 * normal(rng)).round()),
        "continuous"
    );
    assert_eq!(
        said(|x, rng| (9000.0 + 9000.0 * x + 1000.0 * normal(rng)).round()),
        "continuous"
    );
    assert_eq!(said(|_, rng| rounded(Exp1.sample(rng), 2)), "continuous");
    // Too few rows to say.
    assert_eq!(
        found(&table(40, 1, |x, rng| [count(2.0 + x, rng)])).0,
        "continuous"
    );
    // A temperature in degrees.
    let mut warm = table(1000, 1, |x, rng| [200.0 * x + 30.0 * normal(rng)]);
    warm.target_names = vec!["oven (deg)".to_owned()];
    assert_eq!(found(&warm).0, "continuous");
}

#[test]
fn bounds_are_spoken_of_and_not_taken() {
    let hinted = |law: &dyn Fn(f64, &mut Xoshiro256PlusPlus) -> f64| {
        let (support, hint) = found(&table(2000, 3, |x, rng| [law(x, rng)]));
        assert_eq!(support, "continuous");
        hint.unwrap_or_default()
    };
    let even = hinted(&|_, rng| rng.random_range(10.0..50.0));
    assert!(even.contains("--support bounds:10,50"), "{even}");
    let wait = hinted(&|_, rng| Exp1.sample(rng));
    assert!(wait.contains("--support bounds:0,"), "{wait}");
    assert_eq!(hinted(&|x, rng| x + normal(rng)), "");
}

fn config(rule: Option<SupportRule>) -> FitConfig {
    FitConfig {
        hidden: vec![16],
        components: 6,
        supports: rule.into_iter().map(|rule| (None, rule)).collect(),
        options: TrainOptions {
            length: Length::Steps(1200),
            starts: StartCount::Fixed(1),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

fn fitted(data: &Dataset, config: &FitConfig) -> Fitted {
    fit(data, config, &mut |_| std::ops::ControlFlow::Continue(())).expect("a model")
}

/// The model of 2000 rows of a law, its scores on 2000 fresh ones, and whether it is what its file says.
fn learnt(
    law: impl Fn(f64, &mut Xoshiro256PlusPlus) -> f64,
    rule: Option<SupportRule>,
) -> (Fitted, Dataset, Scores) {
    let draw = |seed| table(2000, seed, |x, rng| [law(x, rng)]);
    let fitted = fitted(&draw(5), &config(rule));
    let model = fitted.file.model();
    assert_eq!(
        model.supports().map(|all| all.get(0)),
        Some(fitted.supports[0].support)
    );
    assert_eq!(model.header().version(), 4);
    let verified = verify(&model, Level::detect()).expect("no fault of the engine");
    assert!(verified.golden_bits_equal());
    assert!(verified.max_relative_error < 1e-4, "{verified:?}");
    // Losses in the history are those of the file.
    let (_, validation) = fitted.units.of(&fitted.trained);
    let held_back = fitted.validation.as_ref().map(|scores| scores.nll);
    let apart = validation.zip(held_back).map(|(a, b)| (a - b).abs());
    assert!(
        apart.is_some_and(|apart| apart < 1e-4),
        "{validation:?} {held_back:?}"
    );
    let fresh = draw(6);
    let scores = score(&model, &fresh).expect("rows of the law");
    // A right model is not called miscalibrated: 0.1% by chance, and a little that is still to learn.
    assert!(scores.pit_distance(0) < 0.06, "{}", scores.pit_distance(0));
    let apart = scores.coverage(0, 0.9) - scores.expected_coverage(0, 0.9);
    assert!(apart.abs() < 0.035, "{apart}");
    (fitted, fresh, scores)
}

/// The mean over the rows of what is asked of the target.
fn mean_of(
    fitted: &Fitted,
    data: &Dataset,
    of: impl Fn(&mdn_infer::Marginal<'_>) -> f32 + Sync,
) -> f64 {
    let each = map_rows(&fitted.file.model(), data, |_, mixture| {
        let marginal = mixture.marginal(0).expect("one target");
        Ok(of(&marginal))
    });
    let each = each.expect("rows of the law");
    each.iter().map(|&one| f64::from(one)).sum::<f64>() / each.len() as f64
}

fn share(data: &Dataset, is: impl Fn(f32) -> bool) -> f64 {
    data.targets.iter().filter(|&&y| is(y)).count() as f64 / data.rows as f64
}

#[test]
fn counts_have_their_probabilities() {
    let (fitted, fresh, scores) = learnt(|x, rng| count(1.0 + 6.0 * x, rng), None);
    let few = mean_of(&fitted, &fresh, |y| y.cdf(3.0).expect("a number"));
    // Σ e^−m mᵏ/k! up to 3, over the rows' means m.
    let up_to_3 = |&x: &f32| {
        let mean = 1.0 + 6.0 * f64::from(x);
        (-mean).exp() * (1.0 + mean + mean.powi(2) / 2.0 + mean.powi(3) / 6.0)
    };
    let law = fresh.inputs.iter().map(up_to_3).sum::<f64>() / fresh.rows as f64;
    assert!((few - law).abs() < 0.03, "{few} for {law}");
    let median = mean_of(&fitted, &fresh, |y| y.median().fract());
    assert_eq!(median, 0.0);
    // The law's own score: −ln of the Poisson probability of each row.
    let log_factorial = |k: f64| (1..=k as u32).map(|i| f64::from(i).ln()).sum::<f64>();
    let rows = fresh
        .inputs
        .iter()
        .zip(&fresh.targets)
        .map(|(&x, &y)| (f64::from(x), f64::from(y)));
    let law = rows.map(|(x, k)| {
        let mean = 1.0 + 6.0 * x;
        mean - k * mean.ln() + log_factorial(k)
    });
    let law = law.sum::<f64>() / fresh.rows as f64;
    assert!(scores.nll < law + 0.05, "{} for {law}", scores.nll);
}

#[test]
fn dry_days_have_their_probability_and_no_rain_is_negative() {
    let (fitted, fresh, scores) = learnt(rain, None);
    let dry = mean_of(&fitted, &fresh, |y| y.probability(0.0).expect("a number"));
    assert!((dry - 0.6).abs() < 0.03, "{dry}");
    let lowest = mean_of(&fitted, &fresh, |y| {
        y.quantile(0.05).expect("a probability")
    });
    assert_eq!(lowest, 0.0);
    assert_eq!(
        scores.atom_rows[0],
        fresh.targets.iter().filter(|&&y| y == 0.0).count()
    );
    // The law's own score but for the rounding to tenths.
    let wet = |(&x, &y): (&f32, &f32)| {
        let mean = 2.0 + 6.0 * f64::from(x);
        if y == 0.0 {
            -0.6_f64.ln()
        } else {
            -0.4_f64.ln() + mean.ln() + (f64::from(y) - 0.1) / mean
        }
    };
    let law = fresh
        .inputs
        .iter()
        .zip(&fresh.targets)
        .map(wet)
        .sum::<f64>()
        / fresh.rows as f64;
    assert!(scores.nll < law + 0.1, "{} for {law}", scores.nll);
}

#[test]
fn a_saturated_sensor_has_the_probabilities_of_its_ends() {
    let (fitted, fresh, _) = learnt(saturated, None);
    for end in [0.0, 10.0] {
        let at = mean_of(&fitted, &fresh, |y| y.probability(end).expect("a number"));
        assert!(
            (at - share(&fresh, |y| y == end)).abs() < 0.03,
            "{end}: {at}"
        );
    }
    let beyond = mean_of(&fitted, &fresh, |y| {
        y.cdf(-0.1).expect("a number") + y.survival(10.0).expect("a number")
    });
    assert_eq!(beyond, 0.0);
}

#[test]
fn a_north_wind_is_narrow_across_north() {
    let circle = SupportRule::Circle { period: 360.0 };
    let (fitted, fresh, scores) = learnt(wind, Some(circle));
    let width = mean_of(&fitted, &fresh, |y| {
        let (low, high) = y.central_interval(0.9).expect("a probability");
        (high - low).rem_euclid(360.0)
    });
    // 2 · 1.645 · 15
    assert!((width - 49.3).abs() < 6.0, "{width}");
    let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * 225.0).ln();
    assert!(scores.nll < entropy + 0.05, "{} for {entropy}", scores.nll);
}

#[test]
fn nothing_lies_beyond_bounds() {
    let bounds = SupportRule::Bounds {
        low: 10.0,
        high: 50.0,
    };
    let (fitted, fresh, scores) = learnt(|_, rng| rng.random_range(10.0..50.0), Some(bounds));
    let outside = mean_of(&fitted, &fresh, |y| {
        y.cdf(9.99).expect("a number") + y.survival(50.0).expect("a number")
    });
    assert_eq!(outside, 0.0);
    assert!(scores.nll < 40_f64.ln() + 0.03, "{}", scores.nll);
}

/// Which of several targets is what makes no difference to the others' kinds.
#[test]
fn targets_of_different_kinds_are_fitted_together() {
    let data = table(1500, 8, |x, rng| {
        [count(1.0 + 6.0 * x, rng), x + normal(rng), rain(x, rng)]
    });
    let fitted = fitted(&data, &config(None));
    let names: Vec<&str> = fitted
        .supports
        .iter()
        .map(|one| one.support.name())
        .collect();
    assert_eq!(names, ["lattice", "continuous", "atoms"]);
    let verified = verify(&fitted.file.model(), Level::detect()).expect("no fault of the engine");
    assert!(verified.max_relative_error < 1e-4, "{verified:?}");
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let data = table(200, 9, |x, rng| [x + 0.5 + normal(rng).abs(), x]);
    let refused = |data: &Dataset, config: &FitConfig| match fit(data, config, &mut |_| {
        std::ops::ControlFlow::Continue(())
    }) {
        Err(FitError::Support(error)) => error,
        other => panic!("{other:?}"),
    };
    let lattice = SupportRule::Lattice { step: 1.0 };
    let off = refused(&data, &config(Some(lattice.clone())));
    assert!(matches!(off, SupportError::Value { line: 2, .. }), "{off}");
    let bounds = SupportRule::Bounds {
        low: 1.0,
        high: 9.0,
    };
    let beyond = refused(&data, &config(Some(bounds)));
    assert!(
        beyond.to_string().contains("choose wider bounds"),
        "{beyond}"
    );
    let nowhere = refused(
        &data,
        &config(Some(SupportRule::Atoms { values: vec![-7.0] })),
    );
    assert!(
        matches!(nowhere, SupportError::NoRow { value: -7.0, .. }),
        "{nowhere}"
    );
    let full = FitConfig {
        covariance: Covariance::Full,
        ..config(Some(lattice.clone()))
    };
    assert!(matches!(
        refused(&data, &full),
        SupportError::Covariance { .. }
    ));
    let mut ranked = config(Some(lattice.clone()));
    ranked.options.loss = LossKind::Crps;
    assert!(matches!(refused(&data, &ranked), SupportError::Loss { .. }));
    let transformed = Dataset {
        transforms: vec![Some(Transform::Log), None],
        ..data
    };
    assert!(matches!(
        refused(&transformed, &config(Some(lattice))),
        SupportError::Transformed { .. }
    ));
}

/// What is found where it cannot be used stays continuous, and that is said.
#[test]
fn full_covariance_and_the_crps_keep_targets_continuous() {
    let data = table(300, 4, |x, rng| [count(1.0 + 6.0 * x, rng), x]);
    let full = FitConfig {
        covariance: Covariance::Full,
        ..FitConfig::default()
    };
    let mut ranked = FitConfig::default();
    ranked.options.loss = LossKind::Crps;
    for config in [full, ranked] {
        let (_, settled) = with_supports_of(&data, &config).expect("nothing chosen");
        assert_eq!(settled[0].support, Support::Continuous);
        let hint = settled[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains("lattice:1"), "{hint}");
    }
}

/// Rows in memory whose support is said to be continuous make the very file of before.
#[test]
fn continuous_models_state_no_supports() {
    let data = table(300, 4, |x, rng| [x + normal(rng)]);
    let found = fitted(&data, &config(None));
    let said = fitted(&data, &config(Some(SupportRule::Continuous)));
    assert_eq!(found.file.bytes(), said.file.bytes());
    assert!(found.file.model().supports().is_none());
}
