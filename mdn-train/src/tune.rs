//! Which configuration predicts a table best: many are tried, and the poor ones given up early.
//!
//! Trials race over the folds of one cross-validation (successive halving, Jamieson & Talwalkar
//! 2016, with folds as the resource): every trial is fitted and scored on the first fold, the best
//! third on the second too, the best third of those on all. A fold is scored exactly as
//! [`cross_validate`](crate::cross_validate) does, so all trials that reach a fold are compared on
//! the same rows, which none of their fits has seen. Trial 0 is the configuration that was given;
//! it always runs to the end, so that the gain is known. Where the rows that are reported choose nothing, as
//! with every [hold-out](crate::data::HoldOut) but the random one, they take no part in the race.
//!
//! Fits run in parallel; the outcome is the same, bit for bit, for any number of threads. A
//! [`Journal`] keeps every score when it is known, so that a race that was cut short goes on.

mod journal;
mod space;

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cross_validate::{Fold, Folds, FoldsError, Summary, score_fold};
use crate::data::{DataError, Dataset, HoldOut, OwnedRows, TableRows};
use crate::fit::{FitConfig, FitError};
use crate::train::TrainError;
pub use journal::{JOURNAL, Journal, JournalError};
pub use space::{Candidate, Space};

/// The share of the trials that goes on to the next stage is one in so many.
const KEPT: usize = 3;

/// What to try, and how hard.
#[derive(Clone, Debug, Serialize)]
pub struct TuneConfig {
    /// Everything that is not tried; with its own choices it is trial 0. Its seed also decides
    /// which candidates are drawn and how the rows are parted.
    pub base: FitConfig,
    /// What is tried.
    pub space: Space,
    /// How many trials, that of the base among them.
    pub trials: usize,
    /// Into how many folds the rows are parted, at least 2.
    pub folds: usize,
}

/// A configuration that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// From 0, which is the configuration that was given.
    pub number: usize,
    /// What was tried.
    pub candidate: Candidate,
    /// The mean negative log-likelihood of the rows of each fold, as far as the trial came, nats;
    /// infinite where the density of a row is 0 or training diverged.
    pub nll: Vec<f64>,
}

impl Trial {
    /// Mean and standard error over the folds.
    pub fn summary(&self) -> Summary {
        Summary::new(&self.nll, self.nll.len())
    }
}

/// One fit of one trial, scored on one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The trial's number.
    pub trial: usize,
    /// The fold's, from 0.
    pub fold: usize,
    /// As in [`Trial::nll`]; `None` stands for infinity.
    pub nll: Option<f64>,
}

