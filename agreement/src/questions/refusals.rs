//! Questions that have no answer, and those at the edge.

use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Mixture, Temperature};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::{ROOM, marginals};
use crate::digest::Digest;

const INFINITY: f32 = f32::INFINITY;

pub(super) fn ask(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    for odd in [f32::NAN, INFINITY, -INFINITY, 3e38, -3e38, 1e-45, -0.0] {
        joint(mixture, target, odd, digest);
        marginal(mixture, odd, digest);
    }
    lengths(mixture, target, digest);
    givens(mixture, target, digest);
}

/// One number of the question is `odd`.
fn joint(mixture: &Mixture<'_>, target: &[f32], odd: f32, digest: &mut Digest) {
    let mut strange = [0.0; MAX_DIMENSIONS];
    let strange = &mut strange[..target.len()];
    strange.copy_from_slice(target);
    strange[target.len() - 1] = odd;
    digest.add(mixture.log_density(strange));
    digest.add(mixture.is_anomaly(strange));
    let mut to = [0.0; ROOM];
    let shares = &mut to[..mixture.len()];
    digest.add(mixture.responsibilities(strange, shares).map(|()| &*shares));
    let answer = mixture.conditional(&[(0, odd)], &mut to);
    digest.add(answer.map(|rest| rest.log_weights()));
    let temperature = Temperature {
        weights: odd,
        scale: 1.0,
    };
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    digest.add(mixture.sample_at(&mut rng, temperature, strange));
}

fn marginal(mixture: &Mixture<'_>, odd: f32, digest: &mut Digest) {
    for marginal in marginals(mixture) {
        digest.add(marginal.log_density(odd));
        digest.add(marginal.cdf(odd));
        digest.add(marginal.survival(odd));
        digest.add(marginal.crps(odd));
        digest.add(marginal.interval_probability(odd, 0.0));
        digest.add(marginal.interval_probability(-INFINITY, odd));
        digest.add(marginal.quantile(odd));
        digest.add(marginal.upper_quantile(odd));
        digest.add(marginal.central_interval(odd));
        digest.add(marginal.highest_density_region(odd, &mut []));
    }
}

/// Slices that are too short.
fn lengths(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    digest.add(mixture.density(&target[1..]));
    digest.add(mixture.responsibilities(target, &mut []).map(|()| 0.0));
    digest.add(mixture.mean(&mut []).map(|()| 0.0));
    digest.add(mixture.covariance_into(&mut []).map(|()| 0.0));
    digest.add(mixture.modes(&mut []));
    for marginal in marginals(mixture) {
        digest.add(marginal.modes(&mut []));
        digest.add(marginal.highest_density_region(0.5, &mut []));
    }
}

/// What cannot be given, and memory that does not suffice.
fn givens(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    let first = (0, target[0]);
    let questions: [&[(usize, f32)]; 4] = [&[], &[first], &[first; 2], &[(target.len(), 0.0)]];
    for given in questions {
        let needed = mixture.conditional_len(given.len());
        digest.add(needed);
        let mut memory = [0.0; ROOM];
        for capacity in [needed - 1, ROOM] {
            let answer = mixture.conditional(given, &mut memory[..capacity]);
            digest.add(answer.map(|rest| rest.log_weights()));
        }
    }
}
