//! The limits within which every answer of a mixture is right.
//!
//! Sums over components hold squares of distances between means and squares of scales. While the
//! standardised means are below 2⁸⁹ and the standardised scales of every dimension below 2⁹⁰, no such
//! sum loses its answer: no precision is 0, and what the moments square they square in units in
//! which it has room. A mixture beyond that is refused as an overflow, unless what is beyond belongs to components without weight: these are taken out.
//!
//! Nearly every mixture is known to be within by sums of squares alone.

use super::factors::Factors;
use crate::error::PredictError;
use crate::format::{Covariance, Head, MAX_DIMENSIONS};
use crate::math;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Octet, Scalar, Simd, Vector};

/// 2⁸⁹: of a standardised mean.
const LARGEST_MEAN: f32 = 6.189_700_2e26;
/// 2⁹⁰: of a standardised scale.
const LARGEST_SCALE: f32 = 1.237_940_1e27;
/// 2⁵⁸: of the entries of a row of L⁻¹, divided by its last, where nothing else need be known.
const LARGEST_ENTRY: f32 = 2.882_303_8e17;
/// 2⁻²⁸: of the diagonal entries of L there.
const LEAST_DIAGONAL: f32 = 3.725_290_3e-9;

/// Whether bounds of the scales are asked before the scales themselves: not on a microcontroller, whose
/// models are small and whose flash is dear.
const BOUNDS_FIRST: bool = cfg!(not(target_os = "none"));

/// What becomes of a mixture whose numbers leave room for wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limits {
    /// It is an error; components without weight are taken out first.
    Kept,
    /// Nothing: its answers are what the arithmetic gives.
    Ignored,
}

/// How large a network's outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The sum of their squares is finite, so each is below 2⁶⁴.
    Usual,
    /// All are finite.
    Vast,
}

impl Extent {
    /// Of outputs whose squares have these sums, where that is enough to know it.
    #[inline(always)]
    pub(super) fn of_squares(squares: impl Octet) -> Option<Self> {
        squares.sum().is_finite().then_some(Extent::Usual)
    }

    /// Of `outputs` with other squares.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when one is not finite.
    pub(super) fn of_others(outputs: &[f32]) -> Result<Self, PredictError> {
        if outputs.iter().all(|x| x.is_finite()) {
            Ok(Extent::Vast)
        } else {
            Err(PredictError::Overflow)
        }
    }
}

impl Limits {
    /// Leaves parameters as [`mixture_parameters`](super::mixture_parameters) made them, but for
    /// components without weight that are out of the limits: they get the log-weight −∞, the mean 0
    /// and no correlations.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when a component with a weight is out of the limits.
    #[inline(always)]
    pub(super) fn keep<S: Simd>(
        self,
        simd: S,
        head: &Head,
        extent: Extent,
        parameters: &mut [f32],
    ) -> Result<(), PredictError> {
        if self == Limits::Ignored {
            return Ok(());
        }
        let within = extent == Extent::Usual
            && (head.covariance != Covariance::Full
                || (BOUNDS_FIRST && are_narrow(simd, head, parameters)));
        if within {
            return Ok(());
        }
        keep(head, parameters)
    }
}

#[cold]
#[inline(never)]
fn keep(head: &Head, parameters: &mut [f32]) -> Result<(), PredictError> {
    Parts::new(head, parameters).take_out()
}

/// Whether a bound of the scales shows all of them to be below [`LARGEST_SCALE`], for full covariance.
#[inline(always)]
fn are_narrow<S: Simd>(simd: S, head: &Head, parameters: &[f32]) -> bool {
    let components = usize::from(head.components);
    let dimensions = usize::from(head.dimensions);
    let entries = parameters.get(components * (1 + dimensions)..);
    let factors = Factors {
        covariance: Covariance::Full,
        components,
        entries: entries.unwrap_or_default(),
    };
    are_slight(simd, dimensions, factors) || {
        let wide = Wide {
            dimensions,
            factors,
        };
        reduce::largest(simd, components, &wide) < 0.0
    }
}

