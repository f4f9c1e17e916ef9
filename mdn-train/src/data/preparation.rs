//! What becomes of raw inputs before they are standardised: the rules of the model file to be, chosen by
//! the rows.
//!
//! The rules themselves are the engine's ([`InputRule`]), and so is what they do to a value: training sees
//! what the model will see. What is a wild value among the training rows is in `wild`.

use std::borrow::Cow;

use mdn_infer::format::{InputRule, InputTransform};
use serde::Serialize;

use super::wild::{range, take_sentinels, tame};

/// In fewer rows tails are not judged.
const FEWEST: usize = 50;
/// Tails are heavy where the greater distance from the median to the 0.5th and the 99.5th percentile is
/// more than this many times the distance between the quartiles: 3.8 for a normal distribution, 6.6 for
/// an exponential one, 13 for a log-normal one of log-spread 1, 60 of 2, 64 for Cauchy's.
const HEAVY: f64 = 20.0;
/// A transform that brings that ratio below this is good enough.
const LIGHT: f64 = 8.0;
/// And one that does not at least halve it is not worth it.
const WORTH: f64 = 0.5;
/// A value that more than this share of the rows have says nothing of the spread of others.
const COMMON: f64 = 0.2;

/// The rules of all inputs, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    /// `[I]`
    rules: Vec<InputRule>,
}

impl Preparation {
    /// Leaves `inputs` inputs as they are.
    pub fn none(inputs: usize) -> Self {
        Self::new(vec![InputRule::default(); inputs])
    }

    /// By these rules, one an input.
    pub fn new(rules: Vec<InputRule>) -> Self {
        Preparation { rules }
    }

    /// The rules `[I]`.
    pub fn rules(&self) -> &[InputRule] {
        &self.rules
    }

    /// Whether every value is left as it is.
    pub fn is_none(&self) -> bool {
        let plain = InputRule::default();
        self.rules.iter().all(|rule| *rule == plain)
    }

    /// How many numbers the network reads: the inputs, then an indicator for each that may be missing.
    pub fn width(&self) -> usize {
        self.rules.len() + self.indicated().count()
    }

    /// The inputs that may be missing, in the order of their indicators.
    pub fn indicated(&self) -> impl Iterator<Item = usize> {
        let rules = self.rules.iter().enumerate();
        rules
            .filter(|(_, rule)| rule.fill.is_some())
            .map(|(input, _)| input)
    }

    /// `values` `[rows][I]` as `[rows][width]`.
    pub fn apply<'v>(&self, values: &'v [f32]) -> Cow<'v, [f32]> {
        if self.is_none() {
            return Cow::Borrowed(values);
        }
        let rows = values.chunks_exact(self.rules.len().max(1));
        let mut prepared = Vec::with_capacity(rows.len() * self.width());
        rows.for_each(|row| self.push(row, &mut prepared));
        Cow::Owned(prepared)
    }

    /// Appends one row.
    pub(super) fn push(&self, row: &[f32], to: &mut Vec<f32>) {
        to.extend(self.rules.iter().zip(row).map(|(rule, &x)| rule.apply(x)));
        to.extend(
            self.indicated()
                .map(|input| f32::from(u8::from(row[input].is_nan()))),
        );
    }
}

/// What transform an input gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum InputChoice {
    /// The one that its tails ask for ([`heavy_tailed`]), if any.
    #[default]
    Automatic,
    /// None.
    Identity,
    /// A logarithm.
    Log,
    /// A symmetric logarithm about the median.
    SymmetricLog,
}

impl InputChoice {
    /// The transform of sorted values.
    fn of(self, sorted: &mut [f32]) -> InputTransform {
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let quartile = |quarters: usize| sorted.get(quarters * sorted.len() / 4).copied();
        match self {
            InputChoice::Automatic => heavy_tailed(sorted).unwrap_or_default(),
            InputChoice::Identity => InputTransform::Identity,
            InputChoice::Log => InputTransform::Log {
                centre: 0.0,
                unit: median.max(f32::MIN_POSITIVE),
            },
            InputChoice::SymmetricLog => {
                let half = quartile(3)
                    .zip(quartile(1))
                    .map(|(high, low)| 0.5 * high - 0.5 * low);
                InputTransform::SymmetricLog {
                    centre: median,
                    unit: half
                        .filter(|half| *half >= f32::MIN_POSITIVE)
                        .unwrap_or(1.0),
                }
            }
        }
    }
}

/// The range of the ordinary values, where there are others, and the sentinels.
pub(super) type Columnwise = (Option<(f32, f32)>, Vec<f32>);

/// What is found of an input column: the range of its ordinary values, where it has others, its sentinels, and
/// its rule but for limits. Sentinels take no part; a transformed column has no wild values beside them.
pub(super) fn judge(mut column: Vec<f32>, choice: InputChoice) -> (Columnwise, InputRule) {
    let rows = column.len();
    column.retain(|value| !value.is_nan());
    let missing = column.len() < rows;
    let marks = take_sentinels(&mut column);
    let transform = choice.of(&mut column);
    let tamed = match transform {
        InputTransform::Identity => tame(&mut column),
        _ => None,
    };
    let ordinary = tamed.or_else(|| (!marks.is_empty()).then(|| range(&column)));
    let rule = InputRule {
        fill: missing.then(|| median(&mut column)),
        ..transformed(transform)
    };
    ((ordinary, marks), rule)
}

