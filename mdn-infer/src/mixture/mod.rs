//! What a mixture can answer.
//!
//! A [`Mixture`] is a view of parameters in standardised units, with the affine map to raw units
//! beside it; every question and every answer is in raw units. Offsets are subtracted before
//! anything else, so that targets far from 0 lose no precision. All sums over components have
//! the order of [`reduce`](crate::simd::reduce), or that of the components where they are done
//! one after the other. How the parameters come about is the business
//! of `layers` and `predictor`.

mod anomaly;
mod batch;
mod component;
mod conditional;
mod density;
mod local;
mod marginal;
#[cfg(feature = "nalgebra")]
mod matrices;
mod modes;
mod moments;
mod sample;
mod support;
mod triangle;

pub use batch::Mixtures;
pub use component::Component;
pub use marginal::Marginal;
pub use sample::Temperature;

use crate::check::check;
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::layers::{Factors, Limits};
use crate::model::Model;
use crate::simd::reduce::At;
use crate::simd::{Level, Simd};
pub(crate) use support::Targets;

/// p(t | x) = Σₖ πₖ N(t | μₖ, Σₖ), with K components in D dimensions.
///
/// Where the file states [supports](crate::format::Support), the mixture is that of latent draws: components
/// and weights are theirs, and every other answer is about the values that become of them.
///
/// An argument that is NaN or infinite is an error, never an answer. An answer that leaves
/// binary32 is ±∞ or 0: a density far out, its logarithm 10¹⁹ scales out, a variance whose root
/// is above 10¹⁹ or below 10⁻²³ raw units.
///
/// No answer is NaN, and none is finite and wrong for an overflow on the way to it: a prediction whose
/// numbers leave no room for that is an error. The limits are, in standardised units, 2⁸⁹ (6.2 × 10²⁶)
/// for means and 2⁹⁰ (1.2 × 10²⁷) for scales. A component out of the limits whose weight is 0 in binary32
/// counts as absent: its log-weight is −∞, its mean the centre of the training targets, its
/// correlations 0. That is tested by fuzzing, not proved. An accessor whose index is out of range gives
/// NaN where its own documentation says so.
#[derive(Clone, Copy, Debug)]
pub struct Mixture<'a> {
    level: Level,
    covariance: Covariance,
    components: usize,
    dimensions: usize,
    log_weights: &'a [f32],
    means: &'a [f32],
    factors: &'a [f32],
    log_coefficients: &'a [f32],
    shift: &'a [f32],
    scale: &'a [f32],
    anomaly_threshold: Option<f32>,
    limits: Limits,
    targets: Option<Targets<'a>>,
}

impl<'a> Mixture<'a> {
    /// `parameters` begin as the mixture head leaves them, `[outputs + K]`, within the `limits`. A
    /// function of its own, so that what it needs of the stack does not come on top of the
    /// prediction's.
    #[inline(never)]
    pub(crate) fn new(
        model: &Model<'a>,
        level: Level,
        limits: Limits,
        parameters: &'a [f32],
    ) -> Self {
        let head = model.head();
        let (components, dimensions) = (model.components(), model.dimensions());
        let (log_weights, rest) = parameters.split_at_checked(components).unwrap_or_default();
        let (means, rest) = rest
            .split_at_checked(components * dimensions)
            .unwrap_or_default();
        let factors = components * head.covariance.factors(dimensions);
        let (factors, rest) = rest.split_at_checked(factors).unwrap_or_default();
        let log_coefficients = rest.get(..components).unwrap_or_default();
        Mixture {
            level,
            covariance: head.covariance,
            components,
            dimensions,
            log_weights,
            means,
            factors,
            log_coefficients,
            shift: model.target_shift(),
            scale: model.target_scale(),
            anomaly_threshold: model.header().anomaly_threshold,
            limits,
            targets: model.targets(),
        }
    }

    /// K, the number of components.
    pub const fn len(&self) -> usize {
        self.components
    }

    /// Never: a mixture has at least one component.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// D, the number of target dimensions.
    pub const fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The kind of covariance.
    pub const fn covariance(&self) -> Covariance {
        self.covariance
    }

