//! What can be chosen about training.

use mdn_infer::format::Covariance;
use serde::{Serialize, Serializer};

use super::TrainError;
use crate::loss::LossKind;
use crate::network::{Architecture, Initialisation};
use crate::optim::Schedule;

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Length {
    /// This many optimiser steps.
    Steps(usize),
    /// This many times through all rows.
    Epochs(usize),
    /// In a search ([`StartCount::Search`]) up to 800 times through all rows, within 4,000 to 64,000 steps; else 4,000
    /// steps. In both 20 times through all rows where that is more.
    Automatic,
}

/// How many rows a step sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Batch {
    /// All rows.
    Full,
    /// About this many: an epoch's batches differ by one row at most.
    Rows(usize),
    /// About a sixteenth of the rows, within 32 to 512.
    Automatic,
}

/// Over how many steps the parameters are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Averaging {
    /// The parameters of a step are taken as they are.
    Off,
    /// Over about this many epochs, more than 0.
    Epochs(f32),
}

/// Which starts add noise to the rows they train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NoiseUse {
    /// None.
    Never,
    /// Every second one, the second first: the validation rows decide whether noise helps, as it
    /// does for noisy targets and does not where targets are nearly certain.
    InTurn,
    /// All.
    Always,
}

/// How many networks are trained from different first parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartCount {
    /// So many, all with the same decay and steps.
    Fixed(usize),
    /// Two, two or more with other decays of the kernels ([`Recipe`](super::Recipe)), and longer ones as long as
    /// the validation rows find them better. [`Length`] is then the most steps of each.
    Search,
    /// As with `Search`; two with full covariance of several targets, unless there are fewer than 40 training rows an
    /// input. Decay and long training shrink correlations, which the likelihood of a few rows hardly sees.
    Automatic,
}

impl StartCount {
    /// The number for a network of this `architecture` on so many rows; `None` where it is found by search.
    pub(super) fn on(self, rows: usize, architecture: &Architecture) -> Option<usize> {
        /// With fewer rows an input a network learns noise by heart.
        const ROWS: usize = 40;
        let head = &architecture.head;
        let is_correlated = head.covariance == Covariance::Full && head.dimensions > 1;
        let is_wide = rows < ROWS.saturating_mul(architecture.inputs);
        match self {
            StartCount::Fixed(count) => Some(count),
            StartCount::Search => None,
            StartCount::Automatic => (is_correlated && !is_wide).then_some(2),
        }
    }
}

impl NoiseUse {
    /// Whether the start of this number, from 0, adds noise.
    pub(super) const fn at(self, start: usize) -> bool {
        match self {
            NoiseUse::Never => false,
            NoiseUse::InTurn => start % 2 == 1,
            NoiseUse::Always => true,
        }
    }
}

/// How to train. [`Default`] is robust on tables of a few hundred rows and more;
/// [`TrainOptions::classic`] is the textbook's plain full-batch Adam.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainOptions {
    /// What is minimised, and by which the validation rows choose.
    pub loss: LossKind,
    /// The weight, beside the likelihood, of a proper score of the mixture's mean and covariance
    /// (Dawid and Sebastiani 1999); 0 for none. Without it these are at the mercy of components of no
    /// weight far away. It is part of the gradient alone: losses that are reported, and by which the
    /// validation rows choose, are without it. The CRPS does not have it.
    #[serde(skip_serializing_if = "is_zero")]
    pub moments: f32,
    /// Steps or epochs.
    pub length: Length,
    /// Rows a step.
    pub batch: Batch,
    /// How the parameters start.
    pub initialisation: Initialisation,
    /// The learning rate, before the schedule's factor.
    pub learning_rate: f32,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// AdamW's decoupled decay of the kernels; 0 is plain Adam. `None`: 0.01, and stronger ones in a
    /// search ([`StartCount::Search`]).
    #[serde(serialize_with = "chosen")]
    pub weight_decay: Option<f32>,
    /// The largest norm of the gradient; longer ones are scaled down to it.
    pub clip: Option<f32>,
    /// How many steps follow the best one, as a share of those planned: without noise, at a low rate that
    /// falls to nothing, and kept if the validation rows find them better; with full covariance of several
    /// targets twice as many, kept unless the validation loss rises by 0.01. 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub polish: f32,
    /// Over how many steps the parameters are averaged: the average is what the validation rows
    /// see and what is kept.
    pub averaging: Averaging,
    /// Which starts add noise (Rothfuss et al. 2019).
    pub noise: NoiseUse,
    /// Standard deviation of the noise added to standardised inputs at the first step.
    pub input_noise: f32,
    /// Standard deviation of the noise added to standardised targets at the first step.
    pub target_noise: f32,
    /// What is left of the noise at the last step, more than 0: it falls by the same factor at
    /// every step, so that the best step also has the best noise.
    pub noise_decay: f32,
    /// How many networks are trained, with seeds that follow each other; the one with the lowest
    /// validation loss is kept. More than one needs validation rows.
    pub starts: StartCount,
    /// The seed of initialisation, shuffling and noise.
    pub seed: u64,
    /// Steps between reports: evaluations on the validation rows, points of the loss curve and
    /// calls of the observer. `None`: an epoch, or a 200th of the steps if that is longer.
    pub report_interval: Option<usize>,
    /// Stop after this many reports without a better validation loss, in a search ([`StartCount::Search`]) after 40
    /// at most; needs validation rows.
    pub patience: Option<usize>,
}

