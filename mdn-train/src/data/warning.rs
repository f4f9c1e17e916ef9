//! What the owner of a table should know.

use std::fmt;

/// Something about a table that does not stop the work but that its owner should know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DataWarning {
    /// The first line of a text holds only numbers, and counts as data.
    NoHeader,
    /// A column's name looks like a measured value.
    DoubtfulHeader {
        /// The name.
        column: String,
    },
    /// An input column has one value throughout; it cannot tell the rows apart.
    ConstantInput {
        /// The input.
        column: String,
        /// Its only value.
        value: f32,
    },
    /// An input column numbers the rows: it names each and says nothing of others. It was left out, since
    /// nobody asked for it by name.
    RowNumber {
        /// The column.
        column: String,
    },
    /// An input column is an index, as the file says: it names the rows. It was left out, since nobody asked for
    /// it by name.
    Index {
        /// The column.
        column: String,
    },
    /// Rows of weight 0 were left out.
    ZeroWeight {
        /// The column of the weights.
        column: String,
        /// How many there were.
        rows: usize,
    },
    /// An input column equals a target in every row.
    EqualsTarget {
        /// The input.
        column: String,
        /// The target.
        target: String,
    },
    /// Rounding to 32-bit floating point made different values of a column equal.
    PrecisionLost {
        /// The column.
        column: String,
        /// How many different values the file has.
        distinct: usize,
        /// How many are left after rounding.
        kept: usize,
    },
}

impl DataWarning {
    /// What precedes it in a list: how much it matters, and its stable name where it has one.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::RowNumber { .. } | Self::Index { .. } => "note row-number",
            Self::ZeroWeight { .. } => "note",
            Self::EqualsTarget { .. } => "warning leak",
            _ => "warning",
        }
    }
}

impl fmt::Display for DataWarning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => write!(
                out,
                "the first line holds only numbers and counts as data; the columns are called x0, \
                 x1, …, and a line of names before it would name them"
            ),
            Self::DoubtfulHeader { column } => write!(
                out,
                "the first line looks like data, as it calls a column `{column}`; --no-header takes \
                 it as data"
            ),
            Self::ConstantInput { column, value } if value.is_nan() => {
                write!(out, "input column `{column}` has a value in no row")
            }
            Self::ConstantInput { column, value } => write!(
                out,
                "input column `{column}` has the value {value} in every row and tells nothing"
            ),
            Self::RowNumber { column } => write!(
                out,
                "column `{column}` numbers the rows, with different whole numbers that fill at least half \
                 of their range, and is left out; --inputs takes it in"
            ),
            Self::Index { column } => write!(
                out,
                "column `{column}` is an index, as the file says, and is left out; --inputs takes it in"
            ),
            Self::ZeroWeight { column, rows } => write!(
                out,
                "{rows} row{} left out, as the weight in column `{column}` is 0 there",
                if *rows == 1 { "" } else { "s" }
            ),
            Self::EqualsTarget { column, target } => write!(
                out,
                "input column `{column}` equals the target `{target}` in every row: the model would only \
                 copy it; --inputs can leave it out"
            ),
            Self::PrecisionLost {
                column,
                distinct,
                kept,
            } => write!(
                out,
                "column `{column}`: {distinct} different values become {kept} in 32-bit floating \
                 point; subtract a constant from the column first"
            ),
        }
    }
}
