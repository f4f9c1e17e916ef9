//! Elementary functions of other crates, for users who prefer size to the arithmetic contract.
//!
//! The results are close to our own and not equal: `docs/arithmetic.md` says how close. They are
//! computed lane by lane, so every instruction set still gives the same bits as the others.
//! Square roots, the rectifier and the normal distribution remain our own.

#[cfg(feature = "libm")]
#[path = "libm.rs"]
mod lane;
#[cfg(not(feature = "libm"))]
#[path = "micromath.rs"]
mod lane;

use crate::simd::Vector;

/// e^x.
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    x.each(lane::exp)
}

/// e^x for x <= 0 (or NaN).
#[inline(always)]
pub(crate) fn exp_below_one<V: Vector>(x: V) -> V {
    exp(x)
}

/// e^x for -87 <= x <= 87.
#[inline(always)]
pub fn exp_normal<V: Vector>(x: V) -> V {
    exp(x)
}

/// The natural logarithm.
#[inline(always)]
pub fn ln<V: Vector>(x: V) -> V {
    x.each(lane::ln)
}

/// The natural logarithm of a positive normal number.
#[inline(always)]
pub(crate) fn ln_normal<V: Vector>(x: V) -> V {
    ln(x)
}

/// ln(1 + x).
#[inline(always)]
pub fn ln_1p<V: Vector>(x: V) -> V {
    x.each(lane::ln_1p)
}

/// tanh x.
#[inline(always)]
pub fn tanh<V: Vector>(x: V) -> V {
    x.each(lane::tanh)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    x.each(logistic)
}

/// ln(1 + e^x).
#[inline(always)]
pub fn softplus<V: Vector>(x: V) -> V {
    let tail = ln_1p(exp(x.magnitude().negate()));
    x.larger(x.splat(0.0)).add(tail)
}

/// x sigmoid x.
#[inline(always)]
pub fn silu<V: Vector>(x: V) -> V {
    gated(x, x)
}

/// x sigmoid(sqrt(8/pi) (x + 0.044715 x^3)).
#[inline(always)]
pub fn gelu<V: Vector>(x: V) -> V {
    let cubic = x.mul(x).mul(x.splat(0.071_354_814));
    gated(x, x.mul(cubic.add(x.splat(1.595_769_2))))
}

/// x sigmoid y; -0 where the gate is shut.
#[inline(always)]
fn gated<V: Vector>(x: V, y: V) -> V {
    let gate = sigmoid(y);
    let shut = x.splat(-0.0).select(y.less(y.splat(-104.0)), x.mul(gate));
    shut.select(x.less(x.splat(f32::INFINITY)), x)
}

#[inline(never)]
fn logistic(x: f32) -> f32 {
    let s = lane::exp(-x.abs());
    if x < 0.0 {
        s / (1.0 + s)
    } else {
        1.0 / (1.0 + s)
    }
}
