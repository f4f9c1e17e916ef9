//! Which columns of which table to fit.

use std::path::Path;

use anyhow::{anyhow, ensure};
use clap::Args;
use mdn_train::data::{
    DataError, Dataset, OwnedRows, ReadOptions, StoredTable, Table, TableBlocks, Transform,
};

use crate::cli::given::dimension;
use crate::cli::options::Reading;
use crate::cli::output::Output;
use crate::cli::streaming::Streaming;
use crate::cli::values::{About, positive, transform, unit};

/// The table and what its columns are.
#[derive(Args)]
pub struct ColumnChoices {
    #[command(flatten)]
    pub reading: Reading,
    /// Target columns, separated by commas
    #[arg(
        long,
        required_unless_present = "targets",
        value_delimiter = ',',
        value_name = "COL"
    )]
    target: Vec<String>,
    /// How many of the last columns are the targets, instead of --target
    #[arg(long, value_name = "N", conflicts_with = "target", value_parser = positive)]
    targets: Option<usize>,
    /// Learn the targets, or the one named, on another scale: `log` for values above 0, `logit` for
    /// values between 0 and 1. The model's target is then called log(COL); scores, quantiles and
    /// draws are those of COL again
    #[arg(long, value_delimiter = ',', value_name = "[COL=]KIND", value_parser = transform)]
    transform: Vec<About<Transform>>,
    /// Input columns, separated by commas [default: every column that is no target]
    #[arg(long, value_delimiter = ',', value_name = "COL")]
    inputs: Option<Vec<String>>,
    /// Input columns that hold categories although they hold numbers; columns of texts are found
    #[arg(long, value_delimiter = ',', value_name = "COL")]
    categorical: Vec<String>,
    /// Unit of a column, kept in the file; may be given again
    #[arg(long, value_name = "COL=UNIT", value_parser = unit)]
    pub unit: Vec<(String, String)>,
}

impl ColumnChoices {
    /// The rows to fit on.
    pub fn data(&self, output: &mut Output) -> anyhow::Result<Dataset> {
        let table = self.reading.table()?;
        let inputs = self.inputs.as_deref();
        let targets = self.transformed(self.target_names(&table)?)?;
        let data = Dataset::for_training(&table, inputs, &targets, &self.options());
        let data = data.map_err(|error| self.advised(error, &targets))?;
        self.check_units(&data)?;
        Ok(self.reading.check(data, output))
    }

    /// The rows to fit on, those of a large table on the disk, in `folder`.
    pub fn rows(
        &self,
        streaming: &Streaming,
        folder: &Path,
        output: &mut Output,
    ) -> anyhow::Result<OwnedRows> {
        if !streaming.applies(&self.reading.data) {
            return Ok(OwnedRows::Memory(self.data(output)?));
        }
        let (path, options) = (&self.reading.data, self.options());
        let mut blocks = TableBlocks::open(path, &options)?;
        let targets = match blocks.next().transpose()? {
            Some(first) => self.transformed(self.target_names(&first)?)?,
            None => Vec::new(),
        };
        let inputs = self.inputs.as_deref();
        let table = StoredTable::for_training(path, inputs, &targets, &options, folder)
            .map_err(|error| self.advised(error, &targets))?;
        let some = table.sample(1)?;
        self.check_units(&some)?;
        self.reading.check(some, output);
        Ok(OwnedRows::Stored(table))
    }

    fn options(&self) -> ReadOptions {
        ReadOptions {
            categorical: self.categorical.clone(),
            ..self.reading.options()
        }
    }

    /// An error with the options that may help.
    fn advised(&self, error: DataError, targets: &[String]) -> anyhow::Error {
        let column = match &error {
            DataError::NotANumber { column, .. } => column,
            DataError::UnsupportedType { .. } if self.inputs.is_none() => {
                return anyhow!("{error}; --inputs can leave the column out");
            }
            _ => return error.into(),
        };
        let mut names = targets
            .iter()
            .flat_map(|name| [name, Transform::split(name).1]);
        if names.any(|name| name == column) {
            anyhow!("{error}; a target must be a number")
        } else if self.inputs.is_none() {
            anyhow!(
                "{error}; --inputs can leave the column out, --categorical can take its values as \
                 categories"
            )
        } else {
            error.into()
        }
    }

    fn target_names(&self, table: &Table) -> anyhow::Result<Vec<String>> {
        let Some(count) = self.targets else {
            return Ok(self.target.clone());
        };
        let columns = table.columns();
        let inputs = columns.len().saturating_sub(count);
        ensure!(
            inputs > 0,
            "--targets {count} leaves no column as input: {} has {} columns",
            table.name(),
            columns.len()
        );
        Ok(columns[inputs..].to_vec())
    }

    /// The names of the targets, transformed as asked.
    fn transformed(&self, names: Vec<String>) -> anyhow::Result<Vec<String>> {
        for target in self
            .transform
            .iter()
            .filter_map(|about| about.target.as_ref())
        {
            dimension(&names, target, "--transform")?;
        }
        let transformed = |name: String| {
            let last = self
                .transform
                .iter()
                .rev()
                .find_map(|about| about.of(&name));
            last.map_or(name.clone(), |transform| transform.of(&name))
        };
        Ok(names.into_iter().map(transformed).collect())
    }

    fn check_units(&self, data: &Dataset) -> anyhow::Result<()> {
        let known = |column: &String| {
            data.input_names.contains(column) || data.target_names.contains(column)
        };
        match self.unit.iter().find(|(column, _)| !known(column)) {
            Some((column, _)) => {
                anyhow::bail!("--unit names `{column}`, which is neither input nor target")
            }
            None => Ok(()),
        }
    }
}
