//! The parameters of an ensemble: from one network after the other to one mixture.

use crate::format::Head;

/// Rows of M networks, `[M][R][K]`, become those of the mixture of all their components,
/// `[R][M][K]`, in place: R is 2 + D + F, the rows of log-weights, means, factors and
/// log-coefficients that each network has for its K components.
///
/// A transposition of blocks. Each place in turn is given its block; the one that was there goes
/// where that block came from, and is found again by following the same way. A function of its own,
/// for it is the same with every instruction set.
#[inline(never)]
pub(crate) fn interleave(parameters: &mut [f32], members: usize, head: &Head) {
    let (members, components) = (members.max(1), usize::from(head.components).max(1));
    let rows = head.parameters() / components;
    // Block `to` of the result is row `to / members` of network `to % members`.
    let source = |to: usize| to % members * rows + to / members;
    for to in 0..members * rows {
        let mut from = source(to);
        while from < to {
            from = source(from);
        }
        swap_blocks(parameters, components, to, from);
    }
}

/// Exchanges two blocks of `len` numbers, `low` ≤ `high`.
fn swap_blocks(parameters: &mut [f32], len: usize, low: usize, high: usize) {
    let Some((front, back)) = parameters.split_at_mut_checked(high * len) else {
        return;
    };
    let low = front.get_mut(low * len..).unwrap_or_default();
    if let (Some(low), Some(high)) = (low.get_mut(..len), back.get_mut(..len)) {
        for (a, b) in low.iter_mut().zip(high) {
            core::mem::swap(a, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Covariance, ScaleMap};

    #[test]
    fn every_block_finds_its_place() {
        for (components, dimensions, covariance) in [
            (1, 1, Covariance::Isotropic),
            (3, 2, Covariance::Diagonal),
            (2, 16, Covariance::Full),
        ] {
            let head = Head {
                components,
                dimensions,
                covariance,
                scale_map: ScaleMap::Exp,
                log_scale_min: -1.0,
                log_scale_max: 1.0,
            };
            let (len, rows) = (
                usize::from(components),
                head.parameters() / usize::from(components),
            );
            for members in [1, 2, 3, 4, 5, 7, 64] {
                // Each number says which it is: the room is that of the largest case.
                let mut all = [0.0_f32; 64 * 2 * 154];
                let parameters = &mut all[..members * rows * len];
                let number = |m: usize, r: usize, k: usize| ((m * rows + r) * len + k) as f32;
                for (at, parameter) in parameters.iter_mut().enumerate() {
                    *parameter = at as f32;
                }
                interleave(parameters, members, &head);
                for (at, &parameter) in parameters.iter().enumerate() {
                    let (r, m, k) = (at / len / members, at / len % members, at % len);
                    assert_eq!(parameter, number(m, r, k), "{members} networks, place {at}");
                }
            }
        }
    }
}
