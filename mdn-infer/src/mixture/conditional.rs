//! The distribution of some dimensions given the others: itself a mixture.
//!
//! With Σₖ⁻¹ = LᵀL, a component's quadratic form is |L δ|², δ = z − μₖ. The dimensions are
//! exchanged, neighbour by neighbour, until the given ones g come first (see
//! [`Triangle::exchange`]). Then L falls into the blocks
//!
//! ```text
//! | G  0 |   |G δ_g|² and the diagonal of G belong to the component's marginal density of the
//! | C  U |   given values; U is the precision's factor of the free dimensions, and their mean is
//!            δ_u = −U⁻¹ C δ_g.
//! ```
//!
//! Neither a precision nor a covariance is formed, so the condition number is not squared, as it
//! would be by a Schur complement. This is scalar code, one component after the other.

use super::triangle::Triangle;
use super::{Mixture, row_mut, standardise};
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::layers::{self, Limits};
use crate::math;
use crate::model;
use crate::simd::reduce::At;
use crate::simd::{Kernel, Scalar, Simd};

impl<'a> Mixture<'a> {
    /// How many f32 of memory [`conditional`](Self::conditional) needs when `given` of the D
    /// dimensions are given: with U = D − `given`, K (2 + U + F(U)) + 2 U, where F is 1, U or
    /// U (U + 1) / 2 by the kind of covariance.
    pub const fn conditional_len(&self, given: usize) -> usize {
        let free = self.dimensions.saturating_sub(given);
        self.components * (2 + free + self.covariance.factors(free)) + 2 * free
    }

    /// The distribution of the other dimensions, given the raw values of some: a mixture of the
    /// same kind, with as many components, in U = D − `given.len()` dimensions.
    ///
    /// `given` holds pairs of a dimension and its value, in any order. The free dimensions keep
    /// their order and count from 0 in the result, which lives in the front of `memory`;
    /// [`conditional_len`](Self::conditional_len) says how much it needs. The result answers
    /// everything that a mixture does, another `conditional` included; it has no anomaly
    /// threshold, for densities of other dimensions do not compare with the file's. Weights are
    /// πₖ N(`given` | μₖ, Σₖ), normalised. Where a value is far out in all components, rounding
    /// of their distances decides between those that are about equally far.
    /// Cost: O(K F), for full covariance O(K D³).
    ///
    /// Source: Bishop 2006, section 2.3.1, in terms of the precision's factor.
    ///
    /// ```
    /// use mdn_infer::{Mixture, PredictError};
    ///
    /// /// The mean of dimension 1 when dimension 0 is `y`.
    /// fn regression(mixture: &Mixture<'_>, y: f32) -> Result<f32, PredictError> {
    ///     let mut memory = [0.0; 256];
    ///     let rest = mixture.conditional(&[(0, y)], &mut memory)?;
    ///     let mut mean = [0.0];
    ///     rest.mean(&mut mean)?;
    ///     Ok(mean[0])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`PredictError::NoSuchDimension`], [`PredictError::RepeatedDimension`],
    ///   [`PredictError::NotFinite`] (with the index in `given`) and
    ///   [`PredictError::NothingFree`], when all dimensions are given, speak of `given`.
    /// - [`PredictError::CapacityTooSmall`] speaks of `memory`.
    /// - [`PredictError::Overflow`] when the values are so far out that every component's
    ///   log-density there is −∞, or that a mean or a factor leaves binary32.
    pub fn conditional<'m>(
        &self,
        given: &[(usize, f32)],
        memory: &'m mut [f32],
    ) -> Result<Mixture<'m>, PredictError>
    where
        'a: 'm,
    {
        let split = Split::new(self, given)?;
        let mut parts = Parts::new(self, given.len(), memory)?;
        let mut reached = false;
        for k in 0..self.components {
            let logit = match self.covariance {
                Covariance::Full => self.condition_full(k, &split, &mut parts),
                _ => Ok(self.condition_separable(k, &split, &mut parts)),
            }?;
            reached |= logit > f32::NEG_INFINITY;
            set(parts.log_weights, k, logit);
        }
        if !reached {
            return Err(PredictError::Overflow);
        }
        split.gather(self, &mut parts);
        self.level.run(LogSoftmax {
            logits: &mut *parts.log_weights,
            copy: &mut *parts.log_coefficients,
        });
        let mut mixture = parts.into_mixture(self, split.free().len())?;
        mixture.targets = self.targets().map(|targets| targets.only(split.free()));
        Ok(mixture)
    }

    /// Writes component `k` of the result and returns its log-weight before normalisation.
    fn condition_separable(&self, k: usize, split: &Split, parts: &mut Parts<'_>) -> f32 {
        let at = At::new(k);
        let (mut log_volume, mut square) = (0.0, 0.0);
        for (&d, z) in split.given().iter().zip(split.values) {
            let factor = self.factor(Scalar, at, d, d);
            let whitened = factor * (z - self.mean_of(k, d));
            log_volume += math::ln(factor);
            square += whitened * whitened;
        }
        for (u, &d) in split.free().iter().enumerate() {
            set(parts.mean_row(u), k, self.mean_of(k, d));
            if u == 0 || self.covariance == Covariance::Diagonal {
                set(parts.factor_row(u), k, self.factor(Scalar, at, d, d));
            }
        }
        if self.targets().is_some() {
            let seen = split.given().iter().zip(split.raw);
            return seen.fold(self.log_weight_of(k), |sum, (&d, y)| {
                logit(sum, self.spot(d, y).log_factor_in(k), 0.0)
            });
        }
        logit(self.log_weight_of(k), log_volume, square)
    }

    /// As [`condition_separable`](Self::condition_separable), for full covariance.
    fn condition_full(
        &self,
        k: usize,
        split: &Split,
        parts: &mut Parts<'_>,
    ) -> Result<f32, PredictError> {
        let factor = self.given_first(k, split);
        let (mut log_volume, mut square) = (0.0, 0.0);
        let mut delta = [0.0; MAX_DIMENSIONS];
        for (i, (&d, z)) in split.given().iter().zip(split.values).enumerate() {
            set(&mut delta, i, z - self.mean_of(k, d));
            let whitened = dot(&factor, i, &delta, i + 1);
            log_volume += math::ln(factor.at(i, i));
            square += whitened * whitened;
        }
        let logit = logit(self.log_weight_of(k), log_volume, square);
        let given = split.given().len();
        if logit == f32::NEG_INFINITY {
            // Without weight: any finite mean will do, so the sums over components stay finite.
            delta = [0.0; MAX_DIMENSIONS];
        }
        let mut finite = true;
        for (u, &d) in split.free().iter().enumerate() {
            let i = given + u;
            let step = -dot(&factor, i, &delta, i) / factor.at(i, i);
            set(&mut delta, i, step);
            let mean = self.mean_of(k, d) + step;
            set(parts.mean_row(u), k, mean);
            finite &= mean.is_finite();
            for v in 0..=u {
                let entry = factor.at(i, given + v);
                set(parts.factor_row(u * (u + 1) / 2 + v), k, entry);
                finite &= entry.is_finite();
            }
        }
        if finite {
            Ok(logit)
        } else {
            Err(PredictError::Overflow)
        }
    }

    /// The precision's factor of component `k`, with the given dimensions first.
    fn given_first(&self, k: usize, split: &Split) -> Triangle {
        let mut factor = Triangle::ZERO;
        for i in 0..self.dimensions {
            for j in 0..=i {
                factor.set(i, j, self.factor(Scalar, At::new(k), i, j));
            }
        }
        for (to, &from) in split.given().iter().enumerate() {
            for p in (to..from).rev() {
                factor.exchange(p, self.dimensions);
            }
        }
        factor
    }
}

