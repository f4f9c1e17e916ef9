//! The weights of a mixture's components over one input.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Picture};
use super::frame::{Frame, range};

/// Okabe and Ito's colours, apart from black.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(240, 228, 66),
];

/// The components' weights at each place of an input, one on top of the other: they sum to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// The heading.
    pub title: String,
    /// The horizontal axis, e.g. the input's name.
    pub x_label: String,
    /// The places, in ascending order.
    pub x: Vec<f32>,
    /// The weights of each component, one a place.
    pub weights: Vec<Vec<f32>>,
}

impl Weights {
    /// The components with the largest share of all places first, which are drawn lowest.
    fn largest_first(&self) -> Vec<(usize, &[f32])> {
        let sum = |weights: &[f32]| weights.iter().sum::<f32>();
        let components = self.weights.iter().map(Vec::as_slice).enumerate();
        let mut components: Vec<(usize, &[f32])> = components.collect();
        components.sort_by(|a, b| sum(b.1).total_cmp(&sum(a.1)));
        components
    }
}

impl Picture for Weights {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: "weight",
            x: range(self.x.iter().map(|&x| f64::from(x)), 0.0),
            y: 0.0..1.0,
        };
        let mut chart = frame.draw(area)?;
        let mut below = vec![0.0; self.x.len()];
        for (rank, (_, weights)) in self.largest_first().into_iter().enumerate() {
            let above: Vec<f64> = below
                .iter()
                .zip(weights)
                .map(|(below, &weight)| (below + f64::from(weight)).min(1.0))
                .collect();
            let place = |(&x, &share): (&f32, &f64)| (f64::from(x), share);
            let upper = self.x.iter().zip(&above).map(place).rev();
            let outline = self.x.iter().zip(&below).map(place).chain(upper);
            let outline: Vec<(f64, f64)> = outline.collect();
            let edge = outline.clone();
            let colour = COLOURS[rank % COLOURS.len()];
            chart.draw_series([Polygon::new(outline, colour.mix(0.85).filled())])?;
            chart.draw_series([PathElement::new(edge, WHITE.stroke_width(2))])?;
            below = above;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_component_is_drawn_lowest() {
        let weights = Weights {
            x: vec![0.0, 1.0],
            weights: vec![vec![0.1, 0.2], vec![0.6, 0.7], vec![0.3, 0.1]],
            ..Weights::default()
        };
        let order: Vec<usize> = weights.largest_first().iter().map(|(k, _)| *k).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}
