//! How a shard of rows lies in memory.
//!
//! Rows come in blocks of [`ROWS`]. A buffer is `[block][feature][ROWS]`: a vector's lanes are
//! rows, so activations, likelihood and slopes are vertical, without horizontal sums, and the
//! features of a block lie together, so that one block at a time stays in the fastest cache.

use mdn_infer::simd::{Pair, Simd, Vector};

/// How many rows a block has; those that the data don't fill are padding.
pub(crate) const ROWS: usize = 16;

/// One feature of one block of rows.
pub(crate) type Strip = [f32; ROWS];

/// How many strips a block takes: one a feature, made odd, because at a distance of a power of
/// two the blocks' strips of one feature would compete for the same few places in the cache.
pub(crate) const fn pitch(features: usize) -> usize {
    features | 1
}

/// The rows of a strip, as a tile of products has them.
#[inline(always)]
pub(crate) fn load_pair<S: Simd>(simd: S, strip: &Strip) -> S::Pair {
    let (octets, _) = strip.as_chunks();
    S::Pair::load(simd, &octets[0], &octets[1])
}

/// A buffer for `rows` rows.
pub(crate) fn buffer(features: usize, rows: usize) -> Vec<Strip> {
    vec![[0.0; ROWS]; pitch(features) * rows.div_ceil(ROWS)]
}

/// The rows of a strip from `first` on, as many as a twin has lanes.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, strip: &Strip, first: usize) -> S::Twin {
    simd.load_twin(&strip[first..first + S::Twin::LANES])
}

/// Replaces the rows of a strip from `first` on.
#[inline(always)]
pub(crate) fn save<V: Vector>(value: V, strip: &mut Strip, first: usize) {
    value.store(&mut strip[first..first + V::LANES]);
}
