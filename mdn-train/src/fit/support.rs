//! The support of each target: chosen, or found in the training rows.

mod detect;
mod latent;

use std::borrow::Cow;

use mdn_infer::format::{Atoms, Covariance, MAX_ATOMS, Support};
use serde::Serialize;
use serde::ser::SerializeStruct;

use super::FitConfig;
use super::file_version::STATING;
use crate::data::{DataError, Dataset, OwnedRows, Standardiser, TableRows, Transform};
use crate::supports::tolerance;
use crate::train::LossKind;
use detect::{Evidence, detect, hint};

pub(crate) use latent::standard_units;

/// Rows that are looked at.
const LOOKED_AT: usize = 100_000;

/// What is chosen of a target's support; the rest follows from the training rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum SupportRule {
    /// Every number, with a density.
    Continuous,
    /// Values a step apart.
    Lattice {
        /// The distance between neighbours, above 0.
        step: f32,
    },
    /// Values that many rows have exactly, in a continuum.
    Atoms {
        /// The values.
        values: Vec<f32>,
    },
    /// No values below `low` or above `high`, one of which may be infinite.
    Bounds {
        /// The least value.
        low: f32,
        /// The greatest value.
        high: f32,
    },
    /// Directions, times of the day: the end is the beginning.
    Circle {
        /// The circumference, above 0.
        period: f32,
    },
}

/// The support of a target, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSupport {
    /// The name of the target.
    pub target: String,
    /// The support.
    pub support: Support,
    /// Whether it was chosen, or else found in the training rows.
    pub chosen: bool,
    /// What the training rows speak for, where the support is another.
    pub hint: Option<String>,
}

impl Serialize for TargetSupport {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("TargetSupport", 4)?;
        fields.serialize_field("target", &self.target)?;
        fields.serialize_field("support", &describe_target(&self.target, &self.support))?;
        fields.serialize_field("chosen", &self.chosen)?;
        fields.serialize_field("hint", &self.hint)?;
        fields.end()
    }
}

impl TargetSupport {
    /// Whether it has a point mass for 0 below the logarithms of all other values.
    pub fn has_log_zero(&self) -> bool {
        has_log_zero(&self.target, &self.support)
    }
}

fn has_log_zero(target: &str, support: &Support) -> bool {
    let transform = Transform::of_target(target, support);
    matches!(transform, Some(Transform::LogOrZero { .. }))
}

/// The `support` of the model's `target` in the words of `--support`: of the column itself, where that has
/// zeros and is learnt by its logarithm.
pub fn describe_target(target: &str, support: &Support) -> String {
    match has_log_zero(target, support) {
        true => "atoms:0, below the logarithms of all other values".to_owned(),
        false => describe(support),
    }
}

/// `support` in the words of `--support`, with what the rows added.
pub fn describe(support: &Support) -> String {
    match support {
        &Support::Lattice {
            step, low, high, ..
        } => match (low.is_finite(), high.is_finite()) {
            (true, true) => format!("lattice:{step} from {low} to {high}"),
            (true, false) => format!("lattice:{step} from {low} on"),
            (false, true) => format!("lattice:{step} up to {high}"),
            (false, false) => format!("lattice:{step}"),
        },
        Support::Atoms(atoms) => {
            let values: Vec<String> = atoms.values().iter().map(f32::to_string).collect();
            let ends = match (atoms.lowest, atoms.highest) {
                (true, true) => ", with nothing below the first or above the last",
                (true, false) => ", with nothing below",
                (false, true) => ", with nothing above",
                (false, false) => "",
            };
            format!("atoms:{}{ends}", values.join(","))
        }
        Support::Bounds { low, high } => {
            let end = |end: &f32| {
                if end.is_finite() {
                    end.to_string()
                } else {
                    String::new()
                }
            };
            format!("bounds:{},{}", end(low), end(high))
        }
        Support::Circle { period, cut, .. } => format!("circle:{period}, cut at {cut}"),
        _ => "continuous".to_owned(),
    }
}

