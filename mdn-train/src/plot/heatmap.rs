//! A density over two axes as colours.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::across::Across;
use super::axis::tick_label;
use super::canvas::{Drawn, Picture, PlotError};
use super::fitted::fitted;
use super::frame::{AXIS, Chart, Frame, TICK_SIZE, dark_legend, emptiest_corner, range, text};
use super::marks::{RowStyle, Rows, broken_line};
use super::steps::pieces;

/// Non-negative values in the cells of a regular grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    x: (f32, f32),
    y: (f32, f32),
    columns: usize,
    rows: usize,
    /// `[rows][columns]`, finite, the row of the lowest y first.
    values: Vec<f32>,
}

impl Grid {
    /// A grid over the ranges `x` and `y` (low, high); `values` is row-major, `[rows][columns]`,
    /// the row of the lowest y first. A value belongs to the centre of its cell, see [`centres`];
    /// what is negative or not finite counts as 0.
    ///
    /// # Errors
    /// When `values` does not fill rows and columns, or there are none.
    pub fn new(
        x: (f32, f32),
        y: (f32, f32),
        columns: usize,
        rows: usize,
        mut values: Vec<f32>,
    ) -> Result<Self, PlotError> {
        if values.is_empty() || columns.checked_mul(rows) != Some(values.len()) {
            let values = values.len();
            return Err(PlotError::GridShape {
                columns,
                rows,
                values,
            });
        }
        for value in &mut values {
            if !(value.is_finite() && *value > 0.0) {
                *value = 0.0;
            }
        }
        Ok(Self {
            x,
            y,
            columns,
            rows,
            values,
        })
    }

    /// What the grid spans, horizontally and vertically.
    pub(super) fn ranges(&self) -> (Range<f64>, Range<f64>) {
        let span = |(low, high): (f32, f32)| range([low, high].map(f64::from), 0.0);
        (span(self.x), span(self.y))
    }

    /// Columns and rows.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// `[rows][columns]`, finite, the row of the lowest y first.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn largest(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }

    /// The value at a place given in cells (0 to `columns`, 0 to `rows`), linear between centres; with
    /// `parted` columns only up and down.
    fn at(&self, x: f32, y: f32, parted: bool) -> f32 {
        let x = if parted { x.floor() + 0.5 } else { x };
        let (left, right, to_right) = neighbours(x, self.columns);
        let (low, high, to_high) = neighbours(y, self.rows);
        let value = |column: usize, row: usize| self.values[row * self.columns + column];
        let along = |row: usize| mix(value(left, row), value(right, row), to_right);
        mix(along(low), along(high), to_high)
    }
}

/// The cells whose centres lie on either side of `place`, and how far it is towards the second.
fn neighbours(place: f32, cells: usize) -> (usize, usize, f32) {
    let place = (place - 0.5).clamp(0.0, (cells - 1) as f32);
    let below = place as usize;
    (below, (below + 1).min(cells - 1), place.fract())
}

fn mix(a: f32, b: f32, towards_b: f32) -> f32 {
    a + (b - a) * towards_b
}

/// The centres of `count` equal cells of a range (low, high), in ascending order.
pub fn centres(range: (f32, f32), count: usize) -> Vec<f32> {
    places(range, count, 0.5).take(count).collect()
}

/// The `count + 1` edges of equal cells that fill `range`.
pub fn edges(range: (f32, f32), count: usize) -> Vec<f32> {
    places(range, count, 0.0).take(count + 1).collect()
}

/// The places in equal cells that fill `range`, `count` of them, where a share of the cell lies below.
fn places((low, high): (f32, f32), count: usize, share: f64) -> impl Iterator<Item = f32> {
    let low = f64::from(low);
    let cell = (f64::from(high) - low) / count as f64;
    (0..).map(move |i| (low + (f64::from(i) + share) * cell) as f32)
}

/// A conditional density `p(y | x)` as colours, with a scale beside it.
///
/// Colours follow the square root of the density: broad, low branches stay visible beside
/// narrow, high ones. The scale says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// The heading.
    pub title: String,
    /// The horizontal axis, e.g. the input's name.
    pub x_label: String,
    /// The vertical axis, e.g. the target's name.
    pub y_label: String,
    /// What the colours mean, e.g. `density`.
    pub value_label: String,
    /// The density.
    pub grid: Grid,
    /// Data points to lay over it; may be empty.
    pub points: Rows,
    /// What the input is. A grid over categories has a column for each, and lies between -½ and their
    /// number less ½.
    pub across: Across,
    /// The mean over the grid's columns, where it is worth a line: between several modes it may lie
    /// where no targets do.
    pub mean: Option<MeanCurve>,
}

