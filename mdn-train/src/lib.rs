//! Trains mixture density networks.
//!
//! What the command `mdn-train fit` does, a program can do: read a table, [`fit`](fn@fit) a model to
//! it, and write or use the file.
//!
//! ```
//! use mdn_train::data::{Dataset, ReadOptions, Table};
//! use mdn_train::files::{Claims, Kind};
//! use mdn_train::fit::FitConfig;
//! use mdn_train::train::{Length, TrainOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("table.csv");
//! # mdn_train::data::generators::inverse_sine(200, 1).write_to(std::fs::File::create(&path)?)?;
//! let options = ReadOptions::default();
//! let table = Table::read(&path, &options)?;
//! let data = Dataset::for_training(&table, None, &["y".to_owned()], &options)?;
//! let config = FitConfig {
//!     components: 8,
//!     options: TrainOptions { length: Length::Steps(200), ..TrainOptions::default() },
//!     ..FitConfig::default()
//! };
//! let fitted = mdn_train::fit(&data, &config)?;
//!
//! println!("NLL {:.3} on {} rows", fitted.train.nll, fitted.train.rows);
//! let model = fitted.file.model();
//! let mut working = vec![0.0; model.working_len()];
//! let mixture = model.predict(mdn_infer::Level::detect(), &[2.5], &mut working)?;
//! println!("median {}", mixture.marginal(0).expect("one target").median());
//!
//! let mut claims = Claims::new();
//! claims.read(&path);
//! let file = claims.claim(folder.path().join("model.mdn"), Kind::Model)?;
//! file.write(|out| out.write_all(fitted.file.bytes()))?;
//! # Ok(())
//! # }
//! ```
//!
//! Rows in memory do as well, without any of the crate's features:
//!
//! ```
//! use mdn_train::data::{Dataset, NumericTable};
//! use mdn_train::fit::FitConfig;
//! use mdn_train::train::{Length, TrainOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rows = (0..200).map(|row| f64::from(row) / 100.0 - 1.0);
//! let values = rows.flat_map(|x| [x, x * x]).collect();
//! let table = NumericTable::new(vec!["x".to_owned(), "y".to_owned()], values);
//! let data = Dataset::from_numeric(table, 1)?;
//! let config = FitConfig {
//!     components: 3,
//!     options: TrainOptions { length: Length::Steps(100), ..TrainOptions::default() },
//!     ..FitConfig::default()
//! };
//! let fitted = mdn_train::fit(&data, &config)?;
//! println!("a model file of {} bytes", fitted.file.bytes().len());
//! # Ok(())
//! # }
//! ```
//!
//! # Crate features
//!
//! All are on by default. With `default-features = false` the crate fits rows in memory and writes,
//! reads and changes model files; it then takes 49 crates.
//!
//! - `cli`: the program `mdn-train`; brings `oracle`, `plot` and `text`, and clap and others of which the
//!   library has no need.
//! - `columnar`: Parquet and Arrow IPC; brings `text`.
//! - `numpy`: NumPy's `.npy` and `.npz`; brings `text`.
//! - `oracle`: `oracle`, the binary64 reference, and `verify`, which holds a file against it.
//! - `plot`: `plot` and `pictures`, PNG and SVG, and `run::losses` for them.
//! - `text`: CSV and other texts, also compressed by gzip, dates and times in cells,
//!   `NumericTable::write_to`.
//!
//! A table of a format whose feature is off is an error that names the feature.
//!
//! # More
//!
//! [`fit::fit`] takes an observer of the progress beside, [`run::Run`] keeps checkpoints, and
//! [`cross_validate`] scores a configuration on rows held out, [`tune`](mod@tune) tries many.

use std::ops::ControlFlow;

use data::Dataset;
use fit::{FitConfig, FitError, Fitted};

pub mod back_transformed;
pub mod cross_validate;
pub mod data;
pub mod diagnose;
pub mod draft;
pub mod drawn_rows;
pub mod files;
pub mod fit;
pub mod loss;
pub mod memory;
pub mod metrics;
pub mod model_file;
pub mod network;
pub mod optim;
#[cfg(feature = "oracle")]
pub mod oracle;
#[cfg(feature = "plot")]
pub mod pictures;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prune;
pub mod quantize;
pub mod recovery;
pub mod run;
pub mod supports;
pub mod train;
pub mod tune;
#[cfg(feature = "oracle")]
pub mod verify;

/// Fits a model to `data`; the result is the same, bit for bit, for any number of threads.
///
/// Time grows with the product of steps, rows a step and parameters; memory is that of the rows and
/// some eight times that of the parameters.
///
/// # Errors
///
/// [`FitError`].
pub fn fit(data: &Dataset, config: &FitConfig) -> Result<Fitted, FitError> {
    fit::fit(data, config, &mut |_| ControlFlow::Continue(()))
}