/// What is chosen as it is: runs that began when there was always a choice go on.
fn chosen<S: Serializer>(value: &Option<f32>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(to),
        None => to.serialize_str("automatic"),
    }
}

impl Serialize for StartCount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            StartCount::Fixed(count) => count.serialize(to),
            StartCount::Search => to.serialize_str("search"),
            StartCount::Automatic => to.serialize_str("automatic"),
        }
    }
}

/// Runs that began before there was such an option go on without it.
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions {
            loss: LossKind::Nll,
            moments: 0.1,
            length: Length::Automatic,
            batch: Batch::Automatic,
            initialisation: Initialisation::Spread,
            learning_rate: 5e-3,
            schedule: Schedule::Cosine {
                warm_up: 0.05,
                floor: 0.01,
            },
            weight_decay: None,
            clip: Some(1.0),
            polish: 0.15,
            averaging: Averaging::Epochs(5.0),
            noise: NoiseUse::InTurn,
            input_noise: 0.1,
            target_noise: 0.3,
            noise_decay: 0.01,
            starts: StartCount::Automatic,
            seed: 0,
            report_interval: None,
            patience: Some(100),
        }
    }
}

impl Length {
    /// How many steps that is, with `batches` steps an epoch.
    pub(super) fn steps(self, batches: usize) -> usize {
        match self {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => epochs.saturating_mul(batches),
            Length::Automatic => batches.saturating_mul(20).max(4000),
        }
    }
}

impl TrainOptions {
    /// The decay of the kernels in the first starts.
    pub fn decay(&self) -> f32 {
        self.weight_decay.unwrap_or(1e-2)
    }

    /// Plain Adam at 1e-3 on all rows, 10,000 steps from [`Initialisation::Classic`], without
    /// clipping, decay, noise or early stopping: Bishop 1994 as notebooks do it today.
    pub fn classic() -> Self {
        TrainOptions {
            loss: LossKind::Nll,
            moments: 0.0,
            length: Length::Steps(10_000),
            batch: Batch::Full,
            initialisation: Initialisation::Classic,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            weight_decay: Some(0.0),
            clip: None,
            polish: 0.0,
            averaging: Averaging::Off,
            noise: NoiseUse::Never,
            input_noise: 0.0,
            target_noise: 0.0,
            noise_decay: 1.0,
            starts: StartCount::Fixed(1),
            seed: 0,
            report_interval: None,
            patience: None,
        }
    }

    /// The first option that makes no sense.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        let (warm_up, floor) = match self.schedule {
            Schedule::Cosine { warm_up, floor } => (warm_up, floor),
            Schedule::Constant => (0.0, 0.0),
        };
        let unit = 0.0..=1.0;
        let finite = 0.0..f32::INFINITY;
        let positive = |value: f32| value > 0.0 && value.is_finite();
        let steps = matches!(self.length, Length::Steps(0) | Length::Epochs(0));
        let averaging = match self.averaging {
            Averaging::Off => true,
            Averaging::Epochs(epochs) => positive(epochs),
        };
        let ok = [
            (finite.contains(&self.moments), "moments"),
            (!steps, "length"),
            (self.batch != Batch::Rows(0), "batch"),
            (positive(self.learning_rate), "learning_rate"),
            (unit.contains(&warm_up), "schedule.warm_up"),
            (unit.contains(&floor), "schedule.floor"),
            (
                self.weight_decay
                    .is_none_or(|decay| finite.contains(&decay)),
                "weight_decay",
            ),
            (self.clip.is_none_or(positive), "clip"),
            (averaging, "averaging"),
            (unit.contains(&self.polish), "polish"),
            (finite.contains(&self.input_noise), "input_noise"),
            (finite.contains(&self.target_noise), "target_noise"),
            (positive(self.noise_decay), "noise_decay"),
            (self.starts != StartCount::Fixed(0), "starts"),
            (self.report_interval != Some(0), "report_interval"),
            (self.patience != Some(0), "patience"),
        ];
        match ok.iter().find(|(ok, _)| !ok) {
            Some(&(_, option)) => Err(TrainError::Option { option }),
            None => Ok(()),
        }
    }
}
