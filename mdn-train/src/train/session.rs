//! One run of training.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

use super::average::Average;
use super::control::Control;
use super::noise::Noise;
use super::objective::Objective;
use super::off_diagonal::OffDiagonals;
use super::options::TrainOptions;
use super::sampler::Sampler;
use super::{Event, Feeds, Progress, TrainError, Trained};
use crate::network::{Architecture, Network};
use crate::optim::{Adam, clip, norm};

/// How often the learning rate may be halved.
const MAX_ROLLBACKS: usize = 64;
/// A gradient this long would overflow Adam's mean squares.
const LONGEST_GRADIENT: f64 = 1e18;
/// A loss this far above the start's, in its own unit and again relative to it, counts as divergence.
const WORST_RISE: f64 = 1.0;

/// A state that training can return to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Good {
    pub(super) step: usize,
    pub(super) parameters: Vec<f32>,
    pub(super) adam: Adam,
}

impl Good {
    fn start(
        architecture: &Architecture,
        data: &Feeds<'_>,
        options: &TrainOptions,
    ) -> Result<Self, TrainError> {
        let network = Network::initialise(
            architecture,
            options.initialisation,
            &data.starting_targets(architecture)?,
            options.seed,
        );
        let mut adam = Adam::new(network.parameters.len());
        adam.weight_decay = options.decay();
        Ok(Good {
            step: 0,
            parameters: network.parameters,
            adam,
        })
    }
}

/// The best state seen by the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    pub(super) step: usize,
    pub(super) loss: f64,
    pub(super) parameters: Vec<f32>,
}

/// The losses of the steps since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    sum: f64,
    steps: usize,
}

impl Recent {
    fn add(&mut self, loss: f64) {
        self.sum += loss;
        self.steps += 1;
    }
    fn mean(&self) -> f64 {
        self.sum / self.steps as f64
    }
}

