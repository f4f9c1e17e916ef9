//! Draws.
//!
//! A draw takes 1 + D 32-bit words from the generator, always, and nothing but this becomes of
//! them, so that another implementation can reproduce it:
//!
//! 1. The first word chooses the component: u = ⌊word / 2⁸⌋ / 2²⁴, and k is the first component
//!    at which the running sum of the weights, in their order, exceeds u; where rounding keeps
//!    the sum below u, the last whose weight is not 0.
//! 2. Word 1 + d, d from 0 to D − 1, becomes n_d = Φ⁻¹((m + ½) / 2³²) with m its lower 31 bits
//!    rounded to binary32, negated where its highest bit is set.
//! 3. In standardised units z_d = (n_d − Σⱼ L_dj z_j) / L_dd, j from 0 to d − 1, and the draw is
//!    shift + scale · (μₖ + z).
//!
//! With a [`Temperature`] the running sum is that of e^((ln πₖ − largest) / τ) and is compared
//! with u times its total; n_d is multiplied by √τ. The words that a draw takes stay the same.

use rand_core::Rng;

use super::Mixture;
use crate::check::check_len;
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::layers::Limits;
use crate::math;
use crate::simd::reduce::At;
use crate::simd::{Scalar, Vector};

/// How bold draws are: 1 is the mixture itself, less keeps to the heaviest component and to the
/// means, more strays.
///
/// Source: the two temperatures of Ha and Eck 2017 (Sketch-RNN), there one τ for both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// Weights become πₖ^(1/τ), normalised; at 0 the heaviest component has them all.
    pub weights: f32,
    /// Standard deviations are multiplied by √τ, variances by τ; at 0 draws are means.
    pub scale: f32,
}

impl Default for Temperature {
    /// 1 and 1.
    fn default() -> Self {
        Temperature {
            weights: 1.0,
            scale: 1.0,
        }
    }
}

impl Temperature {
    fn check(self) -> Result<(), PredictError> {
        let valid = |temperature: f32| temperature.is_finite() && temperature >= 0.0;
        if valid(self.weights) && valid(self.scale) {
            Ok(())
        } else {
            Err(PredictError::NotATemperature)
        }
    }
}

