//! `--given`: some targets are known, and the answers are about the others.

use anyhow::{Context, ensure};
use clap::Args;
use mdn_infer::format::Support;
use mdn_infer::{Mixture, Model, PredictError};
use mdn_train::data::{Dataset, Transform, alternatives};
use mdn_train::metrics::{supports, transforms};

use super::options::target_names;
use super::values::given;

/// A target that is given, and its value; without one, the row's own in the table.
#[derive(Clone, Debug)]
pub struct GivenTarget {
    pub name: String,
    pub value: Option<f32>,
}

/// What is known of the targets.
#[derive(Args)]
pub struct Given {
    /// Condition on a target: TARGET=VALUE in its unit, or TARGET for each row's own value in the
    /// table. All answers are then about the other targets. May be given again
    #[arg(long, value_name = "TARGET[=VALUE]", value_parser = given)]
    given: Vec<GivenTarget>,
}

impl Given {
    /// The columns of the table that hold given values of `model`'s targets.
    pub fn columns(&self, model: &Model<'_>) -> anyhow::Result<Vec<String>> {
        let names = target_names(model);
        for given in &self.given {
            dimension(&names, &given.name, "--given")?;
        }
        let from_table = self.given.iter().filter(|given| given.value.is_none());
        Ok(from_table.map(|given| given.name.clone()).collect())
    }

    /// What that means for `model` on the rows of `data`.
    pub fn condition(&self, model: &Model<'_>, data: &Dataset) -> anyhow::Result<Condition> {
        let names = target_names(model);
        let mut fixed = Vec::with_capacity(self.given.len());
        for given in &self.given {
            let name = &given.name;
            let dimension = dimension(&names, name, "--given")?;
            let source = match given.value {
                Some(value) => Source::Value(value),
                None => Source::Column(column_of(data, name)?),
            };
            let known = fixed.iter().any(|&(earlier, _)| earlier == dimension);
            ensure!(!known, "--given names `{name}` more than once");
            fixed.push((dimension, source));
        }
        let is_free = |d: &usize| fixed.iter().all(|(fixed, _)| fixed != d);
        let free: Vec<usize> = (0..names.len()).filter(is_free).collect();
        ensure!(
            !free.is_empty(),
            "--given names every target; none is left to predict"
        );
        Ok(Condition {
            names: free.iter().map(|&d| names[d].clone()).collect(),
            scored: data.target_names.len() == names.len(),
            fixed,
            free,
        })
    }
}

fn column_of(data: &Dataset, name: &str) -> anyhow::Result<usize> {
    let found = data.target_names.iter().position(|column| column == name);
    found.with_context(|| format!("--given reads the column `{name}`, and the table has none"))
}

/// The index of the target `name`; `option` is what names it.
pub fn dimension(names: &[String], name: &str, option: &str) -> anyhow::Result<usize> {
    let found = names.iter().position(|known| known == name);
    found.with_context(|| {
        let targets = alternatives(name, "targets", names);
        format!("{option} names `{name}`, which is no target{targets}")
    })
}

enum Source {
    Value(f32),
    /// The index of a column among the targets that the table has.
    Column(usize),
}

/// Which targets are fixed and which are free.
pub struct Condition {
    /// The names of the free targets.
    pub names: Vec<String>,
    /// Whether the table has every target, so that answers can be scored.
    pub scored: bool,
    fixed: Vec<(usize, Source)>,
    free: Vec<usize>,
}

impl Condition {
    /// The file's threshold, which is about all targets together.
    pub fn anomaly_threshold(&self, model: &Model<'_>) -> Option<f32> {
        let threshold = model.header().anomaly_threshold;
        threshold.filter(|_| self.fixed.is_empty())
    }

    /// The supports of the free targets.
    pub fn supports(&self, model: &Model<'_>) -> Vec<Support> {
        let all = supports(model);
        self.free.iter().map(|&d| all[d]).collect()
    }

    /// How the free targets are made of the columns that answers are about.
    pub fn answered(&self, model: &Model<'_>) -> Vec<Option<Transform>> {
        let all = transforms(model);
        self.free.iter().map(|&d| all[d]).collect()
    }

    /// How the free targets are made of the columns of `data`'s table, where it has all targets.
    pub fn transforms(&self, data: &Dataset) -> Option<Vec<Option<Transform>>> {
        let of = |&d: &usize| data.transforms.get(d).copied().flatten();
        self.scored.then(|| self.free.iter().map(of).collect())
    }

    /// The row's values of the free targets, where the table has them and none is missing.
    pub fn outcome(&self, targets: &[f32]) -> Option<Vec<f32>> {
        let of_row = || self.free.iter().map(|&d| targets[d]).collect::<Vec<f32>>();
        let outcome = self.scored.then(of_row);
        outcome.filter(|outcome| outcome.iter().all(|value| !value.is_nan()))
    }

    /// Calls `visit` with the distribution of the free targets; `targets` are the row's.
    pub fn apply<T>(
        &self,
        mixture: &Mixture<'_>,
        targets: &[f32],
        visit: impl FnOnce(&Mixture<'_>) -> Result<T, PredictError>,
    ) -> Result<T, PredictError> {
        if self.fixed.is_empty() {
            return visit(mixture);
        }
        let value = |source: &Source| match *source {
            Source::Value(value) => value,
            Source::Column(column) => targets[column],
        };
        let given: Vec<(usize, f32)> = self.fixed.iter().map(|(d, s)| (*d, value(s))).collect();
        let mut memory = vec![0.0; mixture.conditional_len(given.len())];
        visit(&mixture.conditional(&given, &mut memory)?)
    }
}
