//! Who watches training, may end it, and keeps its state.

use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Progress, Snapshot, Starts, Trained};

/// Keeps the state of training somewhere safe.
pub trait Keeper: Send {
    /// Whether the state should be kept now; asked before each step.
    fn is_due(&mut self) -> bool;

    /// Keeps it, with the networks trained before and the starts of this one. What to do about a
    /// failure is the keeper's business; training goes on.
    fn keep(&mut self, finished: &[Trained], starts: &Starts, current: &Snapshot);
}

/// What a keeper was given, to go on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The networks of an ensemble that were trained before.
    pub finished: Vec<Trained>,
    /// The starts of the next network that are done.
    pub starts: Starts,
    /// The state of the start in training.
    pub current: Snapshot,
}

/// Training seen from outside.
pub struct Control<'a> {
    /// Sees every report and may end training.
    pub observer: &'a mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
    /// Asked before each step whether to end training there.
    pub stop: Option<&'a (dyn Fn() -> bool + Sync)>,
    /// Keeps the state when it wants to, and when training is stopped.
    pub keeper: Option<&'a mut dyn Keeper>,
    /// The networks trained before this one, which are kept with its state.
    pub finished: &'a [Trained],
    /// The starts of this network that are done, which are kept too.
    pub starts: Option<&'a Starts>,
    /// What to go on from.
    pub resume: Option<Kept>,
}

impl<'a> Control<'a> {
    /// An observer, and nothing else.
    pub fn new(observer: &'a mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send)) -> Self {
        Control {
            observer,
            stop: None,
            keeper: None,
            finished: &[],
            starts: None,
            resume: None,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }

    pub(super) fn is_due(&mut self) -> bool {
        self.keeper.as_mut().is_some_and(|keeper| keeper.is_due())
    }

    pub(super) fn keep(&mut self, snapshot: &Snapshot) {
        if let Some(keeper) = &mut self.keeper {
            let none = Starts::default();
            keeper.keep(self.finished, self.starts.unwrap_or(&none), snapshot);
        }
    }
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Control")
            .field("stop", &self.stop.is_some())
            .field("keeper", &self.keeper.is_some())
            .field("resume", &self.resume)
            .finish_non_exhaustive()
    }
}
