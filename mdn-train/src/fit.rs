//! From a table to a model file: split, standardise, train, export, score.

mod ensemble;
mod refit;
mod units;

use std::ops::ControlFlow;

use mdn_infer::Model;
use mdn_infer::format::{Activation, Covariance, Head, MAX_LOG_SCALE, ScaleMap};
use serde::Serialize;

use crate::data::{
    DataError, Dataset, Ordinary, OwnedRows, Standardiser, StoredRows, TableRows, split,
};
use crate::export::{Export, ExportError, golden_numbers};
use crate::metrics::{RowError, Scorer, Scores, map_rows};
use crate::model_file::ModelFile;
use crate::network::{Architecture, Network};
use crate::train::{
    Control, Feed, Feeds, Keeper, Progress, Rows, TrainError, TrainOptions, Trained, train_from,
};

pub use units::LossUnits;

/// What to fit, and how.
#[derive(Clone, Debug, Serialize)]
pub struct FitConfig {
    /// How many networks are trained; with more than one the file is an ensemble, whose density is
    /// the mean of theirs.
    pub ensemble: u8,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The function of the hidden units.
    pub activation: Activation,
    /// K, the components of each network.
    pub components: u16,
    /// The kind of covariance.
    pub covariance: Covariance,
    /// How network outputs become scales.
    pub scale_map: ScaleMap,
    /// The smallest scale of a component, in the units that training sees.
    pub scale_floor: ScaleFloor,
    /// Train in units of mean 0 and standard deviation 1 of the training rows, and take a few wild
    /// values for the nearest ordinary one ([`Ordinary`]).
    pub standardise: bool,
    /// The share of the rows held back to choose the best step; 0 for none.
    pub validation: f64,
    /// Train once more on all rows, those held back too, for as long as they found best: the file has
    /// that network, and the scores of the rows held back are those of the one before.
    pub refit: bool,
    /// Seed of the split and of everything random in training.
    pub seed: u64,
    /// The share of ordinary rows that may count as anomalies: the file's threshold is the score
    /// that this share of the rows held back (or of all, where none are) exceeds.
    pub anomaly_rate: f64,
    /// Unit of a column, by its name.
    pub units: Vec<(String, String)>,
    /// The optimiser and the loop; its seed is replaced by `seed`.
    pub options: TrainOptions,
}

/// The smallest scale of a component.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum ScaleFloor {
    /// From how finely the targets were recorded: in steps of Δ no value can be more than certain,
    /// which is a density of 1/Δ, the peak of a normal of standard deviation Δ/√(2π); a narrower
    /// component would only chase the recording. The finest target decides, and never less than a
    /// thousandth of the spread.
    Automatic,
    /// This scale.
    Fixed(f32),
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            ensemble: 1,
            hidden: vec![64, 64],
            activation: Activation::Silu,
            components: 20,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            scale_floor: ScaleFloor::Automatic,
            standardise: true,
            validation: 0.1,
            refit: false,
            seed: 0,
            anomaly_rate: 0.01,
            units: Vec::new(),
            options: TrainOptions::default(),
        }
    }
}

impl FitConfig {
    /// The classic tutorial's network and recipe for the inverse problem of
    /// [`inverse_sine`](fn@crate::data::generators::inverse_sine): 24 sigmoid units, 24 isotropic
    /// components, raw units, every row for training, plain full-batch Adam.
    ///
    /// One thing is added: a floor of 0.2 on the scales, about the width of the truth's narrowest
    /// branch, 1 / max |dx/dy| = 0.17. Without it the recipe lets a component collapse onto a few
    /// points.
    pub fn classic() -> Self {
        FitConfig {
            hidden: vec![24],
            activation: Activation::Sigmoid,
            components: 24,
            covariance: Covariance::Isotropic,
            scale_floor: ScaleFloor::Fixed(0.2),
            standardise: false,
            validation: 0.0,
            options: TrainOptions::classic(),
            ..FitConfig::default()
        }
    }
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The file, self-tested.
    pub file: ModelFile,
    /// The first network and its history; losses there are in standardised units.
    pub trained: Trained,
    /// The further networks of an ensemble, in the order of the file.
    pub others: Vec<Trained>,
    /// What turns the losses in the histories into those in the units of the file's columns.
    pub units: LossUnits,
    /// Scores of the file on the rows trained on.
    pub train: Scores,
    /// Scores of the file on the rows held back, where there are any.
    pub validation: Option<Scores>,
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
    /// More target columns than the format has dimensions.
    #[error("{found} target columns; a model has at most {max}")]
    TooManyTargets {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
}

/// Fits a model to `data`; `observer` sees the progress, in raw units, and may stop early.
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
    ensemble::check(config)?;
    let plan = Plan::new(data.into(), config)?;
    let mut networks = ensemble::train(&plan, control)?;
    // A file always says where its inputs lie, whatever units training saw.
    for trained in &mut networks {
        trained.network.absorb(&plan.inputs, &plan.spread);
    }
    let bare = plan.export(&networks, None)?;
    let threshold = plan.anomaly_threshold(&bare)?;
    let chosen = plan.export(&networks, Some(threshold))?;
    let scores = |file: &ModelFile, part: TableRows<'_>| score(&file.model(), part);
    let validation = plan
        .held_back()
        .map(|part| scores(&chosen, part))
        .transpose()?;
    let file = match plan.refit(&networks)? {
        Some(networks) => plan.export(&networks, Some(threshold))?,
        None => chosen,
    };
    let others = networks.split_off(1);
    Ok(Fitted {
        train: scores(&file, plan.training.rows())?,
        validation,
        units: plan.units,
        trained: networks.remove(0),
        others,
        file,
    })
}

