//! How well a configuration predicts rows that it has not seen: fitted and scored fold by fold.
//!
//! A fold is a set of test rows. The model is fitted on all other rows, or where rows have an order on
//! those before, exactly as [`fit`](fn@crate::fit::fit) does (the rows that choose the best step come
//! out of those), and its exported file is scored on the test rows. Folds run in parallel; the scores have the same
//! bits for any number of threads.

mod folds;

use std::borrow::Cow;
use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::data::{Dataset, Split};
use crate::fit::{FitConfig, FitError, Fitted, Table, train_split};
use crate::metrics::{Scores, score};
use crate::train::Control;
pub use folds::{Fold, Folds, FoldsError};

/// The scores of one fold.
#[derive(Clone, Debug)]
pub struct FoldScores {
    /// The seed of the fit.
    pub seed: u64,
    /// Rows that the gradient saw.
    pub train_rows: usize,
    /// Rows that chose the best step.
    pub validation_rows: usize,
    /// The mean negative log-likelihood of the validation rows, where there are any, nats.
    pub validation_nll: Option<f64>,
    /// The step whose parameters were kept.
    pub best_step: usize,
    /// Scores of the file on the fold's test rows, but for those set aside.
    pub test: Scores,
    /// Test rows with a number that stands for a missing one, where others are left.
    pub set_aside_rows: usize,
    /// The numbers of the others, in the order of the scores.
    pub scored_rows: Vec<usize>,
}

/// A fold that could not be fitted or scored.
#[derive(Debug, thiserror::Error)]
#[error("fold {fold}: {source}")]
pub struct FoldError {
    /// Which one, from 1.
    pub fold: usize,
    /// Why.
    pub source: FitError,
}

/// Fits `config` to the training rows of each of the `folds` and scores it on its test rows;
/// `observer` hears of each fold when it is done, by its number from 0, in no certain order. Rows count by their
/// weights. Where equal ones are to test together, `data` is what [`TableRows::merged`] made.
///
/// [`TableRows::merged`]: crate::data::TableRows::merged
///
/// Takes as long as so many fits, divided by the number of threads.
///
/// # Errors
///
/// [`FoldError`] for the first fold that fails.
pub fn cross_validate(
    data: &Dataset,
    config: &FitConfig,
    folds: &Folds,
    observer: &(dyn Fn(usize, &FoldScores) + Sync),
) -> Result<Vec<FoldScores>, FoldError> {
    let tasks = folds.folds().par_iter().enumerate();
    let one = |(number, fold): (usize, &Fold)| {
        let scores = score_fold(data, config, fold, None).map_err(|source| FoldError {
            fold: number + 1,
            source,
        })?;
        observer(number, &scores);
        Ok(scores)
    };
    let scores: Vec<Result<FoldScores, FoldError>> = tasks.map(one).collect();
    scores.into_iter().collect()
}

/// Fits `config` to the rows that do not test and scores it on those that do; once `stop` says so,
/// the fit ends where it is.
pub(crate) fn score_fold(
    data: &Dataset,
    config: &FitConfig,
    fold: &Fold,
    stop: Option<&(dyn Fn() -> bool + Sync)>,
) -> Result<FoldScores, FitError> {
    let config = FitConfig {
        seed: fold.seed,
        ..config.clone()
    };
    let training = data.subset(&fold.training_rows(data.rows));
    let quiet = &mut |_: &_| ControlFlow::Continue(());
    let control = Control {
        stop,
        ..Control::new(quiet)
    };
    // The fold's own rows are those to report.
    let table = Table::merged((&training).into(), config.hold_out)?;
    let (of, rows) = (table.rows().arrangement(), table.rows().count());
    let parts = config
        .hold_out
        .choose(of, rows, config.validation, fold.seed)?;
    let split = Split {
        train: parts.0,
        choose: parts.1,
        report: Vec::new(),
    };
    let scored = scored_rows(data, &fold.test_rows, &config);
    let trained = train_split(table, Cow::Owned(config), &split, control)?;
    let fitted: Fitted = trained.score()?;
    Ok(FoldScores {
        set_aside_rows: fold.test_rows.len() - scored.len(),
        seed: fold.seed,
        train_rows: fitted.train.rows,
        validation_rows: fitted.validation.as_ref().map_or(0, |scores| scores.rows),
        validation_nll: fitted.validation.as_ref().map(|scores| scores.nll),
        best_step: fitted.trained.best_step,
        test: score(&fitted.file.model(), &data.subset(&scored))?,
        scored_rows: scored,
    })
}

/// Of the rows that test those whose score says something of the model: without a number that stands for a
/// missing one, which training takes for another, where others are left.
fn scored_rows(data: &Dataset, test: &[usize], config: &FitConfig) -> Vec<usize> {
    if !config.standardise {
        return test.to_vec();
    }
    let known = data.unmarked(&data.ordinary());
    let kept = test.iter().copied();
    let kept: Vec<usize> = kept
        .filter(|row| known.binary_search(row).is_ok())
        .collect();
    match kept.is_empty() {
        true => test.to_vec(),
        false => kept,
    }
}

/// A mean over folds and how far chance may have moved it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The mean of the values.
    pub mean: f64,
    /// The standard error of the mean; none with a single fold.
    pub standard_error: Option<f64>,
}

impl Summary {
    /// Of one value a fold. `independent` is how many of the folds share no repetition: repeats
    /// see the same rows again, so they make the mean steadier but not the rows more.
    pub fn new(values: &[f64], independent: usize) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = || (squares / (count - 1.0) / independent as f64).sqrt();
        Summary {
            mean,
            standard_error: (values.len() > 1 && independent > 1).then(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_that_of_a_mean() {
        let summary = Summary::new(&[1.0, 2.0, 3.0, 4.0], 4);
        // Variance 5/3 of single values.
        assert_eq!(summary.mean, 2.5);
        let error = summary.standard_error.unwrap();
        assert!((error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-15);
        let repeated = Summary::new(&[1.0, 2.0, 3.0, 4.0], 2);
        assert!(repeated.standard_error > summary.standard_error);
        assert_eq!(Summary::new(&[1.0], 1).standard_error, None);
    }

    /// What is told of a row is of that row: those set aside take no place among the scores.
    #[test]
    fn scores_are_of_the_rows_that_they_name() {
        let rows = 120;
        let marked = |row: usize| row % 10 == 3;
        let x = |row: usize| {
            if marked(row) {
                -9999.0
            } else {
                (row * 37 % 120) as f32
            }
        };
        let data = Dataset {
            input_names: vec!["x".to_owned()],
            target_names: vec!["y".to_owned()],
            inputs: (0..rows).map(x).collect(),
            targets: (0..rows).map(|row| (row * 37 % 120) as f32 / 7.0).collect(),
            rows,
            lines: (2..).take(rows).collect(),
            ..Dataset::default()
        };
        let mut config = FitConfig {
            hidden: vec![4],
            components: 1,
            ..FitConfig::default()
        };
        config.options.length = crate::train::Length::Steps(20);
        let folds = Folds::shuffled(rows, 3, 1, 0).unwrap();
        let scores = cross_validate(&data, &config, &folds, &|_, _| {}).unwrap();
        for (fold, scores) in folds.folds().iter().zip(scores) {
            let expected = fold.test_rows.iter().copied().filter(|&row| !marked(row));
            assert_eq!(scores.scored_rows, expected.collect::<Vec<_>>());
            assert_eq!(scores.scored_rows.len(), scores.test.pit[0].len());
            let aside = fold.test_rows.len() - scores.scored_rows.len();
            assert!(aside > 0 && scores.set_aside_rows == aside);
        }
    }
}
