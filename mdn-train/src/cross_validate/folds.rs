//! Which rows test in which fold.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::data::{Arrangement, HoldOut, by_order, group_sizes};

/// One split of a table; made by [`Folds`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The seed of the fit.
    pub seed: u64,
    /// The numbers of the rows to test on, from 0, in ascending order.
    pub test_rows: Vec<usize>,
    /// The rows to train on, ascending, where those are not all others.
    before: Option<Vec<usize>>,
}

impl Fold {
    fn of(seed: u64, test_rows: Vec<usize>) -> Self {
        Fold {
            seed,
            test_rows,
            before: None,
        }
    }

    /// The rows of a table of `rows` to train on, in ascending order: all that do not test, or of those the
    /// ones before in an order.
    pub fn training_rows(&self, rows: usize) -> Vec<usize> {
        if let Some(before) = &self.before {
            return before.clone();
        }
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
    /// Fewer groups, or different places in the order, than so many folds need.
    #[error("{found} different {what} are too few for {folds} folds, which need {needed}")]
    TooFewToPart {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
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
        Self::repeated(repeats, seed, |seed| random(rows, folds, seed))
    }

    /// The folds that `once` makes of each of so many seeds.
    fn repeated(
        repeats: usize,
        seed: u64,
        once: impl Fn(u64) -> Result<Vec<Fold>, FoldsError>,
    ) -> Result<Self, FoldsError> {
        let all = seeds(seed, repeats).map(once);
        let all: Vec<Vec<Fold>> = all.collect::<Result<_, FoldsError>>()?;
        Ok(Folds {
            folds: all.concat(),
            repeats,
        })
    }

    /// The folds of a table of `rows` that is arranged so, for a hold-out of this kind:
    ///
    /// - `Random`: as [`Folds::shuffled`].
    /// - `Last`: a rolling origin. The rows are parted by their order into one more part than `folds`; each
    ///   but the first tests a model of those before it. Rows with the same place stay together.
    /// - `Group`: whole groups, dealt out so that the parts have about as many rows.
    /// - `Rows`: one fold, of the rows that are listed.
    ///
    /// So `repeats` times, each with the next seed.
    ///
    /// # Errors
    /// [`FoldsError`] with too few rows, groups or places in the order.
    pub fn arranged(
        (arrangement, rows): (&Arrangement, usize),
        hold_out: HoldOut,
        folds: usize,
        repeats: usize,
        seed: u64,
    ) -> Result<Self, FoldsError> {
        Self::repeated(repeats, seed, |seed| match hold_out {
            HoldOut::Random => random(rows, folds, seed),
            HoldOut::Last => rolling(arrangement, rows, folds, seed),
            HoldOut::Group => grouped(arrangement, folds, seed),
            HoldOut::Rows => Ok(vec![listed(arrangement, rows, seed)?]),
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
            let all = splits.iter();
            all.map(move |test_rows| Fold::of(seed, test_rows.clone()))
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

/// Folds of rows at random.
fn random(rows: usize, folds: usize, seed: u64) -> Result<Vec<Fold>, FoldsError> {
    if folds < 2 || rows < folds.max(4) {
        return Err(FoldsError::TooFewRows { rows, folds });
    }
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let bound = |fold: usize| fold * rows / folds;
    let fold = |fold: usize| {
        let mut test_rows = order[bound(fold)..bound(fold + 1)].to_vec();
        test_rows.sort_unstable();
        Fold::of(seed, test_rows)
    };
    Ok((0..folds).map(fold).collect())
}

/// Folds that test later and later rows, each with all earlier ones to train on.
fn rolling(
    of: &Arrangement,
    rows: usize,
    folds: usize,
    seed: u64,
) -> Result<Vec<Fold>, FoldsError> {
    let (sorted, mut begins) = by_order(of, rows);
    begins.retain(|&begin| begin >= 2);
    if rows < folds + 3 || begins.len() < folds {
        return Err(FoldsError::TooFewToPart {
            what: "places in the order",
            found: begins.len() + usize::from(rows > 0),
            needed: folds + 1,
            folds,
        });
    }
    let mut cuts = Vec::with_capacity(folds + 1);
    let mut first = 0;
    for fold in 1..=folds {
        // What is left is enough for the folds to come.
        let allowed = first..begins.len() - (folds - fold);
        let wanted = fold * rows / (folds + 1);
        let best = allowed.min_by_key(|&at| begins[at].abs_diff(wanted));
        first = best.unwrap_or(first) + 1;
        cuts.push(begins[first - 1]);
    }
    cuts.push(rows);
    let ascending = |rows: &[usize]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    let fold = |ends: &[usize]| Fold {
        seed,
        test_rows: ascending(&sorted[ends[0]..ends[1]]),
        before: Some(ascending(&sorted[..ends[0]])),
    };
    Ok(cuts.windows(2).map(fold).collect())
}

/// Folds of whole groups: the largest first, those of one size at random, each to the fold that has the
/// fewest rows, which count by their weights.
fn grouped(of: &Arrangement, folds: usize, seed: u64) -> Result<Vec<Fold>, FoldsError> {
    let mut sizes = group_sizes(of);
    let needed = folds.max(3);
    if sizes.len() < needed {
        return Err(FoldsError::TooFewToPart {
            what: "groups",
            found: sizes.len(),
            needed,
            folds,
        });
    }
    sizes.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    sizes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut parts = vec![(0.0_f64, Vec::new()); folds];
    for (group, size) in sizes {
        if let Some(part) = parts.iter_mut().min_by(|a, b| a.0.total_cmp(&b.0)) {
            part.0 += size;
            part.1.push(group);
        }
    }
    let fold = |(_, mut groups): (f64, Vec<u32>)| {
        groups.sort_unstable();
        let all = of.groups.iter().enumerate();
        let tests = all.filter(|(_, group)| groups.binary_search(group).is_ok());
        Fold::of(seed, tests.map(|(row, _)| row).collect())
    };
    Ok(parts.into_iter().map(fold).collect())
}

/// The fold of the rows that are listed.
fn listed(of: &Arrangement, rows: usize, seed: u64) -> Result<Fold, FoldsError> {
    let tests = of
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| **group == 1);
    let tests: Vec<usize> = tests.map(|(row, _)| row).collect();
    check(1, &tests, rows)?;
    Ok(Fold::of(seed, tests))
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
