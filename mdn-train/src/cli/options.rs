//! Arguments that several commands share.

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use mdn_infer::format::{Activation, Covariance, InputTransform, ScaleMap, Support};
use mdn_infer::{Level, Model};
use mdn_train::data::{
    DataError, Dataset, InputChoice, MissingInputs, MissingValue, Preparation, ReadOptions,
    STANDARD_INPUT, Table,
};
use mdn_train::diagnose::OutsideRange;
use mdn_train::fit::{
    FitConfig, FitError, NothingLearnt, TargetSupport, describe_target, describe_transform,
};
use mdn_train::metrics::{RowError, Scores, log_zeros};
use mdn_train::run::RunError;

use super::output::Output;
use super::paths::InputFile;
use super::pieces::Pieces;

/// How to read a table.
#[derive(Args, Clone, Debug)]
pub struct Reading {
    /// The table: CSV, Parquet, Arrow IPC or NumPy, also by gzip; `-` reads standard input
    pub data: InputFile,
    /// The character between cells: one of ASCII, or `tab` [default: found in the first line: comma, semicolon or tab]
    #[arg(long, value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The first line of a text is data; the columns are called x0, x1 … [default: where it holds only
    /// numbers]
    #[arg(long)]
    pub no_header: bool,
    /// Leave out rows in which a needed value is missing (empty, NA, NaN, null)
    #[arg(long)]
    pub skip_missing: bool,
    /// Values that stand for missing ones, such as -9999, in all columns or in the one named; for
    /// --skip-missing [default: none]
    #[arg(long, value_delimiter = ',', value_name = "[COL=]VALUE", value_parser = missing_value,
          allow_hyphen_values = true)]
    pub missing_value: Vec<MissingValue>,
}

fn missing_value(text: &str) -> Result<MissingValue, String> {
    let (column, value) = match text.rsplit_once('=') {
        Some((column, value)) => (Some(column.to_owned()), value),
        None => (None, text),
    };
    match value {
        "" => Err("a value, or COL=VALUE".to_owned()),
        value => Ok(MissingValue {
            column,
            value: value.to_owned(),
        }),
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() => Ok(*byte),
            _ => Err("one ASCII character, or `tab`".to_owned()),
        },
    }
}

