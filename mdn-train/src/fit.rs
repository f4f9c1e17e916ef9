//! From a table to a model file: split, standardise, train, export, score.

use std::ops::ControlFlow;

use mdn_infer::format::{Activation, Covariance, Head, MAX_LOG_SCALE, ScaleMap};

use crate::data::{DataError, Dataset, Standardiser, split};
use crate::export::{Export, ExportError};
use crate::metrics::{RowError, Scores, score};
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
    /// The smallest scale of a component, in the units that training sees.
    pub scale_floor: ScaleFloor,
    /// Train in units of mean 0 and standard deviation 1 of the training rows.
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

/// The smallest scale of a component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScaleFloor {
    /// From how finely the targets were recorded: a target in steps of Δ is known to within a
    /// uniform error of standard deviation Δ/√12, and a narrower component would only chase the
    /// recording. The finest target decides, and never less than a thousandth of the spread.
    Automatic,
    /// This scale.
    Fixed(f32),
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            hidden: vec![64, 64],
            activation: Activation::Tanh,
            components: 5,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            scale_floor: ScaleFloor::Automatic,
            standardise: true,
            validation: 0.1,
            seed: 0,
            units: Vec::new(),
            options: TrainOptions::default(),
        }
    }
}

impl FitConfig {
    /// The classic tutorial's network and recipe for the inverse problem of
    /// [`inverse_sine`](crate::data::generators::inverse_sine): 24 sigmoid units, 24 isotropic
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
    /// The network and its history; losses there are in standardised units.
    pub trained: Trained,
    /// What to add to a loss in standardised units to have it in raw units: Σ ln(target scale).
    pub log_jacobian: f64,
    /// Scores of the file on the rows trained on.
    pub train: Scores,
    /// Scores of the file on the rows held back, where there are any.
    pub validation: Option<Scores>,
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
    let mut trained = train(&architecture, &training, &options, &mut in_raw_units)?;
    let named =
        |names: &[String]| -> Vec<_> { names.iter().map(|name| config.column(name)).collect() };
    // A file always says where its inputs lie, whatever units training saw.
    let spread = Standardiser::fit(&data.inputs, data.input_names.len(), &train_rows);
    trained.network.absorb(&inputs, &spread);
    let file = Export {
        network: &trained.network,
        inputs: &spread,
        targets: &targets,
        input_columns: &named(&data.input_names),
        target_columns: &named(&data.target_names),
        golden_inputs: &train_part.inputs,
        golden_targets: &train_part.targets,
    }
    .to_file()?;
    let model = file.model();
    let train = score(&model, &train_part)?;
    let validation = validation
        .map(|_| score(&model, &validation_part))
        .transpose()?;
    Ok(Fitted {
        trained,
        log_jacobian,
        train,
        validation,
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

/// Bounds on the log-scales, in the units that training sees.
fn log_scale_bounds(
    data: &Dataset,
    config: &FitConfig,
    targets: &Standardiser,
    train_rows: &[usize],
) -> (f32, f32) {
    let spread = Standardiser::fit(&data.targets, data.target_names.len(), train_rows).scale;
    let resolutions = data.subset(train_rows).target_resolutions();
    let steps = resolutions
        .iter()
        .map(|step| step.unwrap_or(0.0) / 12_f32.sqrt());
    let relative = steps
        .zip(&spread)
        .map(|(error, spread)| (error / spread).clamp(1e-3, 1.0));
    let units = spread
        .iter()
        .zip(&targets.scale)
        .map(|(spread, scale)| spread / scale);
    let widest = units.clone().max_by(f32::total_cmp).unwrap_or(1.0);
    let floors = relative
        .zip(units)
        .map(|(relative, units)| relative * units);
    let floor = match config.scale_floor {
        ScaleFloor::Automatic => floors.min_by(f32::total_cmp).unwrap_or(1e-3),
        ScaleFloor::Fixed(floor) => floor,
    };
    let bound = |scale: f32| scale.ln().clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE);
    (bound(floor), bound(1e3 * widest.max(floor)))
}
