//! Quantiles of a prediction over one input.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Point;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, DATA, Frame, ORANGE, dots, emptiest_corner, legend, line, range};

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
    pub data: Vec<Point>,
}

impl FanChart {
    /// The bands, the widest first, so that the narrower lie on top.
    fn widest_first(&self) -> Vec<&Band> {
        let mut bands: Vec<&Band> = self.bands.iter().collect();
        bands.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        bands
    }

    fn frame(&self) -> Frame<'_> {
        let data_x = self.data.iter().map(|point| &point.0);
        let data_y = self.data.iter().map(|point| &point.1);
        let ends = self
            .bands
            .iter()
            .flat_map(|band| band.lower.iter().chain(&band.upper));
        let y = ends.chain(&self.median).chain(data_y);
        Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x: range(self.x.iter().chain(data_x).map(|&x| f64::from(x)), 0.02),
            y: range(y.map(|&y| f64::from(y)), 0.05),
        }
    }

    /// The finite points of a line over the places.
    fn over_places<'v>(&'v self, values: &'v [f32]) -> impl DoubleEndedIterator<Item = (f64, f64)> {
        let pairs = self.x.iter().zip(values);
        pairs
            .map(|(&x, &value)| (f64::from(x), f64::from(value)))
            .filter(|(x, value)| x.is_finite() && value.is_finite())
    }
}

impl Picture for FanChart {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let frame = self.frame();
        let mut chart = frame.draw(area)?;
        let bands = self.widest_first();
        for (index, band) in bands.iter().enumerate() {
            let upper = self.over_places(&band.upper).rev();
            let outline: Vec<(f64, f64)> = self.over_places(&band.lower).chain(upper).collect();
            let strength = 0.55 * (index + 1) as f64 / bands.len() as f64 + 0.1;
            let style = paler(BLUE, strength).filled();
            let (width, half) = (56, 12);
            chart
                .draw_series([Polygon::new(outline, style)])?
                .label(format!(
                    "{}%",
                    (f64::from(band.probability) * 1e4).round() / 1e2
                ))
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - half), (x + width, y + half)], style)
                });
        }
        if !self.median.is_empty() {
            let median = self.over_places(&self.median).collect();
            line(&mut chart, median, ORANGE, "median")?;
        }
        if !self.data.is_empty() {
            dots(&mut chart, &self.data, 4, DATA.mix(0.5), "data")?;
        }
        let ends = bands.iter().flat_map(|band| [&band.lower, &band.upper]);
        let data = self.data.iter();
        let places = ends
            .flat_map(|values| self.over_places(values))
            .chain(data.map(|&(x, y)| (f64::from(x), f64::from(y))));
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

    #[test]
    fn paleness_runs_from_white_to_the_colour() {
        assert_eq!(paler(BLUE, 0.0), WHITE);
        assert_eq!(paler(BLUE, 1.0), BLUE);
    }
}
