//! Progress on standard error, on a terminal only: a bar with losses, learning rate and the time
//! that is left, and below it the loss so far as a small curve.

use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mdn_train::train::{LossKind, Progress};

use super::limits::startable;
use super::spark::sparkline;

/// Bars of the curve.
const CURVE: usize = 60;

/// Shows training as it goes.
pub struct TrainingProgress {
    bar: ProgressBar,
    loss: LossKind,
    /// The losses of the reports so far, of the validation rows where there are any.
    losses: Vec<f64>,
    /// The lowest of them.
    best: f64,
}

impl TrainingProgress {
    /// Nothing is shown before the first report, and nothing ever where standard error is no
    /// terminal.
    pub fn new(loss: LossKind) -> Self {
        let bar = ProgressBar::new(0);
        let template = "{bar:24} {pos}/{len} steps, {per_sec}, {eta} left\n{msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        // The bar's library insists on the thread that this takes.
        if !bar.is_hidden() && startable(1) == 1 {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        TrainingProgress {
            bar,
            loss,
            losses: Vec::new(),
            best: f64::INFINITY,
        }
    }

    /// Takes one report.
    pub fn show(&mut self, progress: &Progress) -> ControlFlow<()> {
        let shown = progress.validation_loss.unwrap_or(progress.train_loss);
        self.losses.push(shown);
        self.best = self.best.min(shown);
        if !self.bar.is_hidden() {
            self.bar.set_length(progress.total as u64);
            self.bar.set_position(progress.step as u64);
            self.bar.set_message(self.words(progress));
        }
        ControlFlow::Continue(())
    }

    fn words(&self, progress: &Progress) -> String {
        let mut words = format!("{} {:.4}", self.loss.name(), progress.train_loss);
        if let Some(validation) = progress.validation_loss {
            words += &format!(", validation {validation:.4} (best {:.4})", self.best);
        }
        let curve = sparkline(&self.losses, CURVE);
        format!(
            "{words}, learning rate {:.2e}\n{curve}",
            progress.learning_rate
        )
    }

    /// Says something above the bar.
    pub fn notice(&self) -> impl Fn(&str) + Sync + use<> {
        let bar = self.bar.clone();
        move |words| bar.suspend(|| eprintln!("warning: {words}"))
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_both_losses_and_the_curve() {
        let mut shown = TrainingProgress::new(LossKind::Nll);
        let report = |step: usize, validation_loss| Progress {
            step,
            total: 10,
            start_steps: 10,
            train_loss: 1.5,
            validation_loss,
            learning_rate: 0.005,
        };
        for (step, loss) in [(1, 2.0), (2, 1.0), (3, 1.25)] {
            assert!(shown.show(&report(step, Some(loss))).is_continue());
        }
        let words = shown.words(&report(3, Some(1.25)));
        let expected = "NLL 1.5000, validation 1.2500 (best 1.0000), learning rate 5.00e-3\n█▁";
        assert!(words.starts_with(expected), "{words}");
        assert!(!shown.words(&report(3, None)).contains("validation"));
    }
}
