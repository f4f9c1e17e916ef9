//! The course of training.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, Frame, GREEN, ORANGE, legend, line, range, thin};
use crate::loss::LossKind;

/// The loss against training steps, the best step marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loss {
    /// The heading.
    pub title: String,
    /// What it is.
    pub kind: LossKind,
    /// Step and mean loss on the training rows.
    pub train: Vec<(u64, f32)>,
    /// The same on the validation rows; empty if there are none. Need not have the same steps.
    pub validation: Vec<(u64, f32)>,
}

impl Loss {
    /// Step and value of the lowest loss: on the validation rows if there are any.
    pub fn best(&self) -> Option<(u64, f32)> {
        let watched = if self.validation.is_empty() {
            &self.train
        } else {
            &self.validation
        };
        let finite = watched.iter().filter(|(_, value)| value.is_finite());
        finite.min_by(|a, b| a.1.total_cmp(&b.1)).copied()
    }

    fn value_range(&self) -> Range<f64> {
        range(
            [&self.train, &self.validation]
                .into_iter()
                .flat_map(|series| usual(series)),
            0.06,
        )
    }
}

/// The finite values of a series, but for the highest if they dwarf the others.
///
/// The first steps of training may score thousands where the rest differ by hundredths.
fn usual(series: &[(u64, f32)]) -> Vec<f64> {
    let mut values: Vec<f64> = series.iter().map(|&(_, value)| f64::from(value)).collect();
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let high = values.get(values.len() * 9 / 10).copied();
    if let (Some(&low), Some(high)) = (values.first(), high) {
        let limit = high + 2.0 * (high - low).max(0.05);
        values.retain(|&value| value <= limit);
    }
    values
}

impl Picture for Loss {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let steps = self.train.iter().chain(&self.validation);
        let frame = Frame {
            title: &self.title,
            x_label: "training step",
            y_label: match self.kind {
                LossKind::Nll => "negative log-likelihood (nats)",
                LossKind::Crps => "CRPS",
            },
            x: range(steps.map(|&(step, _)| step as f64), 0.02),
            y: self.value_range(),
        };
        let mut chart = frame.draw(area)?;
        let shown = |series: &[(u64, f32)]| -> Vec<(f64, f64)> {
            thin(series)
                .map(|(step, value)| (step as f64, f64::from(value)))
                .collect()
        };
        line(&mut chart, shown(&self.train), BLUE, "training")?;
        if !self.validation.is_empty() {
            line(&mut chart, shown(&self.validation), ORANGE, "validation")?;
        }
        if let Some((step, value)) = self.best() {
            let (best, radius) = ((step as f64, f64::from(value)), 12);
            let style = GREEN.stroke_width(6);
            let indent = 28;
            chart
                .draw_series([Circle::new(best, radius, style)])?
                .label(format!("best: {value:.4} at step {step}"))
                .legend(move |(x, y)| Circle::new((x + indent, y), radius, style));
        }
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(train: &[f32], validation: &[f32]) -> Loss {
        let steps = |values: &[f32]| {
            values
                .iter()
                .enumerate()
                .map(|(i, &v)| (i as u64, v))
                .collect()
        };
        Loss {
            title: String::new(),
            kind: LossKind::Nll,
            train: steps(train),
            validation: steps(validation),
        }
    }

    #[test]
    fn validation_decides_which_step_is_best() {
        assert_eq!(loss(&[3.0, 2.0, 1.0], &[]).best(), Some((2, 1.0)));
        assert_eq!(
            loss(&[3.0, 2.0, 1.0], &[4.0, 2.5, 3.0]).best(),
            Some((1, 2.5))
        );
        assert_eq!(loss(&[f32::NAN], &[]).best(), None);
    }

    #[test]
    fn a_wild_start_does_not_flatten_the_rest() {
        let mut values = vec![1e4];
        values.extend((0..99).map(|i| 2.0 - 0.01 * i as f32));
        let range = loss(&values, &[]).value_range();
        assert!(range.start > 0.9 && range.end < 2.2, "{range:?}");
        // Few validation points far above the training ones stay in view.
        let apart = loss(&[1.0; 100], &[5.0, 4.0]).value_range();
        assert!(apart.start < 1.0 && apart.end > 5.0, "{apart:?}");
        let gentle = loss(&[3.0, 2.5, 2.0], &[]).value_range();
        assert!(gentle.start < 2.0 && gentle.end > 3.0, "{gentle:?}");
    }
}
