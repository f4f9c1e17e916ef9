//! Which inputs are the categories of one column.

use mdn_infer::Model;

use crate::data::{Dataset, adds_up, encoded_columns};

/// The most categories that a picture has room for.
const SHOWN: usize = 10;

/// A column of categories: of its inputs one is 1 in each row and the others are 0. An input of its own
/// that is 0 or 1 is a column of two.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Categories {
    pub(super) name: String,
    pub(super) inputs: Vec<usize>,
    pub(super) levels: Vec<Category>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Category {
    pub(super) name: String,
    /// The input that is 1 for it.
    pub(super) input: Option<usize>,
    /// How many rows have it.
    rows: usize,
    /// The share of the training rows that had it.
    share: f32,
}

impl Categories {
    /// Counts the rows that have each.
    fn count(mut self, data: &Dataset) -> Self {
        for row in 0..data.rows {
            if let Some(level) = self.of(data.input(row)) {
                self.levels[level].rows += 1;
            }
        }
        self
    }

    /// Which category a row of inputs has.
    pub(super) fn of(&self, inputs: &[f32]) -> Option<usize> {
        let set = |level: &Category| level.input.is_some_and(|input| inputs[input] == 1.0);
        let none = || self.levels.iter().position(|level| level.input.is_none());
        self.levels.iter().position(set).or_else(none)
    }

    /// Gives a row of inputs this category.
    pub(super) fn set(&self, level: usize, inputs: &mut [f32]) {
        for &input in &self.inputs {
            inputs[input] = 0.0;
        }
        if let Some(input) = self.levels[level].input {
            inputs[input] = 1.0;
        }
    }

    /// The categories with the most rows first; of equal ones that of the most training rows.
    fn most_frequent_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.levels.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&self.levels[a], &self.levels[b]);
            (b.rows.cmp(&a.rows)).then(b.share.total_cmp(&a.share))
        });
        order
    }

    /// The most frequent one.
    pub(super) fn typical(&self) -> usize {
        self.most_frequent_first()[0]
    }

    /// Those that a picture shows, the most frequent ones, in the order of the inputs.
    pub(super) fn shown(&self) -> Vec<usize> {
        let mut shown = self.most_frequent_first();
        shown.truncate(SHOWN);
        shown.sort_unstable();
        shown
    }
}

/// The columns of categories among the inputs of a model that is shown on the rows of `data`.
///
/// Beside those that [`encoded_columns`] finds, inputs that are 0 or 1 in each row are one where they
/// follow each other, their means add up to 1, and so does each row.
pub(super) fn categories(model: &Model<'_>, data: &Dataset) -> Vec<Categories> {
    let names: Vec<&str> = model.input_columns().map(|(name, _)| name).collect();
    let means = model.input_shift();
    let mut found = named(&names, means);
    let taken: Vec<usize> = found.iter().flat_map(|one| one.inputs.clone()).collect();
    let is_indicator = |&input: &usize| {
        !taken.contains(&input)
            && (0.0..=1.0).contains(&means[input])
            && data.input_column(input).all(|x| x == 0.0 || x == 1.0)
    };
    let indicators: Vec<usize> = (0..names.len()).filter(is_indicator).collect();
    found.extend(unnamed(&names, means, &indicators, data));
    found.into_iter().map(|one| one.count(data)).collect()
}

fn category(name: &str, input: Option<usize>, share: f32) -> Category {
    Category {
        name: name.to_owned(),
        input,
        rows: 0,
        share,
    }
}

/// The columns that the names tell.
fn named(names: &[&str], means: &[f32]) -> Vec<Categories> {
    let split = |input: usize| names[input].split_once('=').unwrap_or_default();
    let column = |group: Vec<usize>| Categories {
        name: split(group[0]).0.to_owned(),
        levels: group
            .iter()
            .map(|&i| category(split(i).1, Some(i), means[i]))
            .collect(),
        inputs: group,
    };
    encoded_columns(names, means)
        .into_iter()
        .map(column)
        .collect()
}

/// The columns that inputs which are 0 or 1 make up, one after the other; what is left is a column of
/// two.
fn unnamed(names: &[&str], means: &[f32], indicators: &[usize], data: &Dataset) -> Vec<Categories> {
    let mut found = Vec::new();
    for run in indicators.chunk_by(|&a, &b| a + 1 == b) {
        let mut rest = run;
        while let Some(&first) = rest.first() {
            let length = (2..=rest.len()).find(|&length| is_column(&rest[..length], means, data));
            match length {
                Some(length) => found.push(of_indicators(names, means, &rest[..length])),
                None => found.push(Categories {
                    name: names[first].to_owned(),
                    inputs: vec![first],
                    levels: vec![
                        category("0", None, 1.0 - means[first]),
                        category("1", Some(first), means[first]),
                    ],
                }),
            }
            rest = &rest[length.unwrap_or(1)..];
        }
    }
    found
}

