//! Whether training came to anything.

use libm::erf;
use mdn_infer::format::Support;

use super::plan::{Plan, Standard};
use crate::data::{DataError, Standardiser, TableRows};
use crate::metrics::likeliest;
use crate::oracle::support::log_density;
use crate::train::{LossKind, Trained};

/// Rows that are looked at.
const LOOKED_AT: usize = 100_000;
/// Standard errors beyond which a difference is not taken for chance.
const SIGNIFICANT: f64 = 2.33;

/// Training has failed: one normal distribution that knows no inputs predicts the rows better. Losses
/// are in the units of [`LossUnits`](super::LossUnits).
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "training has failed: the {kind} of {rows} is {loss:.4}, worse than the {normal:.4} of one normal \
     distribution that knows no inputs",
    kind = kind.name(),
    rows = if *held_back { "the rows held back" } else { "the training rows" }
)]
pub struct NothingLearnt {
    /// What was minimised.
    pub kind: LossKind,
    /// Whether the rows are those held back, or else those of the training.
    pub held_back: bool,
    /// The mean loss of the networks; not finite where training went out of all bounds.
    pub loss: f64,
    /// The loss of the normal distribution with the training rows' mean and standard deviation.
    pub normal: f64,
}

/// What there is to say of `networks` where they are worse than a normal distribution beyond chance:
/// by more than 2.33 standard errors of its mean loss. Nothing where training was ended from outside.
pub(super) fn nothing_learnt(
    plan: &Plan<'_>,
    networks: &[Trained],
) -> Result<Option<NothingLearnt>, DataError> {
    if networks.iter().any(|one| one.interruption().is_some()) {
        return Ok(None);
    }
    let training = targets(plan, plan.training.rows())?;
    let held_back = plan.held_back();
    let columns = plan.rows.target_names().len();
    let all: Vec<usize> = (0..training.len() / columns).collect();
    let normal = Standardiser::fit(&training, columns, &all);
    let judged = match held_back {
        Some(rows) => targets(plan, rows)?,
        None => training.clone(),
    };
    let kind = plan.units.kind();
    let references = references(plan, &training, &normal);
    let losses: Vec<f64> = judged
        .chunks_exact(columns)
        .map(|row| {
            references
                .iter()
                .zip(row)
                .map(|(one, &t)| one.loss(kind, t))
                .sum()
        })
        .collect();
    let count = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / count;
    let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / count;
    let chance = SIGNIFICANT * (variance / count).sqrt();
    let loss = networks
        .iter()
        .map(|one| one.validation_loss.unwrap_or(one.train_loss));
    let loss = loss.sum::<f64>() / networks.len() as f64;
    let raw = |loss| match held_back {
        Some(_) => plan.units.validation(loss),
        None => plan.units.train(loss),
    };
    let fails = loss.is_nan() || loss > mean + chance;
    Ok(fails.then(|| NothingLearnt {
        kind,
        held_back: held_back.is_some(),
        loss: raw(loss),
        normal: raw(mean),
    }))
}

/// The targets of `rows`, evenly chosen where there are many, in the units that training sees.
fn targets(plan: &Plan<'_>, rows: TableRows<'_>) -> Result<Vec<f32>, DataError> {
    match plan.standard(rows) {
        Standard::Memory { targets, .. } => Ok(targets),
        Standard::Stored(stored) => stored.every(rows.count().div_ceil(LOOKED_AT)),
    }
}

/// One normal distribution for a target, in the units that training sees.
struct Reference {
    support: Support,
    mean: f64,
    deviation: f64,
}

/// For each target the normal distribution of the `training` rows' moments, or where it has a support
/// the likeliest one beneath it.
fn references(plan: &Plan<'_>, training: &[f32], moments: &Standardiser) -> Vec<Reference> {
    let columns = moments.shift.len();
    let supports = plan.standard_supports.iter().enumerate();
    let one = |(target, &support): (usize, &Support)| {
        let (mean, deviation) = match support {
            Support::Continuous => (moments.shift[target].into(), moments.scale[target].into()),
            support => {
                let column = training.iter().skip(target).step_by(columns);
                likeliest(&support, &column.map(|&t| f64::from(t)).collect::<Vec<_>>())
            }
        };
        Reference {
            support,
            mean,
            deviation,
        }
    };
    supports.map(one).collect()
}

impl Reference {
    fn loss(&self, kind: LossKind, t: f32) -> f64 {
        let t = f64::from(t);
        match kind {
            LossKind::Nll => -log_density(&self.support, self.mean, self.deviation, t),
            LossKind::Crps => self.deviation * crps((t - self.mean) / self.deviation),
        }
    }
}

/// The CRPS of `z` under the standard normal distribution.
fn crps(z: f64) -> f64 {
    use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};
    let density = (-0.5 * z * z).exp() / TAU.sqrt();
    z * erf(z * FRAC_1_SQRT_2) + 2.0 * density - PI.sqrt().recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_the_normal_distribution_are_those_of_its_definition() {
        let reference = Reference {
            support: Support::Continuous,
            mean: 1.0,
            deviation: 2.0,
        };
        let entropy = reference.loss(LossKind::Nll, 3.0);
        let known = 0.5 * (2.0 * std::f64::consts::PI).ln() + 0.5 + 2_f64.ln();
        assert!((entropy - known).abs() < 1e-12);
        // ∫ (Φ(x) − 1{x > z})² dx by the trapezoid rule.
        for z in [-1.5, 0.0, 0.4, 3.0_f32] {
            let step = 1e-3;
            let square = |i: i32| {
                let x = f64::from(i) * step;
                let below = 0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2));
                (below - f64::from(u8::from(x > f64::from(z)))).powi(2) * step
            };
            let integral: f64 = (-12_000..12_000).map(square).sum();
            let found = crps(z.into());
            assert!((found - integral).abs() < 2e-3, "{z}: {found} {integral}");
        }
    }
}
