//! Where an axis of dates has its ticks: where minutes, hours, days, weeks, months and years begin.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

/// What lies between two ticks.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Counted from the start of a Monday.
    Minutes(u32),
    /// Counted from the start of January.
    Months(u32),
}

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;
const YEAR: u32 = 12;

/// The finest first.
const STEPS: [Step; 29] = {
    use Step::{Minutes, Months};
    [
        Minutes(1),
        Minutes(2),
        Minutes(5),
        Minutes(10),
        Minutes(15),
        Minutes(30),
        Minutes(HOUR),
        Minutes(2 * HOUR),
        Minutes(3 * HOUR),
        Minutes(6 * HOUR),
        Minutes(12 * HOUR),
        Minutes(DAY),
        Minutes(2 * DAY),
        Minutes(WEEK),
        Minutes(2 * WEEK),
        Months(1),
        Months(2),
        Months(3),
        Months(6),
        Months(YEAR),
        Months(2 * YEAR),
        Months(5 * YEAR),
        Months(10 * YEAR),
        Months(20 * YEAR),
        Months(50 * YEAR),
        Months(100 * YEAR),
        Months(200 * YEAR),
        Months(500 * YEAR),
        Months(1000 * YEAR),
    ]
};

/// The start of 1970.
const EPOCH: Date = Date::constant(1970, 1, 1);
/// The day of a Monday.
const MONDAY: f64 = 4.0;

/// At most `most` ticks within `range`, in days since the start of 1970, by the finest step that has
/// no more; `None` where it has none, as within a minute or beyond the years of the calendar.
pub(super) fn ticks(range: &Range<f64>, most: usize) -> Option<Vec<f64>> {
    let fitting = STEPS.into_iter().map(|step| {
        let within = step.from(range.start).take_while(|&day| day <= range.end);
        within.take(most + 1).collect::<Vec<f64>>()
    });
    let mut fitting = fitting.skip_while(|ticks| ticks.len() > most);
    fitting.next().filter(|ticks| !ticks.is_empty())
}

impl Step {
    /// The ticks from the day `start` on, as far as the calendar goes.
    fn from(self, start: f64) -> Box<dyn Iterator<Item = f64>> {
        match self {
            Step::Minutes(minutes) => {
                let (minutes, day) = (f64::from(minutes), f64::from(DAY));
                let first = ((start - MONDAY) * day / minutes).ceil();
                let tick = move |i: u32| MONDAY + (first + f64::from(i)) * minutes / day;
                Box::new((0..).map(tick))
            }
            Step::Months(months) => {
                let months = i64::from(months);
                let Some(date) = date_of(start.ceil()) else {
                    return Box::new(std::iter::empty());
                };
                let started = i64::from(date.day() > 1);
                let number = i64::from(YEAR) * i64::from(date.year()) + i64::from(date.month()) - 1;
                let first = (number + started + months - 1).div_euclid(months);
                Box::new((first..).map_while(move |i| first_of(i * months)))
            }
        }
    }
}

/// The date of a whole number of days since the start of 1970.
fn date_of(days: f64) -> Option<Date> {
    // Beyond 2^53 no day is meant, and the calendar ended long before.
    let whole = (days.abs() < 1e7).then_some(days as i64)?;
    EPOCH.checked_add(whole.days()).ok()
}

/// The day on which a month begins, counted from January of the year 0.
fn first_of(month: i64) -> Option<f64> {
    let year = i64::from(YEAR);
    let number = i8::try_from(month.rem_euclid(year) + 1).ok()?;
    let date = Date::new(month.div_euclid(year).try_into().ok()?, number, 1).ok()?;
    Some(EPOCH.until(date).ok()?.get_days().into())
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, Weekday};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::plot::date;

    fn days(text: &str) -> f64 {
        let time: DateTime = text.parse().unwrap();
        let time = TimeZone::UTC.to_timestamp(time).unwrap();
        time.as_second() as f64 / 86_400.0
    }

    /// The ticks between two times as they are written.
    fn written(from: &str, to: &str) -> Vec<String> {
        let range = days(from)..days(to);
        let ticks = ticks(&range, 6).unwrap();
        let length = range.end - range.start;
        ticks.into_iter().map(|tick| date(tick, length)).collect()
    }

    #[test]
    fn ticks_stand_where_the_calendar_begins_something() {
        for (from, to, expected) in [
            (
                "2024-06-19T08:03",
                "2024-06-19T08:14",
                "06-19 08:04 06-19 08:06",
            ),
            (
                "2024-06-19T22:10",
                "2024-06-20T01:20",
                "06-19 22:30 06-19 23:00",
            ),
            (
                "2024-02-27T20:00",
                "2024-03-01T05:00",
                "02-28 00:00 02-28 12:00",
            ),
            ("2024-02-27", "2024-03-04T12:00", "2024-02-27 2024-02-29"),
            ("2024-06-19", "2024-07-25", "2024-06-24 2024-07-01"),
            ("2024-06-19", "2024-08-30", "2024-06-24 2024-07-08"),
            ("2023-11-20", "2024-04-09", "2023-12-01 2024-01-01"),
            ("2023-02-20", "2024-05-09", "2023-04-01 2023-07-01"),
            ("2019-02-20", "2024-05-09", "2020-01-01 2021-01-01"),
            ("1969-02-20", "1999-05-09", "1970-01-01 1975-01-01"),
            ("0042-02-20", "2024-05-09", "0500-01-01 1000-01-01"),
        ] {
            let found = written(from, to).join(" ");
            assert!(found.starts_with(expected), "{from} {to}: {found}");
        }
    }

    #[test]
    fn where_the_calendar_has_no_tick_there_is_none() {
        for range in [0.0001..0.0002, 1e9..2e9, -1e300..1e300, f64::NAN..1.0] {
            assert_eq!(ticks(&range, 6), None, "{range:?}");
        }
        assert_eq!(ticks(&(0.0..100.0), 0), None);
    }

    proptest! {
        /// Ascending, within the range, no more than asked, and where they are days of one step apart
        /// all on a Monday or on the first of a month.
        #[test]
        fn ticks_are_within_the_range(start in -3e5..3e5, length in -2.0..5.0_f64, most in 1..9_usize) {
            let range = start..start + 10_f64.powf(length);
            if let Some(ticks) = ticks(&range, most) {
                prop_assert!(ticks.len() <= most);
                prop_assert!(ticks.iter().all(|tick| range.contains(tick)));
                prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
                let step = ticks.get(1).map_or(0.0, |second| second - ticks[0]);
                for tick in ticks.iter().filter(|_| step >= 7.0) {
                    let date = date_of(*tick).unwrap();
                    prop_assert!(date.weekday() == Weekday::Monday || date.day() == 1, "{date}");
                }
            }
        }
    }
}
