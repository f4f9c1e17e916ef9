//! Pictures along a line through the inputs.

use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::categories::Categories;
use super::typical::TypicalRow;
use super::{PictureError, label, written};
use crate::data::{Dataset, Transform};
use crate::plot::{
    Across, Band, FanChart, Grid, Heatmap, MeanCurve, Point, Rows, Samples, Scatter, Weights,
    centres, edges, span,
};

/// Of the range of the input, to spare on either side: rows at its ends are seen whole.
const MARGIN: f32 = 0.02;
/// Into how many groups the components of an ensemble go.
const GROUPS: usize = 7;

/// A line through the inputs: one of them varies, or a column of categories, and the others are held at
/// their typical values. A target `log(y)` is shown as y.
///
/// Places on the line are values of the input; of categories their numbers among those shown, from 0.
#[derive(Clone, Debug)]
pub struct Line<'m> {
    typical: &'m TypicalRow<'m>,
    input: usize,
    /// The column of categories that varies, and which of them are shown.
    categories: Option<(&'m Categories, Vec<usize>)>,
    target: usize,
    /// What the target's name says that it is the image of.
    transform: Option<Transform>,
}

impl<'m> Line<'m> {
    /// Input `input`, or the column of categories that it belongs to, against target `target`.
    pub fn new(typical: &'m TypicalRow<'m>, input: usize, target: usize) -> Self {
        let column = typical.column(input);
        let name = typical.model.target_columns().nth(target);
        Line {
            typical,
            input,
            categories: column.map(|column| (column, column.shown())),
            target,
            transform: name.and_then(|(name, _)| Transform::split(name).0),
        }
    }

    pub(super) fn model(&self) -> &'m Model<'m> {
        self.typical.model
    }

    pub(super) fn target(&self) -> usize {
        self.target
    }

    /// The names of the categories that are shown; none where a number varies.
    pub fn categories(&self) -> Vec<String> {
        let Some((column, shown)) = &self.categories else {
            return Vec::new();
        };
        let name = |&level: &usize| column.levels[level].name.clone();
        shown.iter().map(name).collect()
    }

    fn across(&self) -> Across {
        match &self.categories {
            Some(_) => Across::Categories(self.categories()),
            None if self.typical.is_date(self.input) => Across::Dates,
            None => Across::Numbers,
        }
    }

    /// Over how many categories the line goes and how many of them are shown; `None` where a number
    /// varies.
    pub fn category_counts(&self) -> Option<(usize, usize)> {
        let (column, shown) = self.categories.as_ref()?;
        Some((column.levels.len(), shown.len()))
    }

    /// What pictures show of the input: its values in `data` but for outliers, or half a place around
    /// the categories.
    pub fn range(&self, data: &Dataset) -> (f32, f32) {
        match &self.categories {
            Some((_, shown)) => (-0.5, shown.len() as f32 - 0.5),
            None => span(data.input_column(self.input), MARGIN),
        }
    }

    /// Places evenly over `range`, `count` of them; or each category.
    pub fn places(&self, range: (f32, f32), count: usize) -> Vec<f32> {
        match &self.categories {
            Some((_, shown)) => (0..shown.len()).map(|place| place as f32).collect(),
            None => centres(range, count),
        }
    }

    /// What varies.
    pub fn name(&self) -> String {
        match &self.categories {
            Some((column, _)) => column.name.clone(),
            None => label(self.model().input_columns().nth(self.input)),
        }
    }

    /// The values of the other inputs, in words; `None` where there are none.
    pub fn others(&self) -> Option<String> {
        self.typical.words_but(self.input)
    }

    /// What varies, and what the others do: rows of the data did not hold still with them.
    fn x_label(&self) -> String {
        match self.others() {
            Some(_) => format!(
                "{} (slice: other inputs held at typical values)",
                self.name()
            ),
            None => self.name(),
        }
    }

    /// Gives the inputs that do not vary their typical values.
    pub(super) fn hold_others(&self, inputs: &mut [f32]) {
        let varies = |input: usize| match &self.categories {
            Some((column, _)) => column.inputs.contains(&input),
            None => input == self.input,
        };
        for (input, value) in inputs.iter_mut().enumerate() {
            if !varies(input) {
                *value = self.typical.values[input];
            }
        }
    }

