//! `mdn-train evaluate`

use anyhow::bail;
use clap::Args;
use mdn_infer::Model;
use mdn_infer::format::Support;
use mdn_train::data::{DataError, Transform, Unusable, score_scales};
use mdn_train::diagnose::{Diagnostic, KeptRows, Seen, UnscoredReason, UnscoredRows, diagnose};
use mdn_train::fit::describe_target;
use mdn_train::metrics::{Scorer, Scores, ZeroDensity, kolmogorov_limit, normal_nll, supports};
use mdn_train::model_file::ModelFile;
use mdn_train::pictures::written;
use serde::Serialize;

use super::column_scores::ColumnEvaluation;
use super::next::Next;
use super::options::{Reading, count, first_of_zero_density, target_names};
use super::output::{NORMAL, Output, figure};
use super::paths::InputFile;
use super::pieces::Sample;

const BINS: usize = 10;
const BAR_WIDTH: usize = 40;
/// Most times that a row is scored for its weight.
const DRAWN: usize = 256;

/// Score a model on a table
///
/// Prints the mean negative log-likelihood (NLL: nats a row, raw units, lower is better) beside
/// that of one normal distribution with the mean and spread of the table's own targets, the mean
/// continuous ranked probability score (CRPS: in the units of the target, lower is better, the
/// absolute error of a forecast without spread), the root mean squared error of the mixture's
/// mean, how often the central 50% and 90% intervals held
/// the target, and a histogram of the probability integral transforms (PIT): flat for a
/// calibrated model, a hump in the middle for intervals that are too wide, peaks at the ends for
/// intervals that are too narrow. Their mean, standard deviation and largest distance from the
/// uniform distribution say the same in numbers. CRPS and RMSE of a target that was transformed
/// are given of the transformed one (`of ln(price)`) and of the column itself. Where the file has an anomaly
/// threshold, the share of rows above it follows.
///
/// Where values have probabilities (counts, point masses), a central interval may hold more than was
/// asked for: what would be right stands beside it. The PIT of such a value is drawn between the
/// probabilities of less and of at most that value, from a fixed seed.
///
/// A row that cannot be scored, as an input that the model needs or a target is missing, no number or of a
/// category that the training rows did not have, is in no figure. The warning `unscored-rows` says how many
/// there are, why, and where the first is; where no row can be scored, that is an error.
///
/// Scores of rows that the model was trained on look too good. The diagnostic `training-rows` says
/// so where training rows that the file keeps for its self-test are in the table.
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train evaluate concrete.mdn rows-not-seen.csv")]
pub struct Evaluate {
    /// The model file
    model: InputFile,
    #[command(flatten)]
    reading: Reading,
    /// Column of numbers from 0 that say as how many rows each row counts, as in `fit` [default: each row counts
    /// once]
    #[arg(long, value_name = "COL")]
    weights: Option<String>,
}

