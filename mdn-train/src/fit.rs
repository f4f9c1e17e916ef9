//! From a table to a model file: split, standardise, train, export, score.

mod config;
mod ensemble;
mod failure;
mod file_version;
mod inputs;
mod plan;
mod refit;
mod support;
mod units;

use std::borrow::Cow;
use std::ops::ControlFlow;

use mdn_infer::Model;

use crate::data::{DataError, Dataset, HoldOut, OwnedRows, Preparation, Split, TableRows};
use crate::draft::{ExportError, with_anomaly_threshold};
use crate::metrics::{RowError, Scorer, Scores};
use crate::model_file::ModelFile;
use crate::network::ActivationCount;
use crate::train::{Control, Progress, TrainError, Trained};
use plan::Plan;

pub use config::{FitConfig, ScaleFloor};
pub use failure::NothingLearnt;
pub use file_version::FileVersionError;
pub use inputs::{InputError, describe_transform};
pub use support::{
    SupportError, SupportRule, TargetSupport, describe, describe_target, with_supports_of,
};
pub use units::LossUnits;

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The file, self-tested.
    pub file: ModelFile,
    /// Whether the networks of the file were trained once more on all rows.
    pub refitted: bool,
    /// The first network and its history; losses there are in standardised units.
    pub trained: Trained,
    /// The further networks of an ensemble, in the order of the file.
    pub others: Vec<Trained>,
    /// What turns the losses in the histories into those in the units of the file's columns.
    pub units: LossUnits,
    /// `[D]`: the supports of the targets.
    pub supports: Vec<TargetSupport>,
    /// What is done to the inputs before they are standardised.
    pub preparation: Preparation,
    /// That training has failed, where it has.
    pub nothing_learnt: Option<NothingLearnt>,
    /// Scores of the file on the rows trained on.
    pub train: Scores,
    /// Scores of the file on the rows held back, where there are any: on those that are reported.
    pub validation: Option<Scores>,
    /// Which rows were held back, and how many.
    pub held_out: HeldOut,
    /// The rows that are in no score, as they have a number that stands for a missing one
    /// ([`Ordinary::is_marked`](crate::data::Ordinary::is_marked)), where others are left.
    pub set_aside: Option<SetAside>,
}

/// What became of the rows that were not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldOut {
    /// How they were chosen.
    pub by: HoldOut,
    /// How many chose the step.
    pub choosing_rows: usize,
    /// How many are reported.
    pub reported_rows: usize,
    /// Whether those that are reported are others than those that chose: nothing has seen them then.
    pub apart: bool,
}

/// Rows that are in no score of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetAside {
    /// How many.
    pub rows: usize,
    /// Their own mean NLL, nats in raw units; +∞ where one of them has density 0.
    pub nll: f64,
}

impl Fitted {
    /// All networks in the order of the file.
    pub fn networks(&self) -> impl ExactSizeIterator<Item = &Trained> {
        let count = 1 + self.others.len();
        (0..count).map(|member| match member {
            0 => &self.trained,
            other => &self.others[other - 1],
        })
    }
}

/// Why no model was fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The rows cannot be split.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The network did not become a file.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file cannot be scored on the table.
    #[error(transparent)]
    Score(#[from] RowError),
    /// No components, or more in all networks together than the format knows.
    #[error("{networks} networks of {components} components; a mixture has 1 to {max} components")]
    Components {
        /// How many networks.
        networks: u8,
        /// How many components each has.
        components: u16,
        /// The most that there may be in all.
        max: usize,
    },
    /// Neither one activation nor one for each hidden layer.
    #[error(transparent)]
    Activations(#[from] ActivationCount),
    /// The version of the file that was chosen cannot hold the model.
    #[error(transparent)]
    FileVersion(#[from] FileVersionError),
    /// An input cannot be prepared as was chosen, or its file cannot hold that.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A target cannot have the support that was chosen for it.
    #[error(transparent)]
    Support(#[from] SupportError),
    /// More target columns than the format has dimensions.
    #[error("{found} target columns; a model has at most {max}")]
    TooManyTargets {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
}

/// Fits a model to `data`, in which equal rows count as one of more weight ([`TableRows::merged`]); `observer` sees the progress, in raw units, and may stop early.
///
/// # Errors
///
/// [`FitError`].
pub fn fit(
    data: &Dataset,
    config: &FitConfig,
    observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
) -> Result<Fitted, FitError> {
    fit_with(data, config, Control::new(observer))
}

/// As [`fit`], under the eyes of a [`Control`], whose observer sees losses in raw units. The rows may
/// be on the disk: the model is the same, bit for bit.
///
/// # Errors
///
/// [`FitError`].
pub fn fit_with<'d>(
    data: impl Into<TableRows<'d>>,
    config: &FitConfig,
    control: Control<'_>,
) -> Result<Fitted, FitError> {
    train_with(data.into(), config, control)?.score()
}

/// As [`fit_with`], up to the model: it can be kept safe before its scores are known, which can take
/// long for many components and targets.
///
/// # Errors
///
/// [`FitError`].
pub fn train_with<'d>(
    data: impl Into<TableRows<'d>>,
    config: &'d FitConfig,
    control: Control<'_>,
) -> Result<Unscored<'d>, FitError> {
    train_as(data.into(), Cow::Borrowed(config), control)
}

/// As [`train_with`], by a configuration that may be nobody else's.
pub(crate) fn train_as<'d>(
    data: TableRows<'d>,
    config: Cow<'d, FitConfig>,
    control: Control<'_>,
) -> Result<Unscored<'d>, FitError> {
    let table = Table::merged(data, config.hold_out)?;
    let split = config
        .hold_out
        .split(table.rows(), config.validation, config.seed)?;
    train_split(table, config, &split, control)
}

