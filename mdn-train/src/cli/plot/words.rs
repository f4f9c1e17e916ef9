//! What the report of `plot` says beside its pictures.

use mdn_train::data::Dataset;
use mdn_train::diagnose::{Diagnostic, KeptRows};
use mdn_train::metrics::Scores;
use mdn_train::pictures::{Line, NEAR, TypicalRow};
use mdn_train::plot::{Rows, Section, SummaryRow};

use super::Plot;
use crate::cli::album::command_line;
use crate::cli::column_scores::tail_words;
use crate::cli::next::{Next, file};
use crate::cli::options::count;
use crate::cli::output::figure;

/// What varies on the pictures of a target, what is held, and which rows are shown.
pub fn slice(line: &Line<'_>, rows: &Rows, all: usize) -> String {
    let name = line.name();
    let varies = match line.category_counts() {
        None => format!("{name} varies over the range of the table's rows."),
        Some((1, 1)) => format!(
            "{name} is {} in all rows of the table, so the model is drawn at this value alone.",
            line.categories().concat()
        ),
        Some((levels, shown)) if levels == shown => format!("{name} varies over its categories."),
        Some((levels, shown)) => {
            format!("{name} varies over the {shown} most frequent of its {levels} categories.")
        }
    };
    let axes = "Axes show all rows but outliers, those farther from the middle 95% of the rows than its \
                length; triangles at the edge mark them.";
    let drawn = rows.near.len() + rows.far.len();
    let points = match drawn {
        1 if all == 1 => "The point is the only row of the table.".to_owned(),
        drawn if drawn == all => "The points are all rows of the table.".to_owned(),
        1 => format!("The point is one of the table's {all} rows."),
        drawn => format!("The points are {drawn} of the table's {all} rows."),
    };
    let Some(others) = line.others() else {
        return format!("{varies} {points}\n\n{axes}");
    };
    format!(
        "A slice: {varies} The other inputs are held at typical values of the rows, the median or the \
         most frequent category: {others}.\n\n\
         {points} {}\n\n\
         {axes}",
        nearness(rows.near.len(), rows.far.len()),
    )
}

/// How many of the rows that are drawn are near the slice, and what that means.
fn nearness(near: usize, far: usize) -> String {
    let alike = format!(
        "the model expects nearly the same as on it (10%, 30%, 50%, 70% and 90% quantiles to within {NEAR} in \
         probability)"
    );
    let hint = match 20 * near < near + far {
        true => {
            " So few are near that the slice says little about the table: see the calibration, which \
                 has each row with its own inputs."
        }
        false => "",
    };
    let lie = match far {
        1 => "the other one is drawn faintly and may well lie elsewhere".to_owned(),
        far => format!("the other {far} are drawn faintly and may well lie elsewhere"),
    };
    match (near, far) {
        (0, 0) => String::new(),
        (1, 0) => format!("It is near the slice: for it {alike}."),
        (_, 0) => format!("All are near the slice: for them {alike}."),
        (0, 1) => format!(
            "It is drawn faintly and may well lie elsewhere: its other inputs differ from those held, and it \
             is not near the slice, where {alike}.{hint}"
        ),
        (0, _) => format!(
            "All are drawn faintly and may well lie elsewhere: their other inputs differ from those held, and \
             none is near the slice, where {alike}.{hint}"
        ),
        (1, _) => format!(
            "Their other inputs differ from those held. Drawn in full is the 1 row near the slice, for which \
             {alike}; {lie}.{hint}"
        ),
        _ => format!(
            "Their other inputs differ from those held. Drawn in full are the {near} rows near the slice, for \
             which {alike}; {lie}.{hint}"
        ),
    }
}

fn row(label: String, value: String, explanation: &str) -> SummaryRow {
    SummaryRow {
        label,
        value,
        explanation: explanation.to_owned(),
    }
}

