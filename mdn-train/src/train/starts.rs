//! Several networks from different first parameters, of which the best is kept.

use serde::{Deserialize, Serialize};

use super::polish::polish;
use super::session::Session;
use super::{Control, Feeds, Keeper, Kept, Progress, TrainError, TrainOptions, Trained};
use crate::network::Architecture;

/// The starts of a network that are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Starts {
    done: usize,
    best: Option<Trained>,
    /// The step at which the last one that failed was given up.
    diverged: Option<usize>,
}

impl Starts {
    /// How many.
    pub fn done(&self) -> usize {
        self.done
    }

    fn add(&mut self, mut outcome: Result<Trained, TrainError>) -> Result<(), TrainError> {
        if let Ok(trained) = &mut outcome {
            trained.start = self.done;
        }
        match outcome {
            Ok(trained) if self.best.as_ref().is_none_or(|best| better(&trained, best)) => {
                self.best = Some(trained);
            }
            Ok(_) => {}
            Err(TrainError::Diverged { step }) => self.diverged = Some(step),
            Err(other) => return Err(other),
        }
        self.done += 1;
        Ok(())
    }

    fn finish(self) -> Result<Trained, TrainError> {
        let step = self.diverged.unwrap_or_default();
        self.best.ok_or(TrainError::Diverged { step })
    }
}

/// Trains as often as the options say; without validation rows once, as nothing could choose.
///
/// The observer sees one run: the steps of all, one start after the other. A start that diverges
/// counts for nothing as long as another does not. Where training is interrupted, the event is the
/// last of what comes back, whichever start that is.
pub(super) fn train(
    architecture: &Architecture,
    data: &Feeds<'_>,
    options: &TrainOptions,
    control: Control<'_>,
) -> Result<Trained, TrainError> {
    let count = match data.validation {
        Some(_) => options.starts,
        None => 1,
    };
    let Control {
        observer,
        stop,
        mut keeper,
        finished,
        resume,
        ..
    } = control;
    let (mut starts, mut current) = match resume {
        Some(kept) => (kept.starts, Some(kept.current)),
        None => (Starts::default(), None),
    };
    while starts.done < count {
        let start = starts.done;
        let mut shifted = |progress: &Progress| {
            observer(&Progress {
                step: progress.step + start * progress.total,
                total: progress.total * count,
                ..*progress
            })
        };
        let control = Control {
            observer: &mut shifted,
            stop,
            keeper: keeper
                .as_mut()
                .map(|keeper| &mut **keeper as &mut dyn Keeper),
            finished,
            starts: Some(&starts),
            resume: current.take().map(|current| Kept {
                finished: Vec::new(),
                starts: Starts::default(),
                current,
            }),
        };
        let options = options_at(options, start);
        let session = Session::new(architecture, data, &options)?;
        let outcome = session.run(control);
        let outcome = outcome.and_then(|trained| polish(trained, data, &options, stop));
        let interruption = outcome.as_ref().ok().and_then(Trained::interruption);
        starts.add(outcome)?;
        if let Some(event) = interruption {
            let best = starts.best.iter_mut();
            best.filter(|best| best.interruption().is_none())
                .for_each(|best| best.events.push(event));
            break;
        }
    }
    starts.finish()
}

/// What the start of this number, from 0, trains with.
pub(super) fn options_at(options: &TrainOptions, start: usize) -> TrainOptions {
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
    match (new.validation_loss, old.validation_loss) {
        (Some(new), Some(old)) => new < old || old.is_nan(),
        _ => false,
    }
}
