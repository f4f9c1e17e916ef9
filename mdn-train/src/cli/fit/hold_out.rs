//! `--hold-out` and `--order`: which rows are held out, and the words for it.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use mdn_train::data::{ArrangedBy, HoldOut, ListedRows, TableRows};
use mdn_train::diagnose::{Diagnostic, SomeRows, dependent_rows};
use mdn_train::fit::{FitError, Fitted, HeldOut};

use crate::cli::options::count;

/// Which rows are held out.
#[derive(Args)]
pub struct HoldOutChoices {
    /// Which rows are held out: some at `random`; the `last` ones of a time series, by --order; whole groups,
    /// such as patients seen several times, by `group:COL`; or by `rows:FILE` those in the lines that FILE lists
    /// by their numbers, as the column `line` of `predict` counts them: the header is line 1. But for
    /// `random` the rows that are reported are none of those that choose the step: with `last` they lie beyond those,
    /// with `group:COL` in other groups, and with `rows:FILE` they are those listed. COL is no input unless
    /// --inputs names it
    #[arg(long, value_name = "HOW", default_value = "random", value_parser = hold_out)]
    pub hold_out: HeldBy,
    /// Column of numbers or dates that orders the rows, for --hold-out last and rows:FILE; no input unless
    /// --inputs names it [default: the order of the table]
    #[arg(long, value_name = "COL")]
    order: Option<String>,
}

/// A value of `--hold-out`.
#[derive(Clone, Debug)]
pub enum HeldBy {
    Random,
    Last,
    Group(String),
    Rows(PathBuf),
}

fn hold_out(text: &str) -> Result<HeldBy, String> {
    match (text, text.split_once(':')) {
        ("random", _) => Ok(HeldBy::Random),
        ("last", _) => Ok(HeldBy::Last),
        (_, Some(("group", column))) if !column.is_empty() => Ok(HeldBy::Group(column.to_owned())),
        (_, Some(("rows", file))) if !file.is_empty() => Ok(HeldBy::Rows(file.into())),
        _ => Err("`random`, `last`, `group:COL` or `rows:FILE`".to_owned()),
    }
}

impl HeldBy {
    /// The file that it names.
    pub fn file(&self) -> Option<&Path> {
        match self {
            HeldBy::Rows(file) => Some(file),
            _ => None,
        }
    }
}

impl HoldOutChoices {
    /// The kind.
    ///
    /// # Errors
    /// When an order is named for which there is no use.
    pub fn kind(&self) -> anyhow::Result<HoldOut> {
        let kind = match self.hold_out {
            HeldBy::Random => HoldOut::Random,
            HeldBy::Last => HoldOut::Last,
            HeldBy::Group(_) => HoldOut::Group,
            HeldBy::Rows(_) => HoldOut::Rows,
        };
        ensure!(
            self.order.is_none() || matches!(kind, HoldOut::Last | HoldOut::Rows),
            "--order is of no use with --hold-out {}: it is for `last`, which holds out the rows at its end, \
             and for `rows:FILE`",
            self.value()
        );
        Ok(kind)
    }

    /// What is to be read of the table beside the columns of the model; reads the file of rows.
    ///
    /// # Errors
    /// When that cannot be read or is no list of lines.
    pub fn arranged_by(&self) -> anyhow::Result<ArrangedBy> {
        let listed = |file: &Path| {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{name}: cannot be read, which --hold-out rows: names"))?;
            Ok::<_, anyhow::Error>(ListedRows::parse(&name, &text)?)
        };
        Ok(ArrangedBy {
            order: self.order.clone(),
            group: match &self.hold_out {
                HeldBy::Group(column) => Some(column.clone()),
                _ => None,
            },
            listed: self.hold_out.file().map(listed).transpose()?,
            weights: None,
        })
    }

    /// The value of the option.
    pub fn value(&self) -> String {
        match &self.hold_out {
            HeldBy::Random => "random".to_owned(),
            HeldBy::Last => "last".to_owned(),
            HeldBy::Group(column) => format!("group:{column}"),
            HeldBy::Rows(file) => format!("rows:{}", file.display()),
        }
    }

    /// The column of the order, where one is named.
    pub fn order(&self) -> Option<&str> {
        self.order.as_deref()
    }

    /// ` by ORDER`, where that is named.
    fn by_order(&self) -> String {
        let order = self.order.iter();
        order.map(|column| format!(" by `{column}`")).collect()
    }

    /// The rows that are reported.
    pub fn reported(&self, held: &HeldOut) -> String {
        let rows = held.reported_rows;
        match &self.hold_out {
            HeldBy::Last if held.apart => {
                format!("the last {}{}", count(rows, "row"), self.by_order())
            }
            HeldBy::Group(column) if held.apart => {
                format!("{} of other groups of `{column}`", count(rows, "row"))
            }
            HeldBy::Rows(file) if held.apart => {
                format!("the {} of {}", count(rows, "row"), file.display())
            }
            _ => count(rows, "validation row"),
        }
    }

    /// What became of the rows that were held out, where others are reported than those that chose.
    pub fn say(&self, held: &HeldOut) -> Option<String> {
        let rows = count(held.choosing_rows, "row");
        let chose = match (&self.hold_out, held.choosing_rows) {
            (_, 0) => String::new(),
            (HeldBy::Last, _) => format!("; the {rows} before them chose the step"),
            (HeldBy::Group(_), _) => format!("; {rows} of further groups chose the step"),
            (HeldBy::Rows(_), _) if self.order.is_some() => {
                format!(
                    "; the last {rows} of the others{} chose the step",
                    self.by_order()
                )
            }
            _ => format!("; {rows} of the others, at random, chose the step"),
        };
        held.apart.then(|| {
            let reported = self.reported(held);
            format!("reported on {reported}, which nothing has seen{chose}")
        })
    }

    /// How the folds of a cross-validation part the rows, where not at random.
    pub fn say_folds(&self) -> Option<String> {
        match &self.hold_out {
            HeldBy::Random => None,
            HeldBy::Last => Some(format!(
                "a rolling origin{}: each fold tests rows later than those that its model has seen",
                self.by_order()
            )),
            HeldBy::Group(column) => Some(format!(
                "each fold tests groups of `{column}` that its model has not seen"
            )),
            HeldBy::Rows(file) => Some(format!("one fold tests the rows of {}", file.display())),
        }
    }
}

/// Whether rows that were held back at random depend on those learnt from.
pub fn dependence(fitted: &Fitted, rows: TableRows<'_>) -> Result<Option<Diagnostic>, FitError> {
    if fitted.validation.is_none() || !fitted.held_out.by.is_random() {
        return Ok(None);
    }
    let some = SomeRows::of(rows)?;
    let pits = some.pits(&fitted.file.model())?;
    Ok(dependent_rows(&some, &pits))
}