/// Why a target cannot have the support that was chosen for it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SupportError {
    /// A value that the support does not have.
    #[error("line {line}: `{target}` is {value}, which is not on {support}; {cure}")]
    Value {
        /// The line of the table.
        line: u64,
        /// The target.
        target: String,
        /// Its value there.
        value: f32,
        /// The support.
        support: String,
        /// What to do about it.
        cure: &'static str,
    },
    /// Point masses that no training row has, or too many.
    #[error("`{target}`: no training row is {value}: leave it out of atoms:")]
    NoRow {
        /// The target.
        target: String,
        /// The value.
        value: f32,
    },
    /// More point masses than the format knows.
    #[error(
        "`{target}`: atoms: takes 1 to {MAX_ATOMS} values, and leaves others between them or beyond"
    )]
    Atoms {
        /// The target.
        target: String,
    },
    /// A target on another scale.
    #[error(
        "`{target}` is learnt on another scale, where it is continuous but for zeros of a logarithm \
         (atoms:0); take --transform or --support"
    )]
    Transformed {
        /// The target.
        target: String,
    },
    /// Zeros of a target that is learnt by its logarithm.
    #[error(
        "`{target}`: 0 has no logarithm, so a column with zeros has a point mass there; leave --support out, \
         or take the rows with 0 out"
    )]
    LogOfZero {
        /// The target.
        target: String,
    },
    /// The CRPS is that of the mixture's own line.
    #[error("`{target}`: --loss crps knows continuous targets only; take --loss nll")]
    Loss {
        /// The target.
        target: String,
    },
    /// The version of the file that is asked for states no supports.
    #[error(
        "`{target}`: a file of version {version} cannot state a support, and without it every answer is that \
         of a continuous target: no value has a probability of its own, and a quantile may be no value of \
         the table; take --file-version {STATING}, or --support '{target}=continuous'"
    )]
    FileVersion {
        /// The target.
        target: String,
        /// The version.
        version: u16,
    },
    /// The dimensions of a component must be independent.
    #[error(
        "`{target}`: full covariance of several targets knows continuous ones only: a component has no \
         density of one target given another's cell; take --covariance diagonal"
    )]
    Covariance {
        /// The target.
        target: String,
    },
}

/// Settles the support of each target of `all`, of which `training` are the rows that may say
/// something of it.
pub(super) fn settle(
    all: TableRows<'_>,
    training: TableRows<'_>,
    config: &FitConfig,
) -> Result<Vec<TargetSupport>, super::FitError> {
    let count = training.count();
    let sample = match count {
        // Each as often as its weight says.
        _ if !training.weights().is_empty() => Cow::Owned(training.repeated(LOOKED_AT)?),
        0..=LOOKED_AT => training.sample(LOOKED_AT)?,
        // The same rows wherever they are.
        _ => {
            let rows: Vec<usize> = (0..LOOKED_AT).map(|i| i * count / LOOKED_AT).collect();
            Cow::Owned(training.pick(&rows)?)
        }
    };
    let names = sample.target_names.clone();
    let mut settled = Vec::with_capacity(names.len());
    for (target, name) in names.iter().enumerate() {
        let one = match config.support_of(name) {
            Some(rule) => chosen(&sample, target, rule, config)?,
            None => found(&sample, target, config)?,
        };
        settled.push(one);
    }
    check(all, &mut settled)?;
    Ok(settled)
}

/// `config` with the supports of the targets as the whole of `data` has them: so fits to different
/// parts of it have the same ones, and scores that can be compared.
///
/// # Errors
///
/// [`FitError::Support`](super::FitError::Support).
pub fn with_supports_of(
    data: &Dataset,
    config: &FitConfig,
) -> Result<(FitConfig, Vec<TargetSupport>), super::FitError> {
    let rows = TableRows::from(data);
    let merged = rows.merged(config.hold_out)?;
    let rows = merged.as_ref().map_or(rows, OwnedRows::rows);
    let settled = settle(rows, rows, config)?;
    let rules = settled.iter().map(|one| {
        let chosen = config.support_of(&one.target).cloned();
        (
            Some(one.target.clone()),
            chosen.unwrap_or_else(|| match one.has_log_zero() {
                true => SupportRule::Atoms { values: vec![0.0] },
                false => rule(&one.support),
            }),
        )
    });
    let config = FitConfig {
        supports: rules.collect(),
        ..config.clone()
    };
    Ok((config, settled))
}

/// What would have to be chosen for `support`.
fn rule(support: &Support) -> SupportRule {
    match *support {
        Support::Lattice { step, .. } => SupportRule::Lattice { step },
        Support::Atoms(atoms) => SupportRule::Atoms {
            values: atoms.values().to_vec(),
        },
        Support::Bounds { low, high } => SupportRule::Bounds { low, high },
        Support::Circle { period, .. } => SupportRule::Circle { period },
        _ => SupportRule::Continuous,
    }
}

