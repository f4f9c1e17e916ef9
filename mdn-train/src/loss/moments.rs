//! The Dawid–Sebastiani score of the mixture's mean and covariance, and its gradient with respect to
//! the outputs.
//!
//! With the weights πₖ, the mean m = Σ πₖ μₖ and the covariance V = Σ πₖ (Σₖ + dₖ dₖᵀ), dₖ = μₖ − m, of
//! the mixture, the score of the target t is (Dawid and Sebastiani 1999)
//!
//! > ½ ln det V + ½ δᵀ V⁻¹ δ, δ = t − m.
//!
//! Its mean over rows is lowest where m and V are those of the truth. The likelihood hardly sees a
//! component of weight 10⁻⁴ a thousand scales away, nor do quantiles; in V it outweighs all others, and
//! this score takes its weight away.
//!
//! With a = V⁻¹ δ and G = ½ (V⁻¹ − a aᵀ), which is the derivative by V, those by the outputs are
//! ∂/∂aₖ = πₖ (tr G (Σₖ + dₖ dₖᵀ) − aᵀ dₖ − tr G V), ∂/∂μₖ = πₖ (2 G dₖ − a) and ∂/∂Σₖ = πₖ G, and
//! tr G V is ½ (D − δᵀ V⁻¹ δ). A pass costs O(D² K + D³) a row, with full covariance O(D³ K).
//!
//! What it keeps of a component, as `[item][K]` of the block's scratch: the derivatives by the logit and
//! by the means `[D]`, the weight πₖ times that of the row, the covariance `[F]` and for full
//! covariance the inverse factor `[F]`, F entries each. Behind these lie, once for the mixture, its mean
//! `[D]`, a `[D]`, a triangle that is first V and in the end the inverse of its factor, the triangle of
//! G, and the product G Σₖ `[D][D]` of the component at hand.

use mdn_infer::format::{Covariance, Head};
use mdn_infer::simd::{Simd, Vector};

use super::block::{Block, Lanes, entry};
use super::covariance::Kind;

/// The smallest part of a target's variance that the others leave unexplained: below it, rounding
/// decides.
const UNEXPLAINED: f32 = 1e-5;

/// How many strips the scratch of a block has.
pub(super) fn scratch_strips(head: &Head) -> usize {
    let dimensions = head.dimensions as usize;
    let triangles = 2 * entry(dimensions, 0);
    shared_start(head) + 2 * dimensions + triangles + dimensions * dimensions
}

/// The strip behind those of the components.
#[inline(always)]
pub(super) fn shared_start(head: &Head) -> usize {
    let dimensions = head.dimensions as usize;
    let entries = match head.covariance {
        Covariance::Full => entry(dimensions, 0),
        _ => dimensions,
    };
    head.components as usize * (4 + 4 * dimensions + 2 * entries)
}

/// Leaves `weights` times the score's gradient in the scratch, which holds inverse scales and priors
/// that add up to `sum`.
#[inline(always)]
pub(super) fn gradient<S: Simd, C: Kind>(block: &mut Block<S>, sum: Lanes<S>, weights: Lanes<S>) {
    for k in 0..block.components {
        block.set_portion(k, block.prior(k).div(sum));
        C::covariance(block, k);
    }
    for d in 0..block.dimensions {
        let mut mean = block.splat(0.0);
        for k in 0..block.components {
            mean = mean.add(block.portion(k).mul(block.mean(d, k)));
        }
        block.set_mixture_mean(d, mean);
    }
    covariance::<S, C>(block);
    factorise(block);
    let trace = by_covariance(block);
    for k in 0..block.components {
        block.set_portion(k, block.portion(k).mul(weights));
        component::<S, C>(block, k, trace);
    }
}

/// Leaves V as the triangle.
#[inline(always)]
fn covariance<S: Simd, C: Kind>(block: &mut Block<S>) {
    for i in 0..block.dimensions {
        for j in 0..=i {
            let mut sum = block.splat(0.0);
            for k in 0..block.components {
                sum = sum.add(block.portion(k).mul(second_moment::<S, C>(block, i, j, k)));
            }
            block.set_triangle(i, j, sum);
        }
    }
}

