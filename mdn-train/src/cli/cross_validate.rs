//! `mdn-train cross-validate`

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use anyhow::{Context, anyhow, ensure};
use clap::{ArgMatches, Args, Command};
use mdn_infer::format::Support;
use mdn_train::cross_validate::{FoldScores, Folds, Summary, cross_validate};
use mdn_train::data::{
    DataError, Dataset, HoldOut, OwnedRows, TableRows, column_scales, score_scales,
};
use mdn_train::diagnose::{Diagnostic, SomeRows, dependent_rows, of_table};
use mdn_train::fit::{TargetSupport, with_supports_of};
use mdn_train::metrics::{Scores, ZeroDensity, normal_nll};
use serde::Serialize;

use super::fit::choices::{NetworkChoices, TrainingChoices, config};
use super::fit::columns::ColumnChoices;
use super::next::{Next, model_for, same_for};
use super::options::{count, say_supports};
use super::output::{NORMAL, Output, figure};
use super::paths::InputFile;
use super::values::{positive, whole};

/// Measure how well `fit` would predict rows that it has not seen
///
/// Parts the table into folds, fits a model to all rows but one fold's, scores it on that fold's,
/// and gives the mean over the folds with its standard error. Every option of `fit` means the same
/// here. Nothing is written; `fit` the whole table once the figures please.
///
/// With `--hold-out last` the origin rolls: the rows are parted by their order into one more part than
/// there are folds, and each but the first tests a model of those before it. With `group:COL` folds are of
/// whole groups; with `rows:FILE` there is one fold, of the rows listed.
///
/// `--test-rows` takes given splits instead: a JSON list with one list of test rows for each,
/// rows counted from 0 below the header.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mdn-train cross-validate concrete.csv --target strength_mpa\n  \
    mdn-train cross-validate concrete.csv --target strength_mpa --folds 5 --repeats 4 -k 10\n  \
    mdn-train cross-validate concrete.csv --target strength_mpa --test-rows splits.json --json")]
pub struct CrossValidate {
    #[command(flatten)]
    columns: ColumnChoices,
    /// Parts of the table, each of which tests once
    #[arg(long, default_value_t = 10, value_name = "K",
          value_parser = whole(2..=u32::MAX))]
    folds: u32,
    /// Do it all this often, each time with the next seed
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = positive)]
    repeats: usize,
    /// Given splits: a JSON file with a list of test rows for each
    #[arg(long, value_name = "FILE", conflicts_with = "folds")]
    test_rows: Option<InputFile>,
    #[command(flatten, next_help_heading = "Network")]
    network: NetworkChoices,
    #[command(flatten, next_help_heading = "Training")]
    training: TrainingChoices,
    /// `fit` with the same arguments.
    #[arg(skip)]
    fit: Option<Next>,
}

#[derive(Serialize)]
struct FoldResult {
    fold: usize,
    seed: u64,
    train_rows: usize,
    validation_rows: usize,
    test_rows: usize,
    best_step: usize,
    validation_nll: Option<f64>,
    nll: Option<f64>,
    crps: Option<f64>,
    rmse: f64,
    coverage_50: f64,
    coverage_90: f64,
    coverage_95: f64,
    calibration_error: f64,
    zero_density_rows: usize,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    zero_density: Option<ZeroDensity>,
}

