//! Clouds of points.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Point;
use super::across::Across;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, DATA, Frame, emptiest_corner, legend, range};
use super::marks::{RowStyle, Rows, beyond, dots, inside, wide};
use super::span::usual_range;

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
    pub data: Rows,
    /// What the input is.
    pub across: Across,
    /// What the axes show, horizontal first, low and high; what the data ask for, unless given.
    pub shown: Option<[(f32, f32); 2]>,
}

/// Of the range of what is shown, to spare on either side.
const MARGIN: f64 = 0.03;

impl Picture for Scatter {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let points = || self.points.iter().map(wide);
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x: usual_range(points().map(|point| point.0), MARGIN),
            y: usual_range(points().map(|point| point.1), MARGIN),
        };
        let mut chart = frame.draw(area)?;
        dots(&mut chart, &self.points, 4, BLUE.mix(0.45), "")?;
        if points().all(|point| inside(&chart)(&point)) {
            // A legend would be empty.
            return Ok(());
        }
        beyond(&mut chart, points(), BLUE, "row")?;
        legend(&mut chart, emptiest_corner(points(), &frame.x, &frame.y))
    }
}

impl Samples {
    /// The vertical axis is that of the data, where there is any: a draw may lie anywhere.
    fn frame(&self) -> Frame<'_> {
        let draws = || self.draws.iter().map(wide);
        let heights: Vec<f64> = match self.data.iter().next() {
            Some(_) => self.data.iter().map(|point| point.1).collect(),
            None => draws().map(|point| point.1).collect(),
        };
        let [x, y] = match self.shown {
            Some(shown) => shown.map(|(low, high)| range([low, high].map(f64::from), 0.0)),
            None => {
                let places = draws().chain(self.data.iter()).map(|point| point.0);
                [usual_range(places, MARGIN), usual_range(heights, MARGIN)]
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
}

impl Picture for Samples {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let frame = self.frame();
        let mut chart = frame.draw_over(area, &self.across)?;
        let style = RowStyle {
            colour: DATA,
            radius: 8,
            near: 0.5,
            far: 0.16,
        };
        self.data.draw(&mut chart, &style)?;
        let drawn = "drawn from the model";
        dots(&mut chart, &self.draws, 4, BLUE.mix(0.6), drawn)?;
        let draws = || self.draws.iter().map(wide);
        beyond(&mut chart, draws(), BLUE, "draw")?;
        let corner = emptiest_corner(draws().chain(self.data.iter()), &frame.x, &frame.y);
        legend(&mut chart, corner)
    }
}
