//! What can be asked about all targets together.

use clap::Args;
use mdn_infer::{Component, Mixture, PredictError};
use mdn_train::data::{Transform, log_slope};

use crate::cli::cells::Cell;
use crate::cli::output::Output;
use crate::cli::values::positive;

/// Beyond K, the most points that the search for modes starts from.
const MORE_STARTS: usize = 67;

/// The options.
#[derive(Args)]
pub struct AllTargets {
    /// The N highest local maxima of the joint density, highest first, each with its log-density;
    /// `modes` counts all of them
    #[arg(long, value_name = "N", value_parser = positive)]
    modes: Option<usize>,
    /// The component with the largest weight (from 1): its weight, means and standard deviations
    #[arg(long)]
    best_component: bool,
    /// The covariance matrix of the targets, in products of their units; with --full those of the
    /// components too
    #[arg(long)]
    covariance: bool,
    /// The anomaly score of the targets in the table, −ln p in nats, and whether it exceeds the
    /// file's threshold
    #[arg(long)]
    pub anomaly: bool,
    /// The responsibility of each component for the targets in the table: the probability that
    /// they came from it; empty where the targets are too far from all components to tell
    #[arg(long)]
    responsibilities: bool,
}

impl AllTargets {
    /// The options that need targets in the table, and whether they are set.
    pub fn scores(&self) -> impl Iterator<Item = (bool, &'static str)> {
        [
            (self.anomaly, "--anomaly"),
            (self.responsibilities, "--responsibilities"),
        ]
        .into_iter()
    }

    /// The questions, in the order of the columns; `transforms` say how the table's targets were made,
    /// where it has them.
    pub fn questions(
        &self,
        transforms: Option<Vec<Option<Transform>>>,
        parameters: bool,
    ) -> Vec<JointQuestion> {
        let all = [
            (
                transforms.is_some(),
                JointQuestion::LogDensity(transforms.unwrap_or_default()),
            ),
            (self.anomaly, JointQuestion::Anomaly),
            (self.best_component, JointQuestion::BestComponent),
            (self.covariance, JointQuestion::Covariance),
            (
                self.modes.is_some(),
                JointQuestion::Modes(self.modes.unwrap_or(0)),
            ),
            (self.responsibilities, JointQuestion::Responsibilities),
            (
                parameters,
                JointQuestion::Parameters {
                    covariances: self.covariance,
                },
            ),
        ];
        let asked = all.into_iter().filter(|(asked, _)| *asked);
        asked.map(|(_, question)| question).collect()
    }
}

/// One question about the joint distribution.
pub enum JointQuestion {
    /// Of the columns that the targets were made of in these ways.
    LogDensity(Vec<Option<Transform>>),
    Anomaly,
    BestComponent,
    Covariance,
    /// The so many highest.
    Modes(usize),
    Responsibilities,
    /// Of every component.
    Parameters {
        covariances: bool,
    },
}

impl JointQuestion {
    /// The names of the columns that answer it about the targets `names` with K `components`.
    pub fn columns(&self, names: &[String], components: usize) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match *self {
            JointQuestion::LogDensity(_) => words(&["log_density"]),
            JointQuestion::Anomaly => words(&["anomaly_score", "anomaly"]),
            JointQuestion::BestComponent => {
                let mut columns: Vec<String> = words(&["best_component"]);
                columns.extend(component_columns(names, "best"));
                columns
            }
            JointQuestion::Covariance => covariance_columns(names, ""),
            JointQuestion::Modes(count) => {
                let mut columns: Vec<String> = words(&["modes"]);
                for i in 1..=count {
                    columns.extend(names.iter().map(|name| format!("mode_{i}_{name}")));
                    columns.push(format!("mode_{i}_log_density"));
                }
                columns
            }
            JointQuestion::Responsibilities => (1..=components)
                .map(|k| format!("responsibility_{k}"))
                .collect(),
            JointQuestion::Parameters { covariances } => {
                let of = |k: usize| {
                    let mut columns = component_columns(names, &k.to_string());
                    if covariances {
                        columns.extend(covariance_columns(names, &format!("_{k}")));
                    }
                    columns
                };
                (1..=components).flat_map(of).collect()
            }
        }
    }

    /// Adds the answer to `cells`, as many as there are columns; `outcome` is what came true,
    /// where that is known.
    pub fn answer(
        &self,
        mixture: &Mixture<'_>,
        outcome: Option<&[f32]>,
        cells: &mut Vec<Cell>,
    ) -> Result<(), PredictError> {
        let of_outcome = match self {
            JointQuestion::LogDensity(_) => 1,
            JointQuestion::Anomaly => 2,
            JointQuestion::Responsibilities => mixture.len(),
            _ => 0,
        };
        let outcome = match outcome {
            None if of_outcome > 0 => {
                cells.extend(std::iter::repeat_n(Cell::Missing, of_outcome));
                return Ok(());
            }
            outcome => outcome.unwrap_or_default(),
        };
        match *self {
            JointQuestion::LogDensity(ref transforms) => {
                let slope = log_slope(transforms, outcome) as f32;
                cells.push(Cell::Number(mixture.log_density(outcome)? + slope));
            }
            JointQuestion::Anomaly => {
                cells.push(Cell::Number(mixture.anomaly_score(outcome)?));
                let flag = mixture.is_anomaly(outcome)?;
                cells.push(flag.map_or(Cell::Missing, Cell::Flag));
            }
            JointQuestion::BestComponent => {
                let best = mixture.best_component();
                cells.push(Cell::Index(best + 1));
                let best = mixture.component(best);
                component_cells(&best.ok_or(PredictError::NoSuchComponent)?, cells);
            }
            JointQuestion::Covariance => {
                let mut matrix = vec![0.0; mixture.dimensions().pow(2)];
                mixture.covariance_into(&mut matrix)?;
                triangle_cells(&matrix, mixture.dimensions(), cells);
            }
            JointQuestion::Modes(count) => mode_cells(mixture, count, cells)?,
            JointQuestion::Responsibilities => responsibility_cells(mixture, outcome, cells)?,
            JointQuestion::Parameters { covariances } => {
                for component in mixture.components() {
                    component_cells(&component, cells);
                    if covariances {
                        let mut matrix = vec![0.0; mixture.dimensions().pow(2)];
                        component.covariance_into(&mut matrix)?;
                        triangle_cells(&matrix, mixture.dimensions(), cells);
                    }
                }
            }
        }
        Ok(())
    }
}

