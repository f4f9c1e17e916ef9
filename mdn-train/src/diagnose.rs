//! What a model's figures mean and what to do about it, in words.
//!
//! [`diagnose`] looks at a model, the rows that it was scored on and the scores. It changes nothing
//! and is never certain: each [`Diagnostic`] says what was seen, and what usually helps.

mod calibration;
mod coarse_target;
mod dependent_rows;
mod moments;
mod one_category;
mod outside_range;
mod repeats;
mod sentinels;
mod training_rows;
mod unscored_rows;

use std::borrow::Cow;
use std::fmt;

use mdn_infer::format::Support;
use mdn_infer::{Mixture, Model, PredictError};
use serde::Serialize;

use crate::data::{Dataset, Transform, WILD, fences, sentinels};
use crate::metrics::{RowError, Scores, map_predictions, normal_nll};
use crate::prune::{THRESHOLD, needed};
use calibration::{miscalibration, over_fit};
pub use dependent_rows::{SomeRows, dependent_rows};
use moments::wide_moments;
pub use one_category::OneCategory;
pub use outside_range::OutsideRange;
pub use training_rows::KeptRows;
pub use unscored_rows::{UnscoredReason, UnscoredRows};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A stable name for programs, such as `over-fit`.
    pub code: &'static str,
    /// Whether something should be done.
    pub severity: Severity,
    /// What was seen.
    pub finding: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; the model is sound.
    Note,
    /// The model's answers may be wrong or worse than they need be.
    Warning,
}

/// A component this close to the floor of the scales, as a factor, counts as collapsed.
const NEAR_FLOOR: f32 = 1.1;
/// The share of the weight in collapsed components from which they are worth a word.
const COLLAPSED_SHARE: f64 = 0.05;
/// In standardised units: only a floor below this is as narrow as single values.
const NARROW_FLOOR: f32 = 0.3;
/// Standard errors beyond which a difference is not taken for chance.
const SIGNIFICANT: f64 = 2.33;
/// The same for the mean −ln p of rows that need not be normal, whose error is larger than that of normal ones.
const BEYOND_CHANCE: f64 = 5.0;
/// Rows that those with weights are made into, at most.
const LOOKED_AT: usize = 100_000;
/// How many standard deviations from the training rows' mean an input is far outside.
const FAR_INPUT: f32 = 6.0;

/// Which rows a model is looked at with.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// Those of its training: the scores are of rows held back, and these of the rows learnt from; or
    /// of the rows learnt from, where none were held back.
    Training(Option<&'a Scores>),
    /// Any others, as far as is known.
    Others,
}

/// Everything worth a word about `model` on the rows of `data`, of which `scores` are the scores.
///
/// Two predictions a row, and two quantiles of each target for some 500 rows.
///
/// # Errors
///
/// [`RowError`] for the first row that the engine refuses.
pub fn diagnose(
    model: &Model<'_>,
    data: &Dataset,
    scores: &Scores,
    seen: Seen<'_>,
) -> Result<Vec<Diagnostic>, RowError> {
    // Rows count by their weights.
    let repeated = data.repeated(LOOKED_AT);
    let data = &*repeated;
    // What training took for missing says nothing of the model.
    let known = match seen {
        Seen::Training(_) => data.without_marked(),
        Seen::Others => Cow::Borrowed(data),
    };
    let known = &*known;
    let use_of = Use::new(model, known)?;
    let found = [
        negative_loss(scores),
        collapsed_scales(&use_of, model, known, (scores, seen)),
        dead_components(&use_of, model),
        miscalibration(scores, seen),
        wide_moments(model, known)?,
        over_fit(scores, seen, normal_nll(known, &scores.supports)),
        extrapolation(model, data, seen),
        no_better_than_normal(data, scores, seen),
    ];
    let of_table = of_table(
        data,
        &scores.supports,
        matches!(seen, Seen::Training(Some(_))) && matches!(repeated, Cow::Borrowed(_)),
    );
    Ok(found.into_iter().flatten().chain(of_table).collect())
}

/// What there is to say of the rows of `data` without a model: few values in a continuum, numbers that stand for missing values, targets far
/// from all others, and where rows are held back by chance, equal rows. `supports` `[D]` are those of the targets.
pub fn of_table(data: &Dataset, supports: &[Support], held_back: bool) -> Vec<Diagnostic> {
    let repeated = data.repeated(LOOKED_AT);
    let held_back = held_back && matches!(repeated, Cow::Borrowed(_));
    let data = &*repeated;
    let repeats = held_back.then(|| repeats::repeated_rows(data, supports));
    let found = [
        coarse_target::coarse_target(data, supports),
        sentinels::sentinel(data),
        wild_targets(data),
        repeats.flatten(),
    ];
    found.into_iter().flatten().collect()
}

/// How the rows use the components.
struct Use {
    rows: usize,
    /// `[K]`: the largest weight at any row.
    largest: Vec<f32>,
    /// The mean weight in components at the floor of their scales.
    collapsed: f64,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
        };
        let Diagnostic {
            code,
            finding,
            advice,
            ..
        } = self;
        write!(out, "{severity} {code}: {finding}.\n  {advice}.")
    }
}

