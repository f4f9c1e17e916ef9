//! `mdn-train demo`

mod arm;
mod classic;
mod words;

use std::time::Instant;

use clap::Args;
use mdn_infer::Level;
use mdn_train::data::Dataset;
use mdn_train::files::Claims;
use mdn_train::fit::{FitConfig, Fitted, fit_with};
use mdn_train::metrics;
use mdn_train::plot::Figure;
use mdn_train::recovery::Recovery;
use mdn_train::train::{Control, Length};
use mdn_train::verify::verify;
use serde::Serialize;

use super::album::Album;
use super::next::{Next, file};
use super::options::check_learnt;
use super::output::Output;
use super::paths::OutputFolder;
use super::problem::Problem;
use super::progress::TrainingProgress;
use super::signals::Signals;
use super::values::whole;
use super::verify::hash_text;

const HELD_OUT_ROWS: usize = 100_000;
/// Keeps the held-out points apart from the training points of any seed in use.
const HELD_OUT_SEED: u64 = 1 << 32;

/// Do the whole job on a built-in inverse problem and leave everything in a folder
///
/// inverse-sine draws points of x = 7 sin(0.75 y) + 0.5 y + noise, where up to five y explain one
/// x, and trains the network of the classic tutorial on them: 24 sigmoid units, 24 isotropic
/// components, plain Adam on all points at once.
///
/// two-link-arm draws measured positions of the tip of an arm and the angles of its shoulder and
/// elbow, and fits the angles as `fit --covariance full` does. It counts the tips for which the
/// two highest modes are both solutions, elbow up and elbow down.
///
/// bishop draws points of x = t + 0.3 sin 2πt + noise, where up to three t explain one x, and fits
/// them with the defaults of `fit`.
///
/// Each writes the data, the model, pictures and a report, and measures the model on fresh
/// points against the best attainable score.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  mdn-train demo --seed 0 --out demo\n  mdn-train demo --problem two-link-arm --out arm"
)]
pub struct Demo {
    /// The problem
    #[arg(long, default_value = "inverse-sine", value_name = "NAME")]
    problem: Problem,
    /// The folder for data, model, pictures and report
    #[arg(long, short, default_value = "demo", value_name = "DIR")]
    out: OutputFolder,
    /// Seed of the data and of training
    #[arg(long, default_value_t = 0, value_parser = whole(0..=u64::MAX))]
    seed: u64,
    /// Points to draw and train on [default: 1000, for two-link-arm 5000]
    #[arg(long, value_parser = whole(10..=u32::MAX))]
    points: Option<u32>,
    /// Networks in the file, as in `fit`
    #[arg(long, default_value_t = 1, value_name = "M",
          value_parser = whole(1..=u8::MAX))]
    ensemble: u8,
    /// Adam steps [default: 10000, for the others 4000]
    #[arg(long, value_parser = whole(1..=u32::MAX))]
    steps: Option<u32>,
}

#[derive(Serialize)]
struct DemoResult {
    problem: &'static str,
    networks: usize,
    train_nll: f64,
    heldout_nll: f64,
    floor_nll: f64,
    /// Of the arm only: what became of its two solutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    both_solutions_recovered: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    median_angle_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tips: Option<usize>,
    golden_bits_equal: bool,
    golden_values: usize,
    golden_mismatches: usize,
    max_relative_error: f64,
    output_hash: String,
    file_bytes: usize,
    parameters: usize,
    training_seconds: f64,
    files: Vec<String>,
}

impl Demo {
    pub fn run(self, claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let signals = Signals::catch()?;
        let mut album = Album::create(&self.out, claims)?;
        let (points_file, model_file) = (album.claim("data.csv")?, album.claim("model.mdn")?);
        album.reserve(self.pictures())?;
        let count = self.points.unwrap_or(match self.problem {
            Problem::InverseSine | Problem::Bishop => 1000,
            Problem::TwoLinkArm => 5000,
        });
        let table = self.problem.table(count as usize, self.seed);
        let mut points = Vec::new();
        table.write_to(&mut points)?;
        album.write(points_file, points)?;
        let data = Dataset::from_numeric(table, self.problem.inputs())?;
        let law = self.problem.law();
        let networks = self.networks();
        output.say(format_args!("{law}\n{count} points; training {networks}"))?;
        let start = Instant::now();
        let fitted = self.train(&data, &signals)?;
        check_learnt(
            fitted.nothing_learnt,
            data.rows,
            "more --steps and --points",
        )?;
        let stopped = signals.status();
        let training_seconds = start.elapsed().as_secs_f64();
        album.write(model_file, fitted.file.bytes().to_vec())?;
        let mut result = self.measure(&fitted, training_seconds)?;
        let figures = self.draw(&mut album, &fitted, &data)?;
        result.files = album.finish(&words::report(self.problem, &result, figures, count))?;
        words::say(&result, output)?;
        match stopped {
            Some(status) => {
                output.status = status;
                output.note("training was stopped by a signal: this is the best model so far");
            }
            None => self.next().say(output)?,
        }
        output.result(&result)?;
        anyhow::ensure!(
            result.golden_bits_equal,
            "the model's golden outputs differ on this machine"
        );
        Ok(())
    }

