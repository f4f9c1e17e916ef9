//! The elementary functions against an f64 reference, and every instruction set against scalar.
//!
//! The error of a result is |computed - exact| / ulp(exact), where `exact` is the f64 reference
//! and ulp(exact) is the spacing of binary32 numbers in its binade (2^-149 below the normal
//! range). Beyond the largest number, `exact` and an infinite result both count as 2^128. NaN must
//! come out exactly where the reference is NaN, and a zero with the reference's sign.
//!
//! All 2^32 inputs, one row of the table in `docs/arithmetic.md` for each function:
//!
//! ```text
//! cargo test --release -p mdn-tests --test elementary -- --ignored --nocapture
//! ```

use mdn_infer::math::{self, Elementary, map_slice};
use mdn_infer::simd::Level;
use rayon::prelude::*;

/// A function, its reference, where to compare them, and the documented bound.
struct Case<F> {
    name: &'static str,
    function: F,
    exact: fn(f64) -> f64,
    domain: fn(f32) -> bool,
    bound: f64,
}

/// The largest error and where it is.
#[derive(Clone, Copy)]
struct Worst {
    ulps: f64,
    bits: u32,
}

impl Worst {
    const NONE: Worst = Worst { ulps: 0.0, bits: 0 };

    fn or(self, other: Worst) -> Worst {
        if self.ulps < other.ulps { other } else { self }
    }
}

/// The spacing of binary32 numbers in the binade of `x`.
fn ulp(x: f64) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff).clamp(1023 - 126, 1023 + 127);
    f64::from_bits((exponent - 23) << 52)
}

/// The error in ULP; infinite for NaN or a zero that is wrong.
fn error(computed: f32, exact: f64) -> f64 {
    let limit = 2f64.powi(128);
    let nearest = exact.clamp(-limit, limit);
    let ulps = (f64::from(computed).clamp(-limit, limit) - nearest).abs() / ulp(nearest);
    let wrong_zero = computed == 0.0 && computed.is_sign_negative() != exact.is_sign_negative();
    if ulps.is_nan() && computed.is_nan() && exact.is_nan() {
        0.0
    } else if ulps.is_nan() || wrong_zero {
        f64::INFINITY
    } else {
        ulps
    }
}

fn same(a: f32, b: f32) -> bool {
    (a.to_bits() == b.to_bits()) | (a.is_nan() & b.is_nan())
}

impl<F: Elementary + Copy + Sync> Case<F> {
    /// The worst of these inputs; panics where two instruction sets disagree.
    fn worst(&self, inputs: &[f32]) -> Worst {
        let mut scalar = inputs.to_vec();
        map_slice(Level::scalar(), &mut scalar, self.function);
        for level in Level::available().filter(|&level| level != Level::scalar()) {
            let mut other = inputs.to_vec();
            map_slice(level, &mut other, self.function);
            self.agree(level, inputs, &scalar, &other);
        }
        let mut worst = Worst::NONE;
        for (&x, &y) in inputs.iter().zip(&scalar) {
            if (self.domain)(x) {
                let ulps = error(y, (self.exact)(f64::from(x)));
                let bits = x.to_bits();
                worst = worst.or(Worst { ulps, bits });
            }
        }
        worst
    }

    fn agree(&self, level: Level, inputs: &[f32], scalar: &[f32], other: &[f32]) {
        let pairs = || scalar.iter().zip(other);
        let differing = pairs()
            .map(|(&a, &b)| usize::from(!same(a, b)))
            .sum::<usize>();
        if differing > 0 {
            let (&x, (a, b)) = inputs
                .iter()
                .zip(pairs())
                .find(|&(_, (&a, &b))| !same(a, b))
                .expect("some differ");
            let (name, level) = (self.name, level.name());
            panic!("{name}({x:e}): scalar {a:e}, {level} {b:e}");
        }
    }

    fn check(&self, worst: Worst) {
        let (x, bits) = (f32::from_bits(worst.bits), worst.bits);
        assert!(
            worst.ulps <= self.bound,
            "{}: {} ULP at {x:e} (0x{bits:08x}), above {}",
            self.name,
            worst.ulps,
            self.bound
        );
    }

