//! `mdn-train predict`

mod each;
mod joint;

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;
use clap::Args;
use each::{Asked, Column, EachTarget, Question};
use joint::{AllTargets, JointQuestion};
use mdn_infer::{Mixture, PredictError};
use mdn_train::back_transformed::BackTransformed;
use mdn_train::data::{Dataset, Transform};
use mdn_train::files::{Claims, Kind};
use mdn_train::metrics::map_predictions;
use mdn_train::model_file::ModelFile;
use serde_json::{Map, json};

use super::answers::{Answers, PROBLEM, of_row};
use super::cells::{Cell, Sink, write};
use super::column_scores::tail_words;
use super::given::{Condition, Given};
use super::next::Next;
use super::options::Reading;
use super::output::Output;
use super::paths::{InputFile, OutputFile};

/// The column of how far a row's inputs lie outside of what the model was trained on.
pub const OUTSIDE_RANGE: &str = "outside_range";

/// Predict the distribution of the targets for each row of a table
///
/// Writes CSV: for each row its line in the table's file (the header is line 1), how far its inputs lie
/// outside of the training rows, in widths of their range (0 within), and the mean, the standard deviation
/// and the quantiles of each target. Where the table has the targets too, the
/// log-density stands beside them. More can be asked, about each target and about all of them
/// together; --full adds the mixture's parameters: weights, means and standard deviations of the
/// components (the marginal ones for full covariance). Values are in the targets' units, and columns
/// are called after the targets. With --json the result is one object with `columns` and `rows`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mdn-train predict concrete.mdn new.csv --quantiles 0.05,0.5,0.95 > predicted.csv\n  \
    mdn-train predict concrete.mdn new.csv --survival strength_mpa=40 --hdr 0.9 --mode\n  \
    mdn-train predict arm.mdn new.csv --modes 2 --covariance\n  \
    mdn-train predict arm.mdn new.csv --given shoulder=0.3 --quantiles 0.5\n  \
    mdn-train predict concrete.mdn measured.csv --crps --pit --anomaly\n\n\
Columns: T_mean, T_sd, T_q0.5, T_uq0.001, T_cdf30, T_survival40, T_at0, T_between30:40,\n\
T_mean_below30, T_mean_above40, T_es0.05, T_ues0.05, T_low0.9, T_high0.9, T_hdr0.9, T_mode, T_modes, T_pit, T_crps for\n\
a target T; log_density, anomaly_score, anomaly, best_component, weight_best, T_mean_best, T_sd_best,\n\
cov_T_U, modes, mode_1_T, mode_1_log_density, responsibility_1; weight_1, T_mean_1, T_sd_1, cov_T_U_1\n\
for a component.\n\
A name that another column has already gets a number, as T_q0.5_2 where 0.5 is asked twice.\n\
An empty cell (JSON null) means that there is no such thing, such as a second mode. A row that cannot be\n\
answered, such as one with a category that the training rows did not have, is kept: empty, with the\n\
reason in the last column, problem.\n\
Of a target log(y) or logit(y), quantiles, intervals, probabilities, tail means, shortfalls, the PIT and\n\
the log-density are about y itself, in its units; mean, standard deviation and CRPS are given of both,\n\
log(y)_mean and y_mean; everything else is about the transformed target, as its column says.\n\
The log-density is about log(y) where the table has a column of that very name.")]
pub struct Predict {
    /// The model file
    model: InputFile,
    #[command(flatten)]
    reading: Reading,
    /// Where to write the CSV [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<OutputFile>,
    /// The mixture's parameters too: the weight of each component, and its mean and standard deviation
    /// of each target
    #[arg(long)]
    full: bool,
    /// Leave the mixture's parameters out, which is the default
    #[arg(long, conflicts_with = "full")]
    summary: bool,
    #[command(flatten)]
    given: Given,
    #[command(flatten, next_help_heading = "About each target")]
    each: EachTarget,
    #[command(flatten, next_help_heading = "About all targets together")]
    joint: AllTargets,
}

