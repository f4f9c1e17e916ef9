//! What all charts share: colours, axes, legends.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::across::{Across, date};
use super::axis::{Axis, TICKS};
use super::calendar;
use super::canvas::{Drawn, FONT};
use super::category_labels::CategoryLabels;
use super::fitted::fitted;

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

/// What a tick of an axis of dates needs.
const DATE_WIDTH: usize = 280;

/// The ticks of a horizontal axis.
struct Ticks<'t> {
    /// About how many.
    most: usize,
    /// Where they are, where that does not follow from the numbers.
    places: Option<Vec<f64>>,
    title: String,
    label: &'t dyn Fn(f64) -> String,
}

/// A chart with two linear axes.
pub(super) type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Horizontal, RangedCoordf64>>;

/// A linear axis whose ticks may have places of their own.
pub(super) struct Horizontal {
    range: RangedCoordf64,
    places: Option<Vec<f64>>,
}

impl Ranged for Horizontal {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match &self.places {
            Some(_) if hint.weight().allow_light_points() => Vec::new(),
            Some(places) => places.clone(),
            None => self.range.key_points(hint),
        }
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

/// A chart before anything is in it; without caption where the title is empty. Titles that are too long
/// for it lose their middle.
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

    /// As [`draw`](Self::draw), with a horizontal axis of this kind.
    pub fn draw_over<'a, B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        kind: &Across,
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        let width = area.dim_in_pixel().0;
        match kind {
            Across::Numbers => self.draw(area),
            Across::Dates => {
                let length = self.x.end - self.x.start;
                let most = width as usize / DATE_WIDTH;
                let ticks = Ticks {
                    most,
                    places: calendar::ticks(&self.x, most),
                    title: self.x_label.to_owned(),
                    label: &|days| date(days, length),
                };
                self.build(area, X_LABELS, Some(ticks))
            }
            Across::Categories(names) => {
                let labels = CategoryLabels::new(
                    names,
                    Self::plot_size((width, 0)).0,
                    (MARGIN + Y_LABELS, RIGHT_MARGIN),
                );
                let chart = self.build(area, X_LABELS + labels.extra_height(), None)?;
                labels.draw(area, &chart)?;
                Ok(chart)
            }
        }
    }

    /// As [`draw`](Self::draw), with at most this many ticks across.
    pub fn draw_with_ticks<'a, B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        most: usize,
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        let across = Axis::new(&self.x);
        let ticks = Ticks {
            most: TICKS
                .min(most)
                .min(area.dim_in_pixel().0 as usize / TICK_WIDTH),
            places: None,
            title: across.title(self.x_label),
            label: &|value| across.tick(value),
        };
        self.build(area, X_LABELS, Some(ticks))
    }

    /// The chart, with these ticks across, if any, and so many pixels below.
    fn build<'a, B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        below: u32,
        ticks: Option<Ticks<'_>>,
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        let up = Axis::new(&self.y);
        let (width, height) = area.dim_in_pixel();
        let mut builder = ChartBuilder::on(area);
        let mut beside = 2 * MARGIN + below;
        if !self.title.is_empty() {
            let title = fitted(self.title, TITLE_SIZE, width.saturating_sub(2 * MARGIN));
            builder.caption(title, text(TITLE_SIZE));
            beside += 2 * TITLE_SIZE;
        }
        let room_across = Self::plot_size((width, height)).0;
        let room_up = height.saturating_sub(beside);
        let title_across = ticks.as_ref().map_or(self.x_label, |ticks| &ticks.title);
        let across = Horizontal {
            range: self.x.clone().into(),
            places: ticks.as_ref().and_then(|ticks| ticks.places.clone()),
        };
        let mut chart = builder
            .margin(MARGIN)
            .margin_right(RIGHT_MARGIN)
            .x_label_area_size(below)
            .y_label_area_size(Y_LABELS)
            .build_cartesian_2d(across, self.y.clone())?;
        let label_across = |value: &f64| match &ticks {
            Some(ticks) => (ticks.label)(*value),
            None => String::new(),
        };
        let label_up = |value: &f64| up.tick(*value);
        let mut mesh = chart.configure_mesh();
        mesh.max_light_lines(0)
            .x_labels(ticks.as_ref().map_or(1, |ticks| ticks.most))
            .y_labels(TICKS)
            .x_label_formatter(&label_across)
            .y_label_formatter(&label_up)
            .label_style(text(TICK_SIZE))
            .axis_desc_style(text(LABEL_SIZE))
            .x_desc(fitted(title_across, LABEL_SIZE, room_across))
            .y_desc(fitted(&up.title(self.y_label), LABEL_SIZE, room_up))
            .axis_style(AXIS.stroke_width(2))
            .bold_line_style(GRID.stroke_width(2))
            .set_all_tick_mark_size(10);
        if ticks.is_none() {
            mesh.disable_x_mesh();
            mesh.set_tick_mark_size(LabelAreaPosition::Bottom, 0);
        }
        mesh.draw()?;
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
    legend_on(chart, position, WHITE.mix(0.88), INK)
}

