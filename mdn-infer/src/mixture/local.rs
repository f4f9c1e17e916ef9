//! The log-density about a point, to second order.
//!
//! With rₖ the responsibilities at z and vₖ = Σₖ⁻¹ (μₖ − z), the gradient of ln p is g = Σ rₖ vₖ
//! and the negated Hessian matrix is B = A − Σ rₖ vₖ vₖᵀ + g gᵀ, where A = Σ rₖ Σₖ⁻¹ is the
//! precision of the neighbourhood. All of them are kept in units of the scales of the component
//! that dominates at z, so that no square leaves binary32.

use super::Mixture;
use super::triangle::Triangle;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::math;
use crate::simd::reduce::At;
use crate::simd::{Kernel, Scalar, Simd, Vector};

/// `[D]`, the rest 0.
pub(super) type Point = [f32; MAX_DIMENSIONS];

/// Responsibilities below this change no sum.
const NEGLIGIBLE: f32 = 1e-9;
/// A pivot of B below this part of A's diagonal does not count as positive.
pub(super) const FLAT: f32 = 1e-4;

/// The log-density about a point.
pub(super) struct Local {
    pub(super) log_density: f32,
    /// The component with the largest responsibility.
    dominant: (usize, f32),
    dimensions: usize,
    unit: Point,
    gradient: Point,
    precision: Triangle,
    products: Triangle,
}

/// What B says of the way up.
pub(super) enum Newton {
    /// B is positive definite: B⁻¹ g.
    Step(Point),
    /// It is not: a direction along which the log-density does not bend down, and how far it
    /// bends up, as a part of A.
    Bend(Point, f32),
}

impl Local {
    /// About `z`, in units of component `k` or of one that dominates there; `None` where
    /// numbers overflow.
    pub(super) fn new(mixture: &Mixture<'_>, z: &Point, k: usize) -> Option<Self> {
        let log_density = mixture.log_density_at(z);
        let mut local = Self::in_units_of(mixture, k, log_density);
        local.gather(mixture, z);
        if local.dominant.0 != k {
            local = Self::in_units_of(mixture, local.dominant.0, log_density);
            local.gather(mixture, z);
        }
        (local.dominant.1 > 0.0).then_some(local)
    }

    /// Nothing yet, in units of the scales of component `k`.
    pub(super) fn in_units_of(mixture: &Mixture<'_>, k: usize, log_density: f32) -> Self {
        let mut unit = [0.0; MAX_DIMENSIONS];
        for (j, unit) in unit.iter_mut().enumerate().take(mixture.dimensions) {
            let column = (j..mixture.dimensions).map(|i| mixture.entry(k, i, j).abs());
            *unit = 1.0 / column.fold(0.0, |a, b| if a < b { b } else { a });
        }
        Local {
            log_density,
            dominant: (k, 0.0),
            dimensions: mixture.dimensions,
            unit,
            gradient: [0.0; MAX_DIMENSIONS],
            precision: Triangle::ZERO,
            products: Triangle::ZERO,
        }
    }

    /// The component with the largest responsibility.
    pub(super) fn dominant(&self) -> usize {
        self.dominant.0
    }

    fn gather(&mut self, mixture: &Mixture<'_>, z: &Point) {
        mixture.level.run(Gather {
            mixture,
            z,
            local: self,
        });
    }

    /// Adds component `k` with responsibility `share` at `z`.
    pub(super) fn add(&mut self, mixture: &Mixture<'_>, k: usize, share: f32, z: &Point) {
        if share > self.dominant.1 {
            self.dominant = (k, share);
        }
        let n = self.dimensions;
        let (factor, pull) = self.pull(mixture, k, z);
        for (gradient, pull) in self.gradient.iter_mut().zip(&pull) {
            *gradient += share * pull;
        }
        for (i, first) in pull.iter().enumerate().take(n) {
            for (j, second) in pull.iter().enumerate().take(i + 1) {
                let rows = i..end_of_column(mixture, i);
                let inner = rows.fold(0.0, |sum, m| sum + factor.at(m, i) * factor.at(m, j));
                self.precision.add(i, j, share * inner);
                self.products.add(i, j, share * (first * second));
            }
        }
    }

