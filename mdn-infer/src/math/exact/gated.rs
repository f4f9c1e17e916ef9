//! Activations that multiply x by a logistic gate.
//!
//! silu x = x sigmoid x; gelu x = x sigmoid(sqrt(8/pi) (x + 0.044715 x^3)), the tanh form of
//! Hendrycks and Gimpel (2016). Below zero the numerator is x e^-|y| = 2^n (x + x q), kept scaled
//! by 2^64 until the end, so that it does not lose digits to underflow.
//!
//! Special values: inf at inf, -0 at -inf, NaN at NaN; results underflow gradually. Largest errors
//! over all inputs: silu 2.73 ULP; gelu 214 ULP, for its far negative tail has the relative error
//! of the gate's rounded argument times that argument: 2.93 ULP for x >= -1.

use super::exp::{UNSCALE, reduce};
use super::sigmoid::VANISHING;
use crate::simd::Vector;

const SQRT_8_OVER_PI: f32 = 1.595_769_2;
/// 0.044715 sqrt(8/pi).
const CUBIC: f32 = 0.071_354_814;
/// From here on |gelu(-x)| rounds to zero.
const GELU_VANISHING: f32 = 11.0;

/// x sigmoid x.
#[inline(always)]
pub fn silu<V: Vector>(x: V) -> V {
    let magnitude = x.splat(VANISHING).smaller(x.magnitude());
    gated(x, magnitude, magnitude)
}

/// x sigmoid(sqrt(8/pi) (x + 0.044715 x^3)).
#[inline(always)]
pub fn gelu<V: Vector>(x: V) -> V {
    let magnitude = x.splat(GELU_VANISHING).smaller(x.magnitude());
    let slope = magnitude
        .mul(magnitude)
        .mul(x.splat(CUBIC))
        .add(x.splat(SQRT_8_OVER_PI));
    gated(x, magnitude, magnitude.mul(slope))
}

/// x sigmoid(±y) with the sign of x, where y >= 0 and `magnitude` is |x|, or less where the
/// result rounds to x or to zero.
#[inline(always)]
fn gated<V: Vector>(x: V, magnitude: V, y: V) -> V {
    let one = x.splat(1.0);
    let unscale = x.splat(UNSCALE);
    let negative = x.less(x.splat(0.0));
    let (q, n) = reduce(y.negate(), 127.0 + 64.0);
    let power = n.shift_left::<23>();
    let scaled = one.add(q).mul(power);
    let product = magnitude.add(magnitude.mul(q)).mul(power);
    let numerator = product.negate().select(negative, x);
    let scale = unscale.select(negative, one);
    numerator.div(one.add(scaled.mul(unscale))).mul(scale)
}
