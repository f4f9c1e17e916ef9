//! A folder for one run of training, from which it can go on after any interruption.
//!
//! | file | what |
//! |---|---|
//! | `config.toml` | the configuration, as whoever made the folder wrote it |
//! | `metrics.jsonl` | a line of JSON for every report: step, losses in raw units, learning rate |
//! | `checkpoint-0`, `checkpoint-1` | the whole state of training, the last and the one before |
//! | `lock` | held by the process at work |
//!
//! A checkpoint is written beside its name and renamed when it is on the disk, in turn over the
//! older of the two; so a whole one is there at any moment after the first. What it holds decides
//! the rest of the run bit for bit. `checkpoint` says what the file looks like.

mod checkpoint;
mod metrics;

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::data::TableRows;
use crate::files::{WriteError, remove_leftovers, write_atomically};
use crate::fit::{FitConfig, FitError, Fitted, Unscored, train_with};
use crate::train::{Control, Keeper, Progress, Snapshot, Starts, Trained};
use crate::tune::JOURNAL;
use checkpoint::Checkpoint;
pub(crate) use checkpoint::Identity;
use metrics::Metrics;

#[cfg(feature = "plot")]
pub use metrics::losses;

/// How often the state is kept unless something else is asked for.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);

const CONFIG: &str = "config.toml";
/// The file of the losses in a run's folder.
pub const METRICS: &str = "metrics.jsonl";
const LOCK: &str = "lock";
const SLOTS: [&str; 2] = ["checkpoint-0", "checkpoint-1"];

/// Why a run cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder holds a run already.
    #[error("{}: holds a run already; resume it, or choose another folder", folder.display())]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds no run.
    #[error("{}: holds no run: there is no {CONFIG}", folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process is at work in the folder.
    #[error("{}: another process is at work on this run", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Something in the folder cannot be read or made.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// Something in the folder cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The table is not the one that the run began with.
    #[error(
        "{}: the table has changed since the run began: its chosen columns or their numbers differ",
        folder.display()
    )]
    TableChanged {
        /// The folder.
        folder: PathBuf,
    },
    /// The configuration is not the one that the run began with.
    #[error("{}: the configuration has changed since the run began", folder.display())]
    ConfigChanged {
        /// The folder.
        folder: PathBuf,
    },
    /// The run was begun by another version, which may compute other bits.
    #[error("{}: the run was begun by {found}; this is {}", folder.display(), crate::draft::PRODUCER)]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// The version that began it.
        found: String,
    },
    /// There are checkpoints, but none is whole.
    #[error("{}: no checkpoint is readable: {}", folder.display(), faults.join("; "))]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with each.
        faults: Vec<String>,
    },
    /// No model came of it.
    #[error(transparent)]
    Fit(#[from] FitError),
}

/// A run of training in a folder.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    interval: Duration,
    resume: bool,
    /// Released when the run is dropped, or its process is gone.
    _lock: File,
}

impl Run {
    /// A new run in `folder`, which is made where it does not exist; `config` is kept there as
    /// `config.toml`.
    ///
    /// # Errors
    /// [`RunError::Exists`], [`RunError::Busy`], and where the folder cannot be made or written to.
    pub fn create(folder: &Path, config: &str) -> Result<Self, RunError> {
        fs::create_dir_all(folder).map_err(|source| io_error(folder, source))?;
        let lock = lock(folder)?;
        if exists(folder) {
            let folder = folder.to_owned();
            return Err(RunError::Exists { folder });
        }
        remove_leftovers(folder);
        write_atomically(folder.join(CONFIG), |out| out.write_all(config.as_bytes()))?;
        Ok(Self::new(folder, lock, false))
    }

    /// The run in `folder`, to go on with it, and its `config.toml`.
    ///
    /// # Errors
    /// [`RunError::NoRun`], [`RunError::Busy`], and where the folder cannot be read.
    pub fn open(folder: &Path) -> Result<(Self, String), RunError> {
        if !exists(folder) {
            let folder = folder.to_owned();
            return Err(RunError::NoRun { folder });
        }
        let lock = lock(folder)?;
        remove_leftovers(folder);
        let path = folder.join(CONFIG);
        let config = fs::read_to_string(&path).map_err(|source| io_error(&path, source))?;
        Ok((Self::new(folder, lock, true), config))
    }

    fn new(folder: &Path, lock: File, resume: bool) -> Self {
        Run {
            folder: folder.to_owned(),
            interval: CHECKPOINT_INTERVAL,
            resume,
            _lock: lock,
        }
    }

