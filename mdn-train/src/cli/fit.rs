//! `mdn-train fit`

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use mdn_train::data::{DataError, Dataset};
use mdn_train::files::write_atomically;
use mdn_train::fit::{FitConfig, Fitted, ScaleFloor, fit};
use mdn_train::train::{Batch, Event, Length, TrainOptions};
use serde::Serialize;

use super::options::{ActivationName, CovarianceName, Reading, ScaleMapName};
use super::output::{Output, check_writable};
use super::progress::TrainingProgress;

/// Fit a model to a table and write it as one verified file
///
/// Inputs and targets are standardised on the training rows; everything shown is in raw units.
/// A tenth of the rows is held back to choose the best step. The negative log-likelihood (NLL)
/// is in nats a row: lower is better, and it is negative where the density exceeds 1, which for
/// targets with a small spread is ordinary.
#[derive(Args)]
#[command(after_help = "Example:\n  \
    mdn-train fit concrete.csv --target strength_mpa --out concrete.mdn\n  \
    mdn-train fit arm.csv --target angle1,angle2 --inputs x,y --components 8 --epochs 200")]
pub struct Fit {
    #[command(flatten)]
    reading: Reading,
    /// Target columns, separated by commas
    #[arg(long, required = true, value_delimiter = ',', value_name = "COL")]
    target: Vec<String>,
    /// Input columns, separated by commas [default: every column that is no target]
    #[arg(long, value_delimiter = ',', value_name = "COL")]
    inputs: Option<Vec<String>>,
    /// Where to write the model
    #[arg(long, short, default_value = "model.mdn", value_name = "FILE")]
    out: PathBuf,
    /// Units of each hidden layer, separated by commas
    #[arg(long, default_value = "64,64", value_delimiter = ',', value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..))]
    hidden: Vec<u16>,
    /// The function of the hidden units
    #[arg(long, default_value = "tanh")]
    activation: ActivationName,
    /// Components of the mixture
    #[arg(long, short = 'k', default_value_t = 5, value_name = "K",
          value_parser = clap::value_parser!(u16).range(1..=mdn_infer::format::MAX_COMPONENTS as i64))]
    components: u16,
    /// What is free in a component's covariance
    #[arg(long, default_value = "diagonal")]
    covariance: CovarianceName,
    /// From network outputs to scales
    #[arg(long, default_value = "exp")]
    scale_map: ScaleMapName,
    /// Smallest scale of a component, in standardised units [default: from how finely the targets
    /// were recorded, at least 0.001]
    #[arg(long, value_parser = above_0)]
    scale_floor: Option<f32>,
    /// Optimiser steps [default: 4000]
    #[arg(long, conflicts_with = "epochs", value_parser = positive)]
    steps: Option<usize>,
    /// Passes through the training rows, instead of --steps
    #[arg(long, value_parser = positive)]
    epochs: Option<usize>,
    /// Rows a step: a number, `full` for all, or `auto`
    #[arg(long, default_value = "auto", value_parser = batch)]
    batch: Batch,
    /// Learning rate at its peak
    #[arg(long, default_value_t = TrainOptions::default().learning_rate, value_parser = above_0)]
    learning_rate: f32,
    /// Decoupled decay of the kernels (AdamW)
    #[arg(long, default_value_t = TrainOptions::default().weight_decay, value_parser = decay)]
    weight_decay: f32,
    /// Stop after this many evaluations without a better validation loss; 0 never stops
    #[arg(long, default_value_t = TrainOptions::default().patience.unwrap_or(0))]
    patience: usize,
    /// Share of the rows held back to choose the best step; 0 for none
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    validation: f64,
    /// Share of ordinary rows that may count as anomalies; sets the threshold in the file
    #[arg(long, default_value_t = 0.01, value_parser = share)]
    anomaly_rate: f64,
    /// Seed of the split, the first parameters and the shuffling
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Train on raw units
    #[arg(long)]
    no_standardise: bool,
    /// Unit of a column, kept in the file; may be given again
    #[arg(long, value_name = "COL=UNIT", value_parser = unit)]
    unit: Vec<(String, String)>,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number above 0".to_owned()),
    }
}

fn above_0(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < f32::INFINITY => Ok(number),
        _ => Err("a number above 0".to_owned()),
    }
}

fn decay(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if (0.0..f32::INFINITY).contains(&number) => Ok(number),
        _ => Err("0 or a number above it".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share from 0 to below 1".to_owned()),
    }
}

fn batch(text: &str) -> Result<Batch, String> {
    match text {
        "full" => Ok(Batch::Full),
        "auto" => Ok(Batch::Automatic),
        _ => positive(text)
            .map(Batch::Rows)
            .map_err(|_| "a number of rows, `full` or `auto`".to_owned()),
    }
}

fn unit(text: &str) -> Result<(String, String), String> {
    let (column, unit) = text.split_once('=').ok_or("COL=UNIT")?;
    if column.is_empty() || unit.is_empty() || unit.chars().any(char::is_control) {
        return Err("COL=UNIT, neither empty".to_owned());
    }
    Ok((column.to_owned(), unit.to_owned()))
}

#[derive(Serialize)]
struct FitResult {
    model: String,
    train_rows: usize,
    validation_rows: usize,
    train_nll: f64,
    validation_nll: Option<f64>,
    coverage_50: f64,
    coverage_90: f64,
    best_step: usize,
    steps: usize,
    seconds: f64,
    parameters: usize,
    file_bytes: usize,
    warnings: Vec<String>,
}

