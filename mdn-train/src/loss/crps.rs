//! The continuous ranked probability score of a mixture, of each target by itself and added up, and its
//! gradient with respect to the outputs.
//!
//! With A(m, s) = E|x| of the normal x with mean m and standard deviation s, the score of the target t is
//! (Grimit, Gneiting, Berrocal and Johnson 2006)
//!
//! > Σₖ wₖ A(t − μₖ, σₖ) − ½ Σⱼ Σₖ wⱼ wₖ A(μₖ − μⱼ, sⱼₖ), with sⱼₖ = √(σⱼ² + σₖ²) and w = softmax(a).
//!
//! A(m, s) = 2 s φ(m/s) + m erf(m/(s√2)), whose terms are not negative, has the derivatives
//! ∂A/∂m = erf(m/(s√2)) and ∂A/∂s = 2 φ(m/s). So, with gₖ the derivative by wₖ,
//! ∂/∂aₖ = wₖ (gₖ − Σⱼ wⱼ gⱼ), and a pair j ≠ k adds −wⱼ wₖ ∂A/∂m to the derivative by μₖ and
//! −wⱼ wₖ ∂A/∂s σₖ/sⱼₖ to that by σₖ. However far the target is, that by μₖ stays below 2 wₖ.
//!
//! Covariance is isotropic or diagonal, or there is one target; a pass costs O(D K²) a row.

use mdn_infer::math;
use mdn_infer::simd::{Simd, Vector};

use super::Rule;
use super::block::{Block, Lanes};
use super::likelihood::priors;
use super::scale::{LogScale, descale, scale};

/// φ(0)
const PEAK: f32 = 0.398_942_3;

/// The continuous ranked probability score, in the targets' units.
pub(super) struct Crps<M>(pub(super) M);
impl<M: LogScale> Rule for Crps<M> {
    #[inline(always)]
    fn apply<S: Simd>(block: &mut Block<S>, weights: Option<Lanes<S>>) -> Lanes<S> {
        prepare::<S, M>(block);
        let mut score = block.splat(0.0);
        for d in 0..block.dimensions {
            score = score.add(distances(block, d));
            score = score.sub(pairs(block, d));
        }
        if let Some(weights) = weights {
            gradient::<S, M>(block, weights);
        }
        score
    }
}

/// Leaves the weights wₖ as priors, and the scales; clears the derivatives that are sums.
#[inline(always)]
fn prepare<S: Simd, M: LogScale>(block: &mut Block<S>) {
    let (sum, _) = priors(block);
    let zero = block.splat(0.0);
    for k in 0..block.components {
        block.set_prior(k, block.prior(k).div(sum));
        block.set_by_weight(k, zero);
        for row in 0..block.scales {
            let log_scale = scale::<S, M>(block, row, row, k);
            block.set_scale(row, k, math::exp(log_scale));
            block.set_by_scale(row, k, zero);
        }
    }
}

/// Σ wₖ A(t − μₖ, σₖ) and what a component is apart from itself, −½ Σ wₖ² A(0, σₖ√2), of target `d`.
#[inline(always)]
fn distances<S: Simd>(block: &mut Block<S>, d: usize) -> Lanes<S> {
    let row = d.min(block.scales - 1);
    // A(0, σ√2) = 2√2 φ(0) σ, of whose product with ½ w² this is half the derivative by w σ.
    let itself = block.splat(std::f32::consts::SQRT_2 * PEAK);
    let mut total = block.splat(0.0);
    for k in 0..block.components {
        let (weight, scale) = (block.prior(k), block.scale(row, k));
        let from_target = Distance::new(block.difference(d, k), scale);
        let own = weight.mul(itself);
        let apart = own.mul(scale);
        total = total.add(weight.mul(from_target.value.sub(apart)));
        let by_weight = from_target.value.sub(apart).sub(apart);
        block.set_by_weight(k, block.by_weight(k).add(by_weight));
        block.set_by_mean(d, k, weight.mul(from_target.by_mean).negate());
        let by_scale = weight.mul(from_target.by_scale.sub(own));
        block.set_by_scale(row, k, block.by_scale(row, k).add(by_scale));
    }
    total
}

/// Σ wⱼ wₖ A(μₖ − μⱼ, sⱼₖ) over the pairs j < k, of target `d`.
#[inline(always)]
fn pairs<S: Simd>(block: &mut Block<S>, d: usize) -> Lanes<S> {
    let row = d.min(block.scales - 1);
    let mut total = block.splat(0.0);
    for k in 1..block.components {
        let (weight, mean, scale) = (block.prior(k), block.mean(d, k), block.scale(row, k));
        let mut by_weight = block.by_weight(k);
        let mut by_mean = block.by_mean(d, k);
        let mut by_scale = block.by_scale(row, k);
        for j in 0..k {
            let (other_weight, other) = (block.prior(j), block.scale(row, j));
            let both = weight.mul(other_weight);
            let long = hypotenuse(scale, other);
            let between = Distance::new(mean.sub(block.mean(d, j)), long);
            total = total.add(both.mul(between.value));
            by_weight = by_weight.sub(other_weight.mul(between.value));
            block.set_by_weight(j, block.by_weight(j).sub(weight.mul(between.value)));
            let push = both.mul(between.by_mean);
            by_mean = by_mean.sub(push);
            block.set_by_mean(d, j, block.by_mean(d, j).add(push));
            let spread = both.mul(between.by_scale).div(long);
            by_scale = by_scale.sub(spread.mul(scale));
            block.set_by_scale(row, j, block.by_scale(row, j).sub(spread.mul(other)));
        }
        block.set_by_weight(k, by_weight);
        block.set_by_mean(d, k, by_mean);
        block.set_by_scale(row, k, by_scale);
    }
    total
}

/// Replaces the block's outputs by `weights` times the gradient.
#[inline(always)]
fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, weights: Lanes<S>) {
    let mut mean = block.splat(0.0);
    for k in 0..block.components {
        mean = mean.add(block.prior(k).mul(block.by_weight(k)));
    }
    for k in 0..block.components {
        let logit = block.prior(k).mul(block.by_weight(k).sub(mean));
        block.set_logit(k, weights.mul(logit));
        for d in 0..block.dimensions {
            block.set_mean(d, k, weights.mul(block.by_mean(d, k)));
        }
        for row in 0..block.scales {
            let by_log_scale = block.by_scale(row, k).mul(block.scale(row, k));
            descale::<S, M>(block, row, row, k, weights.mul(by_log_scale));
        }
    }
}

/// A(m, s), and its derivatives.
struct Distance<V> {
    value: V,
    by_mean: V,
    by_scale: V,
}

impl<V: Vector> Distance<V> {
    #[inline(always)]
    fn new(m: V, s: V) -> Self {
        let ratio = m.div(s);
        let by_mean = math::erf(ratio.mul(m.splat(std::f32::consts::FRAC_1_SQRT_2)));
        let density = math::exp(m.splat(-0.5).mul(ratio.mul(ratio)));
        let by_scale = m.splat(2.0 * PEAK).mul(density);
        Distance {
            value: s.mul(by_scale).add(m.mul(by_mean)),
            by_mean,
            by_scale,
        }
    }
}

/// √(a² + b²) for positive a and b, without squares that leave binary32.
#[inline(always)]
fn hypotenuse<V: Vector>(a: V, b: V) -> V {
    let (long, short) = (a.larger(b), a.smaller(b));
    let ratio = short.div(long);
    long.mul(a.splat(1.0).add(ratio.mul(ratio)).sqrt())
}