impl Reading {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            no_header: self.no_header,
            skip_missing: self.skip_missing,
            missing_values: self.missing_value.clone(),
            ..ReadOptions::default()
        }
    }

    /// The options as words of a command line.
    pub fn words(&self) -> Vec<String> {
        let delimiter = self.delimiter.map(|byte| match byte {
            b'\t' => "tab".to_owned(),
            byte => char::from(byte).to_string(),
        });
        let delimiter = delimiter.into_iter();
        let mut words: Vec<String> = delimiter
            .flat_map(|delimiter| ["--delimiter".to_owned(), delimiter])
            .collect();
        let flags = [
            (self.no_header, "--no-header"),
            (self.skip_missing, "--skip-missing"),
        ];
        let flags = flags.into_iter().filter(|(set, _)| *set);
        words.extend(flags.map(|(_, flag)| flag.to_owned()));
        for MissingValue { column, value } in &self.missing_value {
            let column = column.iter().map(|column| format!("{column}="));
            words.push(format!(
                "--missing-value={}{value}",
                column.collect::<String>()
            ));
        }
        words
    }

    pub fn table(&self) -> anyhow::Result<Table> {
        Ok(Table::read(&self.data, &self.options())?)
    }

    /// How to read a table for `model`: values of inputs of which it has learnt what it means that they are
    /// missing may be so, and zeros of a target that is learnt by its logarithm have their place where it
    /// knows them.
    pub fn options_for(&self, model: &Model<'_>) -> ReadOptions {
        ReadOptions {
            missing_inputs: match self.skip_missing {
                true => MissingInputs::None,
                false => missing_inputs(model),
            },
            log_zeros: log_zeros(model),
            ..self.options()
        }
    }

    /// The rows that `model` is to predict, piece by piece. Of the targets the data has all where the
    /// table does, else only the `needed` ones, which the table must have.
    pub fn for_prediction<'r>(
        &'r self,
        model: &Model<'r>,
        needed: Vec<String>,
    ) -> anyhow::Result<Pieces<'r>> {
        Pieces::open(self, model, Some(needed), None)
    }

    /// The rows on which `model` is to be scored, piece by piece, with the weights in a column.
    pub fn for_evaluation<'r>(
        &'r self,
        model: &Model<'r>,
        weights: Option<String>,
    ) -> anyhow::Result<Pieces<'r>> {
        Pieces::open(self, model, None, weights)
    }

    /// The rows on which `model` is to be scored.
    pub fn for_scoring(&self, model: &Model<'_>, output: &mut Output) -> anyhow::Result<Dataset> {
        let (inputs, targets) = column_names(model);
        let options = self.options_for(model);
        let table = Table::read(&self.data, &options)?;
        let data = Dataset::for_scoring(&table, &inputs, &targets, &options)?;
        let mut outside = OutsideRange::new(model);
        outside.look(&data);
        if let Some(diagnostic) = outside.diagnostic() {
            output.note(diagnostic);
        }
        Ok(self.check(data, output))
    }

    /// Says what the data's owner should know, and passes it on.
    pub fn check(&self, data: Dataset, output: &mut Output) -> Dataset {
        self.warn(&data, output);
        if data.skipped_rows > 0 {
            output.note(format_args!(
                "{} left out for missing values",
                count(data.skipped_rows, "row")
            ));
        }
        data
    }

    /// Says what the data's owner should know of its columns.
    pub fn warn(&self, data: &Dataset, output: &mut Output) {
        for warning in &data.warnings {
            output.note(format_args!("{}: {warning}", warning.heading()));
        }
    }

    /// Whether the table comes from standard input, which is gone when it is read.
    pub fn is_standard_input(&self) -> bool {
        self.data.to_str() == Some(STANDARD_INPUT)
    }

    /// What messages call the table.
    pub fn name(&self) -> String {
        match self.is_standard_input() {
            true => "standard input".to_owned(),
            false => self.data.display().to_string(),
        }
    }

    /// What the engine said of a row, with the place in the table.
    pub fn place(&self, error: RowError) -> anyhow::Error {
        anyhow!("{}:{}: {}", self.name(), error.line, error.source)
    }

    /// What is wrong with the table, with its name and what to do about it where the error has neither.
    pub fn place_data(&self, error: DataError) -> anyhow::Error {
        let cure = match &error {
            DataError::ConstantTarget { .. } => "; choose another target, or add rows",
            DataError::TooFewRows { .. } => "; add rows, or take --validation 0",
            DataError::TooFewToHoldOut { .. }
            | DataError::NoInput { .. }
            | DataError::NamedTwice { .. }
            | DataError::TargetIsInput { .. }
            | DataError::NoTargets
            | DataError::NoInputs
            | DataError::Subnormal { .. } => "",
            _ => return error.into(),
        };
        anyhow!("{}: {error}{cure}", self.name())
    }

    /// Why there is no model, with the place in the table where there is one.
    pub fn place_fit(&self, error: FitError) -> anyhow::Error {
        match error {
            FitError::Score(error) => self.place(error),
            FitError::Data(error) => self.place_data(error),
            FitError::Support(error) => anyhow!("{}: {error}", self.name()),
            error => error.into(),
        }
    }
}

impl Reading {
    /// Why a run did not come to its end, with the place in the table where there is one.
    pub fn place_run(&self, error: RunError) -> anyhow::Error {
        match error {
            RunError::Fit(error) => self.place_fit(error),
            error => error.into(),
        }
    }
}

/// What was found of the targets' supports, and what speaks for another; how to choose.
pub fn say_supports(supports: &[TargetSupport], output: &mut Output) -> anyhow::Result<()> {
    for one in supports {
        let target = &one.target;
        if one.support != Support::Continuous {
            let support = describe_target(target, &one.support);
            let origin = match (one.chosen, one.has_log_zero()) {
                (true, _) => String::new(),
                (false, true) => ", as it has rows of 0, which has no logarithm".to_owned(),
                (false, false) => format!(
                    ", as its training rows say; --support '{target}=continuous' takes every number"
                ),
            };
            output.say(format_args!("support of `{target}`: {support}{origin}"))?;
        }
        if let Some(hint) = &one.hint {
            output.note(format_args!("note: target `{target}`: {hint}"));
        }
    }
    Ok(())
}

