//! The mixture head: from network outputs to the parameters of a mixture.

use super::limits::{Extent, Limits};
use super::rows::BLOCK;
use crate::error::PredictError;
use crate::format::{Covariance, Head, ScaleMap};
use crate::math;
use crate::simd::reduce::{self, PairStep};
use crate::simd::{Kernel, Simd, Vector};

/// Turns network outputs into mixture parameters in place.
///
/// With K components, D dimensions and F factors, `parameters` is `[outputs + K]`. On entry it
/// holds the network's outputs (see [`Head`]) and K numbers that do not matter; on exit, each
/// with the component as the fastest index, in standardised units:
///
/// - log-weights `[K]`, normalised by log-sum-exp so that the weights sum to 1 / `members`;
/// - means `[D][K]`, untouched;
/// - the precision's Cholesky factors `[F][K]`, e^−ℓ on the diagonal;
/// - log-coefficients `[K]`: log-weight − Σ ℓ + `log_normaliser`, so that a component's term of
///   the log-density is its log-coefficient − ½ |L (t − μ)|².
///
/// # Errors
///
/// [`PredictError::Overflow`] when an output is not finite, or breaks the `limits`.
#[inline(always)]
pub(crate) fn mixture_parameters<S: Simd>(
    simd: S,
    head: &Head,
    limits: Limits,
    (members, log_normaliser): (f32, f32),
    parameters: &mut [f32],
) -> Result<(), PredictError> {
    let outputs = parameters.get(..head.outputs()).unwrap_or_default();
    let mut squares = simd.splat_octet(0.0);
    reduce::add_squares(simd, &mut squares, outputs);
    let extent = match Extent::of_squares(squares) {
        Some(extent) => extent,
        None => Extent::of_others(outputs)?,
    };
    let sum = sum_of_weights(simd, head, parameters) * members;
    normalise(simd, head, log_normaliser, parameters, math::ln_normal(sum));
    limits.keep(simd, head, extent, parameters)
}

/// [`mixture_parameters`] of each of `rows` `[N][stride]`, N at most [`BLOCK`], whose parameters
/// are `start` elements into it. The rows take each step together, so that the processor need not
/// wait for one row's logarithm.
pub(crate) struct MixtureRows<'a> {
    pub(crate) head: &'a Head,
    pub(crate) limits: Limits,
    pub(crate) members: f32,
    pub(crate) log_normaliser: f32,
    pub(crate) rows: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) start: usize,
}

impl Kernel for MixtureRows<'_> {
    /// The error is the index of the first row that [`mixture_parameters`] would refuse.
    type Output = Result<(), usize>;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Self::Output {
        let MixtureRows {
            head,
            limits,
            members,
            log_normaliser,
            rows,
            stride,
            start,
        } = self;
        let len = head.parameters();
        let stride = stride.max(1);
        let mut sums = [1.0; BLOCK];
        let extent = extent_of_rows(simd, head, rows, (stride, start))?;
        let each = rows.chunks_exact_mut(stride).zip(&mut sums);
        for (parameters, sum) in each {
            let parameters = part(parameters, start, len);
            *sum = sum_of_weights(simd, head, parameters) * members;
        }
        math::map(simd, &mut sums, math::Ln);
        for (row, (parameters, log_sum)) in rows.chunks_exact_mut(stride).zip(sums).enumerate() {
            let parameters = part(parameters, start, len);
            normalise(simd, head, log_normaliser, parameters, log_sum);
            limits
                .keep(simd, head, extent, parameters)
                .map_err(|_| row)?;
        }
        Ok(())
    }
}

/// How large the outputs of all rows are.
///
/// # Errors
///
/// The index of the first row with an output that is not finite.
#[inline(always)]
fn extent_of_rows<S: Simd>(
    simd: S,
    head: &Head,
    rows: &[f32],
    (stride, start): (usize, usize),
) -> Result<Extent, usize> {
    let outputs = |row: &[f32]| start..(start + head.outputs()).min(row.len());
    let mut squares = simd.splat_octet(0.0);
    for row in rows.chunks_exact(stride) {
        let outputs = row.get(outputs(row)).unwrap_or_default();
        reduce::add_squares(simd, &mut squares, outputs);
    }
    if let Some(extent) = Extent::of_squares(squares) {
        return Ok(extent);
    }
    for (index, row) in rows.chunks_exact(stride).enumerate() {
        let outputs = row.get(outputs(row)).unwrap_or_default();
        Extent::of_others(outputs).map_err(|_| index)?;
    }
    Ok(Extent::Vast)
}

