//! Standardisation, and how finely a column was recorded.

use super::error::DataError;

/// Shifts and scales columns so that training rows have mean 0 and standard deviation 1.
///
/// `z = (x - shift) / scale`, the subtraction first: an offset far larger than the scale costs
/// no precision beyond what `x` itself has.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    /// What is subtracted from each column, shape `[columns]`.
    pub shift: Vec<f32>,
    /// What each column is then divided by, shape `[columns]`; finite and greater than 0.
    pub scale: Vec<f32>,
}

impl Standardiser {
    /// Leaves `columns` columns as they are.
    pub fn identity(columns: usize) -> Self {
        Self {
            shift: vec![0.0; columns],
            scale: vec![1.0; columns],
        }
    }

    /// Measures mean and standard deviation, in `f64`, of the given rows only.
    ///
    /// `values` is row-major, `[all rows][columns]`; `rows` are indices into it. A column with
    /// one value throughout gets that value as its shift and the scale 1. Without rows, or
    /// without columns, this is the identity.
    pub fn fit(values: &[f32], columns: usize, rows: &[usize]) -> Self {
        Self::fit_weighted(values, columns, rows, &[])
    }

    /// As [`fit`](Self::fit), where each of `rows` counts as many times as its weight in `weights` says; where
    /// that is empty, once.
    pub(crate) fn fit_weighted(
        values: &[f32],
        columns: usize,
        rows: &[usize],
        weights: &[f64],
    ) -> Self {
        let mut moments = Moments::new(columns);
        for _ in 0..Moments::PASSES {
            for (number, &row) in rows.iter().enumerate() {
                let cells = values.get(row * columns..(row + 1) * columns);
                let weight = weights.get(number..number + 1);
                moments.add(cells.unwrap_or(&[]), weight.unwrap_or(&[]));
            }
            moments.end_pass();
        }
        moments.standardiser()
    }

    /// Whether every scale is one that can be divided by: not subnormal.
    ///
    /// # Errors
    /// [`DataError::Subnormal`] with the name of the column, of `names`, that spreads too little.
    pub(crate) fn check(&self, names: &[String]) -> Result<(), DataError> {
        let mut columns = names.iter().zip(&self.scale);
        match columns.find(|&(_, &scale)| scale < f32::MIN_POSITIVE) {
            None => Ok(()),
            Some((column, &spread)) => Err(DataError::Subnormal {
                column: column.clone(),
                spread,
            }),
        }
    }

    /// Raw units to standard units, of one row `[columns]`.
    pub(super) fn standardised(&self, row: impl Iterator<Item = f32>) -> impl Iterator<Item = f32> {
        let parameters = self.shift.iter().zip(&self.scale);
        row.zip(parameters)
            .map(|(value, (&shift, &scale))| (value - shift) / scale)
    }

    /// Raw units to standard units; `values` is row-major, `[rows][columns]`.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        self.map(values, |value, shift, scale| (value - shift) / scale)
    }

    /// Standard units to raw units; `values` is row-major, `[rows][columns]`.
    pub fn undo(&self, values: &[f32]) -> Vec<f32> {
        self.map(values, |value, shift, scale| value * scale + shift)
    }

    fn map(&self, values: &[f32], change: impl Fn(f32, f32, f32) -> f32) -> Vec<f32> {
        let parameters = self.shift.iter().zip(&self.scale).cycle();
        let pairs = values.iter().zip(parameters);
        pairs
            .map(|(&value, (&shift, &scale))| change(value, shift, scale))
            .collect()
    }
}

/// Mean and standard deviation (of the rows themselves, not an estimate for others) of columns, in
/// two passes over their rows, in whatever pieces those come.
pub(super) struct Moments {
    pass: usize,
    weight: f64,
    /// The first value of each column.
    first: Vec<f64>,
    constant: Vec<bool>,
    /// After the first pass.
    mean: Vec<f64>,
    /// Of the pass at hand, or the last one.
    sum: Vec<f64>,
}

impl Moments {
    /// How often all rows are to be given.
    pub(super) const PASSES: usize = 2;

    pub(super) fn new(columns: usize) -> Self {
        Self {
            pass: 0,
            weight: 0.0,
            first: Vec::new(),
            constant: vec![true; columns],
            mean: Vec::new(),
            sum: vec![0.0; columns],
        }
    }

    /// Takes whole rows `[rows][columns]`, of these `weights`; where there are none, each counts once.
    pub(super) fn add(&mut self, values: &[f32], weights: &[f64]) {
        let rows = values.chunks_exact(self.sum.len().max(1));
        for (number, row) in rows.enumerate() {
            let weight = weights.get(number).copied().unwrap_or(1.0);
            let row = row.iter().map(|&value| f64::from(value));
            if self.pass > 0 {
                for ((sum, value), mean) in self.sum.iter_mut().zip(row).zip(&self.mean) {
                    *sum += weight * (value - mean).powi(2);
                }
                continue;
            }
            if self.first.is_empty() {
                self.first.extend(row.clone());
            }
            self.weight += weight;
            for (column, value) in row.enumerate() {
                self.sum[column] += weight * (value - self.first[column]);
                self.constant[column] &= value == self.first[column];
            }
        }
    }