/// What is settled before training starts.
struct Plan<'a> {
    config: &'a FitConfig,
    /// All rows: those to train on and those held back.
    rows: TableRows<'a>,
    architecture: Architecture,
    training: OwnedRows,
    validation: OwnedRows,
    /// What is ordinary for inputs and for targets, judged by all rows.
    ordinary: [Ordinary; 2],
    /// The units that training sees.
    inputs: Standardiser,
    targets: Standardiser,
    /// Where the inputs lie.
    spread: Standardiser,
    units: LossUnits,
}

impl<'a> Plan<'a> {
    fn new(data: TableRows<'a>, config: &'a FitConfig) -> Result<Self, FitError> {
        let (train_rows, validation_rows) = split(data.count(), config.validation, config.seed)?;
        let training = data.part(&train_rows);
        let (width, dimensions) = (data.input_names().len(), data.target_names().len());
        let ordinary = match config.standardise {
            true => data.ordinary()?,
            false => [Ordinary::all(width), Ordinary::all(dimensions)],
        };
        let [spread, target_spread] = training.rows().spread(&ordinary)?;
        let bounds = log_scale_bounds(training.rows(), config, &target_spread.scale)?;
        let (inputs, targets) = if config.standardise {
            (spread.clone(), target_spread)
        } else {
            (
                Standardiser::identity(width),
                Standardiser::identity(dimensions),
            )
        };
        let validation = data.part(&validation_rows);
        let log_slope = |part: &OwnedRows| part.rows().mean_log_slope();
        let log_slopes = [log_slope(&training)?, log_slope(&validation)?];
        Ok(Plan {
            config,
            rows: data,
            architecture: architecture(data, config, bounds)?,
            units: LossUnits::new(config.options.loss, &targets, log_slopes),
            validation,
            training,
            ordinary,
            inputs,
            targets,
            spread,
        })
    }

    /// One network, with `seed` for all that is random in its training.
    fn train(&self, seed: u64, control: Control<'_>) -> Result<Trained, TrainError> {
        let (training, validation) = (
            self.standard(self.training.rows()),
            self.standard(self.validation.rows()),
        );
        let data = Feeds {
            train: training.feed(),
            validation: self.held_back().map(|_| validation.feed()),
        };
        let options = TrainOptions {
            seed,
            ..self.config.options.clone()
        };
        let units = self.units;
        let mut observer = |progress: &Progress| (control.observer)(&units.progress(progress));
        let control = Control {
            observer: &mut observer,
            keeper: control.keeper.map(|keeper| keeper as &mut dyn Keeper),
            ..control
        };
        train_from(&self.architecture, &data, &options, control)
    }

    /// Rows in the units that training sees.
    fn standard<'p>(&'p self, part: TableRows<'p>) -> Standard<'p> {
        match part {
            TableRows::Memory(rows) => Standard::Memory {
                inputs: self.inputs.apply(&self.ordinary[0].clamp(&rows.inputs)),
                targets: self.targets.apply(&self.ordinary[1].clamp(&rows.targets)),
            },
            TableRows::Stored(table) => Standard::Stored(StoredRows {
                table,
                ordinary: &self.ordinary,
                inputs: &self.inputs,
                targets: &self.targets,
            }),
        }
    }

