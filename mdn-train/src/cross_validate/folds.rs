//! Which rows test in which fold.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// One split of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The seed of the fit.
    pub seed: u64,
    /// The numbers of the rows to test on, from 0, in ascending order.
    pub test_rows: Vec<usize>,
}

impl Fold {
    /// All rows of a table of `rows` that do not test, in ascending order.
    pub fn training_rows(&self, rows: usize) -> Vec<usize> {
        let tests = |row: &usize| self.test_rows.binary_search(row).is_ok();
        (0..rows).filter(|row| !tests(row)).collect()
    }
}

/// The splits of a table: each has at least one test row and at least two to train on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    folds: Vec<Fold>,
    repeats: usize,
}

/// Splits that cannot be used. Splits are counted from 1, as people do, rows from 0, as files do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldsError {
    /// Fewer rows than so many folds need.
    #[error("{rows} rows are too few for {folds} folds")]
    TooFewRows {
        /// The rows there are.
        rows: usize,
        /// The folds asked for.
        folds: usize,
    },
    /// The text is not what a file of splits must be.
    #[error("not a JSON list of splits, each a list of row numbers from 0: {0}")]
    Json(#[from] serde_json::Error),
    /// A list without splits.
    #[error("the list of splits is empty")]
    NoSplits,
    /// A split that tests nothing.
    #[error("split {split} has no test rows")]
    NoTestRows {
        /// Which one.
        split: usize,
    },
    /// A split that leaves nothing to train on.
    #[error("split {split} tests {tested} of {rows} rows and leaves too few to train on")]
    NothingToTrainOn {
        /// Which one.
        split: usize,
        /// How many rows it tests.
        tested: usize,
        /// The rows there are.
        rows: usize,
    },
    /// A row that the table does not have.
    #[error("split {split} names row {row}, but the table has rows 0 to {last}")]
    NoSuchRow {
        /// Which split.
        split: usize,
        /// Which row.
        row: usize,
        /// The last row there is.
        last: usize,
    },
    /// A row that one split names twice.
    #[error("split {split} names row {row} twice")]
    RowTwice {
        /// Which split.
        split: usize,
        /// Which row.
        row: usize,
    },
}

impl Folds {
    /// Parts `rows` rows at random into `folds` parts whose sizes differ by one row at most; each
    /// tests once. So `repeats` times, each with a fresh shuffle and the next seed.
    ///
    /// # Errors
    /// [`FoldsError::TooFewRows`] with fewer than two folds or fewer than four rows, or a fold
    /// without rows.
    pub fn shuffled(
        rows: usize,
        folds: usize,
        repeats: usize,
        seed: u64,
    ) -> Result<Self, FoldsError> {
        if folds < 2 || rows < folds.max(4) {
            return Err(FoldsError::TooFewRows { rows, folds });
        }
        let mut all = Vec::with_capacity(folds * repeats);
        for seed in seeds(seed, repeats) {
            let mut order: Vec<usize> = (0..rows).collect();
            order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let bound = |fold: usize| fold * rows / folds;
            for fold in 0..folds {
                let mut test_rows = order[bound(fold)..bound(fold + 1)].to_vec();
                test_rows.sort_unstable();
                all.push(Fold { seed, test_rows });
            }
        }
        Ok(Folds {
            folds: all,
            repeats,
        })
    }

    /// The splits that a JSON text lists, `[[3, 17, …], …]`: for each the numbers of its test
    /// rows, from 0. So `repeats` times, each with the next seed.
    ///
    /// # Errors
    /// [`FoldsError`] when the text is no such list, or a split does not fit a table of `rows`.
    pub fn given(text: &str, rows: usize, repeats: usize, seed: u64) -> Result<Self, FoldsError> {
        let mut splits: Vec<Vec<usize>> = serde_json::from_str(text)?;
        if splits.is_empty() {
            return Err(FoldsError::NoSplits);
        }
        for (number, test_rows) in splits.iter_mut().enumerate() {
            test_rows.sort_unstable();
            check(number + 1, test_rows, rows)?;
        }
        let once = |seed| {
            splits.iter().map(move |test_rows| Fold {
                seed,
                test_rows: test_rows.clone(),
            })
        };
        Ok(Folds {
            folds: seeds(seed, repeats).flat_map(once).collect(),
            repeats,
        })
    }

