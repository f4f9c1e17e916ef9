//! `mdn-train predict`

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::iter;
use std::path::{Path, PathBuf};

use clap::Args;
use mdn_infer::{Mixture, Model, PredictError};
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
/// stands beside them. With --json the result is one object with `columns` and `rows`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train predict concrete.mdn new.csv --quantiles 0.05,0.5,0.95 > predicted.csv"
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
}

impl Predict {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let data = self.reading.for_prediction(&model, output)?;
        self.out.as_deref().map_or(Ok(()), check_writable)?;
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
        let mut values = Vec::new();
        for d in 0..mixture.dimensions() {
            let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
            values.extend([marginal.mean(), marginal.standard_deviation()]);
            for &p in &self.quantiles {
                values.push(marginal.quantile(p)?);
            }
        }
        if !data.target_names.is_empty() {
            values.push(mixture.log_density(data.target(row))?);
        }
        if !self.summary {
            for component in mixture.components() {
                values.push(component.weight());
                for d in 0..mixture.dimensions() {
                    values.extend([component.mean(d), component.scale(d)]);
                }
            }
        }
        let line = Cell::Index(data.lines[row] as usize);
        Ok(iter::once(line)
            .chain(values.into_iter().map(Cell::Number))
            .collect())
    }
}

/// A cell of a table of results.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A count, such as the number of a line.
    Index(usize),
    /// A number of the engine.
    Number(f32),
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Index(index) => index.fmt(f),
            Cell::Number(number) => number.fmt(f),
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