fn component_columns(names: &[String], which: &str) -> Vec<String> {
    let mut columns = vec![format!("weight_{which}")];
    for name in names {
        columns.extend([format!("{name}_mean_{which}"), format!("{name}_sd_{which}")]);
    }
    columns
}

fn component_cells(component: &Component<'_>, cells: &mut Vec<Cell>) {
    cells.push(Cell::Number(component.weight()));
    for d in 0..component.dimensions() {
        cells.extend([component.mean(d), component.scale(d)].map(Cell::Number));
    }
}

/// The upper triangle, row by row.
fn covariance_columns(names: &[String], suffix: &str) -> Vec<String> {
    let row = |(i, one): (usize, &String)| {
        let row = names[i..]
            .iter()
            .map(|other| format!("cov_{one}_{other}{suffix}"));
        row.collect::<Vec<String>>()
    };
    names.iter().enumerate().flat_map(row).collect()
}

/// The upper triangle of `matrix`, row by row.
fn triangle_cells(matrix: &[f32], dimensions: usize, cells: &mut Vec<Cell>) {
    for (i, row) in matrix.chunks_exact(dimensions).enumerate() {
        cells.extend(row[i..].iter().map(|&entry| Cell::Number(entry)));
    }
}

fn mode_cells(
    mixture: &Mixture<'_>,
    count: usize,
    cells: &mut Vec<Cell>,
) -> Result<(), PredictError> {
    let dimensions = mixture.dimensions();
    let mut modes = vec![0.0; (mixture.len() + MORE_STARTS) * dimensions];
    let found = mixture.modes(&mut modes)?;
    cells.push(Cell::Index(found));
    for mode in modes.chunks_exact(dimensions).take(found.min(count)) {
        cells.extend(mode.iter().map(|&t| Cell::Number(t)));
        // A mode is no value that anybody gave: where its numbers overflow, it is the model's do.
        let density = mixture.log_density(mode).map_err(|error| match error {
            PredictError::NotFinite { .. } => PredictError::Overflow,
            error => error,
        });
        cells.push(Cell::Number(density?));
    }
    let missing = count.saturating_sub(found) * (dimensions + 1);
    cells.extend(std::iter::repeat_n(Cell::Missing, missing));
    Ok(())
}

fn responsibility_cells(
    mixture: &Mixture<'_>,
    outcome: &[f32],
    cells: &mut Vec<Cell>,
) -> Result<(), PredictError> {
    let mut responsibilities = vec![0.0; mixture.len()];
    match mixture.responsibilities(outcome, &mut responsibilities) {
        Ok(()) => cells.extend(responsibilities.into_iter().map(Cell::Number)),
        Err(PredictError::Overflow) => {
            cells.extend(std::iter::repeat_n(Cell::Missing, mixture.len()));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Says what the flag of an anomaly means.
pub fn say_threshold(threshold: Option<f32>, output: &mut Output) {
    match threshold {
        Some(threshold) => output.note(format_args!(
            "anomaly: −ln p above the file's threshold, {threshold:.4} nats"
        )),
        None => output.note(
            "there is no anomaly threshold: the file has none, or it is about more targets than \
             the free ones; `anomaly` stays empty",
        ),
    }
}
