//! Numbers along an axis.

use std::ops::Range;

/// About how many ticks an axis has.
pub(super) const TICKS: usize = 11;
/// The longest labels, in characters, for which there is room.
const ROOM: usize = 7;

/// An axis whose ticks count from a base: 0, or a round number within the range where labels
/// from 0 would be too long, as those of time stamps.
pub(super) struct Axis {
    base: f64,
    /// The range, counted from the base.
    range: Range<f64>,
}

impl Axis {
    pub fn new(range: &Range<f64>) -> Self {
        let ends = [range.start, range.end];
        let long = ends.iter().any(|&end| length(end, range) > ROOM);
        let far = ends
            .iter()
            .all(|end| end.abs() > 10.0 * (range.end - range.start));
        let base = if long && far {
            round_number(range)
        } else {
            0.0
        };
        Axis {
            base,
            range: range.start - base..range.end - base,
        }
    }

    /// The label of the axis called `title`: it says what to add to the ticks.
    pub fn title(&self, title: &str) -> String {
        let magnitude = self.base.abs();
        let written = if magnitude < 1e12 {
            magnitude.to_string()
        } else {
            format!("{magnitude:e}")
        };
        match self.base {
            0.0 => title.to_owned(),
            base if base > 0.0 => format!("{title} − {written}"),
            _ => format!("{title} + {written}"),
        }
    }

    /// The label of a tick at `value`.
    pub fn tick(&self, value: f64) -> String {
        tick_label(value - self.base, &self.range)
    }
}

fn length(value: f64, range: &Range<f64>) -> usize {
    tick_label(value, range).chars().count()
}

/// A number in the middle of the range with as few digits as tell it from the ends.
fn round_number(range: &Range<f64>) -> f64 {
    let unit = 10_f64.powf((range.end - range.start).log10().floor());
    let steps = (0.5 * (range.start + range.end) / unit).round();
    // Dividing by a power of ten is exact where multiplying by its inverse is not.
    if unit < 1.0 {
        steps / unit.recip().round()
    } else {
        steps * unit
    }
}

/// The label of a tick, with as many decimals as neighbours need to differ.
pub(super) fn tick_label(value: f64, range: &Range<f64>) -> String {
    let step = (range.end - range.start) / TICKS as f64;
    let largest = range.start.abs().max(range.end.abs());
    // A tick that misses zero by rounding is zero.
    let value = if value.abs() < 1e-3 * step {
        0.0
    } else {
        value
    };
    if !(1e-3..1e6).contains(&largest) {
        if value == 0.0 {
            return "0".to_owned();
        }
        let digits = (largest / step).log10().ceil().clamp(1.0, 6.0) as usize;
        return format!("{value:.digits$e}").replace('-', "−");
    }
    let decimals = (1.0 - step.log10()).ceil().clamp(0.0, 8.0) as usize;
    let label = format!("{value:.decimals$}");
    let label = match label.contains('.') {
        true => label.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => label,
    };
    label.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_labels_are_short_and_differ() {
        assert_eq!(tick_label(-5.0, &(-10.0..10.0)), "−5");
        assert_eq!(tick_label(2.5, &(0.0..10.0)), "2.5");
        assert_eq!(tick_label(0.30000000000000004, &(0.0..1.0)), "0.3");
        assert_eq!(tick_label(-1e-17, &(-1.0..1.0)), "0");
        assert_eq!(tick_label(0.012, &(0.0..0.1)), "0.012");
        assert_eq!(tick_label(100.0, &(0.0..900.0)), "100");
        assert_eq!(tick_label(2.5e9, &(0.0..9e9)), "2.50e9");
        assert_eq!(tick_label(0.0, &(0.0..9e9)), "0");
    }

    #[test]
    fn ordinary_axes_count_from_zero() {
        for range in [
            -10.0..10.0,
            0.0..9e9,
            990.0..1010.0,
            -3e38..3e38,
            1e-9..2e-9,
        ] {
            let axis = Axis::new(&range);
            assert_eq!(
                (axis.base, axis.title("t").as_str()),
                (0.0, "t"),
                "{range:?}"
            );
        }
    }

    #[test]
    fn far_from_zero_the_title_says_where_ticks_count_from() {
        let axis = Axis::new(&(1.69994e9..1.70006e9));
        assert_eq!(axis.title("t"), "t − 1700000000");
        assert_eq!(axis.tick(1.69996e9), "−40000");
        let axis = Axis::new(&(-20_001.3..-20_001.18));
        assert_eq!(axis.title("t"), "t + 20001.2");
        assert_eq!(axis.tick(-20_001.22), "−0.02");
    }
}