    /// Every 9973rd input, and all those around the points where something changes.
    fn sample(&self) {
        const AROUND: [f32; 34] = [
            0.0,
            f32::MIN_POSITIVE,
            5.96e-8,
            1.19e-7,
            0.25,
            0.346_573_6,
            0.414_213_56,
            0.5,
            std::f32::consts::LN_2,
            std::f32::consts::FRAC_1_SQRT_2,
            1.0,
            1.039_72,
            1.078_125,
            std::f32::consts::SQRT_2,
            1.5,
            2.0,
            0.015_625,
            0.984_375,
            9.01,
            9.1,
            10.06,
            10.25,
            11.0,
            14.17,
            14.5,
            16.63,
            64.0,
            87.336_55,
            88.722_84,
            89.0,
            103.972_08,
            104.0,
            110.0,
            f32::INFINITY,
        ];
        let strided = (0..=u32::MAX).step_by(9973);
        let dense = AROUND.into_iter().flat_map(|x| {
            let bits = x.to_bits();
            bits.saturating_sub(500)..bits + 500
        });
        let both = dense.flat_map(|bits| [bits, bits | 1 << 31]);
        let inputs: Vec<f32> = strided.chain(both).map(f32::from_bits).collect();
        self.check(self.worst(&inputs));
    }

