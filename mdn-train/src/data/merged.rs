//! Equal rows as one row that counts more.
//!
//! A table with weights, or with equal rows, becomes one in which each row stands once, with the sum of the weights
//! as its own. Rows with the same cells, the same place in an order and the same group are equal; cells are
//! compared as the file holds them. The rows of that table stand in an order of their own, by the numbers of their
//! cells (`fingerprints`), so that however a table was written, with weights or copies, in any order, all that
//! follows has the same bits. Only where the order of the file itself holds rows out ([`HoldOut::Last`] without a
//! column) do rows keep their places; then neighbours merge.
//!
//! Copies of a measurement must not be learnt from and held back at once, so a row goes whole into a part of the
//! table. But in a coarse table, of few categories and counts, equal rows are measurements that agree, and to hold
//! back all of them would leave a hole. So a row whose inputs stand with other targets too, and its targets
//! with other inputs, is cut into as many rows of equal weight as its own says. Where the whole table counts as
//! more than [`MOST`] rows, each of them counts as more than one.
//!
//! A table without weights, or with weights of 1 only, and without equal rows is left as it is, order and all.

use std::collections::{HashMap, HashSet};
use std::iter::repeat_n;

use super::arrangement::Arrangement;
use super::dataset::{Dataset, fingerprint};
use super::error::DataError;
use super::hold_out::HoldOut;
use super::rows::{OwnedRows, TableRows};

/// About as many rows a coarse table is cut into at most.
const MOST: f64 = 131_072.0;

/// A row, and what makes it equal to another.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    cells: u64,
    order: u32,
    group: u32,
    weight: f64,
    number: u32,
}

impl Row {
    fn is_equal(&self, other: &Self) -> bool {
        (self.cells, self.order, self.group) == (other.cells, other.order, other.group)
    }
}

impl TableRows<'_> {
    /// The rows in which equal ones are one, as a fit with this hold-out sees them; none where there are neither
    /// weights nor equal rows. 32 bytes of memory a row, and some 100 more where there are.
    ///
    /// # Errors
    /// When rows on the disk cannot be read.
    pub fn merged(&self, hold_out: HoldOut) -> Result<Option<OwnedRows>, DataError> {
        let of = self.arrangement();
        let mut rows = self.keys(of)?;
        let stay = hold_out == HoldOut::Last && of.order.is_empty();
        if !stay {
            if hold_out == HoldOut::Group {
                renumber(&mut rows);
            }
            rows.sort_unstable_by(|a, b| {
                let keys = |row: &Row| (row.cells, row.order, row.group);
                let heavier = a.weight.total_cmp(&b.weight);
                keys(a)
                    .cmp(&keys(b))
                    .then(heavier)
                    .then(a.number.cmp(&b.number))
            });
        }
        let equal = rows.chunk_by(Row::is_equal).any(|rows| rows.len() > 1);
        if !equal && rows.iter().all(|row| row.weight == 1.0) {
            return Ok(None);
        }
        let merged = rows.chunk_by(Row::is_equal).map(|rows| Row {
            weight: rows.iter().map(|row| row.weight).sum(),
            ..rows[0]
        });
        let mut merged: Vec<Row> = merged.collect();
        self.cut(&mut merged)?;
        Ok(Some(self.of_rows(&merged)))
    }

    /// All rows in order, by what makes them equal to others.
    fn keys(&self, of: &Arrangement) -> Result<Vec<Row>, DataError> {
        let mut rows: Vec<Row> = Vec::with_capacity(self.count());
        self.visit(|block| {
            for row in 0..block.rows {
                let number = rows.len();
                let cells = || fingerprint(cells(block.input(row)).chain(cells(block.target(row))));
                rows.push(Row {
                    cells: block.fingerprints.get(row).copied().unwrap_or_else(cells),
                    order: of.order.get(number).copied().unwrap_or(0),
                    group: of.groups.get(number).copied().unwrap_or(0),
                    weight: of.weights.get(number).copied().unwrap_or(1.0),
                    number: number as u32,
                });
            }
            Ok::<_, DataError>(())
        })?;
        Ok(rows)
    }

    /// Cuts rows whose inputs stand with other targets and whose targets with other inputs.
    fn cut(&self, rows: &mut Vec<Row>) -> Result<(), DataError> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        self.visit(|block| {
            let numbers = 0..block.rows;
            inputs.extend(
                numbers
                    .clone()
                    .map(|row| fingerprint(cells(block.input(row)))),
            );
            targets.extend(numbers.map(|row| fingerprint(cells(block.target(row)))));
            Ok::<_, DataError>(())
        })?;
        let of_both = inputs.iter().copied().zip(targets.iter().copied());
        let with_others = several(of_both.clone().collect());
        let elsewhere = several(of_both.map(|(x, t)| (t, x)).collect());
        let all: f64 = rows.iter().map(|row| row.weight).sum();
        let unit = (all / MOST).max(1.0);
        let pieces = rows.iter().flat_map(|row| {
            let at = row.number as usize;
            let is_coarse = with_others.contains(&inputs[at]) && elsewhere.contains(&targets[at]);
            let pieces = match is_coarse {
                true => (row.weight / unit).ceil().max(1.0),
                false => 1.0,
            };
            let weight = row.weight / pieces;
            repeat_n(Row { weight, ..*row }, pieces as usize)
        });
        *rows = pieces.collect();
        Ok(())
    }

    /// The table of these rows.
    fn of_rows(&self, rows: &[Row]) -> OwnedRows {
        let of = self.arrangement();
        let kept = |values: &Vec<u32>, value: fn(&Row) -> u32| match values.is_empty() {
            true => Vec::new(),
            false => rows.iter().map(value).collect(),
        };
        let arrangement = Arrangement {
            order: kept(&of.order, |row| row.order),
            groups: kept(&of.groups, |row| row.group),
            weights: rows.iter().map(|row| row.weight).collect(),
        };
        let numbers: Vec<usize> = rows.iter().map(|row| row.number as usize).collect();
        match self {
            TableRows::Memory(data) => OwnedRows::Memory(Dataset {
                arrangement,
                warnings: data.warnings.clone(),
                skipped_rows: data.skipped_rows,
                ..data.subset(&numbers)
            }),
            TableRows::Stored(table) => OwnedRows::Stored(table.arranged(&numbers, arrangement)),
        }
    }
}

fn cells(values: &[f32]) -> impl Iterator<Item = f64> {
    values.iter().map(|&value| f64::from(value))
}

/// Of pairs the first ones that stand with more than one second.
fn several(mut pairs: Vec<(u64, u64)>) -> HashSet<u64> {
    pairs.sort_unstable();
    pairs.dedup();
    let same = pairs.chunk_by(|a, b| a.0 == b.0);
    same.filter(|pairs| pairs.len() > 1)
        .map(|pairs| pairs[0].0)
        .collect()
}

/// Numbers the groups by what their rows hold, in place of when the table names them.
fn renumber(rows: &mut [Row]) {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_unstable_by_key(|row| (row.group, row.cells, row.order, row.weight.to_bits()));
    let mut groups: Vec<&[&Row]> = sorted.chunk_by(|a, b| a.group == b.group).collect();
    let held = |row: &&Row| (row.cells, row.order, row.weight.to_bits());
    groups.sort_by(|a, b| a.iter().map(held).cmp(b.iter().map(held)));
    let old = groups.iter().map(|rows| rows[0].group);
    // Of a part of a table some numbers may be of no row.
    let new: HashMap<u32, u32> = old.zip(0..).collect();
    rows.iter_mut().for_each(|row| row.group = new[&row.group]);
}
