//! The logistic function and the activations built on it.
//!
//! With s = e^-|x| <= 1, sigmoid x = 1 / (1 + s) for x >= 0 and s / (1 + s) below; softplus
//! x = max(x, 0) + ln(1 + s). silu x = x sigmoid x; gelu x = x sigmoid(sqrt(8/pi) (x + 0.044715
//! x^3)), which is the tanh form of Hendrycks and Gimpel (2016). In the last two s is kept scaled
//! by 2^64 until the end, so that x s does not lose digits to underflow.
//!
//! Special values: sigmoid(-inf) = softplus(-inf) = 0, sigmoid(inf) = 1, softplus(inf) =
//! silu(inf) = gelu(inf) = inf, silu(-inf) = gelu(-inf) = -0; NaN gives NaN; results underflow
//! gradually. Largest errors over all inputs: sigmoid 0.00, softplus 0.00, silu 0.00 ULP; gelu

use super::exp::{UNSCALE, exp_nonpositive, exp_scaled};
use super::ln::ln_1p_unit;
use crate::simd::Vector;

/// From here on e^-x rounds to zero.
const VANISHING: f32 = 110.0;

const SQRT_8_OVER_PI: f32 = 1.595_769_1;
const CUBIC: f32 = 0.071_354_814;

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    let one = x.splat(1.0);
    let s = exp_of_negated_magnitude(x);
    let unit = s.select(x.less(x.splat(0.0)), one);
    unit.sub(unit.mul(s.div(one.add(s))))
}

/// ln(1 + e^x).
#[inline(always)]
pub fn softplus<V: Vector>(x: V) -> V {
    let s = exp_of_negated_magnitude(x);
    x.larger(x.splat(0.0)).add(ln_1p_unit(s))
}

/// x sigmoid x.
#[inline(always)]
pub fn silu<V: Vector>(x: V) -> V {
    let magnitude = x.splat(VANISHING).smaller(x.magnitude());
    gated(x, magnitude, magnitude)
}

/// x sigmoid(sqrt(8/pi) (x + 0.044715 x^3)).
#[inline(always)]
pub fn gelu<V: Vector>(x: V) -> V {
    let magnitude = x.splat(11.0).smaller(x.magnitude());
    let slope = magnitude
        .mul(magnitude)
        .mul(x.splat(CUBIC))
        .add(x.splat(SQRT_8_OVER_PI));
    gated(x, magnitude, magnitude.mul(slope))
}

/// max(x, 0); NaN stays NaN.
#[inline(always)]
pub fn relu<V: Vector>(x: V) -> V {
    let zero = x.splat(0.0);
    zero.select(x.less(zero), x)
}

#[inline(always)]
fn exp_of_negated_magnitude<V: Vector>(x: V) -> V {
    exp_nonpositive(x.splat(VANISHING).smaller(x.magnitude()).negate())
}

/// x sigmoid(±y) with the sign of x, where y >= 0 and `magnitude` is |x|, or less where the
/// result rounds to x or to zero.
#[inline(always)]
fn gated<V: Vector>(x: V, magnitude: V, y: V) -> V {
    let one = x.splat(1.0);
    let unscale = x.splat(UNSCALE);
    let negative = x.less(x.splat(0.0));
    let scaled = exp_scaled(y.negate());
    let numerator = magnitude.mul(scaled).negate().select(negative, x);
    let scale = unscale.select(negative, one);
    numerator.div(one.add(scaled.mul(unscale))).mul(scale)
}
