//! From a table to a model file: split, standardise, train, export, score.

mod ensemble;
mod refit;

use std::ops::ControlFlow;

use mdn_infer::format::{Activation, Covariance, Head, MAX_LOG_SCALE, ScaleMap};
use serde::Serialize;

use crate::data::{DataError, Dataset, Ordinary, Standardiser, split};
use crate::export::{Export, ExportError};
use crate::metrics::{RowError, Scores, map_rows, score};
use crate::model_file::ModelFile;
use crate::network::{Architecture, Network};
use crate::train::{
    Control, Keeper, Progress, Rows, TrainError, TrainOptions, Trained, TrainingData, train_with,
};

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
            activation: Activation::Tanh,
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
    /// What to add to a loss of the training rows in standardised units to have it in the units of
    /// the file's columns: Σ ln(target scale), less the mean log-slope of the targets' transforms.
    pub log_jacobian: f64,
    /// The same for a loss of the rows held back.
    pub validation_log_jacobian: f64,
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

/// As [`fit`], under the eyes of a [`Control`], whose observer sees losses in raw units.
///
/// # Errors
///
/// [`FitError`].
pub fn fit_with(
    data: &Dataset,
    config: &FitConfig,
    control: Control<'_>,
) -> Result<Fitted, FitError> {
    ensemble::check(config)?;
    let plan = Plan::new(data, config)?;
    let mut networks = ensemble::train(&plan, control)?;
    // A file always says where its inputs lie, whatever units training saw.
    for trained in &mut networks {
        trained.network.absorb(&plan.inputs, &plan.spread);
    }
    let bare = plan.export(&networks, None)?;
    let threshold = plan.anomaly_threshold(&bare)?;
    let chosen = plan.export(&networks, Some(threshold))?;
    let scores = |file: &ModelFile, part: &Dataset| score(&file.model(), part);
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
        train: scores(&file, &plan.training)?,
        validation,
        log_jacobian: plan.log_jacobian(&plan.training),
        validation_log_jacobian: plan.log_jacobian(&plan.validation),
        trained: networks.remove(0),
        others,
        file,
    })
}

/// What is settled before training starts.
struct Plan<'a> {
    config: &'a FitConfig,
    architecture: Architecture,
    training: Dataset,
    validation: Dataset,
    /// What is ordinary for inputs and for targets.
    ordinary: [Ordinary; 2],
    /// The units that training sees.
    inputs: Standardiser,
    targets: Standardiser,
    /// Where the inputs lie.
    spread: Standardiser,
}

impl<'a> Plan<'a> {
    fn new(data: &Dataset, config: &'a FitConfig) -> Result<Self, FitError> {
        let (train_rows, validation_rows) = split(data.rows, config.validation, config.seed)?;
        let training = data.subset(&train_rows);
        let all: Vec<usize> = (0..training.rows).collect();
        let (width, dimensions) = (data.input_names.len(), data.target_names.len());
        let ordinary = ordinary(data, config);
        let [inputs, targets] = &ordinary;
        let spread = Standardiser::fit(&inputs.clamp(&training.inputs), width, &all);
        let targets = targets.clamp(&training.targets);
        let target_spread = Standardiser::fit(&targets, dimensions, &all);
        let bounds = log_scale_bounds(&training, config, &target_spread.scale);
        let (inputs, targets) = if config.standardise {
            (spread.clone(), target_spread)
        } else {
            (
                Standardiser::identity(width),
                Standardiser::identity(dimensions),
            )
        };
        Ok(Plan {
            config,
            architecture: architecture(data, config, bounds)?,
            validation: data.subset(&validation_rows),
            training,
            ordinary,
            inputs,
            targets,
            spread,
        })
    }

