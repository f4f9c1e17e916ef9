//! `mdn-train tune`

mod running;
mod space;
mod words;

use std::path::Path;
use std::time::Instant;

use anyhow::{anyhow, ensure};
use clap::Args;
use mdn_infer::format::{Covariance, Support};
use mdn_train::data::{Dataset, TableRows};
use mdn_train::diagnose::Diagnostic;
use mdn_train::files::{ClaimError, Claims, Destination, Kind};
use mdn_train::fit::{FitConfig, Fitted, fit_with, with_supports_of};
use mdn_train::plot::{Picture, Trials};
use mdn_train::train::Control;
use mdn_train::tune::{Trial, TuneConfig, TuneError, Watch, tune};
use running::RunChoices;
use serde::Serialize;
use space::SpaceChoices;

use super::fit::choices::{NetworkChoices, TrainingChoices, config};
use super::fit::columns::ColumnChoices;
use super::fit::findings;
use super::next::Next;
use super::options::{LEARNING, check_learnt, say_supports};
use super::output::Output;
use super::paths::OutputFile;
use super::progress::TrainingProgress;
use super::signals::Signals;
use super::values::{positive, whole};

/// Try many configurations, and fit the one that predicts best
///
/// Each trial is a configuration. All are fitted and scored on the first fold of a
/// cross-validation, the best third on the second fold too, and the best third of those on all
/// folds. Every score is the negative log-likelihood (NLL) of rows that the fit has not seen, the
/// same rows for every trial. Trial 0 is what the other options say, by default what `fit` would do;
/// it runs to the end in any case, so the table shows what tuning is worth. At last the best one is
/// fitted to all rows as `fit` does it, and written as a model file. With a `--hold-out` other than `random` the
/// rows that are reported at last take no part in the trials, whose folds are those of `cross-validate`.
///
/// With `--run` each score is kept as soon as it is known: after any interruption `--resume` goes on
/// and ends with the same table and the same model. Stopped by ^C or SIGTERM it prints the trials so
/// far and the options of the best one.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mdn-train tune concrete.csv --target strength_mpa --out concrete.mdn\n  \
    mdn-train tune concrete.csv --target strength_mpa --trials 60 --run tuned\n  \
    mdn-train tune arm.csv --targets 2 --try-components 4,8 --try-covariance full\n\n\
After an interruption of the second: tune --resume tuned\n\
How many trials: 24 by default, about 50 fits; a fit takes as long as `fit` alone.\n\
A difference below the standard errors beside it is chance: prefer the smaller network then.\n\
The best of many looks a little better than it is: for an honest figure `cross-validate` it with\n\
another --seed.")]
pub struct Tune {
    #[command(flatten)]
    columns: ColumnChoices,
    /// Where to write the model [default: model.mdn, in the run's folder where there is one]
    #[arg(long, short, value_name = "FILE")]
    out: Option<OutputFile>,
    /// Draw the race of the trials into this file, SVG where its name ends so, else PNG [default:
    /// trials.png in the run's folder where there is one]
    #[arg(long, value_name = "FILE")]
    picture: Option<OutputFile>,
    /// Configurations to try, that of the other options among them
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = positive)]
    trials: usize,
    /// Parts of the table, each of which tests the trials that come so far
    #[arg(long, default_value_t = 5, value_name = "K",
          value_parser = whole(2..=u32::MAX))]
    folds: u32,
    #[command(flatten, next_help_heading = "Tried")]
    space: SpaceChoices,
    #[command(flatten, next_help_heading = "Network")]
    network: NetworkChoices,
    #[command(flatten, next_help_heading = "Training")]
    training: TrainingChoices,
    #[command(flatten, next_help_heading = "Run")]
    pub running: RunChoices,
}