    /// The factor L of component `k` in these units, and vₖ = Lᵀ L (μₖ − `z`).
    fn pull(&self, mixture: &Mixture<'_>, k: usize, z: &Point) -> (Triangle, Point) {
        let n = self.dimensions;
        let mut factor = Triangle::ZERO;
        let mut whitened = [0.0; MAX_DIMENSIONS];
        for (i, whitened) in whitened.iter_mut().enumerate().take(n) {
            for (j, (z, unit)) in z.iter().zip(&self.unit).enumerate().take(i + 1) {
                let entry = mixture.entry(k, i, j);
                factor.set(i, j, entry * unit);
                *whitened += entry * (mixture.mean_of(k, j) - z);
            }
        }
        let mut pull = [0.0; MAX_DIMENSIONS];
        for (j, pull) in pull.iter_mut().enumerate().take(n) {
            let rows = whitened.iter().enumerate();
            let rows = rows.take(end_of_column(mixture, j)).skip(j);
            *pull = rows.fold(0.0, |sum, (i, w)| sum + factor.at(i, j) * w);
        }
        (factor, pull)
    }

    /// A⁻¹ g, the step of the mean-shift iteration; `None` where numbers overflow.
    pub(super) fn mean_shift(&self) -> Option<Point> {
        let (factor, rank) = self.precision.cholesky(self.dimensions, |_| 0.0);
        (rank == self.dimensions).then(|| factor.solve(rank, &self.gradient))
    }

    pub(super) fn newton(&self) -> Newton {
        let n = self.dimensions;
        let mut bend = self.precision;
        for (i, first) in self.gradient.iter().enumerate().take(n) {
            for (j, second) in self.gradient.iter().enumerate().take(i + 1) {
                bend.add(i, j, first * second - self.products.at(i, j));
            }
        }
        let (factor, rank) = bend.cholesky(n, |i| FLAT * self.precision.at(i, i));
        if rank == n {
            return Newton::Step(factor.solve(n, &self.gradient));
        }
        let direction = factor.null_direction(rank);
        let up = -bend.quadratic(n, &direction) / self.precision.quadratic(n, &direction);
        Newton::Bend(direction, up)
    }

    /// |`step`| in the metric of A: 1 is one scale of the neighbourhood.
    pub(super) fn length(&self, step: &Point) -> f32 {
        Vector::sqrt(self.precision.quadratic(self.dimensions, step))
    }

    /// z + `factor` · `step`, with the step in this neighbourhood's units.
    pub(super) fn moved(&self, z: &Point, step: &Point, factor: f32) -> Point {
        let mut to = *z;
        for ((z, step), unit) in to.iter_mut().zip(step).zip(self.unit) {
            *z += factor * step * unit;
        }
        to
    }

    /// `difference` in this neighbourhood's units.
    pub(super) fn in_units(&self, difference: &Point) -> Point {
        let mut to = [0.0; MAX_DIMENSIONS];
        let parts = difference.iter().zip(&self.unit).take(self.dimensions);
        for (to, (difference, unit)) in to.iter_mut().zip(parts) {
            *to = difference / unit;
        }
        to
    }
}

impl Mixture<'_> {
    /// ln p at a standardised point.
    pub(super) fn log_density_at(&self, z: &Point) -> f32 {
        self.level
            .run(super::density::LogDensity { mixture: self, z })
    }

    /// Entry (i, j), j ≤ i, of the factor of component `k`; 0 off the diagonal of the kinds that
    /// have none there.
    fn entry(&self, k: usize, i: usize, j: usize) -> f32 {
        if i != j && self.covariance != Covariance::Full {
            return 0.0;
        }
        self.factor(Scalar, At::new(k), i, j)
    }
}

/// One past the last row in which column `j` of a factor can differ from 0.
fn end_of_column(mixture: &Mixture<'_>, j: usize) -> usize {
    match mixture.covariance {
        Covariance::Full => mixture.dimensions,
        _ => j + 1,
    }
}

/// Adds every component whose responsibility matters.
struct Gather<'a> {
    mixture: &'a Mixture<'a>,
    z: &'a Point,
    local: &'a mut Local,
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let Gather { mixture, z, local } = self;
        let lanes = S::Vector::LANES;
        for start in (0..mixture.components).step_by(lanes) {
            let terms = mixture.log_terms(simd, At::new(start), z);
            let mut shares = [0.0; 8];
            math::exp(terms.sub(simd.splat(local.log_density))).store(&mut shares);
            for (k, &share) in (start..mixture.components).zip(&shares).take(lanes) {
                if share > NEGLIGIBLE {
                    local.add(mixture, k, share, z);
                }
            }
        }
    }
}