impl Use {
    fn new(model: &Model<'_>, data: &Dataset) -> Result<Self, RowError> {
        let floor = NEAR_FLOOR * floor(model);
        let rows = map_predictions(model, data, |_, mixture| {
            let mixture = match mixture {
                Err(PredictError::Overflow) => return Ok(None),
                mixture => mixture?,
            };
            let weights: Vec<f32> = mixture.components().map(|k| k.weight()).collect();
            Ok(Some((weights, collapsed_weight(&mixture, model, floor))))
        })?;
        let rows: Vec<(Vec<f32>, f32)> = rows.into_iter().flatten().collect();
        let mut largest = vec![0.0_f32; model.components()];
        for (weights, _) in &rows {
            for (largest, &weight) in largest.iter_mut().zip(weights) {
                *largest = largest.max(weight);
            }
        }
        let collapsed = rows.iter().map(|(_, weight)| f64::from(*weight));
        Ok(Use {
            rows: rows.len(),
            largest,
            collapsed: collapsed.sum::<f64>() / rows.len().max(1) as f64,
        })
    }
}

/// The smallest scale of a component, in standardised units.
fn floor(model: &Model<'_>) -> f32 {
    model.header().head.log_scale_min.exp()
}

/// The weight of the components with a scale below `floor`, in standardised units.
fn collapsed_weight(mixture: &Mixture<'_>, model: &Model<'_>, floor: f32) -> f32 {
    let units = model.target_scale();
    // A narrow component on a lattice or in a point mass is certain of a value, which is no collapse.
    let has_cells = |d: usize| {
        matches!(
            mixture.support(d),
            Support::Lattice { .. } | Support::Atoms(_)
        )
    };
    let narrow = mixture.components().filter(|component| {
        let mut scales = units.iter().enumerate().filter(|&(d, _)| !has_cells(d));
        scales.any(|(d, unit)| component.scale(d) / unit < floor)
    });
    narrow.map(|component| component.weight()).sum()
}

fn negative_loss(scores: &Scores) -> Option<Diagnostic> {
    (scores.nll < 0.0).then(|| Diagnostic {
        code: "negative-loss",
        severity: Severity::Note,
        finding: format!(
            "the NLL {:.4} is negative, which is no bug: a density exceeds 1 where targets are \
             known to within a fraction of their unit",
            scores.nll
        ),
        advice: "There is nothing to do: in other units of the target the NLL differs by the \
                 logarithm of their ratio",
    })
}

