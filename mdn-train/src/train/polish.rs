//! The last steps of a start: few, from its best parameters on, without noise.
//!
//! What is kept of a start are averaged parameters. Their means err less than those of any one step, and
//! on rows without the noise that the gradient saw; but the scales and correlations beside them were
//! learnt from the larger errors. A few steps at a rate that falls to nothing let these follow. The
//! validation rows decide whether that is better; without any the steps are kept.
//!
//! Correlations have the longest way to go. With full covariance of several targets these steps are more
//! and larger, and the score of the moments counts more. The likelihood of a few rows hardly sees what
//! they are for, and what they are compared with is the luckiest of many reports: a slightly worse loss
//! is no reason to reject them.

use std::ops::ControlFlow;

use mdn_infer::format::{Covariance, Head};

use super::session::Session;
use super::{Averaging, Control, Feeds, Length, Progress, TrainError, TrainOptions, Trained};
use crate::optim::Schedule;

/// How these steps differ from those of the training.
struct Plan {
    /// How many times as many as the option says.
    steps: f64,
    /// The learning rate of the first one, as a share.
    rate: f32,
    /// The weight of the score of the moments, as a factor.
    moments: f32,
    /// By how much the validation loss may rise.
    tolerance: f64,
}

const PLAIN: Plan = Plan {
    steps: 1.0,
    rate: 0.07,
    moments: 1.0,
    tolerance: 0.0,
};
const CORRELATED: Plan = Plan {
    steps: 2.0,
    rate: 0.2,
    moments: 10.0,
    tolerance: 0.01,
};

impl Plan {
    fn of(head: &Head) -> Self {
        match head.covariance {
            Covariance::Full if head.dimensions > 1 => CORRELATED,
            _ => PLAIN,
        }
    }
}

/// `trained` with the parameters after the further steps, where they are kept.
pub(super) fn polish(
    mut trained: Trained,
    data: &Feeds<'_>,
    options: &TrainOptions,
    stop: Option<&(dyn Fn() -> bool + Sync)>,
) -> Result<Trained, TrainError> {
    let plan = Plan::of(&trained.network.architecture.head);
    let planned = trained.curve.last().map_or(0, |last| last.total);
    let steps = (plan.steps * f64::from(options.polish) * planned as f64).round() as usize;
    if steps == 0 || trained.interruption().is_some() {
        return Ok(trained);
    }
    let options = TrainOptions {
        length: Length::Steps(steps),
        moments: options.moments * plan.moments,
        learning_rate: options.learning_rate * plan.rate,
        schedule: Schedule::Cosine {
            warm_up: 0.0,
            floor: 0.0,
        },
        averaging: Averaging::Off,
        input_noise: 0.0,
        target_noise: 0.0,
        report_interval: Some(steps),
        patience: None,
        ..options.clone()
    };
    let architecture = trained.network.architecture.clone();
    let mut session = Session::new(&architecture, data, &options)?;
    session.start_from(&trained.network.parameters);
    let mut quiet = |_: &Progress| ControlFlow::Continue(());
    let control = Control {
        stop,
        ..Control::new(&mut quiet)
    };
    let polished = match session.run(control) {
        Err(TrainError::Diverged { .. }) => return Ok(trained),
        polished => polished?,
    };
    if let Some(event) = polished.interruption() {
        trained.events.push(event);
        return Ok(trained);
    }
    let kept = match (polished.validation_loss, trained.validation_loss) {
        (Some(polished), Some(before)) => polished < before + plan.tolerance,
        _ => true,
    };
    if kept {
        trained.network = polished.network;
        trained.train_loss = polished.train_loss;
        trained.validation_loss = polished.validation_loss;
    }
    Ok(trained)
}

/// Whether the network of `trained` is that of the further steps: its loss is not that of the best report.
pub(super) fn is_polished(trained: &Trained) -> bool {
    let reports = trained
        .curve
        .iter()
        .filter_map(|report| report.validation_loss);
    let lowest = reports.fold(f64::INFINITY, f64::min);
    trained.validation_loss.is_none_or(|loss| loss != lowest)
}