/// Says what is done to inputs that are not taken as they are, but for limits.
pub fn say_inputs(
    names: &[String],
    preparation: &Preparation,
    config: &FitConfig,
    output: &mut Output,
) {
    for (name, rule) in names.iter().zip(preparation.rules()) {
        let scale = describe_transform(&rule.transform);
        match (rule.transform, config.input_choice(name)) {
            (InputTransform::Identity, _) => (),
            (_, InputChoice::Automatic) => output.note(format_args!(
                "note heavy-tail: a few values of input `{name}` are far from the others, so that it is learnt \
                 on another scale, {scale}; --input-transform '{name}=none' takes it as it is"
            )),
            _ => output.note(format_args!(
                "note: input `{name}` is learnt on another scale, as chosen: {scale}"
            )),
        }
        if let Some(fill) = rule.fill {
            output.note(format_args!(
                "note: input `{name}` is missing in some rows, which are learnt from: {fill} stands for it, \
                 with an indicator that it was missing; --skip-missing leaves such rows out"
            ));
        }
    }
}

/// What may help training in `fit` and what fits as it does.
pub const LEARNING: &str = "a lower --learning-rate or more --steps, or the defaults of both,";

/// What may help where training rows are known by heart.
const BY_HEART: &str = "more rows, fewer --inputs, fewer --hidden units, more --weight-decay or \
                        --noise always may help, unless the inputs tell nothing of the targets";

/// An error with its cures, `options` where too little was learnt, where training came to nothing on so
/// many `rows`.
pub fn check_learnt(
    failure: Option<NothingLearnt>,
    rows: usize,
    options: &str,
) -> anyhow::Result<()> {
    const FEW: usize = 30;
    let Some(failure) = failure else {
        return Ok(());
    };
    let few = match rows {
        0..FEW => format!("{} are few to learn from, and ", count(rows, "row")),
        _ => String::new(),
    };
    Err(match failure.by_heart {
        false => anyhow!("{failure}; {few}{options} may help"),
        true => anyhow!("{failure}, while the training rows are known by heart; {few}{BY_HEART}"),
    })
}

/// Which row the first with density 0 is, and why.
pub fn first_of_zero_density(scores: &Scores) -> String {
    let first = scores.zero_density.as_ref();
    first.map_or_else(String::new, |first| match scores.zero_density_rows {
        1 => format!("; it is {first}"),
        _ => format!("; the first is {first}"),
    })
}

/// `1 row`, `2 rows`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The names of the input and of the target columns.
pub fn column_names(model: &Model<'_>) -> (Vec<String>, Vec<String>) {
    let inputs = model.input_columns().map(|(name, _)| name.to_owned());
    (inputs.collect(), target_names(model))
}

/// The inputs that may be missing.
pub fn missing_inputs(model: &Model<'_>) -> MissingInputs {
    let rules = model.input_rules().into_iter().flatten();
    let columns = rules.zip(model.input_columns());
    let missing = columns.filter(|(rule, _)| rule.fill.is_some());
    MissingInputs::Named(missing.map(|(_, (name, _))| name.to_owned()).collect())
}

/// The names of the target columns.
pub fn target_names(model: &Model<'_>) -> Vec<String> {
    model
        .target_columns()
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// `--activation`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ActivationName {
    Sigmoid,
    Tanh,
    Relu,
    Gelu,
    Silu,
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Sigmoid => Activation::Sigmoid,
            ActivationName::Tanh => Activation::Tanh,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Gelu => Activation::Gelu,
            ActivationName::Silu => Activation::Silu,
        }
    }
}

/// `--covariance`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CovarianceName {
    /// One scale a component for all targets, in standardised units
    Isotropic,
    /// One scale a component and target
    Diagonal,
    /// Targets correlate within a component
    Full,
}

impl From<CovarianceName> for Covariance {
    fn from(name: CovarianceName) -> Self {
        match name {
            CovarianceName::Isotropic => Covariance::Isotropic,
            CovarianceName::Diagonal => Covariance::Diagonal,
            CovarianceName::Full => Covariance::Full,
        }
    }
}

/// `--scale-map`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScaleMapName {
    Exp,
    Softplus,
}

impl From<ScaleMapName> for ScaleMap {
    fn from(name: ScaleMapName) -> Self {
        match name {
            ScaleMapName::Exp => ScaleMap::Exp,
            ScaleMapName::Softplus => ScaleMap::Softplus,
        }
    }
}

/// The instruction set called `name` on this machine.
pub fn level(name: Option<&str>) -> anyhow::Result<Level> {
    let Some(name) = name else {
        return Ok(Level::detect());
    };
    let names = || {
        Level::available()
            .map(Level::name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = Level::available().find(|level| level.name() == name);
    found.with_context(|| format!("this machine has no level `{name}`; it has {}", names()))
}
