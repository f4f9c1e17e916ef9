//! The mixture head: from network outputs to the parameters of a mixture.

use crate::error::PredictError;
use crate::format::{Covariance, Head, ScaleMap};
use crate::math;
use crate::simd::reduce::{self, At};
use crate::simd::{Simd, Vector};

/// Turns network outputs into mixture parameters in place.
///
/// With K components, D dimensions and F factors, `parameters` is `[outputs + K]`. On entry it
/// holds the network's outputs (see [`Head`]) and K numbers that do not matter; on exit, each
/// with the component as the fastest index, in standardised units:
///
/// - log-weights `[K]`, normalised by log-sum-exp;
/// - means `[D][K]`, untouched;
/// - the precision's Cholesky factors `[F][K]`, e^−ℓ on the diagonal;
/// - log-coefficients `[K]`: log-weight − Σ ℓ + `log_normaliser`, so that a component's term of
///   the log-density is its log-coefficient − ½ |L (t − μ)|².
///
/// # Errors
///
/// [`PredictError::Overflow`] when an output is not finite.
#[inline(always)]
pub(crate) fn mixture_parameters<S: Simd>(
    simd: S,
    head: &Head,
    log_normaliser: f32,
    parameters: &mut [f32],
) -> Result<(), PredictError> {
    let components = usize::from(head.components);
    let dimensions = usize::from(head.dimensions);
    let (outputs, coefficients) = parameters
        .split_at_mut_checked(head.outputs())
        .unwrap_or_default();
    check_finite(simd, outputs)?;
    let (log_weights, rest) = outputs.split_at_mut_checked(components).unwrap_or_default();
    let factors = rest.get_mut(components * dimensions..).unwrap_or_default();
    log_softmax(simd, log_weights, coefficients);
    let repeat = match head.covariance {
        Covariance::Isotropic => dimensions as f32,
        _ => 1.0,
    };
    if head.scale_map == ScaleMap::Softplus {
        for (entry, row) in factors.chunks_exact_mut(components.max(1)).enumerate() {
            if is_scale(head, entry) {
                math::map(simd, row, math::LogSoftplus);
            }
        }
    }
    let last = head.covariance.factors(dimensions) - 1;
    for (entry, row) in factors.chunks_exact_mut(components.max(1)).enumerate() {
        if is_scale(head, entry) {
            // Adding −0 changes no number, not even a zero.
            let addend = if entry == last { log_normaliser } else { -0.0 };
            invert_scales(simd, head, (repeat, addend), row, coefficients);
        }
    }
    Ok(())
}

/// An error unless every output is finite.
#[inline(always)]
fn check_finite<S: Simd>(simd: S, outputs: &[f32]) -> Result<(), PredictError> {
    // A finite sum has finite terms; one that is not may have overflowed by itself.
    if reduce::sum_row(simd, outputs).is_finite() || outputs.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(PredictError::Overflow)
}

/// Whether row `entry` of the factors is one of log-scales: all are, but of a lower triangle,
/// counted row by row, only those on the diagonal.
#[inline(always)]
fn is_scale(head: &Head, entry: usize) -> bool {
    head.covariance != Covariance::Full || (0..=entry).any(|d| d * (d + 3) / 2 == entry)
}

/// log π = a − max a − ln Σ exp(a − max a), also copied to `copy`; at least one logit
/// must be finite and none may be NaN or +∞.
#[inline(always)]
pub(crate) fn log_softmax<S: Simd>(simd: S, logits: &mut [f32], copy: &mut [f32]) {
    let largest = reduce::largest_in_row(simd, logits);
    let Some(copy) = copy.get_mut(..logits.len()) else {
        return;
    };
    for at in At::each::<S::Vector>(logits.len()) {
        let shifted = at.load(simd, logits, 0.0).sub(simd.splat(largest));
        at.store(shifted, logits);
        at.store(math::exp_below_one(shifted), copy);
    }
    let log_sum = math::ln_normal(reduce::sum_row(simd, copy));
    for at in At::each::<S::Vector>(logits.len()) {
        let log_weight = at.load(simd, logits, 0.0).sub(simd.splat(log_sum));
        at.store(log_weight, logits);
        at.store(log_weight, copy);
    }
}

/// One row of outputs s `[K]` becomes e^−ℓ; the coefficients lose `repeat` · ℓ and gain `addend`.
#[inline(always)]
fn invert_scales<S: Simd>(
    simd: S,
    head: &Head,
    (repeat, addend): (f32, f32),
    row: &mut [f32],
    coefficients: &mut [f32],
) {
    let Some(coefficients) = coefficients.get_mut(..row.len()) else {
        return;
    };
    for at in At::each::<S::Vector>(row.len()) {
        let log_scale = simd
            .splat(head.log_scale_max)
            .smaller(at.load(simd, row, 0.0));
        let log_scale = simd.splat(head.log_scale_min).larger(log_scale);
        at.store(math::exp_normal(log_scale.negate()), row);
        let lost = simd.splat(repeat).mul(log_scale);
        let coefficient = at.load(simd, coefficients, 0.0).sub(lost);
        at.store(coefficient.add(simd.splat(addend)), coefficients);
    }
}
