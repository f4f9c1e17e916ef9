//! Which rows come in which step.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::objective::Selection;
use super::options::Batch;

/// Mini-batches: each epoch goes through all rows once, in a fresh order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sampler {
    rng: Xoshiro256PlusPlus,
    /// The rows in this epoch's order; empty for full batches.
    order: Vec<u32>,
    rows: usize,
    batches: usize,
    /// The next batch of the epoch.
    next: usize,
}

impl Sampler {
    pub(super) fn new(rows: usize, batch: Batch, seed: u64) -> Self {
        let wanted = match batch {
            Batch::Full => rows,
            Batch::Rows(wanted) => wanted,
            Batch::Automatic => (rows / 16).clamp(32, 512),
        };
        let batches = (rows as f64 / wanted as f64).round().max(1.0) as usize;
        let order = if batches > 1 { 0..rows as u32 } else { 0..0 };
        Sampler {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            order: order.collect(),
            rows,
            batches,
            next: 0,
        }
    }

    /// How many steps an epoch has.
    pub(super) fn batches(&self) -> usize {
        self.batches
    }

    /// Whether `other`, which comes from outside, may stand in for this one.
    pub(super) fn fits(&self, other: &Sampler) -> bool {
        let same = (self.rows, self.batches) == (other.rows, other.batches);
        let known = |&row: &u32| (row as usize) < self.rows;
        same && other.next < self.batches
            && other.order.len() == self.order.len()
            && other.order.iter().all(known)
    }

    /// The most rows that a batch has.
    pub(super) fn batch_rows(&self) -> usize {
        self.rows.div_ceil(self.batches)
    }

    /// The next batch.
    pub(super) fn draw(&mut self) -> Selection<'_> {
        if self.batches == 1 {
            return Selection::All;
        }
        if self.next == 0 {
            shuffle(&mut self.order, &mut self.rng);
        }
        let bound = |batch: usize| batch * self.rows / self.batches;
        let range = bound(self.next)..bound(self.next + 1);
        self.next = (self.next + 1) % self.batches;
        Selection::Some(&self.order[range])
    }
}

/// Fisher and Yates' shuffle (Knuth, TAOCP 2, algorithm P).
fn shuffle(order: &mut [u32], rng: &mut impl Rng) {
    for last in (1..order.len()).rev() {
        // The bias is below 2⁻³² for tables of up to 2³² rows.
        let drawn = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, drawn as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_sees_every_row_once() {
        let mut sampler = Sampler::new(103, Batch::Rows(20), 7);
        assert_eq!((sampler.batches(), sampler.batch_rows()), (5, 21));
        let mut epochs = Vec::new();
        for _ in 0..2 {
            let mut seen = Vec::new();
            for _ in 0..5 {
                let Selection::Some(numbers) = sampler.draw() else {
                    panic!("a part of the rows");
                };
                assert!((20..=21).contains(&numbers.len()));
                seen.extend_from_slice(numbers);
            }
            epochs.push(seen.clone());
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..103));
        }
        assert_ne!(epochs[0], epochs[1]);
    }

    #[test]
    fn full_batches_need_no_order() {
        let mut sampler = Sampler::new(10, Batch::Full, 7);
        assert!(matches!(sampler.draw(), Selection::All));
        assert_eq!((sampler.batches(), sampler.batch_rows()), (1, 10));
    }
}