#[derive(Serialize)]
struct CrossValidation {
    rows: usize,
    /// The value of `--hold-out`.
    hold_out: String,
    /// The column of `--order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// The column of `--weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    /// How the folds part the rows, where not at random.
    #[serde(skip)]
    parted: Option<String>,
    repeats: usize,
    nll_mean: Option<f64>,
    nll_standard_error: Option<f64>,
    normal_nll: Option<f64>,
    /// Test rows with a number that stands for a missing one, in none of the scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside_rows: Option<usize>,
    crps_mean: Option<f64>,
    crps_standard_error: Option<f64>,
    rmse_mean: f64,
    rmse_standard_error: Option<f64>,
    /// In the units of the columns, where targets were transformed.
    #[serde(flatten)]
    columns: Option<ColumnMeans>,
    coverage_50_mean: f64,
    coverage_90_mean: f64,
    coverage_95_mean: f64,
    calibration_error_mean: f64,
    calibration_error_standard_error: Option<f64>,
    seconds: f64,
    /// The supports of the targets and where they come from.
    supports: Vec<TargetSupport>,
    folds: Vec<FoldResult>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct ColumnMeans {
    column_crps_mean: Option<f64>,
    column_crps_standard_error: Option<f64>,
    column_rmse_mean: Option<f64>,
    column_rmse_standard_error: Option<f64>,
}

impl CrossValidate {
    /// Keeps what `fit` would be given, of the arguments of this command.
    pub fn note_arguments(&mut self, all: &Command, matches: &ArgMatches) {
        let own = matches.subcommand_matches("cross-validate");
        self.fit = own.map(|own| same_for("fit", all, own));
    }

    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let config = config(&self.columns, &self.network, &self.training)?;
        let table = self.columns.data(output)?;
        let merged = self.merged(&table)?;
        let data = merged.as_ref().unwrap_or(&table);
        let settled = with_supports_of(data, &config);
        let (config, supports) = settled.map_err(|error| self.columns.reading.place_fit(error))?;
        say_supports(&supports, output)?;
        let folds = self.splits((&table, data), config.seed)?;
        let start = Instant::now();
        let total = folds.folds().len();
        let tell = |number: usize, scores: &FoldScores| {
            eprintln!(
                "fold {} of {total}: NLL {:.4} on {}",
                number + 1,
                scores.test.nll,
                count(scores.test.rows, "test row")
            );
        };
        let scores = cross_validate(data, &config, &folds, &tell).map_err(|error| {
            let place = format!("fold {}", error.fold);
            self.columns.reading.place_fit(error.source).context(place)
        })?;
        let means = Means::new(&scores, folds.in_a_repeat());
        let seconds = start.elapsed().as_secs_f64();
        let found = self.findings((&table, data), &supports, &folds, &scores);
        let found = found.map_err(|error| self.columns.reading.place_data(error))?;
        let result = CrossValidation {
            diagnostics: found,
            ..self.summarise(data, supports, &means, &scores, seconds)
        };
        say(&means, &result, &data.target_names, output)?;
        let reading = &self.columns.reading;
        if let Some(fit) = self.fit.filter(|_| !reading.is_standard_input()) {
            let model = model_for(&reading.data);
            fit.with_option("out", &model.to_string_lossy())
                .say(output)?;
        }
        output.result(&result)
    }

    fn summarise(
        &self,
        data: &Dataset,
        supports: Vec<TargetSupport>,
        means: &Means,
        folds: &[FoldScores],
        seconds: f64,
    ) -> CrossValidation {
        let [half, most, nearly_all] = means.coverages;
        let lines: Vec<Support> = supports.iter().map(|one| one.support).collect();
        let error = |summary: Summary| summary.standard_error.and_then(finite);
        CrossValidation {
            rows: TableRows::from(data).counted(),
            hold_out: self.columns.held.value(),
            order: self.columns.held.order().map(str::to_owned),
            weights: self.columns.weights.clone(),
            parted: self
                .columns
                .held
                .say_folds()
                .filter(|_| self.test_rows.is_none()),
            repeats: self.repeats,
            nll_mean: finite(means.nll.mean),
            nll_standard_error: error(means.nll),
            set_aside_rows: Some(folds.iter().map(|fold| fold.set_aside_rows).sum())
                .filter(|&rows: &usize| rows > 0),
            normal_nll: normal_nll(&data.without_marked(), &lines),
            crps_mean: finite(means.crps.mean),
            crps_standard_error: error(means.crps),
            rmse_mean: means.rmse.mean,
            rmse_standard_error: error(means.rmse),
            columns: means.columns.map(|[crps, rmse]| ColumnMeans {
                column_crps_mean: finite(crps.mean),
                column_crps_standard_error: error(crps),
                column_rmse_mean: finite(rmse.mean),
                column_rmse_standard_error: error(rmse),
            }),
            coverage_50_mean: half.1.mean,
            coverage_90_mean: most.1.mean,
            coverage_95_mean: nearly_all.1.mean,
            calibration_error_mean: means.calibration_error.mean,
            calibration_error_standard_error: error(means.calibration_error),
            seconds,
            folds: folds.iter().enumerate().map(FoldResult::new).collect(),
            diagnostics: Vec::new(),
            supports,
        }
    }

