//! Several networks from different first parameters, of which the best is kept.

use std::ops::ControlFlow;

use super::session::Session;
use super::{Progress, TrainError, TrainOptions, Trained, TrainingData};
use crate::network::Architecture;

/// Trains as often as the options say; without validation rows once, as nothing could choose.
///
/// The observer sees one run: the steps of all, one start after the other. A start that diverges
/// counts for nothing as long as another does not.
pub(super) fn train(
    architecture: &Architecture,
    data: &TrainingData<'_>,
    options: &TrainOptions,
    observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
) -> Result<Trained, TrainError> {
    let starts = match data.validation {
        Some(_) => options.starts,
        None => 1,
    };
    let mut best: Option<Trained> = None;
    let mut failure = None;
    let mut stopped = false;
    for start in 0..starts {
        let options = options_at(options, start);
        let mut shifted = |progress: &Progress| {
            let flow = observer(&Progress {
                step: progress.step + start * progress.total,
                total: progress.total * starts,
                ..*progress
            });
            stopped = flow.is_break();
            flow
        };
        match Session::new(architecture, data, &options).run(&mut shifted) {
            Ok(trained) if best.as_ref().is_none_or(|best| better(&trained, best)) => {
                best = Some(trained);
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
        if stopped {
            break;
        }
    }
    match (best, failure) {
        (Some(trained), _) => Ok(trained),
        (None, Some(error)) => Err(error),
        (None, None) => Err(TrainError::Option { option: "starts" }),
    }
}

/// What the start of this number, from 0, trains with.
fn options_at(options: &TrainOptions, start: usize) -> TrainOptions {
    let noise = match options.noise.at(start) {
        true => (options.input_noise, options.target_noise),
        false => (0.0, 0.0),
    };
    TrainOptions {
        // Far from the seeds that people choose one after the other.
        seed: options.seed ^ (start as u64) << 48,
        input_noise: noise.0,
        target_noise: noise.1,
        ..options.clone()
    }
}

fn better(new: &Trained, old: &Trained) -> bool {
    match (new.validation_nll, old.validation_nll) {
        (Some(new), Some(old)) => new < old || old.is_nan(),
        _ => false,
    }
}
