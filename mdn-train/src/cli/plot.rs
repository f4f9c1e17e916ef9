//! `mdn-train plot`

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use mdn_infer::Model;
use mdn_train::data::{Dataset, Transform};
use mdn_train::files::Claims;
use mdn_train::metrics::{Scores, normal_nll, score};
use mdn_train::model_file::ModelFile;
use mdn_train::pictures::{Line, calibration, pair, pit_histogram};
use mdn_train::plot::{Figure, Loss, Report, Section, SummaryRow, centres};
use mdn_train::run::{METRICS, losses};
use serde::Serialize;

use super::album::Album;
use super::options::{Reading, column_names, target_names};
use super::output::{Output, figure};
use super::paths::{InputFile, OutputFolder};

/// Cells of a heat map along each axis.
const CELLS: usize = 100;
/// Places along the input at which samples and quantiles are taken.
const PLACES: usize = 100;
/// Of the range of what a target is, to spare on either side.
const MARGIN: f32 = 0.05;
const DRAWS: usize = 20;

/// Draw a model on a table: density, samples, quantiles, calibration, and a report of them all
///
/// One input varies over the range that the table has; the others are held at their training
/// means, or at their most frequent category. A category `cat=a` varies from 0, where the most
/// frequent other one of its column is 1, to 1: both ends are rows. Writes PNG and SVG pictures and
/// a self-contained report.html, with the course of training where the model lies in the folder of
/// its run.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train plot concrete.mdn concrete.csv --input age_days --out pictures"
)]
pub struct Plot {
    /// The model file
    model: InputFile,
    #[command(flatten)]
    reading: Reading,
    /// The input that varies [default: the one that moves the first target's median most]
    #[arg(long, value_name = "COL")]
    input: Option<String>,
    /// The folder for the pictures
    #[arg(long, short, default_value = "pictures", value_name = "DIR")]
    out: OutputFolder,
}

#[derive(Serialize)]
struct PlotResult {
    files: Vec<String>,
}

impl Plot {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let losses = self.losses();
        losses.iter().for_each(|file| claims.read(file));
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let data = self.reading.for_scoring(&model, output)?;
        let input = self.input_index(&model, &data)?;
        let scores = score(&model, &data).map_err(|error| self.reading.place(error))?;
        let mut album = Album::create(&self.out, claims)?;
        let mut sections = Vec::new();
        for (d, name) in target_names(&model).iter().enumerate() {
            // Pictures are about the column itself.
            let name = Transform::split(name).1;
            let figures = draw_target(&mut album, &model, &data, &scores, input, d, name)?;
            sections.push(Section {
                heading: name.to_owned(),
                words: words(&Line::new(&model, input, d)),
                figures,
            });
        }
        sections.extend(draw_pair(&mut album, &model, &data)?);
        sections.push(draw_weights(&mut album, &model, &data, input)?);
        if let Some(file) = losses {
            sections.push(draw_loss(&mut album, &file)?);
        }
        let report = Report {
            title: format!("Model {}", self.model.display()),
            introduction: format!(
                "Scored on {} rows of {}.",
                data.rows,
                self.reading.data.display()
            ),
            summary: score_rows(&scores, normal_nll(&data)),
            sections,
        };
        let files = album.finish(&report)?;
        let result = PlotResult { files };
        for file in &result.files {
            output.say(file)?;
        }
        output.result(&result)
    }

    /// The course of training, where the model lies in a run's folder.
    fn losses(&self) -> Option<PathBuf> {
        let file = self.model.with_file_name(METRICS);
        file.is_file().then_some(file)
    }

    fn input_index(&self, model: &Model<'_>, data: &Dataset) -> anyhow::Result<usize> {
        let (names, _) = column_names(model);
        let Some(wanted) = &self.input else {
            return most_telling(model, data);
        };
        let categories = names.iter().filter(|name| {
            let column = name.split_once('=').map(|(column, _)| column);
            column == Some(wanted)
        });
        let categories: Vec<&str> = categories.map(String::as_str).collect();
        let found = names.iter().position(|name| name == wanted);
        ensure!(
            found.is_some() || categories.is_empty(),
            "`{wanted}` is a column of categories; its inputs are {}",
            categories.join(", ")
        );
        found.with_context(|| format!("no input `{wanted}`; the inputs are {}", names.join(", ")))
    }
}

/// What varies and what is held.
fn words(line: &Line<'_>) -> String {
    let points = "The points are all rows of the table.";
    let varies = match line.ends() {
        Some(ends) => format!("One input varies {ends}"),
        None => "One input varies over the table's range".to_owned(),
    };
    match line.others() {
        Some(others) => format!("{varies}, the rest is held: {others}. {points}"),
        None if line.ends().is_some() => format!("{varies}. {points}"),
        None => points.to_owned(),
    }
}

/// The range over which the input varies: the table's, and all of a category's.
fn input_range(line: &Line<'_>, data: &Dataset, input: usize) -> (f32, f32) {
    match line.ends() {
        Some(_) => (0.0, 1.0),
        None => range(data.input_column(input), 0.0),
    }
}

/// The input over whose range the first target's median moves most.
fn most_telling(model: &Model<'_>, data: &Dataset) -> anyhow::Result<usize> {
    let mut most = (0, f32::NEG_INFINITY);
    for input in 0..model.inputs() {
        let line = Line::new(model, input, 0);
        let movement = line.movement(&centres(input_range(&line, data, input), PLACES))?;
        if movement > most.1 {
            most = (input, movement);
        }
    }
    Ok(most.0)
}

