//! `mdn-train generate`

mod built_in;

use std::path::PathBuf;

use built_in::BuiltIn;
use clap::Args;
use mdn_train::files::{Claims, Kind};
use serde::Serialize;

use super::next::{Next, file, model_for};
use super::options::count;
use super::output::Output;
use super::paths::OutputFile;
use super::values::whole;

/// Write a table of a built-in problem whose best attainable score is known
///
/// The first three are inverse problems, with several answers for one input; the others are tables of
/// several inputs as they come in practice. Inputs come first, targets last. The score is the entropy of the targets given the inputs: no
/// model's expected negative log-likelihood is lower. The same seed gives the same table on every
/// machine, and a longer table starts with the shorter one.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  mdn-train generate two-link-arm --rows 5000 --seed 0 --out arm.csv\n  \
    mdn-train fit arm.csv --targets 2 --covariance full --out arm.mdn\n  \
    mdn-train generate two-link-arm --rows 100000 --seed 1 --out fresh.csv\n  \
    mdn-train evaluate arm.mdn fresh.csv\n  \
    mdn-train generate friedman --noise-columns 5\n  \
    mdn-train generate timber --out boards.csv"
)]
pub struct Generate {
    /// The problem
    problem: BuiltIn,
    /// Rows to draw
    #[arg(long, short = 'n', default_value_t = 5000, value_parser = whole(1..=u32::MAX))]
    rows: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 0, value_parser = whole(0..=u64::MAX))]
    seed: u64,
    /// Columns of noise among the inputs: standard normal draws of which nothing else depends
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = whole(0..=MOST_NOISE))]
    noise_columns: u16,
    /// Where to write the CSV [default: PROBLEM.csv]
    #[arg(long, short, value_name = "FILE")]
    out: Option<OutputFile>,
}

/// The most columns of noise.
const MOST_NOISE: u16 = 1000;

#[derive(Serialize)]
struct Generated {
    problem: String,
    file: String,
    rows: u32,
    inputs: Vec<String>,
    targets: Vec<String>,
    floor_nll: f64,
}

impl Generate {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let problem = self.problem;
        let default = || PathBuf::from(format!("{}.csv", problem.name()));
        let out = self.out.map_or_else(default, |out| out.to_path_buf());
        let out = claims.claim(out, Kind::Table)?;
        let draws = problem.draws(self.rows as usize, self.seed);
        let draws = match self.noise_columns {
            0 => draws,
            count => draws.with_noise_columns(count.into(), self.seed),
        };
        out.write(|out| draws.write_to(out))?;
        let (inputs, targets) = draws.table.columns.split_at(draws.inputs);
        let generated = Generated {
            problem: problem.name(),
            file: out.path().display().to_string(),
            rows: self.rows,
            inputs: inputs.to_vec(),
            targets: targets.to_vec(),
            floor_nll: problem.entropy(),
        };
        output.say(format_args!(
            "{}\n{}: {}, inputs {}, targets {}\nfloor {:.4} nats, the entropy of the targets \
             given the inputs",
            problem.law(),
            generated.file,
            count(self.rows as usize, "row"),
            inputs.join(", "),
            targets.join(", "),
            generated.floor_nll,
        ))?;
        let (targets, model) = (targets.len().to_string(), model_for(out.path()));
        let fit = Next::new("fit", [file(out.path())]).with_option("targets", &targets);
        let fit = fit.with(problem.options());
        fit.with_option("out", &model.to_string_lossy())
            .say(output)?;
        output.result(&generated)
    }
}