    fn next(&self) -> Next {
        let files = ["model.mdn", "data.csv"].map(|name| self.out.join(name));
        Next::new("predict", files.iter().map(|path| file(path)))
    }

    /// The networks in words.
    fn networks(&self) -> String {
        let network = match self.problem {
            Problem::InverseSine => "1 → 24 → 24 components",
            Problem::TwoLinkArm => "2 → 64 → 64 → 20 components, full covariance",
            Problem::Bishop => "1 → 64 → 64 → 20 components",
        };
        match self.ensemble {
            1 => network.to_owned(),
            networks => format!("{networks} networks of {network}"),
        }
    }

    /// The model, the best so far where a signal came.
    fn train(&self, data: &Dataset, signals: &Signals) -> anyhow::Result<Fitted> {
        let mut config = match self.problem {
            Problem::InverseSine => FitConfig::classic(),
            Problem::TwoLinkArm => arm::config(),
            Problem::Bishop => FitConfig::default(),
        };
        config.seed = self.seed;
        config.ensemble = self.ensemble;
        if let Some(steps) = self.steps {
            config.options.length = Length::Steps(steps as usize);
        }
        let mut progress = TrainingProgress::new(config.options.loss);
        let mut observer = |report: &_| progress.show(report);
        let stop = || signals.came();
        let control = Control {
            stop: Some(&stop),
            ..Control::new(&mut observer)
        };
        let fitted = fit_with(data, &config, control);
        progress.finish();
        Ok(fitted?)
    }

    fn measure(&self, fitted: &Fitted, training_seconds: f64) -> anyhow::Result<DemoResult> {
        let model = fitted.file.model();
        let seed = self.seed.wrapping_add(HELD_OUT_SEED);
        let fresh = self.problem.table(HELD_OUT_ROWS, seed);
        let fresh = Dataset::from_numeric(fresh, self.problem.inputs())?;
        let verification = verify(&model, Level::detect())?;
        let recovery = match self.problem {
            Problem::InverseSine | Problem::Bishop => None,
            Problem::TwoLinkArm => Some(Recovery::new(&model)?),
        };
        Ok(DemoResult {
            problem: self.problem.name(),
            networks: model.members(),
            train_nll: fitted.train.nll,
            heldout_nll: metrics::nll(&model, &fresh)?,
            floor_nll: self.problem.entropy(),
            both_solutions_recovered: recovery.as_ref().map(Recovery::share),
            median_angle_error: recovery.as_ref().map(Recovery::median_error),
            tips: recovery.map(|recovery| recovery.errors.len()),
            golden_bits_equal: verification.golden_bits_equal(),
            golden_values: verification.self_test.values,
            golden_mismatches: verification.self_test.mismatches,
            max_relative_error: verification.max_relative_error,
            output_hash: hash_text(verification.self_test.output_hash),
            file_bytes: fitted.file.bytes().len(),
            parameters: model.parameters(),
            training_seconds,
            files: Vec::new(),
        })
    }

    /// What [`draw`](Self::draw) calls its pictures.
    fn pictures(&self) -> &'static [&'static str] {
        match self.problem {
            Problem::InverseSine | Problem::Bishop => &["data", "loss", "heatmap", "samples"],
            Problem::TwoLinkArm => &["two-link-arm", "heatmap", "data", "loss"],
        }
    }

    fn draw(
        &self,
        album: &mut Album,
        fitted: &Fitted,
        data: &Dataset,
    ) -> anyhow::Result<Vec<Figure>> {
        match self.problem {
            Problem::InverseSine => {
                classic::draw(album, fitted, data, self.seed, classic::INVERSE_SINE)
            }
            Problem::TwoLinkArm => arm::draw(album, fitted, data, self.seed),
            Problem::Bishop => classic::draw(album, fitted, data, self.seed, classic::BISHOP),
        }
    }
}
