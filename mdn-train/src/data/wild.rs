//! A few values that lie wildly outside what is ordinary for their column.
//!
//! One wrong value a million spreads away would set the units that training sees, and its gradient
//! would drown all others. So training takes it for the nearest ordinary value (Winsorising). What
//! is ordinary is judged by quartiles, which a few wrong values cannot move, and a column is left
//! alone unless the case is clear.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::RangeInclusive;

use super::sentinel::sentinels;

/// How many times the distance between the quartiles from the median a value is wild.
pub const WILD: f64 = 20.0;
/// Values are wild only where at most this share of their column is; else they are its nature.
const FEW: f64 = 0.01;
/// And only where they make the standard deviation at least this many times as large.
const GROSS: f64 = 2.0;

/// The ordinary values of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordinary {
    /// For each column the range of its ordinary values, where it has wild ones.
    ranges: Vec<Option<(f32, f32)>>,
    /// For each column the numbers that stand for missing values.
    marks: Vec<Vec<f32>>,
}

impl Ordinary {
    /// Takes every value for ordinary.
    pub fn all(columns: usize) -> Self {
        Ordinary {
            ranges: vec![None; columns],
            marks: vec![Vec::new(); columns],
        }
    }

    /// By the range of the ordinary values of each column, where it has others, and its sentinels.
    pub(super) fn new(columns: impl Iterator<Item = (Option<(f32, f32)>, Vec<f32>)>) -> Self {
        let (ranges, marks) = columns.unzip();
        Ordinary { ranges, marks }
    }

    /// Judges columns one after the other, of which `column` has all values. Time linear in them.
    pub(super) fn judge<E>(
        columns: usize,
        mut column: impl FnMut(usize) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let judged = (0..columns).map(|number| Ok(ordinary(&mut column(number)?)));
        let (ranges, marks) = judged.collect::<Result<Vec<_>, E>>()?.into_iter().unzip();
        Ok(Ordinary { ranges, marks })
    }

    /// Judges the columns of `values`, which is row-major, `[rows][columns]`.
    ///
    /// Time linear in the values; memory for one column.
    pub fn of(values: &[f32], columns: usize) -> Self {
        let column = |number| {
            let column = values.iter().skip(number).step_by(columns.max(1));
            Ok::<_, Infallible>(column.copied().collect())
        };
        let Ok(judged) = Self::judge(columns, column);
        judged
    }

    /// Whether a row `[columns]` has a number that stands for a missing one
    /// ([`sentinels`](super::sentinels)).
    pub fn is_marked(&self, row: &[f32]) -> bool {
        let mut cells = row.iter().zip(&self.marks);
        cells.any(|(value, marks)| marks.contains(value))
    }

    /// `values` `[rows][columns]` with the wild ones moved to the nearest ordinary one; where no
    /// column has any, as they are.
    pub fn clamp<'v>(&self, values: &'v [f32]) -> Cow<'v, [f32]> {
        if self.ranges.iter().all(Option::is_none) {
            return Cow::Borrowed(values);
        }
        Cow::Owned(self.clamped(values.iter().copied()).collect())
    }

    /// The same of values that come one by one, row after row.
    pub(super) fn clamped(&self, values: impl Iterator<Item = f32>) -> impl Iterator<Item = f32> {
        values
            .zip(self.ranges.iter().cycle())
            .map(|(value, range)| match range {
                Some((low, high)) => value.clamp(*low, *high),
                None => value,
            })
    }
}

/// Beyond which values a column's are wild; `None` where the quartiles are equal. Reorders it.
pub fn fences(column: &mut [f32]) -> Option<RangeInclusive<f64>> {
    let last = column.len().checked_sub(1)?;
    let mut quartile = |quarters: usize| {
        let (_, value, _) = column.select_nth_unstable_by(quarters * last / 4, f32::total_cmp);
        f64::from(*value)
    };
    let (low, middle, high) = (quartile(1), quartile(2), quartile(3));
    let limit = WILD * (high - low);
    (limit > 0.0).then_some(middle - limit..=middle + limit)
}

/// The range of the ordinary values, where there are sentinels or a few wild ones, and the sentinels.
/// Reorders the column and takes sentinels and missing values out.
fn ordinary(column: &mut Vec<f32>) -> (Option<(f32, f32)>, Vec<f32>) {
    column.retain(|value| !value.is_nan());
    let marks = take_sentinels(column);
    let tamed = tame(column);
    let others = || (!marks.is_empty()).then(|| range(column));
    (tamed.or_else(others), marks)
}

