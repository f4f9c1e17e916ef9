//! The network and the training that `mdn-train fit` lets one choose.

use anyhow::Context;
use clap::{Args, ValueEnum};
use mdn_infer::format::MAX_COMPONENTS;
use mdn_train::fit::{FitConfig, ScaleFloor};
use mdn_train::network::{Activations, Initialisation};
use mdn_train::optim::Schedule;
use mdn_train::train::{Averaging, Batch, Length, LossKind, NoiseUse, StartCount, TrainOptions};

use super::columns::ColumnChoices;
use crate::cli::options::{ActivationName, CovarianceName, ScaleMapName};
use crate::cli::values::{
    Layers, above_0, at_least_0, batch, layers, positive, share, starts, whole,
};

/// What the network looks like.
#[derive(Args)]
pub struct NetworkChoices {
    /// Networks in the file, trained from different starts: their mean density is the model's.
    /// Better and better calibrated, at M times the training, flash and time of a prediction
    #[arg(long, default_value_t = 1, value_name = "M",
          value_parser = whole(1..=u8::MAX))]
    ensemble: u8,
    /// Units of each hidden layer, separated by commas
    #[arg(long, default_value = "64,64", value_name = "N,…", value_parser = layers)]
    hidden: Layers,
    /// The function of the hidden units: one for all hidden layers, or one for each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "silu",
        value_name = "NAME,…"
    )]
    activation: Vec<ActivationName>,
    /// Components of a network's mixture: more than one input can have separate answers; those that
    /// are not needed do no harm
    #[arg(long, short = 'k', default_value_t = 20, value_name = "K",
          value_parser = whole(1..=MAX_COMPONENTS as u16))]
    components: u16,
    /// What is free in a component's covariance
    #[arg(long, default_value = "diagonal", value_name = "KIND")]
    covariance: CovarianceName,
    /// From network outputs to scales (standard deviations)
    #[arg(long, default_value = "exp", value_name = "MAP")]
    scale_map: ScaleMapName,
    /// Smallest scale of a component, in standardised units [default: from how finely the targets
    /// were recorded, at least 0.001]
    #[arg(long, value_name = "SCALE", value_parser = above_0)]
    scale_floor: Option<f32>,
}

