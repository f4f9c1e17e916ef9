//! The activations and their slopes, over the engine's vectors.

use std::marker::PhantomData;

use mdn_infer::format::Activation;
use mdn_infer::math;
use mdn_infer::simd::{Kernel, Level, Simd, Vector};

use super::strip::{ROWS, Strip, load, save};

/// An activation with its derivative.
trait Differentiable {
    /// Whether the slope needs the argument, and so is kept from the forward pass.
    const KEEPS_SLOPE: bool = false;
    /// The value at `x`, and the slope where it is kept.
    fn forward<V: Vector>(x: V) -> (V, V);
    /// The slope, from the value where that is enough.
    fn slope<V: Vector>(value: V, kept: V) -> V;
}

/// 1 / (1 + e^−x)
struct Sigmoid;
impl Differentiable for Sigmoid {
    #[inline(always)]
    fn forward<V: Vector>(x: V) -> (V, V) {
        let value = math::sigmoid(x);
        (value, value)
    }
    #[inline(always)]
    fn slope<V: Vector>(value: V, _: V) -> V {
        value.sub(value.mul(value))
    }
}

/// tanh x
struct Tanh;
impl Differentiable for Tanh {
    #[inline(always)]
    fn forward<V: Vector>(x: V) -> (V, V) {
        let value = math::tanh(x);
        (value, value)
    }
    #[inline(always)]
    fn slope<V: Vector>(value: V, _: V) -> V {
        value.splat(1.0).sub(value.mul(value))
    }
}

/// x where x > 0, else 0
struct Relu;
impl Differentiable for Relu {
    #[inline(always)]
    fn forward<V: Vector>(x: V) -> (V, V) {
        let value = math::relu(x);
        (value, value)
    }
    #[inline(always)]
    fn slope<V: Vector>(value: V, _: V) -> V {
        let zero = value.splat(0.0);
        value.splat(1.0).select(zero.less(value), zero)
    }
}

/// x · sigmoid(x)
struct Silu;
impl Differentiable for Silu {
    const KEEPS_SLOPE: bool = true;
    #[inline(always)]
    fn forward<V: Vector>(x: V) -> (V, V) {
        gated(x, x, x.splat(1.0))
    }
    #[inline(always)]
    fn slope<V: Vector>(_: V, kept: V) -> V {
        kept
    }
}

/// x · sigmoid(√(8/π) · (x + 0.044715 x³))
struct Gelu;
impl Differentiable for Gelu {
    const KEEPS_SLOPE: bool = true;
    #[inline(always)]
    fn forward<V: Vector>(x: V) -> (V, V) {
        /// √(8/π)
        const RATE: f32 = 1.595_769_2;
        let square = x.mul(x);
        let bend = |factor: f32| {
            square
                .mul(x.splat(factor * RATE * 0.044_715))
                .add(x.splat(RATE))
        };
        gated(x, x.mul(bend(1.0)), bend(3.0))
    }
    #[inline(always)]
    fn slope<V: Vector>(_: V, kept: V) -> V {
        kept
    }
}

/// x · sigmoid(u) and its slope, given u and du/dx.
#[inline(always)]
fn gated<V: Vector>(x: V, u: V, rate: V) -> (V, V) {
    let gate = math::sigmoid(u);
    let value = x.mul(gate);
    let slope = gate.add(value.sub(value.mul(gate)).mul(rate));
    (value, slope)
}

/// Replaces arguments by values.
struct Forward<'a, A> {
    values: &'a mut [Strip],
    slopes: &'a mut [Strip],
    activation: PhantomData<A>,
}

impl<A: Differentiable> Kernel for Forward<'_, A> {
    type Output = ();
    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let lanes = (0..ROWS).step_by(S::Twin::LANES);
        if A::KEEPS_SLOPE {
            for (values, slopes) in self.values.iter_mut().zip(self.slopes) {
                for first in lanes.clone() {
                    let (value, slope) = A::forward(load(simd, values, first));
                    save(value, values, first);
                    save(slope, slopes, first);
                }
            }
        } else {
            for values in self.values {
                for first in lanes.clone() {
                    let (value, _) = A::forward(load(simd, values, first));
                    save(value, values, first);
                }
            }
        }
    }
}

/// Multiplies gradients by slopes.
struct Backward<'a, A> {
    values: &'a [Strip],
    slopes: &'a [Strip],
    delta: &'a mut [Strip],
    activation: PhantomData<A>,
}

impl<A: Differentiable> Kernel for Backward<'_, A> {
    type Output = ();
    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let kept = if A::KEEPS_SLOPE {
            self.slopes
        } else {
            self.values
        };
        for (delta, (values, kept)) in self.delta.iter_mut().zip(self.values.iter().zip(kept)) {
            for first in (0..ROWS).step_by(S::Twin::LANES) {
                let value = load(simd, values, first);
                let slope = A::slope(value, load(simd, kept, first));
                save(load(simd, delta, first).mul(slope), delta, first);
            }
        }
    }
}

/// Calls a generic function with the type of an activation; nothing to do for the identity.
macro_rules! dispatch {
    ($activation:expr, $level:expr, $kernel:ident { $($fields:tt)* }) => {
        match $activation {
            Activation::Identity => {}
            Activation::Sigmoid => $level.run_batch($kernel { activation: PhantomData::<Sigmoid>, $($fields)* }),
            Activation::Tanh => $level.run_batch($kernel { activation: PhantomData::<Tanh>, $($fields)* }),
            Activation::Relu => $level.run_batch($kernel { activation: PhantomData::<Relu>, $($fields)* }),
            Activation::Gelu => $level.run_batch($kernel { activation: PhantomData::<Gelu>, $($fields)* }),
            Activation::Silu => $level.run_batch($kernel { activation: PhantomData::<Silu>, $($fields)* }),
            other => unreachable!("activation {other:?} is refused by Architecture::check"),
        }
    };
}

/// Replaces each of `values` by its activation; fills `slopes` where [`keeps_slope`] says so.
pub(super) fn forward(
    level: Level,
    activation: Activation,
    values: &mut [Strip],
    slopes: &mut [Strip],
) {
    dispatch!(activation, level, Forward { values, slopes });
}

/// Multiplies `delta`, the gradient with respect to `values`, by the slopes of the activation.
pub(super) fn backward(
    level: Level,
    activation: Activation,
    values: &[Strip],
    slopes: &[Strip],
    delta: &mut [Strip],
) {
    dispatch!(
        activation,
        level,
        Backward {
            values,
            slopes,
            delta
        }
    );
}

/// Whether the backward pass needs slopes kept from the forward pass.
pub(super) fn keeps_slope(activation: Activation) -> bool {
    matches!(activation, Activation::Gelu | Activation::Silu)
}
