//! Two vectors seen as one.

use super::{Simd, Vector};

/// Two vectors seen as one. The elementary functions are long chains of dependent operations; two
/// of them interleaved keep the processor busy.
#[derive(Clone, Copy)]
pub struct Twin<V>(V, V);

impl<V: Vector> Twin<V> {
    /// The first lanes of `from`, 0 beyond its end.
    #[inline(always)]
    pub(super) fn load<S: Simd<Vector = V>>(simd: S, from: &[f32]) -> Self {
        let (left, right) = from.split_at_checked(V::LANES).unwrap_or((from, &[]));
        Twin(simd.load(left, 0.0), simd.load(right, 0.0))
    }
}

/// Passes each operation on to both vectors.
macro_rules! pairwise {
    ($($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            Twin(self.0.$name(other.0), self.1.$name(other.1))
        }
    )*};
}

impl<V: Vector> Vector for Twin<V> {
    const LANES: usize = 2 * V::LANES;
    type Mask = (V::Mask, V::Mask);

    pairwise!(add sub mul div and or xor add_bits sub_bits);

    #[inline(always)]
    fn sqrt(self) -> Self {
        Twin(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        Twin(self.0.splat(value), self.1.splat(value))
    }
    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        (self.0.less(other.0), self.1.less(other.1))
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        Twin(
            self.0.select(mask.0, other.0),
            self.1.select(mask.1, other.1),
        )
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        Twin(self.0.shift_left::<N>(), self.1.shift_left::<N>())
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        Twin(self.0.shift_right::<N>(), self.1.shift_right::<N>())
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        match to.split_at_mut_checked(V::LANES) {
            Some((left, right)) => {
                self.0.store(left);
                self.1.store(right);
            }
            None => self.0.store(to),
        }
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        Twin(self.0.each(function), self.1.each(function))
    }
}
