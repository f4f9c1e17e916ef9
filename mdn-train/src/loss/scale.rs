//! From network outputs to log-scales, and back with the gradient.

use mdn_infer::math;
use mdn_infer::simd::{Simd, Vector};

use super::block::Block;

/// A map from outputs to log-scales.
pub(super) trait LogScale {
    /// Whether the log-scale differs from the output, and its slope from 1.
    const CURVED: bool;
    /// The log-scale and its derivative at the output `s`.
    fn log_scale<V: Vector>(s: V) -> (V, V);
}

/// ℓ = s
pub(super) struct Exp;
impl LogScale for Exp {
    const CURVED: bool = false;
    #[inline(always)]
    fn log_scale<V: Vector>(s: V) -> (V, V) {
        (s, s.splat(1.0))
    }
}

/// ℓ = ln ln(1 + e^s)
pub(super) struct Softplus;
impl LogScale for Softplus {
    const CURVED: bool = true;
    #[inline(always)]
    fn log_scale<V: Vector>(s: V) -> (V, V) {
        // Below −17, softplus(s) is e^s to within half an ulp: the log-scale is s itself.
        let tail = s.less(s.splat(-17.0));
        let one = s.splat(1.0);
        let scale = one.select(tail, math::softplus(s));
        let slope = math::sigmoid(s).div(scale);
        (s.select(tail, math::ln(scale)), one.select(tail, slope))
    }
}

/// Turns the output at factor `row` into a bounded log-scale, the result; keeps its inverse
/// scale and what [`descale`] needs, as item `d`.
#[inline(always)]
pub(super) fn scale<S: Simd, M: LogScale>(
    block: &mut Block<S>,
    row: usize,
    d: usize,
    k: usize,
) -> S::Vector {
    let (value, slope) = M::log_scale(block.factor(row, k));
    if M::CURVED {
        block.set_factor(row, k, value);
        block.set_slope(d, k, slope);
    }
    let log_scale = block.bound(value);
    block.set_inverse_scale(d, k, math::exp(log_scale.negate()));
    log_scale
}

/// Replaces the factor at `row`, which [`scale`] has seen, by the gradient with respect to the
/// output, given that with respect to the bounded log-scale.
#[inline(always)]
pub(super) fn descale<S: Simd, M: LogScale>(
    block: &mut Block<S>,
    row: usize,
    d: usize,
    k: usize,
    gradient: S::Vector,
) {
    let mut gradient = block.unbound(gradient, block.factor(row, k));
    if M::CURVED {
        gradient = gradient.mul(block.slope(d, k));
    }
    block.set_factor(row, k, gradient);
}
