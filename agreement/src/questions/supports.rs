//! What a mixture is asked whose targets have supports. Its answers are integrals, which a processor
//! without floating point takes seconds for, so questions are few, and those that cost much are asked
//! only where the whole suite is evaluated.

use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Marginal, Mixture};
use rand_core::Rng;

use super::{joint, marginal, marginals};
use crate::Part;
use crate::digest::Digest;

/// Asks each kind of question at a drawn target.
pub(crate) fn ask(part: Part, mixture: &Mixture<'_>, rng: &mut impl Rng, digest: &mut Digest) {
    let mut target = [0.0; MAX_DIMENSIONS];
    let target = &mut target[..mixture.dimensions()];
    joint::draws(mixture, rng, target, digest);
    joint::moments(mixture, digest);
    joint::at(mixture, target, digest);
    for (d, marginal) in marginals(mixture).enumerate() {
        at(&marginal, target[d], digest);
        of_itself(&marginal, digest);
    }
    if part == Part::Whole {
        for (d, marginal) in marginals(mixture).enumerate() {
            marginal::at(&marginal, target[d], digest);
            marginal::of_itself(&marginal, digest);
            marginal::modes_and_region(&marginal, digest);
        }
        super::conditionals(mixture, target, digest);
    }
}

fn at(marginal: &Marginal<'_>, y: f32, digest: &mut Digest) {
    digest.add(marginal.probability(y));
    digest.add(marginal.pit_between(y));
    digest.add(marginal.log_density(y));
    digest.add(marginal.cdf(y));
    digest.add(marginal.survival(y));
    digest.add(marginal.interval_probability(y, y + 0.5));
    digest.add(marginal.crps(y));
    digest.add(marginal.lower_tail_mean(y));
    digest.add(marginal.upper_tail_mean(y));
}

fn of_itself(marginal: &Marginal<'_>, digest: &mut Digest) {
    digest.add(marginal.mean());
    digest.add(marginal.quantile(0.1));
    digest.add(marginal.upper_quantile(0.25));
    digest.add(marginal.central_interval(0.8));
    digest.add(marginal.expected_shortfall(0.1));
    digest.add(marginal.upper_expected_shortfall(0.1));
}
