//! Names of categories along an axis.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::Drawn;
use super::fitted::{fits, fitted_names, width};
use super::frame::{Chart, TICK_SIZE, text};

/// Pixels from one line of names to the next.
const LINE: u32 = 42;
/// Pixels between two names in a line.
const GAP: u32 = 16;

/// Names below an axis, shortened to the room that they have, so that they still differ: in two lines,
/// each with every other name, where they are too long for one.
pub(super) struct CategoryLabels {
    names: Vec<String>,
    lines: usize,
}

impl CategoryLabels {
    /// For names evenly along an axis of `length` pixels, with so many to its left and right.
    pub fn new(names: &[String], length: u32, sides: (u32, u32)) -> Self {
        let step = length / names.len().max(1) as u32;
        let longest = names.iter().map(|name| width(name, TICK_SIZE)).max();
        let too_long = longest.is_some_and(|longest| longest > step.saturating_sub(GAP));
        let lines = match too_long && names.len() > 1 {
            true => 2,
            false => 1,
        };
        // All are shortened alike, so that they look alike; none may reach beyond the picture.
        let ends = [(names.first(), sides.0), (names.last(), sides.1)];
        let ends = ends.into_iter().filter_map(|(name, side)| {
            let to_edge = step + 2 * side;
            name.filter(|name| !fits(name, TICK_SIZE, to_edge))
                .map(|_| to_edge)
        });
        let room = (lines * step).saturating_sub(GAP);
        let room = ends.fold(room, u32::min);
        CategoryLabels {
            names: fitted_names(names, TICK_SIZE, room),
            lines: lines as usize,
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

#[cfg(test)]
mod tests {
    use super::super::canvas::font_is_registered;
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_are_given_the_room_that_there_is() {
        assert!(font_is_registered());
        let short = CategoryLabels::new(&names(&["a", "b"]), 1600, (0, 0));
        assert_eq!((short.lines, short.names), (1, names(&["a", "b"])));
        let long = CategoryLabels::new(&names(&["a long name", "b"]), 340, (200, 200));
        assert_eq!((long.lines, long.names), (2, names(&["a long name", "b"])));
        let longer = CategoryLabels::new(&names(&["a very long name", "b"]), 200, (200, 200));
        let [first, second] = &longer.names[..] else {
            panic!("{:?}", longer.names)
        };
        assert!(first.starts_with("a ") && first.ends_with('e') && first.contains('…'));
        assert_eq!(second, "b");
        assert!(CategoryLabels::new(&[], 200, (0, 0)).names.is_empty());
    }

    #[test]
    fn names_with_a_long_common_beginning_stay_apart_and_on_the_picture() {
        assert!(font_is_registered());
        for count in 2..=10 {
            let name =
                |i| format!("a district of the far north of the country, number {i}, by the sea");
            let all: Vec<String> = (0..count).map(name).collect();
            let (length, left, right) = (1440, 204, 52);
            let found = CategoryLabels::new(&all, length, (left, right));
            for (place, name) in found.names.iter().enumerate() {
                assert!(!found.names[..place].contains(name), "{:?}", found.names);
                // Half of it lies to either side of its place.
                let middle = left + (place as u32 * 2 + 1) * length / (2 * count);
                let half = width(name, TICK_SIZE) / 2;
                assert!(
                    half <= middle && middle + half <= left + length + right,
                    "{name}"
                );
            }
        }
    }
}