fn found(
    sample: &Dataset,
    target: usize,
    config: &FitConfig,
) -> Result<TargetSupport, SupportError> {
    let name = sample.target_names[target].clone();
    let transform = sample.transforms.get(target).copied().flatten();
    let continuous = |hint| TargetSupport {
        target: name.clone(),
        support: Support::Continuous,
        chosen: false,
        hint,
    };
    let refusal = || refusal(&name, config, sample.target_names.len());
    match transform {
        // There is no other way to learn the zeros.
        Some(Transform::LogOrZero { zero }) => {
            return match refusal() {
                None => Ok(TargetSupport {
                    support: log_zero(sample, target, zero),
                    ..continuous(None)
                }),
                Some(refusal) => Err(refusal),
            };
        }
        Some(_) => return Ok(continuous(None)),
        None => {}
    }
    let unit = config.column(&name).1;
    let evidence = Evidence::new(sample, target, &name, unit.as_deref());
    Ok(match detect(&evidence) {
        None => continuous(hint(&evidence)),
        Some(support) => match refusal() {
            None => TargetSupport {
                support,
                ..continuous(None)
            },
            Some(reason) => continuous(Some(format!(
                "its values look like {}, which is left aside: {reason}",
                describe(&support)
            ))),
        },
    })
}

/// The point mass at `zero`, the place of 0 below all logarithms, whether or not the rows have one.
fn log_zero(sample: &Dataset, target: usize, zero: f32) -> Support {
    let mut logarithms: Vec<f32> = sample.target_column(target).filter(|&z| z > zero).collect();
    logarithms.sort_by(f32::total_cmp);
    let gap = detect::deviation(&logarithms) as f32;
    let gap = if gap.is_normal() { gap } else { 1.0 };
    with_gap(&[zero], true, false, gap).unwrap_or(Support::Continuous)
}

fn chosen(
    sample: &Dataset,
    target: usize,
    rule: &SupportRule,
    config: &FitConfig,
) -> Result<TargetSupport, SupportError> {
    let name = sample.target_names[target].clone();
    let transform = sample.transforms.get(target).copied().flatten();
    let is_zero =
        |rule: &SupportRule| matches!(rule, SupportRule::Atoms { values } if values[..] == [0.0]);
    let support = match (rule, transform) {
        (SupportRule::Continuous, Some(Transform::LogOrZero { .. })) => {
            return Err(SupportError::LogOfZero { target: name });
        }
        (rule, Some(Transform::LogOrZero { zero })) if is_zero(rule) => {
            if let Some(refusal) = refusal(&name, config, sample.target_names.len()) {
                return Err(refusal);
            }
            log_zero(sample, target, zero)
        }
        (SupportRule::Continuous, _) => Support::Continuous,
        (rule, Some(Transform::Log)) if is_zero(rule) => {
            let value = 0.0;
            return Err(SupportError::NoRow {
                target: name,
                value,
            });
        }
        (_, Some(_)) => return Err(SupportError::Transformed { target: name }),
        (rule, None) => {
            if let Some(refusal) = refusal(&name, config, sample.target_names.len()) {
                return Err(refusal);
            }
            let mut values: Vec<f32> = sample.target_column(target).collect();
            values.sort_by(f32::total_cmp);
            complete(rule, &values, &name)?
        }
    };
    Ok(TargetSupport {
        target: name,
        support,
        chosen: true,
        hint: None,
    })
}

/// Why a target of this fit must be continuous.
fn refusal(name: &str, config: &FitConfig, targets: usize) -> Option<SupportError> {
    let target = name.to_owned();
    if let Some(version) = config.file_version.filter(|&version| version < STATING) {
        return Some(SupportError::FileVersion { target, version });
    }
    if config.options.loss == LossKind::Crps {
        return Some(SupportError::Loss { target });
    }
    let full = config.covariance == Covariance::Full && targets > 1;
    full.then_some(SupportError::Covariance { target })
}

/// What the training rows, `values` in ascending order, add to what was chosen.
fn complete(rule: &SupportRule, values: &[f32], name: &str) -> Result<Support, SupportError> {
    Ok(match rule {
        SupportRule::Continuous => Support::Continuous,
        &SupportRule::Lattice { step } => detect::lattice(values, step),
        SupportRule::Atoms { values: atoms } => {
            let mut atoms = atoms.clone();
            atoms.sort_by(f32::total_cmp);
            atoms.dedup();
            let missing = |atom: &&f32| values.binary_search_by(|v| v.total_cmp(atom)).is_err();
            if let Some(&value) = atoms.iter().find(missing) {
                let target = name.to_owned();
                return Err(SupportError::NoRow { target, value });
            }
            let target = name.to_owned();
            detect::atoms(values, &atoms).ok_or(SupportError::Atoms { target })?
        }
        &SupportRule::Bounds { low, high } => Support::Bounds { low, high },
        &SupportRule::Circle { period } => detect::circle(values, period),
    })
}

