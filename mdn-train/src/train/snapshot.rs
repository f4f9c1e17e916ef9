//! The whole state of training between two steps.
//!
//! What a [`Session`] computes from here on depends on its architecture, rows and options, and on
//! what a snapshot holds; nothing else. Both functions below name every field of the session, so
//! that a new one cannot be forgotten.

use serde::{Deserialize, Serialize};

use super::average::Average;
use super::sampler::Sampler;
use super::session::{Best, Good, Recent, Session};
use super::{Event, Progress, TrainError};
use crate::optim::Adam;

/// The state of training between two steps, to go on from later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    tried: usize,
    step: usize,
    parameters: Vec<f32>,
    adam: Adam,
    average: Option<Average>,
    learning_rate: f32,
    worst: f64,
    recent: Recent,
    good: Good,
    best: Option<Best>,
    reports_since_best: usize,
    curve: Vec<Progress>,
    events: Vec<Event>,
    rollbacks: usize,
    sampler: Sampler,
}

impl Snapshot {
    /// How many steps were tried before it.
    pub fn tried(&self) -> usize {
        self.tried
    }

    fn fits(&self, session: &Session<'_>) -> bool {
        let parameters = session.parameters.len();
        let (best, average) = (self.best.as_ref(), self.average.as_ref());
        let lengths = [
            self.parameters.len(),
            self.adam.parameters(),
            self.good.parameters.len(),
            self.good.adam.parameters(),
            best.map_or(parameters, |best| best.parameters.len()),
            average.map_or(parameters, |average| average.parameters().len()),
        ];
        lengths == [parameters; 6]
            && average.is_some() == session.average.is_some()
            && self.tried <= session.total
            && session.sampler.fits(&self.sampler)
    }
}

impl Session<'_> {
    /// The state before the next step.
    pub(super) fn snapshot(&self) -> Snapshot {
        let Session {
            // Given, or computed from what is given.
            architecture: _,
            options: _,
            total: _,
            interval: _,
            kernels: _,
            off_diagonals: _,
            // Working memory.
            train: _,
            validation: _,
            gradient: _,
            // The state.
            sampler,
            tried,
            step,
            parameters,
            adam,
            average,
            learning_rate,
            worst,
            recent,
            good,
            best,
            reports_since_best,
            curve,
            events,
            rollbacks,
            last: _,
        } = self;
        Snapshot {
            tried: *tried,
            step: *step,
            parameters: parameters.clone(),
            adam: adam.clone(),
            average: average.clone(),
            learning_rate: *learning_rate,
            worst: *worst,
            recent: *recent,
            good: good.clone(),
            best: best.clone(),
            reports_since_best: *reports_since_best,
            curve: curve.clone(),
            events: events.clone(),
            rollbacks: *rollbacks,
            sampler: sampler.clone(),
        }
    }

    /// Goes back, or forward, to `snapshot`.
    pub(super) fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        if !snapshot.fits(self) {
            return Err(TrainError::Snapshot);
        }
        let Snapshot {
            tried,
            step,
            parameters,
            adam,
            average,
            learning_rate,
            worst,
            recent,
            good,
            best,
            reports_since_best,
            curve,
            events,
            rollbacks,
            sampler,
        } = snapshot;
        (self.tried, self.step) = (tried, step);
        (self.parameters, self.adam, self.average) = (parameters, adam, average);
        (self.learning_rate, self.worst) = (learning_rate, worst);
        (self.recent, self.good, self.best) = (recent, good, best);
        self.reports_since_best = reports_since_best;
        (self.curve, self.events) = (curve, events);
        self.rollbacks = rollbacks;
        self.sampler = sampler;
        Ok(())
    }
}
