//! The pictures of `plot`, with what each shows.

use std::path::Path;

use mdn_infer::Model;
use mdn_train::data::{Dataset, Transform, score_scales};
use mdn_train::metrics::Scores;
use mdn_train::pictures::{
    Line, TypicalRow, calibration, pair, pit_histogram, written, written_column,
};
use mdn_train::plot::{FanChart, Figure, Heatmap, Loss, Rows, Samples, Section, SummaryRow, span};
use mdn_train::run::losses;

use super::words;
use crate::cli::album::Album;

/// Cells of a heat map along each axis.
const CELLS: usize = 100;
/// Places along the input at which samples and quantiles are taken.
pub const PLACES: usize = 100;
/// Of the range of what a target is, to spare on either side.
const MARGIN: f32 = 0.05;
const DRAWS: usize = 20;

/// Draws a model on a table into an album.
pub struct Painter<'a> {
    pub album: &'a mut Album,
    pub model: &'a Model<'a>,
    pub data: &'a Dataset,
    pub scores: &'a Scores,
    pub typical: &'a TypicalRow<'a>,
    /// What varies.
    pub input: usize,
}

impl Painter<'_> {
    /// Every picture of one target, whose column is called `name`.
    pub fn target(&mut self, d: usize, name: &str) -> anyhow::Result<Section> {
        let suffix = match self.model.dimensions() {
            1 => String::new(),
            _ => format!("-{}", d + 1),
        };
        let line = Line::new(self.typical, self.input, d);
        let axes = [line.range(self.data), line.heights(self.data, MARGIN)];
        let rows = line.rows(self.data, axes)?;
        let slice = self.slice(&line, &rows, axes, &suffix)?;
        let calibration = self.calibration(d, name, &suffix)?;
        Ok(Section {
            heading: name.to_owned(),
            words: words::slice(&line, &rows, self.data.rows),
            figures: slice.into_iter().chain(calibration).collect(),
        })
    }

    /// The pictures over one input.
    fn slice(
        &mut self,
        line: &Line<'_>,
        rows: &Rows,
        axes: [(f32, f32); 2],
        suffix: &str,
    ) -> anyhow::Result<[Figure; 3]> {
        let (shown, [x_range, y_range]) = (Some(axes), axes);
        let xs = line.places(x_range, PLACES);
        let heatmap = line.heatmap(x_range, y_range, (CELLS, CELLS), rows.clone())?;
        let samples = Samples {
            shown,
            ..line.samples(&xs, DRAWS, 0, rows.clone())?
        };
        let fan = FanChart {
            shown,
            ..line.fan(&xs, rows.clone())?
        };
        let file = |what: &str| format!("{what}{suffix}");
        let drawn = "Draws from the predicted density, with the rows of the table.";
        Ok([
            self.album
                .add(&file("heatmap"), &heatmap, &density_caption(&heatmap))?,
            self.album.add(&file("samples"), &samples, drawn)?,
            self.album.add(&file("fan"), &fan, &fan_caption(&heatmap))?,
        ])
    }

    /// Whether the probabilities come true.
    fn calibration(&mut self, d: usize, name: &str, suffix: &str) -> anyhow::Result<[Figure; 2]> {
        Ok([
            self.album.add(
                &format!("pit{suffix}"),
                &pit_histogram(self.scores, d, name),
                "Of all rows, each with its own inputs. Flat for a calibrated model; a hump means \
                 intervals too wide, peaks at the ends too narrow.",
            )?,
            self.album.add(
                &format!("calibration{suffix}"),
                &calibration(self.scores, d, name),
                "How often central intervals of stated probability hold the target, over all rows, each \
                 with its own inputs.",
            )?,
        ])
    }

    /// Two targets together, where there are two.
    pub fn pair(&mut self) -> anyhow::Result<Option<Section>> {
        if self.model.dimensions() != 2 {
            return Ok(None);
        }
        let ranges = [0, 1].map(|d| span(self.data.target_column(d), MARGIN));
        let picture = pair(self.model, self.data, ranges)?;
        let rows = match picture.rows {
            rows if rows == self.data.rows => "the table's rows".to_owned(),
            rows => format!("{rows} of the table's {} rows", self.data.rows),
        };
        let caption = format!(
            "The smallest regions that hold 50%, 80% and 95% of the density within the axes, the mean \
             over {rows}, smoothed as far as so many rows ask: the data should fill them alike."
        );
        Ok(Some(Section {
            heading: "Both targets".to_owned(),
            words: "What the model expects of both targets together, whatever the inputs."
                .to_owned(),
            figures: vec![self.album.add("pair", &picture, &caption)?],
        }))
    }

    /// The components' weights over the input.
    pub fn weights(&mut self) -> anyhow::Result<Section> {
        let line = Line::new(self.typical, self.input, 0);
        let weights = line.weights(&line.places(line.range(self.data), PLACES))?;
        let caption = match (self.model.members(), weights.has_rest()) {
            (1, rest) => {
                let rest = match rest {
                    true => {
                        " The seven with the largest shares have a band each; the others are summed."
                    }
                    false => "",
                };
                format!(
                    "The share of each component, one on top of the other. A component that is never \
                     wide is not needed; where one hands over to another, the answer changes.{rest}"
                )
            }
            (networks, _) => format!(
                "The components of {networks} networks, grouped by where they lie: each band is the share \
                 of those whose mean of {} lies between the values beside it, on average over this axis. \
                 Where one band hands over to another, the answer changes.",
                column_name(self.model, 0),
            ),
        };
        Ok(Section {
            heading: "Components".to_owned(),
            words: String::new(),
            figures: vec![self.album.add("weights", &weights, &caption)?],
        })
    }

    /// The course of training, from the losses in the file `metrics`.
    pub fn loss(&mut self, metrics: &Path) -> anyhow::Result<Section> {
        let loss = Loss {
            title: "Loss while training".to_owned(),
            of: self.scales().unwrap_or_default(),
            ..losses(metrics)?
        };
        let caption = "Where the validation loss rises while the training loss falls, the network \
                       learns the rows by heart; the best step is kept.";
        let figure = self.album.add("loss", &loss, caption)?;
        Ok(Section {
            heading: "Training".to_owned(),
            words: format!("The losses of the run, from {}.", metrics.display()),
            figures: vec![figure],
        })
    }

    /// What a CRPS is in units of, where that is not the targets themselves.
    fn scales(&self) -> Option<String> {
        score_scales(self.model.target_columns().map(|(name, _)| name))
    }

    /// The lines of the report's table.
    pub fn summary(&self, normal_nll: Option<f64>) -> Vec<SummaryRow> {
        let names = |written: fn(&Model<'_>, usize) -> String| -> Vec<String> {
            let all = 0..self.model.dimensions();
            all.map(|d| written(self.model, d)).collect()
        };
        let columns = names(written_column);
        words::summary(self.scores, normal_nll, &names(written), &columns)
    }
}

/// What target `d` is called in the table.
fn column_name<'m>(model: &Model<'m>, d: usize) -> &'m str {
    let name = model.target_columns().nth(d);
    name.map_or("", |(name, _)| Transform::split(name).1)
}

fn density_caption(heatmap: &Heatmap) -> String {
    let mut caption =
        "The predicted density, with the rows of the table. Colours follow the square root \
                       of the density, so that low branches are seen."
            .to_owned();
    if let Some(mean) = &heatmap.mean {
        caption += &format!(
            " On {:.0}% of this axis the density has several modes: there the mean is no answer, as it \
             may lie where no targets do.",
            (100.0 * mean.several).ceil()
        );
    }
    caption
}

fn fan_caption(heatmap: &Heatmap) -> String {
    let mut caption = "Median and central intervals, which may go on beyond the edge.".to_owned();
    if heatmap.mean.is_some() {
        caption += " Where the density has several modes, the median may lie between them and the \
                    intervals hold the gap too: see the density.";
    }
    caption
}
