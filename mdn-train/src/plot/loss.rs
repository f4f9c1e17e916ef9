//! The course of training.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Picture};
use super::frame::{AXIS, BLUE, DATA, Frame, GREEN, ORANGE, emptiest_corner, legend, range};
use super::marks::{beyond, broken_line, thin};
use crate::loss::LossKind;

/// The loss against training steps, the best step marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loss {
    /// The heading.
    pub title: String,
    /// What it is.
    pub kind: LossKind,
    /// What a CRPS is in units of where that is not the target itself, such as `ln(price)`; may be empty.
    pub of: String,
    /// Step and mean loss on the training rows.
    pub train: Vec<(u64, f32)>,
    /// The same on the validation rows; empty if there are none. Need not have the same steps.
    pub validation: Vec<(u64, f32)>,
    /// The steps that the starts after the first begin after, ascending, where there are several and their
    /// steps run on.
    pub starts: Vec<u64>,
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

    /// The start that a step belongs to, from 0.
    fn start(&self, step: u64) -> usize {
        self.starts.partition_point(|&from| from < step)
    }

    /// The reports of each start.
    fn by_start<'s>(&self, series: &'s [(u64, f32)]) -> impl Iterator<Item = &'s [(u64, f32)]> {
        series.chunk_by(|a, b| self.start(a.0) == self.start(b.0))
    }

    /// What is drawn of a series: a line for each start.
    fn pieces(&self, series: &[(u64, f32)]) -> Vec<Vec<(f64, f64)>> {
        let piece = |start| -> Vec<(f64, f64)> {
            thin(start)
                .map(|(step, value)| (step as f64, f64::from(value)))
                .collect()
        };
        self.by_start(series).map(piece).collect()
    }

    /// The steps at which each start but the first begins.
    fn beginnings(&self) -> Vec<f64> {
        self.starts.iter().map(|&from| from as f64).collect()
    }

    /// The best step as `fit` counts: within its start.
    fn best_label(&self, (step, value): (u64, f32)) -> String {
        if self.starts.is_empty() {
            return format!("best: {value:.4} at step {step}");
        }
        let start = self.start(step);
        let from = start.checked_sub(1).map_or(0, |before| self.starts[before]);
        format!(
            "best: {value:.4} at step {} of start {}",
            step - from,
            start + 1
        )
    }

    fn y_label(&self) -> String {
        match (self.kind, self.of.as_str()) {
            (LossKind::Nll, _) => "negative log-likelihood (nats)".to_owned(),
            (LossKind::Crps, "") => "CRPS".to_owned(),
            (LossKind::Crps, of) => format!("CRPS of {of}"),
        }
    }

    fn value_range(&self) -> Range<f64> {
        let series = [&self.train, &self.validation].into_iter();
        let shown = range(series.flat_map(|series| usual(series)), 0.06);
        // Each start begins high: above them all is room for the legend.
        let room = match self.beginnings().is_empty() {
            true => 0.0,
            false => 0.2 * (shown.end - shown.start),
        };
        shown.start..shown.end + room
    }
}

/// The finite values of a series, but for the highest if they dwarf the others.
///
/// The first steps of training may score thousands where the rest differ by hundredths. They are a
/// tenth of the reports at most, and one of few.
fn usual(series: &[(u64, f32)]) -> Vec<f64> {
    let mut values: Vec<f64> = series.iter().map(|&(_, value)| f64::from(value)).collect();
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let first_steps = match values.len() {
        ..3 => 0,
        count => count.div_ceil(10),
    };
    let high = values.len().checked_sub(first_steps + 1);
    if let (Some(&low), Some(high)) = (values.first(), high) {
        let high = values[high];
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
            y_label: &self.y_label(),
            x: range(steps.map(|&(step, _)| step as f64), 0.02),
            y: self.value_range(),
        };
        let mut chart = frame.draw(area)?;
        let train = self.pieces(&self.train);
        let validation = self.pieces(&self.validation);
        let shown = train.iter().chain(&validation).flatten().copied();
        let corner = emptiest_corner(shown, &frame.x, &frame.y);
        let marks = self.beginnings().into_iter().map(|step| {
            let ends = [frame.y.start, frame.y.end];
            PathElement::new(ends.map(|y| (step, y)), AXIS.stroke_width(2))
        });
        chart.draw_series(marks)?;
        broken_line(&mut chart, train, BLUE, "training")?;
        if !validation.is_empty() {
            broken_line(&mut chart, validation, ORANGE, "validation")?;
        }
        let reports = self.train.iter().chain(&self.validation);
        let reports = reports.map(|&(step, value)| (step as f64, f64::from(value)));
        beyond(&mut chart, reports, DATA, "loss")?;
        if let Some(best) = self.best() {
            let (place, radius) = ((best.0 as f64, f64::from(best.1)), 12);
            let style = GREEN.stroke_width(6);
            let indent = 28;
            chart
                .draw_series([Circle::new(place, radius, style)])?
                .label(self.best_label(best))
                .legend(move |(x, y)| Circle::new((x + indent, y), radius, style));
        }
        legend(&mut chart, corner)
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
            of: String::new(),
            train: steps(train),
            validation: steps(validation),
            starts: Vec::new(),
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
        let few = loss(&[1e6, 2.0, 1.9, 1.8, 1.7], &[1e6, 2.1, 2.0]).value_range();
        assert!(few.start < 1.7 && (2.1..3.0).contains(&few.end), "{few:?}");
        let gentle = loss(&[3.0, 2.5, 2.0], &[]).value_range();
        assert!(gentle.start < 2.0 && gentle.end > 3.0, "{gentle:?}");
    }

    #[test]
    fn each_start_is_a_line_of_its_own() {
        let mut loss = loss(&[], &[]);
        // The first stopped early, the others did not.
        loss.train = vec![
            (5, 3.0),
            (10, 2.0),
            (25, 3.0),
            (40, 2.0),
            (45, 1.0),
            (60, 4.0),
        ];
        assert_eq!(loss.pieces(&loss.train).len(), 1);
        assert_eq!(loss.best_label((45, 1.0)), "best: 1.0000 at step 45");
        assert!(loss.beginnings().is_empty());
        loss.starts = vec![20, 40];
        assert_eq!(loss.beginnings(), [20.0, 40.0]);
        let first = |piece: &Vec<(f64, f64)>| piece[0].0;
        let pieces = loss.pieces(&loss.train);
        assert_eq!(
            pieces.iter().map(first).collect::<Vec<_>>(),
            [5.0, 25.0, 45.0]
        );
        assert_eq!(
            loss.best_label((45, 1.0)),
            "best: 1.0000 at step 5 of start 3"
        );
        assert_eq!(
            loss.best_label((40, 2.0)),
            "best: 2.0000 at step 20 of start 2"
        );
    }
}
