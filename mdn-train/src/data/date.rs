//! Dates and times as numbers: days since the start of 1970, by the calendar, without leap seconds.

/// The days since 1970-01-01T00:00 of a date or a time in the form of ISO 8601 and RFC 3339, such
/// as `2024-06-19`, `2024-06-19 15:22:45.5` or `2024-06-19T15:22:45+02:00`. Times with an offset
/// are brought to UTC; others are taken as they stand.
#[cfg(feature = "text")]
pub(super) fn days(text: &str) -> Option<f64> {
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, Unit};

    // Most texts are none, and are not worth a parser's while.
    let like_a_date = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if !like_a_date || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    // A local time's parser would pass over an offset.
    let timestamp = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => TimeZone::UTC
            .to_timestamp(text.parse::<DateTime>().ok()?)
            .ok()?,
    };
    let since = timestamp.since(Timestamp::UNIX_EPOCH).ok()?;
    let seconds = since.total(Unit::Second).ok()?;
    Some(seconds / 86_400.0)
}

/// Without text no cell is a date.
#[cfg(not(feature = "text"))]
pub(super) fn days(_: &str) -> Option<f64> {
    None
}

/// Whether a text begins as dates do in one form or another: with three numbers, and points, slashes
/// or hyphens between.
pub(super) fn is_like_one(text: &str) -> bool {
    let date = text.split([' ', 'T']).next().unwrap_or(text);
    let is_number = |part: &str| {
        matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = date.split(['.', '/', '-']);
    parts.clone().count() == 3 && parts.into_iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970() {
        for (text, expected) in [
            ("1970-01-01", 0.0),
            ("1970-01-02 12:00", 1.5),
            ("1969-12-31T18:00:00", -0.25),
            ("2000-03-01", 11_017.0),
            ("2024-02-29T06:00:00Z", 19_782.25),
            ("2024-02-29T06:00:00+06:00", 19_782.0),
            ("2024-02-29 00:00:00.5", 19_782.0 + 0.5 / 86_400.0),
        ] {
            assert_eq!(days(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "2024",
            "2024-02-30",
            "24-02-2024",
            "2024-02",
            "x2024-02-01",
            "٢024-02-01",
        ] {
            assert_eq!(days(text), None, "{text}");
        }
    }

    #[test]
    fn dates_in_other_forms_are_known() {
        for text in [
            "01.05.2023",
            "5/1/23 12:30",
            "2023-13-01T08:00",
            "2023/05/01",
        ] {
            assert!(is_like_one(text), "{text}");
        }
        for text in [
            "",
            "May 2023",
            "1.2.3.4",
            "05-2023",
            "555-12-3456",
            "a-1-b",
            "-1-2",
        ] {
            assert!(!is_like_one(text), "{text}");
        }
    }
}
