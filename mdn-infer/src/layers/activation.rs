//! The functions between dense layers.

use crate::format::Activation;
use crate::math::{self, map};
use crate::simd::{Simd, Vector};

/// Applies `activation` to each of `values`.
#[inline(always)]
pub(crate) fn activate<S: Simd>(simd: S, activation: Activation, values: &mut [f32]) {
    if S::Vector::LANES == 1 {
        return apart(simd, activation, values);
    }
    chosen(simd, activation, values);
}

/// A function of its own where that needs no instruction set: small processors keep neither the
/// constants of all activations at hand nor their code twice.
#[inline(never)]
fn apart<S: Simd>(simd: S, activation: Activation, values: &mut [f32]) {
    chosen(simd, activation, values);
}

#[inline(always)]
fn chosen<S: Simd>(simd: S, activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Identity => {}
        Activation::Sigmoid => map(simd, values, math::Sigmoid),
        Activation::Tanh => map(simd, values, math::Tanh),
        Activation::Relu => map(simd, values, math::Relu),
        Activation::Gelu => map(simd, values, math::Gelu),
        Activation::Silu => map(simd, values, math::Silu),
    }
}
