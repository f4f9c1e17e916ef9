//! Lines, dots, and what lies beyond the axes.

use std::ops::Range;

use plotters::prelude::*;

use super::Point;
use super::canvas::Drawn;
use super::frame::Chart;

/// More marks than this make a picture larger, not clearer.
const MARKS_SHOWN: usize = 4000;

/// Rows of a table on a picture of a line through a model's inputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Those that the line is about.
    pub near: Vec<Point>,
    /// Those whose other inputs are so different that the model expects something else there; drawn
    /// faintly.
    pub far: Vec<Point>,
}

impl From<Vec<Point>> for Rows {
    fn from(near: Vec<Point>) -> Self {
        let far = Vec::new();
        Rows { near, far }
    }
}

/// How rows look.
pub(super) struct RowStyle {
    pub colour: RGBColor,
    pub radius: u32,
    /// How strong the colour of near and of far rows is.
    pub near: f64,
    pub far: f64,
}

impl Rows {
    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.far.iter().chain(&self.near).map(wide)
    }

    /// Draws them; those beyond the axes at the edge.
    pub(super) fn draw<'a, B: DrawingBackend + 'a>(
        &self,
        chart: &mut Chart<'a, B>,
        style: &RowStyle,
    ) -> Drawn<B> {
        let RowStyle { colour, radius, .. } = *style;
        let near = match self.far.is_empty() {
            true => "rows",
            false => "rows near the slice",
        };
        if !self.far.is_empty() {
            dots(
                chart,
                &self.far,
                radius,
                colour.mix(style.far),
                "other rows",
            )?;
        }
        if !self.near.is_empty() {
            dots(chart, &self.near, radius + 1, colour.mix(style.near), near)?;
        }
        beyond(chart, self.iter(), colour, "row")
    }
}

/// The point in binary64.
pub(super) fn wide(&(x, y): &Point) -> (f64, f64) {
    (f64::from(x), f64::from(y))
}

/// A line through those of `points` that lie in the chart, with its entry in the legend.
pub(super) fn line<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    points: Vec<(f64, f64)>,
    colour: RGBColor,
    label: &str,
) -> Drawn<B> {
    broken_line(chart, [points], colour, label)
}

/// A line in `pieces`, with one entry in the legend. It is cut where it leaves the chart.
pub(super) fn broken_line<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    pieces: impl IntoIterator<Item = Vec<(f64, f64)>>,
    colour: RGBColor,
    label: &str,
) -> Drawn<B> {
    let style = colour.stroke_width(4);
    let length = 56;
    let inside = inside(chart);
    let pieces: Vec<_> = pieces.into_iter().collect();
    let shown = pieces.iter().flat_map(|points| {
        let runs = points.chunk_by(|a, b| inside(a) == inside(b));
        runs.filter(|run| inside(&run[0]))
    });
    chart
        .draw_series(shown.map(|run| PathElement::new(run.to_vec(), style)))?
        .label(label)
        .legend(move |(x, y)| PathElement::new([(x, y), (x + length, y)], style));
    Ok(())
}

/// Dots of `radius` pixels, with their entry in the legend unless the label is empty.
pub(super) fn dots<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    points: &[Point],
    radius: u32,
    colour: RGBAColor,
    label: &str,
) -> Drawn<B> {
    let style = colour.filled();
    let shown: Vec<(f64, f64)> = points.iter().map(wide).filter(inside(chart)).collect();
    let circles = thin(&shown).map(|point| Circle::new(point, radius, style));
    let series = chart.draw_series(circles)?;
    if !label.is_empty() {
        // Strong enough in the legend, where a single faint dot would hardly show.
        let strong = colour
            .mix((2.0 * colour.3).clamp(0.4, 1.0) / colour.3)
            .filled();
        let (indent, size) = (28, (radius + 4).min(10));
        series
            .label(label)
            .legend(move |(x, y)| Circle::new((x + indent, y), size, strong));
    }
    Ok(())
}

/// Marks at the edge for those of `points` that lie beyond the axes, and their number in the legend
/// as so many of a `noun`.
pub(super) fn beyond<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    points: impl Iterator<Item = (f64, f64)>,
    colour: RGBColor,
    noun: &str,
) -> Drawn<B> {
    const SIZE: i32 = 14;
    let inside = inside(chart);
    let (x, y) = (chart.x_range(), chart.y_range());
    let outside: Vec<(f64, f64)> = points
        .filter(|point| !inside(point) && !point.0.is_nan() && !point.1.is_nan())
        .collect();
    if outside.is_empty() {
        return Ok(());
    }
    let mark = |place: (f64, f64)| {
        let at = (place.0.clamp(x.start, x.end), place.1.clamp(y.start, y.end));
        let direction = (sign(place.0 - at.0), sign(place.1 - at.1));
        EmptyElement::at(at) + arrow_head(direction, SIZE, colour)
    };
    let plural = match (outside.len(), noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    chart
        .draw_series(thin(&outside).map(mark))?
        .label(format!("{} {noun}{plural} beyond", outside.len()))
        .legend(move |(x, y)| {
            EmptyElement::at((x + 28, y - SIZE)) + arrow_head((0, 1), SIZE, colour)
        });
    Ok(())
}

fn sign(value: f64) -> i32 {
    i32::from(value > 0.0) - i32::from(value < 0.0)
}

/// A triangle of `size` pixels that ends at a place and points out of the chart.
fn arrow_head(direction: (i32, i32), size: i32, colour: RGBColor) -> Polygon<(i32, i32)> {
    Polygon::new(corners(direction, size), colour.filled())
}

/// The corners of a triangle whose tip is at 0 and points to the right or left, else up or down:
/// `direction` counts upwards, pixels count downwards.
fn corners((across, up): (i32, i32), size: i32) -> [(i32, i32); 3] {
    let (back, half) = (2 * size, size);
    match across {
        0 => [(0, 0), (half, back * up), (-half, back * up)],
        _ => [(0, 0), (-back * across, half), (-back * across, -half)],
    }
}

/// Whether a point lies in the chart.
///
/// The drawing library moves what lies outside onto the frame, and overflows far outside.
pub(super) fn inside<B: DrawingBackend>(chart: &Chart<B>) -> impl Fn(&(f64, f64)) -> bool + use<B> {
    let (x, y) = (chart.x_range(), chart.y_range());
    let within = |range: &Range<f64>, value| range.start <= value && value <= range.end;
    move |point| within(&x, point.0) && within(&y, point.1)
}

/// At most [`MARKS_SHOWN`] items, evenly spaced, the first among them.
pub(super) fn thin<T: Copy>(items: &[T]) -> impl Iterator<Item = T> {
    let step = items.len().div_ceil(MARKS_SHOWN).max(1);
    items.iter().step_by(step).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_first_and_a_bounded_number() {
        let many: Vec<usize> = (0..10_001).collect();
        let kept: Vec<usize> = thin(&many).collect();
        assert_eq!((kept.len(), kept[0], kept[1]), (3334, 0, 3));
        assert_eq!(thin(&many[..10]).count(), 10);
        assert_eq!(thin::<usize>(&[]).count(), 0);
    }

    #[test]
    fn marks_lie_inside_and_point_out() {
        for (across, up) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1)] {
            let [tip, rest @ ..] = corners((across, up), 10);
            assert_eq!(tip, (0, 0));
            for (x, y) in rest {
                match across {
                    0 => assert_eq!((y.signum(), y.abs()), (up, 20)),
                    _ => assert_eq!((x.signum(), x.abs()), (-across, 20)),
                }
            }
        }
    }
}