/// The scores as lines of a report's table; `names` are what the figures of each target are units of,
/// `columns` the table's columns themselves.
pub fn summary(
    scores: &Scores,
    normal_nll: Option<f64>,
    names: &[String],
    columns: &[String],
) -> Vec<SummaryRow> {
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
    for (name, column) in columns.iter().zip(&scores.columns) {
        let Some(column) = column else { continue };
        rows.extend(errors(name, column.crps, column.rmse));
        let rest = tail_words(name, column.tail_rows);
        let told = |words: String| row(format!("moments of {name}"), String::new(), &words);
        rows.extend(rest.map(told));
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

/// Where to go from here; `targets` are the model's.
pub fn next(
    plot: &Plot,
    targets: &[String],
    typical: &TypicalRow<'_>,
    input: usize,
    kept: &KeptRows<'_>,
) -> Section {
    let own = typical.name(input);
    let others = typical.variations().into_iter();
    let others = others.map(|other| typical.name(other));
    let others: Vec<String> = others.filter(|other| *other != own).take(12).collect();
    let steps = [
        (kept.found() > 0).then(|| unseen(plot, targets)),
        Some(
            "What a diagnostic advises comes first; `mdn-train fit --help` has the options."
                .to_owned(),
        ),
        others
            .split_first()
            .map(|(first, rest)| another(plot, first, rest)),
        Some(format!(
            "Predict: {}; draw: {}. NEW is a table of inputs.",
            about_model(plot, "predict", "NEW", &["--quantiles", "0.05,0.5,0.95"]),
            about_model(plot, "sample", "NEW", &[])
        )),
    ];
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    Section {
        heading: "What to do next".to_owned(),
        words: steps.join("\n\n"),
        figures: Vec::new(),
    }
}

/// How to score rows that the model has not seen.
fn unseen(plot: &Plot, targets: &[String]) -> String {
    let folds = Next::new("cross-validate", [table(plot)]);
    let folds = folds.with_option("target", &targets.join(","));
    format!(
        "Score rows that the model has not seen: {}, where ROWS is a table of them; or its options on held-out \
         folds: {} with those that its `fit` was given.",
        about_model(plot, "evaluate", "ROWS", &[]),
        command(plot, folds)
    )
}

/// How to see another input, the `first` or one of the `rest`.
fn another(plot: &Plot, first: &str, rest: &[String]) -> String {
    let next = Next::new("plot", [file(&plot.model), table(plot)]);
    let command = command(plot, next.with_option("input", first));
    match rest {
        [] => format!("See the other input: {command}."),
        rest => format!(
            "See another input: {command}, or in place of {first} one of {}.",
            rest.join(", ")
        ),
    }
}

/// The table as commands name it; one from standard input is gone.
fn table(plot: &Plot) -> String {
    match plot.reading.is_standard_input() {
        true => "TABLE".to_owned(),
        false => file(&plot.reading.data),
    }
}

/// A command about the model and a table of the same kind, to paste.
fn about_model(plot: &Plot, name: &str, table: &str, more: &[&str]) -> String {
    let words = [&file(&plot.model), table];
    command(plot, Next::new(name, words).with(more))
}

/// The command with the options by which the table was read.
fn command(plot: &Plot, next: Next) -> String {
    let reading = plot.reading.words();
    let reading: Vec<&str> = reading.iter().map(String::as_str).collect();
    let command = next.with(&reading).command();
    command.map_or_else(String::new, |command| format!("`{command}`"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_right_sentences() {
        for (near, far, begins) in [
            (1, 0, "It is near the slice: for it the model"),
            (7, 0, "All are near the slice: for them the model"),
            (0, 1, "It is drawn faintly"),
            (0, 9, "All are drawn faintly"),
        ] {
            assert!(nearness(near, far).starts_with(begins), "{near} {far}");
        }
        for near in 0..3 {
            assert!(!nearness(near, 0).contains("faint"), "{near}");
        }
        assert_eq!(nearness(0, 0), "");
        let one = nearness(1, 5);
        assert!(one.contains("is the 1 row near") && one.contains("the other 5 are drawn faintly"));
        let other = nearness(5, 1);
        assert!(other.contains("are the 5 rows near") && other.contains("the other one is drawn"));
        // A twentieth are few.
        assert!(nearness(1, 20).contains("So few") && !nearness(1, 19).contains("So few"));
    }
}