/// The `len` elements of a row from `start` on.
#[inline(always)]
fn part(row: &mut [f32], start: usize, len: usize) -> &mut [f32] {
    let rest = row.get_mut(start..).unwrap_or_default();
    rest.get_mut(..len).unwrap_or_default()
}

/// The first step: logits lose their largest; the sum of the exponentials.
#[inline(always)]
fn sum_of_weights<S: Simd>(simd: S, head: &Head, parameters: &mut [f32]) -> f32 {
    let (outputs, coefficients) = parameters
        .split_at_mut_checked(head.outputs())
        .unwrap_or_default();
    let logits = outputs.get_mut(..head.components.into());
    shift_logits(simd, logits.unwrap_or_default(), coefficients)
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
    reduce::each_pair(simd, log_weights, coefficients, &Normalise { log_sum });
    let (scales, repeat) = match head.covariance {
        Covariance::Isotropic => (1, dimensions as f32),
        _ => (dimensions, 1.0),
    };
    for d in 0..scales {
        // The lower triangle is stored row by row, each ending on the diagonal.
        let entry = match head.covariance {
            Covariance::Full => d * (d + 3) / 2,
            _ => d,
        };
        let row = factors.get_mut(entry * components..(entry + 1) * components);
        let row = row.unwrap_or_default();
        if head.scale_map == ScaleMap::Softplus {
            math::map(simd, row, math::LogSoftplus);
        }
        // Adding −0 changes no number, not even a zero.
        let addend = if d + 1 == scales {
            log_normaliser
        } else {
            -0.0
        };
        let invert = InvertScales {
            log_scale_min: head.log_scale_min,
            log_scale_max: head.log_scale_max,
            repeat,
            addend,
        };
        reduce::each_pair(simd, row, coefficients, &invert);
    }
}

/// log π = a − max a − ln Σ exp(a − max a), also copied to `copy`; at least one logit
/// must be finite and none may be NaN or +∞.
#[inline(always)]
pub(crate) fn log_softmax<S: Simd>(simd: S, logits: &mut [f32], copy: &mut [f32]) {
    let log_sum = math::ln_normal(shift_logits(simd, logits, copy));
    reduce::each_pair(simd, logits, copy, &Normalise { log_sum });
}

/// `logits` less their largest, the exponentials of these in `exponentials`, and their sum.
#[inline(always)]
fn shift_logits<S: Simd>(simd: S, logits: &mut [f32], exponentials: &mut [f32]) -> f32 {
    let largest = reduce::largest_in_row(simd, logits);
    let Some(exponentials) = exponentials.get_mut(..logits.len()) else {
        return f32::NAN;
    };
    reduce::each_pair(simd, logits, exponentials, &Shift { largest });
    reduce::sum_row(simd, exponentials)
}

/// Each logit loses the largest; the exponential of that.
struct Shift {
    largest: f32,
}

impl PairStep for Shift {
    #[inline(always)]
    fn step<S: Simd>(&self, simd: S, logits: &mut [f32], exponentials: &mut [f32]) {
        let shifted = simd.load(logits, 0.0).sub(simd.splat(self.largest));
        shifted.store(logits);
        math::exp_below_one(shifted).store(exponentials);
    }
}

/// Each logit becomes a log-weight, `log_sum` less, there and in the copy.
struct Normalise {
    log_sum: f32,
}

impl PairStep for Normalise {
    #[inline(always)]
    fn step<S: Simd>(&self, simd: S, logits: &mut [f32], copy: &mut [f32]) {
        let log_weights = simd.load(logits, 0.0).sub(simd.splat(self.log_sum));
        log_weights.store(logits);
        log_weights.store(copy);
    }
}

/// Outputs s become e^−ℓ; the log-coefficients lose `repeat` · ℓ and gain `addend`.
struct InvertScales {
    log_scale_min: f32,
    log_scale_max: f32,
    repeat: f32,
    addend: f32,
}

impl PairStep for InvertScales {
    #[inline(always)]
    fn step<S: Simd>(&self, simd: S, outputs: &mut [f32], coefficients: &mut [f32]) {
        let largest = simd.splat(self.log_scale_max);
        let log_scales = largest.smaller(simd.load(outputs, 0.0));
        let log_scales = simd.splat(self.log_scale_min).larger(log_scales);
        math::exp_normal(log_scales.negate()).store(outputs);
        let lost = simd.splat(self.repeat).mul(log_scales);
        let kept = simd.load(coefficients, 0.0).sub(lost);
        kept.add(simd.splat(self.addend)).store(coefficients);
    }
}
