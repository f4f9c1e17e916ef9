//! `--transform`: targets that are learnt on another scale, with answers about the column itself.

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
    // Twice the same, through the folds of a cross-validation.
    let folds = bench.json(&format!(
        "cross-validate shares.csv --target share --transform logit --folds 2 {SMALL}"
    ));
    assert!(number(&folds, "nll_mean") < number(&folds, "normal_nll"));
}

#[test]
fn values_without_an_image_are_named_and_the_source_is_no_input() {
    let bench = Bench::new();
    bench.write("bad.csv", "x,price\n1,2\n2,0\n3,4\n4,5\n");
    let log = bench.run("fit bad.csv --target price --transform log");
    assert_eq!(
        log.error(1),
        "bad.csv:3: column `price`: 0 has no log, which needs values above 0; where many rows have such a \
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
