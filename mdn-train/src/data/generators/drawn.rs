//! Whether a table holds draws from one of the problems.

use std::io::Read;

use csv::StringRecord;

use super::{
    FAR, bishop, correlated_pair, draws, friedman, inverse_sine, sparse_linear, timber,
    two_link_arm,
};

/// The columns of a problem, and whether its law can give a row of cells.
struct Law {
    inputs: &'static [&'static str],
    targets: &'static [&'static str],
    can_give: fn(&[&str]) -> bool,
}

/// The laws of all problems.
const LAWS: [Law; 7] = [
    Law {
        inputs: &["x"],
        targets: &["y"],
        can_give: |row| numbers(row).is_some_and(|row| inverse_sine::can_give(&row)),
    },
    Law {
        inputs: &["x"],
        targets: &["t"],
        can_give: |row| numbers(row).is_some_and(|row| bishop::can_give(&row)),
    },
    Law {
        inputs: &["x", "y"],
        targets: &["shoulder", "elbow"],
        can_give: |row| numbers(row).is_some_and(|row| two_link_arm::can_give(&row)),
    },
    Law {
        inputs: &["x1", "x2", "x3", "x4", "x5"],
        targets: &["y"],
        can_give: |row| numbers(row).is_some_and(|row| friedman::can_give(&row)),
    },
    Law {
        inputs: &["x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"],
        targets: &["y"],
        can_give: |row| numbers(row).is_some_and(|row| sparse_linear::can_give(&row)),
    },
    Law {
        inputs: &["x1", "x2", "x3"],
        targets: &["y1", "y2"],
        can_give: |row| numbers(row).is_some_and(|row| correlated_pair::can_give(&row)),
    },
    Law {
        inputs: &["species", "grade", "moisture"],
        targets: &["strength"],
        can_give: boards,
    },
];

/// Characters that every number of a draw has: one of continuous law has all 16 digits or nearly
/// so, which measured or typed numbers have not.
const LENGTH: usize = 8;

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|_| cell.len() >= LENGTH)
}

fn numbers(row: &[&str]) -> Option<Vec<f64>> {
    row.iter().map(|cell| number(cell)).collect()
}

fn boards(row: &[&str]) -> bool {
    let &[species, grade, moisture, strength] = row else {
        return false;
    };
    let moisture = match moisture {
        "" => Some(f64::NAN),
        _ => number(moisture),
    };
    let values = moisture.zip(number(strength));
    values.is_some_and(|(moisture, strength)| timber::can_give(species, grade, moisture, strength))
}

impl Law {
    /// How many columns of noise the header has beside those of the problem; none where it is
    /// another one.
    fn noise(&self, header: &StringRecord) -> Option<usize> {
        let (inputs, targets) = (self.inputs.len(), self.targets.len());
        let noise = header.len().checked_sub(inputs + targets)?;
        let names = self.inputs.iter().map(|&name| name.to_owned());
        let names = names.chain((1..=noise).map(draws::noise_column));
        let names = names.chain(self.targets.iter().map(|&name| name.to_owned()));
        names.eq(header.iter()).then_some(noise)
    }

    /// Whether the problem with so many columns of `noise` can give the row.
    fn gives(&self, noise: usize, row: &StringRecord) -> bool {
        let mut cells: Vec<&str> = row.iter().collect();
        let place = self.inputs.len();
        if cells.len() != place + noise + self.targets.len() {
            return false;
        }
        let noises: Vec<&str> = cells.drain(place..place + noise).collect();
        let noises = numbers(&noises);
        noises.is_some_and(|all| all.iter().all(|draw| draw.abs() < FAR)) && (self.can_give)(&cells)
    }
}

/// Whether `text` is a table of draws from one of these problems: at least one row, and each of them
/// one that the problem's law can give, in as many digits.
pub(crate) fn is_drawn(text: impl Read) -> bool {
    let mut reader = csv::Reader::from_reader(text);
    let Ok(header) = reader.headers() else {
        return false;
    };
    let Some((law, noise)) = LAWS.iter().find_map(|law| Some((law, law.noise(header)?))) else {
        return false;
    };
    let fits = |record: csv::Result<StringRecord>| record.is_ok_and(|row| law.gives(noise, &row));
    let mut rows = reader.into_records().map(fits).peekable();
    rows.peek().is_some() && rows.all(|fits| fits)
}