/// How it is trained.
#[derive(Args)]
pub struct TrainingChoices {
    /// What training minimises on the training rows, and by which the rows held back choose
    #[arg(long, default_value = "nll", value_name = "LOSS")]
    loss: LossName,
    /// Weight, beside the NLL, of a score of the predicted means, variances and covariances: without it
    /// components of next to no weight far away may spoil them; 0 for none
    #[arg(long, value_name = "WEIGHT", value_parser = at_least_0,
          default_value_t = TrainOptions::default().moments)]
    moments: f32,
    /// Optimiser steps of a start, in a search the most of one [default: 800 passes through the rows, 4000 to
    /// 64000, and 20 passes at least; 4000 with a number of --starts]
    #[arg(long, value_name = "N", conflicts_with = "epochs", value_parser = positive)]
    steps: Option<usize>,
    /// Passes through the training rows, instead of --steps
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Rows a step: a number, `full` for all, or `auto` for a sixteenth of them, 32 to 512
    #[arg(long, default_value = "auto", value_name = "ROWS", value_parser = batch)]
    batch: Batch,
    /// How the parameters start
    #[arg(long, value_name = "HOW", default_value = "spread")]
    initial: InitialName,
    /// Learning rate at its peak
    #[arg(long, value_name = "RATE", value_parser = above_0,
          default_value_t = TrainOptions::default().learning_rate)]
    learning_rate: f32,
    /// How the learning rate changes
    #[arg(long, value_name = "NAME", default_value = "cosine")]
    schedule: ScheduleName,
    /// Share of the steps over which the learning rate of the cosine schedule rises; 0 for none
    #[arg(long, value_name = "SHARE", default_value_t = WARM_UP, value_parser = share::<f32>)]
    warm_up: f32,
    /// Largest norm of the gradient, to which longer ones are scaled down; 0 for no limit
    #[arg(long, value_name = "NORM", value_parser = at_least_0,
          default_value_t = TrainOptions::default().clip.unwrap_or(0.0))]
    clip: f32,
    /// How strongly the kernels decay towards 0 (AdamW): more for smoother answers, and where many inputs say
    /// little [default: 0.01; in a search 1 and 0.3 too, and 3 and 10]
    #[arg(long, value_name = "DECAY", value_parser = at_least_0)]
    weight_decay: Option<f32>,
    /// Average the parameters over this many epochs; 0 takes them as they are
    #[arg(long, value_name = "EPOCHS", value_parser = at_least_0,
          default_value_t = AVERAGING)]
    averaging: f32,
    /// Steps without noise, at a low rate that falls to nothing, after the best step, as a share of all;
    /// kept if the rows held back find them better, with full covariance twice as many, kept unless those
    /// find them worse. 0 for none
    #[arg(long, value_name = "SHARE", value_parser = share::<f32>,
          default_value_t = TrainOptions::default().polish)]
    polish: f32,
    /// Networks to train from different first parameters; the one with the lowest validation loss is kept. With
    /// `search` two, others with stronger decay, and longer ones as long as that gains [default: search; 2 with full
    /// covariance of several targets and at least 40 training rows an input]
    #[arg(long, value_name = "N|search", value_parser = starts)]
    starts: Option<StartCount>,
    /// For a first look: one start of 2000 steps
    #[arg(long, conflicts_with_all = ["starts", "steps", "epochs"])]
    fast: bool,
    /// Which starts train on rows with noise added
    #[arg(long, value_name = "WHEN", default_value = "in-turn")]
    noise: NoiseName,
    /// Standard deviation of the noise on standardised inputs at the first step
    #[arg(long, value_name = "SD", value_parser = at_least_0,
          default_value_t = TrainOptions::default().input_noise)]
    input_noise: f32,
    /// Standard deviation of the noise on standardised targets at the first step
    #[arg(long, value_name = "SD", value_parser = at_least_0,
          default_value_t = TrainOptions::default().target_noise)]
    target_noise: f32,
    /// What is left of the noise at the last step
    #[arg(long, value_name = "SHARE", value_parser = above_0,
          default_value_t = TrainOptions::default().noise_decay)]
    noise_decay: f32,
    /// Share of the rows held back to choose the best step, and with a --hold-out other than `random` share of
    /// those that are reported; 0 for none
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = share::<f64>)]
    validation: f64,
    /// Train once more on all rows, those held back too, for as many passes as they found best; the
    /// scores of the rows held back are those of the network before
    #[arg(long)]
    refit: bool,
    /// Stop after this many evaluations without a better validation loss, in a search after 40 at most; 0 never stops
    #[arg(long, value_name = "N",
          default_value_t = TrainOptions::default().patience.unwrap_or(0))]
    patience: usize,
    /// Share of ordinary rows that may count as anomalies; sets the threshold in the file
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share::<f64>)]
    anomaly_rate: f64,
    /// Seed of the split, the first parameters and the shuffling
    #[arg(long, default_value_t = 0, value_parser = whole(0..=u64::MAX))]
    seed: u64,
    /// Train on raw units; only for data that are already of order 1
    #[arg(long)]
    no_standardise: bool,
}

/// `--loss`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LossName {
    /// Negative log-likelihood: the density where the targets lie
    Nll,
    /// Continuous ranked probability score, of each target by itself: less moved by single rows far
    /// off; not for full covariance
    Crps,
}

impl From<LossName> for LossKind {
    fn from(name: LossName) -> Self {
        match name {
            LossName::Nll => LossKind::Nll,
            LossName::Crps => LossKind::Crps,
        }
    }
}

/// The steps with `--fast`.
const FAST: usize = 2000;
/// The epochs of [`Averaging`] unless chosen.
const AVERAGING: f32 = 5.0;
/// The warm-up of [`Schedule::Cosine`] unless chosen.
const WARM_UP: f32 = 0.05;
/// The floor of [`Schedule::Cosine`].
const FLOOR: f32 = 0.01;

/// `--initial`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum InitialName {
    /// The components' means at quantiles of the targets (k-means centres for several), so that
    /// none starts dead
    Spread,
    /// Every kernel at random by the width of its layer, every bias 0 (Glorot & Bengio 2010)
    Glorot,
}