/// Two targets together, where there are two.
fn draw_pair(
    album: &mut Album,
    model: &Model<'_>,
    data: &Dataset,
) -> anyhow::Result<Option<Section>> {
    if model.dimensions() != 2 {
        return Ok(None);
    }
    let ranges = [0, 1].map(|d| range(data.target_column(d), MARGIN));
    let picture = pair(model, data, ranges)?;
    let rows = match picture.rows {
        rows if rows == data.rows => "the table's rows".to_owned(),
        rows => format!("{rows} of the table's {} rows", data.rows),
    };
    let caption = format!(
        "The smallest regions that hold 50%, 80% and 95% of the density, the mean over {rows}, \
         smoothed as far as so many rows ask: the data should fill them alike."
    );
    let figure = album.add("pair", &picture, &caption)?;
    Ok(Some(Section {
        heading: "Both targets".to_owned(),
        words: "What the model expects of both targets together, whatever the inputs.".to_owned(),
        figures: vec![figure],
    }))
}

/// The components' weights over the input.
fn draw_weights(
    album: &mut Album,
    model: &Model<'_>,
    data: &Dataset,
    input: usize,
) -> anyhow::Result<Section> {
    let line = Line::new(model, input, 0);
    let xs = centres(input_range(&line, data, input), PLACES);
    let caption = "The share of each component, one on top of the other. A component that is never \
                   wide is not needed; where one hands over to another, the answer changes.";
    let weights = line.weights(&xs)?;
    Ok(Section {
        heading: "Components".to_owned(),
        words: String::new(),
        figures: vec![album.add("weights", &weights, caption)?],
    })
}

/// The course of training, from the losses in the file `metrics`.
fn draw_loss(album: &mut Album, metrics: &Path) -> anyhow::Result<Section> {
    let loss = Loss {
        title: "Loss while training".to_owned(),
        ..losses(metrics)?
    };
    let caption = "Where the validation loss rises while the training loss falls, the network \
                   learns the rows by heart; the best step is kept.";
    let figure = album.add("loss", &loss, caption)?;
    Ok(Section {
        heading: "Training".to_owned(),
        words: format!("The losses of the run, from {}.", metrics.display()),
        figures: vec![figure],
    })
}

/// Every picture of one target.
fn draw_target(
    album: &mut Album,
    model: &Model<'_>,
    data: &Dataset,
    scores: &Scores,
    input: usize,
    d: usize,
    name: &str,
) -> anyhow::Result<Vec<Figure>> {
    let line = Line::new(model, input, d);
    let points = line.points(data);
    let x_range = input_range(&line, data, input);
    let y_range = range(points.iter().map(|point| point.1), MARGIN);
    let xs = centres(x_range, PLACES);
    let file = |what: &str| {
        let suffix = if model.dimensions() > 1 {
            format!("-{}", d + 1)
        } else {
            String::new()
        };
        format!("{what}{suffix}")
    };
    let heatmap = line.heatmap(x_range, y_range, (CELLS, CELLS), points.clone())?;
    let samples = line.samples(&xs, DRAWS, 0, points.clone())?;
    let fan = line.fan(&xs, points)?;
    Ok(vec![
        album.add(&file("heatmap"), &heatmap, "The predicted density, with the data.")?,
        album.add(&file("samples"), &samples, "Draws from the predicted density, with the data.")?,
        album.add(&file("fan"), &fan, "Median and central intervals.")?,
        album.add(
            &file("pit"),
            &pit_histogram(scores, d, name),
            "Flat for a calibrated model; a hump means intervals too wide, peaks at the ends too narrow.",
        )?,
        album.add(
            &file("calibration"),
            &calibration(scores, d, name),
            "How often central intervals of stated probability hold the target.",
        )?,
    ])
}

/// The values' range with a margin of this share of it, as far as numbers go; never empty.
fn range(values: impl Iterator<Item = f32>, margin: f32) -> (f32, f32) {
    let ends = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    // Half of the largest number, so that the range itself is a number too.
    let limit = 0.5 * f32::MAX;
    let (low, high) = (ends.0.clamp(-limit, limit), ends.1.clamp(-limit, limit));
    let margin = if high > low {
        margin * (high - low)
    } else {
        (0.1 * low.abs()).max(1.0)
    };
    ((low - margin).max(-limit), (high + margin).min(limit))
}

/// The scores as lines of a report's table.
pub fn score_rows(scores: &Scores, normal_nll: Option<f64>) -> Vec<SummaryRow> {
    let row = |label: &str, value: String, explanation: &str| SummaryRow {
        label: label.to_owned(),
        value,
        explanation: explanation.to_owned(),
    };
    let normal = normal_nll.map(|nll| {
        row(
            "NLL of a normal distribution",
            format!("{nll:.4} nats"),
            "one for all rows, with the mean and spread of these targets; it knows no inputs",
        )
    });
    let mut rows = vec![
        row(
            "NLL",
            format!("{:.4} nats", scores.nll),
            "mean negative log-density a row, in raw units; lower is better, and below 0 where the density exceeds 1",
        ),
        row(
            "RMSE of the mean",
            figure(scores.mean_rmse()),
            "misleading where several answers are right: the mean may be none of them",
        ),
        row(
            "in the central 50%",
            format!("{:.1}%", 100.0 * scores.mean_coverage(0.5)),
            "50% for a calibrated model",
        ),
        row(
            "in the central 90%",
            format!("{:.1}%", 100.0 * scores.mean_coverage(0.9)),
            "90% for a calibrated model",
        ),
    ];
    rows.splice(1..1, normal);
    rows
}
