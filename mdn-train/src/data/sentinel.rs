//! Numbers that stand for something else, such as −9999 where a sensor was silent.

/// Such numbers, as instruments and agencies write them.
const KNOWN: [f32; 14] = [
    -99.0, -199.0, -200.0, -299.0, -999.0, -999.9, -9999.0, -99999.0, -32768.0, 99.0, 999.0,
    9999.0, 99999.0, 32767.0,
];
/// From here on a number is a library's mark of what is missing: netCDF's 9.97e36, GRIB's 9.999e20,
/// CDF's −1e31.
const HUGE: f32 = 1e19;
/// In fewer values nothing is far.
const FEWEST: usize = 20;
/// How often a value repeats that is no typing error.
const REPEATED: usize = 3;
/// The distance to the nearest other value, in units of the distance between the others' 5th and
/// 95th percentiles: for known numbers below values that are none of them negative, for known
/// numbers, for any.
const FAR: [f64; 3] = [0.25, 1.0, 3.0];

/// A number of a column that stands for something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentinel {
    /// The number.
    pub value: f32,
    /// How many rows have it.
    pub count: usize,
}

/// The numbers of a column that lie far outside of all others and are repeated, or known as marks of
/// missing values. Never 0, and never half of the column or more. Sorts it. O(n log n).
///
/// A known number counts as far from a quarter of the others' spread on where it is negative and none
/// of them is, from one spread on otherwise, and any other number from three on; the spread is the
/// distance between the 5th and the 95th percentile.
pub fn sentinels(column: &mut [f32]) -> Vec<Sentinel> {
    column.sort_unstable_by(f32::total_cmp);
    let mut rest = &*column;
    let mut found = Vec::new();
    while let Some((one, others)) = lowest(rest).or_else(|| highest(rest)) {
        found.push(one);
        rest = others;
    }
    let marked: usize = found.iter().map(|one| one.count).sum();
    match 2 * marked < column.len() {
        true => found,
        false => Vec::new(),
    }
}

/// The least value and those above it, where it is a sentinel.
fn lowest(sorted: &[f32]) -> Option<(Sentinel, &[f32])> {
    let value = *sorted.first()?;
    let count = sorted.partition_point(|&other| other == value);
    let others = &sorted[count..];
    let one = Sentinel { value, count };
    let gap = f64::from(*others.first()?) - f64::from(value);
    is_sentinel(one, gap, others).then_some((one, others))
}

/// The greatest value and those below it, where it is a sentinel.
fn highest(sorted: &[f32]) -> Option<(Sentinel, &[f32])> {
    let value = *sorted.last()?;
    let start = sorted.partition_point(|&other| other < value);
    let others = &sorted[..start];
    let count = sorted.len() - start;
    let one = Sentinel { value, count };
    let gap = f64::from(value) - f64::from(*others.last()?);
    is_sentinel(one, gap, others).then_some((one, others))
}

fn is_sentinel(one: Sentinel, gap: f64, others: &[f32]) -> bool {
    if others.len() < FEWEST || one.value == 0.0 {
        return false;
    }
    let last = others.len() - 1;
    let percentile = |percent: usize| f64::from(others[percent * last / 100]);
    let spread = percentile(95) - percentile(5);
    let known = KNOWN.contains(&one.value) || one.value.abs() >= HUGE;
    let needed = match (known, one.value < 0.0 && others[0] >= 0.0) {
        (true, true) => FAR[0],
        (true, false) => FAR[1],
        (false, _) if one.count >= REPEATED => FAR[2],
        (false, _) => return false,
    };
    spread > 0.0 && gap > needed * spread
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0, 0.1, … 9.9, then the values given.
    fn found(values: &[f32]) -> Vec<(f32, usize)> {
        let ordinary = (0..100).map(|i| i as f32 / 10.0);
        let mut column: Vec<f32> = values.iter().copied().chain(ordinary).collect();
        let found = sentinels(&mut column);
        found.iter().map(|one| (one.value, one.count)).collect()
    }

    #[test]
    fn marks_are_found_at_either_end() {
        assert_eq!(found(&[-9999.0; 3]), [(-9999.0, 3)]);
        assert_eq!(found(&[-9999.0]), [(-9999.0, 1)]);
        assert_eq!(found(&[9.969_21e36]), [(9.969_21e36, 1)]);
        assert_eq!(found(&[-55.0, -55.0, -55.0]), [(-55.0, 3)]);
        assert_eq!(
            found(&[-9999.0, -999.0, 99.0, 99.0]),
            [(-9999.0, 1), (-999.0, 1), (99.0, 2)]
        );
    }

    #[test]
    fn ordinary_values_are_left_in_peace() {
        assert_eq!(found(&[]), []);
        // Twice is a coincidence, once an outlier, near is a part of the rest.
        assert_eq!(found(&[-55.0, -55.0]), []);
        assert_eq!(found(&[1234.0]), []);
        assert_eq!(found(&[30.0; 5]), []);
        // As many as the others: the column's nature.
        assert_eq!(found(&[-9999.0; 120]), []);
        let mut few = [1.0, 2.0, -9999.0];
        assert_eq!(sentinels(&mut few), []);
        // An atom at 0 below values that are far from it.
        let mut rain: Vec<f32> = (0..100)
            .map(|i| if i < 40 { 0.0 } else { 500.0 + i as f32 })
            .collect();
        assert_eq!(sentinels(&mut rain), []);
        // Yes and no.
        let mut flags: Vec<f32> = (0..100).map(|i| (i % 2) as f32).collect();
        assert_eq!(sentinels(&mut flags), []);
    }
}
