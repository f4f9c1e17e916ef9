//! The log-density of one component and its gradient, for each kind of covariance.

use mdn_infer::simd::{Simd, Vector};

use super::block::{Block, Lanes, entry};
use super::scale::{LogScale, descale, scale};
use crate::network::MAX_DIMENSIONS;

/// A kind of covariance.
pub(super) trait Kind {
    /// Keeps the scales of all components; takes Σᵢ ℓᵢ off the joints.
    fn scales<S: Simd, M: LogScale>(block: &mut Block<S>);
    /// The joint of component `k` after [`Kind::scales`] less ½ ‖z‖². Keeps z.
    fn log_density<S: Simd>(block: &mut Block<S>, k: usize) -> Lanes<S>;
    /// Keeps the covariance of component `k` after [`Kind::scales`].
    fn covariance<S: Simd>(block: &mut Block<S>, k: usize);
    /// Where [`Kind::covariance`] keeps the entry (i, j), j ≤ i, unless it is zero.
    fn covariance_row(i: usize, j: usize) -> Option<usize>;
    /// Replaces means and factors of component `k` by the gradient, given `responsibility`
    /// (times the row's weight), and that of the moments' score beside it.
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: Lanes<S>);
}

/// One scale for all dimensions.
pub(super) struct Isotropic;
impl Kind for Isotropic {
    #[inline(always)]
    fn scales<S: Simd, M: LogScale>(block: &mut Block<S>) {
        let dimensions = block.splat(block.dimensions as f32);
        for k in 0..block.components {
            let log_scale = scale::<S, M>(block, 0, 0, k);
            block.set_joint(k, block.joint(k).sub(log_scale.mul(dimensions)));
        }
    }

    #[inline(always)]
    fn log_density<S: Simd>(block: &mut Block<S>, k: usize) -> Lanes<S> {
        let inverse = block.inverse_scale(0, k);
        whiten(block, k, |_, _| inverse)
    }

    #[inline(always)]
    fn covariance<S: Simd>(block: &mut Block<S>, k: usize) {
        let variance = variance(block, 0, k);
        for d in 0..block.dimensions {
            block.set_covariance(d, k, variance);
        }
    }

    #[inline(always)]
    fn covariance_row(i: usize, j: usize) -> Option<usize> {
        (i == j).then_some(i)
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: Lanes<S>) {
        let pull = responsibility.mul(block.inverse_scale(0, k)).negate();
        let mut excess = pull.splat(block.dimensions as f32);
        let mut of_moments = pull.splat(0.0);
        for d in 0..block.dimensions {
            let z = block.whitened(d, k);
            excess = excess.sub(z.mul(z));
            of_moments = of_moments.add(score_by_log_scale(block, d, k));
            block.set_mean(d, k, pull.mul(z).add(block.score_by_mean(d, k)));
        }
        let of_likelihood = responsibility.mul(excess);
        descale::<S, M>(block, 0, 0, k, of_likelihood.add(of_moments));
    }
}

/// One scale a dimension.
pub(super) struct Diagonal;
impl Kind for Diagonal {
    #[inline(always)]
    fn scales<S: Simd, M: LogScale>(block: &mut Block<S>) {
        for d in 0..block.dimensions {
            for k in 0..block.components {
                let log_scale = scale::<S, M>(block, d, d, k);
                block.set_joint(k, block.joint(k).sub(log_scale));
            }
        }
    }

    #[inline(always)]
    fn log_density<S: Simd>(block: &mut Block<S>, k: usize) -> Lanes<S> {
        whiten(block, k, |block, d| block.inverse_scale(d, k))
    }

    #[inline(always)]
    fn covariance<S: Simd>(block: &mut Block<S>, k: usize) {
        for d in 0..block.dimensions {
            block.set_covariance(d, k, variance(block, d, k));
        }
    }

    #[inline(always)]
    fn covariance_row(i: usize, j: usize) -> Option<usize> {
        (i == j).then_some(i)
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: Lanes<S>) {
        let one = responsibility.splat(1.0);
        for d in 0..block.dimensions {
            let z = block.whitened(d, k);
            let pull = responsibility.mul(block.inverse_scale(d, k)).negate();
            block.set_mean(d, k, pull.mul(z).add(block.score_by_mean(d, k)));
            let of_likelihood = responsibility.mul(one.sub(z.mul(z)));
            let of_moments = score_by_log_scale(block, d, k);
            descale::<S, M>(block, d, d, k, of_likelihood.add(of_moments));
        }
    }
}

/// The square of a scale.
#[inline(always)]
fn variance<S: Simd>(block: &Block<S>, d: usize, k: usize) -> Lanes<S> {
    let inverse = block.inverse_scale(d, k);
    block.splat(1.0).div(inverse.mul(inverse))
}

/// The derivative of the moments' score by ln σ: 2σ² times that by σ², which is πₖ G's.
#[inline(always)]
fn score_by_log_scale<S: Simd>(block: &Block<S>, d: usize, k: usize) -> Lanes<S> {
    let by_variance = block.portion(k).mul(block.by_covariance(d, d));
    by_variance.add(by_variance).mul(block.covariance(d, k))
}

