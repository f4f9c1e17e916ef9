//! The training loop.

mod average;
mod cells;
mod control;
mod feed;
mod noise;
mod objective;
mod off_diagonal;
mod options;
mod polish;
mod recipe;
mod refit;
mod sampler;
mod session;
mod snapshot;
mod starts;

use std::ops::ControlFlow;

use mdn_infer::format::Support;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use crate::loss::LossKind;
use crate::memory::{Shortage, check};
use crate::network::{Architecture, ArchitectureError, Network};
pub(crate) use cells::start;
pub use control::{Control, Keeper, Kept};
pub use feed::{Feed, Feeds};
pub use objective::{Objective, Rows, Selection};
pub use options::{Averaging, Batch, Length, NoiseUse, StartCount, TrainOptions};
pub(crate) use recipe::Outcome;
pub use recipe::Recipe;
pub use refit::refit;
pub use snapshot::Snapshot;
pub use starts::Starts;

/// How many numbers training holds for each parameter: itself, its gradient, the optimiser's two
/// moments, the average, the best so far, the state to go back to, and what is kept of another start.
const COPIES: u64 = 8;

/// Standardised rows to learn from.
#[derive(Clone, Copy, Debug)]
pub struct TrainingData<'a> {
    /// The rows that the gradient sees.
    pub train: Rows<'a>,
    /// The rows that choose the best step; without them the last step is taken.
    pub validation: Option<Rows<'a>>,
}

/// Where training stands. Losses are means over rows, of standardised targets: negative
/// log-likelihoods in nats, or what else [`TrainOptions::loss`] says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Steps planned of all starts and networks; more where longer starts turn out to be worth their while.
    pub total: usize,
    /// Steps planned of this start; those before it count as planned too.
    pub start_steps: usize,
    /// Over the training rows before this step; with mini-batches, the mean over the batches
    /// since the last report.
    pub train_loss: f64,
    /// Over the validation rows after this step.
    pub validation_loss: Option<f64>,
    /// The learning rate of this step.
    pub learning_rate: f32,
}

/// Something out of the ordinary that happened in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Event {
    /// The loss or its gradient was not finite, or far above the start's; training went on from
    /// the last good state at half the learning rate.
    RolledBack {
        /// The step that failed.
        step: usize,
        /// The loss that gave it away.
        loss: f64,
        /// The step whose state was restored.
        restored: usize,
        /// The learning rate, before the schedule's factor, from here on.
        learning_rate: f32,
    },
    /// The validation loss had not improved for as long as `patience` allows.
    StoppedEarly {
        /// The last step.
        step: usize,
    },
    /// The observer asked for the end.
    Interrupted {
        /// The last step.
        step: usize,
    },
}

/// A trained network and how it came about: of several starts, the one that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// The network of the best step.
    pub network: Network,
    /// Which of the starts it came from, from 0.
    pub start: usize,
    /// What that start had of its own, where a search chose it.
    // Checkpoints have it, and `planned`, at their end.
    #[serde(skip)]
    pub recipe: Option<Recipe>,
    /// Steps planned of all its starts, where there was a search; else 0.
    #[serde(skip)]
    pub planned: usize,
    /// The step with the lowest validation loss; the last one without validation rows.
    pub best_step: usize,
    /// The loss of the network over the training rows.
    pub train_loss: f64,
    /// The loss of the network over the validation rows.
    pub validation_loss: Option<f64>,
    /// Every report, in order.
    pub curve: Vec<Progress>,
    /// What else happened, in order.
    pub events: Vec<Event>,
}

impl Trained {
    /// The event that ended training before its time, if one did.
    pub fn interruption(&self) -> Option<Event> {
        let interrupted = |event: &&Event| matches!(event, Event::Interrupted { .. });
        self.events.iter().find(interrupted).copied()
    }
}

