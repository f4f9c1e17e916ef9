//! Every question that a mixture, its components and its marginals answer; a refusal is an
//! answer too.

mod joint;
mod marginal;
mod refusals;
pub(crate) mod supports;

use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Marginal, Mixture};
use rand_core::Rng;

use crate::digest::Digest;
use crate::models::WORKING;

/// How many standard deviations targets lie from the mean, beside a drawn one.
const DISTANCES: [f32; 3] = [-60.0, 0.0, 8.0];

/// Memory for any list of answers of a model of the suite, and for its conditionals.
const ROOM: usize = WORKING + 2 * MAX_DIMENSIONS;

/// Asks what costs little, and `thoroughly` also what costs much.
pub(crate) fn ask(
    mixture: &Mixture<'_>,
    thoroughly: bool,
    rng: &mut impl Rng,
    digest: &mut Digest,
) {
    let mut target = [0.0; MAX_DIMENSIONS];
    let target = &mut target[..mixture.dimensions()];
    joint::draws(mixture, rng, target, digest);
    if thoroughly {
        joint::modes(mixture, digest);
        for marginal in marginals(mixture) {
            marginal::modes_and_region(&marginal, digest);
        }
        conditionals(mixture, target, digest);
        refusals::ask(mixture, target, digest);
    }
    of_itself(mixture, digest);
    at(mixture, target, digest);
    for distance in DISTANCES {
        for (marginal, t) in marginals(mixture).zip(target.iter_mut()) {
            *t = marginal.mean() + distance * marginal.standard_deviation();
        }
        at(mixture, target, digest);
    }
}

/// What needs no target.
fn of_itself(mixture: &Mixture<'_>, digest: &mut Digest) {
    joint::moments(mixture, digest);
    for component in mixture.components() {
        joint::component(&component, digest);
    }
    for marginal in marginals(mixture) {
        marginal::of_itself(&marginal, digest);
    }
}

/// What depends on a target.
fn at(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    joint::at(mixture, target, digest);
    for (marginal, &t) in marginals(mixture).zip(target) {
        marginal::at(&marginal, t, digest);
    }
}

/// The others given the first dimension, given the last, and given both.
fn conditionals(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    let last = target.len() - 1;
    let pairs = [(last, target[last]), (0, target[0])];
    for given in [&pairs[1..], &pairs[..1], &pairs] {
        let mut memory = [0.0; ROOM];
        match mixture.conditional(given, &mut memory) {
            Ok(rest) => {
                of_itself(&rest, digest);
                let free = rest.dimensions();
                at(&rest, &target[..free], digest);
            }
            Err(error) => digest.add(Err::<f32, _>(error)),
        }
    }
}

fn marginals<'a>(mixture: &Mixture<'a>) -> impl Iterator<Item = Marginal<'a>> {
    let mixture = *mixture;
    (0..mixture.dimensions()).filter_map(move |d| mixture.marginal(d))
}
