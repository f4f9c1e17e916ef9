//! The log-density of one component and its gradient, for each kind of covariance.

use mdn_infer::simd::{Simd, Vector};

use super::block::Block;
use super::scale::{LogScale, descale, scale};
use crate::network::MAX_DIMENSIONS;

/// A kind of covariance.
pub(super) trait Kind {
    /// −½ ‖z‖² − Σᵢ ℓᵢ of component `k`: the log-density without −D/2 ln 2π. Keeps z.
    fn log_density<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize) -> S::Vector;
    /// Replaces means and factors of component `k` by the gradient, given `responsibility`
    /// (times the row's weight).
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: S::Vector);
}

/// One scale for all dimensions.
pub(super) struct Isotropic;
impl Kind for Isotropic {
    #[inline(always)]
    fn log_density<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize) -> S::Vector {
        let log_scale = scale::<S, M>(block, 0, 0, k);
        let inverse = block.inverse_scale(0, k);
        let square = whiten(block, k, |_, _| inverse);
        let volume = log_scale.mul(log_scale.splat(block.dimensions as f32));
        square.mul(square.splat(-0.5)).sub(volume)
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: S::Vector) {
        let pull = responsibility.mul(block.inverse_scale(0, k)).negate();
        let mut excess = pull.splat(block.dimensions as f32);
        for d in 0..block.dimensions {
            let z = block.whitened(d, k);
            excess = excess.sub(z.mul(z));
            block.set_mean(d, k, pull.mul(z));
        }
        descale::<S, M>(block, 0, 0, k, responsibility.mul(excess));
    }
}

/// One scale a dimension.
pub(super) struct Diagonal;
impl Kind for Diagonal {
    #[inline(always)]
    fn log_density<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize) -> S::Vector {
        let mut volume = block.simd.splat(0.0);
        for d in 0..block.dimensions {
            volume = volume.add(scale::<S, M>(block, d, d, k));
        }
        let square = whiten(block, k, |block, d| block.inverse_scale(d, k));
        square.mul(square.splat(-0.5)).sub(volume)
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: S::Vector) {
        let one = responsibility.splat(1.0);
        for d in 0..block.dimensions {
            let z = block.whitened(d, k);
            let pull = responsibility.mul(block.inverse_scale(d, k)).negate();
            block.set_mean(d, k, pull.mul(z));
            let excess = one.sub(z.mul(z));
            descale::<S, M>(block, d, d, k, responsibility.mul(excess));
        }
    }
}

/// Keeps z = (x − μ) · inverse scale; ‖z‖².
#[inline(always)]
fn whiten<S: Simd>(
    block: &mut Block<S>,
    k: usize,
    inverse: impl Fn(&Block<S>, usize) -> S::Vector,
) -> S::Vector {
    let mut square = block.simd.splat(0.0);
    for d in 0..block.dimensions {
        let z = block.difference(d, k).mul(inverse(block, d));
        square = square.add(z.mul(z));
        block.set_whitened(d, k, z);
    }
    square
}

/// The row of the factor Lᵢⱼ, j ≤ i.
#[inline(always)]
const fn entry(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// A lower-triangular Cholesky factor of the precision.
pub(super) struct Full;
impl Kind for Full {
    #[inline(always)]
    fn log_density<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize) -> S::Vector {
        let mut differences = [block.simd.splat(0.0); MAX_DIMENSIONS];
        let (mut volume, mut square) = (differences[0], differences[0]);
        for i in 0..block.dimensions {
            differences[i] = block.difference(i, k);
            volume = volume.add(scale::<S, M>(block, entry(i, i), i, k));
            let mut z = differences[i].mul(block.inverse_scale(i, k));
            for (j, &difference) in differences.iter().enumerate().take(i) {
                z = z.add(block.factor(entry(i, j), k).mul(difference));
            }
            square = square.add(z.mul(z));
            block.set_whitened(i, k, z);
        }
        square.mul(square.splat(-0.5)).sub(volume)
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: S::Vector) {
        let mut differences = [block.simd.splat(0.0); MAX_DIMENSIONS];
        // Lᵀ z, gathered row by row of L.
        let mut pull = differences;
        for i in 0..block.dimensions {
            differences[i] = block.difference(i, k);
            let z = block.whitened(i, k);
            let weighted = responsibility.mul(z);
            for j in 0..i {
                let row = entry(i, j);
                pull[j] = pull[j].add(block.factor(row, k).mul(z));
                block.set_factor(row, k, weighted.mul(differences[j]));
            }
            let inverse = block.inverse_scale(i, k);
            pull[i] = pull[i].add(inverse.mul(z));
            let moment = weighted.mul(differences[i]).mul(inverse);
            descale::<S, M>(block, entry(i, i), i, k, responsibility.sub(moment));
        }
        for (d, pull) in pull.iter().enumerate().take(block.dimensions) {
            block.set_mean(d, k, responsibility.mul(*pull).negate());
        }
    }
}
