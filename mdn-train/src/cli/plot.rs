//! `mdn-train plot`

mod draw;
mod words;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use draw::{PLACES, Painter};
use mdn_infer::Model;
use mdn_train::data::{Dataset, Transform, alternatives};
use mdn_train::diagnose::{KeptRows, OneCategory, Seen, diagnose};
use mdn_train::files::Claims;
use mdn_train::metrics::{normal_nll, score};
use mdn_train::model_file::ModelFile;
use mdn_train::pictures::{Line, TypicalRow};
use mdn_train::plot::Report;
use mdn_train::run::METRICS;
use serde::Serialize;

use super::album::Album;
use super::options::{Reading, column_names, count, target_names};
use super::output::Output;
use super::paths::{InputFile, OutputFolder};

/// Draw a model on a table: density, samples, quantiles, calibration, and a report of them all
///
/// A slice: one input varies over the range that the table has, or a column of categories over its
/// categories; the others are held at typical values of the table, the median or the most frequent
/// category. Rows for which the model expects something else than on the slice, as their other inputs
/// differ, are drawn faintly. Axes show all rows but outliers, which are marked at the edge.
///
/// Writes PNG and SVG pictures and a self-contained report.html: scores, diagnostics as `evaluate`
/// prints them, the pictures, what to do next, command and data; with the course of training where the
/// model lies in the folder of its run.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train plot concrete.mdn concrete.csv --input age_days --out pictures"
)]
pub struct Plot {
    /// The model file
    model: InputFile,
    #[command(flatten)]
    reading: Reading,
    /// The input or column of categories that varies [default: the one that moves the first target's median most]
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
        // Slices have a place for rows whose inputs are known.
        let shown = data.whole_rows();
        let typical = TypicalRow::of(&model, &shown);
        let input = self.input_index(&typical, &model, &shown)?;
        let scores = score(&model, &data).map_err(|error| self.reading.place(error))?;
        let mut kept = KeptRows::new(&model);
        kept.look(&data);
        let mut categories = OneCategory::new(&model);
        categories.look(&data);
        let found = diagnose(&model, &data, &scores, Seen::Others);
        let found = found.map_err(|error| self.reading.place(error))?;
        let of_rows = [kept.diagnostic(), categories.diagnostic()];
        let diagnostics: Vec<_> = of_rows.into_iter().flatten().chain(found).collect();
        let mut album = Album::create(&self.out, claims)?;
        let mut painter = Painter {
            album: &mut album,
            model: &model,
            data: &shown,
            scores: &scores,
            typical: &typical,
            input,
        };
        let mut sections = vec![words::findings(&diagnostics)];
        for (d, name) in target_names(&model).iter().enumerate() {
            // Pictures are about the column itself.
            sections.push(painter.target(d, Transform::split(name).1)?);
        }
        sections.extend(painter.pair()?);
        sections.push(painter.weights()?);
        if let Some(file) = losses {
            sections.push(painter.loss(&file)?);
        }
        let summary = painter.summary(normal_nll(&data, &mdn_train::metrics::supports(&model)));
        let targets = target_names(&model);
        sections.push(words::next(&self, &targets, &typical, input, &kept));
        sections.push(words::made(&self, &data));
        let report = Report {
            title: format!("Model {}", self.model.display()),
            introduction: format!(
                "Scored on {} of {}. {}",
                count(data.rows, "row"),
                self.reading.data.display(),
                words::seen(&kept)
            ),
            summary,
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

    /// What varies: an input, or the first input of a column of categories.
    fn input_index(
        &self,
        typical: &TypicalRow<'_>,
        model: &Model<'_>,
        data: &Dataset,
    ) -> anyhow::Result<usize> {
        let Some(wanted) = &self.input else {
            return most_telling(typical, data);
        };
        let (names, _) = column_names(model);
        let input = names.iter().position(|name| name == wanted);
        let variations = typical.variations();
        let column = || {
            variations
                .iter()
                .copied()
                .find(|&one| typical.name(one) == *wanted)
        };
        input.or_else(column).with_context(|| {
            let columns: Vec<String> = variations.iter().map(|&one| typical.name(one)).collect();
            let inputs = alternatives(wanted, "inputs", &columns);
            format!("--input names `{wanted}`, which is no input{inputs}")
        })
    }
}

/// The input over whose range the first target's median moves most.
fn most_telling(typical: &TypicalRow<'_>, data: &Dataset) -> anyhow::Result<usize> {
    let mut most = (0, f32::NEG_INFINITY);
    for input in typical.variations() {
        let line = Line::new(typical, input, 0);
        let movement = line.movement(&line.places(line.range(data), PLACES))?;
        if movement > most.1 {
            most = (input, movement);
        }
    }
    Ok(most.0)
}
