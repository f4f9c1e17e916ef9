//! The functions between dense layers.

use crate::format::Activation;
use crate::math::{self, map};
use crate::simd::{Kernel, Simd, Vector};

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

/// [`activate`] as a kernel: with it, the rows of a batch pass in a function of its own.
pub(crate) struct Activate<'a> {
    pub(crate) activation: Activation,
    pub(crate) values: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        activate(simd, self.activation, self.values);
    }
}