    /// The files in which a run or a race of trials in `folder` keeps its state, or would.
    pub fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
        let own = [CONFIG, METRICS, LOCK, JOURNAL].into_iter().chain(SLOTS);
        own.map(|name| folder.join(name))
    }

    /// Keeps the state this often, rather than every [`CHECKPOINT_INTERVAL`]; 0 means at every
    /// step.
    pub fn checkpoint_every(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Fits a model as [`fit`](crate::fit::fit) does, or goes on fitting it: the result is the
    /// same, bit for bit, however often the run was interrupted.
    ///
    /// `notice` is told what the run's owner should know at once: a damaged checkpoint, a full
    /// disk. The run goes on then. `stop`, where there is one, is asked before every step whether
    /// to end training there; the state is kept first.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn fit<'d>(
        &mut self,
        data: impl Into<TableRows<'d>>,
        config: &FitConfig,
        observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
        notice: &(dyn Fn(&str) + Sync),
        stop: Option<&(dyn Fn() -> bool + Sync)>,
    ) -> Result<Fitted, RunError> {
        let trained = self.train(data.into(), config, observer, notice, stop)?;
        Ok(trained.score()?)
    }

    /// As [`fit`](Self::fit), up to the model, which can be kept safe before it is scored.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn train<'d>(
        &mut self,
        data: impl Into<TableRows<'d>>,
        config: &'d FitConfig,
        observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
        notice: &(dyn Fn(&str) + Sync),
        stop: Option<&(dyn Fn() -> bool + Sync)>,
    ) -> Result<Unscored<'d>, RunError> {
        let data = data.into();
        let identity = Identity::new(data, config).map_err(FitError::from)?;
        let found = if self.resume {
            self.find(&identity, notice)?
        } else {
            None
        };
        let slot = found.as_ref().map_or(0, |(slot, _)| 1 - slot);
        let (before, resume) = found.map_or((Vec::new(), None), |(_, checkpoint)| {
            (checkpoint.reports, Some(checkpoint.kept))
        });
        let mut metrics = Metrics::create(self.folder.join(METRICS), config.options.loss, notice);
        for progress in &before {
            metrics.add(progress);
            // What an undisturbed run would have shown; whoever was to end it has not.
            let _ = observer(progress);
        }
        let reports = Mutex::new(before);
        let mut watch = |progress: &Progress| {
            lock_reports(&reports).push(*progress);
            metrics.add(progress);
            observer(progress)
        };
        let mut keeper = Checkpoints {
            paths: SLOTS.map(|name| self.folder.join(name)),
            slot,
            identity,
            reports: &reports,
            interval: self.interval,
            kept: Instant::now(),
            notice,
            failing: false,
        };
        let control = Control {
            stop,
            keeper: Some(&mut keeper),
            resume,
            ..Control::new(&mut watch)
        };
        Ok(train_with(data, config, control)?)
    }

    /// The latest whole checkpoint and its slot; `None` where none was ever written.
    fn find(
        &self,
        identity: &Identity,
        notice: &dyn Fn(&str),
    ) -> Result<Option<(usize, Checkpoint)>, RunError> {
        let mut latest: Option<(usize, Checkpoint)> = None;
        let mut faults = Vec::new();
        for (slot, name) in SLOTS.iter().enumerate() {
            match Checkpoint::read(&self.folder.join(name)) {
                Ok(Some(found)) => {
                    let progress = found.progress();
                    if latest
                        .as_ref()
                        .is_none_or(|(_, other)| other.progress() < progress)
                    {
                        latest = Some((slot, found));
                    }
                }
                Ok(None) => {}
                Err(fault) => faults.push(format!("{name}: {fault}")),
            }
        }
        let folder = self.folder.clone();
        let Some((slot, checkpoint)) = latest else {
            return match faults.is_empty() {
                true => Ok(None),
                false => Err(RunError::Damaged { folder, faults }),
            };
        };
        let found = &checkpoint.identity;
        if found.producer != identity.producer {
            let found = found.producer.clone();
            return Err(RunError::OtherVersion { folder, found });
        }
        if found.table != identity.table {
            return Err(RunError::TableChanged { folder });
        }
        if found.config != identity.config {
            return Err(RunError::ConfigChanged { folder });
        }
        for fault in faults {
            let (_, _, step) = checkpoint.progress();
            notice(&format!(
                "{fault}; going on from the other one, step {step}"
            ));
        }
        Ok(Some((slot, checkpoint)))
    }
}

/// Writes checkpoints, in turn to one slot and the other.
struct Checkpoints<'a> {
    paths: [PathBuf; 2],
    /// The next to be written.
    slot: usize,
    identity: Identity,
    reports: &'a Mutex<Vec<Progress>>,
    interval: Duration,
    kept: Instant,
    notice: &'a (dyn Fn(&str) + Sync),
    failing: bool,
}

impl Keeper for Checkpoints<'_> {
    fn is_due(&mut self) -> bool {
        self.kept.elapsed() >= self.interval
    }

    fn keep(&mut self, finished: &[Trained], starts: &Starts, current: &Snapshot) {
        let (path, reports) = (&self.paths[self.slot], lock_reports(self.reports));
        let state = (finished, starts, current);
        let written = Checkpoint::write(path, &self.identity, &reports, state);
        drop(reports);
        self.kept = Instant::now();
        match written {
            Ok(()) => {
                self.slot = 1 - self.slot;
                self.failing = false;
            }
            // Said once: it will be tried again and again.
            Err(error) if !self.failing => {
                self.failing = true;
                (self.notice)(&format!(
                    "{error}; training goes on, and the last checkpoint stays"
                ));
            }
            Err(_) => {}
        }
    }
}

/// The reports so far; a list that a panic left behind is as good as any.
fn lock_reports(reports: &Mutex<Vec<Progress>>) -> MutexGuard<'_, Vec<Progress>> {
    reports.lock().unwrap_or_else(PoisonError::into_inner)
}

fn io_error(path: &Path, source: io::Error) -> RunError {
    let path = path.to_owned();
    RunError::Io { path, source }
}

fn exists(folder: &Path) -> bool {
    [CONFIG, SLOTS[0], SLOTS[1]]
        .iter()
        .any(|name| folder.join(name).exists())
}

/// The folder's lock, which the operating system takes back from a process that is gone.
fn lock(folder: &Path) -> Result<File, RunError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|source| io_error(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let folder = folder.to_owned();
            Err(RunError::Busy { folder })
        }
        // Some network file systems have no locks.
        Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(source)) => Err(io_error(&path, source)),
    }
}
