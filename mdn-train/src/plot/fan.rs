//! Quantiles of a prediction over one input.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::across::Across;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, Chart, DATA, Frame, ORANGE, emptiest_corner, legend, range};
use super::marks::{RowStyle, Rows, broken_line};
use super::span::usual_range;
use super::steps::pieces;

/// A central interval at each place of a [`FanChart`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Band {
    /// The probability that the interval states, in (0, 1).
    pub probability: f32,
    /// The lower ends, one a place.
    pub lower: Vec<f32>,
    /// The upper ends, one a place.
    pub upper: Vec<f32>,
}

/// Central intervals and the median over one input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FanChart {
    /// The heading.
    pub title: String,
    /// The horizontal axis, e.g. the input's name.
    pub x_label: String,
    /// The vertical axis, e.g. the target's name.
    pub y_label: String,
    /// The places, in ascending order.
    pub x: Vec<f32>,
    /// Intervals, in any order; the wider are drawn paler.
    pub bands: Vec<Band>,
    /// The medians, one a place; may be empty.
    pub median: Vec<f32>,
    /// The data; may be empty.
    pub data: Rows,
    /// What the input is.
    pub across: Across,
    /// The length of the circle on which the heights lie, where they do: what goes past one end of the
    /// vertical axis comes in at the other.
    pub turn: Option<f32>,
    /// What the axes show, horizontal first, low and high; what the places and the data ask for, unless
    /// given.
    pub shown: Option<[(f32, f32); 2]>,
}

impl FanChart {
    /// The bands, the widest first, so that the narrower lie on top.
    fn widest_first(&self) -> Vec<&Band> {
        let mut bands: Vec<&Band> = self.bands.iter().collect();
        bands.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        bands
    }

    /// The vertical axis is that of the data, where there is any: an interval may reach far beyond.
    fn frame(&self) -> Frame<'_> {
        let [x, y] = match self.shown {
            Some(shown) => shown.map(|(low, high)| range([low, high].map(f64::from), 0.0)),
            None => {
                let places = self.x.iter().map(|&x| f64::from(x));
                [usual_range(places, 0.02), usual_range(self.heights(), 0.05)]
            }
        };
        Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x: self.across.range(|| x),
            y,
        }
    }

    /// What the vertical axis is for.
    fn heights(&self) -> Vec<f64> {
        if self.data.iter().next().is_some() {
            return self.data.iter().map(|point| point.1).collect();
        }
        let bands = self.bands.iter();
        let ends = bands.flat_map(|band| band.lower.iter().chain(&band.upper));
        ends.chain(&self.median).map(|&y| f64::from(y)).collect()
    }

    /// The pieces of a line over the places, the values cut at the ends of `shown`.
    fn over_places(&self, values: &[f32], shown: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
        let mut pieces = pieces(&self.x, values, self.across.is_parted());
        for (_, value) in pieces.iter_mut().flatten() {
            *value = value.clamp(shown.start, shown.end);
        }
        pieces
    }

    /// How far values are moved to be drawn: not at all, and on a circle also a turn up and down.
    fn moves(&self) -> impl Iterator<Item = f32> {
        let turns = self.turn.map(|turn| [-turn, turn]);
        [0.0].into_iter().chain(turns.into_iter().flatten())
    }

    /// The pieces of the median that lie within `shown`.
    fn medians(&self, shown: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
        let inside = |point: &(f64, f64)| shown.start <= point.1 && point.1 <= shown.end;
        let moved = self.moves().flat_map(|by| {
            let median: Vec<f32> = self.median.iter().map(|median| median + by).collect();
            pieces(&self.x, &median, self.across.is_parted())
        });
        let parts = |piece: Vec<(f64, f64)>| -> Vec<Vec<(f64, f64)>> {
            let runs = piece.chunk_by(|a, b| inside(a) == inside(b));
            let runs = runs.filter(|run| run.iter().all(inside));
            runs.map(<[_]>::to_vec).collect()
        };
        moved.flat_map(parts).collect()
    }

    /// Draws a band in a colour of its own.
    fn draw_band<'a, B: DrawingBackend + 'a>(
        &self,
        chart: &mut Chart<'a, B>,
        band: &Band,
        colour: RGBColor,
    ) -> Drawn<B> {
        let (style, shown) = (colour.filled(), chart.y_range());
        let moved = |values: &[f32], by: f32| values.iter().map(|value| value + by).collect();
        let outlines = self.moves().flat_map(|by| {
            let ends: [Vec<f32>; 2] = [moved(&band.lower, by), moved(&band.upper, by)];
            let [lower, upper] = ends.map(|end| self.over_places(&end, &shown));
            lower.into_iter().zip(upper)
        });
        let outlines = outlines.map(|(mut lower, upper)| {
            lower.extend(upper.into_iter().rev());
            Polygon::new(lower, style)
        });
        let (width, half) = (56, 12);
        let percent = (f64::from(band.probability) * 1e4).round() / 1e2;
        chart
            .draw_series(outlines)?
            .label(format!("{percent}%"))
            .legend(move |(x, y)| Rectangle::new([(x, y - half), (x + width, y + half)], style));
        Ok(())
    }
}

