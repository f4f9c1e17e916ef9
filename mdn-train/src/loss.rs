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

mod block;
mod covariance;
mod scale;

use mdn_infer::format::{Covariance, Head, ScaleMap};
use mdn_infer::math;
use mdn_infer::simd::{Kernel, Level, Simd, Vector};

use crate::network::LANES;
use block::{Block, scratch_rows};
use covariance::{Diagonal, Full, Isotropic, Kind};
use scale::{Exp, LogScale, Softplus};

/// The smallest log-density of a component that is told from zero; keeps overflowing square
/// distances from turning into infinities.
const LOG_FLOOR: f32 = -1e30;

/// The working memory of the loss, allocated once.
#[derive(Debug)]
pub(crate) struct Loss {
    level: Level,
    head: Head,
    scratch: Vec<f32>,
}

impl Loss {
    pub(crate) fn new(head: Head) -> Self {
        Loss {
            level: Level::detect(),
            head,
            scratch: vec![0.0; scratch_rows(&head) * LANES],
        }
    }

    /// The summed negative log-likelihood, in nats, of `rows` rows with targets `[D][stride]`.
    ///
    /// `outputs` `[O][stride]` are replaced by `weight` times the gradient of the sum; padding
    /// columns get zeros. With `weight` `None` their content afterwards means nothing.
    pub(crate) fn apply(
        &mut self,
        outputs: &mut [f32],
        targets: &[f32],
        stride: usize,
        rows: usize,
        weight: Option<f32>,
    ) -> f64 {
        let shard = Shard {
            head: self.head,
            outputs,
            targets,
            scratch: &mut self.scratch,
            stride,
            rows,
            weight,
        };
        match self.head.scale_map {
            ScaleMap::Softplus => shard.with_map(self.level, Softplus),
            _ => shard.with_map(self.level, Exp),
        }
    }
}

/// A shard of rows on its way to the kernel that suits its head.
struct Shard<'a> {
    head: Head,
    outputs: &'a mut [f32],
    targets: &'a [f32],
    scratch: &'a mut [f32],
    stride: usize,
    rows: usize,
    weight: Option<f32>,
}

impl Shard<'_> {
    fn with_map<M: LogScale>(self, level: Level, map: M) -> f64 {
        match self.head.covariance {
            Covariance::Isotropic => level.run(Likelihood(self, Isotropic, map)),
            Covariance::Diagonal => level.run(Likelihood(self, Diagonal, map)),
            _ => level.run(Likelihood(self, Full, map)),
        }
    }
}

struct Likelihood<'a, C, M>(Shard<'a>, C, M);

impl<C: Kind, M: LogScale> Kernel for Likelihood<'_, C, M> {
    type Output = f64;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f64 {
        let Likelihood(shard, ..) = self;
        let mut total = 0.0;
        let mut block = Block::new(
            simd,
            shard.head,
            shard.outputs,
            shard.targets,
            shard.scratch,
            shard.stride,
        );
        for column in (0..shard.rows.next_multiple_of(LANES)).step_by(S::Vector::LANES) {
            block.column = column;
            let real = shard.rows.saturating_sub(column).min(S::Vector::LANES);
            let row = likelihood::<S, C, M>(&mut block);
            if let Some(weight) = shard.weight {
                let weights = [weight; LANES];
                let weights = simd.load(&weights[..real], 0.0);
                gradient::<S, C, M>(&mut block, &row, weights);
            }
            let mut lanes = [0.0; LANES];
            row.nll.store(&mut lanes);
            total += lanes[..real].iter().copied().map(f64::from).sum::<f64>();
        }
        total
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
#[inline(always)]
fn likelihood<S: Simd, C: Kind, M: LogScale>(block: &mut Block<S>) -> Row<S::Vector> {
    let zero = block.simd.splat(0.0);
    let mut highest_logit = block.logit(0);
    for k in 1..block.components {
        highest_logit = highest_logit.larger(block.logit(k));
    }
    let mut prior = zero;
    let mut highest = zero.splat(LOG_FLOOR);
    for k in 0..block.components {
        let logit = block.logit(k);
        let unnormalised = math::exp(logit.sub(highest_logit));
        prior = prior.add(unnormalised);
        block.set_prior(k, unnormalised);
        let joint = logit.add(C::log_density::<S, M>(block, k));
        let joint = zero.splat(LOG_FLOOR).larger(joint);
        highest = highest.larger(joint);
        block.set_joint(k, joint);
    }
    let mut sum = zero;
    for k in 0..block.components {
        let unnormalised = math::exp(block.joint(k).sub(highest));
        sum = sum.add(unnormalised);
        block.set_joint(k, unnormalised);
    }
    let log_prior = highest_logit.add(math::ln(prior));
    let log_joint = highest.add(math::ln(sum));
    let constant = 0.5 * block.dimensions as f32 * std::f32::consts::TAU.ln();
    Row {
        nll: log_prior.sub(log_joint).add(zero.splat(constant)),
        prior,
        joint: sum,
    }
}

/// Replaces the block's outputs by `weights` times the gradient.
#[inline(always)]
fn gradient<S: Simd, C: Kind, M: LogScale>(
    block: &mut Block<S>,
    row: &Row<S::Vector>,
    weights: S::Vector,
) {
    let prior = weights.div(row.prior);
    let joint = weights.div(row.joint);
    for k in 0..block.components {
        let responsibility = block.joint(k).mul(joint);
        let weight = block.prior(k).mul(prior);
        block.set_logit(k, weight.sub(responsibility));
        C::gradient::<S, M>(block, k, responsibility);
    }
}
