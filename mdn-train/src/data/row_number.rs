//! Columns that number the rows: their values are different whole numbers that fill at least half of their range, in
//! any order. They name the rows and say nothing of others. Rows that are equal in all columns are one, as they are to a fit.
//!
//! Numbers are looked at as the file holds them: rounded to `f32`, those above 16 million would be equal.

/// In fewer rows whole numbers are different by chance.
const FEWEST: usize = 30;

/// What the values of a column say at first sight: whether they may be such numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    rows: usize,
    low: f64,
    high: f64,
    whole: bool,
}

impl Range {
    /// No value yet.
    pub(super) fn new() -> Self {
        Range {
            rows: 0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            whole: true,
        }
    }

    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut range = Range::new();
        values.for_each(|value| range.add(value));
        range
    }

    pub(super) fn add(&mut self, value: f64) {
        self.rows += 1;
        self.whole &= value.fract() == 0.0;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    /// What is to be seen of the same values once more, where they may number the rows. A bit of memory for each
    /// number of the range.
    pub(super) fn places(&self) -> Option<Places> {
        self.places_of(self.rows)
    }

    /// The same where they are those of so many different rows.
    pub(super) fn places_of(&self, rows: usize) -> Option<Places> {
        let places = self.high - self.low + 1.0;
        let may = self.whole && rows >= FEWEST && places <= 2.0 * rows as f64;
        may.then(|| Places {
            low: self.low,
            taken: vec![0; (places as usize).div_ceil(64)],
            different: true,
        })
    }
}

/// Which numbers of a range occur.
#[derive(Clone, Debug)]
pub(super) struct Places {
    low: f64,
    taken: Vec<u64>,
    different: bool,
}

impl Places {
    pub(super) fn add(&mut self, value: f64) {
        let place = (value - self.low) as usize;
        let bit = 1 << (place % 64);
        match self.taken.get_mut(place / 64) {
            Some(taken) if *taken & bit == 0 => *taken |= bit,
            _ => self.different = false,
        }
    }

    /// Whether no value occurred twice.
    pub(super) fn are_different(&self) -> bool {
        self.different
    }
}

/// Whether the values of a column may number the rows, at first sight.
pub(super) fn may_number_rows(values: impl Iterator<Item = f64>) -> bool {
    Range::of(values).places().is_some()
}

/// Whether the values of a column number the rows. O(rows).
pub(super) fn is_row_number(values: impl Iterator<Item = f64> + Clone) -> bool {
    let Some(mut places) = Range::of(values.clone()).places() else {
        return false;
    };
    values.for_each(|value| places.add(value));
    places.are_different()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: impl IntoIterator<Item = u32>) -> bool {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        is_row_number(values.iter().copied())
    }

    #[test]
    fn numbers_of_rows_are_found_in_any_order() {
        assert!(found(0..100));
        assert!(found((500..600).rev()));
        assert!(found((0..100).map(|i| i * 37 % 101)));
        // Half of the rows of a longer table.
        assert!(found((0..100).map(|i| 2 * i)));
        // Of orders, which are equal in 32 bits.
        assert!(found(2_000_000_000..2_000_000_100));
    }

    #[test]
    fn other_columns_are_not() {
        assert!(!found(0..20));
        assert!(!found((0..100).map(|i| 3 * i)));
        // One number twice.
        assert!(!found((0..99).chain([50])));
        assert!(!found((0..100).map(|i| i % 7)));
        let halves: Vec<f64> = (0..100_u8).map(|i| f64::from(i) / 2.0).collect();
        assert!(!is_row_number(halves.iter().copied()));
        assert!(!is_row_number([].into_iter()));
    }
}
