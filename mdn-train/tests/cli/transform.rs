//! `--transform`: targets that are learnt on another scale, with answers about the column itself.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{Bench, column, columns, mean, number};

const SMALL: &str = "--steps 200 --hidden 6 -k 2 --starts 1";

/// A table with `price`, its logarithm and its share of 1 (a logistic map of x and noise).
fn table(header: &str, row: impl Fn(f64, f64) -> String) -> String {
    let mut text = format!("{header}\n");
    for i in 0..200 {
        let x = f64::from(i) / 200.0;
        let noise = f64::from(i * 7919 % 200) / 200.0 - 0.5;
        text += &row(x, x + noise);
        text.push('\n');
    }
    text
}

fn prices() -> String {
    table("x,price", |x, z| format!("{x},{}", z.exp()))
}

/// The same with the logarithms themselves.
fn logarithms() -> String {
    table("x,z", |x, z| format!("{x},{z}"))
}

#[test]
fn a_transformed_target_is_its_logarithm_and_scores_have_the_jacobian() {
    let bench = Bench::new();
    bench.write("prices.csv", prices());
    bench.write("logarithms.csv", logarithms());
    let transformed = format!("fit prices.csv --target price --transform log {SMALL}");
    let price = bench.json(&format!("{transformed} --out price.mdn"));
    // The logarithms are a few tenths apart, and a transformed target is continuous.
    let plain = bench.json(&format!(
        "fit logarithms.csv --target z --support continuous {SMALL} --out z.mdn"
    ));
    let inspected = bench.json("inspect price.mdn");
    assert!(inspected.to_string().contains("log(price)"), "{inspected}");
    let price_scores = bench.json("evaluate price.mdn prices.csv");
    let plain_scores = bench.json("evaluate z.mdn logarithms.csv");
    // −ln p(price) = −ln p(z) + z, and z has the mean of x + noise.
    let text = columns(&bench.read("logarithms.csv"));
    let z = column(&text, "z");
    let mean = z.iter().sum::<f64>() / z.len() as f64;
    for key in ["nll", "normal_nll"] {
        let gap = number(&price_scores, key) - number(&plain_scores, key);
        assert!((gap - mean).abs() < 1e-4, "{key}: {gap} for {mean}");
    }
    assert!((number(&price_scores, "crps") - number(&plain_scores, "crps")).abs() < 1e-5);
    for result in [&price, &plain] {
        let network = &result["networks"][0];
        let gap = number(network, "validation_loss") - number(result, "validation_nll");
        assert!(gap.abs() < 1e-4, "{result}");
    }
}