#[derive(Serialize)]
struct Evaluation {
    rows: usize,
    skipped_rows: usize,
    unscored_rows: usize,
    /// Why, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unscored: Vec<UnscoredReason>,
    /// The column of `--weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    nll: Option<f64>,
    normal_nll: Option<f64>,
    zero_density_rows: usize,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    zero_density: Option<ZeroDensity>,
    anomaly_threshold: Option<f32>,
    anomalous_rows: Option<usize>,
    anomaly_share: Option<f64>,
    crps: Option<f64>,
    rmse: f64,
    coverage_50: f64,
    coverage_90: f64,
    targets: Vec<TargetEvaluation>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct TargetEvaluation {
    name: String,
    crps: Option<f64>,
    rmse: f64,
    /// Of a transformed target the column itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<ColumnEvaluation>,
    coverage_50: f64,
    coverage_90: f64,
    /// What a right model's intervals hold, where that is not 50% and 90%.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_coverage_50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_coverage_90: Option<f64>,
    /// In the words of `--support`, where not continuous.
    #[serde(skip_serializing_if = "Option::is_none")]
    support: Option<String>,
    /// The share of rows whose value is a point mass, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    atom_share: Option<f64>,
    pit_mean: f64,
    pit_sd: f64,
    pit_distance: f64,
    pit_histogram: Vec<usize>,
}

impl TargetEvaluation {
    fn new(scores: &Scores, d: usize, name: String) -> Self {
        let (pit_mean, pit_sd) = scores.pit_moments(d);
        let column = scores.columns[d].as_ref();
        let support = &scores.supports[d];
        let expected = |p: f64| Some(scores.expected_coverage(d, p)).filter(|&found| found != p);
        let has_atoms = matches!(support, Support::Atoms(_));
        TargetEvaluation {
            column: column.map(|column| ColumnEvaluation::new(column, &name)),
            expected_coverage_50: expected(0.5),
            expected_coverage_90: expected(0.9),
            support: (*support != Support::Continuous).then(|| describe_target(&name, support)),
            atom_share: has_atoms.then(|| scores.atom_rows[d] as f64 / scores.rows as f64),
            name,
            crps: finite(scores.crps[d]),
            rmse: scores.rmse[d],
            coverage_50: scores.coverage(d, 0.5),
            coverage_90: scores.coverage(d, 0.9),
            pit_mean,
            pit_sd,
            pit_distance: scores.pit_distance(d),
            pit_histogram: scores.pit_histogram(d, BINS),
        }
    }
}

/// Whether a target has a value to which the model gives no density at all, such as 0 under a logarithm:
/// without such a row scores would look better than they are.
fn is_impossible(why: &DataError, model: &Model<'_>) -> bool {
    let DataError::OutsideTransform { column, .. } = why else {
        return false;
    };
    let mut targets = model.target_columns();
    targets.any(|(target, _)| Transform::split(target).1 == column)
}

impl Evaluate {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let mut pieces = self.reading.for_evaluation(&model, self.weights.clone())?;
        let (mut scorer, mut sample) = (Scorer::new(model), Sample::default());
        let told = |one: &Support| matches!(one, Support::Continuous | Support::Bounds { .. });
        // Elsewhere each row that counts has a PIT to be drawn.
        let drawn = !supports(&model).iter().all(told);
        let mut kept_rows = KeptRows::new(&model);
        let mut unscored = UnscoredRows::default();
        let mut next = Some(pieces.first(output)?);
        while let Some(data) = next.take() {
            let added = match drawn {
                true => scorer.add(&data.cut(DRAWN)),
                false => scorer.add(&data),
            };
            added.map_err(|error| self.reading.place(error))?;
            let mut unusable = pieces.unusable();
            let impossible = |row: &Unusable| is_impossible(&row.why, &model);
            if let Some(row) = unusable.iter().position(impossible) {
                bail!(unusable.swap_remove(row).why);
            }
            unscored.look(&unusable);
            kept_rows.look(&data);
            sample.add(data);
            next = pieces.next()?;
        }
        let (scores, data) = (scorer.finish(), sample.rows());
        if let (0, Some(one)) = (scores.rows, unscored.reasons().first()) {
            let rows = count(unscored.count(), "row");
            bail!("none of {rows} can be scored; the first: {}", one.first);
        }
        let found = diagnose(&model, &data, &scores, Seen::Others);
        let found = found.map_err(|error| self.reading.place(error))?;
        let of_rows = kept_rows.diagnostic().into_iter().chain(pieces.findings());
        let of_table = unscored.diagnostic(scores.rows).into_iter();
        let diagnostics = of_table.chain(of_rows).chain(found);
        let targets = target_names(&model)
            .into_iter()
            .enumerate()
            .map(|(d, name)| TargetEvaluation::new(&scores, d, name));
        let evaluation = Evaluation {
            rows: scores.rows,
            skipped_rows: pieces.skipped(output),
            unscored_rows: unscored.count(),
            unscored: unscored.reasons().to_vec(),
            weights: self.weights.clone(),
            nll: finite(scores.nll),
            normal_nll: normal_nll(&data, &scores.supports),
            zero_density_rows: scores.zero_density_rows,
            zero_density: scores.zero_density.clone(),
            anomaly_threshold: model.header().anomaly_threshold,
            anomalous_rows: scores.anomalous_rows,
            anomaly_share: scores
                .anomalous_rows
                .map(|anomalies| anomalies as f64 / scores.rows as f64),
            crps: finite(scores.mean_crps()),
            rmse: scores.mean_rmse(),
            coverage_50: scores.mean_coverage(0.5),
            coverage_90: scores.mean_coverage(0.9),
            targets: targets.collect(),
            diagnostics: diagnostics.collect(),
        };
        say(&evaluation, &scores, &model, output)?;
        Next::about("plot", &self.model, &self.reading).say(output)?;
        output.result(&evaluation)
    }
}

