//! The weights of a mixture's components over one input.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::across::Across;
use super::canvas::{Drawn, Picture};
use super::frame::{Frame, TICK_SIZE, range, text};
use super::steps::pieces;

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

/// What stands for the components that have no band of their own.
const REST: RGBColor = RGBColor(190, 190, 190);

/// The components' weights at each place of an input, one on top of the other: they sum to 1.
///
/// Of many components the seven with the largest share of all places have a band each, which the
/// legend numbers from 1; the others are one band together.
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
    /// Where components were summed in groups, at most seven: their names, the lowest band first.
    pub names: Vec<String>,
    /// What the input is.
    pub across: Across,
}

/// A band of the picture.
struct Share {
    label: String,
    colour: RGBColor,
    weights: Vec<f32>,
}

impl Weights {
    /// Whether there are so many components that some have no band of their own.
    pub fn has_rest(&self) -> bool {
        self.names.is_empty() && self.weights.len() > COLOURS.len()
    }

    /// The components with the largest share of all places first, which are drawn lowest.
    fn largest_first(&self) -> Vec<(usize, &[f32])> {
        let sum = |weights: &[f32]| weights.iter().sum::<f32>();
        let components = self.weights.iter().map(Vec::as_slice).enumerate();
        let mut components: Vec<(usize, &[f32])> = components.collect();
        components.sort_by(|a, b| sum(b.1).total_cmp(&sum(a.1)));
        components
    }

    /// The bands, lowest first.
    fn shares(&self) -> Vec<Share> {
        if !self.names.is_empty() {
            return self.groups();
        }
        let components = self.largest_first();
        let (largest, rest) = components.split_at(components.len().min(COLOURS.len()));
        let bands = largest
            .iter()
            .zip(COLOURS)
            .map(|((k, weights), colour)| Share {
                label: format!("component {}", k + 1),
                colour,
                weights: weights.to_vec(),
            });
        let mut bands: Vec<Share> = bands.collect();
        if !rest.is_empty() {
            let sum = |place| rest.iter().filter_map(|(_, w)| w.get(place)).sum();
            let plural = if rest.len() == 1 { "" } else { "s" };
            bands.push(Share {
                label: format!("{} other{plural}", rest.len()),
                colour: REST,
                weights: (0..self.x.len()).map(sum).collect(),
            });
        }
        bands
    }
}

impl Weights {
    /// The groups as they stand.
    fn groups(&self) -> Vec<Share> {
        let groups = self.names.iter().zip(&self.weights).zip(COLOURS);
        let band = |((name, weights), colour): ((&String, &Vec<f32>), RGBColor)| Share {
            label: name.clone(),
            colour,
            weights: weights.clone(),
        };
        groups.map(band).collect()
    }
}

impl Picture for Weights {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let width = area.dim_in_pixel().0;
        let (left, right) = area.split_horizontally(width - 300);
        let frame = Frame {
            title: &self.title,
            x_label: &self.x_label,
            y_label: "weight",
            x: self
                .across
                .range(|| range(self.x.iter().map(|&x| f64::from(x)), 0.0)),
            y: 0.0..1.0,
        };
        let mut chart = frame.draw_over(&left, &self.across)?;
        let shares = self.shares();
        let mut below = vec![0.0_f32; self.x.len()];
        for share in &shares {
            let sums = below.iter().zip(&share.weights);
            let above: Vec<f32> = sums
                .map(|(below, weight)| (below + weight).min(1.0))
                .collect();
            let over = |values| pieces(&self.x, values, self.across.is_parted());
            for (mut outline, upper) in over(&below).into_iter().zip(over(&above)) {
                outline.extend(upper.into_iter().rev());
                let edge = outline.clone();
                let fill = share.colour.mix(0.85).filled();
                chart.draw_series([Polygon::new(outline, fill)])?;
                chart.draw_series([PathElement::new(edge, WHITE.stroke_width(2))])?;
            }
            below = above;
        }
        let top = chart.plotting_area().get_pixel_range().1.start;
        draw_names(&right, top, &shares)
    }
}

/// The names of the bands beside the chart, in the order in which they lie.
fn draw_names<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    top: i32,
    shares: &[Share],
) -> Drawn<B> {
    const LINE: i32 = 52;
    const BOX: i32 = 30;
    let style = text(TICK_SIZE).pos(Pos::new(HPos::Left, VPos::Center));
    for (line, share) in shares.iter().rev().enumerate() {
        let upper = top + LINE * line as i32;
        let corners = [(0, upper), (BOX, upper + BOX)];
        area.draw(&Rectangle::new(corners, share.colour.mix(0.85).filled()))?;
        area.draw_text(&share.label, &style, (BOX + 12, upper + BOX / 2))?;
    }
    Ok(())
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
        let names: Vec<String> = weights.shares().into_iter().map(|one| one.label).collect();
        assert_eq!(names, ["component 2", "component 3", "component 1"]);
    }

    #[test]
    fn many_components_are_few_bands_that_sum_to_1() {
        let total = (1..=100).sum::<u32>() as f32;
        let weights = Weights {
            x: vec![0.0, 1.0, 2.0],
            weights: (1..=100).map(|k| vec![k as f32 / total; 3]).collect(),
            ..Weights::default()
        };
        let shares = weights.shares();
        assert_eq!(shares.len(), 8);
        assert_eq!(
            (shares[0].label.as_str(), shares[7].label.as_str()),
            ("component 100", "93 others")
        );
        for place in 0..3 {
            let sum: f32 = shares.iter().map(|share| share.weights[place]).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
    }
}
