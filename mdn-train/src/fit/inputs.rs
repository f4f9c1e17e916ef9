//! What is done to the inputs before they are standardised: chosen, or found in the rows.
//!
//! What the rules do is the engine's business, and which transform suits a column that of
//! [`data`](crate::data); here it is settled what a fit takes of it, and what its file can hold.

use mdn_infer::format::{InputRule, InputTransform};

use super::file_version::STATING;
use super::{FitConfig, FitError};
use crate::data::{DataError, InputChoice, Ordinary, Preparation, TableRows, saturated};

/// Most inputs of which a file states the ranges: the header has room for 65,535 bytes, names included.
const MOST_RANGES: usize = 4096;

/// Why an input cannot be prepared as was chosen.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A value that has no logarithm.
    #[error(
        "`{input}` is {value} in a row, and a logarithm needs values above 0: \
         --input-transform '{input}=symmetric-log' takes any"
    )]
    NotPositive {
        /// The input.
        input: String,
        /// Its least value.
        value: f32,
    },
    /// A file of this version has no rules.
    #[error(
        "--file-version {version}: {what} `{input}` needs version {STATING}; take that, or {cure}"
    )]
    FileVersion {
        /// The version that was chosen.
        version: u16,
        /// What needs another.
        what: &'static str,
        /// Of which input.
        input: String,
        /// What to do instead.
        cure: &'static str,
    },
}

/// `transform` in words.
pub fn describe_transform(transform: &InputTransform) -> String {
    match transform {
        InputTransform::Log { centre: 0.0, .. } => "its logarithm".to_owned(),
        InputTransform::Log { centre, .. } => format!("the logarithm of its distance to {centre}"),
        InputTransform::SymmetricLog { centre, unit } => {
            format!("a symmetric logarithm about {centre}, nearly straight within {unit} of it")
        }
        InputTransform::Identity => "as it is".to_owned(),
    }
}

/// The inputs of a fit.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) preparation: Preparation,
    /// The range of each among the training rows, where the file is to state it.
    pub(super) ranges: Option<Vec<(f32, f32)>>,
    /// The numbers of the network's inputs of which the training rows tell nothing.
    pub(super) silent: Vec<usize>,
}

impl Inputs {
    /// By all rows of `data`, but for ranges and limits, which are those of the training rows; with what is
    /// ordinary.
    pub(super) fn new(
        data: TableRows<'_>,
        training: TableRows<'_>,
        config: &FitConfig,
    ) -> Result<(Ordinary, Self), FitError> {
        let names = data.input_names();
        let version = config.file_version.filter(|&version| version < STATING);
        let choice = |name: &str| match config.input_choice(name) {
            InputChoice::Automatic if version.is_some() || !config.standardise => {
                InputChoice::Identity
            }
            choice => choice,
        };
        let (mut ordinary, mut rules) = data.inputs_judged(choice)?;
        if !config.standardise {
            ordinary = Ordinary::all(names.len());
        }
        for (name, rule) in names.iter().zip(&rules) {
            check(name, rule, version)?;
        }
        let ranges = ranges(data, training, &ordinary)?;
        for ((name, rule), &range) in names.iter().zip(&rules).zip(&ranges) {
            check_range(name, rule, range)?;
        }
        let widths = config.saturation.filter(|_| version.is_none());
        for (rule, &range) in rules.iter_mut().zip(&ranges) {
            if let Some(widths) = widths {
                *rule = saturated(*rule, range, widths);
            }
        }
        let preparation = Preparation::new(rules);
        let inputs = Inputs {
            silent: silent(data, training, &preparation)?,
            ranges: (widths.is_some() && names.len() <= MOST_RANGES).then_some(ranges),
            preparation,
        };
        Ok((ordinary, inputs))
    }

    /// The rules, where one changes anything.
    pub(super) fn rules(&self) -> Option<Vec<InputRule>> {
        (!self.preparation.is_none()).then(|| self.preparation.rules().to_vec())
    }
}

/// The ranges of the training rows; of an input that never varies there, such as a category that only rows
/// held back have, that of all rows.
fn ranges(
    data: TableRows<'_>,
    training: TableRows<'_>,
    ordinary: &Ordinary,
) -> Result<Vec<(f32, f32)>, DataError> {
    let mut ranges = training.input_ranges(ordinary)?;
    if ranges.iter().any(|(least, greatest)| least == greatest) {
        let all = data.input_ranges(ordinary)?;
        for (range, all) in ranges.iter_mut().zip(all) {
            if range.0 == range.1 {
                *range = all;
            }
        }
    }
    Ok(ranges)
}

/// Whether a file of this version can hold the rule.
fn check(name: &str, rule: &InputRule, version: Option<u16>) -> Result<(), InputError> {
    let Some(version) = version else {
        return Ok(());
    };
    let refused = |what, cure| {
        Err(InputError::FileVersion {
            version,
            what,
            input: name.to_owned(),
            cure,
        })
    };
    match (rule.fill, rule.transform) {
        (Some(_), _) => refused("to learn from missing values of", "--skip-missing"),
        (None, InputTransform::Identity) => Ok(()),
        (None, _) => refused("the transform of", "--input-transform none"),
    }
}

/// Whether the values have a logarithm, where they are to get one.
fn check_range(name: &str, rule: &InputRule, (least, _): (f32, f32)) -> Result<(), InputError> {
    match rule.transform {
        InputTransform::Log { .. } if least < rule.low => Err(InputError::NotPositive {
            input: name.to_owned(),
            value: least,
        }),
        _ => Ok(()),
    }
}

/// The inputs that are known to be constant, and the indicators of those that are never or always missing in
/// the training rows.
fn silent(
    data: TableRows<'_>,
    training: TableRows<'_>,
    preparation: &Preparation,
) -> Result<Vec<usize>, DataError> {
    let inputs = data.input_names().len();
    let indicated: Vec<usize> = preparation.indicated().collect();
    let mut missing = vec![0; indicated.len()];
    if !indicated.is_empty() {
        training.visit(|block| {
            for row in 0..block.rows {
                let row = block.input(row);
                for (missing, &input) in missing.iter_mut().zip(&indicated) {
                    *missing += usize::from(row[input].is_nan());
                }
            }
            Ok::<_, DataError>(())
        })?;
    }
    let says_nothing = |&indicator: &usize| [0, training.count()].contains(&missing[indicator]);
    let constant = (0..missing.len()).filter(says_nothing);
    let mut silent = data.constant_inputs();
    silent.extend(constant.map(|indicator| inputs + indicator));
    Ok(silent)
}
