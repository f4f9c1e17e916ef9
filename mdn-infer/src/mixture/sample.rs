//! Draws.
//!
//! A draw takes 1 + D 32-bit words from the generator, always: `docs/arithmetic.md` says what
//! becomes of each, so that another implementation can reproduce it.

use rand_core::Rng;

use super::Mixture;
use crate::error::PredictError;
use crate::format::{Covariance, MAX_DIMENSIONS};
use crate::math;
use crate::simd::Scalar;
use crate::simd::reduce::At;

impl Mixture<'_> {
    /// Draws one target `[D]` into `to` and returns the index of its component.
    ///
    /// Two draws are equal bit for bit when the model, the input and the generator's state are,
    /// on every target.
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`].
    pub fn sample(&self, rng: &mut impl Rng, to: &mut [f32]) -> Result<usize, PredictError> {
        if to.len() != self.dimensions {
            return Err(PredictError::WrongLength {
                expected: self.dimensions,
                found: to.len(),
            });
        }
        let k = self.choose(rng.next_u32());
        let mut z = [0.0; MAX_DIMENSIONS];
        for (d, to) in to.iter_mut().enumerate() {
            let draw = self.unwhiten(k, d, &z, standard_normal(rng.next_u32()));
            if let Some(slot) = z.get_mut(d) {
                *slot = draw;
            }
            let mean = self.mean_row(d).get(k).copied().unwrap_or(f32::NAN);
            *to = self.raw(d, mean + draw);
        }
        Ok(k)
    }

    /// The first component at which the running sum of the weights exceeds u = ⌊word / 2⁸⌋ / 2²⁴;
    /// where rounding keeps the sum below u, the last whose weight is not 0.
    fn choose(&self, word: u32) -> usize {
        let u = (word >> 8) as f32 * (1.0 / 16_777_216.0);
        let (mut sum, mut last) = (0.0, 0);
        for (k, &log_weight) in self.log_weights.iter().enumerate() {
            let weight: f32 = math::exp(log_weight);
            sum += weight;
            if sum > u {
                return k;
            }
            if weight > 0.0 {
                last = k;
            }
        }
        last
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

/// Φ⁻¹ of (m + ½) / 2³², with m the word's lower 31 bits, negated where its highest bit is set.
fn standard_normal(word: u32) -> f32 {
    let p = ((word & 0x7fff_ffff) as f32 + 0.5) * (1.0 / 4_294_967_296.0);
    let z = math::normal_quantile(p);
    if word >> 31 == 1 { -z } else { z }
}