/// The same where marks are bright.
pub(super) fn dark_legend<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    position: SeriesLabelPosition,
) -> Drawn<B> {
    legend_on(chart, position, INK.mix(0.8), WHITE)
}

fn legend_on<'a, B: DrawingBackend + 'a>(
    chart: &mut Chart<'a, B>,
    position: SeriesLabelPosition,
    ground: RGBAColor,
    ink: RGBColor,
) -> Drawn<B> {
    chart
        .configure_series_labels()
        .position(position)
        .margin(24)
        .legend_area_size(72)
        .background_style(ground)
        .border_style(GRID.stroke_width(2))
        .label_font(text(TICK_SIZE).color(&ink))
        .draw()
}

/// The corner of the chart with the fewest of `points` where a legend would lie. Those beyond the axes
/// come first: each is a mark of its own at the edge, and one that is hidden is missed.
pub(super) fn emptiest_corner(
    points: impl Iterator<Item = (f64, f64)>,
    x: &Range<f64>,
    y: &Range<f64>,
) -> SeriesLabelPosition {
    const WIDTH: f64 = 0.4;
    const HEIGHT: f64 = 0.4;
    use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
    let corners = [
        (UpperLeft, 0.0, 1.0),
        (UpperRight, 1.0, 1.0),
        (LowerRight, 1.0, 0.0),
        (LowerLeft, 0.0, 0.0),
    ];
    // Marks at the edge, and points within.
    let mut counts = [(0_usize, 0_usize); 4];
    for (px, py) in points {
        let beyond = px < x.start || px > x.end || py < y.start || py > y.end;
        let along = ((px - x.start) / (x.end - x.start)).clamp(0.0, 1.0);
        let up = ((py - y.start) / (y.end - y.start)).clamp(0.0, 1.0);
        for ((marks, within), &(_, right, top)) in counts.iter_mut().zip(&corners) {
            let near: f64 = (along - right).abs();
            let level: f64 = (up - top).abs();
            match beyond {
                _ if !(near < WIDTH && level < HEIGHT) => {}
                true => *marks += 1,
                false => *within += 1,
            }
        }
    }
    let fewest = corners
        .into_iter()
        .zip(counts)
        .min_by_key(|&(_, count)| count);
    fewest.map_or(UpperLeft, |((position, ..), _)| position)
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
    fn legends_hide_rows_rather_than_marks_at_the_edge() {
        let axis = 0.0..10.0;
        // Rows everywhere but at the lower right, and an outlier there.
        let rows = (0..100).map(|i| (f64::from(i % 10), f64::from(i / 10)));
        let rows = rows.filter(|&(x, y)| x < 5.0 || y > 5.0);
        let corner = |outliers: &[(f64, f64)]| {
            let points = rows.clone().chain(outliers.iter().copied());
            emptiest_corner(points, &axis, &axis)
        };
        use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
        assert!(matches!(corner(&[]), LowerRight));
        for outlier in [(9.0, -1.0), (1e9, 0.5), (9.5, f64::NEG_INFINITY)] {
            assert!(!matches!(corner(&[outlier]), LowerRight), "{outlier:?}");
        }
        // What is in the middle of an edge lies in no corner.
        assert!(matches!(
            corner(&[(5.0, -1.0), (f64::NAN, -1.0)]),
            LowerRight
        ));
        // Every corner has one: that with the fewest.
        let all = [(0.0, 11.0), (9.0, 11.0), (9.0, -1.0), (0.0, -1.0)];
        assert!(matches!(corner(&all), LowerRight));
        let [upper_left, upper_right, lower_right, lower_left] = all;
        let but = |kept: (f64, f64)| -> Vec<_> {
            let twice = all
                .into_iter()
                .chain(all.into_iter().filter(move |&one| one != kept));
            twice.collect()
        };
        assert!(matches!(corner(&but(upper_left)), UpperLeft));
        assert!(matches!(corner(&but(upper_right)), UpperRight));
        assert!(matches!(corner(&but(lower_right)), LowerRight));
        assert!(matches!(corner(&but(lower_left)), LowerLeft));
    }
}
