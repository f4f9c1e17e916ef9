//! `mdn-train fit`

pub mod choices;
pub mod columns;
pub mod hold_out;
mod running;
mod words;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Instant;

use choices::{NetworkChoices, TrainingChoices, config};
use clap::Args;
use columns::ColumnChoices;
use hold_out::dependence;
use mdn_infer::format::VERSION;
use mdn_train::data::{Dataset, TableRows};
use mdn_train::diagnose::{Diagnostic, Seen, diagnose};
use mdn_train::files::{Claims, Kind};
use mdn_train::fit::{FitConfig, FitError, Fitted, TargetSupport};
use mdn_train::metrics::{Scores, normal_nll};
use mdn_train::train::{Event, LossKind, Recipe, Trained};
use running::RunChoices;
use serde::Serialize;

use super::column_scores::ColumnEvaluation;
use super::next::Next;
use super::options::{LEARNING, check_learnt, count, first_of_zero_density};
use super::output::Output;
use super::paths::OutputFile;
use super::signals::Signals;
use super::streaming::{LOOKED_AT, Streaming, folder_near};
use super::values::whole;

/// Fit a model to a table and write it as one verified file
///
/// A tenth of the rows is held back: the step that predicts them best is kept, and training
/// stops when they are predicted no better for long. Where rows depend on each other, as in a time series,
/// `--hold-out` keeps those apart that would make the scores too good. Inputs and targets are standardised on the
/// training rows; everything shown is in raw units.
///
/// The score is the negative log-likelihood (NLL), in nats a row: lower is better, and 0.7 less
/// means that the targets were found twice as likely (exp 0.7 = 2). It is negative where the
/// density exceeds 1, which for targets with a small spread is ordinary. Beside it stands the
/// score of one normal distribution that knows no inputs.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mdn-train fit concrete.csv --target strength_mpa --out concrete.mdn\n  \
    mdn-train fit arm.csv --targets 2 --covariance full --out arm.mdn\n  \
    mdn-train fit arm.csv --target shoulder,elbow --inputs x,y --components 8 --epochs 200\n  \
    mdn-train fit air.csv --target pm25 --hold-out last --order time --out air.mdn\n\n\
Where to begin: with the defaults; then `evaluate` the model on rows that `fit` has not seen.\n\
NLL far lower on training than on validation rows: fewer --hidden units, more --weight-decay.\n\
`plot` shows several answers run together: more --components.\n\
Several targets that move together: --covariance full.")]
pub struct Fit {
    #[command(flatten)]
    columns: ColumnChoices,
    #[command(flatten)]
    streaming: Streaming,
    /// Where to write the model [default: model.mdn, in the run's folder where there is one]
    #[arg(long, short, value_name = "FILE")]
    out: Option<OutputFile>,
    /// Version of the file's format, for readers that know no later one [default: the lowest that holds
    /// the model]. Up to 3 a file has no supports: those found are left out, one chosen is refused. 4
    /// states at least the ranges of the inputs
    #[arg(long, value_name = "VERSION", value_parser = whole(1..=VERSION))]
    file_version: Option<u16>,
    #[command(flatten, next_help_heading = "Network")]
    network: NetworkChoices,
    #[command(flatten, next_help_heading = "Training")]
    training: TrainingChoices,
    #[command(flatten, next_help_heading = "Run")]
    pub running: RunChoices,
}

