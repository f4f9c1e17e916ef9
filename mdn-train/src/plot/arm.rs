//! A two-link arm: the density of its joint angles, and the arm in the poses of the modes.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Point;
use super::canvas::{Drawn, Picture};
use super::frame::{
    Chart, Frame, INK, ORANGE, SKY, TITLE_SIZE, emptiest_corner, legend, range, text,
};
use super::heatmap::{Grid, draw_image};
use super::marks::wide;

/// What a model says of the joint angles for one tip, and the arm itself beside it.
///
/// To the left the density of the two angles, with the solutions of the inverse kinematics as
/// rings and the modes as crosses; to the right the arm in the plane, to scale: in the pose of
/// each mode, and faintly in those of draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The heading.
    pub title: String,
    /// The two joint angles.
    pub angle_labels: [String; 2],
    /// The two coordinates of the plane.
    pub plane_labels: [String; 2],
    /// The density of the joint angles.
    pub density: Grid,
    /// The joint angles that reach the tip.
    pub solutions: Vec<Point>,
    /// The modes; more than two share colours.
    pub modes: Vec<ArmMode>,
    /// Shoulder, elbow and tip in the plane, for each draw.
    pub draws: Vec<[Point; 3]>,
    /// The tip that was asked for.
    pub tip: Point,
}

/// A mode of the density of the joint angles.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmMode {
    /// Its entry in the legend.
    pub label: String,
    /// The joint angles.
    pub angles: Point,
    /// Shoulder, elbow and tip in the plane.
    pub joints: [Point; 3],
}

impl Picture for Arm {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let below = area
            .margin(28, 0, 0, 0)
            .titled(&self.title, text(TITLE_SIZE))?;
        let (left, right) = below.split_horizontally(area.dim_in_pixel().0 / 2);
        self.draw_angles(&left)?;
        self.draw_plane(&right)
    }
}

impl Arm {
    /// The density of the joint angles.
    fn draw_angles<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let (x, y) = self.density.ranges();
        let frame = Frame {
            title: "",
            x_label: &self.angle_labels[0],
            y_label: &self.angle_labels[1],
            x,
            y,
        };
        let mut chart = frame.draw(area)?;
        draw_image(&mut chart, &self.density, false)?;
        bright_rings(&mut chart, &self.solutions, "inverse kinematics")?;
        for (mode, colour) in self.coloured() {
            let style = colour.stroke_width(5);
            chart
                .draw_series([Cross::new(wide(&mode.angles), 11, style)])?
                .label(&mode.label)
                .legend(move |(x, y)| Cross::new((x + 28, y), 12, style));
        }
        let marks = self.solutions.iter().map(wide);
        let corner = emptiest_corner(marks, &frame.x, &frame.y);
        legend(&mut chart, corner)
    }

    /// The arm in the plane.
    fn draw_plane<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let poses = self
            .modes
            .iter()
            .map(|mode| &mode.joints)
            .chain(&self.draws);
        let joints: Vec<(f64, f64)> = poses.flatten().map(wide).collect();
        let [x, y] = to_scale(&joints, Frame::plot_size(area.dim_in_pixel()));
        let frame = Frame {
            title: "",
            x_label: &self.plane_labels[0],
            y_label: &self.plane_labels[1],
            x,
            y,
        };
        let mut chart = frame.draw(area)?;
        let faint = INK.mix(0.12).stroke_width(3);
        let draws = self.draws.iter();
        let label = format!("{} draws", self.draws.len());
        chart
            .draw_series(draws.map(|pose| PathElement::new(pose.each_ref().map(wide), faint)))?
            .label(label)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 56, y)], INK.mix(0.4).stroke_width(3))
            });
        for (mode, colour) in self.coloured() {
            draw_pose(&mut chart, mode, colour)?;
        }
        chart.draw_series([Circle::new((0.0, 0.0), 16, INK.filled())])?;
        ring(&mut chart, self.tip, "measured tip")?;
        let corner = emptiest_corner(joints.into_iter(), &frame.x, &frame.y);
        legend(&mut chart, corner)
    }

    fn coloured(&self) -> impl Iterator<Item = (&ArmMode, RGBColor)> {
        self.modes.iter().zip([SKY, ORANGE].into_iter().cycle())
    }
}

/// The arm in the pose of `mode`.
fn draw_pose<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    mode: &ArmMode,
    colour: RGBColor,
) -> Drawn<B> {
    let joints = mode.joints.each_ref().map(wide);
    chart
        .draw_series([PathElement::new(joints, colour.stroke_width(12))])?
        .label(&mode.label)
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 56, y)], colour.stroke_width(8)));
    chart.draw_series([Circle::new(joints[1], 14, colour.filled())])?;
    Ok(())
}

/// Rings that show on dark ground, with their entry in the legend.
fn bright_rings<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    points: &[Point],
    label: &str,
) -> Drawn<B> {
    for (i, &point) in points.iter().enumerate() {
        ring(chart, point, if i == 0 { label } else { "" })?;
        chart.draw_series([Circle::new(wide(&point), 22, WHITE.stroke_width(4))])?;
    }
    Ok(())
}

/// A dark ring, with its entry in the legend unless the label is empty.
fn ring<B: DrawingBackend>(chart: &mut Chart<'_, B>, point: Point, label: &str) -> Drawn<B> {
    let style = INK.stroke_width(4);
    let series = chart.draw_series([Circle::new(wide(&point), 26, style)])?;
    if !label.is_empty() {
        series
            .label(label)
            .legend(move |(x, y)| Circle::new((x + 28, y), 15, style));
    }
    Ok(())
}

/// Ranges that hold `points` with a margin and give both axes the same scale on `size` pixels.
fn to_scale(points: &[(f64, f64)], size: (u32, u32)) -> [Range<f64>; 2] {
    const MARGIN: f64 = 0.08;
    let x = range(points.iter().map(|point| point.0), MARGIN);
    let y = range(points.iter().map(|point| point.1), MARGIN);
    let (width, height) = (f64::from(size.0.max(1)), f64::from(size.1.max(1)));
    let a_pixel = ((x.end - x.start) / width).max((y.end - y.start) / height);
    let widened = |range: Range<f64>, pixels: f64| {
        let middle = 0.5 * (range.start + range.end);
        let half = 0.5 * a_pixel * pixels;
        middle - half..middle + half
    };
    [widened(x, width), widened(y, height)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_the_plane_have_one_scale() {
        let points = [(0.0, 0.0), (2.0, 1.0), (1.0, -1.0)];
        for size in [(700, 1000), (1000, 500)] {
            let [x, y] = to_scale(&points, size);
            let scales = [
                (x.end - x.start) / f64::from(size.0),
                (y.end - y.start) / f64::from(size.1),
            ];
            assert!((scales[0] / scales[1] - 1.0).abs() < 1e-12, "{scales:?}");
            assert!(
                points
                    .iter()
                    .all(|(px, py)| x.contains(px) && y.contains(py))
            );
        }
    }

    #[test]
    fn plot_sizes_are_foreseen() {
        assert!(crate::plot::canvas::font_is_registered());
        let mut buffer = vec![0; 3 * 900 * 700];
        let area = BitMapBackend::with_buffer(&mut buffer, (900, 700)).into_drawing_area();
        let frame = Frame {
            title: "",
            x_label: "x",
            y_label: "y",
            x: 0.0..1.0,
            y: 0.0..1.0,
        };
        let chart = frame.draw(&area).unwrap();
        let size = chart.plotting_area().dim_in_pixel();
        assert_eq!(size, Frame::plot_size((900, 700)));
    }
}