impl From<InitialName> for Initialisation {
    fn from(name: InitialName) -> Self {
        match name {
            InitialName::Spread => Initialisation::Spread,
            InitialName::Glorot => Initialisation::Classic,
        }
    }
}

/// `--schedule`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScheduleName {
    /// The same rate at every step
    Constant,
    /// A linear rise (--warm-up), then half a cosine down to a hundredth of the peak
    Cosine,
}

impl ScheduleName {
    fn with(self, warm_up: f32) -> Schedule {
        let floor = FLOOR;
        match self {
            ScheduleName::Constant => Schedule::Constant,
            ScheduleName::Cosine => Schedule::Cosine { warm_up, floor },
        }
    }
}

/// `--noise`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum NoiseName {
    /// None of them
    Never,
    /// Every second one: the validation rows decide whether it helps
    InTurn,
    /// All of them
    Always,
}

impl From<NoiseName> for NoiseUse {
    fn from(name: NoiseName) -> Self {
        match name {
            NoiseName::Never => NoiseUse::Never,
            NoiseName::InTurn => NoiseUse::InTurn,
            NoiseName::Always => NoiseUse::Always,
        }
    }
}

impl NetworkChoices {
    fn activations(&self) -> Activations {
        match *self.activation {
            [one] => Activations::All(one.into()),
            ref each => Activations::Each(each.iter().map(|&name| name.into()).collect()),
        }
    }
}

/// The configuration of all. An error where the activations do not fit the hidden layers.
pub fn config(
    columns: &ColumnChoices,
    network: &NetworkChoices,
    training: &TrainingChoices,
) -> anyhow::Result<FitConfig> {
    let config = FitConfig {
        ensemble: network.ensemble,
        hidden: network.hidden.0.clone(),
        activation: network.activations(),
        components: network.components,
        covariance: network.covariance.into(),
        scale_map: network.scale_map.into(),
        scale_floor: network
            .scale_floor
            .map_or(ScaleFloor::Automatic, ScaleFloor::Fixed),
        standardise: !training.no_standardise,
        validation: training.validation,
        hold_out: columns.held.kind()?,
        refit: training.refit,
        seed: training.seed,
        anomaly_rate: training.anomaly_rate,
        units: columns.unit.clone(),
        supports: columns.support.clone(),
        input_transforms: columns.input_transform.clone(),
        saturation: columns.saturate.0,
        options: training.options(),
        ..FitConfig::default()
    };
    config.hidden_layers().context("--activation")?;
    Ok(config)
}

impl TrainingChoices {
    fn options(&self) -> TrainOptions {
        let defaults = TrainOptions::default();
        let length = match (self.steps, self.epochs) {
            _ if self.fast => Length::Steps(FAST),
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(epochs)) => Length::Epochs(epochs),
            (None, None) => defaults.length,
        };
        let starts = match self.fast {
            true => StartCount::Fixed(1),
            false => self.starts.unwrap_or(defaults.starts),
        };
        TrainOptions {
            loss: self.loss.into(),
            moments: self.moments,
            length,
            batch: self.batch,
            initialisation: self.initial.into(),
            learning_rate: self.learning_rate,
            schedule: self.schedule.with(self.warm_up),
            weight_decay: self.weight_decay,
            clip: (self.clip > 0.0).then_some(self.clip),
            averaging: match self.averaging {
                0.0 => Averaging::Off,
                epochs => Averaging::Epochs(epochs),
            },
            polish: self.polish,
            noise: self.noise.into(),
            input_noise: self.input_noise,
            target_noise: self.target_noise,
            noise_decay: self.noise_decay,
            starts,
            patience: (self.patience > 0).then_some(self.patience),
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    #[test]
    fn nothing_chosen_is_the_default_of_the_library() {
        let command = TrainingChoices::augment_args(clap::Command::new("fit"));
        let matches = command.get_matches_from(["fit"]);
        let choices = TrainingChoices::from_arg_matches(&matches).unwrap();
        assert_eq!(choices.options(), TrainOptions::default());
    }
}
