//! The row that a picture holds the other inputs at.

use mdn_infer::Model;

use super::categories::{Categories, categories};
use super::label;
use crate::data::Dataset;
use crate::plot::date;

/// The most held values that words list.
const LISTED: usize = 12;

/// Typical values of a model's inputs on the rows of a table: of numbers the median, which some row
/// has, and of a column of categories the most frequent one.
///
/// O(rows × inputs) to find; the rows are those of the pictures, not those of the training.
#[derive(Clone, Debug)]
pub struct TypicalRow<'m> {
    pub(super) model: &'m Model<'m>,
    /// `[I]`
    pub(super) values: Vec<f32>,
    pub(super) columns: Vec<Categories>,
    /// The names of the inputs that are dates.
    dates: Vec<String>,
    /// Whether each input has one value in all rows, to within what an axis can show. `[I]`
    constant: Vec<bool>,
}

impl<'m> TypicalRow<'m> {
    /// That of the rows of `data`.
    pub fn of(model: &'m Model<'m>, data: &Dataset) -> Self {
        let inputs = 0..model.inputs();
        let mut values: Vec<f32> = inputs.map(|input| model.input_at(input, 0.0)).collect();
        for (input, value) in values.iter_mut().enumerate() {
            *value = median(data.input_column(input)).unwrap_or(*value);
        }
        let columns = categories(model, data);
        for column in &columns {
            column.set(column.typical(), &mut values);
        }
        let constant = (0..values.len()).map(|input| is_constant(data.input_column(input)));
        TypicalRow {
            model,
            constant: constant.collect(),
            values,
            columns,
            dates: data.dates.clone(),
        }
    }

    /// What can vary: each number, and of each column of categories its first input.
    pub fn variations(&self) -> Vec<usize> {
        let follows = |input: &usize| {
            let column = self.columns.iter().find(|one| one.inputs.contains(input));
            column.is_none_or(|column| column.inputs[0] == *input)
        };
        (0..self.model.inputs()).filter(follows).collect()
    }

    /// What `input` alone, or the column of categories that it belongs to, is called.
    pub fn name(&self, input: usize) -> String {
        match self.column(input) {
            Some(column) => column.name.clone(),
            None => {
                let name = self.model.input_columns().nth(input);
                name.map_or_else(String::new, |(name, _)| name.to_owned())
            }
        }
    }

    pub(super) fn is_date(&self, input: usize) -> bool {
        let name = self.model.input_columns().nth(input);
        name.is_some_and(|(name, _)| self.dates.iter().any(|date| date == name))
    }

    /// The value of an input that is a number, but the same in all rows, in words.
    pub(super) fn only_value(&self, input: usize) -> Option<String> {
        let is_one = self.constant[input] && self.column(input).is_none();
        is_one.then(|| self.written(input))
    }

    pub(super) fn column(&self, input: usize) -> Option<&Categories> {
        self.columns.iter().find(|one| one.inputs.contains(&input))
    }

    /// The values of all but what varies with `input`, in words; `None` where there is nothing else.
    pub(super) fn words_but(&self, input: usize) -> Option<String> {
        let own = |other: usize| {
            other == input
                || self
                    .column(input)
                    .is_some_and(|own| own.inputs.contains(&other))
        };
        let others = self.variations().into_iter().filter(|&other| !own(other));
        let said: Vec<String> = others.map(|other| self.value(other)).collect();
        let rest = said.len().saturating_sub(LISTED);
        let listed = said[..said.len() - rest].join(", ");
        match (said.len(), rest) {
            (0, _) => None,
            (_, 0) => Some(listed),
            (_, rest) => Some(format!("{listed} and {rest} more")),
        }
    }

    /// The value of what varies with `input`.
    fn value(&self, input: usize) -> String {
        match self.column(input) {
            Some(column) => {
                let typical = &column.levels[column.typical()].name;
                format!("{} = {typical}", column.name)
            }
            None => {
                let name = label(self.model.input_columns().nth(input));
                format!("{name} = {}", self.written(input))
            }
        }
    }

    /// The value of an input that is a number or a date.
    fn written(&self, input: usize) -> String {
        let value = self.values[input];
        match self.is_date(input) {
            true => date(value.into(), f64::INFINITY),
            false => value.to_string(),
        }
    }
}

/// Whether there are values and they are one, to within a millionth.
fn is_constant(values: impl Iterator<Item = f32>) -> bool {
    let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let largest = f64::from(low.abs().max(high.abs()));
    low <= high && f64::from(high) - f64::from(low) <= 1e-6 * largest
}

/// The lower median.
fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_values_of_the_column() {
        assert_eq!(median([1.0, 2.0, 9.0, 3.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0].into_iter()), Some(4.0));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn one_value_is_constant() {
        for (values, constant) in [
            (&[][..], false),
            (&[0.0], true),
            (&[-7.0, -7.0], true),
            (&[1e9, 1e9 + 64.0], true),
            (&[1.0, 1.0001], false),
            (&[0.0, 1e-30], false),
            (&[f32::MIN, f32::MAX], false),
        ] {
            assert_eq!(is_constant(values.iter().copied()), constant, "{values:?}");
        }
    }
}
