//! Pictures along a line through the inputs.

use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::categories::{Categories, categories};
use super::{PictureError, label};
use crate::data::{Dataset, Transform};
use crate::plot::{
    Band, FanChart, Grid, Heatmap, Point, Samples, Scatter, Weights, centres, edges,
};

/// A line through the inputs: one of them varies, the others are held at their training means, or at
/// the most frequent category where they are the categories of a column. Where the one that varies is
/// a category, it takes the place of the most frequent other one of its column: at 0 and at 1 the
/// inputs are those of a row. A target `log(y)` is shown as y.
#[derive(Clone, Debug)]
pub struct Line<'m> {
    model: &'m Model<'m>,
    input: usize,
    held: Vec<f32>,
    /// The category that the varying one takes the place of.
    other: Option<usize>,
    /// How many inputs belong to the same column as the varying one.
    siblings: usize,
    /// The columns of categories that are held.
    columns: Vec<Categories<'m>>,
    target: usize,
    /// What the target's name says that it is the image of.
    transform: Option<Transform>,
}

impl<'m> Line<'m> {
    /// Input `input` against target `target`.
    pub fn new(model: &'m Model<'m>, input: usize, target: usize) -> Self {
        let mut held = model.input_shift().to_vec();
        let mut columns = categories(model);
        let own = columns.iter().position(|one| one.inputs.contains(&input));
        let own = own.map(|at| columns.remove(at));
        for &one in own.iter().flat_map(|own| &own.inputs) {
            held[one] = 0.0;
        }
        for column in &columns {
            for &one in &column.inputs {
                held[one] = f32::from(u8::from(one == column.most_frequent));
            }
        }
        Line {
            model,
            input,
            held,
            other: own
                .as_ref()
                .and_then(|own| own.most_frequent_but(input, model.input_shift())),
            siblings: own.map_or(0, |own| own.inputs.len() - 1),
            columns,
            target,
            transform: model
                .target_columns()
                .nth(target)
                .and_then(|(name, _)| Transform::split(name).0),
        }
    }

    fn x_name(&self) -> String {
        label(self.model.input_columns().nth(self.input))
    }

    /// What 0 and 1 mean, where the varying input is a category.
    pub fn ends(&self) -> Option<String> {
        let (other, _) = self.model.input_columns().nth(self.other?)?;
        let (name, _) = self.model.input_columns().nth(self.input)?;
        Some(format!("from {other} (0) to {name} (1)"))
    }

    /// What the inputs of other columns do; `None` where there are none.
    pub fn others(&self) -> Option<String> {
        let names = self.columns.iter().map(|column| column.name);
        self.with_means(names.collect())
    }

    /// The varying input, and what the others do: points of the data did not hold still with them.
    fn x_label(&self) -> String {
        let others = match self.columns.len() {
            0..=2 => self.others(),
            _ => self.with_means(vec!["the most frequent categories"]),
        };
        let varies = self.ends().unwrap_or_else(|| self.x_name());
        let parts = [Some(varies), others];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// What is held, and that all else is at its mean.
    fn with_means(&self, mut held: Vec<&str>) -> Option<String> {
        let categories: usize = self.columns.iter().map(|column| column.inputs.len()).sum();
        match self.held.len() - categories - self.siblings {
            0 | 1 => {}
            2 => held.push("the other input at its mean"),
            _ => held.push("the other inputs at their means"),
        }
        (!held.is_empty()).then(|| held.join(", "))
    }

    fn y_label(&self) -> String {
        let column = self.model.target_columns().nth(self.target);
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
        let mut working = vec![0.0; self.model.working_len()];
        let mut inputs = self.held.clone();
        let mut at = |&x: &f32| {
            inputs[self.input] = x;
            if let Some(other) = self.other {
                inputs[other] = 1.0 - x;
            }
            visit(
                x,
                &self.model.predict(Level::detect(), &inputs, &mut working)?,
            )
        };
        xs.iter().map(&mut at).collect()
    }

    /// The density of the target over `x_range` × `y_range`, on `columns` × `rows` cells: in each the
    /// probability of its part of the target's axis by its height, so that a component narrower than a
    /// cell is never missed.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn heatmap(
        &self,
        x_range: (f32, f32),
        y_range: (f32, f32),
        (columns, rows): (usize, usize),
        points: Vec<Point>,
    ) -> Result<Heatmap, PictureError> {
        let edges = edges(y_range, rows);
        let by_column = self.walk(&centres(x_range, columns), |_, mixture| {
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
        let grid = Grid::new(x_range, y_range, columns, rows, values.collect())?;
        Ok(Heatmap {
            title: format!("Density of {} given {}", self.y_label(), self.x_name()),
            x_label: self.x_label(),
            y_label: self.y_label(),
            value_label: "density".to_owned(),
            grid,
            points,
        })
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
        data: Vec<Point>,
    ) -> Result<Samples, PictureError> {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
        let mut draw = vec![0.0; self.model.dimensions()];
        let drawn = self.walk(xs, |x, mixture| {
            let mut one = |_| {
                mixture.sample(&mut rng, &mut draw)?;
                Ok((x, self.raw(draw[self.target])))
            };
            (0..draws)
                .map(&mut one)
                .collect::<Result<Vec<Point>, PredictError>>()
        })?;
        Ok(Samples {
            title: format!(
                "{draws} draws of {} at each {}",
                self.y_label(),
                self.x_name()
            ),
            x_label: self.x_label(),
            y_label: self.y_label(),
            draws: drawn.into_iter().flatten().collect(),
            data,
        })
    }

    /// Median and central intervals over `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn fan(&self, xs: &[f32], data: Vec<Point>) -> Result<FanChart, PictureError> {
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
            title: format!("Quantiles of {} given {}", self.y_label(), self.x_name()),
            x_label: self.x_label(),
            y_label: self.y_label(),
            x: xs.to_vec(),
            bands: bands.collect(),
            median: each(&|(median, _)| *median),
            data,
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

    /// The components' weights over `xs`.
    ///
    /// # Errors
    ///
    /// [`PictureError`].
    pub fn weights(&self, xs: &[f32]) -> Result<Weights, PictureError> {
        let by_place = self.walk(xs, |_, mixture| {
            Ok(mixture
                .components()
                .map(|one| one.weight())
                .collect::<Vec<f32>>())
        })?;
        let components = by_place.first().map_or(0, Vec::len);
        let of = |k: usize| by_place.iter().map(|weights| weights[k]).collect();
        Ok(Weights {
            title: format!("Weights of the components given {}", self.x_name()),
            x_label: self.x_label(),
            x: xs.to_vec(),
            weights: (0..components).map(of).collect(),
        })
    }

    /// The data along this line.
    pub fn points(&self, data: &Dataset) -> Vec<Point> {
        if data.target_names.is_empty() {
            return Vec::new();
        }
        data.input_column(self.input)
            .zip(data.target_column(self.target).map(|z| self.raw(z)))
            .collect()
    }

    /// The data as a picture of its own.
    pub fn scatter(&self, data: &Dataset) -> Scatter {
        Scatter {
            title: format!("{} against {}", self.y_label(), self.x_name()),
            x_label: self.x_name(),
            y_label: self.y_label(),
            points: self.points(data),
        }
    }
}