    /// Given splits are taken to keep repeats, and rows that depend on each other, together; so is a
    /// hold-out that is not random.
    fn findings(
        &self,
        (table, data): (&Dataset, &Dataset),
        supports: &[TargetSupport],
        folds: &Folds,
        scores: &[FoldScores],
    ) -> Result<Vec<Diagnostic>, DataError> {
        let supports: Vec<Support> = supports.iter().map(|one| one.support).collect();
        let found = of_table(table, &supports, self.test_rows.is_none());
        if self.test_rows.is_some() {
            return Ok(found);
        }
        let dependent = match self.columns.held.kind() {
            Ok(HoldOut::Random) => {
                let some = SomeRows::of(table.into())?;
                let pits = some.of_all(&out_of_fold((table, data), folds, scores));
                dependent_rows(&some, &pits)
            }
            _ => None,
        };
        Ok(dependent.into_iter().chain(found).collect())
    }

    /// The rows in which equal ones are one; given splits number the rows of the table as it is.
    fn merged(&self, table: &Dataset) -> anyhow::Result<Option<Dataset>> {
        if self.test_rows.is_some() {
            return Ok(None);
        }
        let merged = TableRows::from(table).merged(self.columns.held.kind()?)?;
        Ok(merged.and_then(|rows| match rows {
            OwnedRows::Memory(data) => Some(data),
            OwnedRows::Stored(_) => None,
        }))
    }

    fn splits(&self, (table, data): (&Dataset, &Dataset), seed: u64) -> anyhow::Result<Folds> {
        let Some(path) = &self.test_rows else {
            let kind = self.columns.held.kind()?;
            let folds = |of: &Dataset| {
                let (rows, folds) = ((&of.arrangement, of.rows), self.folds as usize);
                Folds::arranged(rows, kind, folds, self.repeats, seed)
            };
            let name = self.columns.reading.name();
            // What is wrong with the table as its owner knows it comes first.
            return (folds(table).and_then(|_| folds(data)))
                .map_err(|error| anyhow!("{name}: {error}; fewer --folds need fewer rows"));
        };
        let name = path.display();
        ensure!(
            data.skipped_rows == 0,
            "{name} numbers the rows of the whole table, but {} left out for missing values; \
             remove --skip-missing or complete the table",
            count(data.skipped_rows, "row")
        );
        let text = fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
        let folds = Folds::given(&text, data.rows, self.repeats, seed);
        folds.with_context(|| name.to_string())
    }
}

/// The PITs of all rows of `table` `[rows][D]` as the first repeat has them, each of a model that has not seen it; 0.5
/// of rows that are in no score. `data` are the rows that were scored, which may be those of the table merged.
fn out_of_fold(
    (table, data): (&Dataset, &Dataset),
    folds: &Folds,
    scores: &[FoldScores],
) -> Vec<f32> {
    let width = data.target_names.len();
    let mut pits = vec![0.5; data.rows * width];
    for scores in scores.iter().take(folds.in_a_repeat()) {
        for (d, of_target) in scores.test.pit.iter().enumerate() {
            for (&row, &pit) in scores.scored_rows.iter().zip(of_target) {
                pits[row * width + d] = pit;
            }
        }
    }
    if data.rows == table.rows && data.lines == table.lines {
        return pits;
    }
    let rows = data.fingerprints.iter().zip(pits.chunks_exact(width));
    let of_cells: HashMap<&u64, &[f32]> = rows.collect();
    let all = table.fingerprints.iter().map(|cells| of_cells[cells]);
    all.collect::<Vec<_>>().concat()
}

/// JSON has no infinity.
fn finite(score: f64) -> Option<f64> {
    score.is_finite().then_some(score)
}

/// Means over the folds.
struct Means {
    nll: Summary,
    crps: Summary,
    rmse: Summary,
    /// CRPS and RMSE in the units of the columns, where targets were transformed.
    columns: Option<[Summary; 2]>,
    coverages: [(f64, Summary); 3],
    calibration_error: Summary,
}