    /// ln πₖ `[K]`.
    pub const fn log_weights(&self) -> &'a [f32] {
        self.log_weights
    }

    /// Component `k`, where there is one.
    pub fn component(&self, k: usize) -> Option<Component<'a>> {
        (k < self.components).then_some(Component::new(*self, k))
    }

    /// The components in order.
    pub fn components(&self) -> impl Iterator<Item = Component<'a>> + use<'a> {
        let mixture = *self;
        (0..self.components).map(move |k| Component::new(mixture, k))
    }

    /// The distribution of dimension `d` alone, where there is one.
    pub fn marginal(&self, d: usize) -> Option<Marginal<'a>> {
        (d < self.dimensions).then_some(Marginal::new(*self, d))
    }

    /// Hands every output that the agreement promise covers to `visit`, in this order: log-weights
    /// `[K]`, means `[D][K]`, then scales `[D][K]` (isotropic, diagonal: the isotropic kind has
    /// them once, `[1][K]`, in units of dimension 0) or the precision's Cholesky factors
    /// `[D(D+1)/2][K]` (full), the log-density at `target`, the mean `[D]` and the variance `[D]`.
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density).
    pub fn outputs(&self, target: &[f32], mut visit: impl FnMut(f32)) -> Result<(), PredictError> {
        let log_density = self.log_density(target)?;
        self.log_weights.iter().copied().for_each(&mut visit);
        for d in 0..self.dimensions {
            self.components().for_each(|c| visit(c.mean(d)));
        }
        match self.covariance {
            Covariance::Isotropic => self.components().for_each(|c| visit(c.scale(0))),
            Covariance::Diagonal => {
                for d in 0..self.dimensions {
                    self.components().for_each(|c| visit(c.scale(d)));
                }
            }
            Covariance::Full => {
                for (i, j) in (0..self.dimensions).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    self.components()
                        .for_each(|c| visit(c.precision_factor(i, j)));
                }
            }
        }
        visit(log_density);
        let mut moments = [0.0; MAX_DIMENSIONS];
        let moments = moments.get_mut(..self.dimensions).unwrap_or_default();
        self.mean(moments)?;
        moments.iter().copied().for_each(&mut visit);
        self.variance(moments)?;
        moments.iter().copied().for_each(&mut visit);
        Ok(())
    }

    /// `target` `[D]` in standardised units.
    fn standardise(&self, target: &[f32]) -> Result<[f32; MAX_DIMENSIONS], PredictError> {
        check(target, self.dimensions)?;
        Ok(self.standardise_checked(target))
    }

    /// As [`standardise`](Self::standardise), of a `target` that was checked before.
    #[inline(always)]
    fn standardise_checked(&self, target: &[f32]) -> [f32; MAX_DIMENSIONS] {
        let mut z = [0.0; MAX_DIMENSIONS];
        for (((z, t), shift), scale) in z.iter_mut().zip(target).zip(self.shift).zip(self.scale) {
            *z = standardise(*t, *shift, *scale);
        }
        z
    }

    /// Dimension `d` of the standardised `z` in raw units.
    #[inline]
    fn raw(&self, d: usize, z: f32) -> f32 {
        let (shift, scale) = self.affine(d);
        let raw = shift + scale * z;
        if raw.is_infinite() && z.is_finite() {
            // The product alone may be out of binary32.
            return 2.0 * (0.5 * shift + (0.5 * scale) * z);
        }
        raw
    }

    /// Shift and scale of dimension `d`.
    #[inline]
    fn affine(&self, d: usize) -> (f32, f32) {
        match (self.shift.get(d), self.scale.get(d)) {
            (Some(&shift), Some(&scale)) => (shift, scale),
            _ => (0.0, f32::NAN),
        }
    }

    /// ln πₖ of one component.
    #[inline]
    fn log_weight_of(&self, k: usize) -> f32 {
        self.log_weights.get(k).copied().unwrap_or(f32::NAN)
    }

    /// Dimension `d` of one component's standardised mean.
    #[inline]
    fn mean_of(&self, k: usize, d: usize) -> f32 {
        self.mean_row(d).get(k).copied().unwrap_or(f32::NAN)
    }

    /// Row `d` of the standardised means, `[K]`.
    #[inline(always)]
    fn mean_row(&self, d: usize) -> &'a [f32] {
        row(self.means, d, self.components)
    }

    /// The Cholesky factors of the precisions.
    #[inline(always)]
    fn cholesky(&self) -> Factors<'a> {
        Factors {
            covariance: self.covariance,
            components: self.components,
            entries: self.factors,
        }
    }

    /// Entry (i, j), j ≤ i, of the precision's Cholesky factor for the components at `at`, in
    /// standardised units.
    #[inline(always)]
    fn factor<S: Simd>(&self, simd: S, at: At, i: usize, j: usize) -> S::Vector {
        self.cholesky().entry(simd, at, i, j)
    }

    /// Row `d` of the standardised means at `at`.
    #[inline(always)]
    fn means_at<S: Simd>(&self, simd: S, at: At, d: usize) -> S::Vector {
        at.load_row(simd, self.means, (d, self.components), 0.0)
    }
}

/// (t − shift) / scale, also where the difference alone is out of binary32.
#[inline(always)]
fn standardise(t: f32, shift: f32, scale: f32) -> f32 {
    let z = (t - shift) / scale;
    if z.is_infinite() && t.is_finite() {
        return 2.0 * ((0.5 * t - 0.5 * shift) / scale);
    }
    z
}

#[inline(always)]
fn row(rows: &[f32], index: usize, len: usize) -> &[f32] {
    rows.get(index * len..(index + 1) * len).unwrap_or(&[])
}

#[inline(always)]
fn row_mut(rows: &mut [f32], index: usize, len: usize) -> &mut [f32] {
    rows.get_mut(index * len..(index + 1) * len)
        .unwrap_or_default()
}
