//! The exponential function.

use crate::simd::Vector;

/// e^x.
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    // Placeholder reduction; see the contract.
    let magic = x.splat(12_582_912.0);
    let x = x.splat(-104.0).larger(x.splat(89.0).smaller(x));
    let shifted = x.mul(x.splat(core::f32::consts::LOG2_E)).add(magic);
    let n = shifted.sub(magic);
    let r = x
        .sub(n.mul(x.splat(0.693_359_4)))
        .sub(n.mul(x.splat(-2.121_944_4e-4)));
    let mut p = x.splat(1.0 / 720.0);
    for c in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p.mul(r).add(x.splat(c));
    }
    p.mul(shifted.shift_left::<23>().add_bits(x.splat(1.0)))
}
