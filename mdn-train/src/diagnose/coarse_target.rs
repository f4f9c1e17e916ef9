//! Targets that were recorded in a few steps, such as grades, and are learnt as continuous ones.

use mdn_infer::format::Support;

use super::{Diagnostic, Severity};
use crate::data::{DataWarning, Dataset};

/// The most values that are few.
const FEW: usize = 20;
/// Rows that each must have on average.
const ROWS_A_VALUE: usize = 5;

/// A warning for the first target of `data` that has a few values, and no support by `supports` `[D]`. Where
/// rounding to 32 bits made them few, [`DataWarning::PrecisionLost`] says what to do.
pub(super) fn coarse_target(data: &Dataset, supports: &[Support]) -> Option<Diagnostic> {
    let smooth = |d: usize| matches!(supports.get(d), None | Some(Support::Continuous));
    let rounded = |name: &String| {
        let mut warnings = data.warnings.iter();
        warnings.any(|w| matches!(w, DataWarning::PrecisionLost { column, .. } if column == name))
    };
    let targets = data.target_names.iter().enumerate();
    let targets = targets.filter(|&(d, name)| smooth(d) && !rounded(name));
    let mut counts = targets.map(|(d, name)| {
        let mut values: Vec<f32> = data.target_column(d).collect();
        values.sort_by(f32::total_cmp);
        values.dedup();
        (name, values.len())
    });
    let few = |&(_, count): &(&String, usize)| count <= FEW && count * ROWS_A_VALUE <= data.rows;
    let (name, count) = counts.find(few)?;
    Some(Diagnostic {
        code: "coarse-target",
        severity: Severity::Warning,
        finding: format!(
            "target `{name}` has only {count} different values; a density treats it as continuous, and \
             coverage and PIT are coarse for it"
        ),
        advice: "--support lattice:STEP has probabilities for its values, where a step apart; --support atoms:V,… \
                 for those that many rows have",
    })
}