pub(super) struct Session<'a> {
    pub(super) architecture: &'a Architecture,
    pub(super) options: &'a TrainOptions,
    pub(super) total: usize,
    /// The step to end at, at most `total`.
    pub(super) last: usize,
    pub(super) interval: usize,
    pub(super) train: Objective<'a>,
    pub(super) validation: Option<Objective<'a>>,
    pub(super) sampler: Sampler,
    pub(super) kernels: Vec<Range<usize>>,
    pub(super) off_diagonals: OffDiagonals,
    /// Steps tried, those that failed included.
    pub(super) tried: usize,
    /// The step that made the parameters.
    pub(super) step: usize,
    pub(super) parameters: Vec<f32>,
    pub(super) gradient: Vec<f32>,
    pub(super) adam: Adam,
    pub(super) average: Option<Average>,
    /// The learning rate, before the schedule's factor.
    pub(super) learning_rate: f32,
    /// A loss above it counts as divergence.
    pub(super) worst: f64,
    pub(super) recent: Recent,
    pub(super) good: Good,
    pub(super) best: Option<Best>,
    pub(super) reports_since_best: usize,
    pub(super) curve: Vec<Progress>,
    pub(super) events: Vec<Event>,
    pub(super) rollbacks: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        architecture: &'a Architecture,
        data: &Feeds<'a>,
        options: &'a TrainOptions,
    ) -> Result<Self, TrainError> {
        let rows = data.train.count(architecture.head.dimensions.into());
        let sampler = Sampler::new(rows, options.batch, options.seed ^ 0x5eed);
        let total = options.length.steps(sampler.batches());
        let interval = sampler.batches().max(total / 200);
        let validation = data.validation;
        let good = Good::start(architecture, data, options)?;
        Ok(Session {
            architecture,
            options,
            total,
            last: total,
            interval: options.report_interval.unwrap_or(interval),
            train: Objective::new(architecture, options.loss, data.train, sampler.batch_rows())
                .with_supports(data.supports)
                .with_moments(options.moments),
            validation: validation.map(|rows| {
                Objective::without_gradient(architecture, options.loss, rows)
                    .with_supports(data.supports)
            }),
            average: Average::new(options.averaging, sampler.batches(), &good.parameters),
            sampler,
            kernels: architecture.layers().map(|layer| layer.kernel()).collect(),
            off_diagonals: OffDiagonals::new(architecture),
            gradient: vec![0.0; good.parameters.len()],
            tried: 0,
            step: 0,
            parameters: good.parameters.clone(),
            adam: good.adam.clone(),
            good,
            learning_rate: options.learning_rate,
            worst: f64::INFINITY,
            recent: Recent::default(),
            best: None,
            reports_since_best: 0,
            curve: Vec::new(),
            events: Vec::new(),
            rollbacks: 0,
        })
    }

    /// Takes these first parameters.
    pub(super) fn start_from(&mut self, parameters: &[f32]) {
        self.parameters.copy_from_slice(parameters);
        self.good.parameters.copy_from_slice(parameters);
    }

    pub(super) fn run(mut self, mut control: Control<'_>) -> Result<Trained, TrainError> {
        match control.resume.take() {
            Some(kept) => self.restore(kept.current)?,
            None => {
                let start = self.train.loss(&self.parameters);
                self.worst = start + WORST_RISE * (1.0 + start.abs());
            }
        }
        while self.tried < self.last {
            let stopped = control.is_stopped();
            if control.is_due() || stopped {
                control.keep(&self.snapshot());
            }
            if stopped {
                let step = self.tried;
                self.events.push(Event::Interrupted { step });
                break;
            }
            self.tried += 1;
            let step = self.tried;
            let report = step.is_multiple_of(self.interval) || step == self.total;
            let Some(progress) = self.take_step(step, report)? else {
                continue;
            };
            if report {
                let next = self.report(progress, control.observer);
                self.check_read()?;
                if next.is_break() {
                    break;
                }
            }
        }
        self.finish()
    }

    /// One step of the optimiser; `None` if it failed and was rolled back.
    fn take_step(&mut self, step: usize, check: bool) -> Result<Option<Progress>, TrainError> {
        let noise = self.noise(step);
        let loss = self.train.noisy_gradient(
            &self.parameters,
            self.sampler.draw(),
            noise,
            &mut self.gradient,
        );
        self.train.check_read()?;
        let norm = match self.options.clip {
            Some(limit) => clip(&mut self.gradient, limit),
            None => norm(&self.gradient),
        };
        self.recent.add(loss);
        let far = check && self.recent.mean() > self.worst;
        if far || !loss.is_finite() || norm.is_nan() || norm > LONGEST_GRADIENT {
            self.roll_back(step, loss)?;
            return Ok(None);
        }
        if check && loss <= self.worst {
            self.good.step = self.step;
            self.good.parameters.copy_from_slice(&self.parameters);
            self.good.adam.copy_from(&self.adam);
        }
        let factor = self.options.schedule.factor(step, self.total);
        let learning_rate = self.learning_rate * factor;
        self.off_diagonals.keep(&self.parameters);
        self.adam.step(
            &mut self.parameters,
            &self.gradient,
            learning_rate,
            self.kernels.iter().cloned(),
        );
        let decay = learning_rate * self.options.decay();
        let squares = self.adam.squares();
        self.off_diagonals
            .lengthen(&mut self.parameters, squares, decay);
        if let Some(average) = &mut self.average {
            average.add(&self.parameters);
        }
        self.step = step;
        Ok(Some(Progress {
            step,
            total: self.total,
            start_steps: self.total,
            train_loss: loss,
            validation_loss: None,
            learning_rate,
        }))
    }

    fn roll_back(&mut self, step: usize, loss: f64) -> Result<(), TrainError> {
        self.rollbacks += 1;
        if self.rollbacks > MAX_ROLLBACKS {
            return Err(TrainError::Diverged { step });
        }
        self.learning_rate *= 0.5;
        self.recent = Recent::default();
        self.step = self.good.step;
        self.parameters.copy_from_slice(&self.good.parameters);
        self.adam.copy_from(&self.good.adam);
        if let Some(average) = &mut self.average {
            average.restart(&self.parameters);
        }
        self.events.push(Event::RolledBack {
            step,
            loss,
            restored: self.good.step,
            learning_rate: self.learning_rate,
        });
        Ok(())
    }

    /// Validates, notes, and asks the observer whether to go on.
    fn report(
        &mut self,
        mut progress: Progress,
        observer: &mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
    ) -> ControlFlow<()> {
        if self.sampler.batches() > 1 {
            progress.train_loss = self.recent.mean();
        }
        self.recent = Recent::default();
        progress.validation_loss = self.validate(progress.step);
        self.curve.push(progress);
        let step = progress.step;
        if observer(&progress).is_break() {
            self.events.push(Event::Interrupted { step });
            return ControlFlow::Break(());
        }
        let patience = self.options.patience.unwrap_or(usize::MAX);
        if self.reports_since_best >= patience && step < self.total {
            self.events.push(Event::StoppedEarly { step });
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// The validation loss after `step`; keeps the parameters if it is the lowest yet.
    fn validate(&mut self, step: usize) -> Option<f64> {
        let parameters = match &self.average {
            Some(average) => average.parameters(),
            None => &self.parameters,
        };
        let loss = self.validation.as_mut()?.loss(parameters);
        self.reports_since_best += 1;
        if loss.is_finite() && self.best.as_ref().is_none_or(|best| loss < best.loss) {
            self.reports_since_best = 0;
            let best = self.best.get_or_insert_with(|| Best {
                step,
                loss,
                parameters: parameters.to_vec(),
            });
            (best.step, best.loss) = (step, loss);
            best.parameters.copy_from_slice(parameters);
        }
        Some(loss)
    }

    /// Settles on the best state, or on the last one if that is sound.
    fn finish(mut self) -> Result<Trained, TrainError> {
        if let Some(best) = &self.best {
            self.step = best.step;
            self.parameters.copy_from_slice(&best.parameters);
        } else if let Some(average) = &self.average {
            self.parameters.copy_from_slice(average.parameters());
        }
        let mut train_loss = self.train.loss(&self.parameters);
        if train_loss.is_nan() || train_loss > self.worst {
            self.roll_back(self.step, train_loss)?;
            train_loss = self.train.loss(&self.parameters);
        }
        if self.rollbacks > 0 && self.step == 0 {
            // What is left are the first parameters, of which nothing was learnt.
            let step = self.tried;
            return Err(TrainError::Diverged { step });
        }
        let validation = self.validation.as_mut();
        let validation_loss = validation.map(|objective| objective.loss(&self.parameters));
        self.check_read()?;
        Ok(Trained {
            validation_loss,
            network: Network {
                architecture: self.architecture.clone(),
                parameters: self.parameters,
            },
            start: 0,
            recipe: None,
            planned: 0,
            best_step: self.step,
            train_loss,
            curve: self.curve,
            events: self.events,
        })
    }

    /// Losses of rows that could not be read are void.
    fn check_read(&self) -> Result<(), TrainError> {
        self.train.check_read()?;
        self.validation
            .as_ref()
            .map_or(Ok(()), Objective::check_read)
    }

    /// What is added to the rows of this step, if anything is.
    fn noise(&self, step: usize) -> Option<Noise> {
        let options = self.options;
        let done = (step - 1) as f32 / self.total as f32;
        let left = options.noise_decay.powf(done);
        let (inputs, targets) = (left * options.input_noise, left * options.target_noise);
        (inputs > 0.0 || targets > 0.0).then(|| Noise {
            inputs,
            targets,
            pass: options.seed.rotate_left(40) ^ step as u64,
        })
    }
}
