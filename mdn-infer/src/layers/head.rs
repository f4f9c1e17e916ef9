//! The mixture head: from network outputs to the parameters of a mixture.

use crate::error::PredictError;
use crate::format::{Covariance, Head, ScaleMap};
use crate::math;
use crate::simd::{Simd, Vector, reduce};

/// The most rows of a block of a batch: with 256 units a layer, their activations take 64 KB.
pub(crate) const BLOCK: usize = 32;

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
    let sum = sum_of_weights(simd, head, parameters)?;
    normalise(simd, head, log_normaliser, parameters, math::ln(sum));
    Ok(())
}

/// [`mixture_parameters`] of each of `rows` `[N][stride]`, N at most [`BLOCK`]. The rows take
/// each step together, so that the processor need not wait for one row's logarithm.
///
/// # Errors
///
/// The index of the first row with an output that is not finite.
#[inline(always)]
pub(crate) fn mixture_rows<S: Simd>(
    simd: S,
    head: &Head,
    log_normaliser: f32,
    rows: &mut [f32],
    stride: usize,
) -> Result<(), usize> {
    let len = head.outputs() + usize::from(head.components);
    let mut sums = [1.0; BLOCK];
    let each = rows.chunks_exact_mut(stride).zip(&mut sums);
    for (row, (parameters, sum)) in each.enumerate() {
        let parameters = parameters.get_mut(..len).unwrap_or_default();
        *sum = sum_of_weights(simd, head, parameters).map_err(|_| row)?;
    }
    math::map(simd, &mut sums, math::Ln);
    for (parameters, log_sum) in rows.chunks_exact_mut(stride).zip(sums) {
        let parameters = parameters.get_mut(..len).unwrap_or_default();
        normalise(simd, head, log_normaliser, parameters, log_sum);
    }
    Ok(())
}

/// The first step: logits lose their largest; the sum of the exponentials.
///
/// # Errors
///
/// [`PredictError::Overflow`] when an output is not finite.
#[inline(always)]
fn sum_of_weights<S: Simd>(
    simd: S,
    head: &Head,
    parameters: &mut [f32],
) -> Result<f32, PredictError> {
    let (outputs, coefficients) = parameters
        .split_at_mut_checked(head.outputs())
        .unwrap_or_default();
    // x − x is 0 for finite numbers and NaN for all others.
    if reduce::sum_row(simd, outputs, |x| x.sub(x)) != 0.0 {
        return Err(PredictError::Overflow);
    }
    let logits = outputs.get_mut(..head.components.into());
    Ok(shift_logits(simd, logits.unwrap_or_default(), coefficients))
}

/// The second step, given the logarithm of that sum.
#[inline(always)]
fn normalise<S: Simd>(
    simd: S,
    head: &Head,
    log_normaliser: f32,
    parameters: &mut [f32],
    log_sum: f32,
) {
    let components = usize::from(head.components);
    let dimensions = usize::from(head.dimensions);
    let (outputs, coefficients) = parameters
        .split_at_mut_checked(head.outputs())
        .unwrap_or_default();
    let (log_weights, rest) = outputs.split_at_mut_checked(components).unwrap_or_default();
    let factors = rest.get_mut(components * dimensions..).unwrap_or_default();
    subtract_log_sum(simd, log_weights, coefficients, log_sum);
    let (diagonals, repeat) = match head.covariance {
        Covariance::Isotropic => (1, dimensions as f32),
        _ => (dimensions, 1.0),
    };
    for d in 0..diagonals {
        // The lower triangle is stored row by row.
        let entry = match head.covariance {
            Covariance::Full => d * (d + 3) / 2,
            _ => d,
        };
        let row = factors.get_mut(entry * components..(entry + 1) * components);
        invert_scales(simd, head, repeat, row.unwrap_or_default(), coefficients);
    }
    for chunk in coefficients.chunks_mut(S::Vector::LANES) {
        let sum = simd.load(chunk, 0.0).add(simd.splat(log_normaliser));
        sum.store(chunk);
    }
}

/// log π = a − max a − ln Σ exp(a − max a), also copied to `copy`; at least one logit
/// must be finite and none may be NaN or +∞.
#[inline(always)]
pub(crate) fn log_softmax<S: Simd>(simd: S, logits: &mut [f32], copy: &mut [f32]) {
    let log_sum = math::ln(shift_logits(simd, logits, copy));
    subtract_log_sum(simd, logits, copy, log_sum);
}

/// `logits` less their largest, the exponentials of these in `exponentials`, and their sum.
#[inline(always)]
fn shift_logits<S: Simd>(simd: S, logits: &mut [f32], exponentials: &mut [f32]) -> f32 {
    let largest = reduce::largest_in_row(simd, logits);
    for (a, e) in logits
        .chunks_mut(S::Vector::LANES)
        .zip(exponentials.chunks_mut(S::Vector::LANES))
    {
        let shifted = simd.load(a, 0.0).sub(simd.splat(largest));
        shifted.store(a);
        math::exp_below_one(shifted).store(e);
    }
    reduce::sum_row(simd, exponentials, |x| x)
}

/// Each of `logits` less `log_sum`, there and in `copy`.
#[inline(always)]
fn subtract_log_sum<S: Simd>(simd: S, logits: &mut [f32], copy: &mut [f32], log_sum: f32) {
    for (a, e) in logits
        .chunks_mut(S::Vector::LANES)
        .zip(copy.chunks_mut(S::Vector::LANES))
    {
        let log_weight = simd.load(a, 0.0).sub(simd.splat(log_sum));
        log_weight.store(a);
        log_weight.store(e);
    }
}

/// One row of outputs s `[K]` becomes e^−ℓ; the coefficients lose `repeat` · ℓ.
#[inline(always)]
fn invert_scales<S: Simd>(
    simd: S,
    head: &Head,
    repeat: f32,
    row: &mut [f32],
    coefficients: &mut [f32],
) {
    for (s, c) in row
        .chunks_mut(S::Vector::LANES)
        .zip(coefficients.chunks_mut(S::Vector::LANES))
    {
        let output = simd.load(s, 0.0);
        let log_scale = match head.scale_map {
            ScaleMap::Exp => output,
            ScaleMap::Softplus => math::ln(math::softplus(output)),
        };
        let log_scale = simd.splat(head.log_scale_max).smaller(log_scale);
        let log_scale = simd.splat(head.log_scale_min).larger(log_scale);
        math::exp_normal(log_scale.negate()).store(s);
        let lost = simd.splat(repeat).mul(log_scale);
        simd.load(c, 0.0).sub(lost).store(c);
    }
}