/// JSON has no infinity.
fn finite(score: f64) -> Option<f64> {
    score.is_finite().then_some(score)
}

fn say(
    evaluation: &Evaluation,
    scores: &Scores,
    model: &Model<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    output.say(match evaluation.unscored_rows {
        0 => count(evaluation.rows, "row"),
        unscored => {
            let all = count(evaluation.rows + unscored, "row");
            format!(
                "{} of {all}: the others cannot be scored (unscored-rows)",
                evaluation.rows
            )
        }
    })?;
    output.say(format_args!("NLL            {:.4} nats a row", scores.nll))?;
    if evaluation.zero_density_rows > 0 {
        output.say(format_args!(
            "               the density is 0 in {}{}",
            count(evaluation.zero_density_rows, "row"),
            first_of_zero_density(scores)
        ))?;
    }
    if let Some(nll) = evaluation.normal_nll {
        output.say(format_args!("               {nll:.4} {NORMAL}"))?;
    }
    if let (Some(threshold), Some(share)) = (evaluation.anomaly_threshold, evaluation.anomaly_share)
    {
        output.say(format_args!(
            "anomalies      {:.2}% of the rows, −ln p above the file's {threshold:.4} nats",
            100.0 * share
        ))?;
    }
    if evaluation.targets.len() > 1 {
        output.say(format_args!(
            "mean CRPS      {}{}",
            figure(scores.mean_crps()),
            score_scales(model.target_columns().map(|(name, _)| name))
                .map_or(String::new(), |scales| format!(" (of {scales})"))
        ))?;
    }
    for (d, (target, &crps)) in evaluation.targets.iter().zip(&scores.crps).enumerate() {
        let of = match Transform::of_target(&target.name, &scores.supports[d]) {
            Some(Transform::LogOrZero { zero }) => {
                format!(" of {}, where 0 counts as {zero}", written(model, d))
            }
            Some(_) => format!(" of {}", written(model, d)),
            None => String::new(),
        };
        say_target(target, crps, &of, evaluation.rows, output)?;
    }
    for diagnostic in &evaluation.diagnostics {
        output.say(format_args!("\n{diagnostic}"))?;
    }
    Ok(())
}

fn say_target(
    target: &TargetEvaluation,
    crps: f64,
    of: &str,
    rows: usize,
    output: &mut Output,
) -> anyhow::Result<()> {
    let right = |expected: Option<f64>| match expected {
        Some(expected) => format!(" ({:.1}% would be right)", 100.0 * expected),
        None => String::new(),
    };
    let support = match (&target.support, target.atom_share) {
        (Some(support), Some(share)) => {
            format!(
                "\nsupport        {support}; {:.1}% of the rows on atoms",
                100.0 * share
            )
        }
        (Some(support), None) => format!("\nsupport        {support}"),
        (None, _) => String::new(),
    };
    output.say(format_args!(
        "\n{}{support}\n\
         CRPS           {}{of}\n\
         RMSE of mean   {}{of}",
        target.name,
        figure(crps),
        figure(target.rmse),
    ))?;
    if let Some(column) = &target.column {
        column.say(output)?;
    }
    output.say(format_args!(
        "in central 50% {:.1}%{}\n\
         in central 90% {:.1}%{}\n\
         PIT            mean {:.3} (0.5), sd {:.3} (0.289), distance from uniform {:.3} \
         (above {:.3} by chance once in 20)",
        100.0 * target.coverage_50,
        right(target.expected_coverage_50),
        100.0 * target.coverage_90,
        right(target.expected_coverage_90),
        target.pit_mean,
        target.pit_sd,
        target.pit_distance,
        kolmogorov_limit(rows),
    ))?;
    let most = target.pit_histogram.iter().copied().max();
    let most = most.unwrap_or(0).max(1);
    for (bin, &count) in target.pit_histogram.iter().enumerate() {
        let low = bin as f64 / BINS as f64;
        let bar = "█".repeat((count * BAR_WIDTH).div_ceil(most));
        output.say(format_args!("PIT {low:.1} {count:>7} {bar}"))?;
    }
    Ok(())
}
