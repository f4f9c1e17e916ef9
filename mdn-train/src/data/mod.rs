//! Tables in, rows of numbers out.
//!
//! [`Table`] holds a file's cells, whatever its format; [`Dataset`] the chosen columns as numbers; [`split`] says which
//! rows to train on and [`Standardiser`] brings those to mean 0 and standard deviation 1. What
//! is wrong with a table becomes a [`DataError`] that names file, line and column.

mod blocks;
mod categories;
mod cell;
mod chunks;
#[cfg(feature = "columnar")]
mod claims;
mod column;
#[cfg(feature = "columnar")]
mod columnar;
mod dataset;
mod date;
mod error;
pub mod generators;
mod header;
mod numeric;
mod numpy;
mod row_file;
mod rows;
mod select;
mod split;
mod standardise;
mod stored;
mod table;
mod text;
mod transform;
mod unpack;
mod warning;
mod wild;

pub use blocks::TableBlocks;
pub use dataset::Dataset;
pub use error::DataError;
pub use numeric::NumericTable;
pub use rows::{OwnedRows, TableRows};
pub use split::split;
pub use standardise::{Standardiser, resolution};
pub use stored::{StoredRows, StoredTable};
pub use table::{ReadOptions, STANDARD_INPUT, Table};
pub use transform::{Transform, log_slope, score_scales};
pub use warning::DataWarning;
pub use wild::{Ordinary, WILD, fences};
