//! Which rows are kept from training, and for what.
//!
//! Rows that are like those learnt from make a model look too good: the next hour of a series, another visit
//! of the same patient, a copy. So the end of an order is held out, or whole groups, in two parts: one
//! chooses the step of training, the other is reported and has no part in anything but the check of the
//! targets' supports. At random there is one part for both. No row is in two parts.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use super::arrangement::Arrangement;
use super::error::DataError;
use super::rows::TableRows;
use super::split::{check_fraction, split_weighted};

/// Which rows are held out.
///
/// ```
/// use mdn_train::data::{Dataset, HoldOut};
///
/// let data = Dataset { rows: 10, lines: (2..12).collect(), ..Dataset::default() };
/// let parts = HoldOut::Last.split((&data).into(), 0.2, 0)?;
/// assert_eq!(parts.train, [0, 1, 2, 3, 4, 5]);
/// assert_eq!(parts.choose, [6, 7]);
/// assert_eq!(parts.report, [8, 9]);
/// # Ok::<(), mdn_train::data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldOut {
    /// Rows at random. The step is chosen by those that are reported.
    #[default]
    Random,
    /// The last rows in the order of the table's [`Arrangement`] are reported, those before them choose;
    /// of rows with the same place all or none.
    Last,
    /// Whole groups of the [`Arrangement`], at random, are reported, and others choose.
    Group,
    /// The rows listed ([`ListedRows`](super::ListedRows)) are reported. Of the others the last choose where
    /// an order is named, else some at random.
    Rows,
}

/// The numbers of rows, from 0 and ascending, by what becomes of them; no row is in two parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Those trained on.
    pub train: Vec<usize>,
    /// Those that choose the step; none where the whole training counts.
    pub choose: Vec<usize>,
    /// Those that are reported; where there are none, those that choose are.
    pub report: Vec<usize>,
}

impl Split {
    /// All rows but those of the report, ascending.
    pub fn seen(&self) -> Vec<usize> {
        let mut seen = [self.train.as_slice(), &self.choose].concat();
        seen.sort_unstable();
        seen
    }
}

/// Two parts of some rows: those that stay and those that are held out.
type Parts = (Vec<usize>, Vec<usize>);

impl HoldOut {
    /// Whether that is the default.
    pub fn is_random(&self) -> bool {
        *self == HoldOut::Random
    }

    /// The word for it on a command line.
    pub fn name(self) -> &'static str {
        match self {
            HoldOut::Random => "random",
            HoldOut::Last => "last",
            HoldOut::Group => "group",
            HoldOut::Rows => "rows",
        }
    }

    /// Parts the rows of a table: `share` of all are reported, unless they are listed, and `share` of the
    /// others choose; at random `share` of all do both. Where rows have weights, it is a share of these; else
    /// each number is rounded. It is at least one row,
    /// or one group, where the share is above 0; a group or a tie that does not fit is taken or left,
    /// whichever comes nearer to the share. The same arguments give the same parts.
    ///
    /// # Errors
    /// When the share is not at least 0 and less than 1, when there are too few rows, or when the table
    /// has no groups to hold out.
    pub fn split(self, table: TableRows<'_>, share: f64, seed: u64) -> Result<Split, DataError> {
        let all = table.arrangement();
        let (rest, report) = self.set_apart(all, table.count(), share, seed)?;
        let (train, choose) = match report.is_empty() {
            true => self.choose(all, table.count(), share, seed)?,
            false => {
                let some = all.of(rest.iter().copied());
                let parts = self.choose(&some, rest.len(), share, seed)?;
                (numbers(&rest, parts.0), numbers(&rest, parts.1))
            }
        };
        Ok(Split {
            train,
            choose,
            report,
        })
    }

    /// Of `rows` rows those that all else is done with, and those that are reported; none at random.
    pub(crate) fn set_apart(
        self,
        of: &Arrangement,
        rows: usize,
        share: f64,
        seed: u64,
    ) -> Result<Parts, DataError> {
        check_fraction(share)?;
        match self {
            HoldOut::Last if share > 0.0 => last(of, rows, share, 2),
            HoldOut::Group if share > 0.0 => groups(of, share, seed, 2),
            HoldOut::Rows => {
                let (rest, listed): Parts =
                    (0..rows).partition(|&row| of.groups.get(row) != Some(&1));
                match listed.is_empty() || rest.is_empty() {
                    true => Err(DataError::TooFewRows { rows }),
                    false => Ok((rest, listed)),
                }
            }
            _ => Ok(((0..rows).collect(), Vec::new())),
        }
    }

    /// Of `rows` rows those to train on and those that choose the step.
    pub(crate) fn choose(
        self,
        of: &Arrangement,
        rows: usize,
        share: f64,
        seed: u64,
    ) -> Result<Parts, DataError> {
        check_fraction(share)?;
        match self {
            _ if share == 0.0 => Ok(((0..rows).collect(), Vec::new())),
            HoldOut::Last => last(of, rows, share, 1),
            HoldOut::Rows if !of.order.is_empty() => last(of, rows, share, 1),
            HoldOut::Group => groups(of, share, seed, 1),
            HoldOut::Random | HoldOut::Rows => split_weighted(rows, &of.weights, share, seed),
        }
    }
}

