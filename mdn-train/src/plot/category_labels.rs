//! Names of categories along an axis.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::Drawn;
use super::frame::{Chart, TICK_SIZE, text};

/// About how wide a character is, in pixels.
const CHARACTER: u32 = 19;
/// Pixels from one line of names to the next.
const LINE: u32 = 42;

/// Names below an axis, shortened to the room that they have: in two lines, each with every other
/// name, where they are too long for one.
pub(super) struct CategoryLabels {
    names: Vec<String>,
    lines: usize,
}

impl CategoryLabels {
    /// For names that have `room` pixels each.
    pub fn new(names: &[String], room: u32) -> Self {
        let longest = names.iter().map(|name| name.chars().count()).max();
        let characters = (room / CHARACTER).max(2) as usize;
        let lines = match longest.is_some_and(|longest| longest > characters) && names.len() > 1 {
            true => 2,
            false => 1,
        };
        let names = names
            .iter()
            .map(|name| shortened(name, lines * characters - 1));
        CategoryLabels {
            names: names.collect(),
            lines,
        }
    }

    /// What two lines need below the axis more than one.
    pub fn extra_height(&self) -> u32 {
        LINE * (self.lines as u32 - 1)
    }

    /// Writes them below the chart on `area`.
    pub fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        chart: &Chart<'_, B>,
    ) -> Drawn<B> {
        let style = text(TICK_SIZE).pos(Pos::new(HPos::Center, VPos::Top));
        let (left, top) = area.get_base_pixel();
        for (place, name) in self.names.iter().enumerate() {
            let at = chart.backend_coord(&(place as f64, chart.y_range().start));
            let below = 12 + (place % self.lines) as i32 * LINE as i32;
            area.draw_text(name, &style, (at.0 - left, at.1 - top + below))?;
        }
        Ok(())
    }
}

/// The name, or its beginning.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most.max(1) {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1).max(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_the_room_that_there_is() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let short = CategoryLabels::new(&names(&["a", "b"]), 800);
        assert_eq!((short.lines, short.names), (1, names(&["a", "b"])));
        let long = CategoryLabels::new(&names(&["a long name", "b"]), 10 * CHARACTER);
        assert_eq!((long.lines, long.names), (2, names(&["a long name", "b"])));
        let longer = CategoryLabels::new(&names(&["a very long name", "b"]), 5 * CHARACTER);
        assert_eq!(longer.names, names(&["a very l…", "b"]));
    }
}
