//! How a shard of rows lies in memory.
//!
//! Rows come in blocks of [`ROWS`]. A buffer is `[block][feature][ROWS]`: a vector's lanes are
//! rows, so activations, likelihood and slopes are vertical, without horizontal sums, and the
//! features of a block lie together, so that one block at a time stays in the fastest cache.

use mdn_infer::simd::{Simd, Vector};

/// How many rows a block has; those that the data don't fill are padding.
pub(crate) const ROWS: usize = 16;

/// How many octets a strip has.
pub(crate) const OCTETS: usize = ROWS / 8;

/// One feature of one block of rows.
pub(crate) type Strip = [f32; ROWS];

/// How many strips a block takes: one a feature, made odd, because at a distance of a power of
/// two the blocks' strips of one feature would compete for the same few places in the cache.
pub(crate) const fn pitch(features: usize) -> usize {
    features | 1
}

/// A buffer for `rows` rows.
pub(crate) fn buffer(features: usize, rows: usize) -> Vec<Strip> {
    vec![[0.0; ROWS]; pitch(features) * rows.div_ceil(ROWS)]
}

/// Two vectors seen as one. The elementary functions are long chains of dependent operations; two
/// of them interleaved keep the processor busy.
#[derive(Clone, Copy)]
pub(crate) struct Pair<V>(V, V);

impl<V: Vector> Pair<V> {
    /// The first lanes of a strip from row `first` on.
    #[inline(always)]
    pub(crate) fn load<S: Simd<Vector = V>>(simd: S, strip: &Strip, first: usize) -> Self {
        let (left, right) = strip[first..first + Self::LANES].split_at(V::LANES);
        Pair(simd.load(left, 0.0), simd.load(right, 0.0))
    }

    /// Writes to the lanes of a strip from row `first` on.
    #[inline(always)]
    pub(crate) fn save(self, strip: &mut Strip, first: usize) {
        self.store(&mut strip[first..first + Self::LANES]);
    }

    /// `value` in every lane.
    #[inline(always)]
    pub(crate) fn splat<S: Simd<Vector = V>>(simd: S, value: f32) -> Self {
        Pair(simd.splat(value), simd.splat(value))
    }
}

/// Passes each operation on to both vectors.
macro_rules! pairwise {
    ($($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            Pair(self.0.$name(other.0), self.1.$name(other.1))
        }
    )*};
}

impl<V: Vector> Vector for Pair<V> {
    const LANES: usize = 2 * V::LANES;
    type Mask = (V::Mask, V::Mask);

    pairwise!(add sub mul div and or xor add_bits sub_bits);

    #[inline(always)]
    fn sqrt(self) -> Self {
        Pair(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        Pair(self.0.splat(value), self.1.splat(value))
    }
    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        (self.0.less(other.0), self.1.less(other.1))
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        Pair(
            self.0.select(mask.0, other.0),
            self.1.select(mask.1, other.1),
        )
    }
    #[inline(always)]
    fn shift_left<const N: i32>(self) -> Self {
        Pair(self.0.shift_left::<N>(), self.1.shift_left::<N>())
    }
    #[inline(always)]
    fn shift_right<const N: i32>(self) -> Self {
        Pair(self.0.shift_right::<N>(), self.1.shift_right::<N>())
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let (left, right) = to.split_at_mut(V::LANES.min(to.len()));
        self.0.store(left);
        self.1.store(right);
    }
    #[inline(always)]
    fn each(self, function: fn(f32) -> f32) -> Self {
        Pair(self.0.each(function), self.1.each(function))
    }
}
