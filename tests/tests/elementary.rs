//! The elementary functions against an f64 reference, and every instruction set against scalar.
//!
//! The error of a result is |computed - exact| / ulp(exact), where `exact` is the f64 reference
//! and ulp(exact) is the spacing of binary32 numbers in its binade (2^-149 below the normal
//! range). An infinite result counts as 2^128.
//!
//! All 2^32 inputs, a row of a table for each function:
//!
//! ```text
//! cargo test --release -p mdn-tests --test elementary -- --ignored --nocapture
//! ```

use mdn_infer::math::{self, Elementary, map_slice};
use mdn_infer::simd::Level;
use rayon::prelude::*;

/// A function, its reference and its documented bound.
struct Case<F> {
    name: &'static str,
    function: F,
    exact: fn(f64) -> f64,
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

fn error(computed: f32, exact: f64) -> f64 {
    if computed.is_nan() || exact.is_nan() {
        return if computed.is_nan() && exact.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let limit = 2f64.powi(128);
    let exact = exact.clamp(-limit, limit);
    (f64::from(computed).clamp(-limit, limit) - exact).abs() / ulp(exact)
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

impl<F: Elementary + Copy + Sync> Case<F> {
    /// The worst of these inputs; panics where two instruction sets disagree.
    fn worst(&self, inputs: &[f32]) -> Worst {
        let mut scalar = inputs.to_vec();
        map_slice(Level::scalar(), &mut scalar, self.function);
        for level in Level::available() {
            let mut other = inputs.to_vec();
            map_slice(level, &mut other, self.function);
            if let Some(i) = (0..inputs.len()).find(|&i| !same(scalar[i], other[i])) {
                panic!(
                    "{}({:e}): scalar {:e}, {} {:e}",
                    self.name,
                    inputs[i],
                    scalar[i],
                    level.name(),
                    other[i]
                );
            }
        }
        inputs
            .iter()
            .zip(&scalar)
            .fold(Worst::NONE, |worst, (&x, &y)| {
                worst.or(Worst {
                    ulps: error(y, (self.exact)(f64::from(x))),
                    bits: x.to_bits(),
                })
            })
    }

    fn check(&self, worst: Worst) {
        assert!(
            worst.ulps <= self.bound,
            "{}: {} ULP at {:e} (0x{:08x}), above {}",
            self.name,
            worst.ulps,
            f32::from_bits(worst.bits),
            worst.bits,
            self.bound
        );
    }

    /// All inputs: prints a row of the table.
    fn sweep(&self) {
        const CHUNK: u32 = 1 << 16;
        let start = std::time::Instant::now();
        let worst = (0..=u32::MAX / CHUNK)
            .into_par_iter()
            .map(|chunk| {
                let inputs: Vec<f32> = (0..CHUNK)
                    .map(|i| f32::from_bits(chunk * CHUNK + i))
                    .collect();
                self.worst(&inputs)
            })
            .reduce(|| Worst::NONE, Worst::or);
        println!(
            "| {:15} | {:6.3} | {:15e} | {:.0?}",
            self.name,
            worst.ulps,
            f32::from_bits(worst.bits),
            start.elapsed()
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
    gated(
        x,
        (8.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x),
    )
}

macro_rules! cases {
    ($($name:ident: $function:expr, $exact:expr, $bound:expr;)*) => {
        mod every_input {
            use super::*;
            $(
                #[test]
                #[ignore = "2^32 inputs"]
                fn $name() {
                    let case = Case {
                        name: stringify!($name),
                        function: $function,
                        exact: $exact,
                        bound: $bound,
                    };
                    case.sweep();
                }
            )*
        }
    };
}

cases! {
    exp: math::Exp, f64::exp, 1.0;
    ln: math::Ln, f64::ln, 1.0;
    ln_1p: math::Ln1p, f64::ln_1p, 2.0;
    tanh: math::Tanh, f64::tanh, 2.0;
    sigmoid: math::Sigmoid, super::sigmoid, 2.0;
    softplus: math::Softplus, super::softplus, 2.0;
    silu: math::Silu, |x| gated(x, x), 4.0;
    gelu: math::Gelu, super::gelu, 200.0;
    relu: math::Relu, |x| if x < 0.0 { 0.0 } else { x }, 0.0;
}