#[derive(Serialize)]
struct Tuning {
    /// None where a signal ended the trials.
    model: Option<String>,
    picture: Option<String>,
    rows: usize,
    /// The value of `--hold-out`.
    hold_out: String,
    /// The column of `--weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    /// The words for the rows that are reported, where nothing has seen them.
    #[serde(skip)]
    reported: Option<String>,
    folds: u32,
    /// None where a signal came before the first finite score.
    best: Option<usize>,
    /// What the best one is better by than the options given, nats; none where that is infinite.
    gain: Option<f64>,
    /// The options of `fit` for the best one.
    options: Option<String>,
    train_nll: Option<f64>,
    validation_nll: Option<f64>,
    fits: usize,
    seconds: f64,
    /// Whether a signal ended the trials.
    interrupted: bool,
    trials: Vec<words::TrialResult>,
    /// Of the model.
    diagnostics: Vec<Diagnostic>,
}

impl Tune {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let results = self.results(&mut claims)?;
        let base = config(&self.columns, &self.network, &self.training)?;
        self.space.check(&base)?;
        let data = self.columns.data(output)?;
        let config = self.config(base, &data, output)?;
        let mut run = self.running.prepare(&data, &config)?;
        let start = Instant::now();
        let known = run.journal.len();
        if known > 0 {
            output.note(format_args!("going on after {known} scores"));
        }
        let signals = Signals::catch()?;
        let watch = Watch {
            observer: &words::teller(known),
            stop: &|| signals.came(),
        };
        let trials = tune(&data, &config, &mut run.journal, &watch);
        let trials = trials.map_err(|error| self.place(error))?;
        words::table(&trials, output)?;
        let fitted = self.refit(&data, &trials, &config, &signals)?;
        let mut result = self.summarise(&data, &trials, start.elapsed().as_secs_f64());
        match &fitted {
            Some(fitted) => {
                let held = (&self.columns.held, &fitted.held_out);
                result.reported = held.1.apart.then(|| held.0.reported(held.1));
                results.keep(fitted, &trials, &mut result)?;
                let found = findings(fitted, &data, (&data).into());
                result.diagnostics =
                    found.map_err(|error| self.columns.reading.place_fit(error))?;
            }
            None => output.status = signals.status().unwrap_or(0),
        }
        words::say(&result, &self.columns.reading.data, output)?;
        if let Some(model) = &result.model {
            let model = Path::new(model);
            Next::about("predict", model, &self.columns.reading).say(output)?;
        }
        if result.interrupted {
            let way_on = self.running.way_on();
            output.note(match result.trials.len() {
                0 => format!("stopped by a signal before the first score{way_on}"),
                _ => format!("stopped by a signal{way_on}"),
            });
        }
        output.result(&result)
    }

    /// All trials have the same supports: where full covariance is to be tried, those that it knows;
    /// else it is tried only where all targets are continuous.
    fn config(
        &self,
        base: FitConfig,
        data: &Dataset,
        output: &mut Output,
    ) -> anyhow::Result<TuneConfig> {
        let covariance = match self.space.asks_for_full() {
            true => Covariance::Full,
            false => base.covariance,
        };
        let given = base.covariance;
        let tried = FitConfig { covariance, ..base };
        let settled = with_supports_of(data, &tried);
        let (settled, supports) = settled.map_err(|error| self.columns.reading.place_fit(error))?;
        say_supports(&supports, output)?;
        let smooth = supports
            .iter()
            .all(|one| one.support == Support::Continuous);
        Ok(TuneConfig {
            space: self.space.space(given, data.target_names.len(), smooth),
            base: FitConfig {
                covariance: given,
                ..settled
            },
            trials: self.trials,
            folds: self.folds as usize,
        })
    }

    /// Where model and picture go: unless told, into the run's folder.
    fn results(&self, claims: &mut Claims) -> Result<Results, ClaimError> {
        let folder = self.running.folder();
        let path = |told: &Option<OutputFile>, folder: Option<&Path>, name| match told {
            Some(told) => Some(told.to_path_buf()),
            None => folder.map(|folder| folder.join(name)),
        };
        let here = folder.unwrap_or(Path::new(""));
        let model = path(&self.out, Some(here), "model.mdn");
        let picture = path(&self.picture, folder, "trials.png");
        Ok(Results {
            model: claims.claim(model.unwrap_or_default(), Kind::Model)?,
            picture: picture
                .map(|path| claims.claim(path, Kind::Picture))
                .transpose()?,
        })
    }

    fn place(&self, error: TuneError) -> anyhow::Error {
        match error {
            TuneError::Fit {
                trial,
                fold,
                source,
            } => {
                let place = format!("trial {trial}, fold {}", fold + 1);
                self.columns.reading.place_fit(source).context(place)
            }
            TuneError::Data(error) => self.columns.reading.place_data(error),
            TuneError::Folds(error) => {
                let table = self.columns.reading.name();
                anyhow!("{table}: {error}; fewer --folds need fewer rows")
            }
            error => error.into(),
        }
    }

    /// The best trial's model on all rows; none where a signal came.
    fn refit(
        &self,
        data: &Dataset,
        trials: &[Trial],
        config: &TuneConfig,
        signals: &Signals,
    ) -> anyhow::Result<Option<Fitted>> {
        if signals.came() {
            return Ok(None);
        }
        let best = &trials[0];
        ensure!(
            best.summary().mean.is_finite(),
            "no trial gives every row it was tested on a density above 0"
        );
        let mut progress = TrainingProgress::new(config.base.options.loss);
        let mut observer = |report: &_| progress.show(report);
        let stop = || signals.came();
        let control = Control {
            stop: Some(&stop),
            ..Control::new(&mut observer)
        };
        let fitted = fit_with(data, &best.candidate.apply(&config.base), control);
        progress.finish();
        let fitted = fitted.map_err(|error| self.columns.reading.place_fit(error))?;
        check_learnt(fitted.nothing_learnt, data.rows, LEARNING)?;
        Ok((!signals.came()).then_some(fitted))
    }

    /// What the trials tell; nothing of the model yet.
    fn summarise(&self, data: &Dataset, trials: &[Trial], seconds: f64) -> Tuning {
        let mean = |trial: &Trial| trial.summary().mean;
        let best = trials.first().filter(|best| mean(best).is_finite());
        let given = trials.iter().find(|trial| trial.number == 0);
        let gain = best
            .zip(given)
            .map(|(best, given)| mean(given) - mean(best));
        Tuning {
            model: None,
            picture: None,
            rows: TableRows::from(data).counted(),
            hold_out: self.columns.held.value(),
            weights: self.columns.weights.clone(),
            reported: None,
            folds: self.folds,
            best: best.map(|best| best.number),
            gain: gain.filter(|gain| gain.is_finite()),
            options: best.map(|best| words::options(&best.candidate)),
            train_nll: None,
            validation_nll: None,
            fits: trials.iter().map(|trial| trial.nll.len()).sum(),
            seconds,
            interrupted: true,
            trials: trials.iter().map(words::TrialResult::new).collect(),
            diagnostics: Vec::new(),
        }
    }
}

