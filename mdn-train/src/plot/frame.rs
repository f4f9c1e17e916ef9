//! What all charts share: colours, axes, legends, marks.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::Point;
use super::axis::{Axis, TICKS};
use super::canvas::{Drawn, FONT};

pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const ORANGE: RGBColor = RGBColor(213, 94, 0);
pub(super) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const DATA: RGBColor = RGBColor(110, 110, 110);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const AXIS: RGBColor = RGBColor(130, 130, 130);
const GRID: RGBColor = RGBColor(228, 228, 228);

// Sizes here and in the charts are in pixels of the whole picture, 1920 × 1280.
pub(super) const TITLE_SIZE: u32 = 54;
const LABEL_SIZE: u32 = 42;
const MARGIN: u32 = 36;
const RIGHT_MARGIN: u32 = 52;
const X_LABELS: u32 = 112;
const Y_LABELS: u32 = 168;
pub(super) const TICK_SIZE: u32 = 36;

/// What a tick of the horizontal axis needs with its label.
const TICK_WIDTH: usize = 140;

/// More marks than this make a picture larger, not clearer.
const MARKS_SHOWN: usize = 4000;

/// A chart with two linear axes.
pub(super) type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A chart before anything is in it; without caption where the title is empty.
pub(super) struct Frame<'t> {
    pub title: &'t str,
    pub x_label: &'t str,
    pub y_label: &'t str,
    pub x: Range<f64>,
    pub y: Range<f64>,
}

impl Frame<'_> {
    /// Draws title, axes and grid lines on all of `area`.
    pub fn draw<'a, B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        self.draw_with_ticks(area, TICKS)
    }

    /// As [`draw`](Self::draw), with at most this many ticks across.
    pub fn draw_with_ticks<'a, B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        most: usize,
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        let (across, up) = (Axis::new(&self.x), Axis::new(&self.y));
        let ticks_across = TICKS
            .min(most)
            .min(area.dim_in_pixel().0 as usize / TICK_WIDTH);
        let mut builder = ChartBuilder::on(area);
        if !self.title.is_empty() {
            builder.caption(self.title, text(TITLE_SIZE));
        }
        let mut chart = builder
            .margin(MARGIN)
            .margin_right(RIGHT_MARGIN)
            .x_label_area_size(X_LABELS)
            .y_label_area_size(Y_LABELS)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .x_labels(ticks_across)
            .y_labels(TICKS)
            .x_label_formatter(&|value| across.tick(*value))
            .y_label_formatter(&|value| up.tick(*value))
            .label_style(text(TICK_SIZE))
            .axis_desc_style(text(LABEL_SIZE))
            .x_desc(across.title(self.x_label))
            .y_desc(up.title(self.y_label))
            .axis_style(AXIS.stroke_width(2))
            .bold_line_style(GRID.stroke_width(2))
            .set_all_tick_mark_size(10)
            .draw()?;
        Ok(chart)
    }

    /// The pixels within the axes of a frame without title on an area of `size`.
    pub fn plot_size(size: (u32, u32)) -> (u32, u32) {
        (
            size.0.saturating_sub(MARGIN + RIGHT_MARGIN + Y_LABELS),
            size.1.saturating_sub(2 * MARGIN + X_LABELS),
        )
    }
}

/// The style of text of `size` pixels.
pub(super) fn text(size: u32) -> TextStyle<'static> {
    TextStyle::from((FONT, size).into_font()).color(&INK)
}

/// Draws the legend of the series that have labels.
pub(super) fn legend<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    position: SeriesLabelPosition,
) -> Drawn<B> {
    chart
        .configure_series_labels()
        .position(position)
        .margin(24)
        .legend_area_size(72)
        .background_style(WHITE.mix(0.88))
        .border_style(GRID.stroke_width(2))
        .label_font(text(TICK_SIZE))
        .draw()
}

