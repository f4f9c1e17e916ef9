//! Names and units of columns: lines of text, the unit behind a tab.
//!
//! Split byte by byte, for the searcher behind `str::split` can panic as far as the linker knows.

use crate::error::ParseError;

/// Names with their units, where they have one.
pub(crate) fn columns<'a>(
    text: &'a str,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
    let mut rest = Some(text);
    let lines = core::iter::from_fn(move || {
        let text = rest?;
        let split = split_once(text, b'\n');
        rest = split.map(|(_, rest)| rest);
        Some(split.map_or(text, |(line, _)| line))
    });
    lines.map(|line| match split_once(line, b'\t') {
        Some((name, unit)) => (name, Some(unit)),
        None => (line, None),
    })
}

/// `text` has `count` columns, without control characters or empty names and units.
pub(super) fn check_columns(text: &str, count: usize) -> Result<(), ParseError> {
    let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    let well_formed = |(name, unit): (&str, Option<&str>)| plain(name) && unit.is_none_or(plain);
    if columns(text).count() == count && columns(text).all(well_formed) {
        Ok(())
    } else {
        Err(ParseError::MalformedColumns)
    }
}

/// What stands before and behind the first `separator`, an ASCII character.
fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
