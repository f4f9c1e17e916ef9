//! What only targets with a support are asked, so that hashes of other models stay what they were.

use mdn_infer::Marginal;
use mdn_infer::format::Support;

use crate::digest::Digest;

pub(super) fn at(marginal: &Marginal<'_>, y: f32, digest: &mut Digest) {
    if marginal.support() == Support::Continuous {
        return;
    }
    // A value with a probability, beside one that need not have any.
    for y in [y, marginal.median()] {
        digest.add(marginal.probability(y));
        digest.add(marginal.pit_between(y));
        digest.add(marginal.log_density(y));
        digest.add(marginal.lower_tail_mean(y));
        digest.add(marginal.upper_tail_mean(y));
    }
    digest.add(marginal.expected_shortfall(0.1));
    digest.add(marginal.upper_expected_shortfall(0.1));
}
