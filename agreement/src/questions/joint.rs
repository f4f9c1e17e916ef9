//! Questions about all dimensions at once, and about one component.

use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Component, Mixture, Temperature};
use rand_core::Rng;

use super::ROOM;
use crate::digest::Digest;

/// Weights and scales: the plainest and the boldest draws, and some between.
const TEMPERATURES: [(f32, f32); 4] = [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0), (20.0, 3.0)];

/// Targets drawn together.
const ROWS: usize = 3;

/// Draws, the first of them into `target`.
pub(super) fn draws(
    mixture: &Mixture<'_>,
    rng: &mut impl Rng,
    target: &mut [f32],
    digest: &mut Digest,
) {
    let mut rows = [0.0; ROWS * MAX_DIMENSIONS];
    let rows = &mut rows[..ROWS * target.len()];
    let mut components = [0; ROWS];
    let answer = mixture.samples(rng, rows, Some(&mut components));
    digest.add(answer.map(|()| &components[..]));
    digest.add(&*rows);
    for (weights, scale) in TEMPERATURES {
        let temperature = Temperature { weights, scale };
        digest.add(mixture.sample_at(rng, temperature, target));
        digest.add(&*target);
    }
    digest.add(mixture.sample(rng, target));
    digest.add(&*target);
    let mut densities = [0.0; ROWS];
    let answer = mixture.log_densities(rows, &mut densities);
    digest.add(answer.map(|()| &densities[..]));
}

pub(super) fn moments(mixture: &Mixture<'_>, digest: &mut Digest) {
    digest.add(mixture.best_component());
    let mut to = [0.0; ROOM];
    let to = &mut to[..mixture.dimensions()];
    digest.add(mixture.mean(to).map(|()| &*to));
    digest.add(mixture.variance(to).map(|()| &*to));
    digest.add(mixture.standard_deviation(to).map(|()| &*to));
    let mut to = [0.0; MAX_DIMENSIONS * MAX_DIMENSIONS];
    let to = &mut to[..mixture.dimensions() * mixture.dimensions()];
    digest.add(mixture.covariance_into(to).map(|()| &*to));
}

pub(super) fn at(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    let answer = mixture.outputs(target, |output| digest.add(output));
    digest.add(answer.map(|()| 0.0));
    digest.add(mixture.density(target));
    digest.add(mixture.anomaly_score(target));
    digest.add(mixture.is_anomaly(target));
    let mut shares = [0.0; ROOM];
    let shares = &mut shares[..mixture.len()];
    digest.add(mixture.responsibilities(target, shares).map(|()| &*shares));
}

pub(super) fn component(component: &Component<'_>, digest: &mut Digest) {
    digest.add(component.log_weight());
    digest.add(component.weight());
    let dimensions = component.dimensions();
    for d in 0..dimensions {
        digest.add(component.mean(d));
        digest.add(component.scale(d));
        for j in 0..dimensions {
            digest.add(component.precision_factor(d, j));
            digest.add(component.covariance(d, j));
        }
    }
}

/// As many modes as there are, and the highest alone.
pub(super) fn modes(mixture: &Mixture<'_>, digest: &mut Digest) {
    let mut rows = [0.0; ROOM];
    let dimensions = mixture.dimensions();
    for capacity in [ROOM / dimensions, 1] {
        let rows = &mut rows[..capacity * dimensions];
        let count = mixture.modes(rows);
        digest.add(count.map(|count| &rows[..count * dimensions]));
    }
}
