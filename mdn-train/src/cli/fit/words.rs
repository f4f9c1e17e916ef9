//! What `fit` says of a model that is done.

use mdn_train::data::{Dataset, score_scales};
use mdn_train::fit::{FitConfig, Fitted};
use mdn_train::train::{Event, LossKind};

use super::FitResult;
use crate::cli::options::{count, say_inputs, say_supports};
use crate::cli::output::{NORMAL, Output};

/// What happened on the way.
fn say_events(
    fitted: &Fitted,
    result: &FitResult,
    data: &Dataset,
    output: &mut Output,
) -> anyhow::Result<()> {
    // Those of the data were said before training.
    for warning in result.warnings.iter().skip(data.warnings.len()) {
        output.note(format_args!("warning: {warning}"));
    }
    for event in fitted.networks().flat_map(|one| &one.events) {
        if let Event::StoppedEarly { step } = event {
            output.say(format_args!(
                "stopped early at step {step}: no better validation loss"
            ))?;
        }
    }
    Ok(())
}

/// With fewer rows an input a network learns noise by heart.
const ROWS_AN_INPUT: usize = 40;

/// What a search chose, and whether there were rows enough.
fn say_search(fitted: &Fitted, result: &FitResult, output: &mut Output) {
    if let Some(recipe) = result.networks[0].search {
        let with = if recipe.noise { "with" } else { "without" };
        output.note(format_args!(
            "note: the rows held back chose weight decay {}, {with} noise, in up to {} steps",
            recipe.weight_decay, recipe.steps
        ));
    }
    let inputs = fitted.trained.network.architecture.inputs;
    if result.train_rows < ROWS_AN_INPUT.saturating_mul(inputs) {
        output.note(format_args!(
            "note wide-table: {} for a network of {} are fewer than {ROWS_AN_INPUT} rows an input, with which a \
             network learns noise by heart; fewer --inputs or more rows would help",
            count(result.train_rows, "training row"),
            count(inputs, "input"),
        ));
    }
}

/// How much better the ensemble is than its networks alone.
fn say_networks(fitted: &Fitted, result: &FitResult, output: &mut Output) -> anyhow::Result<()> {
    let alone = result.networks.iter();
    let alone = alone.map(|one| one.validation_loss.unwrap_or(one.train_loss));
    let lowest = alone.clone().fold(f64::INFINITY, f64::min);
    let highest = alone.fold(f64::NEG_INFINITY, f64::max);
    let count = result.networks.len();
    if count > 1 {
        output.say(format_args!(
            "{} {lowest:.4} to {highest:.4} of the {count} networks alone on {}",
            fitted.units.kind().name(),
            match fitted.held_out.apart && fitted.held_out.choosing_rows > 0 {
                true => "the rows that chose the step",
                false => "the same rows",
            }
        ))?;
    }
    Ok(())
}

fn say_losses(
    fitted: &Fitted,
    result: &FitResult,
    data: &Dataset,
    output: &mut Output,
) -> anyhow::Result<()> {
    let scales = score_scales(data.target_names.iter().map(String::as_str));
    let of = scales.map_or(String::new(), |scales| format!(" of {scales}"));
    let minimised = |crps: f64| match result.loss {
        LossKind::Crps => format!("CRPS {crps:.4}{of}, "),
        LossKind::Nll => String::new(),
    };
    let (crps, nll) = (minimised(result.train_crps), result.train_nll);
    let rows = count(result.train_rows, "training row");
    output.say(format_args!("{crps}NLL {nll:.4} on {rows}"))?;
    if let Some((nll, crps)) = result.validation_nll.zip(result.validation_crps) {
        let (crps, rows) = (minimised(crps), scored_rows(result));
        output.say(format_args!("{crps}NLL {nll:.4} on {rows}"))?;
    }
    if let Some(held_out) = &result.held_out {
        output.say(held_out)?;
    }
    say_networks(fitted, result, output)?;
    if let Some(nll) = result.normal_nll {
        output.say(format_args!("NLL {nll:.4} {NORMAL}"))?;
    }
    for column in &result.columns {
        column.say(output)?;
    }
    if let Some(rows) = result.set_aside_rows {
        let nll = result.set_aside_nll.unwrap_or(f64::INFINITY);
        output.say(format_args!(
            "{} with a number that stands for a missing one (sentinel) in none of these figures, their own NLL \
             {nll:.4}",
            count(rows, "row")
        ))?;
    }
    Ok(())
}

/// The rows that coverage and threshold come from.
fn scored_rows(result: &FitResult) -> String {
    match result.validation_rows {
        0 => count(result.train_rows, "training row"),
        _ => result.reported.clone(),
    }
}

fn say_threshold(result: &FitResult, output: &mut Output) -> anyhow::Result<()> {
    let few = |needed| {
        let rows = scored_rows(result);
        format!(
            ", from {rows} where this --anomaly-rate needs some {needed}: more new rows may exceed it"
        )
    };
    let few = result.anomaly_rows_needed.map_or_else(String::new, few);
    if let Some(threshold) = result.anomaly_threshold {
        output.say(format_args!("anomaly above −ln p = {threshold:.4}{few}"))?;
    }
    Ok(())
}

/// What the intervals of a right model hold, where that is more than was asked for.
fn right(result: &FitResult) -> String {
    match result.expected_coverage {
        Some([half, most]) => {
            format!(
                " ({:.1}% and {:.1}% would be right)",
                100.0 * half,
                100.0 * most
            )
        }
        None => String::new(),
    }
}

/// All of it.
pub fn say(
    (fitted, config): (&Fitted, &FitConfig),
    result: &FitResult,
    data: &Dataset,
    output: &mut Output,
) -> anyhow::Result<()> {
    say_events(fitted, result, data, output)?;
    say_supports(&result.supports, output)?;
    say_inputs(&data.input_names, &fitted.preparation, config, output);
    say_search(fitted, result, output);
    say_losses(fitted, result, data, output)?;
    say_threshold(result, output)?;
    output.say(format_args!(
        "coverage on {}: {:.1}% in the central 50% intervals, {:.1}% in the 90% intervals{}\n\
         {}: {} bytes, {} parameters, step {} of {}, self-test passed, {:.1} s",
        scored_rows(result),
        100.0 * result.coverage_50,
        100.0 * result.coverage_90,
        right(result),
        result.model,
        result.file_bytes,
        result.parameters,
        result.best_step,
        result.steps,
        result.seconds
    ))?;
    for diagnostic in &result.diagnostics {
        output.say(diagnostic)?;
    }
    Ok(())
}