/// A mean over one input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeanCurve {
    /// Its entry in the legend.
    pub label: String,
    /// The share of the places at which the density has several modes.
    pub several: f32,
    /// The places, in ascending order.
    pub x: Vec<f32>,
    /// The means, one a place.
    pub y: Vec<f32>,
}

impl MeanCurve {
    /// Those that a picture may show.
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let [x, y] = [&self.x, &self.y].map(|values| values.iter().copied().map(f64::from));
        x.zip(y)
    }
}

/// The line of the mean, which shows on all colours of the density.
const MEAN: RGBColor = RGBColor(255, 105, 80);

impl Picture for Heatmap {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let width = area.dim_in_pixel().0;
        let (left, right) = area.split_horizontally(width - 224);
        let grid = &self.grid;
        let (x, y) = grid.ranges();
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x: self.across.range(|| x),
            y,
        };
        let mut chart = frame.draw_over(&left, &self.across)?;
        draw_image(&mut chart, grid, self.across.is_parted())?;
        let style = RowStyle {
            colour: WHITE,
            radius: 4,
            near: 0.75,
            far: 0.22,
        };
        self.points.draw(&mut chart, &style)?;
        if let Some(mean) = &self.mean {
            let line = pieces(&mean.x, &mean.y, self.across.is_parted());
            let room = chart.plotting_area().dim_in_pixel().0 / 2;
            let label = fitted(&mean.label, TICK_SIZE, room);
            broken_line(&mut chart, line, MEAN, &label)?;
        }
        let span = chart.plotting_area().get_pixel_range().1;
        draw_scale(&right, span, grid.largest(), &self.value_label)?;
        if self.points.iter().next().is_none() && self.mean.is_none() {
            // A legend would be empty.
            return Ok(());
        }
        let mean = self.mean.iter().flat_map(MeanCurve::points);
        let marks = self.points.iter().chain(mean);
        dark_legend(&mut chart, emptiest_corner(marks, &frame.x, &frame.y))
    }
}

/// Fills the chart with the colours of the grid, a colour a pixel; columns that are `parted` do not run
/// into each other.
pub(super) fn draw_image<B: DrawingBackend>(
    chart: &mut Chart<B>,
    grid: &Grid,
    parted: bool,
) -> Drawn<B> {
    let (columns, rows, largest) = (grid.columns as f32, grid.rows as f32, grid.largest());
    let corner = (chart.x_range().start, chart.y_range().end);
    let size = chart.plotting_area().dim_in_pixel();
    let colour_at = |along, up| colour(grid.at(along * columns, up * rows, parted), largest);
    chart.draw_series(image(corner, size, colour_at))?;
    Ok(())
}

/// An image of `size` pixels whose upper left corner is at `corner`.
///
/// `colour` gets how far along and how far up a pixel's centre is, both in (0, 1). One image
/// scales without the seams that many small rectangles show.
fn image<C>(
    corner: C,
    size: (u32, u32),
    colour: impl Fn(f32, f32) -> RGBColor,
) -> Option<BitMapElement<'static, C>> {
    let (width, height) = size;
    let mut pixels = Vec::with_capacity(3 * (width * height) as usize);
    for row in 0..height {
        let up = 1.0 - (row as f32 + 0.5) / height as f32;
        for column in 0..width {
            let along = (column as f32 + 0.5) / width as f32;
            let RGBColor(red, green, blue) = colour(along, up);
            pixels.extend([red, green, blue]);
        }
    }
    BitMapElement::with_owned_buffer(corner, size, pixels)
}

/// The colour of `value` where `largest` is the brightest.
fn colour(value: f32, largest: f32) -> RGBColor {
    if largest > 0.0 {
        ViridisRGB.get_color((value / largest).clamp(0.0, 1.0).sqrt())
    } else {
        ViridisRGB.get_color(0.0)
    }
}

