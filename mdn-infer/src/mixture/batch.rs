//! The mixtures of a batch.

use rand_core::Rng;

use super::Mixture;
use super::density::LogDensity;
use crate::check::{check, check_len};
use crate::error::PredictError;
use crate::layers::Limits;
use crate::model::Model;
use crate::simd::{Kernel, Level, Simd};

/// N mixtures of one model, as [`Model::predict_batch`] leaves them.
///
/// Each question takes one argument a row and has the bits of the same question to a single
/// [`Mixture`]; the instruction set is chosen once for all rows.
#[derive(Clone, Copy, Debug)]
pub struct Mixtures<'a> {
    model: &'a Model<'a>,
    level: Level,
    limits: Limits,
    parameters: &'a [f32],
}

impl<'a> Mixtures<'a> {
    /// `parameters` is `[N][mixture_len]`.
    pub(crate) fn new(
        model: &'a Model<'a>,
        level: Level,
        limits: Limits,
        parameters: &'a [f32],
    ) -> Self {
        Mixtures {
            model,
            level,
            limits,
            parameters,
        }
    }

    /// N, the number of mixtures.
    pub fn len(&self) -> usize {
        self.parameters.len() / self.model.mixture_len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The mixture of row `row`, where there is one.
    pub fn get(&self, row: usize) -> Option<Mixture<'a>> {
        self.iter().nth(row)
    }

    /// The mixtures in the order of the rows.
    #[inline(always)]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Mixture<'a>> + use<'a> {
        let Mixtures {
            model,
            level,
            limits,
            ..
        } = *self;
        let rows = self.parameters.chunks_exact(model.mixture_len());
        rows.map(move |parameters| Mixture::new(model, level, limits, parameters))
    }

    /// ln p of each row of `targets` `[N][D]` under its own mixture, into `to` `[N]`; see
    /// [`Mixture::log_density`]. Cost: O(N K F).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`], and [`PredictError::NotFinite`] with the index in
    /// `targets`.
    pub fn log_densities(&self, targets: &[f32], to: &mut [f32]) -> Result<(), PredictError> {
        check_len(to.len(), self.len())?;
        check(targets, self.len() * self.model.dimensions())?;
        if self.model.targets().is_some() {
            let rows = targets.chunks_exact(self.model.dimensions().max(1));
            for (mixture, (target, to)) in self.iter().zip(rows.zip(to)) {
                *to = mixture.log_density(target)?;
            }
            return Ok(());
        }
        self.level.run_batch(LogDensities {
            mixtures: self,
            targets,
            to,
        });
        Ok(())
    }

    /// P(t ≤ y) of dimension `d` for each of `y` `[N]` under its own mixture, into `to` `[N]`;
    /// see [`Marginal::cdf`](crate::Marginal::cdf). With the outcomes as `y` these are the PIT
    /// values. Cost: O(N K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NoSuchDimension`], [`PredictError::WrongLength`], and
    /// [`PredictError::NotANumber`] with the index in `y`.
    pub fn cdfs(&self, d: usize, y: &[f32], to: &mut [f32]) -> Result<(), PredictError> {
        if d >= self.model.dimensions() {
            return Err(PredictError::NoSuchDimension);
        }
        check_len(y.len(), self.len())?;
        check_len(to.len(), self.len())?;
        if let Some(index) = y.iter().position(|y| y.is_nan()) {
            return Err(PredictError::NotANumber { index });
        }
        self.level.run_batch(Cdfs {
            mixtures: self,
            d,
            y,
            to,
        });
        Ok(())
    }

    /// One draw from each mixture, `[N][D]`, into `to`, in the order of the rows; see
    /// [`Mixture::sample`]. Cost: O(N (K + F)).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`]; nothing is drawn then.
    pub fn samples(&self, rng: &mut impl Rng, to: &mut [f32]) -> Result<(), PredictError> {
        let dimensions = self.model.dimensions();
        check_len(to.len(), self.len() * dimensions)?;
        for (mixture, to) in self.iter().zip(to.chunks_exact_mut(dimensions.max(1))) {
            mixture.sample(rng, to)?;
        }
        Ok(())
    }
}

struct LogDensities<'a> {
    mixtures: &'a Mixtures<'a>,
    targets: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let dimensions = self.mixtures.model.dimensions().max(1);
        let rows = self.targets.chunks_exact(dimensions).zip(self.to);
        for (mixture, (target, to)) in self.mixtures.iter().zip(rows) {
            let z = &mixture.standardise_checked(target);
            let mixture = &mixture;
            *to = LogDensity { mixture, z }.call(simd);
        }
    }
}

struct Cdfs<'a> {
    mixtures: &'a Mixtures<'a>,
    d: usize,
    y: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for Cdfs<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let rows = self.y.iter().zip(self.to);
        for (mixture, (&y, to)) in self.mixtures.iter().zip(rows) {
            *to = mixture.cdf_of(simd, self.d, y);
        }
    }
}