    /// Gives what varies its value at a place.
    fn go_to(&self, place: f32, inputs: &mut [f32]) {
        match &self.categories {
            Some((column, shown)) => column.set(shown[place as usize], inputs),
            None => inputs[self.input] = place,
        }
    }

    /// Where a row of the data lies; rows of a category lie side by side. None where its category is
    /// not shown.
    pub(super) fn point(&self, data: &Dataset, row: usize) -> Option<Point> {
        /// Turns of a circle that leave even gaps however many there are.
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        const WIDTH: f64 = 0.7;
        let inputs = data.input(row);
        let x = match &self.categories {
            Some((column, shown)) => {
                let level = column.of(inputs)?;
                let place = shown.iter().position(|&one| one == level)?;
                let beside = (row as f64 * GOLDEN).fract() - 0.5;
                (place as f64 + WIDTH * beside) as f32
            }
            None => inputs[self.input],
        };
        Some((x, self.raw(data.target(row)[self.target])))
    }

    fn y_label(&self) -> String {
        let column = self.model().target_columns().nth(self.target);
        label(column.map(|(name, unit)| (Transform::split(name).1, unit)))
    }

    /// The value of the column for one of the model's target.
    fn raw(&self, z: f32) -> f32 {
        self.transform.map_or(z, |t| t.undo(z.into()) as f32)
    }

    /// The value of the model's target for one of the column, infinite where it has none.
    fn image(&self, y: f32) -> f32 {
        self.transform
            .map_or(y, |t| t.apply_anywhere(y.into()) as f32)
    }

