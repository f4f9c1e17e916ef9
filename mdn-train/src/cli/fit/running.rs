//! A fit with what surrounds it: the run's folder, signals, progress.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use mdn_train::data::TableRows;
use mdn_train::fit::{FitConfig, Unscored, train_with};
use mdn_train::run::Run;
use mdn_train::train::Control;

use crate::cli::options::Reading;
use crate::cli::paths::{InputFile, RunFolder};
use crate::cli::progress::TrainingProgress;
use crate::cli::signals::Signals;
use crate::cli::values::seconds;

/// Where the run is kept, and how it goes on.
#[derive(Args)]
pub struct RunChoices {
    /// Keep the run in this new folder: its options, losses and checkpoints, and the model
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<RunFolder>,
    /// Go on with the run in this folder, to the very model of an undisturbed run
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    resume: Option<RunFolder>,
    /// Take options from this TOML file; those on the command line win
    #[arg(long, value_name = "FILE")]
    config: Option<InputFile>,
    /// Seconds between checkpoints
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_interval: Duration,
    /// The options as a file for `--config`.
    #[arg(skip)]
    pub text: String,
}

impl RunChoices {
    pub fn folder(&self) -> Option<&Path> {
        self.run.as_deref().or(self.resume.as_deref())
    }

    /// Where the model goes unless told.
    pub fn model(&self) -> PathBuf {
        self.folder().unwrap_or(Path::new("")).join("model.mdn")
    }

    /// The run's folder, made or opened.
    pub fn prepare(&self) -> anyhow::Result<Option<Run>> {
        let mut run = match (&self.run, &self.resume) {
            (Some(folder), _) => Run::create(folder, &self.text)?,
            (None, Some(folder)) => Run::open(folder)?.0,
            (None, None) => return Ok(None),
        };
        run.checkpoint_every(self.checkpoint_interval);
        Ok(Some(run))
    }

    /// How to go on with a run that was stopped.
    pub fn way_on(&self) -> String {
        match self.folder() {
            Some(folder) => format!("; `mdn-train fit --resume {}` goes on", folder.display()),
            None => String::new(),
        }
    }
}

/// Trains until the end or a signal.
pub fn watched<'d>(
    run: Option<Run>,
    data: TableRows<'d>,
    config: &'d FitConfig,
    reading: &Reading,
    signals: &Signals,
) -> anyhow::Result<Unscored<'d>> {
    let stop = || signals.came();
    let mut progress = TrainingProgress::new(config.options.loss);
    let notice = progress.notice();
    let mut observer = |report: &_| progress.show(report);
    let trained = match run {
        Some(mut run) => run
            .train(data, config, &mut observer, &notice, Some(&stop))
            .map_err(|error| reading.place_run(error)),
        None => {
            let control = Control {
                stop: Some(&stop),
                ..Control::new(&mut observer)
            };
            train_with(data, config, control).map_err(|error| reading.place_fit(error))
        }
    };
    progress.finish();
    trained
}
