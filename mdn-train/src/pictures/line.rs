//! Pictures along a line through the inputs.

use mdn_infer::format::Support;
use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::categories::Categories;
use super::typical::TypicalRow;
use super::{PictureError, label};
use crate::data::{Dataset, Transform};
use crate::metrics::transforms;
use crate::plot::{
    Across, Band, FanChart, Point, Rows, Samples, Scatter, centres, for_title, span,
};

/// A line through the inputs: one of them varies, or a column of categories, and the others are held at
/// their typical values. A target `log(y)` is shown as y.
///
/// Places on the line are values of the input; of categories their numbers among those shown, from 0. A
/// number that is the same in all rows of the typical row's table is a category by itself: of other values
/// the table says nothing.
#[derive(Clone, Debug)]
pub struct Line<'m> {
    typical: &'m TypicalRow<'m>,
    input: usize,
    varies: Varies<'m>,
    target: usize,
    /// What the target's name says that it is the image of.
    transform: Option<Transform>,
}

/// A median and the ends of intervals, the widest last.
type Answer = (f32, Vec<(f32, f32)>);

/// On a circle an interval may go past the end of the values: there they go on, so that nothing of it
/// lies below its lower end.
fn in_one_turn(support: &Support, (median, mut ends): Answer) -> Answer {
    let (&Support::Circle { period, .. }, Some(&(first, _))) = (support, ends.last()) else {
        return (median, ends);
    };
    let onward = |value: f32| if value < first { value + period } else { value };
    ends.iter_mut()
        .for_each(|(low, high)| (*low, *high) = (onward(*low), onward(*high)));
    (onward(median), ends)
}

/// What goes along a line.
#[derive(Clone, Debug)]
enum Varies<'m> {
    Number,
    /// A number that is this in every row.
    Nothing(String),
    /// A column of categories, and which of them are shown.
    Categories(&'m Categories, Vec<usize>),
}

impl<'m> Line<'m> {
    /// Input `input`, or the column of categories that it belongs to, against target `target`.
    pub fn new(typical: &'m TypicalRow<'m>, input: usize, target: usize) -> Self {
        let varies = match (typical.column(input), typical.only_value(input)) {
            (Some(column), _) => Varies::Categories(column, column.shown()),
            (None, Some(value)) => Varies::Nothing(value),
            (None, None) => Varies::Number,
        };
        let transforms = transforms(typical.model);
        Line {
            typical,
            input,
            varies,
            target,
            transform: transforms.get(target).copied().flatten(),
        }
    }

    pub(super) fn model(&self) -> &'m Model<'m> {
        self.typical.model
    }

    pub(super) fn transform(&self) -> Option<Transform> {
        self.transform
    }

    pub(super) fn target(&self) -> usize {
        self.target
    }

    /// The names of the categories that are shown, or the value of a number that is the same in all rows;
    /// none where a number varies.
    pub fn categories(&self) -> Vec<String> {
        match &self.varies {
            Varies::Number => Vec::new(),
            Varies::Nothing(value) => vec![value.clone()],
            Varies::Categories(column, shown) => {
                let name = |&level: &usize| column.levels[level].name.clone();
                shown.iter().map(name).collect()
            }
        }
    }

    pub(super) fn across(&self) -> Across {
        match &self.varies {
            Varies::Categories(..) | Varies::Nothing(_) => Across::Categories(self.categories()),
            Varies::Number if self.typical.is_date(self.input) => Across::Dates,
            Varies::Number => Across::Numbers,
        }
    }

    /// Over how many categories the line goes and how many of them are shown, (1, 1) where a number is
    /// the same in all rows; `None` where a number varies.
    pub fn category_counts(&self) -> Option<(usize, usize)> {
        match &self.varies {
            Varies::Number => None,
            Varies::Nothing(_) => Some((1, 1)),
            Varies::Categories(column, shown) => Some((column.levels.len(), shown.len())),
        }
    }

    /// What pictures show of the input: from its least to its greatest value in `data` but for outliers, as
    /// [`span`] has it without margin, or half a place around the categories.
    pub fn range(&self, data: &Dataset) -> (f32, f32) {
        match self.category_counts() {
            Some((_, shown)) => (-0.5, shown as f32 - 0.5),
            None => span(data.input_column(self.input), 0.0),
        }
    }

    /// Places evenly over `range`, `count` of them; or each category.
    pub fn places(&self, range: (f32, f32), count: usize) -> Vec<f32> {
        match self.category_counts() {
            Some((_, shown)) => (0..shown).map(|place| place as f32).collect(),
            None => centres(range, count),
        }
    }

    /// What varies.
    pub fn name(&self) -> String {
        match &self.varies {
            Varies::Categories(column, _) => column.name.clone(),
            Varies::Number | Varies::Nothing(_) => {
                label(self.model().input_columns().nth(self.input))
            }
        }
    }

