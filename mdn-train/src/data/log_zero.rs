//! Zeros of a column that is learnt by its logarithm.
//!
//! ln 0 is no number, and zeros are no small values but the absence of any. So 0 has a place of its own
//! below all logarithms, [`Transform::LogOrZero`], and the target a point mass there.

use super::numeric::NumericTable;
use super::transform::Transform;
use super::weights::repeated;

/// The place of 0 among the logarithms of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct LogZero {
    /// The target, `log(column)`.
    pub target: String,
    /// The place.
    pub place: f32,
}

/// Where zeros are until their place is known: far below the logarithm of any number.
pub(super) const UNSETTLED: f32 = -1e30;

/// All of `targets`, with the place of zeros still to be found.
pub(super) fn unsettled(targets: &[String]) -> Vec<LogZero> {
    let one = |target: &String| LogZero {
        target: target.clone(),
        place: UNSETTLED,
    };
    targets.iter().map(one).collect()
}

/// Finds the place of 0 among `column`, in which zeros are [`UNSETTLED`]; `None` where there are none.
///
/// It lies the distance between the 5th and the 95th percentile of the logarithms below the least of them, or 1
/// where that is nothing: near enough for the units that training sees, and so far that hardly any new value
/// lies beyond, where the model gives it density 0. Sorts the column. O(n log n).
pub(super) fn place(column: &mut [f32]) -> Option<f32> {
    column.sort_unstable_by(f32::total_cmp);
    let zeros = column.partition_point(|&value| value == UNSETTLED);
    let logarithms = &column[zeros..];
    if zeros == 0 {
        return None;
    }
    let Some(last) = logarithms.len().checked_sub(1) else {
        return Some(0.0);
    };
    let percentile = |percent: usize| logarithms[percent * last / 100];
    let below = percentile(95) - percentile(5);
    let least = logarithms[0];
    let found = least - if below > 0.0 { below } else { 1.0 };
    Some(found.min(least.next_down()))
}

impl NumericTable {
    /// Gives zeros their place in each column that is read as [`unsettled`], of rows that count by `weights`, where
    /// there are any.
    pub(super) fn settle_zeros(&mut self, weights: &[f64]) {
        let width = self.columns.len();
        for index in 0..self.transforms.len() {
            let transform = &mut self.transforms[index];
            if *transform != Some(Transform::LogOrZero { zero: UNSETTLED }) {
                continue;
            }
            let column = self.values.iter().skip(index).step_by(width);
            let column = column.map(|&value| value as f32).collect::<Vec<f32>>();
            let found = place(&mut repeated(column, weights));
            *transform = Some(found.map_or(Transform::Log, |zero| Transform::LogOrZero { zero }));
            let cells = self.values.iter_mut().skip(index).step_by(width);
            for cell in cells.filter(|cell| **cell == f64::from(UNSETTLED)) {
                *cell = found.map_or(*cell, f64::from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_lie_below_the_logarithms() {
        let mut column: Vec<f32> = (0..=100).map(|i| i as f32 / 100.0).collect();
        assert_eq!(place(&mut column), None);
        column.push(UNSETTLED);
        let found = place(&mut column).unwrap();
        assert!((found + 0.9).abs() < 1e-6, "{found}");
        assert_eq!(place(&mut [2.0, UNSETTLED, 2.0]), Some(1.0));
        assert_eq!(place(&mut [UNSETTLED; 3]), Some(0.0));
    }
}