/// Whether the entries off the diagonals are so small beside those on them that no row of L⁻¹,
/// divided by its last entry, has an entry of [`LARGEST_ENTRY`].
///
/// Entry j of row d is a sum over all chains d > … > j of products of |Lᵢⱼ| / Lⱼⱼ. A chain of m steps takes
/// m of these quotients, so with f² the sum of all their squares its product is at most (f / √m)^m, and
/// there are at most C(D − 2, m − 1) such chains. [`SLIGHT`] has the largest f² for which the sum of
/// these bounds is below 2⁵⁷; here f² is at most Σ Lᵢⱼ² / min Lⱼⱼ², over all components.
#[inline(always)]
fn are_slight<S: Simd>(simd: S, dimensions: usize, factors: Factors<'_>) -> bool {
    let components = factors.components;
    let row = |start: usize, len: usize| {
        let row = factors.entries.get(start * components..);
        row.and_then(|row| row.get(..len * components))
            .unwrap_or_default()
    };
    let mut squares = simd.splat_octet(0.0);
    let mut least = simd.splat(f32::INFINITY);
    for i in 0..dimensions {
        let start = i * (i + 1) / 2;
        reduce::add_squares(simd, &mut squares, row(start, i));
        for values in row(start + i, 1).chunks(S::Vector::LANES) {
            least = least.smaller(simd.load(values, f32::INFINITY));
        }
    }
    let mut lanes = [f32::INFINITY; 8];
    least.store(&mut lanes);
    let least = lanes
        .into_iter()
        .fold(f32::INFINITY, |a, b| if b < a { b } else { a });
    let exponent = SLIGHT.get(dimensions).copied().unwrap_or(0);
    let bound = f32::from_bits((127 + u32::from(exponent)) << 23);
    LEAST_DIAGONAL < least && squares.sum() < bound * (least * least)
}

/// log₂ of the largest f² by D, rounded down.
const SLIGHT: [u8; MAX_DIMENSIONS + 1] = [
    0, 126, 114, 57, 39, 30, 25, 21, 19, 17, 15, 14, 13, 12, 12, 11, 11,
];

/// Negative where the entries of a component's rows of L⁻¹ are bounded; −∞ past the end.
struct Wide<'a> {
    dimensions: usize,
    factors: Factors<'a>,
}

impl Terms for Wide<'_> {
    /// With uⱼ the larger of 1 and Σᵢ |Lᵢⱼ| uᵢ / Lⱼⱼ over i > j, no entry j of a row of L⁻¹, each row
    /// divided by its last entry, is above uⱼ: back substitution gives them by the same sums of
    /// smaller terms.
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (one, inside) = (simd.splat(1.0), simd.splat(f32::NEG_INFINITY));
        let mut bound = [one; MAX_DIMENSIONS];
        let mut wide = inside;
        for j in (0..self.dimensions).rev() {
            let mut sum = simd.splat(0.0);
            for (i, bound) in bound.iter().enumerate().take(self.dimensions).skip(j + 1) {
                let entry = self.factors.entry(simd, at, i, j).magnitude();
                sum = sum.add(entry.mul(*bound));
            }
            let diagonal = self.factors.entry(simd, at, j, j);
            let entry = one.larger(sum.div(diagonal));
            if let Some(slot) = bound.get_mut(j) {
                *slot = entry;
            }
            wide = wide.select(entry.less(simd.splat(LARGEST_ENTRY)), one);
            wide = wide.select(simd.splat(LEAST_DIAGONAL).less(diagonal), one);
        }
        wide
    }
}