    /// The values of the other inputs, in words; `None` where there are none.
    pub fn others(&self) -> Option<String> {
        self.typical.words_but(self.input)
    }

    /// What varies, and what the others do: rows of the data did not hold still with them.
    pub(super) fn x_label(&self) -> String {
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
        let varies = |input: usize| match &self.varies {
            Varies::Categories(column, _) => column.inputs.contains(&input),
            Varies::Number | Varies::Nothing(_) => input == self.input,
        };
        for (input, value) in inputs.iter_mut().enumerate() {
            if !varies(input) {
                *value = self.typical.values[input];
            }
        }
    }

    /// Gives what varies its value at a place.
    fn go_to(&self, place: f32, inputs: &mut [f32]) {
        match &self.varies {
            Varies::Categories(column, shown) => column.set(shown[place as usize], inputs),
            Varies::Nothing(_) => inputs[self.input] = self.typical.values[self.input],
            Varies::Number => inputs[self.input] = place,
        }
    }

    /// Where a row of the data lies; rows of a category lie side by side. None where its category is
    /// not shown.
    pub(super) fn point(&self, data: &Dataset, row: usize) -> Option<Point> {
        /// Turns of a circle that leave even gaps however many there are.
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        const WIDTH: f64 = 0.7;
        let inputs = data.input(row);
        let at = |place: usize| {
            let beside = (row as f64 * GOLDEN).fract() - 0.5;
            (place as f64 + WIDTH * beside) as f32
        };
        let x = match &self.varies {
            Varies::Categories(column, shown) => {
                let level = column.of(inputs)?;
                at(shown.iter().position(|&one| one == level)?)
            }
            Varies::Nothing(_) => at(0),
            Varies::Number => inputs[self.input],
        };
        Some((x, self.raw(data.target(row)[self.target])))
    }

    pub(super) fn y_label(&self) -> String {
        let column = self.model().target_columns().nth(self.target);
        label(column.map(|(name, unit)| (Transform::split(name).1, unit)))
    }

    /// A title from the names of the target and of what varies.
    pub(super) fn title(&self, words: impl Fn(&str, &str) -> String) -> String {
        let [y, x] = for_title([&self.y_label(), &self.name()]);
        words(&y, &x)
    }

    /// The value of the column for one of the model's target.
    pub(super) fn raw(&self, z: f32) -> f32 {
        self.transform.map_or(z, |t| t.undo(z.into()) as f32)
    }

    /// The value of the model's target for one of the column, infinite where it has none.
    pub(super) fn image(&self, y: f32) -> f32 {
        self.transform
            .map_or(y, |t| t.apply_anywhere(y.into()) as f32)
    }

    /// Calls `visit` with the mixture at each of `xs`.
    pub(super) fn walk<T>(
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
            title: self.title(|y, x| format!("{draws} draws of {y} at each {x}")),
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
        match self.varies {
            Varies::Number => place,
            _ => place + 0.7 * ((number as f32 + 0.5) / draws as f32 - 0.5),
        }
    }

    /// Median and central intervals over `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn fan(&self, xs: &[f32], data: Rows) -> Result<FanChart, PictureError> {
        const PROBABILITIES: [f32; 3] = [0.5, 0.8, 0.95];
        let answers: Vec<Answer> = self.walk(xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let ends = PROBABILITIES.map(|probability| marginal.central_interval(probability));
            let ends = ends.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(in_one_turn(&marginal.support(), (marginal.median(), ends)))
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
            title: self.title(|y, x| format!("Quantiles of {y} given {x}")),
            x_label: self.x_label(),
            y_label: self.y_label(),
            x: xs.to_vec(),
            bands: bands.collect(),
            median: each(&|(median, _)| *median),
            data,
            across: self.across(),
            turn: self.circle().map(|(_, period)| period),
            shown: None,
        })
    }

    /// Where the values of a target on a circle begin and how long it is.
    fn circle(&self) -> Option<(f32, f32)> {
        let mut supports = self.model().supports()?.iter();
        match supports.nth(self.target)? {
            Support::Circle { origin, period, .. } => Some((origin, period)),
            _ => None,
        }
    }

    /// What pictures show of the target: what its values in `data` ask for, but for outliers, with a
    /// margin; the whole circle where they lie on one.
    pub fn heights(&self, data: &Dataset, margin: f32) -> (f32, f32) {
        match self.circle() {
            Some((origin, period)) => (origin, origin + period),
            None => span(
                self.scatter(data).points.iter().map(|point| point.1),
                margin,
            ),
        }
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

    /// The data as a picture of its own.
    pub fn scatter(&self, data: &Dataset) -> Scatter {
        Scatter {
            title: self.title(|y, x| format!("{y} against {x}")),
            x_label: self.name(),
            y_label: self.y_label(),
            points: (0..data.rows)
                .filter_map(|row| self.point(data, row))
                .collect(),
        }
    }
}
