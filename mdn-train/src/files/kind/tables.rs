//! Tables that this program wrote.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::data::generators::is_drawn;

/// Whether the file at `path`, which begins with `head`, holds answers or draws.
pub(super) fn is_ours(head: &[u8], path: &Path) -> bool {
    holds_answers(head) || File::open(path).is_ok_and(is_drawn)
}

/// Whether the header is that of `predict` or `sample`.
fn holds_answers(head: &[u8]) -> bool {
    let mut first = Vec::new();
    // Names of targets may hold line breaks no more than any control character.
    if BufReader::new(head).read_until(b'\n', &mut first).is_err() || !first.ends_with(b"\n") {
        return false;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&*first);
    let mut record = csv::StringRecord::new();
    if !reader.read_record(&mut record).unwrap_or(false) {
        return false;
    }
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let target = cell(1).strip_suffix("_mean");
    let predicted = target.is_some() && target == cell(2).strip_suffix("_sd");
    let sampled = [cell(1), cell(2)] == ["draw", "component"];
    cell(0) == "line" && (predicted || sampled)
}