/// 0.13 beside `price` would be read as a price.
#[test]
fn figures_on_the_transformed_scale_say_so() {
    let bench = Bench::new();
    bench.write("prices.csv", prices());
    let fit =
        format!("fit prices.csv --target price --transform log --unit log(price)=CHF {SMALL}");
    let fitted = bench.run(&format!("{fit} --loss crps --run r"));
    assert!(
        fitted.stdout.contains(" of ln(price), NLL"),
        "{}",
        fitted.stdout
    );
    let evaluated = bench.run("evaluate r/model.mdn prices.csv").stdout;
    let marked = evaluated
        .lines()
        .filter(|line| line.ends_with(" of ln(price [CHF])"));
    let marked: Vec<&str> = marked.map(|line| &line[..4]).collect();
    assert_eq!(marked, ["CRPS", "RMSE"], "{evaluated}");
    bench.json("plot r/model.mdn prices.csv");
    let report = bench.read("pictures/report.html");
    for part in [
        "CRPS of ln(price [CHF])",
        "RMSE of the mean of ln(price [CHF])",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
    assert!(bench.read("pictures/loss.svg").contains("CRPS of ln(price"));
    // The density is that of the column itself.
    assert!(
        bench
            .read("pictures/heatmap.svg")
            .contains("Density of price [CHF] given x")
    );
    let folds = bench.run(&format!(
        "cross-validate prices.csv --target price --transform log --folds 2 {SMALL}"
    ));
    assert_eq!(
        folds.stdout.matches(" of ln(price)\n").count(),
        2,
        "{}",
        folds.stdout
    );
    let plain = bench.run(&format!(
        "cross-validate prices.csv --target price --folds 2 {SMALL}"
    ));
    assert!(!plain.stdout.contains("ln("), "{}", plain.stdout);
}

/// Also where the table has a column that is called `log(price)`, which is then as it stands.
#[test]
fn densities_of_rows_have_the_mean_that_evaluate_tells() {
    let bench = Bench::new();
    bench.write("prices.csv", prices());
    let literal = logarithms().replacen("x,z", "x,log(price)", 1);
    bench.write("literal.csv", literal);
    bench.json(&format!("fit literal.csv --target log(price) {SMALL}"));
    let nll = |table: &str| {
        let told = number(&bench.json(&format!("evaluate model.mdn {table}")), "nll");
        let answers = columns(
            &bench
                .run(&format!("predict model.mdn {table} --summary"))
                .stdout,
        );
        let found = -mean(column(&answers, "log_density").iter().copied());
        assert!((found - told).abs() < 1e-4, "{table}: {found} for {told}");
        told
    };
    // −ln p(price) = −ln p(log(price)) + log(price).
    let text = columns(&bench.read("literal.csv"));
    let slope = mean(column(&text, "log(price)").iter().copied());
    let gap = nll("prices.csv") - nll("literal.csv");
    assert!((gap - slope).abs() < 1e-4, "{gap} for {slope}");
}

#[test]
fn answers_about_the_column_itself_are_mapped_back() {
    let bench = Bench::new();
    bench.write("prices.csv", prices());
    bench.json(&format!(
        "fit prices.csv --target price --transform price=log {SMALL}"
    ));
    bench.write("new.csv", "x,price\n0.25,1.5\n0.75,2.5\n");
    let run =
        bench.run("predict model.mdn new.csv --summary --cdf price=2,-1 --pit --interval 0.9");
    let answers = columns(&run.stdout);
    let cell = |name: &str| column(&answers, name)[0];
    assert!((0.8..2.2).contains(&cell("price_q0.5")), "{}", run.stdout);
    assert!((cell("log(price)_mean") - cell("price_q0.5").ln()).abs() < 0.3);
    assert_eq!(cell("price_cdf-1"), 0.0);
    assert!(cell("price_low0.9") < cell("price_q0.5"));
    // The table's price lies between the quantiles that its PIT lies between.
    assert_eq!(cell("price_pit") < 0.5, 1.5 < cell("price_q0.5"));
    // The density of the price, by differences of its distribution function.
    let step = 1e-2;
    let ends = format!("{},{}", 1.5 - step, 1.5 + step);
    let run = bench.run(&format!("predict model.mdn new.csv --summary --cdf {ends}"));
    let near = columns(&run.stdout);
    let cdf = |y: f64| column(&near, &format!("price_cdf{y}"))[0];
    let density = (cdf(1.5 + step) - cdf(1.5 - step)) / (2.0 * step);
    let told = cell("log_density").exp();
    assert!((told / density - 1.0).abs() < 0.01, "{told} {density}");
    let draws = columns(&bench.run("sample model.mdn new.csv --draws 50").stdout);
    let draws = column(&draws, "price");
    assert!(draws.iter().all(|&price| price > 0.0));
}

/// `x,price` with ln price normal with the mean 0.5 + 0.8 x and this standard deviation, x from 0 to 2.
fn log_normal(rows: i32, scale: f64, seed: u64) -> String {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut text = "x,price\n".to_owned();
    for i in 0..rows {
        let x = 2.0 * f64::from(i) / f64::from(rows);
        let noise: f64 = StandardNormal.sample(&mut rng);
        text += &format!("{x},{}\n", (0.5 + 0.8 * x + scale * noise).exp());
    }
    text
}

/// Of log-normal prices, whose law is known.
#[test]
fn moments_of_the_column_itself_are_those_of_its_law() {
    const SCALE: f64 = 0.4;
    let bench = Bench::new();
    bench.write("prices.csv", log_normal(2000, SCALE, 1));
    bench.json("fit prices.csv --target price --transform log --hidden 8 -k 1 --steps 1000");
    bench.write("new.csv", "x\n0.3\n1\n1.7\n");
    let asked = "--mean-above price=4 --mean-below 4 --shortfall 0.05 --upper-shortfall 0.05";
    let run = bench.run(&format!("predict model.mdn new.csv {asked}"));
    let answers = columns(&run.stdout);
    assert!(!run.stderr.contains("10000"), "{}", run.stderr);
    let cdf = |x: f64| 0.5 * libm::erfc(-x / 2.0_f64.sqrt());
    for (row, x) in [0.3, 1.0, 1.7].into_iter().enumerate() {
        let mean = 0.5 + 0.8 * x;
        let whole = (mean + 0.5 * SCALE * SCALE).exp();
        let z = (4.0_f64.ln() - mean) / SCALE;
        // The quantile of the standard normal at 0.05.
        let short = -1.644_853_627;
        for (name, expected) in [
            ("price_mean", whole),
            ("price_sd", whole * (SCALE * SCALE).exp_m1().sqrt()),
            ("price_mean_above4", whole * cdf(SCALE - z) / cdf(-z)),
            ("price_mean_below4", whole * cdf(z - SCALE) / cdf(z)),
            ("price_es0.05", whole * cdf(short - SCALE) / 0.05),
            ("price_ues0.05", whole * cdf(SCALE + short) / 0.05),
            ("log(price)_mean", mean),
            ("log(price)_sd", SCALE),
        ] {
            let found = column(&answers, name)[row];
            // A mean of 2000 rows is known to 2%, a standard deviation to 3%.
            assert!(
                (found / expected - 1.0).abs() < 0.08,
                "{name} at {x}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn scores_of_the_column_itself_are_the_means_of_its_rows() {
    let bench = Bench::new();
    bench.write("prices.csv", log_normal(300, 0.4, 2));
    let transformed = format!("fit prices.csv --target price --transform log {SMALL}");
    let fitted = bench.json(&format!(
        "{transformed} --validation 0 --unit log(price)=CHF"
    ));
    let evaluated = bench.json("evaluate model.mdn prices.csv");
    let target = &evaluated["targets"][0];
    let scores = &target["column"];
    assert_eq!(scores["name"], "price");
    assert_eq!(scores["tail_rows"], 0);
    let rows = columns(
        &bench
            .run("predict model.mdn prices.csv --crps --full")
            .stdout,
    );
    let truth = columns(&bench.read("prices.csv"));
    let prices = column(&truth, "price");
    let crps = mean(column(&rows, "price_crps").iter().copied());
    let pairs = column(&rows, "price_mean")
        .iter()
        .zip(prices)
        .collect::<Vec<_>>();
    let squares = mean(pairs.iter().map(|(mean, price)| (*mean - *price).powi(2)));
    assert!(
        (number(scores, "crps") / crps - 1.0).abs() < 1e-5,
        "{scores} {crps}"
    );
    assert!(
        (number(scores, "rmse") / squares.sqrt() - 1.0).abs() < 1e-5,
        "{scores}"
    );
    assert!(
        number(scores, "crps") > 2.0 * number(target, "crps"),
        "{target}"
    );
    assert_eq!(fitted["columns"][0]["name"], "price");
    let gap = number(&fitted["columns"][0], "crps") - number(scores, "crps");
    assert!(gap.abs() < 1e-6, "{fitted}");
    // The mean is that of the components.
    let parts = (1..=2).map(|k| {
        let cell = |what: &str| column(&rows, &what.replace('K', &k.to_string()))[0];
        let scale = cell("log(price)_sd_K");
        cell("weight_K") * (cell("log(price)_mean_K") + 0.5 * scale * scale).exp()
    });
    let found = column(&rows, "price_mean")[0];
    assert!((parts.sum::<f64>() / found - 1.0).abs() < 1e-5, "{found}");
    let words = bench.run("evaluate model.mdn prices.csv").stdout;
    assert_eq!(words.matches(" of price itself\n").count(), 2, "{words}");
    bench.json("plot model.mdn prices.csv");
    let report = bench.read("pictures/report.html");
    assert!(report.contains("CRPS of price [CHF]"), "{report}");
    let folds = "cross-validate prices.csv --target price --transform log --folds 2";
    let told = bench.run(&format!("{folds} {SMALL}")).stdout;
    assert_eq!(told.matches(" of price\n").count(), 2, "{told}");
    let told = bench.json(&format!("{folds} {SMALL}"));
    assert!(number(&told, "column_crps_mean") > number(&told, "crps_mean"));
}

/// Nobody reads a mean that rests on what no row shows for an ordinary one.
#[test]
fn a_tail_that_rules_the_moments_is_told() {
    let bench = Bench::new();
    bench.write("prices.csv", log_normal(300, 3.0, 3));
    bench.json(&format!(
        "fit prices.csv --target price --transform log {SMALL}"
    ));
    for command in ["predict", "evaluate"] {
        let run = bench.run(&format!("{command} model.mdn prices.csv"));
        let told =
            "300 rows more than half of E price² comes from values that one outcome in 10000";
        assert!(run.stderr.contains(told), "{command}: {}", run.stderr);
    }
    let evaluated = bench.json("evaluate model.mdn prices.csv");
    assert_eq!(evaluated["targets"][0]["column"]["tail_rows"], 300);
}

#[test]
fn shares_of_one_have_their_logit() {
    let bench = Bench::new();
    let share = |z: f64| 1.0 / (1.0 + (-4.0 * z).exp());
    bench.write(
        "shares.csv",
        table("x,share", |x, z| format!("{x},{}", share(z))),
    );
    bench.json(&format!(
        "fit shares.csv --target share --transform logit {SMALL}"
    ));
    let answers = columns(
        &bench
            .run("predict model.mdn shares.csv --summary --interval 0.999")
            .stdout,
    );
    let high = column(&answers, "share_high0.999");
    assert!(high.iter().all(|&high| high <= 1.0));
    // Shares and what is left of them add up, in whichever tail.
    let asked = "--cdf 0.5 --mean-below share=0.5 --mean-above 0.5 --shortfall 0.1";
    let run = bench.run(&format!("predict model.mdn shares.csv {asked}"));
    let answers = columns(&run.stdout);
    let cells = |name: &str| column(&answers, name);
    let (below, means) = (cells("share_cdf0.5"), cells("share_mean"));
    let (low, high) = (cells("share_mean_below0.5"), cells("share_mean_above0.5"));
    for row in 0..means.len() {
        let whole = below[row] * low[row] + (1.0 - below[row]) * high[row];
        assert!((whole - means[row]).abs() < 1e-5, "{whole} {}", means[row]);
        assert!(0.0 < low[row] && low[row] < 0.5 && 0.5 < high[row] && high[row] < 1.0);
        assert!(cells("share_es0.1")[row] <= cells("share_q0.25")[row]);
    }
    // No share is above 1.
    let none = bench.answers("predict model.mdn shares.csv --mean-above 1");
    assert!(none.cell(0, "share_mean_above1").is_null());
    // Twice the same, through the folds of a cross-validation.
    let folds = bench.json(&format!(
        "cross-validate shares.csv --target share --transform logit --folds 2 {SMALL}"
    ));
    assert!(number(&folds, "nll_mean") < number(&folds, "normal_nll"));
}

#[test]
fn values_without_an_image_are_named_and_the_source_is_no_input() {
    let bench = Bench::new();
    bench.write("bad.csv", "x,price\n1,2\n2,-1\n3,4\n4,5\n");
    let log = bench.run("fit bad.csv --target price --transform log");
    assert_eq!(
        log.error(1),
        "bad.csv:3: column `price`: -1 has no log, which needs values of 0 and above; where many rows have such a \
         value exactly, --support atoms:VALUE knows it without --transform, and where it is only the end \
         of the values, --support bounds: knows that"
    );
    let logit = bench.run("fit bad.csv --target price --transform logit");
    assert!(
        logit.error(1).contains("between 0 and 1"),
        "{}",
        logit.stderr
    );
    let other = bench.run("fit bad.csv --target price --transform cost=log");
    assert!(
        other.error(1).contains("--transform names `cost`"),
        "{}",
        other.stderr
    );
    let kind = bench.run("fit bad.csv --target price --transform sqrt");
    assert!(
        kind.error(2).contains("`log` or `logit`"),
        "{}",
        kind.stderr
    );
    let leak = bench.run("fit bad.csv --target price --transform log --inputs x,price");
    assert!(leak.error(1).contains("price"), "{}", leak.stderr);
    assert_eq!(bench.names(), ["bad.csv"]);
}

const ZEROS: f64 = 0.4;
const SCALE: f64 = 0.4;

/// The mean of ln rain at `x` where it rains.
fn place(x: f64) -> f64 {
    0.5 + 0.8 * x
}

/// `x,rain`: 0 with probability [`ZEROS`], else log-normal.
fn rain(rows: i32, seed: u64) -> String {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut text = "x,rain\n".to_owned();
    for i in 0..rows {
        let x = 2.0 * f64::from(i) / f64::from(rows);
        let noise: f64 = StandardNormal.sample(&mut rng);
        let dry = rng.random_bool(ZEROS);
        let fallen = if dry {
            0.0
        } else {
            (place(x) + SCALE * noise).exp()
        };
        text += &format!("{x},{fallen}\n");
    }
    text
}

fn phi(x: f64) -> f64 {
    0.5 * libm::erfc(-x / 2.0_f64.sqrt())
}

/// What the law of [`rain`] scores at one row: −ln of the density, or of the probability, and the CRPS.
fn right_scores(x: f64, fallen: f64) -> (f64, f64) {
    let d = (fallen.ln() - place(x)) / SCALE;
    let root = (2.0 * std::f64::consts::PI).sqrt();
    let wet = (1.0 - ZEROS) * (-0.5 * d * d).exp() / (fallen * SCALE * root);
    let nll = if fallen > 0.0 { -wet.ln() } else { -ZEROS.ln() };
    let mean = (place(x) + 0.5 * SCALE * SCALE).exp();
    let distance = fallen * (2.0 * phi(d) - 1.0) + mean * (1.0 - 2.0 * phi(d - SCALE));
    let gini = mean * (2.0 * phi(SCALE / 2.0_f64.sqrt()) - 1.0);
    let spread = (1.0 - ZEROS).powi(2) * gini + ZEROS * (1.0 - ZEROS) * mean;
    (nll, ZEROS * fallen + (1.0 - ZEROS) * distance - spread)
}

/// Of a law that is known: probabilities, moments and scores of the column with its zeros.
#[test]
fn zeros_under_a_logarithm_have_a_probability() {
    let bench = Bench::new();
    bench.write("rain.csv", rain(3000, 1));
    bench.write("fresh.csv", rain(2000, 2));
    let fit = "fit rain.csv --target rain --transform log --hidden 8 -k 3 --steps 1500 --weight-decay 0.01";
    let fitted = bench.run(fit);
    assert_eq!(fitted.code, Some(0), "{}", fitted.stderr);
    let support = "support of `log(rain)`: atoms:0, below the logarithms";
    assert!(fitted.stdout.contains(support), "{}", fitted.stdout);
    assert!(!fitted.stderr.contains("warning"), "{}", fitted.stderr);

    let fresh = columns(&bench.read("fresh.csv"));
    let pairs = column(&fresh, "x").iter().zip(column(&fresh, "rain"));
    let right: Vec<(f64, f64)> = pairs.map(|(&x, &rain)| right_scores(x, rain)).collect();
    let evaluated = bench.json("evaluate model.mdn fresh.csv");
    let nll = number(&evaluated, "nll") - mean(right.iter().map(|scores| scores.0));
    assert!((-0.02..0.05).contains(&nll), "{nll}");
    let scores = &evaluated["targets"][0]["column"];
    let crps = number(scores, "crps") / mean(right.iter().map(|scores| scores.1));
    assert!((0.98..1.05).contains(&crps), "{crps}");
    let share = number(&evaluated["targets"][0], "atom_share");
    assert!((share - ZEROS).abs() < 0.05, "{share}");

    bench.write("new.csv", "x\n0.3\n1\n1.7\n");
    let asked =
        "--cdf 0,-1,0.001,2 --survival 0 --mean-above 0 --quantiles 0.05,0.3,0.95 --interval 0.9";
    let run = bench.run(&format!("predict model.mdn new.csv {asked}"));
    let answers = columns(&run.stdout);
    for (row, x) in [0.3, 1.0, 1.7].into_iter().enumerate() {
        let cell = |name: &str| column(&answers, name)[row];
        let whole = (place(x) + 0.5 * SCALE * SCALE).exp();
        let square = whole * whole * (SCALE * SCALE).exp();
        let wet = 1.0 - ZEROS;
        // The quantile of the standard normal at 11/12.
        let high = (place(x) + SCALE * 1.382_994).exp();
        for (name, expected) in [
            ("rain_at0", ZEROS),
            ("rain_survival0", wet),
            (
                "rain_cdf2",
                ZEROS + wet * phi((2.0_f64.ln() - place(x)) / SCALE),
            ),
            ("rain_mean", wet * whole),
            ("rain_sd", (wet * square - (wet * whole).powi(2)).sqrt()),
            ("rain_mean_above0", whole),
            ("rain_q0.95", high),
        ] {
            let found = cell(name);
            assert!(
                (found / expected - 1.0).abs() < 0.1,
                "{name} at {x}: {found} for {expected}"
            );
        }
        assert_eq!(cell("rain_cdf0"), cell("rain_at0"));
        assert_eq!(cell("rain_cdf0.001"), cell("rain_at0"));
        assert_eq!(cell("rain_cdf-1"), 0.0);
        assert_eq!(
            [cell("rain_q0.05"), cell("rain_q0.3"), cell("rain_low0.9")],
            [0.0; 3]
        );
    }
    let draws = columns(&bench.run("sample model.mdn new.csv --draws 1000").stdout);
    let draws = column(&draws, "rain");
    let dry = draws.iter().filter(|&&rain| rain == 0.0).count() as f64 / draws.len() as f64;
    assert!((dry - ZEROS).abs() < 0.05, "{dry}");
    assert!(draws.iter().all(|&rain| rain >= 0.0));
    bench.json("plot model.mdn fresh.csv");
    // There may be no component to drop; the table can be read all the same.
    let pruned = bench.run("prune model.mdn --data rain.csv --out pruned.mdn");
    assert!(!pruned.stderr.contains("has no log"), "{}", pruned.stderr);
}

/// Whoever asks for it and whoever does not get the same model, in memory and from the disk; and densities of
/// rows have the mean that `evaluate` tells.
#[test]
fn zeros_under_a_logarithm_are_the_same_by_every_way() {
    let bench = Bench::new();
    bench.write("rain.csv", rain(300, 3));
    let fit = format!("fit rain.csv --target rain --transform log {SMALL}");
    let bytes = |options: &str| {
        bench.json(&format!("{fit} {options}"));
        std::fs::read(bench.path("model.mdn")).unwrap()
    };
    let plain = bytes("");
    assert_eq!(bytes("--support rain=atoms:0"), plain);
    assert_eq!(bytes("--support atoms:0"), plain);
    assert_eq!(bytes("--stream-above 0"), plain);
    let told = number(&bench.json("evaluate model.mdn rain.csv"), "nll");
    let answers = columns(&bench.run("predict model.mdn rain.csv").stdout);
    let found = -mean(column(&answers, "log_density").iter().copied());
    assert!((found - told).abs() < 1e-4, "{found} for {told}");
    let folds = "cross-validate rain.csv --target rain --transform log --folds 2";
    let folds = bench.json(&format!("{folds} {SMALL}"));
    assert!(number(&folds, "nll_mean") < number(&folds, "normal_nll") + 0.5);
}

#[test]
fn what_cannot_know_zeros_refuses_them_by_name() {
    let bench = Bench::new();
    bench.write("rain.csv", rain(100, 4));
    let fit = format!("fit rain.csv --target rain --transform log {SMALL}");
    for (options, why) in [
        ("--loss crps", "`log(rain)`: --loss crps knows continuous"),
        (
            "--file-version 1",
            "`log(rain)`: a file of version 1 cannot state",
        ),
        ("--support continuous", "`log(rain)`: 0 has no logarithm"),
        (
            "--support rain=bounds:0,",
            "`log(rain)` is learnt on another scale",
        ),
        (
            "--support rain=atoms:0,1",
            "`log(rain)` is learnt on another scale",
        ),
    ] {
        let run = bench.run(&format!("{fit} {options}"));
        assert!(run.error(1).contains(why), "{options}: {}", run.stderr);
    }
    let wet: Vec<String> = rain(100, 4)
        .lines()
        .filter(|line| !line.ends_with(",0"))
        .map(str::to_owned)
        .collect();
    bench.write("wet.csv", wet.join("\n"));
    let none = bench.run(&format!(
        "fit wet.csv --target rain --transform log {SMALL} --support atoms:0"
    ));
    assert!(
        none.error(1).contains("no training row is 0"),
        "{}",
        none.stderr
    );
    // A model without zeros refuses them in other tables.
    bench.json(&format!(
        "fit wet.csv --target rain --transform log {SMALL}"
    ));
    let unknown = bench.run("evaluate model.mdn rain.csv");
    assert!(
        unknown
            .error(1)
            .contains("0 has no log, which needs values above 0")
    );
    // Nothing but zeros is a constant.
    bench.write("dry.csv", "x,rain\n1,0\n2,0\n3,0\n");
    let dry = bench.run(&format!(
        "fit dry.csv --target rain --transform log {SMALL}"
    ));
    assert!(dry.error(1).contains("rain"), "{}", dry.stderr);
}