    /// One network, with `seed` for all that is random in its training.
    fn train(&self, seed: u64, control: Control<'_>) -> Result<Trained, TrainError> {
        let [inputs, targets] = &self.ordinary;
        let standardise = |part: &Dataset| {
            (
                self.inputs.apply(&inputs.clamp(&part.inputs)),
                self.targets.apply(&targets.clamp(&part.targets)),
            )
        };
        let (training, validation) = (standardise(&self.training), standardise(&self.validation));
        let data = TrainingData {
            train: Rows {
                inputs: &training.0,
                targets: &training.1,
            },
            validation: self.held_back().map(|_| Rows {
                inputs: &validation.0,
                targets: &validation.1,
            }),
        };
        let options = TrainOptions {
            seed,
            ..self.config.options.clone()
        };
        let [train, validation] =
            [&self.training, &self.validation].map(|part| self.log_jacobian(part));
        let mut observer = |progress: &Progress| {
            (control.observer)(&Progress {
                train_nll: progress.train_nll + train,
                validation_nll: progress.validation_nll.map(|nll| nll + validation),
                ..*progress
            })
        };
        let control = Control {
            observer: &mut observer,
            keeper: control.keeper.map(|keeper| keeper as &mut dyn Keeper),
            ..control
        };
        train_with(&self.architecture, &data, &options, control)
    }

    fn held_back(&self) -> Option<&Dataset> {
        (self.validation.rows > 0).then_some(&self.validation)
    }

    /// What turns a loss of `part` in the units of training into one in those of the file's columns.
    fn log_jacobian(&self, part: &Dataset) -> f64 {
        let scales = self
            .targets
            .scale
            .iter()
            .map(|&scale| f64::from(scale).ln());
        scales.sum::<f64>() - part.mean_log_slope()
    }

    fn export(
        &self,
        networks: &[Trained],
        threshold: Option<f32>,
    ) -> Result<ModelFile, ExportError> {
        let named = |names: &[String]| -> Vec<_> {
            names.iter().map(|name| self.config.column(name)).collect()
        };
        let networks: Vec<&Network> = networks.iter().map(|trained| &trained.network).collect();
        Export {
            networks: &networks,
            inputs: &self.spread,
            targets: &self.targets,
            input_columns: &named(&self.training.input_names),
            target_columns: &named(&self.training.target_names),
            anomaly_threshold: threshold,
            golden_inputs: &self.training.inputs,
            golden_targets: &self.training.targets,
        }
        .to_file()
    }

    /// The anomaly score that the configured share of ordinary rows exceeds.
    fn anomaly_threshold(&self, file: &ModelFile) -> Result<f32, RowError> {
        let rows = self.held_back().unwrap_or(&self.training);
        let mut scores = map_rows(&file.model(), rows, |row, mixture| {
            mixture.anomaly_score(rows.target(row))
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

impl FitConfig {
    fn column(&self, name: &str) -> (String, Option<String>) {
        let unit = self.units.iter().find(|(column, _)| column == name);
        (name.to_owned(), unit.map(|(_, unit)| unit.clone()))
    }
}

fn architecture(
    data: &Dataset,
    config: &FitConfig,
    (log_scale_min, log_scale_max): (f32, f32),
) -> Result<Architecture, FitError> {
    let max = mdn_infer::format::MAX_DIMENSIONS;
    let found = data.target_names.len();
    let dimensions = u8::try_from(found)
        .ok()
        .filter(|&found| usize::from(found) <= max);
    Ok(Architecture {
        inputs: data.input_names.len(),
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

/// What is ordinary for inputs and for targets, judged by all rows.
fn ordinary(data: &Dataset, config: &FitConfig) -> [Ordinary; 2] {
    let (width, dimensions) = (data.input_names.len(), data.target_names.len());
    match config.standardise {
        true => [
            Ordinary::of(&data.inputs, width),
            Ordinary::of(&data.targets, dimensions),
        ],
        false => [Ordinary::all(width), Ordinary::all(dimensions)],
    }
}

/// Bounds on the log-scales, in the units that training sees; `spread` is that of each target.
fn log_scale_bounds(training: &Dataset, config: &FitConfig, spread: &[f32]) -> (f32, f32) {
    let unit = |spread: f32| if config.standardise { 1.0 } else { spread };
    let resolutions = training.target_resolutions();
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
    (bound(floor), bound(1e3 * widest))
}
