//! One cell of a table: text in, a number or the reason why not out.

use super::column::Raw;
use super::date;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// A number that is finite in 32-bit floating point; days since 1970 for a date or a time.
    Number(f64),
    /// Nothing, or `NA`, `NaN` or `null` in any case.
    Missing,
    /// Infinity, or a number that 32-bit floating point rounds to infinity.
    NonFinite,
    /// A number that is finite, and so large that differences and spreads of such numbers are not.
    TooLarge,
    /// Any other text.
    NotANumber,
    /// A number that the transform of its column has no image for.
    Outside,
}

/// Reads a cell without surrounding spaces.
pub(super) fn parse_cell(text: &str) -> Cell {
    const MISSING: [&str; 4] = ["", "na", "nan", "null"];
    if MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Cell::Missing;
    }
    match text.parse::<f64>() {
        // Signs before `nan` parse too.
        Ok(value) if value.is_nan() => Cell::Missing,
        Ok(value) if is_finite(value) => Cell::Number(value),
        Ok(_) => Cell::NonFinite,
        Err(_) => date::days(text).map_or(Cell::NotANumber, Cell::Number),
    }
}

/// What a cell of a column is.
pub(super) fn cell_of(raw: Raw<'_>) -> Cell {
    match raw {
        Raw::Number(value) => Cell::Number(value),
        Raw::Text(text) => parse_cell(text),
    }
}

/// Whether a value is finite in 32-bit floating point.
pub(super) fn is_finite(value: f64) -> bool {
    (value as f32).is_finite()
}

/// The largest magnitude of a value that is used: what standardises, predicts and scores it has room
/// for its distance from others, and for some standard deviations more, in 32-bit floating point.
pub(super) const LARGEST: f64 = 1e37;

/// A cell as an error message shows it: on one line and not too long.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    let escape = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    let mut shown: String = text.chars().take(SHOWN).map(escape).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse() {
        for (text, value) in [
            ("1", 1.0),
            ("-2.5e-3", -0.0025),
            ("+7.", 7.0),
            (".5", 0.5),
            ("3.4e38", 3.4e38),
            ("1e-300", 1e-300),
        ] {
            assert_eq!(parse_cell(text), Cell::Number(value), "{text}");
        }
    }

    #[test]
    fn missing_values_are_told_from_text() {
        for text in ["", "NA", "na", "NaN", "nan", "-nan", "NULL", "null"] {
            assert_eq!(parse_cell(text), Cell::Missing, "{text}");
        }
        for text in ["n/a", "one", "1,5", "0x10", "1 2", "-", "1_000"] {
            assert_eq!(parse_cell(text), Cell::NotANumber, "{text}");
        }
    }

    #[test]
    fn what_overflows_32_bits_is_not_finite() {
        for text in ["inf", "-Infinity", "1e400", "3.5e38", "-1e39"] {
            assert_eq!(parse_cell(text), Cell::NonFinite, "{text}");
        }
    }

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(excerpt(&"x".repeat(40)), "x".repeat(40));
        assert_eq!(excerpt(&"é".repeat(41)), "é".repeat(40) + "…");
    }
}
