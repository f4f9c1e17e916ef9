//! `metrics.jsonl`: a line of JSON for every report.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::train::{LossKind, Progress};

#[derive(Serialize, Deserialize)]
struct Line {
    step: usize,
    steps: usize,
    /// 0 in files of versions that did not write it.
    #[serde(default)]
    start_steps: usize,
    loss: LossKind,
    train_loss: f64,
    validation_loss: Option<f64>,
    learning_rate: f32,
}

/// Where the starts begin: each after the steps planned of those before.
#[cfg(feature = "plot")]
#[derive(Default)]
struct Beginnings {
    from: usize,
    steps: usize,
}

#[cfg(feature = "plot")]
impl Beginnings {
    /// The steps after which starts begin of which `line` is the first.
    fn before(&mut self, line: &Line) -> Vec<u64> {
        let mut begun = Vec::new();
        while self.steps > 0 && line.step > self.from + self.steps {
            self.from += self.steps;
            self.steps = line.start_steps;
            begun.push(self.from as u64);
        }
        self.steps = line.start_steps;
        begun
    }
}

/// The losses in a run's file, in raw units (feature `plot`).
///
/// # Errors
/// When it cannot be read; a last line that is cut off is passed over.
#[cfg(feature = "plot")]
pub fn losses(path: &std::path::Path) -> io::Result<crate::plot::Loss> {
    let text = std::fs::read_to_string(path)?;
    let mut loss = crate::plot::Loss::default();
    let mut starts = Beginnings::default();
    for line in text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        let line: Line = serde_json::from_str(line)?;
        let step = line.step as u64;
        loss.kind = line.loss;
        loss.starts.extend(starts.before(&line));
        loss.train.push((step, line.train_loss as f32));
        let validation = line.validation_loss.map(|loss| (step, loss as f32));
        loss.validation.extend(validation);
    }
    Ok(loss)
}

/// The file, begun anew: after an interruption all reports come again.
pub(super) struct Metrics<'a> {
    path: PathBuf,
    loss: LossKind,
    /// `None` once it has failed.
    file: Option<File>,
    notice: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Metrics<'a> {
    pub(super) fn create(path: PathBuf, loss: LossKind, notice: &'a (dyn Fn(&str) + Sync)) -> Self {
        let (file, fault) = match File::create(&path) {
            Ok(file) => (Some(file), None),
            Err(fault) => (None, Some(fault)),
        };
        let metrics = Metrics {
            path,
            loss,
            file,
            notice,
        };
        if let Some(fault) = fault {
            metrics.tell(&fault);
        }
        metrics
    }

    /// Appends a report, in one write, so that it can be watched as it grows.
    pub(super) fn add(&mut self, progress: &Progress) {
        let line = Line {
            step: progress.step,
            steps: progress.total,
            start_steps: progress.start_steps,
            loss: self.loss,
            train_loss: progress.train_loss,
            validation_loss: progress.validation_loss,
            learning_rate: progress.learning_rate,
        };
        let Some(file) = &mut self.file else { return };
        let text = serde_json::to_string(&line).map_err(io::Error::from);
        let written = text.and_then(|text| file.write_all(format!("{text}\n").as_bytes()));
        if let Err(fault) = written {
            self.tell(&fault);
            self.file = None;
        }
    }

    fn tell(&self, fault: &io::Error) {
        let path = self.path.display();
        (self.notice)(&format!(
            "cannot write {path}: {fault}; training goes on without it"
        ));
    }
}
