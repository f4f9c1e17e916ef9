//! What an axis shows: all rows but outliers, which are marked at its edge.

use std::ops::Range;

use super::frame::range;

/// The share of the values at each end that the middle leaves out.
const TAIL: f64 = 0.025;
/// With fewer values than this none is called an outlier.
const FEW: usize = 5;

/// What an axis shows of `values` (low, high), with this share of its length to spare at either end.
///
/// The middle reaches from the 2.5% to the 97.5% quantile, of few values from the second to the last
/// but one. The axis reaches to the farthest values that lie within the length of the middle beyond it;
/// what lies farther out is an outlier, and pictures mark it at their edge and count it. Where the
/// middle is a single value, as of a column that is nearly always 0, the others are judged without it.
/// Values that are not finite are passed over. The range is never empty and has finite ends.
///
/// O(n log n) for n values.
pub fn span(values: impl IntoIterator<Item = f32>, margin: f32) -> (f32, f32) {
    let values = values.into_iter().map(f64::from);
    let (low, high) =
        usual(values.filter(|value| value.is_finite()).collect()).unwrap_or((0.0, 1.0));
    // Half of the largest number, so that the length is a number too.
    let limit = f64::from(0.5 * f32::MAX);
    let (low, high) = (low.clamp(-limit, limit), high.clamp(-limit, limit));
    let spare = if high > low {
        f64::from(margin) * (high - low)
    } else {
        (0.1 * low.abs()).max(1.0)
    };
    (
        (low - spare).max(-limit) as f32,
        (high + spare).min(limit) as f32,
    )
}

/// As [`span`], for the axis of a picture: never too narrow for its ticks to differ.
pub(super) fn usual_range(values: impl IntoIterator<Item = f64>, margin: f64) -> Range<f64> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let ends = usual(finite.collect());
    range(ends.into_iter().flat_map(|(low, high)| [low, high]), margin)
}

/// The least and the largest value that are no outliers.
fn usual(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let (&first, &last) = (values.first()?, values.last()?);
    let (low, high) = middle(&values);
    if low < high {
        return Some(within(&values, low - (high - low), high + (high - low)));
    }
    if first == last {
        return Some((first, last));
    }
    // The rest decides, and has the common value beside it.
    values.retain(|&value| value != low);
    let (start, end) = middle(&values);
    let length = end.max(low) - start.min(low);
    let (start, end) = within(&values, start.min(low) - length, end.max(low) + length);
    Some((start.min(low), end.max(low)))
}

/// Between which of the sorted values the middle lies.
fn middle(sorted: &[f64]) -> (f64, f64) {
    let last = sorted.len() - 1;
    let left_out = match sorted.len() {
        ..FEW => 0,
        count => (TAIL * count as f64).ceil() as usize,
    };
    (sorted[left_out], sorted[last - left_out])
}

/// The first and the last of the sorted values between `low` and `high`.
fn within(sorted: &[f64], low: f64, high: f64) -> (f64, f64) {
    let start = sorted.partition_point(|&value| value < low);
    let end = sorted.partition_point(|&value| value <= high);
    (sorted[start], sorted[end - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3, 3.04, … 7.
    fn ordinary() -> impl Iterator<Item = f32> {
        (0..=100).map(|i| 3.0 + 0.04 * i as f32)
    }

    #[test]
    fn an_outlier_does_not_set_the_axis() {
        for outliers in [
            &[59.0][..],
            &[59.0, -4e6],
            &[f32::MAX, f32::INFINITY, f32::NAN],
        ] {
            let found = span(ordinary().chain(outliers.iter().copied()), 0.0);
            assert_eq!(found, (3.0, 7.0), "{outliers:?}");
        }
        let few = [3.0, 5.0, 4.0, 6.0, 59.0];
        assert_eq!(span(few, 0.0), (3.0, 6.0));
    }

    #[test]
    fn without_outliers_every_value_is_shown() {
        assert_eq!(span(ordinary(), 0.0), (3.0, 7.0));
        assert_eq!(span([1.0, 100.0], 0.0), (1.0, 100.0));
        assert_eq!(span([0.0, 10.0], 0.1), (-1.0, 11.0));
        // The quantiles of a normal distribution: its tails are no outliers.
        let normal = (1..1000).map(|i| {
            let p = f64::from(i) / 1000.0;
            statrs::distribution::ContinuousCDF::inverse_cdf(
                &statrs::distribution::Normal::standard(),
                p,
            ) as f32
        });
        let (low, high) = span(normal, 0.0);
        assert!((low + 3.09).abs() < 0.01 && (high - 3.09).abs() < 0.01);
    }

    #[test]
    fn a_column_that_is_nearly_always_0_shows_what_it_else_is() {
        let zeros = || std::iter::repeat_n(0.0, 5000);
        assert_eq!(span(zeros().chain(ordinary()), 0.0), (0.0, 7.0));
        let with_outlier = zeros().chain(ordinary()).chain([1e6]);
        assert_eq!(span(with_outlier, 0.0), (0.0, 7.0));
        assert_eq!(span(zeros().chain([1.0]), 0.0), (0.0, 1.0));
        assert_eq!(span(zeros(), 0.0), (-1.0, 1.0));
    }

    #[test]
    fn ranges_are_finite_and_never_empty() {
        for values in [
            vec![],
            vec![f32::NAN],
            vec![f32::MAX, f32::MIN],
            vec![-7.0; 9],
        ] {
            let (low, high) = span(values.iter().copied(), 0.05);
            assert!(low < high && (high - low).is_finite(), "{values:?}");
        }
    }
}
