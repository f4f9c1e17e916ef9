//! The demonstration's figures as a report and on the terminal.

use mdn_train::plot::{Figure, Report, Section, SummaryRow};
use mdn_train::recovery::ANGLE_TOLERANCE;

use super::{DemoResult, HELD_OUT_ROWS};
use crate::cli::album::command_line;
use crate::cli::output::Output;
use crate::cli::problem::Problem;

pub fn report(problem: Problem, result: &DemoResult, figures: Vec<Figure>, points: u32) -> Report {
    let (title, words) = match problem {
        Problem::InverseSine => (
            "The classic inverse problem",
            "A network that predicts one number would answer with the mean of the branches, \
             where no data lie. The mixture keeps every branch.",
        ),
        Problem::TwoLinkArm => (
            "The two-link arm",
            "The mean of the two solutions is no solution: a straighter arm that misses the tip. \
             The mixture keeps both, and how the two angles must move together.",
        ),
        Problem::Bishop => (
            "Bishop's inverse sinusoid",
            "Where three stretches of t explain one x, their mean explains none. The noise ends \
             sharply, which normal components can only approach.",
        ),
    };
    Report {
        title: title.to_owned(),
        introduction: problem.law().to_owned(),
        summary: summary(result),
        sections: vec![
            Section {
                heading: "Pictures".to_owned(),
                words: words.to_owned(),
                figures,
            },
            Section {
                heading: "What to do next".to_owned(),
                words:
                    "The same on a table of your own: `mdn-train fit TABLE --target COLUMN`, then \
                        `mdn-train plot model.mdn TABLE` for a report like this with diagnostics."
                        .to_owned(),
                figures: Vec::new(),
            },
            Section {
                heading: "How this report was made".to_owned(),
                words: format!(
                    "{}\n\nData: {points} points in data.csv, drawn by the law above; the score on \
                     fresh points is of {HELD_OUT_ROWS} others. The model: model.mdn.",
                    command_line()
                ),
                figures: Vec::new(),
            },
        ],
    }
}

fn summary(result: &DemoResult) -> Vec<SummaryRow> {
    let nats = |nll: f64| format!("{nll:.4} nats");
    let train = ("NLL on training points", nats(result.train_nll));
    let fresh = ("NLL on fresh points", nats(result.heldout_nll));
    let floor = ("floor", nats(result.floor_nll));
    let bytes = ("model file", format!("{} bytes", result.file_bytes));
    let parameters = ("parameters", result.parameters.to_string());
    let error = format!("{:.1e}", result.max_relative_error);
    let error = ("error against f64", error);
    let hash = ("output hash", result.output_hash.clone());
    let mut rows = vec![
        row(train, "mean negative log-density"),
        row(fresh, "100,000 points that training did not see"),
        row(
            floor,
            "the entropy of the targets given the inputs: no model does better on average",
        ),
        row(bytes, "with golden vectors for the self-test"),
        row(parameters, "numbers that training adjusted"),
        row(
            error,
            "largest error of a log-density p, relative to max(1, |log p|)",
        ),
        row(
            hash,
            "the same on every machine and board that runs this file",
        ),
    ];
    let recovered = result.both_solutions_recovered.map(|share| {
        row(
            ("both solutions", format!("{:.1}%", 100.0 * share)),
            "of the tips well inside the workspace have them within 0.1 rad of the two highest \
             modes",
        )
    });
    rows.splice(3..3, recovered);
    rows
}

fn row((label, value): (&str, String), explanation: &str) -> SummaryRow {
    SummaryRow {
        label: label.to_owned(),
        value,
        explanation: explanation.to_owned(),
    }
}

pub fn say(result: &DemoResult, output: &mut Output) -> anyhow::Result<()> {
    output.say(format_args!(
        "train NLL          {:.4}\n\
         NLL, fresh points  {:.4}  ({HELD_OUT_ROWS} of them)\n\
         floor              {:.4}  (the entropy of the targets given the inputs)",
        result.train_nll, result.heldout_nll, result.floor_nll,
    ))?;
    if let (Some(share), Some(error), Some(tips)) = (
        result.both_solutions_recovered,
        result.median_angle_error,
        result.tips,
    ) {
        output.say(format_args!(
            "both solutions     {:.1}% of {tips} tips: each within {ANGLE_TOLERANCE} rad of one \
             of the two highest modes\n\
             angle error        {error:.4} rad, median over the tips of the larger joint's",
            100.0 * share,
        ))?;
    }
    output.say(format_args!(
        "model file         {} bytes, {} parameters\n\
         golden vectors     {} outputs, {} differ\n\
         output hash        {}\n\
         against f64        {:.2e} largest error of the log-density, relative to max(1, |log p|)\n\
         training time      {:.1} s",
        result.file_bytes,
        result.parameters,
        result.golden_values,
        result.golden_mismatches,
        result.output_hash,
        result.max_relative_error,
        result.training_seconds,
    ))?;
    for file in &result.files {
        output.say(format_args!("wrote {file}"))?;
    }
    Ok(())
}