impl Picture for FanChart {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let frame = self.frame();
        let mut chart = frame.draw_over(area, &self.across)?;
        let bands = self.widest_first();
        for (index, band) in bands.iter().enumerate() {
            let strength = 0.55 * (index + 1) as f64 / bands.len() as f64 + 0.1;
            self.draw_band(&mut chart, band, paler(BLUE, strength))?;
        }
        if !self.median.is_empty() {
            let median = self.medians(&chart.y_range());
            broken_line(&mut chart, median, ORANGE, "median")?;
        }
        let style = RowStyle {
            colour: DATA,
            radius: 4,
            near: 0.6,
            far: 0.16,
        };
        self.data.draw(&mut chart, &style)?;
        let ends = bands.iter().flat_map(|band| [&band.lower, &band.upper]);
        let ends = ends.flat_map(|values| self.over_places(values, &frame.y));
        let places = ends.flatten().chain(self.data.iter());
        legend(&mut chart, emptiest_corner(places, &frame.x, &frame.y))
    }
}

/// `colour` on white, without letting through what lies behind.
fn paler(colour: RGBColor, strength: f64) -> RGBColor {
    let channel = |value: u8| (255.0 - strength * (255.0 - f64::from(value))).round() as u8;
    RGBColor(channel(colour.0), channel(colour.1), channel(colour.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_band_lies_lowest() {
        let band = |probability| Band {
            probability,
            ..Band::default()
        };
        let fan = FanChart {
            bands: [0.5, 0.99, 0.9].map(band).to_vec(),
            ..FanChart::default()
        };
        let order: Vec<f32> = fan.widest_first().iter().map(|b| b.probability).collect();
        assert_eq!(order, [0.99, 0.9, 0.5]);
    }

    /// From 350 on a circle of 360 the median goes on at 0, in a line of its own.
    #[test]
    fn on_a_circle_lines_come_in_again() {
        let fan = FanChart {
            x: vec![0.0, 1.0, 2.0, 3.0],
            median: vec![350.0, 355.0, 365.0, 370.0],
            turn: Some(360.0),
            ..FanChart::default()
        };
        let first = vec![(0.0, 350.0), (1.0, 355.0)];
        let rest = vec![(2.0, 5.0), (3.0, 10.0)];
        assert_eq!(fan.medians(&(0.0..360.0)), [first, rest]);
        let plain = FanChart { turn: None, ..fan };
        assert_eq!(plain.medians(&(0.0..400.0)).len(), 1);
    }

    #[test]
    fn paleness_runs_from_white_to_the_colour() {
        assert_eq!(paler(BLUE, 0.0), WHITE);
        assert_eq!(paler(BLUE, 1.0), BLUE);
    }
}