/// As [`train_as`], with the rows as they are, and parted as `split` says.
pub(crate) fn train_split<'d>(
    data: Table<'d>,
    config: Cow<'d, FitConfig>,
    split: &Split,
    control: Control<'_>,
) -> Result<Unscored<'d>, FitError> {
    ensemble::check(&config)?;
    config.check_file_version()?;
    let plan = Plan::new(data, config, split)?;
    let stop = control.stop;
    let mut networks = ensemble::train(&plan, control)?;
    for trained in &mut networks {
        plan.settle(&mut trained.network);
    }
    let file = plan.export(&networks)?;
    let threshold = plan.anomaly_threshold(&file)?;
    let chosen = with_anomaly_threshold(&file, threshold)?;
    let refitted = plan.refit(&networks, stop)?.map(|networks| {
        let file = plan.export(&networks)?;
        Ok::<_, FitError>(with_anomaly_threshold(&file, threshold)?)
    });
    let nothing_learnt = failure::nothing_learnt(&plan, &networks, &chosen)?;
    Ok(Unscored {
        nothing_learnt,
        refitted: refitted.transpose()?,
        plan,
        networks,
        chosen,
    })
}

/// The rows of a fit: somebody else's, or those made of them.
#[derive(Debug)]
pub(crate) enum Table<'d> {
    Given(TableRows<'d>),
    Made(Box<OwnedRows>),
}

impl<'d> Table<'d> {
    /// The rows of `data` in which equal ones are one.
    pub(crate) fn merged(data: TableRows<'d>, hold_out: HoldOut) -> Result<Self, DataError> {
        let merged = data.merged(hold_out)?;
        Ok(merged.map_or(Table::Given(data), |rows| Table::Made(Box::new(rows))))
    }

    pub(crate) fn rows(&self) -> TableRows<'_> {
        match self {
            Table::Given(rows) => *rows,
            Table::Made(rows) => rows.rows(),
        }
    }
}

/// A fitted model whose scores are still to be found.
#[derive(Debug)]
pub struct Unscored<'d> {
    plan: Plan<'d>,
    networks: Vec<Trained>,
    nothing_learnt: Option<NothingLearnt>,
    /// The file that the rows held back chose.
    chosen: ModelFile,
    /// The file of the networks trained once more on all rows.
    refitted: Option<ModelFile>,
}

impl Unscored<'_> {
    /// The file, self-tested.
    pub fn file(&self) -> &ModelFile {
        self.refitted.as_ref().unwrap_or(&self.chosen)
    }

    /// `[D]`: the supports of the targets.
    pub fn supports(&self) -> &[TargetSupport] {
        &self.plan.supports
    }

    /// That training has failed, where it has.
    pub fn nothing_learnt(&self) -> Option<NothingLearnt> {
        self.nothing_learnt
    }

    /// The model with its scores on the rows of the table.
    ///
    /// # Errors
    ///
    /// [`FitError::Score`], and [`FitError::Data`] when rows on the disk cannot be read.
    pub fn score(mut self) -> Result<Fitted, FitError> {
        let plan = &self.plan;
        let mut aside = Aside::default();
        let (reported, held_out) = (plan.reported(), plan.held_out());
        let validation = reported.map(|part| score(&self.chosen.model(), part, plan, &mut aside));
        let validation = validation.transpose()?;
        let train = score(&self.file().model(), plan.training.rows(), plan, &mut aside)?;
        let others = self.networks.split_off(1);
        Ok(Fitted {
            train,
            validation,
            held_out,
            set_aside: aside.mean(),
            units: self.plan.units,
            supports: self.plan.supports,
            preparation: self.plan.prepared.preparation,
            trained: self.networks.remove(0),
            others,
            nothing_learnt: self.nothing_learnt,
            refitted: self.refitted.is_some(),
            file: self.refitted.unwrap_or(self.chosen),
        })
    }
}

/// The sum over rows set aside.
#[derive(Default)]
struct Aside {
    rows: usize,
    nll: f64,
}

impl Aside {
    fn mean(&self) -> Option<SetAside> {
        (self.rows > 0).then(|| SetAside {
            rows: self.rows,
            nll: self.nll / self.rows as f64,
        })
    }
}

/// All scores of `model` on `rows`, but for those with a number that stands for a missing one, which go to
/// `aside`: there the model was never meant to know anything. On all, where each has one.
fn score(
    model: &Model<'_>,
    rows: TableRows<'_>,
    plan: &Plan<'_>,
    aside: &mut Aside,
) -> Result<Scores, FitError> {
    let (mut scorer, mut marked) = (Scorer::new(*model), Scorer::new(*model));
    rows.visit(|block| {
        let kept = block.unmarked(&plan.ordinary);
        if kept.len() == block.rows {
            return Ok::<_, FitError>(scorer.add(block)?);
        }
        let others = (0..block.rows).filter(|row| kept.binary_search(row).is_err());
        marked.add(&block.subset(&others.collect::<Vec<usize>>()))?;
        Ok(scorer.add(&block.subset(&kept))?)
    })?;
    let (scores, marked) = (scorer.finish(), marked.finish());
    if scores.rows == 0 {
        return Ok(marked);
    }
    if marked.rows > 0 {
        aside.rows += marked.rows;
        aside.nll += marked.nll * marked.rows as f64;
    }
    Ok(scores)
}
