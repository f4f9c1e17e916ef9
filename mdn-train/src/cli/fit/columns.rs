//! Which columns of which table to fit.

use std::path::Path;

use anyhow::{anyhow, bail, ensure};
use clap::{Args, ValueEnum};
use mdn_train::data::{
    ArrangedBy, DataError, Dataset, InputChoice, MissingInputs, OwnedRows, ReadOptions,
    StoredTable, Table, TableBlocks, Transform, alternatives,
};
use mdn_train::fit::SupportRule;

use super::hold_out::HoldOutChoices;
use crate::cli::given::dimension;
use crate::cli::options::Reading;
use crate::cli::output::Output;
use crate::cli::streaming::Streaming;
use crate::cli::values::{
    About, Saturation, input_transform, positive, saturation, support, transform, unit,
};

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
    /// Learn the targets, or the one named, on another scale: `log` for values above 0, and rows of 0 beside
    /// them, which get a probability of their own; `logit` for values between 0 and 1 [default: as they
    /// are]. The model's target is then called log(COL); scores, quantiles and draws are those of COL again
    #[arg(long, value_delimiter = ',', value_name = "[COL=]KIND", value_parser = transform)]
    transform: Vec<About<Transform>>,
    /// What values a target, or the one named, can have, where that is not every number: `lattice:STEP`
    /// for counts and grades; `atoms:V,…` for values that many rows have exactly, such as 0 mm of rain;
    /// `bounds:LO,HI` where there are none beyond, of which one may be left out; `circle:PERIOD` for
    /// directions; `continuous` for none of these. May be given again [default: found in the training
    /// rows, but for bounds]
    #[arg(long, value_name = "[COL=]KIND", value_parser = support)]
    pub support: Vec<(Option<String>, SupportRule)>,
    /// Input columns, separated by commas [default: every column that is no target, but for those that
    /// number the rows or are an index by the file's metadata]
    #[arg(long, value_delimiter = ',', value_name = "COL")]
    inputs: Option<Vec<String>>,
    /// Column of numbers from 0 that say as how many rows each row counts: in the loss, in scores, and in what is
    /// held out. A row of weight 2 is the same as two equal rows, and one of weight 0 is left out. No input unless
    /// --inputs names it [default: each row counts once]
    #[arg(long, value_name = "COL")]
    pub weights: Option<String>,
    /// Input columns that hold categories although they hold numbers; columns of texts are found
    #[arg(long, value_delimiter = ',', value_name = "COL")]
    categorical: Vec<String>,
    /// What becomes of missing values (empty, NA, NaN, null) of inputs: `learn` puts the median in their
    /// place and shows the network that they were missing, and the model then takes such rows too; `refuse`
    /// is an error. A missing target is an error anyway, and --skip-missing leaves such rows out
    #[arg(
        long,
        value_name = "HOW",
        default_value = "learn",
        conflicts_with = "skip_missing"
    )]
    missing: MissingName,
    /// The scale on which an input, or the one named, is learnt: `log` for values above 0, `symmetric-log`
    /// for any that spread over powers of ten, `none` for as it is, or `auto`: a logarithm where a few values
    /// are so far from the others that the network would see nothing else. May be given again [default: auto]
    #[arg(long, value_name = "[COL=]KIND", value_parser = input_transform)]
    pub input_transform: Vec<(Option<String>, InputChoice)>,
    /// How far beyond the training rows an input counts as what it is, in widths of their range; farther out
    /// it counts as that far. `inf` for no limit; with `none` the file does not say the ranges either
    #[arg(long, value_name = "WIDTHS", default_value = "0.5", value_parser = saturation)]
    pub saturate: Saturation,
    /// Unit of a column, kept in the file; may be given again
    #[arg(long, value_name = "COL=UNIT", value_parser = unit)]
    pub unit: Vec<(String, String)>,
    #[command(flatten)]
    pub held: HoldOutChoices,
}

/// `--missing`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MissingName {
    /// Learn from them
    Learn,
    /// Refuse the table
    Refuse,
}

/// What was chosen of a table.
struct Chosen {
    inputs: Option<Vec<String>>,
    targets: Vec<String>,
    options: ReadOptions,
}

impl ColumnChoices {
    /// The rows to fit on.
    pub fn data(&self, output: &mut Output) -> anyhow::Result<Dataset> {
        let table = self.reading.table()?;
        let chosen = self.chosen(&table)?;
        let inputs = chosen.inputs.as_deref();
        let data = Dataset::for_training(&table, inputs, &chosen.targets, &chosen.options);
        let data = data.map_err(|error| self.advised(error, &chosen.targets))?;
        self.check_units(&data)?;
        self.check_input_transforms(&data)?;
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
        let path = &self.reading.data;
        let mut blocks = TableBlocks::open(path, &self.reading.options())?;
        let Some(first) = blocks.next().transpose()? else {
            let file = blocks.name().to_owned();
            bail!(DataError::NoRows { file });
        };
        let Chosen {
            inputs,
            targets,
            options,
        } = self.chosen(&first)?;
        drop((first, blocks));
        let table = StoredTable::for_training(path, inputs.as_deref(), &targets, &options, folder)
            .map_err(|error| self.advised(error, &targets))?;
        let some = table.sample(1)?;
        self.check_units(&some)?;
        self.check_input_transforms(&some)?;
        self.reading.check(some, output);
        Ok(OwnedRows::Stored(table))
    }

