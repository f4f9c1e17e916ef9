//! Where the scores are kept.

use std::path::Path;

use clap::Args;
use mdn_train::data::Dataset;
use mdn_train::run::Run;
use mdn_train::tune::{JOURNAL, Journal, TuneConfig};

use crate::cli::paths::{InputFile, RunFolder};

/// The folder of a run, and options from a file.
#[derive(Args)]
pub struct RunChoices {
    /// Keep the trials in this new folder: the options, every score, the picture and the model
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<RunFolder>,
    /// Go on with the trials in this folder, to the very table of an undisturbed run
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    resume: Option<RunFolder>,
    /// Take options from this TOML file; those on the command line win
    #[arg(long, value_name = "FILE")]
    config: Option<InputFile>,
    /// The options as a file for `--config`.
    #[arg(skip)]
    pub text: String,
}

/// The scores, and the folder's lock where there is a folder.
pub struct Kept {
    pub journal: Journal,
    _run: Option<Run>,
}

impl RunChoices {
    pub fn folder(&self) -> Option<&Path> {
        self.run.as_deref().or(self.resume.as_deref())
    }

    /// How to go on with trials that were stopped.
    pub fn way_on(&self) -> String {
        match self.folder() {
            Some(folder) => format!("; `mdn-train tune --resume {}` goes on", folder.display()),
            None => String::new(),
        }
    }

    /// The folder, made or opened, and what is known already.
    pub fn prepare(&self, data: &Dataset, config: &TuneConfig) -> anyhow::Result<Kept> {
        let run = match (&self.run, &self.resume) {
            (Some(folder), _) => Some(Run::create(folder, &self.text)?),
            (None, Some(folder)) => Some(Run::open(folder)?.0),
            (None, None) => None,
        };
        let journal = match self.folder() {
            Some(folder) => Journal::open(&folder.join(JOURNAL), data, config)?,
            None => Journal::in_memory(),
        };
        Ok(Kept { journal, _run: run })
    }
}
