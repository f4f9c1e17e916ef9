//! The components' weights along a line through the inputs.

use super::PictureError;
use super::line::Line;
use crate::plot::Weights;

/// Into how many groups the components of an ensemble go.
const GROUPS: usize = 7;

impl Line<'_> {
    /// The components' weights over `xs`. Those of an ensemble, of which no single one says much, are
    /// summed in groups by where they lie: seven at most, of about equal share.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn weights(&self, xs: &[f32]) -> Result<Weights, PictureError> {
        /// Weight and mean of each component.
        type Components = Vec<(f32, f32)>;
        let by_place: Vec<Components> = self.walk(xs, |_, mixture| {
            let components = mixture.components();
            Ok(components
                .map(|one| (one.weight(), one.mean(self.target())))
                .collect())
        })?;
        let components = by_place.first().map_or(0, Vec::len);
        let of = |k: usize| by_place.iter().map(|place| place[k]).collect();
        let components: Vec<Components> = (0..components).map(of).collect();
        let weights = |one: &Components| one.iter().map(|&(weight, _)| weight).collect();
        let (weights, names) = match self.model().members() {
            1 => (components.iter().map(weights).collect(), Vec::new()),
            _ => groups(components, xs.len())
                .into_iter()
                .map(|group| {
                    let [low, high] = group.ends.map(|mean| short(self.raw(mean)));
                    (group.weights, format!("{low} to {high}"))
                })
                .unzip(),
        };
        Ok(Weights {
            title: format!("Weights of the components given {}", self.name()),
            x_label: self.x_label(),
            x: xs.to_vec(),
            weights,
            names,
            across: self.across(),
        })
    }
}

/// Components of about the same place.
struct Group {
    /// The least and the largest mean, each over all places.
    ends: [f32; 2],
    /// The sums of their weights, one a place.
    weights: Vec<f32>,
}

/// Sorts components, weight and mean at each place, by their mean over all places and parts them into
/// [`GROUPS`] of about the same share.
fn groups(components: Vec<Vec<(f32, f32)>>, places: usize) -> Vec<Group> {
    let share = |one: &[(f32, f32)]| one.iter().map(|&(weight, _)| weight).sum::<f32>();
    let mean = |one: &[(f32, f32)]| {
        let sum: f32 = one.iter().map(|(weight, mean)| weight * mean).sum();
        sum / share(one).max(f32::MIN_POSITIVE)
    };
    let mut sorted: Vec<_> = components.iter().map(|one| (mean(one), one)).collect();
    sorted.retain(|(_, one)| share(one) > 0.0);
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f32 = sorted.iter().map(|(_, one)| share(one)).sum();
    let mut groups: Vec<(usize, Group)> = Vec::new();
    let mut before = 0.0;
    for (mean, one) in sorted {
        let middle = before + 0.5 * share(one);
        before += share(one);
        let number = ((GROUPS as f32 * middle / total) as usize).min(GROUPS - 1);
        if groups.last().is_none_or(|(last, _)| *last != number) {
            let weights = vec![0.0; places];
            let ends = [mean, mean];
            groups.push((number, Group { ends, weights }));
        }
        if let Some((_, group)) = groups.last_mut() {
            group.ends[1] = mean;
            for (sum, (weight, _)) in group.weights.iter_mut().zip(one) {
                *sum += weight;
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A number with three digits.
fn short(value: f32) -> String {
    let value = f64::from(value);
    let digits = if value == 0.0 {
        0.0
    } else {
        value.abs().log10().floor()
    };
    match digits {
        -3.0..=5.0 => format!("{value:.*}", (2.0 - digits).max(0.0) as usize),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_of_an_ensemble_are_grouped_by_where_they_lie() {
        // A hundred components of equal weight at two places, their means in disorder.
        let one = |k: usize| vec![(0.01, (k * 37 % 100) as f32); 2];
        let groups = groups((0..100).map(one).collect(), 2);
        assert_eq!(groups.len(), GROUPS);
        let ends: Vec<[f32; 2]> = groups.iter().map(|group| group.ends).collect();
        assert!(
            ends.windows(2).all(|pair| pair[0][1] < pair[1][0]),
            "{ends:?}"
        );
        assert_eq!((ends[0][0], ends[GROUPS - 1][1]), (0.0, 99.0));
        for place in 0..2 {
            let shares = groups.iter().map(|group| group.weights[place]);
            assert!(shares.clone().all(|share| (share - 1.0 / 7.0).abs() < 0.02));
            assert!((shares.sum::<f32>() - 1.0).abs() < 1e-5);
        }
        // One that has nearly all is a group of its own.
        let few = super::groups(
            vec![vec![(0.98, 3.0)], vec![(0.02, 1.0)], vec![(0.0, 9.0)]],
            1,
        );
        assert_eq!(
            few.iter().map(|group| group.ends).collect::<Vec<_>>(),
            [[1.0; 2], [3.0; 2]]
        );
    }

    #[test]
    fn numbers_are_short() {
        let written = [0.0, 12.345, -0.012345, 123_456.7, 1.5e9].map(short);
        assert_eq!(written, ["0.00", "12.3", "-0.0123", "123457", "1.50e9"]);
    }
}
