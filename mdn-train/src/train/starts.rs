//! Several networks from different first parameters, of which the best is kept.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::polish::polish;
use super::recipe::{Course, Outcome};
use super::sampler::Sampler;
use super::session::Session;
use super::{
    Control, Feeds, Keeper, Kept, Progress, Recipe, Snapshot, TrainError, TrainOptions, Trained,
};
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
/// The observer sees one run: the steps of all. Starts that ask nothing of each other are trained two at a time where
/// there are threads for them and the state is not kept; that changes no bit. A start that diverges counts for
/// nothing as long as another does not. Where training is interrupted, the event is the last of what comes back,
/// whichever start that is.
pub(super) fn train(
    architecture: &Architecture,
    data: &Feeds<'_>,
    options: &TrainOptions,
    mut control: Control<'_>,
) -> Result<Trained, TrainError> {
    let rows = data.train.count(architecture.head.dimensions.into());
    let batches = Sampler::new(rows, options.batch, 0).batches();
    let count = match data.validation {
        Some(_) => options.starts.on(rows, architecture),
        None => Some(1),
    };
    let run = Run {
        architecture,
        data,
        options,
        course: Course::new(options, batches, count),
    };
    let is_kept = control.keeper.is_some() || control.resume.is_some();
    let has_pairs = !is_kept && rayon::current_num_threads() > 1;
    let (mut starts, mut current) = match control.resume.take() {
        Some(kept) => (kept.starts, Some(kept.current)),
        None => (Starts::default(), None),
    };
    if run.course.is_open() && starts.outcomes.len() != starts.done {
        return Err(TrainError::Snapshot);
    }
    let mut interruption = None;
    while interruption.is_none() {
        let outcomes = match run.course.next(starts.done, &starts.outcomes)[..] {
            [] => break,
            [first, second, ..] if has_pairs => run.pair([first, second], &starts, &mut control),
            [next, ..] => vec![run.one(next, &starts, current.take(), &mut control)],
        };
        for (recipe, outcome) in outcomes {
            let event = outcome.as_ref().ok().and_then(Trained::interruption);
            interruption = interruption.or(event);
            starts.add(recipe, outcome, run.course.is_open())?;
        }
    }
    let mut trained = starts.finish()?;
    if trained.interruption().is_none() {
        trained.events.extend(interruption);
    }
    Ok(trained)
}

/// The most reports without a better validation loss of a start in a search, where others are tried.
const PATIENCE: usize = 40;

/// A start and what came of it.
type Ended = (Recipe, Result<Trained, TrainError>);

/// What all starts of a network share.
struct Run<'a> {
    architecture: &'a Architecture,
    data: &'a Feeds<'a>,
    options: &'a TrainOptions,
    course: Course<'a>,
}

impl Run<'_> {
    /// The next start, from `current` on if it began before.
    fn one(
        &self,
        recipe: Recipe,
        starts: &Starts,
        current: Option<Snapshot>,
        control: &mut Control<'_>,
    ) -> Ended {
        let before = self.course.steps(starts.done, &starts.outcomes);
        let total = self.course.planned(starts.done, &starts.outcomes);
        let observer = &mut *control.observer;
        let mut shifted = |progress: &Progress| {
            observer(&Progress {
                step: before + progress.step,
                total,
                ..*progress
            })
        };
        let keeper = control.keeper.as_mut();
        let control = Control {
            observer: &mut shifted,
            stop: control.stop,
            keeper: keeper.map(|keeper| &mut **keeper as &mut dyn Keeper),
            finished: control.finished,
            starts: Some(starts),
            resume: current.map(|current| Kept {
                finished: Vec::new(),
                starts: Starts::default(),
                current,
            }),
        };
        (recipe, self.start(recipe, starts.done, control))
    }

    /// The next two starts, at the same time.
    fn pair(&self, recipes: [Recipe; 2], starts: &Starts, control: &mut Control<'_>) -> Vec<Ended> {
        let before = self.course.steps(starts.done, &starts.outcomes);
        let total = self.course.planned(starts.done, &starts.outcomes);
        let stop = control.stop;
        // The observer, the steps of each start, and whether to go on.
        let shared = Mutex::new((
            &mut *control.observer,
            [0; 2],
            ControlFlow::<()>::Continue(()),
        ));
        let run = |which: usize| {
            let mut watch = |progress: &Progress| {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let (observer, steps, flow) = &mut *shared;
                steps[which] = progress.step;
                if flow.is_continue() {
                    *flow = observer(&Progress {
                        step: before + steps.iter().sum::<usize>(),
                        total,
                        ..*progress
                    });
                }
                *flow
            };
            let control = Control {
                stop,
                ..Control::new(&mut watch)
            };
            let outcome = self.start(recipes[which], starts.done + which, control);
            (recipes[which], outcome)
        };
        let (first, second) = rayon::join(|| run(0), || run(1));
        vec![first, second]
    }

    fn start(
        &self,
        recipe: Recipe,
        number: usize,
        control: Control<'_>,
    ) -> Result<Trained, TrainError> {
        let mut options = recipe.apply(self.options, number);
        if self.course.is_open() {
            options.patience = options.patience.map(|reports| reports.min(PATIENCE));
        }
        let stop = control.stop;
        let session = Session::new(self.architecture, self.data, &options)?;
        polish(session.run(control)?, self.data, &options, stop)
    }
}

fn better(new: &Trained, old: &Trained) -> bool {
    match (new.validation_loss, old.validation_loss) {
        (Some(new), Some(old)) => new < old || old.is_nan(),
        _ => false,
    }
}
