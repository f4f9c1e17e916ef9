//! Columns that number the rows.

/// In fewer rows whole numbers are different by chance.
const FEWEST: usize = 30;

/// Whether the values of a column are different whole numbers that fill at least half of their range, in
/// any order: they name the rows and say nothing of others. O(rows), and a bit of memory for each number.
pub(super) fn is_row_number(values: impl ExactSizeIterator<Item = f32> + Clone) -> bool {
    let rows = values.len();
    let range =
        values
            .clone()
            .try_fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                let value = f64::from(value);
                (value.fract() == 0.0).then_some((value.min(low), value.max(high)))
            });
    let Some((low, high)) = range else {
        return false;
    };
    let places = high - low + 1.0;
    if rows < FEWEST || places > 2.0 * rows as f64 {
        return false;
    }
    let mut seen = vec![false; places as usize];
    values
        .map(|value| (f64::from(value) - low) as usize)
        .all(|place| !std::mem::replace(&mut seen[place], true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: impl IntoIterator<Item = u32>) -> bool {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        is_row_number(values.iter().copied())
    }

    #[test]
    fn numbers_of_rows_are_found_in_any_order() {
        assert!(found(0..100));
        assert!(found((500..600).rev()));
        assert!(found((0..100).map(|i| i * 37 % 101)));
        // Half of the rows of a longer table.
        assert!(found((0..100).map(|i| 2 * i)));
    }

    #[test]
    fn other_columns_are_not() {
        assert!(!found(0..20));
        assert!(!found((0..100).map(|i| 3 * i)));
        // One number twice.
        assert!(!found((0..99).chain([50])));
        assert!(!found((0..100).map(|i| i % 7)));
        let halves: Vec<f32> = (0..100_u8).map(|i| f32::from(i) / 2.0).collect();
        assert!(!is_row_number(halves.iter().copied()));
        assert!(!is_row_number([].into_iter()));
    }
}