/// The numbers at the places `places`.
fn numbers(rows: &[usize], places: Vec<usize>) -> Vec<usize> {
    places.into_iter().map(|place| rows[place]).collect()
}

/// `rows` rows by their order, with the places where a later one begins than the one before, but the
/// first.
pub(crate) fn by_order(of: &Arrangement, rows: usize) -> (Vec<usize>, Vec<usize>) {
    let mut sorted: Vec<usize> = (0..rows).collect();
    if of.order.is_empty() {
        return (sorted, (1..rows).collect());
    }
    sorted.sort_by_key(|&row| of.order[row]);
    let later = |&place: &usize| of.order[sorted[place - 1]] < of.order[sorted[place]];
    let begins = (1..rows).filter(later).collect();
    (sorted, begins)
}

/// The last `share` of the rows, so that at least `left` different places in the order are left.
fn last(of: &Arrangement, rows: usize, share: f64, left: usize) -> Result<Parts, DataError> {
    let (mut sorted, begins) = by_order(of, rows);
    let weight = |row: usize| of.weights.get(row).copied().unwrap_or(1.0);
    let before: Vec<f64> = running(sorted.iter().map(|&row| weight(row)));
    let wanted = before[rows] - share_of(before[rows], share, &of.weights);
    // Of two as near the earlier one.
    let allowed = begins.iter().skip(left - 1).copied();
    let off = |begin: &usize| (before[*begin] - wanted).abs();
    let Some(cut) = allowed.min_by(|a, b| off(a).total_cmp(&off(b))) else {
        return Err(DataError::TooFewToHoldOut {
            what: "places in the order",
            found: begins.len() + usize::from(rows > 0),
            needed: left + 1,
        });
    };
    let mut held = sorted.split_off(cut);
    sorted.sort_unstable();
    held.sort_unstable();
    Ok((sorted, held))
}

/// The sums of the first 0, 1, 2 … weights.
pub(super) fn running(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = weights.map(|weight| {
        sum += weight;
        sum
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// The share of as many rows as all count as: of whole rows a whole number.
pub(super) fn share_of(all: f64, share: f64, weights: &[f64]) -> f64 {
    match weights.is_empty() {
        true => (all * share).round(),
        false => all * share,
    }
}

/// The groups and as how many rows each counts.
pub(crate) fn group_sizes(of: &Arrangement) -> Vec<(u32, f64)> {
    let mut sizes = BTreeMap::new();
    for (row, &group) in of.groups.iter().enumerate() {
        *sizes.entry(group).or_insert(0.0) += of.weights.get(row).copied().unwrap_or(1.0);
    }
    sizes.into_iter().collect()
}

/// Groups at random with about `share` of the rows, so that at least `left` are left.
fn groups(of: &Arrangement, share: f64, seed: u64, left: usize) -> Result<Parts, DataError> {
    let mut sizes = group_sizes(of);
    if sizes.len() <= left {
        return Err(DataError::TooFewToHoldOut {
            what: "groups",
            found: sizes.len(),
            needed: left + 1,
        });
    }
    sizes.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let wanted = sizes.iter().map(|(_, size)| size).sum::<f64>() * share;
    let (mut held, mut rows) = (Vec::new(), 0.0);
    for &(group, size) in &sizes {
        let nearer = (rows + size - wanted).abs() < (rows - wanted).abs();
        if nearer && held.len() + left < sizes.len() {
            held.push(group);
            rows += size;
        }
    }
    if held.is_empty() {
        let smallest = sizes.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        held.extend(smallest.map(|&(group, _)| group));
    }
    held.sort_unstable();
    let is_held = |row: &usize| held.binary_search(&of.groups[*row]).is_ok();
    let (held, rest) = (0..of.groups.len()).partition(is_held);
    Ok((rest, held))
}
