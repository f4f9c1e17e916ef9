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
            Self::ConstantInput { column, value } => write!(
                out,
                "input column `{column}` has the value {value} in every row and tells nothing"
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
