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
//! [`fit::fit`] takes an observer of the progress beside, [`run::Run`] keeps checkpoints, and
//! [`cross_validate`] scores a configuration on rows held out, [`tune`](mod@tune) tries many.

use std::ops::ControlFlow;

use data::Dataset;
use fit::{FitConfig, FitError, Fitted};

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
pub mod oracle;
pub mod pictures;
pub mod plot;
pub mod prune;
pub mod quantize;
pub mod recovery;
pub mod run;
pub mod train;
pub mod tune;
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