/// The parameters of a mixture, each with the component as the fastest index.
pub(crate) struct Parts<'a> {
    pub(crate) covariance: Covariance,
    pub(crate) dimensions: usize,
    pub(crate) log_weights: &'a mut [f32],
    pub(crate) means: &'a mut [f32],
    pub(crate) factors: &'a mut [f32],
    pub(crate) log_coefficients: &'a mut [f32],
}

impl<'a> Parts<'a> {
    #[inline(always)]
    fn new(head: &Head, parameters: &'a mut [f32]) -> Self {
        let components = usize::from(head.components);
        let dimensions = usize::from(head.dimensions);
        let factors = components * head.covariance.factors(dimensions);
        let mut rest = parameters;
        let mut take = |len| {
            let parts = core::mem::take(&mut rest).split_at_mut_checked(len);
            let (part, others) = parts.unwrap_or_default();
            rest = others;
            part
        };
        Parts {
            covariance: head.covariance,
            dimensions,
            log_weights: take(components),
            means: take(components * dimensions),
            factors: take(factors),
            log_coefficients: take(components),
        }
    }

    fn factors(&self) -> Factors<'_> {
        Factors {
            covariance: self.covariance,
            components: self.log_weights.len(),
            entries: self.factors,
        }
    }

    /// Takes out what is out of the limits and has no weight.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when it has a weight.
    pub(crate) fn take_out(&mut self) -> Result<(), PredictError> {
        for k in 0..self.log_weights.len() {
            if !self.is_within(k) {
                let log_weight = self.log_weights.get(k).copied().unwrap_or(0.0);
                if math::exp(log_weight) > 0.0 {
                    return Err(PredictError::Overflow);
                }
                self.empty(k);
            }
        }
        Ok(())
    }

    /// Whether component `k` is within the limits.
    fn is_within(&self, k: usize) -> bool {
        let components = self.log_weights.len().max(1);
        let mut means = self.means.iter().skip(k).step_by(components);
        let (factors, at) = (self.factors(), At::new(k));
        let is_narrow = |d| {
            // Scale d is √square / diagonal; the diagonal is at least 2⁻⁸⁷.
            let bound = LARGEST_SCALE * factors.entry(Scalar, at, d, d);
            factors.square(Scalar, at, d) < bound * bound
        };
        means.all(|mean| mean.abs() < LARGEST_MEAN) && (0..self.dimensions).all(is_narrow)
    }

    /// Component `k` becomes one that counts nowhere.
    fn empty(&mut self, k: usize) {
        let components = self.log_weights.len().max(1);
        for log_weight in [&mut *self.log_weights, &mut *self.log_coefficients] {
            if let Some(slot) = log_weight.get_mut(k) {
                *slot = f32::NEG_INFINITY;
            }
        }
        for row in self.means.chunks_exact_mut(components) {
            if let Some(slot) = row.get_mut(k) {
                *slot = 0.0;
            }
        }
        if self.covariance == Covariance::Full {
            let mut rows = self.factors.chunks_exact_mut(components);
            for (i, j) in (0..self.dimensions).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                let slot = rows.next().and_then(|row| row.get_mut(k));
                if let Some(slot) = slot.filter(|_| j < i) {
                    *slot = 0.0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C(n, k)
    fn choose(n: usize, k: usize) -> f64 {
        (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
    }

    /// The table is the largest whole exponent that the bound of its documentation allows.
    #[test]
    fn slight_entries_bound_the_rows_of_the_inverse() {
        for (dimensions, &exponent) in SLIGHT.iter().enumerate().skip(2) {
            let bound = |exponent: u8| -> f64 {
                let f = 2_f64.powi(exponent.into()).sqrt();
                let chains = |m: usize| {
                    choose(dimensions - 2, m - 1) * (f / (m as f64).sqrt()).powi(m as i32)
                };
                (1..dimensions).map(chains).sum()
            };
            assert!(bound(exponent) <= 2_f64.powi(57), "{dimensions}");
            assert!(bound(exponent + 1) > 2_f64.powi(57), "{dimensions}");
        }
    }
}