#[derive(Serialize)]
struct FitResult {
    model: String,
    /// Those that are scored, as are the validation rows.
    train_rows: usize,
    /// Those that are reported.
    validation_rows: usize,
    /// The value of `--hold-out`.
    hold_out: String,
    /// The column of `--order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// The column of `--weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    /// How many rows chose the step; those that are reported, with `--hold-out random`.
    choosing_rows: usize,
    /// The words for the rows that are reported.
    #[serde(skip)]
    reported: String,
    /// What became of the rows held out, where they were not held out at random.
    #[serde(skip)]
    held_out: Option<String>,
    /// Rows with a number that stands for a missing one, in none of the scores, and their own NLL, none where
    /// it is infinite.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside_rows: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside_nll: Option<f64>,
    /// What training minimised, `nll` or `crps`.
    loss: LossKind,
    train_nll: f64,
    validation_nll: Option<f64>,
    train_crps: f64,
    validation_crps: Option<f64>,
    /// Of the columns that targets were made of by a transform.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ColumnEvaluation>,
    normal_nll: Option<f64>,
    coverage_50: f64,
    coverage_90: f64,
    /// What a right model's intervals hold, where that is not 50% and 90%.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_coverage: Option<[f64; 2]>,
    anomaly_threshold: Option<f32>,
    /// How many rows the threshold should rest on, where it rests on fewer.
    anomaly_rows_needed: Option<usize>,
    best_step: usize,
    steps: usize,
    /// The step after which a signal ended training; where it cut a further network of an ensemble
    /// short, which is then left out, the steps of those before.
    interrupted: Option<usize>,
    /// How many networks were asked for.
    ensemble: u8,
    networks: Vec<NetworkResult>,
    seconds: f64,
    parameters: usize,
    file_bytes: usize,
    /// The supports of the targets and where they come from.
    supports: Vec<TargetSupport>,
    warnings: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

/// One network alone: its own losses and steps.
#[derive(Serialize)]
struct NetworkResult {
    train_loss: f64,
    validation_loss: Option<f64>,
    best_step: usize,
    steps: usize,
    /// What a search chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<Recipe>,
}

impl NetworkResult {
    fn new(trained: &Trained, fitted: &Fitted) -> Self {
        let (train_loss, validation_loss) = fitted.units.of(trained);
        NetworkResult {
            train_loss,
            validation_loss,
            best_step: trained.best_step,
            steps: steps(trained),
            search: trained.recipe,
        }
    }
}

impl Fit {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let model = claims.claim(self.model(), Kind::Model)?;
        let config = self.config()?;
        let folder = folder_near(model.path());
        let rows = self.columns.rows(&self.streaming, &folder, output)?;
        let data = rows.rows().sample(LOOKED_AT)?;
        let run = self.running.prepare()?;
        let start = Instant::now();
        let (reading, signals) = (&self.columns.reading, Signals::catch()?);
        let trained = running::watched(run, rows.rows(), &config, reading, &signals)?;
        check_learnt(trained.nothing_learnt(), rows.rows().count(), LEARNING)?;
        model.write(|out| out.write_all(trained.file().bytes()))?;
        let fitted = trained.score().map_err(|error| reading.place_fit(error))?;
        let found = findings(&fitted, &data, rows.rows());
        let found = found.map_err(|error| reading.place_fit(error))?;
        let seconds = start.elapsed().as_secs_f64();
        let result = self.summarise(&fitted, &config, seconds, &data, found);
        words::say((&fitted, &config), &result, &data, output)?;
        match signals.status() {
            Some(status) => {
                output.status = status;
                output.note(self.say_stopped(&result, config.refit && !fitted.refitted));
            }
            None => Next::about("predict", model.path(), reading).say(output)?,
        }
        output.result(&result)
    }

    /// All that is chosen, where one file can hold it.
    fn config(&self) -> anyhow::Result<FitConfig> {
        let config = FitConfig {
            file_version: self.file_version,
            ..config(&self.columns, &self.network, &self.training)?
        };
        config.check_file_version()?;
        Ok(config)
    }

    /// What a signal cut short.
    fn say_stopped(&self, result: &FitResult, refit_is_missing: bool) -> String {
        let way_on = self.running.way_on();
        let Some(step) = result.interrupted else {
            return match refit_is_missing {
                true => format!("stopped by a signal before --refit was done{way_on}"),
                false => "a signal came after training: the model is complete".to_owned(),
            };
        };
        let networks = match (result.networks.len(), result.ensemble) {
            (_, 1) => String::new(),
            (kept, all) => format!(", with {kept} of {all} networks in the file"),
        };
        format!("stopped by a signal after step {step}{networks}{way_on}")
    }

    fn model(&self) -> PathBuf {
        match &self.out {
            Some(out) => out.to_path_buf(),
            None => self.running.model(),
        }
    }

