//! The elementary functions.
//!
//! `exact` has our own, whose bits are those of the arithmetic contract. With one of the features
//! `libm` and `micromath`, `close` puts functions of other crates in the place of some: less code,
//! results that are only close. [`BACK_END`](crate::BACK_END) says which were built.

mod between;
#[cfg(any(feature = "libm", feature = "micromath"))]
mod close;
mod exact;
mod turns;

#[cfg(any(feature = "libm", feature = "micromath"))]
use close as chosen;
#[cfg(not(any(feature = "libm", feature = "micromath")))]
use exact as chosen;

pub use between::{ln_normal_between, normal_between};
pub use chosen::{exp, exp_normal, gelu, ln, ln_1p, sigmoid, silu, softplus, tanh};
pub(crate) use chosen::{exp_below_one, ln_normal};
pub use exact::{erf, erfc, normal_cdf, normal_quantile, relu, sqrt};
pub(crate) use turns::{cos_turns, sin_turns, turns_of};

use core::slice::from_mut;

use crate::simd::{Kernel, Level, Simd, Vector};

/// A function of one variable, generic over the vector type, as a value.
pub trait Elementary {
    /// The function of every lane.
    fn apply<V: Vector>(self, x: V) -> V;
}

/// Names each function as a value of a unit type.
macro_rules! elementary {
    ($($name:ident is $function:ident)*) => {$(
        #[doc = concat!("The function [`", stringify!($function), "`] as a value.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Elementary for $name {
            #[inline(always)]
            fn apply<V: Vector>(self, x: V) -> V {
                $function(x)
            }
        }
    )*};
}

elementary! {
    Exp is exp
    Sqrt is sqrt
    Ln is ln
    Ln1p is ln_1p
    Tanh is tanh
    Sigmoid is sigmoid
    Softplus is softplus
    Silu is silu
    Gelu is gelu
    Relu is relu
    Erf is erf
    Erfc is erfc
    NormalCdf is normal_cdf
    NormalQuantile is normal_quantile
}

/// ln(softplus x) as a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSoftplus;

impl Elementary for LogSoftplus {
    #[inline(always)]
    fn apply<V: Vector>(self, x: V) -> V {
        ln(softplus(x))
    }
}

struct Map<'a, F> {
    function: F,
    values: &'a mut [f32],
}

impl<F: Elementary + Copy> Kernel for Map<'_, F> {
    type Output = ();
    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        map(simd, self.values, self.function);
    }
}

/// Applies `function` to each element of `values`, within a kernel.
#[inline(always)]
pub fn map<S: Simd>(simd: S, values: &mut [f32], function: impl Elementary + Copy) {
    if S::Vector::LANES == 1 {
        for value in values {
            function.apply(simd.splat(*value)).store(from_mut(value));
        }
        return;
    }
    let wide = values.len() / S::Wide::LANES * S::Wide::LANES;
    let (wide, rest) = values.split_at_mut_checked(wide).unwrap_or_default();
    for chunk in wide.chunks_exact_mut(S::Wide::LANES) {
        function.apply(simd.load_wide(chunk)).store(chunk);
    }
    for chunk in rest.chunks_mut(S::Vector::LANES) {
        function.apply(simd.load(chunk, 0.0)).store(chunk);
    }
}

/// Applies `function` to each element of `values`, dispatching once.
pub fn map_slice(level: Level, values: &mut [f32], function: impl Elementary + Copy) {
    level.run_batch(Map { function, values });
}
