//! Rows that have no category of a column, or several at once.

use mdn_infer::Model;

use super::{Diagnostic, Severity};
use crate::data::{Dataset, encoded_columns};

/// The columns of categories of a model, each of which had exactly one category in every row of the
/// training, and the rows, looked at as they come, that have it otherwise. Only a table that has the
/// inputs `column=category` themselves can: of the column itself they are made right.
#[derive(Clone, Debug)]
pub struct OneCategory {
    /// The name and the inputs of each.
    columns: Vec<(String, Vec<usize>)>,
    /// The first of the columns that some row has otherwise.
    first: Option<usize>,
    odd: usize,
    rows: usize,
}

impl OneCategory {
    /// The columns of `model`, before any row.
    pub fn new(model: &Model<'_>) -> Self {
        let names: Vec<&str> = model.input_columns().map(|(name, _)| name).collect();
        let groups = encoded_columns(&names, model.input_shift()).into_iter();
        let named = groups.map(|inputs| {
            let name = names[inputs[0]].split_once('=');
            (name.map_or("", |(column, _)| column).to_owned(), inputs)
        });
        OneCategory {
            columns: named.collect(),
            first: None,
            odd: 0,
            rows: 0,
        }
    }

    /// Looks at the inputs of `data`. O(rows · I).
    pub fn look(&mut self, data: &Dataset) {
        self.rows += data.rows;
        for row in 0..data.rows {
            let inputs = data.input(row);
            let mut columns = self.columns.iter();
            if let Some(column) = columns.position(|(_, own)| !is_one(inputs, own)) {
                self.odd += 1;
                self.first.get_or_insert(column);
            }
        }
    }

    /// What there is to say of the rows so far.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let (name, _) = &self.columns[self.first?];
        Some(Diagnostic {
            code: "not-one-category",
            severity: Severity::Warning,
            finding: format!(
                "{} of {} rows have no category of a column, or several, as of `{name}`: every row of the \
                 training had one",
                self.odd, self.rows
            ),
            advice: "No answer there is backed by data: set one of the inputs of such a column to 1 and \
                     the others to 0, or give the column itself",
        })
    }
}

fn is_one(inputs: &[f32], own: &[usize]) -> bool {
    let set = own.iter().filter(|&&input| inputs[input] == 1.0).count();
    let clear = own.iter().filter(|&&input| inputs[input] == 0.0).count();
    set == 1 && set + clear == own.len()
}