/// A race seen from outside.
pub struct Watch<'a> {
    /// Hears of each score as soon as it is known, in no certain order.
    pub observer: &'a (dyn Fn(&Outcome) + Sync),
    /// Whether to end the race; once so, always so. Fits under way are stopped and not scored.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Why nothing was tuned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// The rows cannot be parted into folds.
    #[error(transparent)]
    Folds(#[from] FoldsError),
    /// No rows can be set apart to report.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A fit failed for another reason than divergence.
    #[error("trial {trial}, fold {}: {source}", fold + 1)]
    Fit {
        /// The trial's number.
        trial: usize,
        /// The fold's, from 0.
        fold: usize,
        /// Why.
        source: FitError,
    },
    /// A score could not be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Races the trials, on rows of which equal ones are one ([`TableRows::merged`]).
///
/// Returns the trials from the best to the worst: those that came further first, then by their
/// mean, then by their number. The scores that `journal` knows are taken from it. A race that was
/// stopped returns the trials that have a score, and of those still racing as many scores as all of
/// them have: they are compared on the same rows all the same.
///
/// Takes about 1.2 times as many fits as there are trials, and for each trial that reaches the end
/// one a fold.
///
/// # Errors
///
/// [`TuneError`]; of several the one of the first trial.
pub fn tune(
    data: &Dataset,
    config: &TuneConfig,
    journal: &mut Journal,
    watch: &Watch<'_>,
) -> Result<Vec<Trial>, TuneError> {
    let base = &config.base;
    let merged = TableRows::from(data).merged(base.hold_out)?;
    let data = match &merged {
        Some(OwnedRows::Memory(merged)) => merged,
        _ => data,
    };
    let apart = base
        .hold_out
        .set_apart(&data.arrangement, data.rows, base.validation, base.seed);
    let (rest, report) = apart?;
    let data = match report.is_empty() {
        true => Cow::Borrowed(data),
        false => Cow::Owned(data.subset(&rest)),
    };
    let data = &*data;
    let folds = config.parts(data)?;
    let mut racing = config.trials();
    let mut out = Vec::new();
    for (stage, until) in stages(config.folds).enumerate() {
        if stage > 0 {
            rank(&mut racing);
            let keep = racing.len().div_ceil(KEPT);
            out.extend(retire(&mut racing, keep));
        }
        let folds = &folds.folds()[..until];
        race(data, config, folds, &mut racing, journal, watch)?;
        if (watch.stop)() {
            break;
        }
    }
    racing.extend(out);
    rank(&mut racing);
    Ok(racing)
}

/// How many folds a trial has been scored on after each stage.
fn stages(folds: usize) -> impl Iterator<Item = usize> {
    let mut stages = vec![1, 2, folds];
    stages.dedup();
    stages.into_iter()
}

/// Best first.
fn rank(trials: &mut [Trial]) {
    let key = |trial: &Trial| match trial.summary().mean {
        mean if mean.is_nan() => f64::INFINITY,
        mean => mean,
    };
    trials.sort_by(|a, b| {
        let further = b.nll.len().cmp(&a.nll.len());
        further
            .then(key(a).total_cmp(&key(b)))
            .then(a.number.cmp(&b.number))
    });
}

/// Takes out all but the first `keep` and trial 0.
fn retire(ranked: &mut Vec<Trial>, keep: usize) -> Vec<Trial> {
    let mut out = ranked.split_off(keep.min(ranked.len()));
    let given = out.iter().position(|trial| trial.number == 0);
    ranked.extend(given.map(|position| out.remove(position)));
    out
}

/// Scores each trial on those of the folds that it has not been scored on, until it is stopped.
fn race(
    data: &Dataset,
    config: &TuneConfig,
    folds: &[Fold],
    racing: &mut Vec<Trial>,
    journal: &mut Journal,
    watch: &Watch<'_>,
) -> Result<(), TuneError> {
    let tasks = missing(racing, folds.len(), journal);
    let shared = Mutex::new(&mut *journal);
    let one = |&(trial, fold): &(&Trial, usize)| {
        if (watch.stop)() {
            return Ok(());
        }
        let scored = score(data, config, trial, (fold, &folds[fold]), watch);
        if (watch.stop)() {
            return Ok(());
        }
        let nll = scored?;
        let outcome = Outcome {
            trial: trial.number,
            fold,
            nll: nll.is_finite().then_some(nll),
        };
        let mut journal = shared.lock().unwrap_or_else(PoisonError::into_inner);
        journal.add(&outcome, &trial.candidate)?;
        (watch.observer)(&outcome);
        Ok(())
    };
    let done: Vec<Result<(), TuneError>> = tasks.par_iter().map(one).collect();
    done.into_iter().collect::<Result<(), TuneError>>()?;
    take_scores(racing, journal, folds.len());
    Ok(())
}

/// Each trial with each fold that it has no score on, in their order.
fn missing<'t>(racing: &'t [Trial], folds: usize, journal: &Journal) -> Vec<(&'t Trial, usize)> {
    let wanted = racing.iter().flat_map(|trial| {
        let missing = trial.nll.len()..folds;
        missing.map(move |fold| (trial, fold))
    });
    let mut tasks: Vec<(&Trial, usize)> = wanted
        .filter(|(trial, fold)| journal.score(trial.number, *fold).is_none())
        .collect();
    tasks.sort_by_key(|(trial, fold)| (trial.number, *fold));
    tasks
}

/// Gives all trials that have a score those of the first folds, as many as each of them has.
fn take_scores(racing: &mut Vec<Trial>, journal: &Journal, folds: usize) {
    for trial in racing.iter_mut() {
        let known = (0..folds).map_while(|fold| journal.score(trial.number, fold));
        trial.nll = known.collect();
    }
    racing.retain(|trial| !trial.nll.is_empty());
    let common = racing.iter().map(|trial| trial.nll.len()).min();
    for trial in racing {
        trial.nll.truncate(common.unwrap_or(0));
    }
}