impl Means {
    fn new(folds: &[FoldScores], independent: usize) -> Self {
        let mean = |value: &dyn Fn(&Scores) -> f64| {
            let values: Vec<f64> = folds.iter().map(|fold| value(&fold.test)).collect();
            Summary::new(&values, independent)
        };
        let transformed = |fold: &FoldScores| fold.test.mean_column_crps().is_some();
        let column =
            |value: fn(&Scores) -> Option<f64>| mean(&|scores| value(scores).unwrap_or(f64::NAN));
        let columns = || [Scores::mean_column_crps, Scores::mean_column_rmse].map(column);
        let coverage = |p: f64| (p, mean(&|scores| scores.mean_coverage(p)));
        Means {
            nll: mean(&|scores| scores.nll),
            crps: mean(&Scores::mean_crps),
            rmse: mean(&Scores::mean_rmse),
            columns: folds.iter().any(transformed).then(columns),
            coverages: [0.5, 0.9, 0.95].map(coverage),
            calibration_error: mean(&Scores::mean_calibration_error),
        }
    }
}

impl FoldResult {
    fn new((number, scores): (usize, &FoldScores)) -> Self {
        let test = &scores.test;
        FoldResult {
            fold: number + 1,
            seed: scores.seed,
            train_rows: scores.train_rows,
            validation_rows: scores.validation_rows,
            test_rows: test.rows,
            best_step: scores.best_step,
            validation_nll: scores.validation_nll.and_then(finite),
            nll: finite(test.nll),
            crps: finite(test.mean_crps()),
            rmse: test.mean_rmse(),
            coverage_50: test.mean_coverage(0.5),
            coverage_90: test.mean_coverage(0.9),
            coverage_95: test.mean_coverage(0.95),
            calibration_error: test.mean_calibration_error(),
            zero_density_rows: test.zero_density_rows,
            zero_density: test.zero_density.clone(),
        }
    }
}

/// `targets` are their names.
fn say(
    means: &Means,
    result: &CrossValidation,
    targets: &[String],
    output: &mut Output,
) -> anyhow::Result<()> {
    let of = |scales: Option<String>| scales.map_or(String::new(), |s| format!(" of {s}"));
    let names = || targets.iter().map(String::as_str);
    let (of, of_columns) = (of(score_scales(names())), of(column_scales(names())));
    let mut line = |name: &str, summary: Summary, words: fn(f64) -> String, of: &str| {
        let error = summary.standard_error.map(words);
        let error = error.map_or(String::new(), |error| format!(" ± {error}"));
        output.say(format_args!(
            "{name:<18} {:>10}{error}{of}",
            words(summary.mean)
        ))
    };
    let nats = |nll: f64| format!("{nll:.4}");
    let percent = |share: f64| format!("{:.1}%", 100.0 * share);
    line("NLL, nats a row", means.nll, nats, "")?;
    line("CRPS", means.crps, figure, &of)?;
    line("RMSE of mean", means.rmse, figure, &of)?;
    if let Some([crps, rmse]) = means.columns {
        line("CRPS", crps, figure, &of_columns)?;
        line("RMSE of mean", rmse, figure, &of_columns)?;
    }
    for (probability, coverage) in means.coverages {
        let name = format!("in central {:.0}%", 100.0 * probability);
        line(&name, coverage, percent, "")?;
    }
    line("calibration error", means.calibration_error, percent, "")?;
    let folds = count(result.folds.len(), "fold");
    output.say(format_args!(
        "means over {folds} of {} ± their standard errors, {:.1} s",
        count(result.rows, "row"),
        result.seconds
    ))?;
    if let Some(parted) = &result.parted {
        output.say(parted)?;
    }
    say_rest(result, output)
}

/// What stands below the means.
fn say_rest(result: &CrossValidation, output: &mut Output) -> anyhow::Result<()> {
    let zero: usize = result.folds.iter().map(|fold| fold.zero_density_rows).sum();
    if zero > 0 {
        let first = result
            .folds
            .iter()
            .find_map(|fold| fold.zero_density.as_ref());
        output.say(format_args!(
            "the density is 0 in {}{}",
            count(zero, "test row"),
            first.map_or_else(String::new, |first| format!("; the first is {first}"))
        ))?;
    }
    if let Some(rows) = result.set_aside_rows {
        output.say(format_args!(
            "{} with a number that stands for a missing one (sentinel) in none of these figures",
            count(rows, "test row")
        ))?;
    }
    if let Some(nll) = result.normal_nll {
        output.say(format_args!("NLL {nll:.4} {NORMAL}"))?;
    }
    for diagnostic in &result.diagnostics {
        output.say(diagnostic)?;
    }
    Ok(())
}