    /// All inputs; prints a row of the table.
    fn sweep(&self) {
        const CHUNK: u32 = 1 << 12;
        let worst = (0..=u32::MAX / CHUNK)
            .into_par_iter()
            .map(|chunk| {
                let bits = (0..CHUNK).map(|i| chunk * CHUNK + i);
                self.worst(&bits.map(f32::from_bits).collect::<Vec<_>>())
            })
            .reduce(|| Worst::NONE, Worst::or);
        println!(
            "| {:15} | {:7.3} | {:14.7e} |",
            self.name,
            worst.ulps,
            f32::from_bits(worst.bits)
        );
        self.check(worst);
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn gated(x: f64, y: f64) -> f64 {
    if x == f64::NEG_INFINITY {
        -0.0
    } else {
        x * sigmoid(y)
    }
}

fn gelu(x: f64) -> f64 {
    let root = (8.0 / std::f64::consts::PI).sqrt();
    gated(x, root * (x + 0.044715 * x * x * x))
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Halley's iteration on the f64 distribution function, from a crude start.
fn normal_quantile(p: f64) -> f64 {
    if p == 0.5 || !(p > 0.0 && p < 1.0) {
        return match p {
            0.0 => f64::NEG_INFINITY,
            0.5 => 0.0,
            1.0 => f64::INFINITY,
            _ => f64::NAN,
        };
    }
    let mass = p.min(1.0 - p);
    let u = (-2.0 * mass.ln()).sqrt();
    // Abramowitz and Stegun 26.2.23, good to 4.5e-4.
    let mut z = (2.515517 + u * (0.802853 + u * 0.010328))
        / (1.0 + u * (1.432788 + u * (0.189269 + u * 0.001308)))
        - u;
    for _ in 0..2 {
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let step = (normal_cdf(z) - mass) / density;
        z -= step / (1.0 + 0.5 * z * step);
    }
    if p > 0.5 { -z } else { z }
}

fn anywhere(_: f32) -> bool {
    true
}

/// Two tests for each case: a quick one, and all inputs.
macro_rules! cases {
    ($($name:ident: $function:expr, $exact:expr, $domain:expr, $bound:expr;)*) => {
        $(
            mod $name {
                use super::*;

                fn case() -> Case<impl Elementary + Copy + Sync> {
                    Case {
                        name: stringify!($name),
                        function: $function,
                        exact: $exact,
                        domain: $domain,
                        bound: $bound,
                    }
                }

                #[test]
                fn sample() {
                    case().sample();
                }

                #[test]
                #[ignore = "2^32 inputs"]
                fn every_input() {
                    case().sweep();
                }
            }
        )*
    };
}

cases! {
    exp: math::Exp, f64::exp, anywhere, 0.93;
    ln: math::Ln, f64::ln, anywhere, 0.95;
    ln_1p: math::Ln1p, f64::ln_1p, anywhere, 1.55;
    sqrt: math::Sqrt, f64::sqrt, anywhere, 0.5;
    tanh: math::Tanh, f64::tanh, anywhere, 1.88;
    sigmoid: math::Sigmoid, super::sigmoid, anywhere, 1.84;
    softplus: math::Softplus, super::softplus, anywhere, 1.85;
    silu: math::Silu, |x| gated(x, x), anywhere, 2.75;
    gelu: math::Gelu, super::gelu, anywhere, 215.0;
    gelu_above_minus_1: math::Gelu, super::gelu, |x| x >= -1.0, 2.95;
    relu: math::Relu, |x| if x < 0.0 { 0.0 } else { x }, anywhere, 0.0;
    erf: math::Erf, libm::erf, anywhere, 1.1;
    erfc: math::Erfc, libm::erfc, anywhere, 1.85;
    normal_cdf: math::NormalCdf, super::normal_cdf, anywhere, 1.8;
    normal_quantile: math::NormalQuantile, super::normal_quantile, anywhere, 1.95;
}

/// Values that are exact by definition, as pairs of input and result.
#[test]
fn special_values() {
    const INF: f32 = f32::INFINITY;
    const NAN: f32 = f32::NAN;
    const TINY: f32 = f32::from_bits(1);
    fn check(function: impl Elementary + Copy, pairs: &[(f32, f32)]) {
        for level in Level::available() {
            for &(x, expected) in pairs.iter().chain(&[(NAN, NAN), (-NAN, NAN)]) {
                let mut result = [x];
                map_slice(level, &mut result, function);
                let y = result[0];
                let name = level.name();
                assert!(
                    same(y, expected),
                    "{name}: f({x:e}) = {y:e}, not {expected:e}"
                );
            }
        }
    }
    let zeros = [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY)];
    let ends = |low, high| [(-INF, low), (INF, high)];

    check(math::Exp, &ends(0.0, INF));
    check(
        math::Exp,
        &[(0.0, 1.0), (-0.0, 1.0), (89.0, INF), (-104.0, 0.0)],
    );
    check(
        math::Exp,
        &[(88.722_84, INF), (-103.972_08, TINY), (f32::MIN, 0.0)],
    );
    check(math::Ln, &ends(NAN, INF));
    check(
        math::Ln,
        &[(0.0, -INF), (-0.0, -INF), (-TINY, NAN), (1.0, 0.0)],
    );
    check(math::Ln1p, &ends(NAN, INF));
    check(math::Ln1p, &zeros);
    check(math::Ln1p, &[(-1.0, -INF), (-1.000_000_1, NAN)]);
    check(math::Sqrt, &ends(NAN, INF));
    check(
        math::Sqrt,
        &[(0.0, 0.0), (-0.0, -0.0), (-TINY, NAN), (4.0, 2.0)],
    );
    check(math::Tanh, &ends(-1.0, 1.0));
    check(math::Tanh, &zeros);
    check(math::Sigmoid, &ends(0.0, 1.0));
    check(math::Sigmoid, &[(0.0, 0.5), (-0.0, 0.5)]);
    check(math::Softplus, &ends(0.0, INF));
    check(math::Silu, &ends(-0.0, INF));
    check(
        math::Silu,
        &[
            (0.0, 0.0),
            (-0.0, -0.0),
            (f32::MIN, -0.0),
            (f32::MAX, f32::MAX),
        ],
    );
    check(math::Gelu, &ends(-0.0, INF));
    check(
        math::Gelu,
        &[
            (0.0, 0.0),
            (-0.0, -0.0),
            (f32::MIN, -0.0),
            (f32::MAX, f32::MAX),
        ],
    );
    check(math::Relu, &ends(0.0, INF));
    check(math::Relu, &[(0.0, 0.0), (-1.0, 0.0), (2.0, 2.0)]);
    check(math::Erf, &ends(-1.0, 1.0));
    check(math::Erf, &[(0.0, 0.0), (-0.0, -0.0)]);
    check(math::Erfc, &ends(2.0, 0.0));
    check(math::Erfc, &[(0.0, 1.0), (-0.0, 1.0)]);
    check(math::NormalCdf, &ends(0.0, 1.0));
    check(math::NormalCdf, &[(0.0, 0.5), (-0.0, 0.5)]);
    check(math::NormalQuantile, &ends(NAN, NAN));
    check(
        math::NormalQuantile,
        &[(0.0, -INF), (-0.0, -INF), (1.0, INF), (0.5, 0.0)],
    );
    check(math::NormalQuantile, &[(-TINY, NAN), (1.000_000_1, NAN)]);
}