impl Fit {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let data = self.data(output)?;
        self.check_units(&data)?;
        check_writable(&self.out)?;
        let config = self.config();
        let start = Instant::now();
        let mut progress = TrainingProgress::new(500);
        let fitted = fit(&data, &config, &mut |report| progress.show(report));
        progress.finish();
        let fitted = fitted.map_err(|error| self.reading.place_fit(error))?;
        write_atomically(&self.out, |out| out.write_all(fitted.file.bytes()))?;
        let result = self.summarise(&fitted, start.elapsed().as_secs_f64(), &data);
        self.say(&fitted, &result, &data, output)?;
        output.result(&result)
    }

    fn data(&self, output: &mut Output) -> anyhow::Result<Dataset> {
        let table = self.reading.table()?;
        let inputs = self.inputs.as_deref();
        match Dataset::for_training(&table, inputs, &self.target, &self.reading.options()) {
            Err(error @ DataError::NotANumber { .. }) if inputs.is_none() => {
                anyhow::bail!("{error}; --inputs chooses the columns to use")
            }
            data => Ok(self.reading.check(data?, output)),
        }
    }

    fn check_units(&self, data: &Dataset) -> anyhow::Result<()> {
        let known = |column: &String| {
            data.input_names.contains(column) || data.target_names.contains(column)
        };
        match self.unit.iter().find(|(column, _)| !known(column)) {
            Some((column, _)) => {
                anyhow::bail!("--unit names `{column}`, which is neither input nor target")
            }
            None => Ok(()),
        }
    }

    fn config(&self) -> FitConfig {
        let defaults = TrainOptions::default();
        let length = match (self.steps, self.epochs) {
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(epochs)) => Length::Epochs(epochs),
            (None, None) => defaults.length,
        };
        FitConfig {
            hidden: self.hidden.iter().map(|&units| units.into()).collect(),
            activation: self.activation.into(),
            components: self.components,
            covariance: self.covariance.into(),
            scale_map: self.scale_map.into(),
            scale_floor: self
                .scale_floor
                .map_or(ScaleFloor::Automatic, ScaleFloor::Fixed),
            standardise: !self.no_standardise,
            validation: self.validation,
            seed: self.seed,
            anomaly_rate: self.anomaly_rate,
            units: self.unit.clone(),
            options: TrainOptions {
                length,
                batch: self.batch,
                learning_rate: self.learning_rate,
                weight_decay: self.weight_decay,
                patience: (self.patience > 0).then_some(self.patience),
                ..defaults
            },
        }
    }

    fn summarise(&self, fitted: &Fitted, seconds: f64, data: &Dataset) -> FitResult {
        let model = fitted.file.model();
        let scores = fitted.validation.as_ref().unwrap_or(&fitted.train);
        let mut warnings: Vec<String> = data.warnings.iter().map(ToString::to_string).collect();
        if model.parameters() > fitted.train.rows {
            warnings.push(format!(
                "the network has {} parameters for {} training rows; it relies on the validation \
                 rows, --weight-decay and early stopping not to learn them by heart",
                model.parameters(),
                fitted.train.rows
            ));
        }
        warnings.extend(fitted.trained.events.iter().filter_map(rollback));
        FitResult {
            model: self.out.display().to_string(),
            train_rows: fitted.train.rows,
            validation_rows: fitted.validation.as_ref().map_or(0, |scores| scores.rows),
            train_nll: fitted.train.nll,
            validation_nll: fitted.validation.as_ref().map(|scores| scores.nll),
            coverage_50: scores.mean_coverage(0.5),
            coverage_90: scores.mean_coverage(0.9),
            best_step: fitted.trained.best_step,
            steps: fitted.trained.curve.last().map_or(0, |last| last.step),
            seconds,
            parameters: model.parameters(),
            file_bytes: fitted.file.bytes().len(),
            warnings,
        }
    }

    fn say(
        &self,
        fitted: &Fitted,
        result: &FitResult,
        data: &Dataset,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        // Those of the data were said before training.
        for warning in result.warnings.iter().skip(data.warnings.len()) {
            output.note(format_args!("warning: {warning}"));
        }
        for event in &fitted.trained.events {
            if let Event::StoppedEarly { step } = event {
                output.say(format_args!(
                    "stopped early at step {step}: no better validation loss"
                ))?;
            }
        }
        output.say(format_args!(
            "NLL {:.4} on {} training rows{}",
            result.train_nll,
            result.train_rows,
            result.validation_nll.map_or(String::new(), |nll| {
                format!(", {nll:.4} on {} validation rows", result.validation_rows)
            })
        ))?;
        output.say(format_args!(
            "coverage on the {} rows: {:.1}% in the central 50% intervals, {:.1}% in the 90% intervals",
            if result.validation_rows > 0 { "validation" } else { "training" },
            100.0 * result.coverage_50,
            100.0 * result.coverage_90
        ))?;
        output.say(format_args!(
            "{}: {} bytes, {} parameters, best of {} steps: {}, self-test passed, {:.1} s",
            result.model,
            result.file_bytes,
            result.parameters,
            result.steps,
            result.best_step,
            result.seconds
        ))?;
        Ok(())
    }
}

fn rollback(event: &Event) -> Option<String> {
    match *event {
        Event::RolledBack {
            step,
            restored,
            learning_rate,
            ..
        } => Some(format!(
            "training diverged at step {step}; went back to step {restored} with learning rate \
             {learning_rate:e}"
        )),
        _ => None,
    }
}
