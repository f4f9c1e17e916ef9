//! What the report of `plot` says beside its pictures.

use mdn_train::data::Dataset;
use mdn_train::diagnose::{Diagnostic, KeptRows};
use mdn_train::metrics::Scores;
use mdn_train::pictures::{Line, NEAR, TypicalRow};
use mdn_train::plot::{Rows, Section, SummaryRow};

use super::Plot;
use crate::cli::album::command_line;
use crate::cli::options::count;
use crate::cli::output::figure;

/// What varies on the pictures of a target, what is held, and which rows are shown.
pub fn slice(line: &Line<'_>, rows: &Rows, all: usize) -> String {
    let name = line.name();
    let varies = match line.category_counts() {
        None => format!("{name} varies over the range of the table's rows."),
        Some((levels, shown)) if levels == shown => format!("{name} varies over its categories."),
        Some((levels, shown)) => {
            format!("{name} varies over the {shown} most frequent of its {levels} categories.")
        }
    };
    let axes = "Axes show all rows but outliers, those farther from the middle 95% of the rows than its \
                length; triangles at the edge mark them.";
    let drawn = rows.near.len() + rows.far.len();
    let points = match drawn {
        drawn if drawn == all => "The points are all rows of the table.".to_owned(),
        drawn => format!("The points are {drawn} of the table's {all} rows."),
    };
    let Some(others) = line.others() else {
        return format!("{varies} {points}\n\n{axes}");
    };
    let hint = match 20 * rows.near.len() < drawn {
        true => {
            " So few are near that the slice says little about the table: see the calibration, which \
                 has each row with its own inputs."
        }
        false => "",
    };
    format!(
        "A slice: {varies} The other inputs are held at typical values of the rows, the median or the \
         most frequent category: {others}.\n\n\
         {points} Their other inputs differ from those held. Drawn in full are the {} near the slice, \
         for which the model expects nearly the same as on it (10%, 30%, 50%, 70% and 90% quantiles to \
         within {NEAR} in probability); the other {} are drawn faintly and may well lie elsewhere.{hint}\n\n\
         {axes}",
        count(rows.near.len(), "row"),
        rows.far.len(),
    )
}

fn row(label: String, value: String, explanation: &str) -> SummaryRow {
    SummaryRow {
        label,
        value,
        explanation: explanation.to_owned(),
    }
}

/// The scores as lines of a report's table; `names` are what the figures of each target are units of.
pub fn summary(scores: &Scores, normal_nll: Option<f64>, names: &[String]) -> Vec<SummaryRow> {
    let mut rows = vec![row(
        "NLL".to_owned(),
        format!("{:.4} nats", scores.nll),
        "mean negative log-density a row, in raw units; lower is better, and below 0 where the density \
         exceeds 1",
    )];
    rows.extend(normal_nll.map(|nll| {
        row(
            "NLL of a normal distribution".to_owned(),
            format!("{nll:.4} nats"),
            "one for all rows, with the mean and spread of these targets; it knows no inputs",
        )
    }));
    for (name, (&crps, &rmse)) in names.iter().zip(scores.crps.iter().zip(&scores.rmse)) {
        rows.extend(errors(name, crps, rmse));
    }
    rows.extend([50, 90].map(|percent| {
        let share = scores.mean_coverage(f64::from(percent) / 100.0);
        row(
            format!("in the central {percent}%"),
            format!("{:.1}%", 100.0 * share),
            &format!("{percent}% for a calibrated model"),
        )
    }));
    rows
}

/// The lines of one target.
fn errors(name: &str, crps: f64, rmse: f64) -> [SummaryRow; 2] {
    [
        row(
            format!("CRPS of {name}"),
            figure(crps),
            "mean continuous ranked probability score, in these units; lower is better: the mean absolute \
             error of a forecast without spread",
        ),
        row(
            format!("RMSE of the mean of {name}"),
            figure(rmse),
            "in these units; misleading where several answers are right: the mean may be none of them",
        ),
    ]
}

/// Whether these are rows of the training.
pub fn seen(kept: &KeptRows<'_>) -> String {
    let too_good = "Scores and calibration of rows that a model was trained on look too good.";
    match (kept.found(), kept.count()) {
        (0, 0) => format!("{too_good} Whether these are such rows cannot be told."),
        (0, 1) => {
            format!("{too_good} The training row that the model file keeps is not among these.")
        }
        (0, all) => format!(
            "{too_good} None of the {all} training rows that the model file keeps is among these."
        ),
        (found, all) => format!(
            "{too_good} Of the {all} training rows that the model file keeps, {found} {} among these.",
            if found == 1 { "is" } else { "are" }
        ),
    }
}

/// What the figures mean, as `evaluate` says it.
pub fn findings(diagnostics: &[Diagnostic]) -> Section {
    let found: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    Section {
        heading: "Diagnostics".to_owned(),
        words: match found.is_empty() {
            true => "Nothing to remark.".to_owned(),
            false => found.join("\n\n"),
        },
        figures: Vec::new(),
    }
}

/// Where to go from here.
pub fn next(plot: &Plot, typical: &TypicalRow<'_>, input: usize, kept: &KeptRows<'_>) -> Section {
    let model = plot.model.display();
    let mut steps = Vec::new();
    if kept.found() > 0 {
        steps.push(format!(
            "Score rows that the model has not seen: `mdn-train evaluate {model} ROWS`, or the options of \
             its `fit` on held-out folds: `mdn-train cross-validate {}`.",
            plot.reading.data.display()
        ));
    }
    steps.push(
        "What a diagnostic advises comes first; `mdn-train fit --help` has the options.".to_owned(),
    );
    let others = typical
        .variations()
        .into_iter()
        .map(|other| typical.name(other));
    let own = typical.name(input);
    let others: Vec<String> = others.filter(|other| *other != own).take(12).collect();
    if !others.is_empty() {
        steps.push(format!(
            "See another input: `mdn-train plot {model} {} --input NAME`, with NAME one of {}.",
            plot.reading.data.display(),
            others.join(", ")
        ));
    }
    steps.push(format!(
        "Predict: `mdn-train predict {model} NEW --quantiles 0.05,0.5,0.95`; draw: `mdn-train sample \
         {model} NEW`."
    ));
    Section {
        heading: "What to do next".to_owned(),
        words: steps.join("\n\n"),
        figures: Vec::new(),
    }
}

/// Command, version, model and data.
pub fn made(plot: &Plot, data: &Dataset) -> Section {
    let skipped = match data.skipped_rows {
        0 => String::new(),
        skipped => format!(", {} left out for missing values", count(skipped, "row")),
    };
    Section {
        heading: "How this report was made".to_owned(),
        words: format!(
            "{}\n\nModel: {}.\n\nData: {}, {}{skipped}; inputs {}; targets {}.",
            command_line(),
            plot.model.display(),
            plot.reading.data.display(),
            count(data.rows, "row"),
            data.input_names.join(", "),
            data.target_names.join(", "),
        ),
        figures: Vec::new(),
    }
}