/// Takes sentinels out. Sorts the column, in which none is missing.
pub(super) fn take_sentinels(column: &mut Vec<f32>) -> Vec<f32> {
    let marks: Vec<f32> = sentinels(column).iter().map(|mark| mark.value).collect();
    column.retain(|value| !marks.contains(value));
    marks
}

/// The range of the values that are not wild, where there are a few wild ones. Reorders the column.
pub(super) fn tame(column: &mut [f32]) -> Option<(f32, f32)> {
    let fences = fences(column)?;
    let is_ordinary = |value: &f32| fences.contains(&f64::from(*value));
    let wild = column.iter().filter(|value| !is_ordinary(value)).count();
    if wild == 0 || wild as f64 > FEW * column.len() as f64 {
        return None;
    }
    let inside: Vec<f32> = column.iter().copied().filter(is_ordinary).collect();
    let (low, high) = range(&inside);
    let all = deviation(column, |value| value);
    let ordinary = deviation(column, |value| value.clamp(low, high));
    (all > GROSS * ordinary).then_some((low, high))
}

/// The least and the greatest.
pub(super) fn range(values: &[f32]) -> (f32, f32) {
    let widest = (f32::INFINITY, f32::NEG_INFINITY);
    (values.iter()).fold(widest, |(low, high), &value| {
        (low.min(value), high.max(value))
    })
}

/// The standard deviation of the values that `of` makes of the column's.
fn deviation(column: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    let count = column.len() as f64;
    let values = || column.iter().map(|&value| f64::from(of(value)));
    let mean = values().map(|value| value / count).sum::<f64>();
    (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0, 1, … 999, then the values given.
    fn column(wild: &[f32]) -> Vec<f32> {
        let ordinary = (0..1000).map(|i| i as f32);
        ordinary.chain(wild.iter().copied()).collect()
    }

    #[test]
    fn a_few_wild_values_become_the_nearest_ordinary_one() {
        let values = column(&[1e9, -f32::MAX]);
        let ordinary = Ordinary::of(&values, 1);
        let clamped = ordinary.clamp(&values);
        assert_eq!(clamped[..1000], values[..1000]);
        assert_eq!(clamped[1000..], [999.0, 0.0]);
    }

    #[test]
    fn so_do_marks_of_missing_values_however_many() {
        let values = column(&[&[-9999.0; 300][..], &[1e9]].concat());
        let ordinary = Ordinary::of(&values, 1);
        let clamped = ordinary.clamp(&values).into_owned();
        assert_eq!(clamped[..1000], values[..1000]);
        assert_eq!(clamped[1000..], [&[0.0; 300][..], &[999.0]].concat());
        // A wild value is no mark.
        assert!(ordinary.is_marked(&[-9999.0]));
        assert!(!ordinary.is_marked(&[1e9]) && !ordinary.is_marked(&[5.0]));
    }

    #[test]
    fn ordinary_columns_are_left_as_they_are() {
        let same =
            |values: &[f32]| matches!(Ordinary::of(values, 1).clamp(values), Cow::Borrowed(_));
        assert!(same(&column(&[])));
        // Far, but no wider than heavy tails are.
        assert!(same(&column(&[1e4])));
        // Beyond the fences, but it moves the standard deviation little.
        assert!(same(&column(&[1.1e4])));
        // Many: the column's nature.
        let many: Vec<f32> = (1..=20_u8).map(|i| 1e8 * f32::from(i)).collect();
        assert!(same(&column(&many)));
        // Quartiles that say nothing.
        assert!(same(
            &[vec![0.0; 900], column(&[])[..100].to_vec()].concat()
        ));
        assert!(same(&[]));
        assert!(same(&[3.0]));
    }

    #[test]
    fn columns_are_judged_one_by_one() {
        let values: Vec<f32> = column(&[1e9]).into_iter().flat_map(|v| [7.0, v]).collect();
        let ordinary = Ordinary::of(&values, 2);
        assert_eq!(ordinary.ranges, [None, Some((0.0, 999.0))]);
        assert_eq!(
            ordinary.clamp(&[1e9, 1e9, -1.0, -1.0])[..],
            [1e9, 999.0, -1.0, 0.0]
        );
        assert_eq!(Ordinary::of(&[], 0).clamp(&[])[..], [0.0; 0]);
    }
}