    /// Calls `visit` with the mixture at each of `xs`.
    fn walk<T>(
        &self,
        xs: &[f32],
        mut visit: impl FnMut(f32, &Mixture<'_>) -> Result<T, PredictError>,
    ) -> Result<Vec<T>, PredictError> {
        let model = self.model();
        let mut working = vec![0.0; model.working_len()];
        let mut inputs = self.typical.values.clone();
        let mut at = |&x: &f32| {
            self.go_to(x, &mut inputs);
            visit(x, &model.predict(Level::detect(), &inputs, &mut working)?)
        };
        xs.iter().map(&mut at).collect()
    }

    /// The density of the target over `x_range` × `y_range`, on `columns` × `rows` cells: in each the
    /// probability of its part of the target's axis by its height, so that a component narrower than a
    /// cell is never missed. Categories have a column each. Where the density has several modes, the mean
    /// is drawn too.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn heatmap(
        &self,
        x_range: (f32, f32),
        y_range: (f32, f32),
        (columns, rows): (usize, usize),
        points: Rows,
    ) -> Result<Heatmap, PictureError> {
        let edges = edges(y_range, rows);
        let xs = self.places(x_range, columns);
        let by_column = self.walk(&xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let cells = edges.windows(2).map(|ends| {
                let (low, high) = (self.image(ends[0]), self.image(ends[1]));
                Ok(marginal.interval_probability(low, high)? / (ends[1] - ends[0]))
            });
            cells.collect::<Result<Vec<f32>, PredictError>>()
        })?;
        let values = (0..rows).flat_map(|row| by_column.iter().map(move |column| column[row]));
        let grid = Grid::new(x_range, y_range, xs.len(), rows, values.collect())?;
        Ok(Heatmap {
            title: format!("Density of {} given {}", self.y_label(), self.name()),
            x_label: self.x_label(),
            y_label: self.y_label(),
            value_label: "density".to_owned(),
            grid,
            points,
            across: self.across(),
            mean: self.mean(xs)?,
        })
    }

    /// The mean over the places `xs`, where it is not the whole answer: where at one of them at least a
    /// second mode is a tenth as high as the first. Of a transformed target it is the place of the mean
    /// on its own scale.
    fn mean(&self, xs: Vec<f32>) -> Result<Option<MeanCurve>, PictureError> {
        const LOWEST: f32 = 0.1;
        let mut several = 0_usize;
        let mut modes = vec![0.0; self.model().components()];
        let means = self.walk(&xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let count = marginal.modes(&mut modes)?;
            let heights = modes[..count]
                .iter()
                .map(|&mode| marginal.log_density(mode));
            let heights = heights.collect::<Result<Vec<f32>, _>>()?;
            let highest = heights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let high = |height: &&f32| **height > highest + LOWEST.ln();
            several += usize::from(heights.iter().filter(high).count() > 1);
            Ok(self.raw(marginal.mean()))
        })?;
        let of = match self.transform {
            Some(_) => format!(" of {}", written(self.model(), self.target)),
            None => String::new(),
        };
        let percent = (100 * several).div_ceil(xs.len().max(1));
        Ok((several > 0).then(|| MeanCurve {
            label: format!("mean{of}; {percent}% of this axis has several modes"),
            x: xs,
            y: means,
        }))
    }

    /// `draws` draws at each of `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn samples(
        &self,
        xs: &[f32],
        draws: usize,
        seed: u64,
        data: Rows,
    ) -> Result<Samples, PictureError> {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
        let mut draw = vec![0.0; self.model().dimensions()];
        let drawn = self.walk(xs, |x, mixture| {
            let mut one = |number| {
                mixture.sample(&mut rng, &mut draw)?;
                Ok((self.beside(x, number, draws), self.raw(draw[self.target])))
            };
            (0..draws)
                .map(&mut one)
                .collect::<Result<Vec<Point>, PredictError>>()
        })?;
        Ok(Samples {
            title: format!(
                "{draws} draws of {} at each {}",
                self.y_label(),
                self.name()
            ),
            x_label: self.x_label(),
            y_label: self.y_label(),
            draws: drawn.into_iter().flatten().collect(),
            data,
            across: self.across(),
            shown: None,
        })
    }

    /// Where one of so many draws at a place is drawn: side by side at a category.
    fn beside(&self, place: f32, number: usize, draws: usize) -> f32 {
        match self.categories {
            Some(_) => place + 0.7 * ((number as f32 + 0.5) / draws as f32 - 0.5),
            None => place,
        }
    }

    /// Median and central intervals over `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn fan(&self, xs: &[f32], data: Rows) -> Result<FanChart, PictureError> {
        const PROBABILITIES: [f32; 3] = [0.5, 0.8, 0.95];
        /// The median and the ends of each interval.
        type Answer = (f32, Vec<(f32, f32)>);
        let answers: Vec<Answer> = self.walk(xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let ends = PROBABILITIES.map(|probability| marginal.central_interval(probability));
            let ends = ends.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok((marginal.median(), ends))
        })?;
        let each = |value: &dyn Fn(&Answer) -> f32| -> Vec<f32> {
            answers.iter().map(|one| self.raw(value(one))).collect()
        };
        let bands = PROBABILITIES
            .iter()
            .enumerate()
            .map(|(i, &probability)| Band {
                probability,
                lower: each(&|(_, ends)| ends[i].0),
                upper: each(&|(_, ends)| ends[i].1),
            });
        Ok(FanChart {
            title: format!("Quantiles of {} given {}", self.y_label(), self.name()),
            x_label: self.x_label(),
            y_label: self.y_label(),
            x: xs.to_vec(),
            bands: bands.collect(),
            median: each(&|(median, _)| *median),
            data,
            across: self.across(),
            shown: None,
        })
    }

    /// How far the median of the model's target moves over `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn movement(&self, xs: &[f32]) -> Result<f32, PictureError> {
        let medians = self.walk(xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            Ok(marginal.median())
        })?;
        let highest = medians.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let lowest = medians.iter().copied().fold(f32::INFINITY, f32::min);
        Ok(highest - lowest)
    }

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
                .map(|one| (one.weight(), one.mean(self.target)))
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

    /// The data as a picture of its own.
    pub fn scatter(&self, data: &Dataset) -> Scatter {
        Scatter {
            title: format!("{} against {}", self.y_label(), self.name()),
            x_label: self.name(),
            y_label: self.y_label(),
            points: (0..data.rows)
                .filter_map(|row| self.point(data, row))
                .collect(),
        }
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
