//! What `tune` says.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use mdn_infer::format::Covariance;
use mdn_train::train::NoiseUse;
use mdn_train::tune::{Candidate, Outcome, Trial};
use serde::Serialize;

use super::Tuning;
use crate::cli::output::Output;

/// A line of the table.
#[derive(Serialize)]
pub struct TrialResult {
    trial: usize,
    folds: usize,
    nll_mean: Option<f64>,
    nll_standard_error: Option<f64>,
    components: u16,
    hidden: Vec<usize>,
    covariance: &'static str,
    weight_decay: f32,
    noise: &'static str,
    /// The NLL of each fold; null for infinity.
    nll: Vec<Option<f64>>,
}

impl TrialResult {
    pub fn new(trial: &Trial) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        let (summary, candidate) = (trial.summary(), &trial.candidate);
        TrialResult {
            trial: trial.number,
            folds: trial.nll.len(),
            nll_mean: finite(summary.mean),
            nll_standard_error: summary.standard_error.and_then(finite),
            components: candidate.components,
            hidden: candidate.hidden.clone(),
            covariance: covariance(candidate.covariance),
            weight_decay: candidate.weight_decay,
            noise: noise(candidate.noise),
            nll: trial.nll.iter().copied().map(finite).collect(),
        }
    }
}

fn covariance(kind: Covariance) -> &'static str {
    match kind {
        Covariance::Isotropic => "isotropic",
        Covariance::Full => "full",
        _ => "diagonal",
    }
}

fn noise(noise: NoiseUse) -> &'static str {
    match noise {
        NoiseUse::Never => "never",
        NoiseUse::InTurn => "in-turn",
        NoiseUse::Always => "always",
    }
}

/// Units of hidden layers as options have them.
pub fn commas(units: &[usize]) -> String {
    let units: Vec<String> = units.iter().map(usize::to_string).collect();
    units.join(",")
}

/// The options of `fit` that make the candidate.
pub fn options(candidate: &Candidate) -> String {
    format!(
        "--components {} --hidden {} --covariance {} --weight-decay {} --noise {}",
        candidate.components,
        commas(&candidate.hidden),
        covariance(candidate.covariance),
        candidate.weight_decay,
        noise(candidate.noise)
    )
}

/// Says each score on standard error when it is known; `known` were so before.
pub fn teller(known: usize) -> impl Fn(&Outcome) + Sync {
    let done = AtomicUsize::new(known);
    move |outcome| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        eprintln!(
            "fit {done}: trial {}, fold {}: NLL {:.4}",
            outcome.trial,
            outcome.fold + 1,
            outcome.nll.unwrap_or(f64::INFINITY)
        );
    }
}

/// The trials, best first.
pub fn table(trials: &[Trial], output: &mut Output) -> anyhow::Result<()> {
    if trials.is_empty() {
        return Ok(());
    }
    output.say("trial  folds       NLL        ±    K      hidden  covariance  decay    noise")?;
    for trial in trials {
        let (summary, candidate) = (trial.summary(), &trial.candidate);
        let error = summary.standard_error.filter(|error| error.is_finite());
        output.say(format_args!(
            "{:>5}  {:>5}  {:>8.4}  {:>7}  {:>3}  {:>10}  {:>10}  {:>5}  {:>7}",
            trial.number,
            trial.nll.len(),
            summary.mean,
            error.map_or(String::new(), |error| format!("{error:.4}")),
            candidate.components,
            commas(&candidate.hidden),
            covariance(candidate.covariance),
            candidate.weight_decay,
            noise(candidate.noise)
        ))?;
    }
    Ok(())
}

/// What came of it.
pub fn say(result: &Tuning, data: &Path, output: &mut Output) -> anyhow::Result<()> {
    if let Some(best) = result.best {
        output.say(verdict(best, result))?;
    }
    if let Some(options) = &result.options {
        let data = data.display();
        output.say(format_args!("as options: mdn-train fit {data} … {options}"))?;
    }
    if let Some(picture) = &result.picture {
        output.say(format_args!("{picture}: the race of the trials"))?;
    }
    let validation = match result.validation_nll {
        Some(nll) => format!(", {nll:.4} on those that chose the best step"),
        None => String::new(),
    };
    if let Some((model, nll)) = result.model.as_ref().zip(result.train_nll) {
        output.say(format_args!(
            "{model}: fitted to all rows, NLL {nll:.4} on training rows{validation}, self-test \
             passed; {} fits, {:.1} s",
            result.fits, result.seconds
        ))?;
    }
    for diagnostic in &result.diagnostics {
        output.say(diagnostic)?;
    }
    Ok(())
}

fn verdict(best: usize, result: &Tuning) -> String {
    match (best, result.gain) {
        _ if result.interrupted => format!("trial {best} is the best so far"),
        (0, _) => "the options given (trial 0) are the best of these".to_owned(),
        (best, Some(gain)) => format!(
            "trial {best} is the best, by {gain:.4} nats a row over the options given (trial 0)"
        ),
        (best, None) => format!("trial {best} is the best; the options given (trial 0) fail"),
    }
}
