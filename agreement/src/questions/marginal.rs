//! Questions about one dimension.

use mdn_infer::Marginal;

use super::ROOM;
use crate::digest::Digest;

const PROBABILITIES: [f32; 6] = [1e-30, 1e-6, 0.025, 0.5, 0.9, 0.999_999];

/// Of the highest-density region, the costliest of all questions.
const REGION: f32 = 0.8;

/// More than any marginal of the suite has modes.
const INTERVALS: usize = 32;

pub(super) fn of_itself(marginal: &Marginal<'_>, digest: &mut Digest) {
    digest.add(marginal.mean());
    digest.add(marginal.standard_deviation());
    digest.add(marginal.median());
    for p in PROBABILITIES {
        digest.add(marginal.quantile(p));
        digest.add(marginal.upper_quantile(p));
    }
    digest.add(marginal.central_interval(0.8));
}

pub(super) fn at(marginal: &Marginal<'_>, y: f32, digest: &mut Digest) {
    let spread = marginal.standard_deviation();
    digest.add(marginal.log_density(y));
    digest.add(marginal.cdf(y));
    digest.add(marginal.survival(y));
    digest.add(marginal.exceedance(y));
    digest.add(marginal.pit(y));
    for width in [1e-5, 0.5, f32::INFINITY] {
        digest.add(marginal.interval_probability(y, y + width * spread));
    }
    digest.add(marginal.crps(y));
}

pub(super) fn modes_and_region(marginal: &Marginal<'_>, digest: &mut Digest) {
    digest.add(marginal.mode());
    let mut modes = [0.0; ROOM];
    let count = marginal.modes(&mut modes);
    digest.add(count.map(|count| &modes[..count]));
    let mut intervals = [(0.0, 0.0); INTERVALS];
    let count = marginal.highest_density_region(REGION, &mut intervals);
    digest.add(count.map(|count| &intervals[..count]));
}
