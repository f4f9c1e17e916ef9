//! `mdn-train predict`

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Args;
use mdn_infer::{Marginal, Mixture, Model, PredictError};
use mdn_train::data::Dataset;
use mdn_train::files::write_atomically;
use mdn_train::metrics::map_rows;
use mdn_train::model_file::ModelFile;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::options::{Reading, target_names};
use super::output::{Output, check_writable};
use super::values::probability;

/// Predict the distribution of the targets for each row of a table
///
/// Writes CSV: for each row its line in the table's file (the header is line 1), the mean, the standard deviation and the quantiles of each target,
/// and the mixture's parameters: weights, means and standard deviations of the components (the
/// marginal ones for full covariance). Where the table has the targets too, the log-density
/// stands beside them. More can be asked about each target: probabilities, intervals, the
/// most probable value, scores. With --json the result is one object with `columns` and `rows`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  mdn-train predict concrete.mdn new.csv --quantiles 0.05,0.5,0.95 > predicted.csv\n  mdn-train predict concrete.mdn new.csv --summary --cdf 30,40 --hdr 0.9 --mode"
)]
pub struct Predict {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Where to write the CSV [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Probabilities whose quantiles are wanted, each between 0 and 1
    #[arg(long, default_value = "0.05,0.25,0.5,0.75,0.95", value_delimiter = ',', value_name = "P",
          value_parser = probability)]
    quantiles: Vec<f32>,
    /// Leave the mixture's parameters out
    #[arg(long)]
    summary: bool,
    #[command(flatten)]
    questions: Questions,
}

/// What else can be asked about each target.
#[derive(Args)]
struct Questions {
    /// Values, in the target's units, for which the probability of at most that much is wanted
    #[arg(long, value_delimiter = ',', value_name = "Y", value_parser = value,
          allow_hyphen_values = true)]
    cdf: Vec<f32>,
    /// Probabilities whose central intervals are wanted: as much lies below as above
    #[arg(long, value_delimiter = ',', value_name = "P", value_parser = probability)]
    interval: Vec<f32>,
    /// Probability whose highest-density region is wanted: the smallest set that holds it, as
    /// intervals `low:high` with a blank between them
    #[arg(long, value_name = "P", value_parser = probability)]
    hdr: Option<f32>,
    /// The mode: the value of highest density
    #[arg(long)]
    mode: bool,
    /// The continuous ranked probability score of the target in the table, in its units
    #[arg(long)]
    crps: bool,
}

/// A number, which may be infinite.
fn value(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(value) if !value.is_nan() => Ok(value),
        _ => Err("a number".to_owned()),
    }
}

impl Questions {
    /// The names of the columns that answer about the target `name`.
    fn columns(&self, name: &str) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        columns.extend(self.cdf.iter().map(|y| format!("{name}_cdf{y}")));
        for p in &self.interval {
            columns.extend([format!("{name}_low{p}"), format!("{name}_high{p}")]);
        }
        columns.extend(self.hdr.map(|p| format!("{name}_hdr{p}")));
        columns.extend(self.mode.then(|| format!("{name}_mode")));
        columns.extend(self.crps.then(|| format!("{name}_crps")));
        columns
    }

    /// The answers, in the order of [`columns`](Self::columns); `target` is what came true,
    /// where that is known.
    fn answers(
        &self,
        marginal: &Marginal<'_>,
        components: usize,
        target: Option<f32>,
    ) -> Result<Vec<Cell>, PredictError> {
        let mut answers = Vec::new();
        for &y in &self.cdf {
            answers.push(Cell::Number(marginal.cdf(y)?));
        }
        for &p in &self.interval {
            let (low, high) = marginal.central_interval(p)?;
            answers.extend([Cell::Number(low), Cell::Number(high)]);
        }
        if let Some(p) = self.hdr {
            let mut region = vec![(0.0, 0.0); components];
            let count = marginal.highest_density_region(p, &mut region)?;
            region.truncate(count);
            answers.push(Cell::Intervals(region));
        }
        if self.mode {
            answers.push(Cell::Number(marginal.mode()));
        }
        if let (true, Some(target)) = (self.crps, target) {
            answers.push(Cell::Number(marginal.crps(target)?));
        }
        Ok(answers)
    }
}

