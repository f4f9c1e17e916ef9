//! What `predict` and `evaluate` print, against the binary64 oracle.

use std::collections::HashSet;

use mdn_train::model_file::ModelFile;
use mdn_train::oracle::{Oracle, OracleMixture, OracleTail};
use serde_json::Value;

use crate::support::{Answers, Bench, column, columns, number};

const NAMES: [&str; 2] = ["shoulder", "elbow"];
const ROWS: usize = 40;

/// A model of the arm after a short training, with the rows it is asked about in `asked.csv`.
pub struct Arm {
    pub bench: Bench,
    file: ModelFile,
    /// `[ROWS][4]`: x, y, shoulder, elbow
    pub rows: Vec<[f32; 4]>,
}

impl Arm {
    pub fn new() -> Self {
        let bench = Bench::new();
        bench.json("generate two-link-arm --rows 500 --out arm.csv");
        bench.json("fit arm.csv --targets 2 --covariance full --steps 300 --hidden 12 -k 3");
        bench.json(&format!(
            "generate two-link-arm --rows {ROWS} --seed 9 --out asked.csv"
        ));
        let table = columns(&bench.read("asked.csv"));
        let row =
            |row: usize| ["x", "y", "shoulder", "elbow"].map(|n| column(&table, n)[row] as f32);
        Arm {
            file: ModelFile::open(bench.path("model.mdn")).unwrap(),
            rows: (0..ROWS).map(row).collect(),
            bench,
        }
    }

    /// The oracle's mixture for a row, and the row's targets.
    pub fn truth(&self, row: usize) -> (OracleMixture, [f32; 2]) {
        let [x, y, shoulder, elbow] = self.rows[row];
        let mixture = Oracle::new(&self.file.model()).predict(&[x, y]);
        (mixture, [shoulder, elbow])
    }

    pub fn ask(&self, options: &str) -> Answers {
        let answers = self
            .bench
            .answers(&format!("predict model.mdn asked.csv {options}"));
        assert_eq!(answers.len(), ROWS);
        answers
    }
}

