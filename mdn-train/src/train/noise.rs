//! Noise regularisation: Gaussian noise on inputs and targets while training.

use rand_core::Rng;

use crate::network::uniform;

/// Fresh noise for one pass (Rothfuss et al. 2019): it smooths the density that is learnt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    /// Standard deviation on standardised inputs.
    pub(super) inputs: f32,
    /// Standard deviation on standardised targets.
    pub(super) targets: f32,
    /// Tells this pass from others.
    pub(super) pass: u64,
}

impl Noise {
    /// The seed of a shard's generator, so that noise doesn't depend on who computes the shard.
    pub(super) fn seed(&self, shard: usize) -> u64 {
        (self.pass ^ (shard as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Adds noise to the first `rows` of each feature of `values` `[features][stride]`.
    pub(super) fn add(
        &self,
        rng: &mut impl Rng,
        deviation: f32,
        values: &mut [f32],
        stride: usize,
        rows: usize,
    ) {
        if deviation == 0.0 {
            return;
        }
        for feature in values.chunks_exact_mut(stride) {
            for pair in feature[..rows].chunks_mut(2) {
                for (value, normal) in pair.iter_mut().zip(normals(rng)) {
                    *value += deviation * normal;
                }
            }
        }
    }
}

/// Two independent standard normal values (Box & Muller 1958).
fn normals(rng: &mut impl Rng) -> [f32; 2] {
    let radius = (-2.0 * (1.0 - uniform(rng)).ln()).sqrt();
    let (sine, cosine) = (std::f32::consts::TAU * uniform(rng)).sin_cos();
    [radius * cosine, radius * sine]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;

    #[test]
    fn noise_has_the_deviation_asked_for() {
        let noise = Noise {
            inputs: 0.0,
            targets: 0.0,
            pass: 1,
        };
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(noise.seed(3));
        let mut values = vec![0.0_f32; 40_000];
        noise.add(&mut rng, 0.5, &mut values, 20_000, 20_000);
        let mean = values.iter().sum::<f32>() / 40_000.0;
        let square = values.iter().map(|v| v * v).sum::<f32>() / 40_000.0;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!(
            (square.sqrt() - 0.5).abs() < 0.01,
            "deviation {}",
            square.sqrt()
        );
    }
}
