//! `mdn-train demo`

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use mdn_infer::Level;
use mdn_train::data::generators::{inverse_sine, inverse_sine_entropy};
use mdn_train::data::{Dataset, NumericTable};
use mdn_train::files::write_atomically;
use mdn_train::fit::{FitConfig, Fitted, fit};
use mdn_train::metrics;
use mdn_train::pictures::{Line, loss};
use mdn_train::plot::{Report, Section, SummaryRow, centres};
use mdn_train::train::{Length, TrainOptions};
use mdn_train::verify::{Verification, verify};
use serde::Serialize;

use super::output::Output;
use super::plot::Album;
use super::progress::TrainingProgress;
use super::verify::hash_text;

const HELD_OUT_ROWS: usize = 100_000;
/// Keeps the held-out points apart from the training points of any seed in use.
const HELD_OUT_SEED: u64 = 1 << 32;
const X_RANGE: (f32, f32) = (-15.0, 15.0);
const Y_RANGE: (f32, f32) = (-10.0, 10.0);

/// Do the whole job on the classic inverse problem and leave everything in a folder
///
/// Draws points of x = 7 sin(0.75 y) + 0.5 y + noise, where up to five y explain one x, and
/// trains the network of the classic tutorial on them: 24 sigmoid units, 24 isotropic
/// components, plain Adam on all points at once. Writes the data, the model, pictures and a
/// report, and measures the model on fresh points against the best attainable score.
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train demo --seed 0 --out demo")]
pub struct Demo {
    /// The folder for data, model, pictures and report
    #[arg(long, short, default_value = "demo", value_name = "DIR")]
    out: PathBuf,
    /// Seed of the data and of training
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Points to draw and train on
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..))]
    points: u32,
    /// Adam steps
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
}

#[derive(Serialize)]
struct DemoResult {
    train_nll: f64,
    heldout_nll: f64,
    floor_nll: f64,
    golden_bits_equal: bool,
    max_relative_error: f64,
    output_hash: String,
    file_bytes: usize,
    parameters: usize,
    training_seconds: f64,
    files: Vec<String>,
}

impl Demo {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let mut album = Album::create(&self.out)?;
        let table = inverse_sine(self.points as usize, self.seed);
        table.write_csv(album.path("data.csv"))?;
        let data = Dataset::from_numeric(table, 1)?;
        output.say(format_args!(
            "{} points of x = 7 sin(0.75 y) + 0.5 y + noise; training 1 → 24 → 24 components",
            data.rows
        ))?;
        let start = Instant::now();
        let fitted = self.train(&data)?;
        let training_seconds = start.elapsed().as_secs_f64();
        let path = album.path("model.mdn");
        write_atomically(path, |out| out.write_all(fitted.file.bytes()))?;
        let model = fitted.file.model();
        let fresh = held_out(self.seed)?;
        let heldout_nll = metrics::nll(&model, &fresh)?;
        let verification = verify(&model, Level::detect())?;
        let mut result = DemoResult {
            train_nll: fitted.train.nll,
            heldout_nll,
            floor_nll: inverse_sine_entropy(),
            golden_bits_equal: verification.golden_bits_equal(),
            max_relative_error: verification.max_relative_error,
            output_hash: hash_text(verification.self_test.output_hash),
            file_bytes: fitted.file.bytes().len(),
            parameters: model.parameters(),
            training_seconds,
            files: Vec::new(),
        };
        draw(&mut album, &fitted, &data, &result, self.seed)?;
        result.files = album.files;
        say(&result, &verification, output)?;
        output.result(&result)?;
        anyhow::ensure!(
            result.golden_bits_equal,
            "the model's golden outputs differ on this machine"
        );
        Ok(())
    }

    fn train(&self, data: &Dataset) -> anyhow::Result<Fitted> {
        let length = Length::Steps(self.steps as usize);
        let options = TrainOptions {
            length,
            ..TrainOptions::classic()
        };
        let config = FitConfig {
            seed: self.seed,
            options,
            ..FitConfig::classic()
        };
        let mut progress = TrainingProgress::new(500);
        let fitted = fit(data, &config, &mut |report| progress.show(report));
        progress.finish();
        Ok(fitted?)
    }
}

