//! Pictures of a model: what the engine answers, in the shape that [`plot`](crate::plot) draws.

mod arm;
mod joint;

use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::data::Dataset;
use crate::fit::LossUnits;
use crate::metrics::Scores;
use crate::plot::{
    Band, Calibration, FanChart, Grid, Heatmap, Loss, PitHistogram, PlotError, Point, Samples,
    Scatter, Weights, centres,
};
use crate::train::{Progress, Trained};

pub use arm::arm;
pub use joint::pair;

/// Why a picture has nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The engine refused an input.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// The picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

/// A line through the inputs: one of them varies, the others are held.
#[derive(Clone, Debug)]
pub struct Line<'m> {
    model: &'m Model<'m>,
    input: usize,
    held: Vec<f32>,
    target: usize,
}

impl<'m> Line<'m> {
    /// Input `input` against target `target`, with the other inputs at their training means.
    pub fn new(model: &'m Model<'m>, input: usize, target: usize) -> Self {
        Line {
            model,
            input,
            held: model.input_shift().to_vec(),
            target,
        }
    }

    fn x_name(&self) -> String {
        label(self.model.input_columns().nth(self.input))
    }

    /// The varying input, and what the others do: points of the data did not hold still with them.
    fn x_label(&self) -> String {
        match self.held.len() {
            1 => self.x_name(),
            2 => format!("{}, the other input at its mean", self.x_name()),
            _ => format!("{}, the other inputs at their means", self.x_name()),
        }
    }

    fn y_label(&self) -> String {
        label(self.model.target_columns().nth(self.target))
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
            visit(
                x,
                &self.model.predict(Level::detect(), &inputs, &mut working)?,
            )
        };
        xs.iter().map(&mut at).collect()
    }

    /// The density of the target over `x_range` × `y_range`, on `columns` × `rows` cells.
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
        let ys = centres(y_range, rows);
        let by_column = self.walk(&centres(x_range, columns), |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let densities = ys.iter().map(|&y| Ok(marginal.log_density(y)?.exp()));
            densities.collect::<Result<Vec<f32>, PredictError>>()
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
                Ok((x, draw[self.target]))
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
        let answers = self.walk(xs, |_, mixture| {
            let marginal = mixture
                .marginal(self.target)
                .ok_or(PredictError::NoSuchDimension)?;
            let ends = PROBABILITIES.map(|probability| marginal.central_interval(probability));
            let ends = ends.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok((marginal.median(), ends))
        })?;
        let bands = PROBABILITIES
            .iter()
            .enumerate()
            .map(|(i, &probability)| Band {
                probability,
                lower: answers.iter().map(|(_, ends)| ends[i].0).collect(),
                upper: answers.iter().map(|(_, ends)| ends[i].1).collect(),
            });
        Ok(FanChart {
            title: format!("Quantiles of {} given {}", self.y_label(), self.x_name()),
            x_label: self.x_label(),
            y_label: self.y_label(),
            x: xs.to_vec(),
            bands: bands.collect(),
            median: answers.iter().map(|(median, _)| *median).collect(),
            data,
        })
    }

    /// How far the median moves over `xs`.
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
            .zip(data.target_column(self.target))
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

fn label(column: Option<(&str, Option<&str>)>) -> String {
    match column {
        Some((name, Some(unit))) => format!("{name} [{unit}]"),
        Some((name, None)) => name.to_owned(),
        None => String::new(),
    }
}

/// The loss over the steps, in `units`.
pub fn loss(trained: &Trained, units: &LossUnits) -> Loss {
    let at = |step: usize, loss: f64| (step as u64, loss as f32);
    let reports = trained.curve.iter().map(|report| units.progress(report));
    let validation = |p: Progress| p.validation_loss.map(|loss| at(p.step, loss));
    Loss {
        title: "Loss while training".to_owned(),
        kind: units.kind(),
        train: reports.clone().map(|p| at(p.step, p.train_loss)).collect(),
        validation: reports.filter_map(validation).collect(),
    }
}

/// The PIT histogram of target `d`.
pub fn pit_histogram(scores: &Scores, d: usize, name: &str) -> PitHistogram {
    const BINS: usize = 20;
    let counts = scores.pit_histogram(d, BINS.min(scores.rows.div_ceil(10)).max(2));
    PitHistogram {
        title: format!("Probability integral transform of {name}"),
        counts: counts.into_iter().map(|count| count as u64).collect(),
    }
}

/// Stated against observed coverage of the central intervals of target `d`.
pub fn calibration(scores: &Scores, d: usize, name: &str) -> Calibration {
    let stated = (1..20).map(|i| f64::from(i) / 20.0);
    Calibration {
        title: format!("Calibration of {name}"),
        points: stated
            .map(|p| (p as f32, scores.coverage(d, p) as f32))
            .collect(),
        rows: scores.rows as u64,
    }
}