fn is_column(inputs: &[usize], means: &[f32], data: &Dataset) -> bool {
    let sum = |row| -> f32 { inputs.iter().map(|&input| data.input(row)[input]).sum() };
    adds_up(inputs, means) && (0..data.rows).all(|row| sum(row) == 1.0)
}

/// A column of inputs, called after what their names begin with.
fn of_indicators(names: &[&str], means: &[f32], inputs: &[usize]) -> Categories {
    let first = names[inputs[0]];
    let same = |length: &usize| {
        let begins = |&input: &usize| names[input].get(..*length) == first.get(..*length);
        first.is_char_boundary(*length) && inputs.iter().all(begins)
    };
    let common = (0..=first.len()).rev().find(same).unwrap_or(0);
    let common = first[..common].trim_end_matches(|c: char| c.is_ascii_digit());
    let name = common.trim_end_matches(['_', '-', '.', ' ', '=', ':']);
    let rest = |input: usize| match name {
        "" => names[input],
        _ => &names[input][common.len()..],
    };
    Categories {
        name: match name {
            "" => format!("{first} or {}", names[inputs[inputs.len() - 1]]),
            name => name.to_owned(),
        },
        inputs: inputs.to_vec(),
        levels: inputs
            .iter()
            .map(|&input| category(rest(input), Some(input), means[input]))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of columns with those of their categories.
    fn told(found: &[Categories]) -> Vec<(&str, Vec<&str>)> {
        let levels = |one: &'_ Categories| -> Vec<usize> { (0..one.levels.len()).collect() };
        found
            .iter()
            .map(|one| {
                let names = levels(one).into_iter().map(|i| one.levels[i].name.as_str());
                (one.name.as_str(), names.collect())
            })
            .collect()
    }

    #[test]
    fn shares_that_add_up_to_1_are_categories_of_a_column() {
        let names = ["age", "city=Basel", "city=Bern", "sky=a=b", "sky=c", "x=y"];
        let found = named(&names, &[0.5, 0.3, 0.7, 0.6, 0.4, 0.2]);
        let expected = [("city", vec!["Basel", "Bern"]), ("sky", vec!["a=b", "c"])];
        assert_eq!(told(&found), expected);
        assert_eq!(named(&names, &[0.5, 0.3, 0.3, 0.6, 1.4, 0.2]), []);
    }

    #[test]
    fn indicators_that_add_up_in_each_row_are_categories_of_a_column() {
        let names = [
            "sex_male",
            "sex_female",
            "soil1",
            "soil2",
            "soil10",
            "river",
        ];
        let rows = [
            [1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
            [0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        ];
        let data = Dataset {
            input_names: names.map(str::to_owned).to_vec(),
            inputs: rows.concat(),
            rows: rows.len(),
            ..Dataset::default()
        };
        let means = [0.5, 0.5, 0.25, 0.5, 0.25, 0.25];
        let found = unnamed(&names, &means, &[0, 1, 2, 3, 4, 5], &data);
        let expected = [
            ("sex", vec!["male", "female"]),
            ("soil", vec!["1", "2", "10"]),
            ("river", vec!["0", "1"]),
        ];
        assert_eq!(told(&found), expected);
        let soil = found[1].clone().count(&data);
        assert_eq!(soil.typical(), 1);
        assert_eq!(soil.of(data.input(1)), Some(2));
        let river = found[2].clone().count(&data);
        assert_eq!(
            (river.of(data.input(0)), river.of(data.input(1))),
            (Some(1), Some(0))
        );
        assert_eq!(river.typical(), 0);
        let mut inputs = rows[0].to_vec();
        soil.set(2, &mut inputs);
        river.set(0, &mut inputs);
        assert_eq!(inputs, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn of_many_categories_the_most_frequent_are_shown_in_their_order() {
        let level = |i: usize| Category {
            rows: i % 7,
            ..category("", Some(i), 0.0)
        };
        let many = Categories {
            name: String::new(),
            inputs: (0..20).collect(),
            levels: (0..20).map(level).collect(),
        };
        let shown = many.shown();
        assert_eq!(shown, [3, 4, 5, 6, 10, 11, 12, 13, 18, 19]);
        assert_eq!(many.typical(), 6);
    }
}