/// Keeps z = (x − μ) · inverse scale; the joint less ½ ‖z‖².
#[inline(always)]
fn whiten<S: Simd>(
    block: &mut Block<S>,
    k: usize,
    inverse: impl Fn(&Block<S>, usize) -> Lanes<S>,
) -> Lanes<S> {
    let mut square = block.splat(0.0);
    for d in 0..block.dimensions {
        let z = block.difference(d, k).mul(inverse(block, d));
        square = square.add(z.mul(z));
        block.set_whitened(d, k, z);
    }
    block.joint(k).sub(square.mul(square.splat(0.5)))
}

/// A lower-triangular Cholesky factor of the precision.
pub(super) struct Full;
impl Kind for Full {
    #[inline(always)]
    fn scales<S: Simd, M: LogScale>(block: &mut Block<S>) {
        for i in 0..block.dimensions {
            for k in 0..block.components {
                let log_scale = scale::<S, M>(block, entry(i, i), i, k);
                block.set_joint(k, block.joint(k).sub(log_scale));
            }
        }
    }

    #[inline(always)]
    fn log_density<S: Simd>(block: &mut Block<S>, k: usize) -> Lanes<S> {
        let mut differences = [block.splat(0.0); MAX_DIMENSIONS];
        let mut square = differences[0];
        for i in 0..block.dimensions {
            differences[i] = block.difference(i, k);
            let mut z = differences[i].mul(block.inverse_scale(i, k));
            for (j, &difference) in differences.iter().enumerate().take(i) {
                z = z.add(block.factor(entry(i, j), k).mul(difference));
            }
            square = square.add(z.mul(z));
            block.set_whitened(i, k, z);
        }
        block.joint(k).sub(square.mul(square.splat(0.5)))
    }

    /// Σ = B Bᵀ, with B = L⁻¹ by forward substitution.
    #[inline(always)]
    fn covariance<S: Simd>(block: &mut Block<S>, k: usize) {
        let one = block.splat(1.0);
        for i in 0..block.dimensions {
            let scale = one.div(block.inverse_scale(i, k));
            for j in 0..i {
                let mut sum = one.splat(0.0);
                for l in j..i {
                    let factor = block.factor(entry(i, l), k);
                    sum = sum.sub(factor.mul(block.inverse_factor(l, j, k)));
                }
                block.set_inverse_factor(i, j, k, sum.mul(scale));
            }
            block.set_inverse_factor(i, i, k, scale);
            for j in 0..=i {
                let mut sum = one.splat(0.0);
                for l in 0..=j {
                    let other = block.inverse_factor(j, l, k);
                    sum = sum.add(block.inverse_factor(i, l, k).mul(other));
                }
                block.set_covariance(entry(i, j), k, sum);
            }
        }
    }

    #[inline(always)]
    fn covariance_row(i: usize, j: usize) -> Option<usize> {
        Some(entry(i, j))
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: Lanes<S>) {
        if block.moments > 0.0 {
            multiply(block, k);
        }
        let mut differences = [block.splat(0.0); MAX_DIMENSIONS];
        // Lᵀ z, gathered row by row of L.
        let mut pull = differences;
        for i in 0..block.dimensions {
            differences[i] = block.difference(i, k);
            let z = block.whitened(i, k);
            let weighted = responsibility.mul(z);
            for j in 0..i {
                let row = entry(i, j);
                pull[j] = pull[j].add(block.factor(row, k).mul(z));
                let of_moments = score_by_factor(block, i, j, k);
                block.set_factor(row, k, weighted.mul(differences[j]).add(of_moments));
            }
            let inverse = block.inverse_scale(i, k);
            pull[i] = pull[i].add(inverse.mul(z));
            let of_moments = score_by_factor(block, i, i, k);
            let by_factor = weighted.mul(differences[i]).add(of_moments);
            let by_log_scale = responsibility.sub(by_factor.mul(inverse));
            descale::<S, M>(block, entry(i, i), i, k, by_log_scale);
        }
        for (d, pull) in pull.iter().enumerate().take(block.dimensions) {
            let of_likelihood = responsibility.mul(*pull).negate();
            block.set_mean(d, k, of_likelihood.add(block.score_by_mean(d, k)));
        }
    }
}

/// Keeps G Σₖ.
#[inline(always)]
fn multiply<S: Simd>(block: &mut Block<S>, k: usize) {
    for i in 0..block.dimensions {
        for j in 0..block.dimensions {
            let mut sum = block.splat(0.0);
            for l in 0..block.dimensions {
                let by_covariance = block.by_covariance(i.max(l), i.min(l));
                let covariance = block.covariance(entry(j.max(l), j.min(l)), k);
                sum = sum.add(by_covariance.mul(covariance));
            }
            block.set_product(i, j, sum);
        }
    }
}

/// The derivative of the moments' score by Lᵢⱼ: −2 πₖ (Bᵀ G Σₖ)ᵢⱼ, as dΣ = −B dL Σ − Σ dLᵀ Bᵀ.
#[inline(always)]
fn score_by_factor<S: Simd>(block: &Block<S>, i: usize, j: usize, k: usize) -> Lanes<S> {
    let mut sum = block.splat(0.0);
    for l in i..block.dimensions {
        sum = sum.add(block.inverse_factor(l, i, k).mul(block.product(l, j)));
    }
    sum.add(sum).mul(block.portion(k)).negate()
}