fn collapsed_scales(
    use_of: &Use,
    model: &Model<'_>,
    data: &Dataset,
    (scores, seen): (&Scores, Seen<'_>),
) -> Option<Diagnostic> {
    if use_of.collapsed <= COLLAPSED_SHARE {
        return None;
    }
    let floor = floor(model);
    let share = format!(
        "{:.0}% of the weight is in components as narrow as the floor of the scales allows, {floor:.3} \
         in standardised units",
        100.0 * use_of.collapsed
    );
    let mut targets = 0..data.target_names.len();
    let repeated = targets.find_map(|target| repeated(data, target));
    let (severity, finding, advice) = match repeated {
        Some(why) => (
            Severity::Note,
            format!("{share}: {why}, and components stand on such values"),
            "Leave --scale-floor at its default, which follows from the steps between the targets' \
             values: the NLL falls without limit as the floor falls, so compare models by their CRPS \
             too",
        ),
        None if floor > NARROW_FLOOR => (
            Severity::Warning,
            share,
            "Components want to be narrower than that: try a smaller --scale-floor",
        ),
        None => (Severity::Warning, share, floor_advice(scores, seen)),
    };
    Some(Diagnostic {
        code: "collapsed-scales",
        severity,
        finding,
        advice,
    })
}

/// Which way the floor of the scales may be wrong: where rows held back are predicted as well as those learnt
/// from, the targets are as certain as that; where they are not, single rows may have been learnt by heart.
fn floor_advice(scores: &Scores, seen: Seen<'_>) -> &'static str {
    match seen {
        Seen::Training(Some(train)) if scores.nll - train.nll > calibration::OVER_FIT => {
            "Rows held back are harder than those learnt from: components may stand on single rows, so try a \
             larger --scale-floor, or fewer --components, and keep what rows held back score better with"
        }
        Seen::Training(Some(_)) => {
            "Rows held back are predicted as well as those learnt from, so the targets are as certain as that, or \
             more: try a smaller --scale-floor, such as a tenth of this one, and keep what rows held back score \
             better with"
        }
        Seen::Training(None) | Seen::Others => {
            "Either the targets are more certain than the floor allows, or components stand on single rows: compare \
             a smaller --scale-floor with a larger one by `mdn-train cross-validate`"
        }
    }
}

/// What repeats in a target's column: one value, or a few values in all rows.
fn repeated(data: &Dataset, target: usize) -> Option<String> {
    let name = &data.target_names[target];
    let mut values: Vec<f32> = data.target_column(target).collect();
    values.sort_by(f32::total_cmp);
    let same = values.chunk_by(|a, b| a == b);
    let different = same.clone().count();
    if different * 5 <= data.rows {
        return Some(format!(
            "target `{name}` has {different} different values in {} rows",
            data.rows
        ));
    }
    let most = same.max_by_key(|rows| rows.len())?;
    let often = most.len() > 1 && most.len() as f64 > COLLAPSED_SHARE * data.rows as f64;
    often.then(|| {
        let (value, rows, all) = (most[0], most.len(), data.rows);
        format!("target `{name}` is {value} in {rows} of {all} rows")
    })
}

fn dead_components(use_of: &Use, model: &Model<'_>) -> Option<Diagnostic> {
    let networks = model.members();
    let components = use_of.largest.len() / networks;
    let dead = components - needed(&use_of.largest, networks, THRESHOLD);
    let enough = use_of.rows >= 10 * use_of.largest.len();
    (enough && dead > 0).then(|| Diagnostic {
        code: "dead-components",
        severity: Severity::Note,
        finding: format!(
            "{dead} of {components} components{} have a weight below {THRESHOLD} at every row",
            if networks > 1 { " of each network" } else { "" }
        ),
        advice: "They do no harm, unless `wide-moments` is there too; `mdn-train prune` drops them and \
                 makes the model smaller and faster",
    })
}

/// Rows of the training are backed by data wherever they lie; and a rare category is no place. A file that
/// states ranges says better what is far out ([`OutsideRange`]).
fn extrapolation(model: &Model<'_>, data: &Dataset, seen: Seen<'_>) -> Option<Diagnostic> {
    if matches!(seen, Seen::Training(_)) || model.input_ranges().is_some() {
        return None;
    }
    let numbers: Vec<bool> = data.input_names.iter().map(|n| !n.contains('=')).collect();
    let far = |row: usize| {
        let spread = model.input_shift().iter().zip(model.input_scale());
        let mut inputs = data.input(row).iter().zip(spread).zip(&numbers);
        inputs.any(|((&x, (&shift, &scale)), is_number)| {
            *is_number && ((x - shift) / scale).abs() > FAR_INPUT
        })
    };
    let count = (0..data.rows).filter(|&row| far(row)).count();
    (count > 0).then(|| Diagnostic {
        code: "extrapolation",
        severity: Severity::Warning,
        finding: format!(
            "{count} of {} rows have an input more than {FAR_INPUT} standard deviations from the \
             training rows' mean",
            data.rows
        ),
        advice: "Unless the training had such rows, no answer there is backed by data: check the \
                 units, or train on such rows",
    })
}

/// Beyond chance: the mean −ln p of a D-variate normal over n rows has the standard error √(D/2n).
fn no_better_than_normal(data: &Dataset, scores: &Scores, seen: Seen<'_>) -> Option<Diagnostic> {
    if matches!(seen, Seen::Training(_)) {
        return None;
    }
    let normal = normal_nll(data, &scores.supports)?;
    let dimensions = data.target_names.len() as f64;
    let chance = BEYOND_CHANCE * (dimensions / 2.0 / scores.rows as f64).sqrt();
    (scores.nll > normal + chance).then(|| Diagnostic {
        code: "no-better-than-normal",
        severity: Severity::Warning,
        finding: format!(
            "the NLL {:.4} is higher than {normal:.4}, that of one normal distribution that knows no \
             inputs",
            scores.nll
        ),
        advice: "Either these rows come from elsewhere than those of the training: look for inputs \
                 outside its range, other units and whatever else changed. Or the model is over-fit: \
                 try a larger --ensemble, more rows or fewer --hidden units, and compare by \
                 `cross-validate`",
    })
}

fn wild_targets(data: &Dataset) -> Option<Diagnostic> {
    let wild = |target: usize| {
        let mut values: Vec<f32> = data.target_column(target).collect();
        let marks = sentinels(&mut values);
        values.retain(|value| marks.iter().all(|mark| mark.value != *value));
        let has_logarithms = values.iter().all(|&value| value >= 0.0);
        let fences = fences(&mut values)?;
        let count = values.iter().filter(|&&v| !fences.contains(&f64::from(v)));
        Some((count.count(), has_logarithms)).filter(|&(count, _)| count > 0)
    };
    let mut targets = data.target_names.iter().enumerate();
    targets.find_map(|(target, name)| {
        let (count, has_logarithms) = wild(target)?;
        let is_transformed = Transform::parse(name).is_some();
        Some(Diagnostic {
            code: "wild-outliers",
            severity: Severity::Warning,
            finding: format!(
                "target `{name}` has {count} of {} values farther from the median than \
                 {WILD} times the distance between the quartiles",
                data.rows
            ),
            advice: match has_logarithms && !is_transformed {
                true => {
                    "Check them: `fit` takes a few wild values for the nearest ordinary one, so that \
                     they spoil nothing else, but many widen the units that training sees. Where they \
                     are right, --transform log may suit the target"
                }
                false => {
                    "Check them: `fit` takes a few wild values for the nearest ordinary one, so that \
                     they spoil nothing else, but many widen the units that training sees"
                }
            },
        })
    })
}
