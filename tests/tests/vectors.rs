//! The published definitions: mixtures that PyTorch's `MixtureSameFamily` and SciPy evaluated
//! (`tests/vectors/make.py`).

use mdn_infer::Mixture;
use mdn_infer::format::Covariance;
use mdn_tests::budget::{self, Meter};
use mdn_tests::mixtures::Parameters;
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/mixtures.json");

/// Points of each mixture.
const POINTS: usize = 6;

static DENSITY: Meter = Meter::new("published log-density");
static PROBABILITY: Meter = Meter::new("published probability");
static MOMENT: Meter = Meter::new("published moment");

/// All numbers below `value`, in order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        _ => vec![value.as_f64().expect("a number")],
    }
}

fn singles(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|x| x as f32).collect()
}

fn parameters(case: &Value) -> Parameters {
    let shift = singles(&case["shift"]);
    Parameters {
        covariance: match case["covariance"].as_str() {
            Some("isotropic") => Covariance::Isotropic,
            Some("diagonal") => Covariance::Diagonal,
            _ => Covariance::Full,
        },
        dimensions: shift.len(),
        logits: singles(&case["logits"]),
        means: singles(&case["means"]),
        factors: singles(&case["factors"]),
        shift,
        scale: singles(&case["scale"]),
    }
}

/// The distance from shift, standardised, in the smallest scale: what rounding a standardised
/// target moves ln p by, in units of 2⁻²³, for each whitened distance.
fn reach(point: &[f32], case: &Value) -> f64 {
    let affine = numbers(&case["shift"])
        .into_iter()
        .zip(numbers(&case["scale"]));
    let away = point.iter().zip(affine);
    let furthest = away
        .map(|(&y, (shift, scale))| (f64::from(y) - shift).abs() / scale)
        .fold(0.0, f64::max);
    let smallest = numbers(&case["factors"]).into_iter().fold(0.0, f64::min);
    furthest * (-smallest).exp()
}

fn check_densities(mixture: &Mixture<'_>, case: &Value) {
    let points = singles(&case["points"]);
    let mut shares = vec![0.0; mixture.len()];
    let expected = numbers(&case["responsibilities"]);
    let rows = points.chunks(mixture.dimensions());
    for (i, (point, expected)) in rows.zip(expected.chunks(mixture.len())).enumerate() {
        let found = f64::from(mixture.log_density(point).unwrap());
        for source in ["torch_log_prob", "scipy_log_pdf"] {
            let value = numbers(&case[source])[i];
            let budget = budget::PUBLISHED_LOG_DENSITY * (1.0 + value.abs() + reach(point, case));
            DENSITY.check(
                (found - value).abs(),
                budget,
                format!("{source} {point:?} {case}"),
            );
        }
        mixture.responsibilities(point, &mut shares).unwrap();
        for (found, share) in shares.iter().zip(expected) {
            let error = (f64::from(*found) - share).abs();
            let budget = budget::PUBLISHED_SHARE * (1.0 + reach(point, case));
            PROBABILITY.check(error, budget, format!("{point:?} {case}"));
        }
    }
}

fn check_moments(mixture: &Mixture<'_>, case: &Value) {
    let (means, variances) = (
        numbers(&case["torch_mean"]),
        numbers(&case["torch_variance"]),
    );
    let mut found = vec![0.0; means.len()];
    mixture.mean(&mut found).unwrap();
    for ((found, mean), variance) in found.iter().zip(&means).zip(&variances) {
        let budget = budget::PUBLISHED_MOMENT * (mean.abs() + variance.sqrt());
        MOMENT.check((f64::from(*found) - mean).abs(), budget, case);
    }
    mixture.standard_deviation(&mut found).unwrap();
    for (found, variance) in found.iter().zip(&variances) {
        let error = (f64::from(*found) / variance.sqrt() - 1.0).abs();
        MOMENT.check(error, budget::PUBLISHED_MOMENT, case);
    }
}

/// Probabilities, relative, and quantiles.
fn check_marginal(mixture: &Mixture<'_>, case: &Value) {
    let of = &case["marginal"];
    let d = of["dimension"].as_u64().unwrap() as usize;
    let marginal = mixture.marginal(d).unwrap();
    let points = singles(&case["points"]);
    let relative = |found: f32, expected: f64, reach: f64| {
        let error = (f64::from(found) - expected).abs();
        let budget = budget::PUBLISHED_PROBABILITY * (1.0 + reach) * expected + 1e-37;
        PROBABILITY.check(
            error,
            budget,
            format!("{found:e} for {expected:e} of {case}"),
        );
    };
    let rows = points.chunks(mixture.dimensions());
    // The last point is tens of scales out, where the square of its distance counts.
    for (i, row) in rows.enumerate().take(POINTS - 1) {
        let (y, reach) = (row[d], reach(row, case));
        relative(marginal.cdf(y).unwrap(), numbers(&of["cdf"])[i], reach);
        relative(marginal.survival(y).unwrap(), numbers(&of["sf"])[i], reach);
    }
    let spread = f64::from(marginal.standard_deviation());
    let pairs = singles(&of["probabilities"])
        .into_iter()
        .zip(numbers(&of["quantiles"]));
    for (p, expected) in pairs {
        let found = f64::from(marginal.quantile(p).unwrap());
        let budget = budget::PUBLISHED_MOMENT * (spread + expected.abs());
        MOMENT.check(
            (found - expected).abs(),
            budget,
            format!("quantile({p}) of {case}"),
        );
    }
}

#[test]
fn mixtures_agree_with_published_implementations() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 30);
    for case in cases {
        parameters(case).examine(|mixture, _| {
            check_densities(mixture, case);
            check_moments(mixture, case);
            check_marginal(mixture, case);
        });
    }
    for meter in [&DENSITY, &PROBABILITY, &MOMENT] {
        meter.print();
    }
}