/// Σ over j < `len` of entry (i, j) times `vector` j, in ascending order.
fn dot(factor: &Triangle, i: usize, vector: &[f32; MAX_DIMENSIONS], len: usize) -> f32 {
    let terms = vector.iter().enumerate().take(len);
    terms.fold(0.0, |sum, (j, x)| sum + factor.at(i, j) * x)
}

/// A log-weight that was multiplied by a density; −∞ in place of NaN, which comes from a distance
/// that overflowed.
fn logit(log_weight: f32, log_volume: f32, square: f32) -> f32 {
    let logit = log_weight + (log_volume - 0.5 * square);
    if logit < f32::INFINITY {
        logit
    } else {
        f32::NEG_INFINITY
    }
}

fn set(row: &mut [f32], index: usize, value: f32) {
    if let Some(slot) = row.get_mut(index) {
        *slot = value;
    }
}

/// The dimensions in two groups, each ascending: the given ones, then the free ones.
struct Split {
    order: [usize; MAX_DIMENSIONS],
    given: usize,
    dimensions: usize,
    /// Of the given dimensions in that order, standardised.
    values: [f32; MAX_DIMENSIONS],
    raw: [f32; MAX_DIMENSIONS],
}

impl Split {
    fn new(mixture: &Mixture<'_>, given: &[(usize, f32)]) -> Result<Self, PredictError> {
        let dimensions = mixture.dimensions;
        let mut standardised = [None; MAX_DIMENSIONS];
        for (index, &(d, y)) in given.iter().enumerate() {
            let slot = standardised.get_mut(d).filter(|_| d < dimensions);
            let slot = slot.ok_or(PredictError::NoSuchDimension)?;
            if !y.is_finite() {
                return Err(PredictError::NotFinite { index });
            }
            let (shift, scale) = mixture.affine(d);
            if slot.replace(standardise(y, shift, scale)).is_some() {
                return Err(PredictError::RepeatedDimension { dimension: d });
            }
        }
        if given.len() >= dimensions {
            return Err(PredictError::NothingFree);
        }
        let mut split = Split {
            order: [0; MAX_DIMENSIONS],
            given: given.len(),
            dimensions,
            values: [0.0; MAX_DIMENSIONS],
            raw: [0.0; MAX_DIMENSIONS],
        };
        let (mut front, mut back) = (0, given.len());
        for (d, value) in standardised.iter().enumerate().take(dimensions) {
            let next = if value.is_some() {
                &mut front
            } else {
                &mut back
            };
            if let Some(slot) = split.order.get_mut(*next) {
                *slot = d;
            }
            if let Some(z) = value {
                set(&mut split.values, *next, *z);
                let raw = given.iter().find(|(given, _)| *given == d);
                set(&mut split.raw, *next, raw.map_or(0.0, |(_, y)| *y));
            }
            *next += 1;
        }
        Ok(split)
    }