/// Draws what the colours mean: a bar over the pixel rows `span`, with ticks and a label.
fn draw_scale<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    span: Range<i32>,
    largest: f32,
    label: &str,
) -> Drawn<B> {
    const WIDTH: i32 = 48;
    let height = (span.end - span.start).max(1);
    // The bar is even in colour; its ticks are not even in value.
    let size = (WIDTH as u32, height as u32);
    if let Some(bar) = image((0, span.start), size, |_, up| ViridisRGB.get_color(up)) {
        area.draw(&bar)?;
    }
    let tick_style = text(TICK_SIZE).pos(Pos::new(HPos::Left, VPos::Center));
    for value in scale_ticks(largest) {
        let up = (value / f64::from(largest)).sqrt();
        let row = span.end - (up * f64::from(height)).round() as i32;
        let mark = [(WIDTH, row), (WIDTH + 10, row)];
        area.draw(&PathElement::new(mark, AXIS.stroke_width(2)))?;
        let written = tick_label(value, &(0.0..f64::from(largest)));
        area.draw_text(&written, &tick_style, (WIDTH + 18, row))?;
    }
    let label_style = tick_style.pos(Pos::new(HPos::Left, VPos::Bottom));
    area.draw_text(label, &label_style, (0, span.start - 48))?;
    area.draw_text("(√ scale)", &label_style, (0, span.start - 10))
}

/// Round values from 0 to `largest`, about evenly spaced in their square roots.
fn scale_ticks(largest: f32) -> Vec<f64> {
    if largest <= 0.0 {
        return Vec::new();
    }
    let largest = f64::from(largest);
    let decade = 10f64.powf(largest.log10().floor());
    let leading = largest / decade;
    let step = match leading {
        small if small < 2.0 => 0.5,
        medium if medium < 5.0 => 1.0,
        _ => 2.0,
    };
    let whole = (leading / step) as usize;
    let mut ticks = vec![0.0, 0.1 * step * decade];
    ticks.extend((1..=whole).map(|i| i as f64 * step * decade));
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_must_be_filled() {
        let grid = |columns, rows, values| Grid::new((0.0, 1.0), (0.0, 1.0), columns, rows, values);
        assert!(grid(2, 2, vec![0.0; 4]).is_ok());
        let error = grid(2, 3, vec![0.0; 4]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a grid of 2 by 3 cells cannot hold 4 values"
        );
        assert!(grid(0, 0, Vec::new()).is_err());
        assert!(grid(usize::MAX, 2, vec![0.0]).is_err());
    }

    #[test]
    fn values_are_met_at_centres_and_linear_between() {
        let values = vec![0.0, 1.0, 2.0, 4.0, f32::NAN, -1.0];
        let grid = Grid::new((0.0, 2.0), (0.0, 3.0), 2, 3, values).unwrap();
        assert_eq!(grid.at(0.5, 0.5, false), 0.0);
        assert_eq!(grid.at(1.5, 1.5, false), 4.0);
        assert_eq!(grid.at(1.0, 1.5, false), 3.0);
        assert_eq!(grid.at(0.5, 1.0, false), 1.0);
        assert_eq!(grid.at(9.0, -9.0, false), 1.0);
        assert_eq!(grid.at(0.0, 3.0, false), 0.0);
        assert_eq!(grid.at(1.0, 1.5, true), 4.0);
        assert_eq!(grid.at(0.9, 1.5, true), 2.0);
        assert_eq!(grid.largest(), 4.0);
    }

    #[test]
    fn centres_divide_the_range() {
        assert_eq!(centres((-1.0, 1.0), 4), [-0.75, -0.25, 0.25, 0.75]);
        assert!(centres((0.0, 1.0), 0).is_empty());
        assert_eq!(edges((-1.0, 1.0), 4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn colours_run_from_dark_to_bright() {
        assert_eq!(colour(0.0, 2.0), RGBColor(68, 1, 84));
        assert_eq!(colour(2.0, 2.0), RGBColor(254, 232, 37));
        assert_eq!(colour(0.0, 0.0), RGBColor(68, 1, 84));
    }

    #[test]
    fn scale_ticks_are_round() {
        assert_eq!(scale_ticks(3.5), [0.0, 0.1, 1.0, 2.0, 3.0]);
        assert_eq!(scale_ticks(1.25), [0.0, 0.05, 0.5, 1.0]);
        assert_eq!(scale_ticks(80.0), [0.0, 2.0, 20.0, 40.0, 60.0, 80.0]);
        assert!(scale_ticks(1e-45).len() < 10 && scale_ticks(f32::MAX).len() < 10);
        assert!(scale_ticks(0.0).is_empty());
    }
}