    fn held_back(&self) -> Option<TableRows<'_>> {
        Some(self.validation.rows()).filter(|rows| rows.count() > 0)
    }

    fn export(&self, networks: &[Trained], threshold: Option<f32>) -> Result<ModelFile, FitError> {
        let named = |names: &[String]| -> Vec<_> {
            names.iter().map(|name| self.config.column(name)).collect()
        };
        let networks: Vec<&Network> = networks.iter().map(|trained| &trained.network).collect();
        let rows = self.training.rows();
        let golden = rows.pick(&golden_numbers(rows.count()))?;
        let file = Export {
            networks: &networks,
            inputs: &self.spread,
            targets: &self.targets,
            input_columns: &named(rows.input_names()),
            target_columns: &named(rows.target_names()),
            anomaly_threshold: threshold,
            golden_inputs: &golden.inputs,
            golden_targets: &golden.targets,
        };
        Ok(file.to_file()?)
    }

    /// The anomaly score that the configured share of ordinary rows exceeds.
    fn anomaly_threshold(&self, file: &ModelFile) -> Result<f32, FitError> {
        let rows = self.held_back().unwrap_or(self.training.rows());
        let mut scores = Vec::with_capacity(rows.count());
        rows.visit(|block| {
            scores.extend(map_rows(&file.model(), block, |row, mixture| {
                mixture.anomaly_score(block.target(row))
            })?);
            Ok::<_, FitError>(())
        })?;
        scores.sort_by(f32::total_cmp);
        let below = ((1.0 - self.config.anomaly_rate) * scores.len() as f64).ceil() as usize;
        let last_finite = scores.iter().rev().copied().find(|score| score.is_finite());
        let chosen = scores.get(below.saturating_sub(1)).copied();
        Ok(chosen
            .filter(|score| score.is_finite())
            .or(last_finite)
            .unwrap_or(f32::MAX))
    }
}

/// Rows in the units that training sees: on the disk they are brought there when they are read.
enum Standard<'a> {
    Memory { inputs: Vec<f32>, targets: Vec<f32> },
    Stored(StoredRows<'a>),
}

impl Standard<'_> {
    fn feed(&self) -> Feed<'_> {
        match self {
            Standard::Memory { inputs, targets } => Feed::Memory(Rows { inputs, targets }),
            Standard::Stored(rows) => Feed::Stored(*rows),
        }
    }
}

/// All scores of `model` on `rows`.
fn score(model: &Model<'_>, rows: TableRows<'_>) -> Result<Scores, FitError> {
    let mut scorer = Scorer::new(*model);
    rows.visit(|block| Ok::<_, FitError>(scorer.add(block)?))?;
    Ok(scorer.finish())
}

impl FitConfig {
    fn column(&self, name: &str) -> (String, Option<String>) {
        let unit = self.units.iter().find(|(column, _)| column == name);
        (name.to_owned(), unit.map(|(_, unit)| unit.clone()))
    }
}

fn architecture(
    data: TableRows<'_>,
    config: &FitConfig,
    (log_scale_min, log_scale_max): (f32, f32),
) -> Result<Architecture, FitError> {
    let max = mdn_infer::format::MAX_DIMENSIONS;
    let found = data.target_names().len();
    let dimensions = u8::try_from(found)
        .ok()
        .filter(|&found| usize::from(found) <= max);
    Ok(Architecture {
        inputs: data.input_names().len(),
        hidden: config.hidden.clone(),
        activation: config.activation,
        head: Head {
            components: config.components,
            dimensions: dimensions.ok_or(FitError::TooManyTargets { found, max })?,
            covariance: config.covariance,
            scale_map: config.scale_map,
            log_scale_min,
            log_scale_max,
        },
    })
}

/// Bounds on the log-scales, in the units that training sees; `spread` is that of each target.
fn log_scale_bounds(
    training: TableRows<'_>,
    config: &FitConfig,
    spread: &[f32],
) -> Result<(f32, f32), DataError> {
    let unit = |spread: f32| if config.standardise { 1.0 } else { spread };
    let resolutions = training.target_resolutions()?;
    let floors = resolutions.iter().zip(spread).map(|(step, &spread)| {
        let certain = step.unwrap_or(0.0) / std::f32::consts::TAU.sqrt();
        (certain / spread).clamp(1e-3, 1.0) * unit(spread)
    });
    let floor = match config.scale_floor {
        ScaleFloor::Automatic => floors.min_by(f32::total_cmp).unwrap_or(1e-3),
        ScaleFloor::Fixed(floor) => floor,
    };
    let widest = spread.iter().copied().map(unit).fold(floor, f32::max);
    let bound = |scale: f32| scale.ln().clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE);
    Ok((bound(floor), bound(1e3 * widest)))
}