/// Where the results go.
struct Results {
    model: Destination,
    picture: Option<Destination>,
}

impl Results {
    /// Writes the model and the picture, and notes them.
    fn keep(&self, fitted: &Fitted, trials: &[Trial], result: &mut Tuning) -> anyhow::Result<()> {
        self.model.write(|out| out.write_all(fitted.file.bytes()))?;
        result.model = Some(self.model.path().display().to_string());
        result.picture = self.draw(trials)?;
        result.train_nll = Some(fitted.train.nll);
        result.validation_nll = fitted.validation.as_ref().map(|scores| scores.nll);
        result.fits += 1;
        result.interrupted = false;
        Ok(())
    }

    fn draw(&self, trials: &[Trial]) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.picture else {
            return Ok(None);
        };
        let given = trials.iter().position(|trial| trial.number == 0);
        let picture = Trials {
            title: format!(
                "{} trials, the best third of each stage goes on",
                trials.len()
            ),
            scores: trials.iter().map(|trial| trial.nll.clone()).collect(),
            given: given.unwrap_or(0),
            best: 0,
        };
        let is_svg = file.path().extension().is_some_and(|end| end == "svg");
        let bytes = match is_svg {
            true => picture.to_svg()?.into_bytes(),
            false => picture.to_png()?,
        };
        file.write(|out| out.write_all(&bytes))?;
        Ok(Some(file.path().display().to_string()))
    }
}
