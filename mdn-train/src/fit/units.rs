//! Losses in the units of the file's columns.

use crate::data::Standardiser;
use crate::train::{LossKind, Progress, Trained};

/// From losses in the units that training sees to those that people know: an NLL of the columns'
/// densities, and for one target a CRPS in the column's unit (that of a transformed target in the
/// image's). The CRPS of several targets, which have no unit in common, stays a sum of each in
/// training's units: standard deviations, unless they were not standardised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossUnits {
    kind: LossKind,
    factor: f64,
    /// What is added to the losses of the training rows, and of those held back.
    shifts: [f64; 2],
}

impl LossUnits {
    /// For targets with these scales, whose transforms have these mean log-slopes, and of which these
    /// shares are point masses, whose probabilities have no unit.
    pub(super) fn new(
        kind: LossKind,
        targets: &Standardiser,
        log_slopes: [f64; 2],
        atom_shares: &[Vec<f64>; 2],
    ) -> Self {
        let log_scales = |shares: &Vec<f64>| {
            let targets = targets.scale.iter().zip(shares);
            targets
                .map(|(&scale, share)| (1.0 - share) * f64::from(scale).ln())
                .sum::<f64>()
        };
        let (factor, shifts) = match (kind, targets.scale.as_slice()) {
            (LossKind::Nll, _) => {
                let shift = |part: usize| log_scales(&atom_shares[part]) - log_slopes[part];
                (1.0, [shift(0), shift(1)])
            }
            (LossKind::Crps, &[scale]) => (f64::from(scale), [0.0; 2]),
            (LossKind::Crps, _) => (1.0, [0.0; 2]),
        };
        LossUnits {
            kind,
            factor,
            shifts,
        }
    }

    /// What was minimised.
    pub fn kind(&self) -> LossKind {
        self.kind
    }

    /// A loss of the training rows.
    pub fn train(&self, loss: f64) -> f64 {
        self.factor * loss + self.shifts[0]
    }

    /// A loss of the rows held back.
    pub fn validation(&self, loss: f64) -> f64 {
        self.factor * loss + self.shifts[1]
    }

    /// A report in these units.
    pub fn progress(&self, progress: &Progress) -> Progress {
        Progress {
            train_loss: self.train(progress.train_loss),
            validation_loss: progress.validation_loss.map(|loss| self.validation(loss)),
            ..*progress
        }
    }

    /// The losses of a network, of the training rows and of those held back.
    pub fn of(&self, trained: &Trained) -> (f64, Option<f64>) {
        let validation = trained.validation_loss.map(|loss| self.validation(loss));
        (self.train(trained.train_loss), validation)
    }
}
