//! Whether a table holds draws from one of the problems.

use std::io::Read;

use csv::StringRecord;

use super::{bishop, inverse_sine, two_link_arm};

/// The columns of a problem, and whether its law can give a row.
type Law = (&'static [&'static str], fn(&[f64]) -> bool);

/// The laws of all problems.
const LAWS: [Law; 3] = [
    (&["x", "y"], inverse_sine::can_give),
    (&["x", "t"], bishop::can_give),
    (&["x", "y", "shoulder", "elbow"], two_link_arm::can_give),
];

/// Characters that every number of a draw has: one of continuous law has all 16 digits or nearly
/// so, which measured or typed numbers have not.
const LENGTH: usize = 8;

/// Whether `text` is a table of draws from one of these problems: at least one row, and each of them
/// one that the problem's law can give, in as many digits.
pub(crate) fn is_drawn(text: impl Read) -> bool {
    let mut reader = csv::Reader::from_reader(text);
    let Ok(header) = reader.headers() else {
        return false;
    };
    let Some((_, can_give)) = LAWS.iter().find(|(columns, _)| header == *columns) else {
        return false;
    };
    let fits = |record: csv::Result<StringRecord>| {
        let values = record.ok().and_then(|record| {
            let number = |cell: &str| cell.parse().ok().filter(|_| cell.len() >= LENGTH);
            let values = record.iter().map(number);
            values.collect::<Option<Vec<f64>>>()
        });
        values.is_some_and(|row| can_give(&row))
    };
    let mut rows = reader.into_records().map(fits).peekable();
    rows.peek().is_some() && rows.all(|fits| fits)
}