/// (Σₖ + dₖ dₖᵀ)ᵢⱼ, j ≤ i
#[inline(always)]
fn second_moment<S: Simd, C: Kind>(block: &Block<S>, i: usize, j: usize, k: usize) -> Lanes<S> {
    let product = block.offset(i, k).mul(block.offset(j, k));
    match C::covariance_row(i, j) {
        Some(row) => product.add(block.covariance(row, k)),
        None => product,
    }
}

/// Makes of V the inverse of its Cholesky factor.
#[inline(always)]
fn factorise<S: Simd>(block: &mut Block<S>) {
    let one = block.splat(1.0);
    for i in 0..block.dimensions {
        let variance = block.triangle(i, i);
        let mut rest = variance;
        for j in 0..i {
            // Row j is inverted already: the row of the factor is that of V times its transpose.
            let mut sum = one.splat(0.0);
            for l in 0..=j {
                sum = sum.add(block.triangle(i, l).mul(block.triangle(j, l)));
            }
            block.set_product(0, j, sum);
            rest = rest.sub(sum.mul(sum));
        }
        let rest = rest.larger(variance.mul(one.splat(UNEXPLAINED)));
        let inverse = one.div(rest.sqrt());
        for j in 0..i {
            let mut sum = one.splat(0.0);
            for l in j..i {
                sum = sum.sub(block.product(0, l).mul(block.triangle(l, j)));
            }
            block.set_triangle(i, j, sum.mul(inverse));
        }
        block.set_triangle(i, i, inverse);
    }
}

/// Leaves a and G; tr G V.
#[inline(always)]
fn by_covariance<S: Simd>(block: &mut Block<S>) -> Lanes<S> {
    let (zero, half) = (block.splat(0.0), block.splat(0.5));
    let mut rest = block.splat(block.dimensions as f32);
    for i in 0..block.dimensions {
        let mut z = zero;
        for j in 0..=i {
            let difference = block.target(j).sub(block.mixture_mean(j));
            z = z.add(block.triangle(i, j).mul(difference));
        }
        rest = rest.sub(z.mul(z));
        block.set_pull(i, zero);
        for j in 0..=i {
            let pull = block.pull(j).add(block.triangle(i, j).mul(z));
            block.set_pull(j, pull);
        }
    }
    for i in 0..block.dimensions {
        for j in 0..=i {
            let mut sum = block.pull(i).mul(block.pull(j)).negate();
            for l in i..block.dimensions {
                sum = sum.add(block.triangle(l, i).mul(block.triangle(l, j)));
            }
            block.set_by_covariance(i, j, sum.mul(half));
        }
    }
    rest.mul(half)
}

/// Leaves the derivatives by the logit and the means of component `k`.
#[inline(always)]
fn component<S: Simd, C: Kind>(block: &mut Block<S>, k: usize, trace: Lanes<S>) {
    let portion = block.portion(k);
    let mut by_logit = trace.negate();
    for i in 0..block.dimensions {
        let mut product = block.splat(0.0);
        for j in 0..block.dimensions {
            let (high, low) = (i.max(j), i.min(j));
            let by_covariance = block.by_covariance(high, low);
            product = product.add(by_covariance.mul(block.offset(j, k)));
            let moment = second_moment::<S, C>(block, high, low, k);
            by_logit = by_logit.add(by_covariance.mul(moment));
        }
        let pull = block.pull(i);
        by_logit = by_logit.sub(pull.mul(block.offset(i, k)));
        block.set_score_by_mean(i, k, portion.mul(product.add(product).sub(pull)));
    }
    block.set_score_by_logit(k, portion.mul(by_logit));
}

