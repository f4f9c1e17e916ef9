//! Which inputs are the categories of one column.

use mdn_infer::Model;

/// The inputs `column=category` of one column, one of which is 1 in each row and the others 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Categories<'m> {
    pub(super) inputs: Vec<usize>,
    /// The input of the category that most training rows had.
    pub(super) most_frequent: usize,
    /// The name of that input.
    pub(super) name: &'m str,
}

impl Categories<'_> {
    /// The input of the category that most training rows had but for `input`'s; none where there is
    /// no other.
    pub(super) fn most_frequent_but(&self, input: usize, means: &[f32]) -> Option<usize> {
        let others = self.inputs.iter().copied().filter(|&one| one != input);
        others.max_by(|&a, &b| means[a].total_cmp(&means[b]))
    }
}

/// The columns of categories among the inputs of a model. A file has only the inputs' names; that
/// their means add up to 1 tells them from other columns with a `=` in the name.
pub(super) fn categories<'m>(model: &'m Model<'m>) -> Vec<Categories<'m>> {
    let names: Vec<&str> = model.input_columns().map(|(name, _)| name).collect();
    of_columns(&names, model.input_shift())
}

fn of_columns<'n>(names: &[&'n str], means: &[f32]) -> Vec<Categories<'n>> {
    let column = |input: usize| names[input].split_once('=').map(|(column, _)| column);
    let inputs: Vec<usize> = (0..names.len()).filter(|&i| column(i).is_some()).collect();
    let groups = inputs.chunk_by(|&a, &b| column(a) == column(b));
    let shares = groups.filter(|group| {
        let shares = group.iter().map(|&input| means[input]);
        let total: f32 = shares.clone().sum();
        shares.clone().all(|share| share >= 0.0) && (total - 1.0).abs() < 1e-3
    });
    let held = |group: &[usize]| {
        let most = group
            .iter()
            .copied()
            .max_by(|&a, &b| means[a].total_cmp(&means[b]))?;
        Some(Categories {
            inputs: group.to_vec(),
            most_frequent: most,
            name: names[most],
        })
    };
    shares.filter_map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_other_category() {
        let means = [0.2, 9.0, 0.5, 0.3];
        let column = Categories {
            inputs: vec![0, 2, 3],
            most_frequent: 2,
            name: "city=Bern",
        };
        let other = |input| column.most_frequent_but(input, &means);
        assert_eq!((other(0), other(2), other(3)), (Some(2), Some(3), Some(2)));
    }

    #[test]
    fn shares_that_add_up_to_1_are_categories_of_a_column() {
        let names = ["age", "city=Basel", "city=Bern", "sky=a=b", "sky=c", "x=y"];
        let found = of_columns(&names, &[0.5, 0.3, 0.7, 0.6, 0.4, 0.2]);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.name, one.inputs.clone()))
            .collect();
        assert_eq!(told, [("city=Bern", vec![1, 2]), ("sky=a=b", vec![3, 4])]);
        assert_eq!(of_columns(&names, &[0.5, 0.3, 0.3, 0.6, 1.4, 0.2]), []);
    }
}
