//! Whether the probabilities that a model states come true.

use plotters::coord::Shift;
use plotters::prelude::*;
use statrs::distribution::{Binomial, DiscreteCDF};

use super::Point;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, Chart, DATA, Frame, ORANGE, legend, range};
use super::marks::{dots, line};

/// How often chance alone stays inside the bands drawn here.
const BAND: f64 = 0.99;

/// How the probability integral transform of the targets is spread.
///
/// If the model is right, the values of its distribution function at the targets are uniform,
/// and each bin's count stays inside the band 99 times in 100.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PitHistogram {
    /// The heading.
    pub title: String,
    /// Counts in equal bins of [0, 1], in ascending order.
    pub counts: Vec<u64>,
}

/// How often central intervals of stated probability hold the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    /// The heading.
    pub title: String,
    /// Stated probability and observed share, both in [0, 1].
    pub points: Vec<Point>,
    /// How many rows were observed; with 0 no band is drawn.
    pub rows: u64,
}

/// The central interval that holds a binomial count 99 times in 100.
fn binomial_band(trials: u64, probability: f64) -> (u64, u64) {
    let tail = (1.0 - BAND) / 2.0;
    match Binomial::new(probability, trials) {
        Ok(law) if probability > 0.0 && probability < 1.0 => {
            (law.inverse_cdf(tail), law.inverse_cdf(1.0 - tail))
        }
        _ => {
            let certain = (trials as f64 * probability) as u64;
            (certain, certain)
        }
    }
}

impl Picture for PitHistogram {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let total: u64 = self.counts.iter().sum();
        let share = 1.0 / self.counts.len().max(1) as f64;
        let (low, high) = binomial_band(total, share);
        let (low, high) = (low as f64, high as f64);
        let highest = self
            .counts
            .iter()
            .map(|&count| count as f64)
            .fold(high, f64::max);
        let frame = Frame {
            title: &self.title,
            x_label: "model’s distribution function at the target",
            y_label: "rows",
            x: 0.0..1.0,
            y: 0.0..1.15 * highest.max(1.0),
        };
        let mut chart = frame.draw(area)?;
        band(&mut chart, vec![(0.0, low, high), (1.0, low, high)])?;
        for style in [BLUE.mix(0.55).filled(), WHITE.stroke_width(2)] {
            let bars = self.counts.iter().enumerate().map(|(bin, &count)| {
                let (left, right) = (bin as f64 * share, (bin + 1) as f64 * share);
                Rectangle::new([(left, 0.0), (right, count as f64)], style)
            });
            chart.draw_series(bars)?;
        }
        let expected = total as f64 * share;
        let even = vec![(0.0, expected), (1.0, expected)];
        line(&mut chart, even, ORANGE, "calibrated model")?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }
}

impl Picture for Calibration {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let whole = range([0.0, 1.0], 0.02);
        let frame = Frame {
            title: &self.title,
            x_label: "stated probability of the central interval",
            y_label: "share of targets inside",
            x: whole.clone(),
            y: whole,
        };
        let mut chart = frame.draw(area)?;
        if self.rows > 0 {
            band(&mut chart, coverage_band(self.rows))?;
        }
        let diagonal = vec![(0.0, 0.0), (1.0, 1.0)];
        line(&mut chart, diagonal, DATA, "calibrated model")?;
        dots(&mut chart, &self.points, 10, BLUE.mix(1.0), "")?;
        let points = self.points.iter();
        let observed = points.map(|&(x, y)| (f64::from(x), f64::from(y))).collect();
        line(&mut chart, observed, BLUE, "observed")?;
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    }
}

/// Place, lower and upper edge of the band of a right model's coverage over `rows` rows.
fn coverage_band(rows: u64) -> Vec<(f64, f64, f64)> {
    let edges = |percent: i32| {
        let probability = f64::from(percent) / 100.0;
        let (low, high) = binomial_band(rows, probability);
        (
            probability,
            low as f64 / rows as f64,
            high as f64 / rows as f64,
        )
    };
    (0..=100).map(edges).collect()
}

/// A shaded band through places with lower and upper edges, with its entry in the legend.
fn band<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    edges: Vec<(f64, f64, f64)>,
) -> Drawn<B> {
    let lower = edges.iter().map(|&(x, low, _)| (x, low));
    let upper = edges.iter().rev().map(|&(x, _, high)| (x, high));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    let style = DATA.mix(0.28).filled();
    let (width, half) = (56, 12);
    chart
        .draw_series([Polygon::new(outline, style)])?
        .label("99% range of chance")
        .legend(move |(x, y)| Rectangle::new([(x, y - half), (x + width, y + half)], style));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_those_of_the_binomial_law() {
        // From sums of exact fractions.
        assert_eq!(binomial_band(1000, 0.05), (33, 69));
        assert_eq!(binomial_band(100, 0.5), (37, 63));
        assert_eq!(binomial_band(10, 0.1), (0, 4));
    }

    #[test]
    fn certain_counts_have_no_spread() {
        assert_eq!(binomial_band(50, 0.0), (0, 0));
        assert_eq!(binomial_band(50, 1.0), (50, 50));
        assert_eq!(binomial_band(0, 0.5), (0, 0));
    }
}
