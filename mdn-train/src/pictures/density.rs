//! The density along a line through the inputs, and its mean.

use mdn_infer::PredictError;

use super::line::Line;
use super::{PictureError, written};
use crate::plot::{Grid, Heatmap, MeanCurve, Rows, edges};

impl Line<'_> {
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
                .marginal(self.target())
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
            title: self.title(|y, x| format!("Density of {y} given {x}")),
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
                .marginal(self.target())
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
        let of = match self.transform() {
            Some(_) => format!(" of {}", written(self.model(), self.target())),
            None => String::new(),
        };
        Ok((several > 0).then(|| MeanCurve {
            label: format!("mean{of} (may be no answer)"),
            several: several as f32 / xs.len() as f32,
            x: xs,
            y: means,
        }))
    }
}
