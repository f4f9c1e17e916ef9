//! Progress on standard error: a bar with an ETA on a terminal, a line now and then elsewhere.

use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mdn_train::train::Progress;

/// Shows training as it goes.
pub struct TrainingProgress {
    bar: ProgressBar,
    line_interval: usize,
    next_line: usize,
}

impl TrainingProgress {
    /// A line with the losses every `line_interval` steps, above the bar.
    pub fn new(line_interval: usize) -> Self {
        let bar = ProgressBar::new(0);
        let template = "{bar:32} {pos}/{len} steps  {msg}  {elapsed} gone, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        TrainingProgress {
            bar,
            line_interval,
            next_line: 0,
        }
    }

    /// Takes one report.
    pub fn show(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.step as u64);
        let mut losses = format!("NLL {:.4}", progress.train_nll);
        if let Some(validation) = progress.validation_nll {
            losses = format!("{losses}, validation {validation:.4}");
        }
        if progress.step >= self.next_line || progress.step == progress.total {
            let line = format!("step {:>6} of {}: {losses}", progress.step, progress.total);
            if self.bar.is_hidden() {
                eprintln!("{line}");
            } else {
                self.bar.println(line);
            }
            self.next_line = (progress.step / self.line_interval + 1) * self.line_interval;
        }
        self.bar.set_message(losses);
        ControlFlow::Continue(())
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
