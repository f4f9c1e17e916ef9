//! Tables of draws whose columns may hold categories and missing values, and columns of noise.

#[cfg(feature = "text")]
use std::io::{self, Write};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::data::numeric::NumericTable;

/// Draws of a built-in problem.
///
/// ```
/// use mdn_train::data::generators::{Draws, friedman};
///
/// let draws = Draws::of_numbers(friedman(100, 0), 5).with_noise_columns(2, 0);
/// assert_eq!(draws.table.columns[4..], ["x5", "noise_1", "noise_2", "y"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Inputs first, targets last. A category is its place in `labels`, a missing value is NaN.
    pub table: NumericTable,
    /// How many of the columns are inputs.
    pub inputs: usize,
    /// The categories of each column, shape `[columns]`; none for a column of numbers.
    pub labels: Vec<&'static [&'static str]>,
}

impl Draws {
    /// A table of numbers only.
    pub fn of_numbers(table: NumericTable, inputs: usize) -> Self {
        Draws {
            labels: vec![&[]; table.columns.len()],
            inputs,
            table,
        }
    }

    /// The same table with `count` inputs more, `noise_1`, `noise_2` and so on behind the others:
    /// standard normal draws of which nothing else depends, so that the targets' entropy given the
    /// inputs is what it was. The other columns keep their values, and a longer table still starts
    /// with the shorter one of the same `seed`.
    pub fn with_noise_columns(self, count: usize, seed: u64) -> Self {
        // The same seed's stream, 2¹²⁸ draws further on.
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        generator.jump();
        let Draws {
            table,
            inputs,
            mut labels,
        } = self;
        let width = table.columns.len();
        let mut values = Vec::with_capacity(table.rows() * (width + count));
        for row in table.values.chunks_exact(width.max(1)) {
            let (before, behind) = row.split_at(inputs.min(width));
            values.extend(before);
            let noise = (0..count).map(|_| {
                let draw: f64 = StandardNormal.sample(&mut generator);
                draw
            });
            values.extend(noise);
            values.extend(behind);
        }
        let mut columns = table.columns;
        columns.splice(inputs..inputs, (1..=count).map(noise_column));
        labels.splice(inputs..inputs, vec![&[][..]; count]);
        Draws {
            table: NumericTable::new(columns, values),
            inputs: inputs + count,
            labels,
        }
    }

    /// Writes the table as CSV to `out`, with feature `text`: numbers in full, categories as their texts, nothing in the
    /// place of a missing value.
    ///
    /// # Errors
    /// When `out` fails.
    #[cfg(feature = "text")]
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.table.columns)?;
        for row in self.table.values.chunks_exact(self.labels.len().max(1)) {
            let cells = row.iter().zip(&self.labels);
            writer.write_record(cells.map(|(&value, labels)| cell(value, labels)))?;
        }
        writer.flush()
    }
}

#[cfg(feature = "text")]
fn cell(value: f64, labels: &[&str]) -> String {
    match labels.get(value as usize) {
        _ if value.is_nan() => String::new(),
        Some(&label) => label.to_owned(),
        None => value.to_string(),
    }
}

/// What the column of noise with this number, from 1, is called.
pub(super) fn noise_column(number: usize) -> String {
    format!("noise_{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[&str] = &["plain", "with, comma"];

    fn small() -> Draws {
        let columns = ["kind", "x", "y"].map(str::to_owned).to_vec();
        let values = vec![1.0, f64::NAN, 0.5, 0.0, 2.0, -1.0];
        Draws {
            table: NumericTable::new(columns, values),
            inputs: 2,
            labels: vec![KINDS, &[], &[]],
        }
    }

    #[test]
    fn categories_are_texts_and_missing_values_are_empty() {
        let mut text = Vec::new();
        small().write_to(&mut text).unwrap();
        assert_eq!(text, b"kind,x,y\n\"with, comma\",,0.5\nplain,2,-1\n");
    }

    #[test]
    fn noise_columns_leave_the_others_alone() {
        let noisy = small().with_noise_columns(3, 7);
        assert_eq!(
            noisy.table.columns,
            ["kind", "x", "noise_1", "noise_2", "noise_3", "y"]
        );
        assert_eq!((noisy.inputs, noisy.labels.len()), (5, 6));
        let kept = |row: usize, column: usize| noisy.table.values[6 * row + column];
        assert_eq!([kept(0, 0), kept(0, 5)], [1.0, 0.5]);
        assert_eq!([kept(1, 0), kept(1, 1), kept(1, 5)], [0.0, 2.0, -1.0]);
        let mut text = Vec::new();
        noisy.write_to(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\n\"with, comma\",,") && text.contains("\nplain,2,"));
    }

    #[test]
    fn noise_is_standard_normal_and_of_the_seed() {
        let table = NumericTable::new(vec!["x".into(), "y".into()], vec![0.0; 20_000]);
        let noisy = |seed| Draws::of_numbers(table.clone(), 1).with_noise_columns(2, seed);
        let one = noisy(1);
        for column in [1, 2] {
            let draws = one.table.values.iter().skip(column).step_by(4);
            let count = one.table.rows() as f64;
            let (sum, square) = draws.fold((0.0, 0.0), |(sum, square), draw| {
                (sum + draw, square + draw * draw)
            });
            assert!((sum / count).abs() < 0.04, "{sum}");
            assert!((square / count - 1.0).abs() < 0.06, "{square}");
        }
        assert_eq!(one, noisy(1));
        assert_ne!(one, noisy(2));
        let shorter = NumericTable::new(table.columns.clone(), vec![0.0; 20]);
        let shorter = Draws::of_numbers(shorter, 1).with_noise_columns(2, 1);
        assert_eq!(shorter.table.values, one.table.values[..40]);
    }
}