    /// All splits, repeat by repeat.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// How many splits one repeat has.
    pub fn in_a_repeat(&self) -> usize {
        self.folds.len() / self.repeats.max(1)
    }
}

fn seeds(first: u64, repeats: usize) -> impl Iterator<Item = u64> {
    (0..repeats as u64).map(move |repeat| first.wrapping_add(repeat))
}

fn check(split: usize, test_rows: &[usize], rows: usize) -> Result<(), FoldsError> {
    let tested = test_rows.len();
    let Some(&largest) = test_rows.last() else {
        return Err(FoldsError::NoTestRows { split });
    };
    if largest >= rows {
        return Err(FoldsError::NoSuchRow {
            split,
            row: largest,
            last: rows.saturating_sub(1),
        });
    }
    if let Some(pair) = test_rows.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(FoldsError::RowTwice {
            split,
            row: pair[0],
        });
    }
    if tested + 2 > rows {
        return Err(FoldsError::NothingToTrainOn {
            split,
            tested,
            rows,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_tests_once_a_repeat() {
        let folds = Folds::shuffled(103, 10, 2, 7).unwrap();
        assert_eq!((folds.folds().len(), folds.in_a_repeat()), (20, 10));
        for (repeat, seed) in folds.folds().chunks(10).zip(7..) {
            let mut tested: Vec<usize> = Vec::new();
            for fold in repeat {
                assert_eq!(fold.seed, seed);
                assert!((10..=11).contains(&fold.test_rows.len()));
                let training = fold.training_rows(103);
                assert_eq!(training.len() + fold.test_rows.len(), 103);
                assert!(training.iter().all(|row| !fold.test_rows.contains(row)));
                tested.extend(&fold.test_rows);
            }
            tested.sort_unstable();
            assert!(tested.into_iter().eq(0..103));
        }
        assert_ne!(folds.folds()[0].test_rows, folds.folds()[10].test_rows);
    }

    #[test]
    fn given_splits_are_taken_in_order() {
        let folds = Folds::given("[[4,1],[0]]", 5, 2, 3).unwrap();
        let found: Vec<(u64, &[usize])> = folds
            .folds()
            .iter()
            .map(|fold| (fold.seed, fold.test_rows.as_slice()))
            .collect();
        let expected: [(u64, &[usize]); 4] = [(3, &[1, 4]), (3, &[0]), (4, &[1, 4]), (4, &[0])];
        assert_eq!(found, expected);
        assert_eq!(folds.in_a_repeat(), 2);
    }

    #[test]
    fn bad_splits_are_named() {
        let words = |text: &str| Folds::given(text, 5, 1, 0).unwrap_err().to_string();
        assert_eq!(words("[]"), "the list of splits is empty");
        assert_eq!(words("[[1],[]]"), "split 2 has no test rows");
        assert_eq!(
            words("[[1],[0,5]]"),
            "split 2 names row 5, but the table has rows 0 to 4"
        );
        assert_eq!(words("[[2,1,2]]"), "split 1 names row 2 twice");
        assert_eq!(
            words("[[0,1,2,3]]"),
            "split 1 tests 4 of 5 rows and leaves too few to train on"
        );
        for text in ["", "{}", "[1,2]", "[[-1]]", "[[1.5]]", "[[1]] x"] {
            let words = words(text);
            assert!(words.starts_with("not a JSON list of splits"), "{words}");
        }
    }

    #[test]
    fn too_few_rows_are_refused() {
        for (rows, folds) in [(3, 2), (9, 10), (100, 1), (0, 0)] {
            let error = Folds::shuffled(rows, folds, 1, 0).unwrap_err();
            assert!(matches!(error, FoldsError::TooFewRows { .. }));
        }
    }
}
