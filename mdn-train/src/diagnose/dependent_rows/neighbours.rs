//! The nearest rows of some rows, in the inputs.

use rayon::prelude::*;

use super::regression::Column;

/// Rows of which the neighbours are looked for, and distances in all that are worth the time.
const SOME: usize = 1000;
const WORK: usize = 1 << 29;
/// Neighbours far away in the table: half of them are near, half of them farther.
const FAR: usize = 8;
/// Neighbours anywhere: one more than copies that a row may have.
const ANY: usize = 9;
/// A copy is nearer than the next neighbour by this factor.
const NEARER: f64 = 5.0;

/// What surrounds a row. Others are its neighbours by their number and their distance.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) row: usize,
    /// The distance to the row that follows in the table.
    pub(super) next: f64,
    /// The nearest rows far away in the table, nearest first.
    elsewhere: Vec<(usize, f64)>,
    /// The nearest rows anywhere with other inputs, nearest first.
    anywhere: Vec<(usize, f64)>,
}

impl Around {
    /// The nearest rows far away in the table.
    pub(super) fn near(&self) -> &[(usize, f64)] {
        &self.elsewhere[..FAR / 2]
    }

    /// The next nearest.
    pub(super) fn far(&self) -> &[(usize, f64)] {
        &self.elsewhere[FAR / 2..]
    }

    /// The nearest row, where it is one of a few that are far nearer than any other.
    pub(super) fn copy(&self) -> Option<usize> {
        let is_gap = |two: &[(usize, f64)]| two[1].1 > NEARER * two[0].1;
        let any = self.anywhere.windows(2).any(is_gap);
        self.anywhere.first().filter(|_| any).map(|&(row, _)| row)
    }
}

/// The neighbours of some rows.
#[derive(Debug)]
pub(super) struct Neighbours {
    pub(super) rows: Vec<Around>,
    /// The number of each row in the table.
    pub(super) numbers: Vec<usize>,
}

impl Neighbours {
    /// Those of at most 1000 of the rows `followed`, evenly chosen, among all rows; each column counts as much
    /// as its weight.
    pub(super) fn find(
        columns: &[Column],
        weights: &[f64],
        numbers: &[usize],
        followed: &[usize],
    ) -> Self {
        let count = numbers.len();
        let inputs = columns.len();
        let mut flat = vec![0.0; count * inputs];
        for (input, (column, weight)) in columns.iter().zip(weights).enumerate() {
            for (row, value) in column.values.iter().enumerate() {
                flat[row * inputs + input] = (value * weight) as f32;
            }
        }
        let most = (WORK / (count * inputs.max(1)).max(1)).clamp(100, SOME);
        let chosen = most.min(followed.len());
        let rows: Vec<usize> = (0..chosen)
            .map(|i| followed[i * followed.len() / chosen])
            .collect();
        // Far away in the table, which in a short one is less far.
        let away = (count / 100).clamp(4, 32);
        let around = |&row: &usize| around(&flat, inputs, numbers, row, away);
        let rows: Vec<Option<Around>> = rows.par_iter().map(around).collect();
        Neighbours {
            rows: rows.into_iter().flatten().collect(),
            numbers: numbers.to_vec(),
        }
    }
}

/// What surrounds `row`; none where too few rows do.
fn around(
    flat: &[f32],
    inputs: usize,
    numbers: &[usize],
    row: usize,
    away: usize,
) -> Option<Around> {
    let at = |row: usize| &flat[row * inputs..(row + 1) * inputs];
    let own = at(row);
    let squared = |other: usize| -> f32 {
        let pairs = own.iter().zip(at(other));
        pairs.map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let (mut elsewhere, mut anywhere) = (Nearest::new(FAR), Nearest::new(ANY));
    for other in (0..numbers.len()).filter(|&other| other != row) {
        let distance = squared(other);
        if distance > 0.0 {
            anywhere.offer(other, distance);
        }
        if numbers[other].abs_diff(numbers[row]) > away {
            elsewhere.offer(other, distance);
        }
    }
    let elsewhere = elsewhere.distances();
    (elsewhere.len() == FAR).then(|| Around {
        row,
        next: f64::from(squared(row + 1)).sqrt(),
        elsewhere,
        anywhere: anywhere.distances(),
    })
}

/// The nearest rows so far, nearest first; of two as near the first.
struct Nearest {
    most: usize,
    found: Vec<(usize, f32)>,
}

impl Nearest {
    fn new(most: usize) -> Self {
        let found = Vec::with_capacity(most + 1);
        Nearest { most, found }
    }

    fn offer(&mut self, row: usize, squared: f32) {
        if self.found.len() == self.most && squared >= self.found[self.most - 1].1 {
            return;
        }
        let place = self.found.partition_point(|&(_, other)| other <= squared);
        self.found.insert(place, (row, squared));
        self.found.truncate(self.most);
    }

    fn distances(self) -> Vec<(usize, f64)> {
        let found = self.found.into_iter();
        found
            .map(|(row, squared)| (row, f64::from(squared).sqrt()))
            .collect()
    }
}