/// What the score keeps in the scratch.
impl<S: Simd> Block<'_, S> {
    /// dₖ
    #[inline(always)]
    fn offset(&self, d: usize, k: usize) -> Lanes<S> {
        self.mean(d, k).sub(self.mixture_mean(d))
    }

    /// The derivative by a logit.
    #[inline(always)]
    pub(super) fn score_by_logit(&self, k: usize) -> Lanes<S> {
        self.kept(2 + 3 * self.dimensions, k)
    }
    #[inline(always)]
    fn set_score_by_logit(&mut self, k: usize, value: Lanes<S>) {
        self.keep(2 + 3 * self.dimensions, k, value);
    }
    /// The derivative by a mean.
    #[inline(always)]
    pub(super) fn score_by_mean(&self, d: usize, k: usize) -> Lanes<S> {
        self.kept(3 + 3 * self.dimensions + d, k)
    }
    #[inline(always)]
    fn set_score_by_mean(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.keep(3 + 3 * self.dimensions + d, k, value);
    }
    /// πₖ, in the end times the weight of the row.
    #[inline(always)]
    pub(super) fn portion(&self, k: usize) -> Lanes<S> {
        self.kept(3 + 4 * self.dimensions, k)
    }
    #[inline(always)]
    fn set_portion(&mut self, k: usize, value: Lanes<S>) {
        self.keep(3 + 4 * self.dimensions, k, value);
    }
    /// An entry of Σₖ.
    #[inline(always)]
    pub(super) fn covariance(&self, row: usize, k: usize) -> Lanes<S> {
        self.kept(4 + 4 * self.dimensions + row, k)
    }
    #[inline(always)]
    pub(super) fn set_covariance(&mut self, row: usize, k: usize, value: Lanes<S>) {
        self.keep(4 + 4 * self.dimensions + row, k, value);
    }
    /// An entry of the inverse of the factor of full covariance.
    #[inline(always)]
    pub(super) fn inverse_factor(&self, i: usize, j: usize, k: usize) -> Lanes<S> {
        self.kept(self.inverse_factor_item(i, j), k)
    }
    #[inline(always)]
    pub(super) fn set_inverse_factor(&mut self, i: usize, j: usize, k: usize, value: Lanes<S>) {
        self.keep(self.inverse_factor_item(i, j), k, value);
    }
    #[inline(always)]
    fn inverse_factor_item(&self, i: usize, j: usize) -> usize {
        4 + 4 * self.dimensions + entry(self.dimensions, 0) + entry(i, j)
    }

    #[inline(always)]
    fn mixture_mean(&self, d: usize) -> Lanes<S> {
        self.at(self.shared + d)
    }
    #[inline(always)]
    fn set_mixture_mean(&mut self, d: usize, value: Lanes<S>) {
        self.set_at(self.shared + d, value);
    }
    /// a
    #[inline(always)]
    fn pull(&self, d: usize) -> Lanes<S> {
        self.at(self.shared + self.dimensions + d)
    }
    #[inline(always)]
    fn set_pull(&mut self, d: usize, value: Lanes<S>) {
        self.set_at(self.shared + self.dimensions + d, value);
    }
    /// An entry of V or of the inverse of its factor, j ≤ i.
    #[inline(always)]
    fn triangle(&self, i: usize, j: usize) -> Lanes<S> {
        self.at(self.shared + 2 * self.dimensions + entry(i, j))
    }
    #[inline(always)]
    fn set_triangle(&mut self, i: usize, j: usize, value: Lanes<S>) {
        self.set_at(self.shared + 2 * self.dimensions + entry(i, j), value);
    }
    /// An entry of G, j ≤ i.
    #[inline(always)]
    pub(super) fn by_covariance(&self, i: usize, j: usize) -> Lanes<S> {
        self.at(self.by_covariance_strip(i, j))
    }
    #[inline(always)]
    fn set_by_covariance(&mut self, i: usize, j: usize, value: Lanes<S>) {
        self.set_at(self.by_covariance_strip(i, j), value);
    }
    #[inline(always)]
    fn by_covariance_strip(&self, i: usize, j: usize) -> usize {
        self.shared + 2 * self.dimensions + entry(self.dimensions, 0) + entry(i, j)
    }
    /// An entry of G Σₖ.
    #[inline(always)]
    pub(super) fn product(&self, i: usize, j: usize) -> Lanes<S> {
        self.at(self.product_strip(i, j))
    }
    #[inline(always)]
    pub(super) fn set_product(&mut self, i: usize, j: usize, value: Lanes<S>) {
        self.set_at(self.product_strip(i, j), value);
    }
    #[inline(always)]
    fn product_strip(&self, i: usize, j: usize) -> usize {
        let triangles = 2 * entry(self.dimensions, 0);
        self.shared + 2 * self.dimensions + triangles + i * self.dimensions + j
    }
}
