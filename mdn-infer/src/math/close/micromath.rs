//! The functions of the crate micromath, within their domain.
//!
//! Outside of it they are wrong: e^NaN is infinite there, ln of a negative number finite, and
//! tanh is missing. What a mixture could come upon is guarded; inside, the error remains.

use micromath::F32Ext;

/// e^x; 0 and infinity where it leaves the normal numbers.
#[inline(never)]
pub(super) fn exp(x: f32) -> f32 {
    if x.is_nan() {
        x
    } else if x > 88.0 {
        f32::INFINITY
    } else if x < -87.0 {
        0.0
    } else {
        F32Ext::exp(x)
    }
}

/// The natural logarithm; a subnormal number counts as the least normal one.
#[inline(never)]
pub(super) fn ln(x: f32) -> f32 {
    if x.is_nan() || x == f32::INFINITY {
        x
    } else if x > 0.0 {
        F32Ext::ln(x.max(f32::MIN_POSITIVE))
    } else if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        f32::NAN
    }
}

/// ln(1 + x), by its series near 0, where ln's error exceeds its value.
pub(super) fn ln_1p(x: f32) -> f32 {
    if x.abs() < 0.25 {
        x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - x * 0.25)))
    } else {
        ln(1.0 + x)
    }
}

/// tanh x, by Padé's approximant near 0.
#[inline(never)]
pub(super) fn tanh(x: f32) -> f32 {
    if x.abs() < 1.0 {
        let square = x * x;
        return x * (15.0 + square) / (15.0 + 6.0 * square);
    }
    let s = exp(-2.0 * x.abs());
    ((1.0 - s) / (1.0 + s)).copysign(x)
}