/// Why training could not start or go on.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The architecture cannot be trained.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// An option is out of its range.
    #[error("the training option `{option}` is out of range")]
    Option {
        /// Its name.
        option: &'static str,
    },
    /// The CRPS of several targets says nothing of how they move together.
    #[error("the CRPS cannot train full covariance of several targets; choose diagonal covariance")]
    Loss,
    /// Supports other than the whole line need the likelihood of independent dimensions.
    #[error(
        "targets with atoms, a lattice, bounds or a circle are trained by the NLL, with isotropic or \
         diagonal covariance where there are several"
    )]
    Support,
    /// There are no rows.
    #[error("there are no {table} rows")]
    NoRows {
        /// `training` or `validation`.
        table: &'static str,
    },
    /// More rows than a `u32` can number.
    #[error("{rows} rows are more than the supported {max}", max = u32::MAX)]
    TooManyRows {
        /// How many there are.
        rows: usize,
    },
    /// The slices don't hold the same number of whole rows.
    #[error(
        "the {table} rows don't fit: {inputs} input values and {targets} target values \
         for {input_width} inputs and {dimensions} targets a row"
    )]
    Shape {
        /// `training` or `validation`.
        table: &'static str,
        /// The length of `inputs`.
        inputs: usize,
        /// The length of `targets`.
        targets: usize,
        /// I
        input_width: usize,
        /// D
        dimensions: usize,
    },
    /// A value is NaN or infinite.
    #[error("{table} row {row} has a value that is not finite in the units that training sees")]
    NotFinite {
        /// `training` or `validation`.
        table: &'static str,
        /// The first such row, counted from 0.
        row: usize,
    },
    /// Rows on the disk cannot be read.
    #[error("{reason}")]
    Read {
        /// What is wrong.
        reason: String,
    },
    /// Halving the learning rate again and again did not help.
    #[error("training diverges at any learning rate: given up at step {step}")]
    Diverged {
        /// The last step.
        step: usize,
    },
    /// The network is too large for the memory that there is.
    #[error(transparent)]
    Memory(#[from] Shortage),
    /// The state to go on from belongs to another network or table.
    #[error("the state to go on from is not one of this network on these rows")]
    Snapshot,
}

/// Trains a network of this `architecture` on `data`.
///
/// The `observer` sees every report and may end training by `ControlFlow::Break`. It must be
/// `Send`, because training runs inside the current rayon pool. The result is the same, bit for
/// bit, for any number of threads.
pub fn train(
    architecture: &Architecture,
    data: &TrainingData<'_>,
    options: &TrainOptions,
    observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
) -> Result<Trained, TrainError> {
    train_with(architecture, data, options, Control::new(observer))
}

/// As [`train`], under the eyes of a [`Control`]: it may start from a [`Snapshot`] and have others
/// kept on the way. From a snapshot on, training goes as if it had never been interrupted, bit for
/// bit.
pub fn train_with(
    architecture: &Architecture,
    data: &TrainingData<'_>,
    options: &TrainOptions,
    control: Control<'_>,
) -> Result<Trained, TrainError> {
    let feeds = Feeds {
        train: data.train.into(),
        validation: data.validation.map(Feed::from),
        supports: &[],
    };
    train_from(architecture, &feeds, options, control)
}

/// As [`train_with`], with rows that may be on the disk: the same bits wherever they are.
pub fn train_from(
    architecture: &Architecture,
    data: &Feeds<'_>,
    options: &TrainOptions,
    control: Control<'_>,
) -> Result<Trained, TrainError> {
    architecture.check()?;
    options.check()?;
    if !options.loss.suits(&architecture.head) {
        return Err(TrainError::Loss);
    }
    let plain = data.supports.iter().all(|one| *one == Support::Continuous);
    if !plain && !options.loss.suits_supports(&architecture.head) {
        return Err(TrainError::Support);
    }
    data.train.check("training", architecture)?;
    if let Some(rows) = &data.validation {
        rows.check("validation", architecture)?;
    }
    let parameters = architecture.parameters();
    check(COPIES * size_of::<f32>() as u64 * parameters as u64, || {
        format!("training a network of {parameters} parameters")
    })?;
    // Within the pool from here on: handing it each step from outside would cost more than a
    // small network's step.
    rayon::scope(|_| starts::train(architecture, data, options, control))
}