fn held_out(seed: u64) -> anyhow::Result<Dataset> {
    let table: NumericTable = inverse_sine(HELD_OUT_ROWS, seed.wrapping_add(HELD_OUT_SEED));
    Ok(Dataset::from_numeric(table, 1)?)
}

fn draw(
    album: &mut Album,
    fitted: &Fitted,
    data: &Dataset,
    result: &DemoResult,
    seed: u64,
) -> anyhow::Result<()> {
    let model = fitted.file.model();
    let line = Line::new(&model, 0, 0);
    let places = centres(X_RANGE, 100);
    let figures = vec![
        album.add(
            "data",
            &line.scatter(data),
            "The training points: up to five y for one x.",
        )?,
        album.add(
            "loss",
            &loss(&fitted.trained, fitted.log_jacobian),
            "The mean negative log-likelihood of the training points.",
        )?,
        album.add(
            "heatmap",
            &line.heatmap(X_RANGE, Y_RANGE, (100, 100), Vec::new())?,
            "The density of y given x, column by column.",
        )?,
        album.add(
            "samples",
            &line.samples(&places, 20, seed, line.points(data))?,
            "Twenty draws at each of a hundred x.",
        )?,
    ];
    let row = |label: &str, value: String, explanation: &str| SummaryRow {
        label: label.to_owned(),
        value,
        explanation: explanation.to_owned(),
    };
    let words = "A network that predicts one number would answer with the mean of the branches, \
                 where no data lie. The mixture keeps every branch.";
    album.report(&Report {
        title: "The classic inverse problem".to_owned(),
        introduction: "x = 7 sin(0.75 y) + 0.5 y + noise with standard deviation 1, and y uniform \
                       between −10.5 and 10.5; the network predicts y from x."
            .to_owned(),
        summary: vec![
            row(
                "NLL on training points",
                format!("{:.4} nats", result.train_nll),
                "mean negative log-density",
            ),
            row(
                "NLL on fresh points",
                format!("{:.4} nats", result.heldout_nll),
                "100,000 points that training did not see",
            ),
            row(
                "floor",
                format!("{:.4} nats", result.floor_nll),
                "the entropy of y given x: no model does better on average",
            ),
            row(
                "model file",
                format!("{} bytes", result.file_bytes),
                "with golden vectors for the self-test",
            ),
            row(
                "parameters",
                result.parameters.to_string(),
                "numbers that training adjusted",
            ),
            row(
                "error against f64",
                format!("{:.1e}", result.max_relative_error),
                "largest error of a log-density p, relative to max(1, |log p|)",
            ),
            row(
                "output hash",
                result.output_hash.clone(),
                "the same on every machine and board that runs this file",
            ),
        ],
        sections: vec![Section {
            heading: "Pictures".to_owned(),
            words: words.to_owned(),
            figures,
        }],
    })
}

fn say(
    result: &DemoResult,
    verification: &Verification,
    output: &mut Output,
) -> anyhow::Result<()> {
    output.say(format_args!(
        "train NLL          {:.4}\n\
         NLL, fresh points  {:.4}  ({HELD_OUT_ROWS} of them)\n\
         floor              {:.4}  (the entropy of y given x)\n\
         model file         {} bytes, {} parameters\n\
         golden vectors     {} outputs, {} differ\n\
         output hash        {}\n\
         against f64        {:.2e} largest error of the log-density, relative to max(1, |log p|)\n\
         training time      {:.1} s",
        result.train_nll,
        result.heldout_nll,
        result.floor_nll,
        result.file_bytes,
        result.parameters,
        verification.self_test.values,
        verification.self_test.mismatches,
        result.output_hash,
        result.max_relative_error,
        result.training_seconds,
    ))?;
    for file in &result.files {
        output.say(format_args!("wrote {file}"))?;
    }
    Ok(())
}
