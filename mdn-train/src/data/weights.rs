//! Rows that count by weights, for what knows rows that count the same: quantiles, shares, first parameters.
//!
//! A row of weight w stands for w equal ones. Sums take weights as they are; what looks at values one by one is
//! given each as often as its weight says.

use std::borrow::Cow;
use std::iter::repeat_n;

use super::dataset::Dataset;
use super::wild::Ordinary;

/// Most values that a column is made into.
const MOST: usize = 1 << 24;

/// Row numbers, ascending, each in proportion to its weight, about `count` in all.
pub(crate) fn in_proportion(weights: &[f64], count: usize) -> Vec<usize> {
    let factor = count as f64 / weights.iter().sum::<f64>();
    let (mut rows, mut sum) = (Vec::with_capacity(count), 0.0);
    for (row, weight) in weights.iter().enumerate() {
        sum += weight;
        let until = (factor * sum).round() as usize;
        rows.extend(repeat_n(row, until.saturating_sub(rows.len())));
    }
    rows
}

/// How many equal rows the weights stand for: their sum, at most `most`.
pub(crate) fn count(weights: &[f64], most: usize) -> usize {
    let sum = weights.iter().sum::<f64>().round();
    (sum as usize).clamp(1, most)
}

/// The values of a column, each as often as its weight says, those of whole weights exactly so, and each at least
/// once; as they are where there are no weights. At most some 17 million, in proportion, of heavier ones.
pub(super) fn repeated(values: Vec<f32>, weights: &[f64]) -> Vec<f32> {
    if weights.is_empty() {
        return values;
    }
    let factor = (MOST as f64 / weights.iter().sum::<f64>()).min(1.0);
    let (mut all, mut sum) = (Vec::new(), 0.0);
    for (&value, weight) in values.iter().zip(weights) {
        sum += weight;
        let until = (factor * sum).round() as usize;
        let times = until.saturating_sub(all.len()).max(1);
        all.extend(repeat_n(value, times));
    }
    all
}

impl Dataset {
    /// The rows with each that counts as several cut into as many, at most `most`, that share its weight: what is
    /// drawn for each is then drawn as often.
    pub fn cut(&self, most: usize) -> Cow<'_, Self> {
        let weights = &self.arrangement.weights;
        let pieces = |weight: f64| (weight.ceil() as usize).clamp(1, most.max(1));
        if weights.iter().all(|&weight| pieces(weight) == 1) {
            return Cow::Borrowed(self);
        }
        let of = weights.iter().enumerate();
        let rows = of.flat_map(|(row, &weight)| repeat_n(row, pieces(weight)));
        let mut cut = self.subset(&rows.collect::<Vec<usize>>());
        for weight in &mut cut.arrangement.weights {
            *weight /= pieces(*weight) as f64;
        }
        Cow::Owned(cut)
    }

    /// As how many rows each counts: 1 where they have no weights.
    pub fn weights(&self) -> impl Iterator<Item = f64> + Clone {
        let given = self.arrangement.weights.iter().copied();
        let none = if self.arrangement.weights.is_empty() {
            self.rows
        } else {
            0
        };
        given.chain(repeat_n(1.0, none))
    }

    /// About as many rows as all count as, at most `most`: each as often as its weight says, with none of its own.
    pub(crate) fn repeated(&self, most: usize) -> Cow<'_, Self> {
        let weights = self.arrangement.weights.as_slice();
        if weights.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut some = self.subset(&in_proportion(weights, count(weights, most)));
        some.arrangement.weights.clear();
        Cow::Owned(Self {
            warnings: self.warnings.clone(),
            skipped_rows: self.skipped_rows,
            ..some
        })
    }

    /// What is ordinary for inputs and for targets, of rows that count by their weights.
    pub(crate) fn ordinary(&self) -> [Ordinary; 2] {
        let all = self.repeated(1 << 20);
        [
            Ordinary::of(&all.inputs, self.input_names.len()),
            Ordinary::of(&all.targets, self.target_names.len()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_weights_are_numbers_of_copies() {
        let weights = [2.0, 1.0, 3.0];
        assert_eq!(
            in_proportion(&weights, count(&weights, 100)),
            [0, 0, 1, 2, 2, 2]
        );
        assert_eq!(
            repeated(vec![7.0, 8.0, 9.0], &weights),
            [7.0, 7.0, 8.0, 9.0, 9.0, 9.0]
        );
        assert_eq!(repeated(vec![7.0, 8.0], &[]), [7.0, 8.0]);
    }

    #[test]
    fn others_are_met_on_the_whole_and_no_value_is_lost() {
        let weights: Vec<f64> = (0..1000).map(|row| 0.3 + f64::from(row % 7)).collect();
        let rows = in_proportion(&weights, 5000);
        assert_eq!(rows.len(), 5000);
        let expected = 5000.0 / weights.iter().sum::<f64>();
        for (row, weight) in weights.iter().enumerate() {
            let times = rows.iter().filter(|&&other| other == row).count() as f64;
            assert!((times - expected * weight).abs() <= 1.0, "{row}");
        }
        let light = repeated(vec![1.0, 2.0, 3.0], &[0.1, 0.1, 2.0]);
        assert_eq!(light, [1.0, 2.0, 3.0]);
    }
}
