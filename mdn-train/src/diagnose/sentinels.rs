//! Numbers that stand for missing values.

use super::{Diagnostic, Severity};
use crate::data::{Dataset, sentinels};

/// Names the first columns that hold such numbers.
pub(super) fn sentinel(data: &Dataset) -> Option<Diagnostic> {
    /// Columns that are named one by one.
    const NAMED: usize = 6;
    let inputs = data.input_names.iter().enumerate();
    let inputs = inputs.map(|(i, name)| ("input", name, data.input_column(i).collect()));
    let targets = data.target_names.iter().enumerate();
    let targets = targets.map(|(d, name)| ("target", name, data.target_column(d).collect()));
    let found: Vec<String> = inputs
        .chain(targets)
        .flat_map(|(role, name, mut column): (_, _, Vec<f32>)| {
            column.retain(|value| !value.is_nan());
            let found = sentinels(&mut column).into_iter();
            found.map(move |one| {
                let rows = if one.count == 1 { "row" } else { "rows" };
                format!("{role} `{name}` is {:?} in {} {rows}", one.value, one.count)
            })
        })
        .collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let named = found.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    (!found.is_empty()).then(|| Diagnostic {
        code: "sentinel",
        severity: Severity::Warning,
        finding: format!("{named}{more}, far from all other values: such a number usually stands for a missing one"),
        advice: "--missing-value COL=VALUE with --skip-missing takes such rows out; without, `fit` takes the \
                 number for the nearest ordinary one",
    })
}