/// The corner of the chart with the fewest of `points` where a legend would lie.
pub(super) fn emptiest_corner(
    points: impl Iterator<Item = (f64, f64)>,
    x: &Range<f64>,
    y: &Range<f64>,
) -> SeriesLabelPosition {
    const WIDTH: f64 = 0.3;
    const HEIGHT: f64 = 0.3;
    use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
    let corners = [
        (UpperLeft, 0.0, 1.0),
        (UpperRight, 1.0, 1.0),
        (LowerRight, 1.0, 0.0),
        (LowerLeft, 0.0, 0.0),
    ];
    let mut counts = [0; 4];
    for (px, py) in points {
        let along = (px - x.start) / (x.end - x.start);
        let up = (py - y.start) / (y.end - y.start);
        for (count, &(_, right, top)) in counts.iter_mut().zip(&corners) {
            let near: f64 = (along - right).abs();
            let level: f64 = (up - top).abs();
            *count += usize::from(near < WIDTH && level < HEIGHT);
        }
    }
    let fewest = corners
        .into_iter()
        .zip(counts)
        .min_by_key(|&(_, count)| count);
    fewest.map_or(UpperLeft, |((position, ..), _)| position)
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

/// A line in `pieces`, with one entry in the legend.
pub(super) fn broken_line<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    pieces: impl IntoIterator<Item = Vec<(f64, f64)>>,
    colour: RGBColor,
    label: &str,
) -> Drawn<B> {
    let style = colour.stroke_width(4);
    let length = 56;
    let inside = inside(chart);
    let shown = pieces.into_iter().map(|mut points| {
        points.retain(&inside);
        PathElement::new(points, style)
    });
    chart
        .draw_series(shown)?
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
    let circles = thin(points)
        .map(|(x, y)| (f64::from(x), f64::from(y)))
        .filter(inside(chart))
        .map(|point| Circle::new(point, radius, style));
    let series = chart.draw_series(circles)?;
    if !label.is_empty() {
        // Solid in the legend, where a single faint dot would hardly show.
        let solid = RGBColor(colour.0, colour.1, colour.2).filled();
        let (indent, size) = (28, (radius + 4).min(10));
        series
            .label(label)
            .legend(move |(x, y)| Circle::new((x + indent, y), size, solid));
    }
    Ok(())
}

/// Whether a point lies in the chart.
///
/// The drawing library moves what lies outside onto the frame, and overflows far outside.
fn inside<B: DrawingBackend>(chart: &Chart<B>) -> impl Fn(&(f64, f64)) -> bool + use<B> {
    let (x, y) = (chart.x_range(), chart.y_range());
    let within = |range: &Range<f64>, value| range.start <= value && value <= range.end;
    move |point| within(&x, point.0) && within(&y, point.1)
}

/// At most [`MARKS_SHOWN`] items, evenly spaced, the first among them.
pub(super) fn thin<T: Copy>(items: &[T]) -> impl Iterator<Item = T> {
    let step = items.len().div_ceil(MARKS_SHOWN).max(1);
    items.iter().step_by(step).copied()
}

/// A range that holds every finite value with `margin` of its length to spare on either side.
///
/// It is never empty nor too narrow for its ticks to differ, whatever the values are.
pub(super) fn range(values: impl IntoIterator<Item = f64>, margin: f64) -> Range<f64> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return 0.0..1.0;
    }
    let least = 1e-6 * low.abs().max(high.abs()).max(1e-30);
    let length = high - low;
    let spare = if length < least {
        (0.1 * high.abs()).max(if high == 0.0 { 1.0 } else { least })
    } else {
        margin * length
    };
    low - spare..high + spare
}

/// The ranges of a cloud of points, horizontal first.
pub(super) fn ranges<'p>(points: impl Iterator<Item = &'p Point> + Clone) -> [Range<f64>; 2] {
    const MARGIN: f64 = 0.03;
    let x = points.clone().map(|point| f64::from(point.0));
    let y = points.map(|point| f64::from(point.1));
    [range(x, MARGIN), range(y, MARGIN)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_the_values() {
        assert_eq!(range([1.0, 3.0, f64::NAN], 0.5), 0.0..4.0);
        assert_eq!(range([f64::INFINITY], 0.1), 0.0..1.0);
        assert_eq!(range([], 0.1), 0.0..1.0);
    }

    #[test]
    fn ranges_are_never_degenerate() {
        assert_eq!(range([0.0], 0.1), -1.0..1.0);
        assert_eq!(range([-10.0], 0.1), -11.0..-9.0);
        for value in [1.7e9, -3e38, 1e-40, 1e30] {
            let range = range([value, value], 0.0);
            assert!(range.start < value && value < range.end, "{value}");
        }
        let narrow = range([1e9, 1e9 + 1e-3], 0.0);
        assert!(narrow.end - narrow.start > 1e3);
    }

    #[test]
    fn legends_go_where_there_is_room() {
        let diagonal = (0..10).map(|i| (f64::from(i), f64::from(i)));
        let corner = emptiest_corner(diagonal.clone(), &(0.0..10.0), &(0.0..10.0));
        assert!(matches!(corner, SeriesLabelPosition::UpperLeft));
        let fan = diagonal.clone().flat_map(|(x, y)| [(x, y), (x, 9.0)]);
        let corner = emptiest_corner(fan, &(0.0..10.0), &(0.0..10.0));
        assert!(matches!(corner, SeriesLabelPosition::LowerRight));
    }

    #[test]
    fn thinning_keeps_the_first_and_a_bounded_number() {
        let many: Vec<usize> = (0..10_001).collect();
        let kept: Vec<usize> = thin(&many).collect();
        assert_eq!((kept.len(), kept[0], kept[1]), (3334, 0, 3));
        assert_eq!(thin(&many[..10]).count(), 10);
        assert_eq!(thin::<usize>(&[]).count(), 0);
    }
}