impl Predict {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let out = self
            .out
            .as_deref()
            .map(|out| claims.claim(out, Kind::Table))
            .transpose()?;
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let needed = self.given.columns(&model)?;
        let mut pieces = self.reading.for_prediction(&model, needed)?;
        let first = pieces.first(output)?;
        let condition = self.given.condition(&model, &first)?;
        self.check_scored(&condition)?;
        let transforms = condition.answered(&model);
        let questions = Questions {
            each: (self.each).questions(&condition.names, &condition.supports(&model))?,
            tail_rows: transforms.iter().map(|_| AtomicUsize::new(0)).collect(),
            transforms,
            joint: self
                .joint
                .questions(condition.transforms(&first), self.full),
        };
        let mut columns = questions.columns(&condition.names, model.components());
        if model.input_ranges().is_some() {
            columns.insert(1, OUTSIDE_RANGE.to_owned());
        }
        columns.push(PROBLEM.to_owned());
        let answers = |data: &Dataset| {
            let answers = map_predictions(&model, data, |row, mixture| {
                let targets = data.target(row);
                let outcome = condition.outcome(targets);
                of_row(mixture.and_then(|mixture| {
                    let mut cells = vec![Cell::Index(data.lines[row] as usize)];
                    cells.extend(model.range_distance(data.input(row)).map(Cell::Number));
                    cells.extend(condition.apply(&mixture, targets, |mixture| {
                        questions.answers(mixture, outcome.as_deref())
                    })?);
                    Ok(vec![cells])
                }))
            });
            answers.map_err(|error| self.reading.place(error))
        };
        let mut more = Map::new();
        if self.joint.anomaly {
            let threshold = condition.anomaly_threshold(&model);
            joint::say_threshold(threshold, output);
            more.insert("anomaly_threshold".to_owned(), json!(threshold));
        }
        let mut next = Some(first);
        let mut all = Answers::new(&self.reading, columns.len());
        let mut rows = |sink: &mut Sink<'_>| {
            while let Some(data) = next.take() {
                all.begin(pieces.unusable());
                sink(all.add(&data.lines, answers(&data)?))?;
                sink(all.end()?)?;
                next = pieces.next()?;
            }
            Ok(())
        };
        write(out.as_ref(), &columns, &mut rows, more, output)?;
        all.say(output);
        pieces.end(output);
        questions.say_tails(&condition.names, output);
        let next = match condition.scored {
            true => Next::about("plot", &self.model, &self.reading),
            false => Next::about("sample", &self.model, &self.reading).with(&["--draws", "10"]),
        };
        match out {
            Some(_) => next.say(output)?,
            None => next.note(output),
        }
        Ok(())
    }

    /// Scores need targets in the table.
    fn check_scored(&self, condition: &Condition) -> anyhow::Result<()> {
        let options = self.each.scores().chain(self.joint.scores());
        let asked = options.filter_map(|(asked, option)| asked.then_some(option));
        for option in asked {
            ensure!(
                condition.scored,
                "{option} is about the targets in the table, and it does not have them all"
            );
        }
        Ok(())
    }
}

/// Everything that is asked, in the order of the columns.
struct Questions {
    /// For each target.
    each: Vec<Vec<Question>>,
    transforms: Vec<Option<Transform>>,
    /// For each target the rows where the moments of its column rest on the tail.
    tail_rows: Vec<AtomicUsize>,
    joint: Vec<JointQuestion>,
}

impl Questions {
    fn columns(&self, names: &[String], components: usize) -> Vec<String> {
        let mut columns = vec!["line".to_owned()];
        for (name, questions) in names.iter().zip(&self.each) {
            columns.extend(questions.iter().flat_map(|question| question.columns(name)));
        }
        for question in &self.joint {
            columns.extend(question.columns(names, components));
        }
        columns
    }

    /// The answers of `mixture`; `outcome` is what came true, where that is known.
    fn answers(
        &self,
        mixture: &Mixture<'_>,
        outcome: Option<&[f32]>,
    ) -> Result<Vec<Cell>, PredictError> {
        let mut cells = Vec::new();
        for (d, questions) in self.each.iter().enumerate() {
            let asked = Asked {
                marginal: mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?,
                components: mixture.len(),
                column: self.transforms[d].map(|transform| Column {
                    transform,
                    distribution: BackTransformed::new(transform, mixture, d),
                }),
                outcome: outcome.map(|outcome| outcome[d]),
            };
            for question in questions {
                question.answer(&asked, &mut cells)?;
            }
            let rests = |column: Column| column.distribution.moments_rest_on_the_tail();
            if asked.column.is_some_and(rests) {
                self.tail_rows[d].fetch_add(1, Ordering::Relaxed);
            }
        }
        for question in &self.joint {
            question.answer(mixture, outcome, &mut cells)?;
        }
        Ok(cells)
    }

    /// Where moments of a column itself say little, for the notes.
    fn say_tails(&self, names: &[String], output: &mut Output) {
        for (name, rows) in names.iter().zip(&self.tail_rows) {
            if let Some(words) = tail_words(Transform::split(name).1, rows.load(Ordering::Relaxed))
            {
                output.note(format_args!("note: {words}"));
            }
        }
    }
}
