//! Tables in, rows of numbers out.
//!
//! [`Table`] holds a file's cells, whatever its format; [`Dataset`] the chosen columns as numbers; [`split`] says which
//! rows to train on and [`Standardiser`] brings those to mean 0 and standard deviation 1. What
//! is wrong with a table becomes a [`DataError`] that names file, line and column.

mod categories;
mod cell;
#[cfg(feature = "columnar")]
mod claims;
mod column;
#[cfg(feature = "columnar")]
mod columnar;
mod dataset;
mod date;
mod error;
pub mod generators;
mod numeric;
mod numpy;
mod select;
mod split;
mod standardise;
mod table;
mod text;

pub use dataset::Dataset;
pub use error::{DataError, DataWarning};
pub use numeric::NumericTable;
pub use split::split;
pub use standardise::{Standardiser, resolution};
pub use table::{ReadOptions, STANDARD_INPUT, Table};