impl Mixture<'_> {
    /// Draws one target `[D]` into `to` and returns the index of its component.
    ///
    /// Two draws are equal bit for bit when the model, the input and the generator's state are,
    /// on every target. A draw takes 1 + D words of the generator. Cost: O(K + F).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn sample(&self, rng: &mut impl Rng, to: &mut [f32]) -> Result<usize, PredictError> {
        check_len(to.len(), self.dimensions)?;
        let k = self.choose(rng.next_u32());
        self.draw(k, 1.0, rng, to);
        Ok(k)
    }

    /// As [`sample`](Self::sample), at another temperature; at the default one with the same
    /// bits.
    ///
    /// ```
    /// use mdn_infer::{Mixture, PredictError, Temperature};
    /// use rand_xoshiro::Xoshiro128PlusPlus;
    ///
    /// /// A draw near the heaviest components' means.
    /// fn cautious(
    ///     mixture: &Mixture<'_>,
    ///     rng: &mut Xoshiro128PlusPlus,
    ///     to: &mut [f32],
    /// ) -> Result<(), PredictError> {
    ///     let temperature = Temperature { weights: 0.5, scale: 0.25 };
    ///     mixture.sample_at(rng, temperature, to)?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`], and [`PredictError::NotATemperature`] unless both
    /// temperatures are finite and at least 0; [`PredictError::Overflow`] where a temperature of scales is
    /// so large that the draw leaves binary32 on the way, which spoils `to`.
    pub fn sample_at(
        &self,
        rng: &mut impl Rng,
        temperature: Temperature,
        to: &mut [f32],
    ) -> Result<usize, PredictError> {
        temperature.check()?;
        check_len(to.len(), self.dimensions)?;
        let word = rng.next_u32();
        let k = if temperature.weights == 1.0 {
            self.choose(word)
        } else if temperature.weights == 0.0 {
            self.best_component()
        } else {
            self.choose_at(word, temperature.weights)
        };
        self.draw(k, Vector::sqrt(temperature.scale), rng, to);
        if self.limits == Limits::Kept && to.iter().any(|t| t.is_nan()) {
            return Err(PredictError::Overflow);
        }
        Ok(k)
    }

    /// Draws N targets, `[N][D]`, into `to` and the indices of their components, `[N]`, into
    /// `components` where it is given: the same as N calls of [`sample`](Self::sample).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] unless `to` has whole rows, as many as `components`;
    /// nothing is drawn then.
    pub fn samples(
        &self,
        rng: &mut impl Rng,
        to: &mut [f32],
        components: Option<&mut [usize]>,
    ) -> Result<(), PredictError> {
        let dimensions = self.dimensions.max(1);
        let rows = to.len() / dimensions;
        check_len(to.len(), rows * dimensions)?;
        let mut components = match components {
            Some(components) => {
                check_len(components.len(), rows)?;
                components.iter_mut()
            }
            None => [].iter_mut(),
        };
        for row in to.chunks_exact_mut(dimensions.max(1)) {
            let k = self.sample(rng, row)?;
            if let Some(component) = components.next() {
                *component = k;
            }
        }
        Ok(())
    }

    /// The index of the component with the largest weight, the first of equals. Its mean need
    /// not be near the highest mode: a lighter component may be narrower. Cost: O(K).
    pub fn best_component(&self) -> usize {
        let mut best = (0, f32::NEG_INFINITY);
        for (k, &log_weight) in self.log_weights.iter().enumerate() {
            if log_weight > best.1 {
                best = (k, log_weight);
            }
        }
        best.0
    }

    /// A draw from component `k` with its scales multiplied by `spread`.
    fn draw(&self, k: usize, spread: f32, rng: &mut impl Rng, to: &mut [f32]) {
        let mut z = [0.0; MAX_DIMENSIONS];
        for (d, to) in to.iter_mut().enumerate() {
            let normal = standard_normal(rng.next_u32()) * spread;
            let draw = self.unwhiten(k, d, &z, normal);
            if let Some(slot) = z.get_mut(d) {
                *slot = draw;
            }
            let latent = self.raw(d, self.mean_of(k, d) + draw);
            *to = match self.line(d) {
                Some(line) => line.value(latent),
                None => latent,
            };
        }
    }

    fn choose(&self, word: u32) -> usize {
        first_above(
            self.log_weights.iter().map(|&w| math::exp(w)),
            uniform(word),
        )
    }

    fn choose_at(&self, word: u32, temperature: f32) -> usize {
        let largest = self.log_weight_of(self.best_component());
        let weights = self
            .log_weights
            .iter()
            .map(|log_weight| math::exp((log_weight - largest) / temperature));
        let total = weights.clone().fold(0.0, |sum, weight| sum + weight);
        first_above(weights, uniform(word) * total)
    }

    /// Element `d` of L⁻¹ `normal`, where `z` holds the elements before it.
    fn unwhiten(&self, k: usize, d: usize, z: &[f32; MAX_DIMENSIONS], normal: f32) -> f32 {
        let at = At::new(k);
        let mut rest = normal;
        if self.covariance == Covariance::Full {
            for (j, z) in z.iter().enumerate().take(d) {
                rest -= self.factor(Scalar, at, d, j) * z;
            }
        }
        rest / self.factor(Scalar, at, d, d)
    }
}

/// The upper 24 bits as a fraction of 1.
fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The first index at which the running sum of `weights` exceeds `threshold`, else the last
/// whose weight is not 0.
fn first_above(weights: impl Iterator<Item = f32>, threshold: f32) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (k, weight) in weights.enumerate() {
        sum += weight;
        if sum > threshold {
            return k;
        }
        if weight > 0.0 {
            last = k;
        }
    }
    last
}

/// Φ⁻¹ of (m + ½) / 2³², with m the word's lower 31 bits, negated where its highest bit is set.
fn standard_normal(word: u32) -> f32 {
    let p = ((word & 0x7fff_ffff) as f32 + 0.5) * (1.0 / 4_294_967_296.0);
    let z = math::normal_quantile(p);
    if word >> 31 == 1 { -z } else { z }
}
