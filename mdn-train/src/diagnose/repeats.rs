//! Rows that stand in the table more than once.

use std::hash::{DefaultHasher, Hash, Hasher};

use mdn_infer::format::Support;

use super::{Diagnostic, Severity};
use crate::data::Dataset;

/// The share of the rows from which repeats are worth a word.
const REPEATED_SHARE: f64 = 0.05;

/// Rows of equal inputs of which fewer than this share have another target are rows written twice.
const OTHER_TARGETS: f64 = 0.1;

/// A note where many rows of `data` are equal to another in all inputs and targets: a measurement that was written
/// twice counts twice. Where values of the targets have probabilities, by `supports`
/// `[D]`, rows with equal inputs agree by chance; then it takes that few such rows do not.
pub(super) fn repeated_rows(data: &Dataset, supports: &[Support]) -> Option<Diagnostic> {
    let equal = equal_to_another(data, true);
    let share = equal as f64 / data.rows.max(1) as f64;
    let cells = |support: &Support| matches!(support, Support::Lattice { .. } | Support::Atoms(_));
    let by_chance = supports.iter().any(cells) && {
        let inputs = equal_to_another(data, false);
        (inputs - equal) as f64 > OTHER_TARGETS * inputs as f64
    };
    (share > REPEATED_SHARE && !by_chance).then(|| Diagnostic {
        code: "repeated-rows",
        severity: Severity::Note,
        finding: format!(
            "{:.0}% of {} rows are equal to another row in all inputs and targets; equal rows are learnt from or \
             held back together, and count as many times as they stand in the table",
            100.0 * share,
            data.rows
        ),
        advice: "If the same measurement was written twice, remove the repeats: it counts twice. Different \
                 measurements that happen to be equal, as in coarse tables, do no harm",
    })
}

/// How many rows have an equal one, in their inputs or in the targets too; then as the file holds them, where
/// they come from one.
fn equal_to_another(data: &Dataset, targets: bool) -> usize {
    let hash = |row| match (targets, data.fingerprints.get(row)) {
        (true, Some(&fingerprint)) => fingerprint,
        (true, None) => hash(data.input(row).iter().chain(data.target(row))),
        (false, _) => hash(data.input(row).iter()),
    };
    let mut hashes: Vec<u64> = (0..data.rows).map(hash).collect();
    hashes.sort_unstable();
    let equal = hashes.chunk_by(|a, b| a == b);
    equal.map(<[u64]>::len).filter(|&rows| rows > 1).sum()
}

fn hash<'v>(values: impl Iterator<Item = &'v f32>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for value in values {
        // The sum makes a 0 of -0.
        (value + 0.0).to_bits().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[f32; 2]]) -> Dataset {
        Dataset {
            input_names: vec!["x".to_owned()],
            target_names: vec!["y".to_owned()],
            inputs: rows.iter().map(|row| row[0]).collect(),
            targets: rows.iter().map(|row| row[1]).collect(),
            rows: rows.len(),
            ..Dataset::default()
        }
    }

    #[test]
    fn rows_are_equal_in_all_columns() {
        let rows = [[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [-0.0, 2.0], [1.0, 1.0]];
        assert_eq!(equal_to_another(&table(&rows), true), 2);
        assert_eq!(equal_to_another(&table(&[[3.0, 4.0]; 3]), true), 3);
        assert_eq!(equal_to_another(&table(&[]), true), 0);
    }

    /// Places on the earth to a millimetre, which rounding to 32 bits makes equal.
    #[test]
    fn rounding_makes_no_rows_equal() {
        let rows = [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]];
        let read = Dataset {
            fingerprints: vec![1, 2, 1],
            ..table(&rows)
        };
        assert_eq!(equal_to_another(&read, true), 2);
        assert_eq!(equal_to_another(&read, false), 3);
    }

    #[test]
    fn few_repeats_are_left_in_peace() {
        let with = |equal: usize| -> Vec<[f32; 2]> {
            (0..100).map(|i| [i.max(equal) as f32, 1.0]).collect()
        };
        assert_eq!(repeated_rows(&table(&with(4)), &[]), None);
        let note = repeated_rows(&table(&with(5)), &[]).unwrap();
        assert!(note.finding.starts_with("6% of 100 rows"), "{note}");
        assert_eq!(note.severity, Severity::Note);
    }
    /// Counts at a few inputs agree often; the same rows twice agree always.
    #[test]
    fn equal_counts_at_equal_inputs_are_chance() {
        let lattice = Support::Lattice {
            origin: 0.0,
            step: 1.0,
            low: 0.0,
            high: f32::INFINITY,
        };
        let counts: Vec<[f32; 2]> = (0..100)
            .map(|i| [(i / 2) as f32, (i % 7 / 3) as f32])
            .collect();
        assert!(repeated_rows(&table(&counts), &[Support::Continuous]).is_some());
        assert_eq!(repeated_rows(&table(&counts), &[lattice]), None);
        let twice: Vec<[f32; 2]> = (0..100)
            .map(|i| [(i / 2) as f32, (i / 2 % 7) as f32])
            .collect();
        assert!(repeated_rows(&table(&twice), &[lattice]).is_some());
    }
}
