//! `mdn-train tune`

mod running;
mod space;
mod words;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use mdn_train::data::Dataset;
use mdn_train::files::write_atomically;
use mdn_train::fit::{Fitted, fit};
use mdn_train::plot::{Picture, Trials};
use mdn_train::tune::{Trial, TuneConfig, TuneError, tune};
use running::RunChoices;
use serde::Serialize;
use space::SpaceChoices;

use super::fit::choices::{NetworkChoices, TrainingChoices, config};
use super::fit::columns::ColumnChoices;
use super::output::{Output, check_apart, check_writable};
use super::progress::TrainingProgress;
use super::values::positive;

/// Try many configurations, and fit the one that predicts best
///
/// Each trial is a configuration. All are fitted and scored on the first fold of a
/// cross-validation, the best third on the second fold too, and the best third of those on all
/// folds. Every score is the negative log-likelihood (NLL) of rows that the fit has not seen, the
/// same rows for every trial. Trial 0 is what the other options say, by default what `fit` would do;
/// it runs to the end in any case, so the table shows what tuning is worth. At last the best one is
/// fitted to all rows as `fit` does it, and written as a model file.
///
/// With `--run` each score is kept as soon as it is known: after any interruption `--resume` goes on
/// and ends with the same table and the same model.
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
    out: Option<PathBuf>,
    /// Draw the race of the trials into this file, SVG where its name ends so, else PNG [default:
    /// trials.png in the run's folder where there is one]
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Configurations to try, that of the other options among them
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = positive)]
    trials: usize,
    /// Parts of the table, each of which tests the trials that come so far
    #[arg(long, default_value_t = 5, value_name = "K",
          value_parser = clap::value_parser!(u32).range(2..))]
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
    model: String,
    picture: Option<String>,
    rows: usize,
    folds: u32,
    best: usize,
    /// What the best one is better by than the options given, nats; none where that is infinite.
    gain: Option<f64>,
    /// The options of `fit` for the best one.
    options: String,
    train_nll: f64,
    validation_nll: Option<f64>,
    fits: usize,
    seconds: f64,
    trials: Vec<words::TrialResult>,
}

impl Tune {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        check_apart(&self.model(), [&self.columns.reading.data])?;
        let data = self.columns.data(output)?;
        let config = self.config(&data);
        let mut run = self.running.prepare(&data, &config)?;
        check_writable(&self.model())?;
        if let Some(picture) = self.picture() {
            check_writable(&picture)?;
        }
        let start = Instant::now();
        let known = run.journal.len();
        if known > 0 {
            output.note(format_args!("going on after {known} scores"));
        }
        let tell = words::teller(known);
        let trials =
            tune(&data, &config, &mut run.journal, &tell).map_err(|error| self.place(error))?;
        let best = &trials[0];
        ensure!(
            best.summary().mean.is_finite(),
            "no trial gives every row it was tested on a density above 0"
        );
        words::table(&trials, output)?;
        let fitted = self.refit(&data, best, &config)?;
        write_atomically(self.model(), |out| out.write_all(fitted.file.bytes()))?;
        let picture = self.draw(&trials)?;
        let seconds = start.elapsed().as_secs_f64();
        let result = self.summarise(&data, &trials, &fitted, picture, seconds);
        words::say(&result, &self.columns.reading.data, output)?;
        output.result(&result)
    }

    fn config(&self, data: &Dataset) -> TuneConfig {
        let base = config(&self.columns, &self.network, &self.training);
        TuneConfig {
            space: self.space.space(base.covariance, data.target_names.len()),
            base,
            trials: self.trials,
            folds: self.folds as usize,
        }
    }

    fn model(&self) -> PathBuf {
        let model = || {
            self.running
                .folder()
                .unwrap_or(Path::new(""))
                .join("model.mdn")
        };
        self.out.clone().unwrap_or_else(model)
    }

    fn picture(&self) -> Option<PathBuf> {
        let in_folder = || Some(self.running.folder()?.join("trials.png"));
        self.picture.clone().or_else(in_folder)
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
            error => error.into(),
        }
    }

    fn refit(&self, data: &Dataset, best: &Trial, config: &TuneConfig) -> anyhow::Result<Fitted> {
        let mut progress = TrainingProgress::new(config.base.options.loss);
        let mut observer = |report: &_| progress.show(report);
        let fitted = fit(data, &best.candidate.apply(&config.base), &mut observer);
        progress.finish();
        fitted.map_err(|error| self.columns.reading.place_fit(error))
    }

    fn draw(&self, trials: &[Trial]) -> anyhow::Result<Option<String>> {
        let Some(path) = self.picture() else {
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
        if path.extension().is_some_and(|ending| ending == "svg") {
            let svg = picture.to_svg()?;
            write_atomically(&path, |out| out.write_all(svg.as_bytes()))?;
        } else {
            picture.to_png(&path)?;
        }
        Ok(Some(path.display().to_string()))
    }

    fn summarise(
        &self,
        data: &Dataset,
        trials: &[Trial],
        fitted: &Fitted,
        picture: Option<String>,
        seconds: f64,
    ) -> Tuning {
        let best = &trials[0];
        let given = trials.iter().find(|trial| trial.number == 0);
        let gain = given.map(|given| given.summary().mean - best.summary().mean);
        Tuning {
            model: self.model().display().to_string(),
            picture,
            rows: data.rows,
            folds: self.folds,
            best: best.number,
            gain: gain.filter(|gain| gain.is_finite()),
            options: words::options(&best.candidate),
            train_nll: fitted.train.nll,
            validation_nll: fitted.validation.as_ref().map(|scores| scores.nll),
            fits: 1 + trials.iter().map(|trial| trial.nll.len()).sum::<usize>(),
            seconds,
            trials: trials.iter().map(words::TrialResult::new).collect(),
        }
    }
}
