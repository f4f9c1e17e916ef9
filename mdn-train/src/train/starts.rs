//! Several networks from different first parameters, of which the best is kept.

use serde::{Deserialize, Serialize};

use super::polish::polish;
use super::recipe::{Course, Outcome};
use super::sampler::Sampler;
use super::session::Session;
use super::{Control, Feeds, Keeper, Kept, Progress, Recipe, TrainError, TrainOptions, Trained};
use crate::network::Architecture;

/// The starts of a network that are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Starts {
    done: usize,
    best: Option<Trained>,
    /// The step at which the last one that failed was given up.
    diverged: Option<usize>,
    /// How each went, where that decides what comes next.
    // Checkpoints have it at their end.
    #[serde(skip)]
    outcomes: Vec<Outcome>,
}

impl Starts {
    /// How many.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The best, and how each went where that decides what comes next.
    pub(crate) fn parts(&mut self) -> (Option<&mut Trained>, &mut Vec<Outcome>) {
        (self.best.as_mut(), &mut self.outcomes)
    }

    /// As [`Starts::parts`].
    pub(crate) fn seen(&self) -> (Option<&Trained>, &[Outcome]) {
        (self.best.as_ref(), &self.outcomes)
    }

    fn add(
        &mut self,
        recipe: Recipe,
        outcome: Result<Trained, TrainError>,
        is_open: bool,
    ) -> Result<(), TrainError> {
        let mut added = Outcome {
            recipe,
            loss: None,
            best_step: 0,
        };
        match outcome {
            Ok(mut trained) => {
                trained.start = self.done();
                trained.recipe = is_open.then_some(recipe);
                (added.loss, added.best_step) = (trained.validation_loss, trained.best_step);
                if self.best.as_ref().is_none_or(|best| better(&trained, best)) {
                    self.best = Some(trained);
                }
            }
            Err(TrainError::Diverged { step }) => self.diverged = Some(step),
            Err(other) => return Err(other),
        }
        self.outcomes.extend(is_open.then_some(added));
        self.done += 1;
        Ok(())
    }

    fn finish(self) -> Result<Trained, TrainError> {
        let planned = self.outcomes.iter().map(|one| one.recipe.steps).sum();
        let step = self.diverged.unwrap_or_default();
        let best = self.best.ok_or(TrainError::Diverged { step })?;
        Ok(Trained { planned, ..best })
    }
}

/// Trains as often as the options say, or as gains; without validation rows once, as nothing could choose.
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
    let rows = data.train.count(architecture.head.dimensions.into());
    let batches = Sampler::new(rows, options.batch, 0).batches();
    let count = match data.validation {
        Some(_) => options.starts.on(rows, architecture.inputs),
        None => Some(1),
    };
    let course = Course::new(options, batches, count);
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
    if course.is_open() && starts.outcomes.len() != starts.done {
        return Err(TrainError::Snapshot);
    }
    while let Some(recipe) = course.next(starts.done, &starts.outcomes) {
        let before = course.steps(starts.done, &starts.outcomes);
        let total = course.planned(starts.done, &starts.outcomes);
        let mut shifted = |progress: &Progress| {
            observer(&Progress {
                step: before + progress.step,
                total,
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
        let options = recipe.apply(options, starts.done());
        let session = Session::new(architecture, data, &options)?;
        let outcome = session.run(control);
        let outcome = outcome.and_then(|trained| polish(trained, data, &options, stop));
        let interruption = outcome.as_ref().ok().and_then(Trained::interruption);
        starts.add(recipe, outcome, course.is_open())?;
        if let Some(event) = interruption {
            let best = starts.best.iter_mut();
            best.filter(|best| best.interruption().is_none())
                .for_each(|best| best.events.push(event));
            break;
        }
    }
    starts.finish()
}

fn better(new: &Trained, old: &Trained) -> bool {
    match (new.validation_loss, old.validation_loss) {
        (Some(new), Some(old)) => new < old || old.is_nan(),
        _ => false,
    }
}