    fn summarise(
        &self,
        fitted: &Fitted,
        config: &FitConfig,
        seconds: f64,
        data: &Dataset,
        diagnostics: Vec<Diagnostic>,
    ) -> FitResult {
        let (scores, held) = (told(fitted), &self.columns.held);
        let networks = fitted.networks();
        let networks = networks.map(|trained| NetworkResult::new(trained, fitted));
        let scored = match fitted.set_aside {
            Some(_) => data.without_marked(),
            None => Cow::Borrowed(data),
        };
        FitResult {
            set_aside_rows: fitted.set_aside.map(|aside| aside.rows),
            set_aside_nll: fitted
                .set_aside
                .map(|aside| aside.nll)
                .filter(|nll| nll.is_finite()),
            model: self.model().display().to_string(),
            train_rows: fitted.train.rows,
            validation_rows: fitted.held_out.reported_rows,
            hold_out: held.value(),
            order: held.order().map(str::to_owned),
            weights: self.columns.weights.clone(),
            choosing_rows: fitted.held_out.choosing_rows,
            reported: held.reported(&fitted.held_out),
            held_out: held.say(&fitted.held_out),
            loss: fitted.units.kind(),
            train_nll: fitted.train.nll,
            validation_nll: fitted.validation.as_ref().map(|scores| scores.nll),
            train_crps: fitted.train.mean_crps(),
            validation_crps: fitted.validation.as_ref().map(Scores::mean_crps),
            columns: ColumnEvaluation::all(scores, &data.target_names),
            normal_nll: normal_nll(&scored, &scores.supports),
            coverage_50: scores.mean_coverage(0.5),
            coverage_90: scores.mean_coverage(0.9),
            expected_coverage: Some([0.5, 0.9].map(|p| scores.mean_expected_coverage(p)))
                .filter(|expected| *expected != [0.5, 0.9]),
            anomaly_threshold: fitted.file.model().header().anomaly_threshold,
            anomaly_rows_needed: anomaly_rows(config.anomaly_rate)
                .filter(|&needed| needed > scores.rows),
            best_step: fitted.trained.best_step,
            steps: steps(&fitted.trained),
            interrupted: interruption(fitted, config.ensemble),
            ensemble: config.ensemble,
            networks: networks.collect(),
            seconds,
            parameters: fitted.file.model().parameters(),
            file_bytes: fitted.file.bytes().len(),
            supports: fitted.supports.clone(),
            warnings: warnings(fitted, data),
            diagnostics,
        }
    }
}

/// Of how many rows some three exceed the threshold: with fewer it is about their highest score. None
/// where no row may exceed it.
fn anomaly_rows(rate: f64) -> Option<usize> {
    (rate > 0.0).then(|| (3.0 / rate).round() as usize)
}

/// What the figures mean; `data` are some of the `rows`, or all.
pub fn findings(
    fitted: &Fitted,
    data: &Dataset,
    rows: TableRows<'_>,
) -> Result<Vec<Diagnostic>, FitError> {
    let model = fitted.file.model();
    let dependent = dependence(fitted, rows)?;
    let (scores, learnt) = match &fitted.validation {
        Some(held_out) => (held_out, Some(&fitted.train)),
        None => (&fitted.train, None),
    };
    let others = diagnose(&model, data, scores, Seen::Training(learnt))?;
    Ok(dependent.into_iter().chain(others).collect())
}

/// What the model's owner should know; what the table's owner should know comes first.
fn warnings(fitted: &Fitted, data: &Dataset) -> Vec<String> {
    let mut warnings: Vec<String> = data.warnings.iter().map(ToString::to_string).collect();
    // Rows that are held back choose the step, and tell whether the others are learnt by heart.
    let parameters = fitted.file.model().parameters();
    if fitted.held_out.choosing_rows == 0 && parameters > fitted.train.rows {
        warnings.push(format!(
            "the network has {parameters} parameters for {}, and as no rows are held back, \
             --weight-decay alone must keep it from learning them by heart",
            count(fitted.train.rows, "training row")
        ));
    }
    let held_out = fitted
        .validation
        .iter()
        .map(|scores| (scores, "row held back"));
    for (scores, rows) in held_out.chain([(&fitted.train, "training row")]) {
        if scores.zero_density_rows > 0 {
            warnings.push(format!(
                "the model gives density 0 to {} of {}, so that the NLL is infinite{}",
                scores.zero_density_rows,
                count(scores.rows, rows),
                first_of_zero_density(scores)
            ));
        }
    }
    warnings.extend(divergence(fitted.networks().flat_map(|one| &one.events)));
    warnings
}

fn interruption(fitted: &Fitted, ensemble: u8) -> Option<usize> {
    let mut events = fitted.networks().flat_map(|one| &one.events);
    let cut = events.find_map(|event| match *event {
        Event::Interrupted { step } => Some(step),
        _ => None,
    });
    let left_out = fitted.networks().len() < ensemble.into();
    cut.or_else(|| left_out.then(|| fitted.networks().map(steps).sum()))
}

/// The steps of the start that was kept.
fn steps(trained: &Trained) -> usize {
    trained.curve.last().map_or(0, |last| last.step)
}

/// How often training diverged, and what came of the learning rate.
fn divergence<'a>(events: impl Iterator<Item = &'a Event>) -> Option<String> {
    let rates = events.filter_map(|event| match *event {
        Event::RolledBack { learning_rate, .. } => Some(learning_rate),
        _ => None,
    });
    let rates: Vec<f32> = rates.collect();
    let last = rates.last()?;
    Some(format!(
        "training diverged {}; each time it went back and halved the learning rate, at last to \
         {last}; a lower --learning-rate wastes fewer steps",
        count(rates.len(), "time")
    ))
}

/// The scores that are told: of the rows held back, where there are any.
fn told(fitted: &Fitted) -> &Scores {
    fitted.validation.as_ref().unwrap_or(&fitted.train)
}
