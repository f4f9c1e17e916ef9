//! `--given`, and draws at other temperatures.

use serde_json::Value;

use crate::questions::{Arm, assert_near};
use crate::support::{column, columns, mean_and_error};

#[test]
fn answers_about_the_rest_are_those_of_the_oracle() {
    let arm = Arm::new();
    let fixed =
        arm.ask("--full --given shoulder=0.25 --modes 1 --survival 0.5 --anomaly --covariance");
    let own = arm.ask("--summary --given elbow --crps");
    assert!(
        fixed
            .names()
            .iter()
            .all(|name| !name.starts_with("shoulder_"))
    );
    for row in 0..arm.rows.len() {
        let (mixture, outcome) = arm.truth(row);
        let rest = mixture.conditional(&[(0, 0.25)]);
        let check = |name: &str, expected: f64| {
            assert_near(fixed.number(row, name), expected, 2e-3, name);
        };
        check("elbow_mean", rest.mean()[0]);
        check("elbow_sd", rest.variance()[0].sqrt());
        check("elbow_survival0.5", rest.marginal(0).survival(0.5));
        check("cov_elbow_elbow", rest.variance()[0]);
        check("log_density", rest.log_density(&outcome[1..]));
        check("weight_2", rest.log_weights[1].exp());
        check("elbow_mean_2", rest.means[1][0]);
        check("mode_1_elbow", {
            let mode = nalgebra::DVector::from_element(1, fixed.number(row, "mode_1_elbow"));
            rest.climb(&mode)[0]
        });
        assert_eq!(fixed.cell(row, "anomaly"), &Value::Null);
        let rest = mixture.conditional(&[(1, outcome[1].into())]);
        let crps = rest.marginal(0).crps(outcome[0].into());
        assert_near(own.number(row, "shoulder_crps"), crps, 5e-3, "CRPS");
    }
    assert_eq!(fixed.key("anomaly_threshold"), &Value::Null);
}

#[test]
fn a_given_column_suffices() {
    let arm = Arm::new();
    let with_all = arm.ask("--given shoulder --summary");
    let lines: String = arm
        .rows
        .iter()
        .map(|[x, y, shoulder, _]| format!("{x},{shoulder},{y}\n"))
        .collect();
    arm.bench
        .write("part.csv", format!("x,shoulder,y\n{lines}"));
    let with_one = arm
        .bench
        .answers("predict model.mdn part.csv --given shoulder --summary");
    assert!(!with_one.names().contains(&"log_density"));
    for row in 0..arm.rows.len() {
        for name in ["elbow_mean", "elbow_sd", "elbow_q0.5"] {
            assert_eq!(with_one.cell(row, name), with_all.cell(row, name));
        }
    }
}

#[test]
fn what_cannot_be_given_is_refused_by_name() {
    let arm = Arm::new();
    arm.bench.write("tips.csv", "x,y\n0.7,0.2\n");
    for (given, expected) in [
        (
            "--given wrist=1",
            "--given names `wrist`, which is no target; the targets are `shoulder`, `elbow`",
        ),
        (
            "--given elbow=1 --given elbow=2",
            "--given names `elbow` more than once",
        ),
        (
            "--given elbow=1 --given shoulder=2",
            "--given names every target; none is left to predict",
        ),
        (
            "--given elbow",
            "tips.csv: no column `elbow`; the columns are `x`, `y`",
        ),
        (
            "--given elbow=3e38",
            "tips.csv:2: the numbers overflowed: the input, the target or the model's own numbers are far out",
        ),
    ] {
        for command in ["predict", "sample"] {
            let run = arm
                .bench
                .run(&format!("{command} model.mdn tips.csv {given}"));
            assert_eq!(run.error(1), expected, "{command}");
        }
    }
}

#[test]
fn draws_follow_the_conditional_distribution() {
    const DRAWS: usize = 300;
    let arm = Arm::new();
    let drawn = columns(
        &arm.bench
            .run(&format!(
                "sample model.mdn asked.csv --given shoulder -n {DRAWS}"
            ))
            .stdout,
    );
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "line",
            "outside_range",
            "draw",
            "component",
            "elbow",
            "problem"
        ]
    );
    let elbow = column(&drawn, "elbow");
    let mut pits = Vec::new();
    for (row, draws) in elbow.chunks_exact(DRAWS).enumerate() {
        let (mixture, outcome) = arm.truth(row);
        let rest = mixture.conditional(&[(0, outcome[0].into())]).marginal(0);
        pits.extend(draws.iter().map(|&draw| rest.cdf(draw)));
    }
    let (centre, error) = mean_and_error(&pits);
    assert!((centre - 0.5).abs() < 4.0 * error, "{centre} ± {error}");
    let squares: Vec<f64> = pits.iter().map(|pit| (pit - 0.5).powi(2)).collect();
    let (variance, error) = mean_and_error(&squares);
    assert!(
        (variance - 1.0 / 12.0).abs() < 4.0 * error,
        "{variance} ± {error}"
    );
}

#[test]
fn temperatures_change_weights_and_variances() {
    const DRAWS: usize = 300;
    let arm = Arm::new();
    let sample = |options: &str| {
        let run = arm
            .bench
            .run(&format!("sample model.mdn asked.csv {options}"));
        run.stdout
    };
    assert_eq!(sample("--temperature 1"), sample(""));
    let cold = columns(&sample("--temperature 0"));
    for row in 0..arm.rows.len() {
        let (mixture, _) = arm.truth(row);
        let component = column(&cold, "component")[row] as usize - 1;
        let heaviest = mixture.log_weights.iter().copied().fold(f64::MIN, f64::max);
        assert_eq!(mixture.log_weights[component], heaviest);
        let mean = mixture.means[component][1];
        assert_near(column(&cold, "elbow")[row], mean, 1e-4, "the mean");
    }
    let drawn = columns(&sample(&format!("--temperature 2,0.25 -n {DRAWS}")));
    let (mut squares, mut hits) = (Vec::new(), Vec::new());
    for i in 0..DRAWS * arm.rows.len() {
        let (mixture, _) = arm.truth(i / DRAWS);
        let k = column(&drawn, "component")[i] as usize - 1;
        let deviation = column(&drawn, "shoulder")[i] - mixture.means[k][0];
        squares.push(deviation.powi(2) / mixture.covariances[k][(0, 0)]);
        let flat = |k: usize| (mixture.log_weights[k] / 2.0).exp();
        let share = flat(0) / (flat(0) + flat(1) + flat(2));
        hits.push(f64::from(u8::from(k == 0)) - share);
    }
    let (variance, error) = mean_and_error(&squares);
    assert!(
        (variance - 0.25).abs() < 4.0 * error,
        "{variance} ± {error}"
    );
    let (excess, error) = mean_and_error(&hits);
    assert!(excess.abs() < 4.0 * error, "{excess} ± {error}");
}