    fn chosen(&self, table: &Table) -> anyhow::Result<Chosen> {
        let inputs = self.inputs.as_deref();
        Ok(Chosen {
            inputs: inputs.map(|inputs| whole_names(inputs, table)),
            targets: self.transformed(self.target_names(table)?)?,
            options: ReadOptions {
                categorical: whole_names(&self.categorical, table),
                missing_inputs: match self.missing {
                    MissingName::Learn if !self.reading.skip_missing => MissingInputs::Any,
                    _ => MissingInputs::None,
                },
                arranged_by: ArrangedBy {
                    weights: self.weights.clone(),
                    ..self.held.arranged_by()?
                },
                ..self.reading.options()
            },
        })
    }

    /// An error with the options that may help.
    fn advised(&self, error: DataError, targets: &[String]) -> anyhow::Error {
        let column = match &error {
            DataError::NotANumber { column, .. } => column,
            DataError::OutsideTransform { .. } => {
                return anyhow!(
                    "{error}; where many rows have such a value exactly, --support atoms:VALUE knows it \
                     without --transform, and where it is only the end of the values, --support bounds: knows that"
                );
            }
            DataError::UnsupportedType { .. } if self.inputs.is_none() => {
                return anyhow!("{error}; --inputs can leave the column out");
            }
            _ => return self.reading.place_data(error),
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
            return Ok(whole_names(&self.target, table));
        };
        // An index is a name of the rows, wherever it stands.
        let is_index = |column: &&String| table.index_columns().contains(column);
        let columns = table.columns().iter().filter(|column| !is_index(column));
        let columns: Vec<String> = columns.cloned().collect();
        let inputs = columns.len().saturating_sub(count);
        ensure!(
            inputs > 0,
            "--targets {count} leaves no column as input: {} has {}",
            table.name(),
            crate::cli::options::count(table.columns().len(), "column")
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
        for target in self
            .support
            .iter()
            .filter_map(|(target, _)| target.as_ref())
        {
            dimension(&names, target, "--support")?;
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

    fn check_input_transforms(&self, data: &Dataset) -> anyhow::Result<()> {
        let mut named = self
            .input_transform
            .iter()
            .filter_map(|(name, _)| name.as_ref());
        match named.find(|name| !data.input_names.contains(name)) {
            Some(name) => {
                let inputs = alternatives(name, "inputs", &data.input_names);
                bail!("--input-transform names `{name}`, which is no input{inputs}")
            }
            None => Ok(()),
        }
    }

    fn check_units(&self, data: &Dataset) -> anyhow::Result<()> {
        let known = |column: &String| {
            data.input_names.contains(column) || data.target_names.contains(column)
        };
        match self.unit.iter().find(|(column, _)| !known(column)) {
            Some((column, _)) => {
                // Categories have no unit.
                let inputs = data.input_names.iter().filter(|name| !name.contains('='));
                let columns: Vec<String> = inputs.chain(&data.target_names).cloned().collect();
                let columns = alternatives(column, "columns of numbers", &columns);
                bail!("--unit names `{column}`, which is neither input nor target{columns}")
            }
            None => Ok(()),
        }
    }
}

/// Names that were parted at commas, where those in a name are none that part: a piece that is no column
/// of `table` goes together with as many after it as make one.
fn whole_names(pieces: &[String], table: &Table) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = pieces;
    while !rest.is_empty() {
        let is_column = |&count: &usize| table.has_columns(&[rest[..count].join(",")]);
        let count = (1..=rest.len()).find(is_column).unwrap_or(1);
        let (name, others) = rest.split_at(count);
        names.push(name.join(","));
        rest = others;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_put_together() {
        let text = "\"y, kg\";z;\"a,b,c\";a\n1;2;3;4\n";
        let table = Table::from_bytes("t".into(), text.into(), &ReadOptions::default()).unwrap();
        for (given, expected) in [
            ("y, kg", &["y, kg"][..]),
            ("z,y, kg,a", &["z", "y, kg", "a"]),
            ("log(y, kg),z", &["log(y, kg)", "z"]),
            ("b,z", &["b", "z"]),
            ("y, g,z", &["y", " g", "z"]),
        ] {
            let pieces: Vec<String> = given.split(',').map(str::to_owned).collect();
            assert_eq!(whole_names(&pieces, &table), expected, "{given}");
        }
    }
}
