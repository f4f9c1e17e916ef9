//! Tables in, rows of numbers out.
//!
//! [`Table`] holds a file's cells, whatever its format; [`Dataset`] the chosen columns as numbers; [`split`] says which
//! rows to train on and [`Standardiser`] brings those to mean 0 and standard deviation 1. What
//! is wrong with a table becomes a [`DataError`] that names file, line and column.

#![cfg_attr(
    not(all(feature = "text", feature = "columnar", feature = "numpy")),
    allow(dead_code, reason = "only readers that are not built would use it")
)]

#[cfg(not(all(feature = "text", feature = "columnar", feature = "numpy")))]
mod absent;
mod arrangement;
mod blocks;
mod categories;
mod cell;
#[cfg(feature = "text")]
mod chunks;
#[cfg(feature = "columnar")]
mod claims;
mod column;
#[cfg(feature = "columnar")]
mod columnar;
mod dataset;
mod date;
mod error;
#[cfg(feature = "text")]
mod foreign;
pub mod generators;
#[cfg(feature = "text")]
mod header;
mod hold_out;
mod log_zero;
mod merged;
mod missing;
mod numeric;
#[cfg(feature = "numpy")]
mod numpy;
mod preparation;
mod roles;
mod row_file;
mod row_number;
mod rows;
mod select;
mod sentinel;
mod split;
mod standardise;
mod stored;
mod table;
#[cfg(feature = "text")]
mod text;
mod transform;
mod unpack;
mod warning;
mod weights;
mod wild;

#[cfg(not(feature = "columnar"))]
use absent::columnar;
#[cfg(not(feature = "numpy"))]
use absent::numpy;
#[cfg(not(feature = "text"))]
use absent::{chunks, text};

pub use arrangement::{ArrangedBy, Arrangement, ListedRows};
pub use blocks::TableBlocks;
#[cfg(feature = "plot")]
pub(crate) use categories::adds_up;
pub(crate) use categories::encoded_columns;
pub use dataset::Dataset;
pub use error::{DataError, alternatives};
pub use hold_out::{HoldOut, Split};
pub(crate) use hold_out::{by_order, group_sizes};
pub use log_zero::LogZero;
pub use missing::{MissingInputs, MissingValue};
pub use numeric::NumericTable;
pub(crate) use preparation::saturated;
pub use preparation::{InputChoice, Preparation, heavy_tailed};
pub use rows::{OwnedRows, TableRows};
pub use sentinel::{Sentinel, sentinels};
pub use split::split;
pub use standardise::{Standardiser, resolution};
pub use stored::{StoredRows, StoredTable};
pub use table::{ReadOptions, STANDARD_INPUT, Table, Unusable};
pub use transform::{Transform, column_scales, log_slope, score_scales};
pub use warning::DataWarning;
pub(crate) use weights::{count as copies, in_proportion};
pub use wild::{Ordinary, WILD, fences};