    fn given(&self) -> &[usize] {
        self.order.get(..self.given).unwrap_or(&[])
    }

    fn free(&self) -> &[usize] {
        self.order.get(self.given..self.dimensions).unwrap_or(&[])
    }

    /// Shift and scale of the free dimensions into `parts`.
    fn gather(&self, mixture: &Mixture<'_>, parts: &mut Parts<'_>) {
        for (u, &d) in self.free().iter().enumerate() {
            let (shift, scale) = mixture.affine(d);
            set(parts.shift, u, shift);
            set(parts.scale, u, scale);
        }
    }
}

/// The memory of a conditional mixture.
struct Parts<'m> {
    components: usize,
    log_weights: &'m mut [f32],
    means: &'m mut [f32],
    factors: &'m mut [f32],
    log_coefficients: &'m mut [f32],
    shift: &'m mut [f32],
    scale: &'m mut [f32],
}

impl<'m> Parts<'m> {
    fn new(
        mixture: &Mixture<'_>,
        given: usize,
        memory: &'m mut [f32],
    ) -> Result<Self, PredictError> {
        let (needed, capacity) = (mixture.conditional_len(given), memory.len());
        if capacity < needed {
            return Err(PredictError::CapacityTooSmall { needed, capacity });
        }
        let free = mixture.dimensions.saturating_sub(given);
        let k = mixture.components;
        let mut rest = memory;
        let mut take = |len: usize| {
            let (part, others) = core::mem::take(&mut rest)
                .split_at_mut_checked(len)
                .unwrap_or_default();
            rest = others;
            part
        };
        Ok(Parts {
            components: k,
            log_weights: take(k),
            means: take(free * k),
            factors: take(mixture.covariance.factors(free) * k),
            log_coefficients: take(k),
            shift: take(free),
            scale: take(free),
        })
    }

    fn mean_row(&mut self, u: usize) -> &mut [f32] {
        row_mut(self.means, u, self.components)
    }

    fn factor_row(&mut self, entry: usize) -> &mut [f32] {
        row_mut(self.factors, entry, self.components)
    }

    /// The mixture, once everything but the log-coefficients is in place.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when a component with a weight is out of the limits.
    fn into_mixture<'a: 'm>(
        self,
        origin: &Mixture<'a>,
        dimensions: usize,
    ) -> Result<Mixture<'m>, PredictError> {
        if origin.limits == Limits::Kept {
            layers::Parts {
                covariance: origin.covariance,
                dimensions,
                log_weights: &mut *self.log_weights,
                means: &mut *self.means,
                factors: &mut *self.factors,
                log_coefficients: &mut *self.log_coefficients,
            }
            .take_out()?;
        }
        let mut result = Mixture {
            dimensions,
            log_weights: self.log_weights,
            means: self.means,
            factors: self.factors,
            log_coefficients: &[],
            shift: self.shift,
            scale: self.scale,
            anomaly_threshold: None,
            ..*origin
        };
        let log_normaliser = model::log_normaliser(result.scale);
        for (k, coefficient) in self.log_coefficients.iter_mut().enumerate() {
            let log_volume = (0..dimensions).fold(0.0, |sum, d| {
                sum + math::ln(result.factor(Scalar, At::new(k), d, d))
            });
            *coefficient = result.log_weight_of(k) + log_volume + log_normaliser;
        }
        result.log_coefficients = self.log_coefficients;
        Ok(result)
    }
}

struct LogSoftmax<'a> {
    logits: &'a mut [f32],
    copy: &'a mut [f32],
}

impl Kernel for LogSoftmax<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        layers::log_softmax(simd, self.logits, self.copy);
    }
}
