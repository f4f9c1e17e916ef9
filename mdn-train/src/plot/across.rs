//! What a horizontal axis counts.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

/// What the places of a horizontal axis are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Across {
    /// Numbers.
    #[default]
    Numbers,
    /// Days since the start of 1970, written as dates.
    Dates,
    /// The categories of these names, at 0, 1 and so on.
    Categories(Vec<String>),
}

impl Across {
    /// Whether each place stands for itself.
    pub(super) fn is_parted(&self) -> bool {
        matches!(self, Across::Categories(_))
    }

    /// The range of the axis: that of the numbers, or half a place around the categories.
    pub(super) fn range(&self, numbers: impl FnOnce() -> Range<f64>) -> Range<f64> {
        match self {
            Across::Categories(names) => -0.5..names.len() as f64 - 0.5,
            Across::Numbers | Across::Dates => numbers(),
        }
    }
}

/// A day as a date, on an axis that is `length` days long; the number itself where there is no such
/// date.
pub fn date(days: f64, length: f64) -> String {
    const DAY: f64 = 86_400.0;
    /// Days within which the time of the day is told too.
    const SHORT: f64 = 6.0;
    let since = SignedDuration::try_from_secs_f64((days * DAY).round());
    let time = since.and_then(|since| Timestamp::UNIX_EPOCH.checked_add(since));
    let Ok(time) = time else {
        return days.to_string();
    };
    let form = if length < SHORT {
        "%m-%d %H:%M"
    } else {
        "%Y-%m-%d"
    };
    time.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0.0, 100.0), "1970-01-01");
        assert_eq!(date(19_782.25, 1000.0), "2024-02-29");
        assert_eq!(date(19_782.25, 2.0), "02-29 06:00");
        assert_eq!(date(-1.0, 100.0), "1969-12-31");
        assert_eq!(date(1e300, 100.0), 1e300.to_string());
        assert_eq!(date(f64::NAN, 100.0), "NaN");
    }
}
