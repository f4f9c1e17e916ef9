//! Clouds of points.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Point;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, DATA, Frame, dots, emptiest_corner, legend, ranges};

/// Data points: an input against a target. Of very many, an even selection is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scatter {
    /// The heading.
    pub title: String,
    /// The horizontal axis, e.g. the input's name.
    pub x_label: String,
    /// The vertical axis, e.g. the target's name.
    pub y_label: String,
    /// The data.
    pub points: Vec<Point>,
}

/// Draws from a model at each of many inputs, with the data behind them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// The heading.
    pub title: String,
    /// The horizontal axis, e.g. the input's name.
    pub x_label: String,
    /// The vertical axis, e.g. the target's name.
    pub y_label: String,
    /// Inputs and what was drawn there.
    pub draws: Vec<Point>,
    /// The data; may be empty.
    pub data: Vec<Point>,
}

impl Picture for Scatter {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let [x, y] = ranges(self.points.iter());
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x,
            y,
        };
        let mut chart = frame.draw(area)?;
        dots(&mut chart, &self.points, 4, BLUE.mix(0.45), "")
    }
}

impl Picture for Samples {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let all = self.draws.iter().chain(&self.data);
        let [x, y] = ranges(all.clone());
        let places = all.map(|point| (f64::from(point.0), f64::from(point.1)));
        let corner = emptiest_corner(places, &x, &y);
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x,
            y,
        };
        let mut chart = frame.draw(area)?;
        if !self.data.is_empty() {
            dots(&mut chart, &self.data, 8, DATA.mix(0.5), "data")?;
        }
        dots(
            &mut chart,
            &self.draws,
            4,
            BLUE.mix(0.6),
            "drawn from the model",
        )?;
        legend(&mut chart, corner)
    }
}
