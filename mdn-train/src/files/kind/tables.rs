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
    // It stands in all tables of files that state ranges, and in no other.
    let cells: Vec<&str> = record
        .iter()
        .filter(|cell| *cell != "outside_range")
        .collect();
    match cells[..] {
        ["line", "draw", "component", ..] => true,
        ["line", mean, deviation, ..] => {
            let target = mean.strip_suffix("_mean");
            target.is_some()
                && target == deviation.strip_suffix("_sd")
                && cells.iter().all(|cell| is_answer(cell, &cells))
        }
        _ => false,
    }
}

/// Whether `predict` has a column of this name about a target of which it has the mean, or about all.
fn is_answer(cell: &str, cells: &[&str]) -> bool {
    const OF_ALL: [&str; 6] = [
        "line",
        "problem",
        "log_density",
        "anomaly_score",
        "anomaly",
        "best_component",
    ];
    const NUMBERED: [&str; 5] = ["weight_", "responsibility_", "mode_", "cov_", "modes"];
    const OF_ONE: [&str; 17] = [
        "mean", "sd", "q", "uq", "cdf", "survival", "at", "between", "es", "ues", "low", "high",
        "hdr", "mode", "pit", "crps", "best",
    ];
    let mut targets = cells.iter().filter_map(|cell| cell.strip_suffix("_mean"));
    OF_ALL.contains(&cell)
        || NUMBERED.iter().any(|beginning| cell.starts_with(beginning))
        || targets.any(|target| {
            let question = cell.strip_prefix(target).and_then(|c| c.strip_prefix('_'));
            question.is_some_and(|question| OF_ONE.iter().any(|one| question.starts_with(one)))
        })
}
