//! Tables of answers: a row that has none is kept, empty but for its line and the reason.
//!
//! What is asked is the business of each command, which rows are read that of `pieces`.

use std::fmt::Display;
use std::iter::Peekable;
use std::vec;

use anyhow::ensure;
use mdn_infer::PredictError;
use mdn_train::data::Unusable;

use super::cells::Cell;
use super::options::{Reading, count};
use super::output::Output;

/// The column of why a row has no answer, which is the last.
pub const PROBLEM: &str = "problem";

/// The cells of one row but for the last column, in as many lines as the answer takes; or why there are
/// none.
pub type Answer = Result<Vec<Vec<Cell>>, PredictError>;

/// Takes a fault of one row alone for the row's answer; every other one is about the question.
pub fn of_row<T>(answer: Result<T, PredictError>) -> Result<Result<T, PredictError>, PredictError> {
    match answer {
        Err(error @ (PredictError::Overflow | PredictError::NotFinite { .. })) => Ok(Err(error)),
        answer => answer.map(Ok),
    }
}

/// The answers of a table that comes in pieces, in the order of its rows.
pub struct Answers {
    /// What messages call the table.
    name: String,
    /// The number of columns.
    width: usize,
    /// Of the piece at hand the rows that cannot be used and have no lines yet.
    unusable: Peekable<vec::IntoIter<Unusable>>,
    /// Lines that wait till a row is answered.
    held: Vec<Vec<Cell>>,
    is_answered: bool,
    /// How many rows have no answer, and the first of them in words.
    unanswered: usize,
    first: Option<String>,
}

impl Answers {
    /// Of the table of `reading`, in so many columns.
    pub fn new(reading: &Reading, width: usize) -> Self {
        Answers {
            name: reading.name(),
            width,
            unusable: Vec::new().into_iter().peekable(),
            held: Vec::new(),
            is_answered: false,
            unanswered: 0,
            first: None,
        }
    }

    /// Begins a piece, which has these rows that cannot be used.
    pub fn begin(&mut self, unusable: Vec<Unusable>) {
        self.unusable = unusable.into_iter().peekable();
    }

    /// The lines for rows of the piece, which stand in the lines `rows` of the table, and for those that
    /// cannot be used before them; none till a row is answered.
    pub fn add(&mut self, rows: &[u64], answers: Vec<Answer>) -> Vec<Vec<Cell>> {
        for (&row, answer) in rows.iter().zip(answers) {
            self.add_unusable(row);
            match answer {
                Ok(lines) => {
                    self.is_answered = true;
                    self.held.extend(lines.into_iter().map(|mut cells| {
                        cells.push(Cell::Missing);
                        cells
                    }));
                }
                Err(why) => {
                    let place = format!("{}:{row}: ", self.name);
                    self.add_unanswered(row, &place, &why);
                }
            }
        }
        match self.is_answered {
            true => std::mem::take(&mut self.held),
            false => Vec::new(),
        }
    }

    /// The last lines of the piece.
    ///
    /// # Errors
    /// Where no row has been answered yet.
    pub fn end(&mut self) -> anyhow::Result<Vec<Vec<Cell>>> {
        self.add_unusable(u64::MAX);
        let first = self.first.as_deref().unwrap_or_default();
        ensure!(self.is_answered, "{first}");
        Ok(std::mem::take(&mut self.held))
    }

    /// Says how many rows have no answer.
    pub fn say(&self, output: &mut Output) {
        if let Some(first) = &self.first {
            let rows = count(self.unanswered, "row");
            output.note(format_args!(
                "warning unanswered: {rows} without an answer; the first: {first}"
            ));
        }
    }

    /// The rows that cannot be used before the line `row` of the table.
    fn add_unusable(&mut self, row: u64) {
        while let Some(unusable) = self.unusable.next_if(|unusable| unusable.line < row) {
            self.add_unanswered(unusable.line, "", &unusable.why);
        }
    }

    /// A row without an answer; `place` is what the words of its reason lack.
    fn add_unanswered(&mut self, row: u64, place: &str, why: &dyn Display) {
        self.unanswered += 1;
        self.first.get_or_insert_with(|| format!("{place}{why}"));
        let mut cells = vec![Cell::Missing; self.width];
        if let [first, .., last] = cells.as_mut_slice() {
            *first = Cell::Index(row as usize);
            *last = Cell::Text(why.to_string());
        }
        self.held.push(cells);
    }
}