/// The median, or of an even number of values the upper one; 0 where there is none. Reorders them.
pub(super) fn median(column: &mut [f32]) -> f32 {
    match column.len() {
        0 => 0.0,
        count => *column.select_nth_unstable_by(count / 2, f32::total_cmp).1,
    }
}

/// Limits `widths` of the range beyond both ends of it, after the transform of `rule`, whose own limits
/// are kept where they are nearer.
pub(crate) fn saturated(rule: InputRule, (least, greatest): (f32, f32), widths: f32) -> InputRule {
    let ends = [least, greatest].map(|end| rule.apply(end));
    let beyond = widths * (ends[1] - ends[0]);
    if !beyond.is_finite() {
        return rule;
    }
    InputRule {
        low: rule.restore(ends[0] - beyond).min(least),
        high: rule.restore(ends[1] + beyond).max(greatest),
        ..rule
    }
}

/// A rule of this transform, within which it is defined for every finite value.
fn transformed(transform: InputTransform) -> InputRule {
    let low = match transform {
        InputTransform::Log { centre, unit } => least_above(centre, unit),
        _ => f32::NEG_INFINITY,
    };
    InputRule {
        low,
        transform,
        ..InputRule::default()
    }
}

/// The least value whose distance to the centre is a normal number of units.
fn least_above(centre: f32, unit: f32) -> f32 {
    let is_above = |low: f32| low > centre && ((low - centre) / unit).is_normal();
    let mut step = f32::MIN_POSITIVE.max(f32::MIN_POSITIVE * unit);
    while !is_above(centre + step) && step < f32::MAX / 2.0 {
        step *= 2.0;
    }
    centre + step
}

/// The monotone map, if any, under which heavy tails become light: the first of a logarithm (where every
/// value is positive), a symmetric logarithm about the median and, where none is negative, one about 0
/// that leaves a ratio below 8; else the one that leaves the least, if it halves the ratio.
/// Sorts the column, which has no NaN. O(n log n).
pub fn heavy_tailed(column: &mut [f32]) -> Option<InputTransform> {
    column.sort_unstable_by(f32::total_cmp);
    let spread = without_common(column);
    let raw = tail_ratio(&spread)?;
    if raw <= HEAVY {
        return None;
    }
    let after = |transform: InputTransform| {
        let rule = transformed(transform);
        let mapped: Vec<f32> = spread.iter().map(|&value| rule.apply(value)).collect();
        tail_ratio(&mapped).unwrap_or(f64::INFINITY)
    };
    let tried = candidates(&spread, column[0]).map(|transform| (after(transform), transform));
    let tried: Vec<(f64, InputTransform)> = tried.collect();
    let light = tried.iter().find(|(ratio, _)| *ratio < LIGHT);
    let best = || tried.iter().min_by(|one, other| one.0.total_cmp(&other.0));
    let &(ratio, transform) = light.or_else(best)?;
    (ratio < WORTH * raw).then_some(transform)
}

/// Transforms that suit sorted values of a column with this least one.
fn candidates(sorted: &[f32], least: f32) -> impl Iterator<Item = InputTransform> {
    let quantile = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
    let median = quantile(0.5);
    let half = 0.5 * quantile(0.75) - 0.5 * quantile(0.25);
    let positive = sorted.partition_point(|&value| value <= 0.0);
    let small = sorted
        .get(positive + (sorted.len() - positive) / 10)
        .copied();
    let log = (least >= f32::MIN_POSITIVE).then_some(InputTransform::Log {
        centre: 0.0,
        unit: median,
    });
    let about = |centre: f32, unit: f32| InputTransform::SymmetricLog { centre, unit };
    let about_median = (half >= f32::MIN_POSITIVE).then(|| about(median, half));
    let small = small.filter(|&unit| least >= 0.0 && unit >= f32::MIN_POSITIVE);
    let about_zero = small.map(|unit| about(0.0, unit));
    [log, about_median, about_zero].into_iter().flatten()
}

/// Sorted values without the one that most rows have, where that is a large share.
fn without_common(sorted: &[f32]) -> Cow<'_, [f32]> {
    let runs = sorted.chunk_by(|one, other| one == other);
    match runs.max_by_key(|run| run.len()) {
        Some(run) if run.len() as f64 > COMMON * sorted.len() as f64 => {
            let common = run[0];
            Cow::Owned(
                sorted
                    .iter()
                    .copied()
                    .filter(|&value| value != common)
                    .collect(),
            )
        }
        _ => Cow::Borrowed(sorted),
    }
}

/// How far the tails of sorted values reach, in distances between the quartiles; `None` where there are
/// few or the quartiles are equal.
fn tail_ratio(sorted: &[f32]) -> Option<f64> {
    let last = sorted
        .len()
        .checked_sub(1)
        .filter(|_| sorted.len() >= FEWEST)?;
    let quantile = |share: f64| f64::from(sorted[(share * last as f64).round() as usize]);
    let between = quantile(0.75) - quantile(0.25);
    let median = quantile(0.5);
    let reach = (quantile(0.995) - median).max(median - quantile(0.005));
    (between > 0.0).then(|| reach / between)
}

#[cfg(test)]
mod tests;