/// Asserts that two numbers agree to within `relative` of the larger one's size, or 1e-6.
pub fn assert_near(found: f64, expected: f64, relative: f64, what: &str) {
    let allowed = 1e-6 + relative * expected.abs();
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn probabilities_are_those_of_the_oracle() {
    let arm = Arm::new();
    let answers = arm.ask(
        "--summary --cdf shoulder=-0.5,0.2 --survival elbow=1 --exceedance shoulder=2.5 \
         --between elbow=-inf:0,-1:1 --upper-quantiles 1e-9 --quantiles 0.3",
    );
    assert!(!answers.names().contains(&"elbow_cdf-0.5"));
    assert!(!answers.names().contains(&"shoulder_survival1"));
    for row in 0..ROWS {
        let (mixture, _) = arm.truth(row);
        let [shoulder, elbow] = [0, 1].map(|d| mixture.marginal(d));
        let check = |name: &str, expected: f64| {
            assert_near(answers.number(row, name), expected, 1e-4, name);
        };
        check("shoulder_cdf-0.5", shoulder.cdf(-0.5));
        check("shoulder_cdf0.2", shoulder.cdf(0.2_f32.into()));
        check("elbow_cdf0.2", elbow.cdf(0.2_f32.into()));
        check("elbow_survival1", elbow.survival(1.0));
        check("elbow_between-inf:0", elbow.cdf(0.0));
        check("elbow_between-1:1", elbow.cdf(1.0) - elbow.cdf(-1.0));
        check(
            "shoulder_between-1:1",
            shoulder.cdf(1.0) - shoulder.cdf(-1.0),
        );
        // Far in the tail the answer is right relative to itself.
        let far = answers.number(row, "shoulder_survival2.5");
        assert!((far / shoulder.survival(2.5) - 1.0).abs() < 1e-2, "{far}");
        for (name, marginal) in NAMES.into_iter().zip([&shoulder, &elbow]) {
            let upper = answers.number(row, &format!("{name}_uq0.000000001"));
            let exceeded = marginal.survival(upper);
            assert!((exceeded / 1e-9 - 1.0).abs() < 1e-2, "{exceeded}");
            let quantile = answers.number(row, &format!("{name}_q0.3"));
            assert_near(marginal.cdf(quantile), 0.3, 1e-4, "cdf of the quantile");
        }
    }
}

/// Σ mass · mean / Σ mass.
fn mean_of(tails: &[OracleTail]) -> f64 {
    let mass = |tail: &OracleTail| tail.log_mass.exp();
    let parts = tails.iter().map(|tail| mass(tail) * tail.mean);
    parts.sum::<f64>() / tails.iter().map(mass).sum::<f64>()
}

#[test]
fn tail_means_are_those_of_the_oracle() {
    let arm = Arm::new();
    let answers = arm.ask(
        "--mean-below shoulder=-0.5,0.2 --mean-above elbow=1,2.5 --shortfall 0.05,0.9 \
         --upper-shortfall 0.01",
    );
    assert!(!answers.names().contains(&"elbow_mean_below-0.5"));
    for row in 0..ROWS {
        let (mixture, _) = arm.truth(row);
        let [shoulder, elbow] = [0, 1].map(|d| mixture.marginal(d));
        let check = |name: &str, expected: f64| {
            assert_near(answers.number(row, name), expected, 1e-3, name);
        };
        check(
            "shoulder_mean_below-0.5",
            mean_of(&shoulder.lower_tails(-0.5)),
        );
        check(
            "shoulder_mean_below0.2",
            mean_of(&shoulder.lower_tails(0.2_f32.into())),
        );
        check("elbow_mean_above1", mean_of(&elbow.upper_tails(1.0)));
        check("elbow_mean_above2.5", mean_of(&elbow.upper_tails(2.5)));
        for (name, marginal) in NAMES.into_iter().zip([&shoulder, &elbow]) {
            for p in [0.05_f32, 0.9] {
                let expected = marginal.expected_shortfall(p.into());
                check(&format!("{name}_es{p}"), expected);
            }
            // The highest hundredth is what the lowest 99 hundredths leave.
            let lowest = marginal.expected_shortfall(0.99);
            let mean = marginal.upper_tails(f64::MIN);
            check(
                &format!("{name}_ues0.01"),
                (mean_of(&mean) - 0.99 * lowest) / 0.01,
            );
        }
    }
}

#[test]
fn scores_are_those_of_the_oracle() {
    let arm = Arm::new();
    let answers = arm.ask("--summary --pit --crps --anomaly --responsibilities");
    let threshold = answers.key("anomaly_threshold").as_f64().unwrap();
    let inspected = arm.bench.json("inspect model.mdn");
    let stored = number(&inspected, "anomaly_threshold");
    assert_eq!(stored as f32, threshold as f32);
    for row in 0..ROWS {
        let (mixture, outcome) = arm.truth(row);
        for (d, name) in NAMES.into_iter().enumerate() {
            let (marginal, y) = (mixture.marginal(d), outcome[d].into());
            let found = |what: &str| answers.number(row, &format!("{name}_{what}"));
            assert_near(found("pit"), marginal.cdf(y), 1e-4, "PIT");
            assert_near(found("crps"), marginal.crps(y), 1e-3, "CRPS");
        }
        let score = -mixture.log_density(&outcome);
        assert_near(answers.number(row, "anomaly_score"), score, 1e-4, "score");
        assert_near(answers.number(row, "log_density"), -score, 1e-4, "ln p");
        assert_eq!(
            answers.cell(row, "anomaly"),
            &Value::Bool(score > threshold)
        );
        for k in 0..3 {
            let alone = OracleMixture {
                log_weights: vec![mixture.log_weights[k]],
                means: vec![mixture.means[k].clone()],
                covariances: vec![mixture.covariances[k].clone()],
            };
            let expected = (alone.log_density(&outcome) + score).exp();
            let found = answers.number(row, &format!("responsibility_{}", k + 1));
            assert_near(found, expected, 1e-3, "responsibility");
        }
    }
}

#[test]
fn joint_answers_are_those_of_the_oracle() {
    let arm = Arm::new();
    let answers = arm.ask("--full --modes 4 --covariance --best-component --marginal-modes --mode");
    for row in 0..ROWS {
        let (mixture, _) = arm.truth(row);
        let number = |name: &str| answers.number(row, name);
        let covariance = mixture.covariance();
        for (i, j) in [(0, 0), (0, 1), (1, 1)] {
            let entry = format!("cov_{}_{}", NAMES[i], NAMES[j]);
            assert_near(number(&entry), covariance[(i, j)], 1e-3, &entry);
            for k in 0..3 {
                let expected = mixture.covariances[k][(i, j)];
                let entry = format!("{entry}_{}", k + 1);
                assert_near(number(&entry), expected, 1e-3, &entry);
            }
        }
        let best =
            (0..3).max_by(|&a, &b| mixture.log_weights[a].total_cmp(&mixture.log_weights[b]));
        let best = best.unwrap();
        assert_eq!(number("best_component"), (best + 1) as f64);
        assert_near(
            number("weight_best"),
            mixture.log_weights[best].exp(),
            1e-4,
            "weight",
        );
        assert_near(
            number("elbow_mean_best"),
            mixture.means[best][1],
            1e-4,
            "mean",
        );
        let expected = mixture.covariances[best][(0, 0)].sqrt();
        assert_near(number("shoulder_sd_best"), expected, 1e-3, "sd");
        check_modes(&answers, row, &mixture);
    }
}

/// Modes are stationary points of the oracle's density, in falling order, and none is missing
/// that an ascent from a component's mean finds.
fn check_modes(answers: &Answers, row: usize, mixture: &OracleMixture) {
    let count = answers.number(row, "modes") as usize;
    assert!((1..=4).contains(&count));
    let mut heights = Vec::new();
    let mut modes = Vec::new();
    for i in 1..=4 {
        let name = |what: &str| format!("mode_{i}_{what}");
        if i > count {
            assert!(answers.cell(row, &name("elbow")).is_null());
            assert!(answers.cell(row, &name("log_density")).is_null());
            continue;
        }
        let mode = NAMES.map(|joint| answers.number(row, &name(joint)));
        let mode = nalgebra::DVector::from_row_slice(&mode);
        assert!((mixture.climb(&mode) - &mode).norm() < 1e-3, "{mode}");
        let height = answers.number(row, &name("log_density"));
        assert_near(height, mixture.log_density_at(&mode), 1e-4, "height");
        heights.push(height);
        modes.push(mode);
    }
    assert!(heights.is_sorted_by(|a, b| a >= b), "{heights:?}");
    for mean in &mixture.means {
        let summit = mixture.climb(mean);
        let found = modes.iter().any(|mode| (mode - &summit).norm() < 0.02);
        assert!(found, "row {row}: {summit} is not among {modes:?}");
    }
    let list = answers.cell(row, "elbow_modes").as_array().unwrap();
    let highest = answers.number(row, "elbow_mode");
    assert!(list.iter().any(|mode| mode.as_f64() == Some(highest)));
}

#[test]
fn csv_has_the_cells_of_json() {
    let arm = Arm::new();
    let options = "--modes 3 --anomaly --hdr 0.9 --marginal-modes";
    let answers = arm.ask(options);
    let csv = arm
        .bench
        .run(&format!("predict model.mdn asked.csv {options}"));
    let mut reader = csv::Reader::from_reader(csv.stdout.as_bytes());
    assert_eq!(reader.headers().unwrap(), answers.names());
    for (row, record) in reader.records().enumerate() {
        for (text, name) in record.unwrap().iter().zip(answers.names()) {
            match answers.cell(row, name) {
                Value::Null => assert_eq!(text, "", "{name}"),
                Value::Bool(flag) => assert_eq!(text, flag.to_string(), "{name}"),
                Value::Array(list) => {
                    assert_eq!(text.split(' ').count(), list.len(), "{name}");
                }
                value => {
                    let number = value.as_f64().unwrap() as f32;
                    assert_eq!(text.parse::<f32>().unwrap(), number, "{name}");
                }
            }
        }
    }
    assert!(
        csv.stderr
            .contains("anomaly: −ln p above the file's threshold")
    );
}

#[test]
fn evaluate_sums_up_what_predict_says_of_each_row() {
    let arm = Arm::new();
    let answers = arm.ask("--summary --pit --crps --anomaly");
    let found = arm.bench.json("evaluate model.mdn asked.csv");
    let anomalies = (0..ROWS).filter(|&row| answers.cell(row, "anomaly") == &Value::Bool(true));
    let anomalies = anomalies.count() as f64;
    assert_eq!(number(&found, "anomalous_rows"), anomalies);
    assert_eq!(number(&found, "anomaly_share"), anomalies / ROWS as f64);
    let threshold = answers.key("anomaly_threshold").as_f64().unwrap();
    assert_eq!(number(&found, "anomaly_threshold") as f32, threshold as f32);
    for (d, name) in NAMES.into_iter().enumerate() {
        let target = &found["targets"][d];
        let values = |what: &str| -> Vec<f64> {
            let name = format!("{name}_{what}");
            (0..ROWS).map(|row| answers.number(row, &name)).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / ROWS as f64;
        assert_near(number(target, "crps"), mean(&values("crps")), 1e-6, "CRPS");
        let mut pits = values("pit");
        let centre = mean(&pits);
        let squares: Vec<f64> = pits.iter().map(|pit| (pit - centre).powi(2)).collect();
        assert_near(number(target, "pit_mean"), centre, 1e-6, "mean");
        assert_near(number(target, "pit_sd"), mean(&squares).sqrt(), 1e-6, "sd");
        // On a fine grid, the supremum of |share of PITs up to u − u|.
        pits.sort_by(f64::total_cmp);
        let distance = (0..=100_000).map(|i| {
            let u = f64::from(i) / 100_000.0;
            (pits.partition_point(|&pit| pit <= u) as f64 / ROWS as f64 - u).abs()
        });
        let distance = distance.fold(0.0, f64::max);
        assert!((number(target, "pit_distance") - distance).abs() < 2e-5);
    }
    let words = arm.bench.run("evaluate model.mdn asked.csv").stdout;
    let share = format!("{:.2}% of the rows", 100.0 * anomalies / ROWS as f64);
    assert!(words.contains(&share), "{words}");
}

#[test]
fn the_threshold_is_that_of_the_rows_held_back() {
    // 500 rows leave 50 to hold back; a fifth of them may exceed the threshold.
    let bench = Bench::new();
    bench.json("generate two-link-arm --rows 500 --out arm.csv");
    let options = "--steps 100 --hidden 8 -k 2 --anomaly-rate 0.2";
    let fit = bench.json(&format!("fit arm.csv --targets 2 {options}"));
    assert_eq!(
        fit["anomaly_threshold"],
        bench.json("inspect model.mdn")["anomaly_threshold"]
    );
    let share = number(&bench.json("evaluate model.mdn arm.csv"), "anomaly_share");
    // Binomial, four standard deviations of the 50 rows that the threshold comes from.
    let allowed = 4.0 * (0.2_f64 * 0.8 / 50.0).sqrt();
    assert!((share - 0.2).abs() < allowed, "{share}");
}

#[test]
fn questions_that_cannot_be_answered_are_refused_by_name() {
    let arm = Arm::new();
    arm.bench.write("tips.csv", "x,y\n0.7,0.2\n");
    let refused = |options: &str| {
        let run = arm.bench.run(&format!("predict model.mdn {options}"));
        assert_eq!(run.stdout, "");
        run.error(1).to_owned()
    };
    for option in ["--pit", "--crps", "--anomaly", "--responsibilities"] {
        let expected =
            format!("{option} is about the targets in the table, and it does not have them all");
        assert_eq!(refused(&format!("tips.csv {option}")), expected);
    }
    for option in ["--cdf x=1", "--survival 3,x=1", "--between x=0:1"] {
        let (name, _) = option.split_once(' ').unwrap();
        let expected =
            format!("{name} names `x`, which is no target; the targets are `shoulder`, `elbow`");
        assert_eq!(refused(&format!("tips.csv {option}")), expected);
    }
}

/// A mode is no value that anybody gave: one beyond the range of binary32 is an overflow.
#[test]
fn a_mode_that_overflows_is_called_so() {
    let bench = Bench::new();
    let row = |i: u32| {
        let x = f64::from(i) / 300.0;
        format!("{x},{:e}\n", 9e36 + 9e35 * x + 3e34 * (99.0 * x).sin())
    };
    bench.write(
        "t.csv",
        "x,y\n".to_owned() + &(0..300).map(row).collect::<String>(),
    );
    bench.write("far.csv", "x\n0.5\n100000\n");
    bench.json("fit t.csv --target y --hidden 8 -k 1 --steps 600 --saturate none");
    let answers = bench.answers("predict model.mdn far.csv --modes 1");
    assert!(answers.cell(0, "problem").is_null() && answers.cell(1, "mode_1_y").is_null());
    let why = answers.cell(1, "problem").as_str().unwrap();
    assert!(why.starts_with("the numbers overflowed"), "{why}");
}

/// Whatever targets are called and however often a question is asked.
#[test]
fn no_two_columns_of_answers_have_one_name() {
    let bench = Bench::new();
    let row = |i: usize| format!("{i},{},{},{},{}\n", i % 7, i % 5, i % 3, i % 11);
    let header = "x,line,draw,log_density,draw_log_density\n".to_owned();
    bench.write("t.csv", header + &(0..60).map(row).collect::<String>());
    bench.json("fit t.csv --targets 4 --covariance full --steps 20 --hidden 4 -k 2 --force");
    let predict =
        "predict model.mdn t.csv --quantiles 0.5,0.5 --cdf 1,1 --modes 2 --covariance --full";
    for (command, expected) in [
        ("sample model.mdn t.csv", ["draw", "line_2", "draw_2"]),
        (
            predict,
            ["line_q0.5", "line_q0.5_2", "mode_1_log_density_2"],
        ),
    ] {
        let said = bench.run(command).stdout;
        let columns: Vec<&str> = said.lines().next().unwrap().split(',').collect();
        let different: HashSet<&str> = columns.iter().copied().collect();
        assert_eq!(different.len(), columns.len(), "{columns:?}");
        for name in expected {
            assert!(columns.contains(&name), "{name}: {columns:?}");
        }
        let object = bench.json(command);
        let named: Vec<&str> = object["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(named, columns);
        // Such a table is still known as one of ours.
        bench.run(&format!("{command} --out answers.csv"));
        assert_eq!(
            bench.run(&format!("{command} --out answers.csv")).code,
            Some(0)
        );
    }
    // Nor do two columns of a model.
    for (header, options) in [
        ("shape,shape=flat,y", "--target y"),
        ("shape,x,shape=flat", "--target shape=flat"),
    ] {
        let row = |i: usize| format!("{},{},{}\n", ["flat", "long"][i % 2], i % 5, i % 7);
        let rows: String = (0..60).map(row).collect();
        bench.write("s.csv", format!("{header}\n{rows}"));
        for more in ["", " --stream-above 1"] {
            let run = bench.run(&format!("fit s.csv {options} --out s.mdn{more}"));
            let told = "s.csv: the input `shape=flat` of a column of categories has the name of another \
                        column; rename one of them, or leave one out of --inputs";
            assert_eq!(run.error(1), told);
        }
    }
}
