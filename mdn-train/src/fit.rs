//! From a table to a model file: split, standardise, train, export, score.

use std::ops::ControlFlow;

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};

use crate::data::{DataError, Dataset, Standardiser, split};
use crate::export::{Export, ExportError};
use crate::metrics::{self, RowError};
use crate::model_file::ModelFile;
use crate::network::Architecture;
use crate::train::{Progress, Rows, TrainError, TrainOptions, Trained, TrainingData, train};

/// What to fit, and how.
#[derive(Clone, Debug)]
pub struct FitConfig {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The function of the hidden units.
    pub activation: Activation,
    /// K.
    pub components: u16,
    /// The kind of covariance.
    pub covariance: Covariance,
    /// How network outputs become scales.
    pub scale_map: ScaleMap,
    /// Bring inputs and targets to mean 0 and standard deviation 1 on the training rows.
    pub standardise: bool,
    /// The share of the rows held back to choose the best step; 0 for none.
    pub validation: f64,
    /// Seed of the split and of everything random in training.
    pub seed: u64,
    /// Unit of a column, by its name.
    pub units: Vec<(String, String)>,
    /// The optimiser and the loop; its seed is replaced by `seed`.
    pub options: TrainOptions,
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            hidden: vec![64, 64],
            activation: Activation::Tanh,
            components: 5,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            standardise: true,
            validation: 0.1,
            seed: 0,
            units: Vec::new(),
            options: TrainOptions::default(),
        }
    }
}

impl FitConfig {
    /// The classic tutorial's network and recipe: 24 sigmoid units, 24 isotropic components, raw
    /// units, every row for training, plain full-batch Adam.
    pub fn classic() -> Self {
        FitConfig {
            hidden: vec![24],
            activation: Activation::Sigmoid,
            components: 24,
            covariance: Covariance::Isotropic,
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
    /// The network and its history; losses there are in standardised units.
    pub trained: Trained,
    /// What to add to a loss in standardised units to have it in raw units: Σ ln(target scale).
    pub log_jacobian: f64,
    /// Mean negative log-density on the training rows, from the file, in raw units.
    pub train_nll: f64,
    /// The same on the rows held back, where there are any.
    pub validation_nll: Option<f64>,
    /// Rows trained on.
    pub train_rows: usize,
    /// Rows held back.
    pub validation_rows: usize,
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
    let (train_rows, validation_rows) = split(data.rows, config.validation, config.seed)?;
    let (inputs, targets) = standardisers(data, config, &train_rows);
    let architecture = architecture(data, config, &targets, &train_rows)?;
    let train_part = data.subset(&train_rows);
    let validation_part = data.subset(&validation_rows);
    let standardised = |part: &Dataset| (inputs.apply(&part.inputs), targets.apply(&part.targets));
    let train_values = standardised(&train_part);
    let validation_values = standardised(&validation_part);
    let validation = (validation_part.rows > 0).then_some(Rows {
        inputs: &validation_values.0,
        targets: &validation_values.1,
    });
    let training = TrainingData {
        train: Rows {
            inputs: &train_values.0,
            targets: &train_values.1,
        },
        validation,
    };
    let log_jacobian: f64 = targets
        .scale
        .iter()
        .map(|&scale| f64::from(scale).ln())
        .sum();
    let options = TrainOptions {
        seed: config.seed,
        ..config.options.clone()
    };
    let mut in_raw_units = |progress: &Progress| {
        observer(&Progress {
            train_nll: progress.train_nll + log_jacobian,
            validation_nll: progress.validation_nll.map(|nll| nll + log_jacobian),
            ..*progress
        })
    };
    let trained = train(&architecture, &training, &options, &mut in_raw_units)?;
    let named =
        |names: &[String]| -> Vec<_> { names.iter().map(|name| config.column(name)).collect() };
    let file = Export {
        network: &trained.network,
        inputs: &inputs,
        targets: &targets,
        input_columns: &named(&data.input_names),
        target_columns: &named(&data.target_names),
        golden_inputs: &train_part.inputs,
        golden_targets: &train_part.targets,
    }
    .to_file()?;
    let model = file.model();
    let train_nll = metrics::nll(&model, &train_part)?;
    let validation_nll = validation
        .map(|_| metrics::nll(&model, &validation_part))
        .transpose()?;
    Ok(Fitted {
        trained,
        log_jacobian,
        train_nll,
        validation_nll,
        train_rows: train_rows.len(),
        validation_rows: validation_rows.len(),
        file,
    })
}

impl FitConfig {
    fn column(&self, name: &str) -> (String, Option<String>) {
        let unit = self.units.iter().find(|(column, _)| column == name);
        (name.to_owned(), unit.map(|(_, unit)| unit.clone()))
    }
}

fn standardisers(
    data: &Dataset,
    config: &FitConfig,
    rows: &[usize],
) -> (Standardiser, Standardiser) {
    let (inputs, targets) = (data.input_names.len(), data.target_names.len());
    if config.standardise {
        let inputs = Standardiser::fit(&data.inputs, inputs, rows);
        (inputs, Standardiser::fit(&data.targets, targets, rows))
    } else {
        (
            Standardiser::identity(inputs),
            Standardiser::identity(targets),
        )
    }
}

fn architecture(
    data: &Dataset,
    config: &FitConfig,
    targets: &Standardiser,
    train_rows: &[usize],
) -> Result<Architecture, FitError> {
    let max = mdn_infer::format::MAX_DIMENSIONS;
    let found = data.target_names.len();
    let dimensions = u8::try_from(found)
        .ok()
        .filter(|&found| usize::from(found) <= max);
    let dimensions = dimensions.ok_or(FitError::TooManyTargets { found, max })?;
    let (log_scale_min, log_scale_max) = log_scale_bounds(data, config, targets, train_rows);
    Ok(Architecture {
        inputs: data.input_names.len(),
        hidden: config.hidden.clone(),
        activation: config.activation,
        head: Head {
            components: config.components,
            dimensions,
            covariance: config.covariance,
            scale_map: config.scale_map,
            log_scale_min,
            log_scale_max,
        },
    })
}

/// Bounds on the log-scales, in standardised units.
///
/// A target recorded in steps of Δ is known to within a uniform error of standard deviation
/// Δ/√12; a narrower component would only chase the recording. The floor is that of the finest
/// target, and never below a thousandth of the spread. Without standardisation there is no
/// spread to compare with, and the bounds only keep the arithmetic in range.
fn log_scale_bounds(
    data: &Dataset,
    config: &FitConfig,
    targets: &Standardiser,
    train_rows: &[usize],
) -> (f32, f32) {
    if !config.standardise {
        return (-15.0, 15.0);
    }
    let resolutions = data.subset(train_rows).target_resolutions();
    let floors = resolutions
        .iter()
        .zip(&targets.scale)
        .map(|(resolution, scale)| {
            resolution.map_or(0.0, |resolution| resolution / 12_f32.sqrt() / scale)
        });
    let floor = floors.min_by(f32::total_cmp).unwrap_or(0.0);
    (floor.clamp(1e-3, 1.0).ln(), 1e3_f32.ln())
}