/// The score of one trial on one fold.
fn score(
    data: &Dataset,
    config: &TuneConfig,
    trial: &Trial,
    (number, fold): (usize, &Fold),
    watch: &Watch<'_>,
) -> Result<f64, TuneError> {
    let config = trial.candidate.apply(&config.base);
    match score_fold(data, &config, fold, Some(watch.stop)) {
        Ok(scores) => Ok(scores.test.nll),
        Err(FitError::Train(TrainError::Diverged { .. })) => Ok(f64::INFINITY),
        Err(source) => Err(TuneError::Fit {
            trial: trial.number,
            fold: number,
            source,
        }),
    }
}

impl TuneConfig {
    /// The folds of the race. Rows that are listed take no part in it: it has folds of the others.
    fn parts(&self, data: &Dataset) -> Result<Folds, FoldsError> {
        let (of, rows) = (&data.arrangement, data.rows);
        let hold_out = match self.base.hold_out {
            HoldOut::Rows if of.order.is_empty() => HoldOut::Random,
            HoldOut::Rows => HoldOut::Last,
            other => other,
        };
        Folds::arranged((of, rows), hold_out, self.folds, 1, self.base.seed)
    }

    /// The base, then different candidates of the space drawn at random; fewer than asked for
    /// where the space has no more.
    fn trials(&self) -> Vec<Trial> {
        let candidates = self.space.draw(&self.base, self.trials);
        let numbered = candidates.into_iter().enumerate();
        numbered
            .map(|(number, candidate)| Trial {
                number,
                candidate,
                nll: Vec::new(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(number: usize, nll: &[f64]) -> Trial {
        Trial {
            number,
            candidate: Candidate::of(&FitConfig::default()),
            nll: nll.to_vec(),
        }
    }

    #[test]
    fn stages_end_with_all_folds() {
        assert!(stages(2).eq([1, 2]));
        assert!(stages(5).eq([1, 2, 5]));
    }

    #[test]
    fn those_who_came_further_rank_first_and_nan_last() {
        let mut trials = [
            trial(0, &[2.0]),
            trial(1, &[f64::NAN, 0.0]),
            trial(2, &[5.0, 3.0]),
            trial(3, &[1.0]),
            trial(4, &[4.0, 4.0]),
            trial(5, &[f64::INFINITY]),
        ];
        rank(&mut trials);
        let order: Vec<usize> = trials.iter().map(|trial| trial.number).collect();
        assert_eq!(order, [2, 4, 1, 3, 0, 5]);
    }

    #[test]
    fn a_stopped_stage_counts_the_folds_that_all_have() {
        let mut journal = Journal::in_memory();
        let candidate = Candidate::of(&FitConfig::default());
        for (trial, fold) in [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1), (3, 0), (3, 2)] {
            let nll = Some((10 * trial + fold) as f64);
            let outcome = Outcome { trial, fold, nll };
            journal.add(&outcome, &candidate).unwrap();
        }
        let scores = |numbers: &[usize], folds| {
            let mut racing: Vec<Trial> = numbers.iter().map(|&n| trial(n, &[])).collect();
            take_scores(&mut racing, &journal, folds);
            let told = racing.into_iter().map(|trial| (trial.number, trial.nll));
            told.collect::<Vec<_>>()
        };
        let first = [(0, vec![0.0]), (2, vec![20.0]), (3, vec![30.0])];
        assert_eq!(scores(&[0, 1, 2, 3], 1), first);
        assert_eq!(scores(&[0, 2, 3], 3), first);
        let two = [(0, vec![0.0, 1.0]), (2, vec![20.0, 21.0])];
        assert_eq!(scores(&[0, 2], 3), two);
        assert_eq!(scores(&[1], 3), []);
    }

    #[test]
    fn the_given_configuration_stays_however_poor() {
        let mut trials = vec![trial(3, &[1.0]), trial(1, &[2.0]), trial(0, &[9.0])];
        let out = retire(&mut trials, 1);
        let numbers = |trials: &[Trial]| trials.iter().map(|t| t.number).collect::<Vec<_>>();
        assert_eq!(numbers(&trials), [3, 0]);
        assert_eq!(numbers(&out), [1]);
    }
}
