//! What is tried.

use mdn_infer::format::Covariance;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::fit::FitConfig;
use crate::train::{NoiseUse, TrainOptions};

/// The values of each choice; every combination is a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Space {
    /// Components of each network.
    pub components: Vec<u16>,
    /// Units of each hidden layer.
    pub hidden: Vec<Vec<usize>>,
    /// Kinds of covariance.
    pub covariance: Vec<Covariance>,
    /// Decay of the kernels.
    pub weight_decay: Vec<f32>,
    /// Which starts train with noise.
    pub noise: Vec<NoiseUse>,
}

/// One of the combinations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Components of each network.
    pub components: u16,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The kind of covariance.
    pub covariance: Covariance,
    /// Decay of the kernels.
    pub weight_decay: f32,
    /// Which starts train with noise.
    pub noise: NoiseUse,
}

impl Candidate {
    /// The choices of `config`.
    pub fn of(config: &FitConfig) -> Self {
        Candidate {
            components: config.components,
            hidden: config.hidden.clone(),
            covariance: config.covariance,
            weight_decay: config.options.decay(),
            noise: config.options.noise,
        }
    }

    /// `base` with these choices in place of its own.
    pub fn apply(&self, base: &FitConfig) -> FitConfig {
        FitConfig {
            components: self.components,
            hidden: self.hidden.clone(),
            covariance: self.covariance,
            options: TrainOptions {
                weight_decay: Some(self.weight_decay),
                noise: self.noise,
                ..base.options.clone()
            },
            ..base.clone()
        }
    }
}

impl Space {
    /// Every combination once, in a fixed order.
    fn all(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        for &components in &self.components {
            for hidden in &self.hidden {
                for &covariance in &self.covariance {
                    for &weight_decay in &self.weight_decay {
                        all.extend(self.noise.iter().map(|&noise| Candidate {
                            components,
                            hidden: hidden.clone(),
                            covariance,
                            weight_decay,
                            noise,
                        }));
                    }
                }
            }
        }
        all
    }

    /// The choices of `base`, then others drawn at random, each once, up to `count` in all.
    pub(super) fn draw(&self, base: &FitConfig, count: usize) -> Vec<Candidate> {
        let given = Candidate::of(base);
        let mut others: Vec<Candidate> = Vec::new();
        for candidate in self.all() {
            if candidate != given && !others.contains(&candidate) {
                others.push(candidate);
            }
        }
        others.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(base.seed));
        let mut drawn = vec![given];
        drawn.extend(others.into_iter().take(count.saturating_sub(1)));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space {
            components: vec![5, 20, 5],
            hidden: vec![vec![8], vec![64, 64]],
            covariance: vec![Covariance::Diagonal],
            weight_decay: vec![0.0, 0.01],
            noise: vec![NoiseUse::Never, NoiseUse::InTurn],
        }
    }

    #[test]
    fn the_base_comes_first_and_nothing_comes_twice() {
        let base = FitConfig::default();
        let drawn = space().draw(&base, 1000);
        // 2 · 2 · 2 · 2 different ones; the base is one of them.
        assert_eq!(drawn.len(), 16);
        assert_eq!(drawn[0], Candidate::of(&base));
        for (number, candidate) in drawn.iter().enumerate() {
            assert!(!drawn[..number].contains(candidate));
            assert_eq!(Candidate::of(&candidate.apply(&base)), *candidate);
        }
        assert_eq!(space().draw(&base, 5), drawn[..5]);
        assert_eq!(space().draw(&base, 1), drawn[..1]);
    }

    #[test]
    fn the_seed_decides_what_is_drawn() {
        let seeded = |seed| FitConfig {
            seed,
            ..FitConfig::default()
        };
        let drawn = |seed| space().draw(&seeded(seed), 6);
        assert_eq!(drawn(3), drawn(3));
        assert_ne!(drawn(3), drawn(4));
    }
}
