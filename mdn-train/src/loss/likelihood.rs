//! The negative log-likelihood of a mixture and its gradient with respect to the outputs.
//!
//! With logits aₖ, the density of component k at the target x is
//! Nₖ = (2π)^(−D/2) · Πᵢ e^(−ℓᵢ) · exp(−½ ‖z‖²), z = L (x − μₖ), Σ⁻¹ = LᵀL, and the loss of a row is
//!
//! > −ln Σₖ wₖ Nₖ = logsumexp(a) − logsumexp(a + ln N), with wₖ = softmax(a)ₖ.
//!
//! Its gradient goes through the responsibilities rₖ = softmax(a + ln N)ₖ (Bishop 1994):
//! ∂/∂aₖ = wₖ − rₖ, ∂/∂μₖ = −rₖ Lᵀz, ∂/∂ℓᵢ = rₖ (1 − zᵢ Lᵢᵢ (x − μ)ᵢ), ∂/∂Lᵢⱼ = rₖ zᵢ (x − μ)ⱼ.
//! All of it stays in the log domain, so that far-away targets and dead components give finite
//! values.

use mdn_infer::math;
use mdn_infer::simd::{Simd, Vector};

use super::Rule;
use super::block::{Block, Lanes};
use super::covariance::Kind;
use super::moments;
use super::scale::LogScale;

/// The smallest log-density of a component that is told from zero; keeps overflowing square
/// distances from turning into infinities.
const LOG_FLOOR: f32 = -1e30;

/// The negative log-likelihood, in nats.
pub(super) struct Likelihood<C, M>(pub(super) C, pub(super) M);
impl<C: Kind, M: LogScale> Rule for Likelihood<C, M> {
    #[inline(always)]
    fn apply<S: Simd>(block: &mut Block<S>, weights: Option<Lanes<S>>) -> Lanes<S> {
        let row = likelihood::<S, C, M>(block);
        if let Some(weights) = weights {
            if block.moments > 0.0 {
                let weights = weights.mul(weights.splat(block.moments));
                moments::gradient::<S, C>(block, row.prior, weights);
            }
            gradient::<S, C, M>(block, &row, weights);
        }
        row.nll
    }
}

/// What the gradient needs of a block's likelihood, a row a lane.
struct Row<V> {
    /// The negative log-likelihood.
    nll: V,
    /// Σ e^(aₖ − max a)
    prior: V,
    /// Σ e^(jₖ − max j), where jₖ = aₖ + ln Nₖ
    joint: V,
}

/// Leaves e^(aₖ − max a) and e^(jₖ − max j) in the block's scratch.
///
/// Each loop does little, so that the processor works on several components at once.
#[inline(always)]
fn likelihood<S: Simd, C: Kind, M: LogScale>(block: &mut Block<S>) -> Row<Lanes<S>> {
    let (prior, log_prior) = priors(block);
    C::scales::<S, M>(block);
    let floor = block.splat(LOG_FLOOR);
    let mut highest = floor;
    for k in 0..block.components {
        let joint = C::log_density(block, k);
        let joint = floor.larger(joint);
        highest = highest.larger(joint);
        block.set_joint(k, joint);
    }
    let mut joint = floor.splat(0.0);
    for k in 0..block.components {
        let unnormalised = relative(block.joint(k).sub(highest));
        joint = joint.add(unnormalised);
        block.set_joint(k, unnormalised);
    }
    let constant = 0.5 * block.dimensions as f32 * std::f32::consts::TAU.ln();
    let log_joint = highest.add(math::ln(joint)).sub(floor.splat(constant));
    Row {
        nll: log_prior.sub(log_joint),
        prior,
        joint,
    }
}

/// Leaves e^(aₖ − max a) and aₖ in the block's scratch; the sum of the former and its logarithm
/// with max a added.
#[inline(always)]
pub(super) fn priors<S: Simd>(block: &mut Block<S>) -> (Lanes<S>, Lanes<S>) {
    let mut highest = block.logit(0);
    for k in 0..block.components {
        let logit = block.logit(k);
        highest = highest.larger(logit);
        block.set_joint(k, logit);
    }
    let mut sum = highest.splat(0.0);
    for k in 0..block.components {
        let unnormalised = relative(block.logit(k).sub(highest));
        sum = sum.add(unnormalised);
        block.set_prior(k, unnormalised);
    }
    (sum, highest.add(math::ln(sum)))
}

/// e^x for x ≤ 0, where x is relative to the largest term of a sum: zero once it is far below
/// the sum's rounding error, which keeps slow subnormal numbers out of all that follows.
#[inline(always)]
pub(super) fn relative<V: Vector>(x: V) -> V {
    let lowest = x.splat(-60.0);
    let kept = lowest.less(x);
    math::exp_normal(x.select(kept, lowest)).select(kept, x.splat(0.0))
}

/// Replaces the block's outputs by `weights` times the gradient, and what [`moments::gradient`] has
/// left beside it.
#[inline(always)]
fn gradient<S: Simd, C: Kind, M: LogScale>(
    block: &mut Block<S>,
    row: &Row<Lanes<S>>,
    weights: Lanes<S>,
) {
    let prior = weights.div(row.prior);
    let joint = weights.div(row.joint);
    for k in 0..block.components {
        let responsibility = block.joint(k).mul(joint);
        let weight = block.prior(k).mul(prior);
        let of_likelihood = weight.sub(responsibility);
        // Without the score its place holds other things.
        let gradient = match block.moments > 0.0 {
            true => of_likelihood.add(block.score_by_logit(k)),
            false => of_likelihood,
        };
        block.set_logit(k, gradient);
        C::gradient::<S, M>(block, k, responsibility);
    }
}
