//! Two targets against each other: the data, and the regions in which the model expects them.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Point;
use super::canvas::{Drawn, Picture};
use super::frame::{BLUE, DATA, Frame, GREEN, ORANGE, emptiest_corner, legend};
use super::heatmap::Grid;
use super::marks::{beyond, dots, wide};

/// The regions that are outlined, by the probability in them, and their colours.
const REGIONS: [(f64, RGBColor); 3] = [(0.5, ORANGE), (0.8, GREEN), (0.95, BLUE)];

/// Contours of the joint density of two targets around the smallest regions that hold 50%, 80% and
/// 95% of its mass within the axes, over the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The heading.
    pub title: String,
    /// The first target.
    pub x_label: String,
    /// The second target.
    pub y_label: String,
    /// The density.
    pub grid: Grid,
    /// The data; may be empty.
    pub points: Vec<Point>,
    /// How many rows the density is the mean over.
    pub rows: usize,
}

impl Pair {
    /// The density that the cells of the smallest region with this share of the mass reach.
    fn level(&self, probability: f64) -> f32 {
        let mut densities = self.grid.values().to_vec();
        densities.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = densities.iter().map(|&density| f64::from(density)).sum();
        let mut mass = 0.0;
        let outside = densities.iter().position(|&density| {
            mass += f64::from(density);
            mass >= probability * total
        });
        outside.map_or(0.0, |last| densities[last])
    }

    /// The pieces of the line on which the density is `level`: within each square of four cell
    /// centres it is taken as straight between two sides (marching squares).
    fn contour(&self, level: f32) -> Vec<[(f64, f64); 2]> {
        let (columns, rows) = self.grid.shape();
        let (x, y) = self.grid.ranges();
        let at = |range: &Range<f64>, cells: usize, place: f64| {
            range.start + (range.end - range.start) * (place + 0.5) / cells as f64
        };
        let value = |column: usize, row: usize| self.grid.values()[row * columns + column];
        let mut pieces = Vec::new();
        for row in 0..rows.saturating_sub(1) {
            for column in 0..columns.saturating_sub(1) {
                let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
                let mut ends = Vec::with_capacity(4);
                for side in 0..4 {
                    let (from, to) = (corners[side], corners[(side + 1) % 4]);
                    let [a, b] = [from, to].map(|(i, j)| value(column + i, row + j));
                    if (a < level) != (b < level) {
                        // In binary64, so that both squares beside a side agree on the place.
                        let [level, a, b] = [level, a, b].map(f64::from);
                        let share = (level - a) / (b - a);
                        let mix = |a: usize, b: usize| a as f64 + share * (b as f64 - a as f64);
                        ends.push((
                            at(&x, columns, column as f64 + mix(from.0, to.0)),
                            at(&y, rows, row as f64 + mix(from.1, to.1)),
                        ));
                    }
                }
                pieces.extend(ends.as_chunks::<2>().0);
            }
        }
        pieces
    }
}

impl Picture for Pair {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let (x, y) = self.grid.ranges();
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: &self.y_label,
            x: x.clone(),
            y: y.clone(),
        };
        let mut chart = frame.draw(area)?;
        if !self.points.is_empty() {
            dots(&mut chart, &self.points, 5, DATA.mix(0.5), "data")?;
        }
        for (probability, colour) in REGIONS.into_iter().rev() {
            let style = colour.stroke_width(4);
            let pieces = self.contour(self.level(probability));
            chart
                .draw_series(pieces.into_iter().map(|ends| PathElement::new(ends, style)))?
                .label(format!("{}%", 100.0 * probability))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 56, y)], style));
        }
        let places = || self.points.iter().map(wide);
        beyond(&mut chart, places(), DATA, "row")?;
        legend(&mut chart, emptiest_corner(places(), &x, &y))
    }
}

#[cfg(test)]
mod tests {
    use super::super::centres;
    use super::*;

    /// A round standard normal on a grid from -4 to 4.
    fn round() -> Pair {
        let range = (-4.0, 4.0);
        let places = centres(range, 80);
        let density = |x: f32, y: f32| (-0.5 * (x * x + y * y)).exp();
        let values = places
            .iter()
            .flat_map(|&y| places.iter().map(move |&x| density(x, y)));
        Pair {
            title: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            grid: Grid::new(range, range, 80, 80, values.collect()).unwrap(),
            points: Vec::new(),
            rows: 0,
        }
    }

    #[test]
    fn contours_of_a_round_normal_are_its_circles() {
        let pair = round();
        for (probability, _) in REGIONS {
            // P(r < R) = 1 - exp(-R²/2).
            let radius = (-2.0 * (1.0 - probability).ln()).sqrt();
            let contour = pair.contour(pair.level(probability));
            assert!(contour.len() > 40, "{}", contour.len());
            for (x, y) in contour.into_iter().flatten() {
                // A cell is 0.1 wide.
                assert!(
                    (x.hypot(y) - radius).abs() < 0.06,
                    "({x}, {y}) for {radius}"
                );
            }
        }
    }

    #[test]
    fn contours_close() {
        let pair = round();
        let contour = pair.contour(pair.level(0.8));
        let ends: Vec<(f64, f64)> = contour.iter().flatten().copied().collect();
        let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1) < 1e-9;
        for &end in &ends {
            // Two, or four where the line passes through the centre of a cell.
            let here = ends.iter().filter(|&&other| near(end, other)).count();
            assert!(here > 0 && here.is_multiple_of(2), "{end:?}: {here}");
        }
    }
}