    /// To be called after each pass.
    pub(super) fn end_pass(&mut self) {
        if self.pass == 0 {
            let sums = self.first.iter().zip(&self.sum);
            self.mean = sums.map(|(first, sum)| first + sum / self.weight).collect();
            self.sum.fill(0.0);
        }
        self.pass += 1;
    }

    /// The identity where there were no rows; the scale 1 where a column has one value throughout.
    pub(super) fn standardiser(self) -> Standardiser {
        let mut fitted = Standardiser::identity(self.sum.len());
        for (column, &mean) in self.mean.iter().enumerate() {
            if self.constant[column] {
                fitted.shift[column] = self.first[column] as f32;
                continue;
            }
            fitted.shift[column] = mean as f32;
            let deviation = (self.sum[column] / self.weight).sqrt() as f32;
            if deviation > 0.0 {
                fitted.scale[column] = deviation;
            }
        }
        fitted
    }
}

/// The smallest gap between different values of a column; `None` if it has fewer than two.
///
/// A target recorded in steps (grades, rounded readings) has infinite likelihood under ever
/// narrower components on its values; this gap gives a floor for their scale.
pub fn resolution(column: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = column.collect();
    values.sort_by(f32::total_cmp);
    values
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|&gap| gap > 0.0)
        .min_by(f32::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_training_rows_only() {
        // Two columns; row 3 is held out.
        let values = [1.0, 10.0, 2.0, 20.0, 6.0, 30.0, 1000.0, -1000.0];
        let fitted = Standardiser::fit(&values, 2, &[0, 1, 2]);
        assert_eq!(fitted.shift, [3.0, 20.0]);
        // Squares about the mean: 4 + 1 + 9 over 3, and 100 + 0 + 100 over 3.
        assert_eq!(
            fitted.scale,
            [
                (14.0f64 / 3.0).sqrt() as f32,
                (200.0f64 / 3.0).sqrt() as f32
            ]
        );
        let z = fitted.apply(&values[..2]);
        assert_eq!(z[1], (10.0 - 20.0) / fitted.scale[1]);
        assert_eq!(fitted.undo(&z), values[..2]);
    }

    #[test]
    fn a_constant_column_is_only_shifted() {
        // 0.1 has no exact sum: a mean taken naively would leave a tiny scale.
        let fitted = Standardiser::fit(&[0.1; 1000], 1, &(0..1000).collect::<Vec<_>>());
        assert_eq!(fitted.shift, [0.1]);
        assert_eq!(fitted.scale, [1.0]);
        assert_eq!(fitted.apply(&[0.1]), [0.0]);
    }

    #[test]
    fn a_large_offset_keeps_every_bit_of_the_data() {
        // Neighbouring multiples of 128 near 1.7e9 are adjacent in f32.
        let values: Vec<f32> = (0..100).map(|i| 1.7e9 + 128.0 * i as f32).collect();
        let fitted = Standardiser::fit(&values, 1, &(0..100).collect::<Vec<_>>());
        let expected = 128.0 * ((100.0f64 * 100.0 - 1.0) / 12.0).sqrt();
        assert_eq!(fitted.scale[0], expected as f32);
        let z = fitted.apply(&values);
        let step = 128.0 / fitted.scale[0];
        for pair in z.windows(2) {
            assert!((pair[1] - pair[0] - step).abs() < 1e-6, "{pair:?}");
        }
    }

    #[test]
    fn nothing_to_fit_is_the_identity() {
        assert_eq!(Standardiser::fit(&[], 2, &[]), Standardiser::identity(2));
        assert_eq!(Standardiser::fit(&[], 0, &[0]), Standardiser::identity(0));
        assert_eq!(Standardiser::identity(1).apply(&[3.5, -1.0]), [3.5, -1.0]);
    }

    #[test]
    fn a_spread_below_what_f32_can_hold_counts_as_none() {
        let fitted = Standardiser::fit(&[0.0, 1e-45], 1, &[0, 1]);
        assert!(fitted.scale[0] > 0.0);
        assert!(fitted.apply(&[1.0])[0].is_finite());
    }

    #[test]
    fn resolution_is_the_smallest_gap() {
        assert_eq!(resolution([5.0, 3.0, 8.0, 3.0, 5.5].into_iter()), Some(0.5));
        assert_eq!(resolution([0.0, -0.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(resolution([4.0, 4.0].into_iter()), None);
        assert_eq!(resolution(std::iter::empty()), None);
    }
}