/// Whether every row is on its targets' supports: where not, what was chosen is refused and what was
/// found dropped.
fn check(all: TableRows<'_>, settled: &mut [TargetSupport]) -> Result<(), super::FitError> {
    if settled.iter().all(|one| one.support == Support::Continuous) {
        return Ok(());
    }
    all.visit(|block| {
        for (target, one) in settled.iter_mut().enumerate() {
            let off = block
                .target_column(target)
                .position(|value| !has(&one.support, value));
            let Some(row) = off else { continue };
            if !one.chosen {
                one.support = Support::Continuous;
                continue;
            }
            return Err(super::FitError::Support(SupportError::Value {
                line: block.lines[row],
                target: one.target.clone(),
                value: block.target(row)[target],
                support: describe_target(&one.target, &one.support),
                cure: cure(&one.support),
            }));
        }
        Ok(())
    })
}

fn cure(support: &Support) -> &'static str {
    match support {
        Support::Lattice { .. } => "choose a step that all values have",
        Support::Bounds { .. } => "choose wider bounds, or none on that side",
        _ => "choose --support continuous",
    }
}

/// Whether a value is on the support.
pub(super) fn has(support: &Support, value: f32) -> bool {
    match *support {
        Support::Lattice {
            origin,
            step,
            low,
            high,
        } => {
            let [origin, step, y] = [origin, step, value].map(f64::from);
            let nearest = origin + ((y - origin) / step).round() * step;
            let slack = 0.25 * step as f32;
            (nearest - y).abs() <= tolerance(step, y)
                && is_near_for_the_engine(value, support)
                && (low - slack..=high + slack).contains(&value)
        }
        Support::Atoms(atoms) => {
            let values = atoms.values();
            !(atoms.lowest && values.first().is_some_and(|&least| value < least)
                || atoms.highest && values.last().is_some_and(|&greatest| value > greatest))
        }
        Support::Bounds { low, high } => (low..=high).contains(&value),
        _ => true,
    }
}

/// Whether the engine takes `value` for one of a lattice, in its arithmetic of 32 bits: places a few steps of `f32`
/// apart cannot be told from what lies between them.
fn is_near_for_the_engine(value: f32, support: &Support) -> bool {
    const NEAR: f32 = 1.0 / 1024.0;
    match *support {
        Support::Lattice { origin, step, .. } => {
            let place = (value - origin) / step;
            (place - place.round()).abs() <= NEAR
        }
        _ => true,
    }
}

/// For each target the share of rows, by their weights, whose values are point masses beside a density.
pub(super) fn atom_shares(
    rows: TableRows<'_>,
    settled: &[TargetSupport],
) -> Result<Vec<f64>, DataError> {
    let mut counts = vec![0.0; settled.len()];
    rows.visit(|block| {
        for (target, (count, one)) in counts.iter_mut().zip(settled).enumerate() {
            if let Support::Atoms(atoms) = &one.support {
                let values = block.target_column(target).zip(block.weights());
                let on_atoms = values.filter(|(value, _)| atoms.values().contains(value));
                *count += on_atoms.map(|(_, weight)| weight).sum::<f64>();
            }
        }
        Ok::<_, DataError>(())
    })?;
    let all = if rows.count() == 0 {
        1.0
    } else {
        rows.weight()
    };
    Ok(counts.into_iter().map(|count| count / all).collect())
}

/// The units that training sees of targets with a support: those of their places on the mixture's
/// line; others stay as they are.
pub(super) fn restandardise(
    training: TableRows<'_>,
    settled: &[TargetSupport],
    targets: &mut Standardiser,
) -> Result<(), DataError> {
    let mut moments: Vec<latent::Moments> = settled
        .iter()
        .map(|one| latent::Moments::new(&one.support))
        .collect();
    if settled.iter().all(|one| one.support == Support::Continuous) {
        return Ok(());
    }
    training.visit(|block| {
        for (target, moments) in moments.iter_mut().enumerate() {
            let values = block.target_column(target).zip(block.weights());
            values.for_each(|(value, weight)| moments.add(value, weight));
        }
        Ok::<_, DataError>(())
    })?;
    for (target, (moments, one)) in moments.iter().zip(settled).enumerate() {
        if one.support != Support::Continuous {
            (targets.shift[target], targets.scale[target]) = moments.shift_and_scale();
        }
    }
    Ok(())
}

/// The point masses of `atoms` with this gap.
fn with_gap(values: &[f32], lowest: bool, highest: bool, gap: f32) -> Option<Support> {
    Atoms::new(values, lowest, highest, gap)
        .map(Support::Atoms)
        .filter(Support::is_sound)
}
