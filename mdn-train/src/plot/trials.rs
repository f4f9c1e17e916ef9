//! A race of configurations.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, DATA, Frame, ORANGE, emptiest_corner, legend, range};
use super::marks::{beyond, line};

/// How the mean score of each trial developed as it was scored on more folds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trials {
    /// The heading.
    pub title: String,
    /// For each trial its negative log-likelihood (nats a row) on each fold, as far as it came.
    pub scores: Vec<Vec<f64>>,
    /// Which trial is the configuration that was given.
    pub given: usize,
    /// Which one is best.
    pub best: usize,
}

impl Trials {
    /// The means over the first fold, the first two and so on, beside their numbers.
    fn means(&self, trial: usize) -> Vec<(f64, f64)> {
        let mut sum = 0.0;
        let scores = self.scores.get(trial).into_iter().flatten();
        scores
            .zip(1..)
            .map(|(score, folds)| {
                sum += score;
                (f64::from(folds), sum / f64::from(folds))
            })
            .collect()
    }

    /// What is shown: all but the means that dwarf the others.
    fn value_range(&self) -> std::ops::Range<f64> {
        let all = (0..self.scores.len()).flat_map(|trial| self.means(trial));
        let mut values: Vec<f64> = all.map(|(_, mean)| mean).collect();
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        if let (Some(&low), Some(&middle)) = (values.first(), values.get(values.len() / 2)) {
            let limit = middle + 2.0 * (middle - low).max(0.05);
            values.retain(|&value| value <= limit);
        }
        range(values, 0.06)
    }

    /// The folds of the means that lie above `limit` or are no numbers.
    fn above(&self, limit: f64) -> Vec<f64> {
        let all = (0..self.scores.len()).flat_map(|trial| self.means(trial));
        let above = all.filter(|(_, mean)| mean.is_nan() || *mean > limit);
        above.map(|(folds, _)| folds).collect()
    }
}

impl Picture for Trials {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let folds = self.scores.iter().map(Vec::len).max().unwrap_or(1);
        let frame = Frame {
            title: &self.title,
            x_label: "folds that the trial was scored on",
            y_label: "mean negative log-likelihood (nats)",
            x: range([1.0, folds as f64], 0.04),
            y: self.value_range(),
        };
        // As many ticks as folds, so that none lies between two.
        let mut chart = frame.draw_with_ticks(area, folds)?;
        let shown = |trial: usize| {
            let means = self.means(trial).into_iter();
            means.filter(|(_, mean)| frame.y.contains(mean))
        };
        let all = 0..self.scores.len();
        for trial in all.clone() {
            let style = DATA.mix(0.6);
            chart.draw_series(LineSeries::new(shown(trial), style.stroke_width(3)))?;
            chart.draw_series(shown(trial).map(|point| Circle::new(point, 7, style.filled())))?;
        }
        line(
            &mut chart,
            self.means(self.given),
            ORANGE,
            "the options given",
        )?;
        if self.best != self.given {
            line(&mut chart, self.means(self.best), BLUE, "the best")?;
        }
        let above = self.above(frame.y.end).into_iter();
        let above = above.map(|folds| (folds, f64::INFINITY));
        beyond(&mut chart, above.clone(), DATA, "mean")?;
        let places = all.flat_map(shown).chain(above);
        legend(&mut chart, emptiest_corner(places, &frame.x, &frame.y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_run_and_wild_ones_are_not_shown() {
        let trials = Trials {
            scores: vec![
                vec![1.0, 2.0, 6.0],
                vec![1.5],
                vec![f64::INFINITY],
                vec![900.0],
            ],
            ..Trials::default()
        };
        assert_eq!(trials.means(0), [(1.0, 1.0), (2.0, 1.5), (3.0, 3.0)]);
        assert_eq!(trials.means(9), []);
        let range = trials.value_range();
        assert!(
            range.start < 1.0 && (1.5..10.0).contains(&range.end),
            "{range:?}"
        );
    }

    #[test]
    fn means_above_the_picture_are_counted() {
        let scores = vec![
            vec![1.0, 2.0],
            vec![f64::INFINITY, 1.0],
            vec![900.0],
            vec![f64::NAN],
        ];
        let trials = Trials {
            scores,
            ..Trials::default()
        };
        assert_eq!(trials.above(5.0), [1.0, 2.0, 1.0, 1.0]);
    }
}
