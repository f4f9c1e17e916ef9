//! The scores that are known: in memory, or in a file that survives a kill at any moment.
//!
//! The file's first line says what the scores belong to; each further line is one score, appended
//! in one write and flushed to the disk. A last line that was cut off is taken away when the file
//! is opened again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Candidate, Outcome, TuneConfig};
use crate::data::{DataError, Dataset};
use crate::run::Identity;

/// The file of the scores in a run's folder.
pub const JOURNAL: &str = "trials.jsonl";

/// Why scores cannot be kept or taken up again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// A line is no score.
    #[error("{}:{line}: not a score: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The rows that the scores belong to cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The scores are those of another table, other options or another version.
    #[error(
        "{}: these trials began with another table, other options or another version of the program",
        path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
}

/// Scores by trial and fold.
#[derive(Debug, Default)]
pub struct Journal {
    known: BTreeMap<(usize, usize), f64>,
    file: Option<(PathBuf, File)>,
}

/// A score as its line: with what was tried, for whoever reads the file.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    #[serde(flatten)]
    candidate: &'a Candidate,
}

impl Journal {
    /// Scores that are known while the program runs.
    pub fn in_memory() -> Self {
        Journal::default()
    }

    /// The journal at `path`, made where there is none, of tuning `config` on `data`.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(path: &Path, data: &Dataset, config: &TuneConfig) -> Result<Self, JournalError> {
        let fault = |source| io_error(path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(fault)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(fault)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n');
        let whole = whole.map_or(0, |last| last + 1);
        file.set_len(whole as u64).map_err(fault)?;
        file.seek(SeekFrom::End(0)).map_err(fault)?;
        let identity = Identity::new(data.into(), config)?;
        let mut lines = text[..whole].split_inclusive(|&byte| byte == b'\n');
        match lines.next() {
            None => append(&mut file, &identity).map_err(fault)?,
            Some(first) if serde_json::from_slice(first).ok() == Some(identity) => {}
            Some(_) => return Err(JournalError::Other { path: path.into() }),
        }
        let mut journal = Journal {
            known: BTreeMap::new(),
            file: Some((path.into(), file)),
        };
        for (number, line) in lines.enumerate() {
            let outcome = serde_json::from_slice(line).map_err(|source| JournalError::Line {
                path: path.into(),
                line: number + 2,
                source,
            })?;
            journal.note(&outcome);
        }
        Ok(journal)
    }

    /// The score of a trial on a fold.
    pub fn score(&self, trial: usize, fold: usize) -> Option<f64> {
        self.known.get(&(trial, fold)).copied()
    }

    /// How many scores there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Keeps a score: in the file first.
    pub(super) fn add(
        &mut self,
        outcome: &Outcome,
        candidate: &Candidate,
    ) -> Result<(), JournalError> {
        if let Some((path, file)) = &mut self.file {
            let line = Line { outcome, candidate };
            append(file, &line).map_err(|source| io_error(path, source))?;
        }
        // The very number that reading the line gives, which may differ in its last bit.
        let text = serde_json::to_string(outcome);
        let read = text.and_then(|text| serde_json::from_str(&text));
        self.note(&read.unwrap_or_else(|_| outcome.clone()));
        Ok(())
    }

    fn note(&mut self, outcome: &Outcome) {
        let nll = outcome.nll.unwrap_or(f64::INFINITY);
        self.known.insert((outcome.trial, outcome.fold), nll);
    }
}

/// One line, in one write, on the disk when this returns.
fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_data()
}

fn io_error(path: &Path, source: io::Error) -> JournalError {
    let path = path.to_owned();
    JournalError::Io { path, source }
}