impl Predict {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let data = self.reading.for_prediction(&model, output)?;
        self.out.as_deref().map_or(Ok(()), check_writable)?;
        ensure!(
            !(self.questions.crps && data.target_names.is_empty()),
            "--crps scores the targets, and the table does not have them"
        );
        let columns = self.columns(&model, !data.target_names.is_empty());
        let rows = map_rows(&model, &data, |row, mixture| self.row(&data, row, mixture))
            .map_err(|error| self.reading.place(error))?;
        write(self.out.as_deref(), &columns, &rows, output)
    }

    fn columns(&self, model: &Model<'_>, has_targets: bool) -> Vec<String> {
        let mut columns = vec!["line".to_owned()];
        let names = target_names(model);
        for name in &names {
            columns.extend([format!("{name}_mean"), format!("{name}_sd")]);
            columns.extend(self.quantiles.iter().map(|p| format!("{name}_q{p}")));
            columns.extend(self.questions.columns(name));
        }
        if has_targets {
            columns.push("log_density".to_owned());
        }
        if !self.summary {
            for k in 1..=model.components() {
                columns.push(format!("weight_{k}"));
                for name in &names {
                    columns.extend([format!("{name}_mean_{k}"), format!("{name}_sd_{k}")]);
                }
            }
        }
        columns
    }

    fn row(
        &self,
        data: &Dataset,
        row: usize,
        mixture: &Mixture<'_>,
    ) -> Result<Vec<Cell>, PredictError> {
        let target = (!data.target_names.is_empty()).then(|| data.target(row));
        let mut cells = vec![Cell::Index(data.lines[row] as usize)];
        for d in 0..mixture.dimensions() {
            let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
            let moments = [marginal.mean(), marginal.standard_deviation()];
            cells.extend(moments.map(Cell::Number));
            for &p in &self.quantiles {
                cells.push(Cell::Number(marginal.quantile(p)?));
            }
            let outcome = target.map(|target| target[d]);
            cells.extend(self.questions.answers(&marginal, mixture.len(), outcome)?);
        }
        if let Some(target) = target {
            cells.push(Cell::Number(mixture.log_density(target)?));
        }
        if !self.summary {
            for component in mixture.components() {
                cells.push(Cell::Number(component.weight()));
                for d in 0..mixture.dimensions() {
                    let moments = [component.mean(d), component.scale(d)];
                    cells.extend(moments.map(Cell::Number));
                }
            }
        }
        Ok(cells)
    }
}

/// A cell of a table of results.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A count, such as the number of a line.
    Index(usize),
    /// A number of the engine.
    Number(f32),
    /// Disjoint intervals in ascending order.
    Intervals(Vec<(f32, f32)>),
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Index(index) => index.fmt(f),
            Cell::Number(number) => number.fmt(f),
            Cell::Intervals(intervals) => {
                let one = |(low, high): &(f32, f32)| format!("{low}:{high}");
                let all: Vec<String> = intervals.iter().map(one).collect();
                f.write_str(&all.join(" "))
            }
        }
    }
}

/// Writes rows of numbers: to `path`, to standard output, or as the result of `--json`.
pub fn write(
    path: Option<&Path>,
    columns: &[String],
    rows: &[Vec<Cell>],
    output: &mut Output,
) -> anyhow::Result<()> {
    if let Some(path) = path {
        write_atomically(path, |out| {
            write_csv(out, columns, rows).map_err(io::Error::other)
        })?;
        output.say(format_args!("{}: {} rows", path.display(), rows.len()))?;
    } else if !output.is_json() {
        write_csv(&mut io::stdout().lock(), columns, rows)?;
    }
    let mut result = Map::new();
    match path {
        Some(path) => result.insert("file".to_owned(), json!(path.display().to_string())),
        None => result.insert("rows".to_owned(), json!(rows)),
    };
    result.insert("columns".to_owned(), json!(columns));
    output.result(&Value::Object(result))
}

fn write_csv(out: &mut dyn Write, columns: &[String], rows: &[Vec<Cell>]) -> csv::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns)?;
    for row in rows {
        csv.write_record(row.iter().map(Cell::to_string))?;
    }
    Ok(csv.flush()?)
}
