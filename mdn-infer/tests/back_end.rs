//! The elementary functions of each back end against binary64, and what a self-test says of them.
//!
//! `cargo test -p mdn-infer --features libm --test back_end -- --nocapture` prints the errors of
//! libm's, `--features micromath` those of micromath's, no feature those of our own.

use mdn_infer::math::{self, Elementary, map_slice};
use mdn_infer::{BACK_END, BackEnd, Level, Model, Predictor, include_model, working_len};

/// From the bits of one input to those of the next: a prime, so that all exponents occur.
const STRIDE: usize = 10_007;

/// Largest errors: relative to the result, and relative to it where its magnitude is above 1,
/// absolute below.
#[derive(Clone, Copy)]
struct Errors {
    relative: f64,
    mixed: f64,
}

/// The errors of `function` between numbers of one sign, in the order of their bits.
fn errors(
    (first, last): (f32, f32),
    function: impl Elementary + Copy,
    exact: fn(f64) -> f64,
) -> Errors {
    let bits = (first.to_bits()..=last.to_bits()).step_by(STRIDE);
    let inputs: Vec<f32> = bits.map(f32::from_bits).collect();
    let mut outputs = inputs.clone();
    map_slice(Level::scalar(), &mut outputs, function);
    let mut found = Errors {
        relative: 0.0,
        mixed: 0.0,
    };
    for (&x, &y) in inputs.iter().zip(&outputs) {
        let expected = exact(f64::from(x));
        let error = (f64::from(y) - expected).abs();
        assert!(error.is_finite(), "{y} at {x}");
        if expected.abs() > f64::from(f32::MIN_POSITIVE) {
            found.relative = found.relative.max(error / expected.abs());
        }
        found.mixed = found.mixed.max(error / expected.abs().max(1.0));
    }
    found
}

/// Prints the errors of two ranges together and compares them with a budget each for the exact
/// functions, libm's and micromath's.
fn check(name: &str, ranges: [Errors; 2], budgets: [f64; 3]) {
    let [a, b] = ranges;
    let (relative, mixed) = (a.relative.max(b.relative), a.mixed.max(b.mixed));
    println!("| `{name}` | {relative:.1e} | {mixed:.1e} |");
    let budget = match BACK_END {
        BackEnd::Exact => budgets[0],
        BackEnd::Libm => budgets[1],
        _ => budgets[2],
    };
    assert!(mixed <= budget, "{name}: {mixed:e} is above {budget:e}");
}

#[test]
fn errors_keep_their_budgets() {
    let tiny = f32::MIN_POSITIVE;
    let both = [(tiny, 87.0), (-tiny, -87.0)];
    println!("back end {BACK_END}\n| function | relative | relative or absolute |");
    macro_rules! function {
        ($name:literal, $ranges:expr, $function:expr, $exact:expr, $budgets:expr) => {
            check(
                $name,
                $ranges.map(|range| errors(range, $function, $exact)),
                $budgets,
            )
        };
    }
    let ours = 3.0e-7;
    function!("exp", both, math::Exp, f64::exp, [ours, ours, 3e-3]);
    let positive = [(tiny, 1.0), (1.0, 1e30)];
    function!("ln", positive, math::Ln, f64::ln, [ours, ours, 0.13]);
    let above = [(tiny, 1e30), (-tiny, -0.9)];
    function!("ln_1p", above, math::Ln1p, f64::ln_1p, [ours, ours, 0.13]);
    function!("tanh", both, math::Tanh, f64::tanh, [ours, ours, 3e-3]);
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    function!("sigmoid", both, math::Sigmoid, logistic, [ours, ours, 3e-3]);
    let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    function!(
        "softplus",
        both,
        math::Softplus,
        softplus,
        [ours, ours, 0.2]
    );
    let silu = |x: f64| x / (1.0 + (-x).exp());
    function!("silu", both, math::Silu, silu, [ours, ours, 3e-3]);
}

#[test]
fn special_values_follow_the_limits() {
    let at = |x: f32| {
        [
            math::exp(x),
            math::ln(x),
            math::tanh(x),
            math::sigmoid(x),
            math::softplus(x),
            math::silu(x),
        ]
    };
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    assert!(at(nan).iter().all(|y| y.is_nan()));
    assert_eq!(at(inf), [inf, inf, 1.0, 1.0, inf, inf]);
    let [exp, ln, rest @ ..] = at(-inf);
    assert!(exp == 0.0 && ln.is_nan());
    assert_eq!(
        rest.map(f32::to_bits),
        [-1.0, 0.0, 0.0, -0.0].map(f32::to_bits)
    );
    assert!(math::ln(-1.0_f32).is_nan());
    assert_eq!(math::ln(0.0_f32), -inf);
    assert_eq!(math::exp(1000.0_f32), inf);
    assert_eq!(math::exp(-1000.0_f32), 0.0);
}

#[test]
fn every_level_gives_the_same_bits() {
    let inputs: Vec<f32> = (-400..403).map(|i| 0.25 * i as f32 + 0.01).collect();
    let mut scalar = inputs.clone();
    map_slice(Level::scalar(), &mut scalar, math::Sigmoid);
    for level in Level::available() {
        let mut wide = inputs.clone();
        map_slice(level, &mut wide, math::Sigmoid);
        assert_eq!(scalar, wide, "{}", level.name());
    }
}

#[test]
fn the_self_test_says_how_close() -> Result<(), Box<dyn std::error::Error>> {
    const FILE: &[u8] = include_model!("../samples/classic.mdn");
    let model = Model::parse(FILE)?;
    let mut predictor = Predictor::<{ working_len(FILE) }>::new(&model, Level::detect())?;
    let report = predictor.self_test()?;
    println!("{report}");
    let text = report.to_string();
    assert_eq!(report.back_end, BACK_END);
    let agree = "300 of 300 values in 4 golden vectors agree bit for bit";
    let budget = match BACK_END {
        BackEnd::Exact => {
            assert!(report.passed());
            assert_eq!(text, agree);
            return Ok(());
        }
        BackEnd::Libm => 1e-5,
        _ => 0.5,
    };
    assert!(!report.passed());
    assert!(
        report.largest_error > 0.0 && report.largest_error < budget,
        "{text}"
    );
    let start = format!("not exact: back end {BACK_END}; ");
    assert!(text.starts_with(&start), "{text}");
    Ok(())
}
