//! Whether training came to anything.

use libm::erf;

use super::plan::{Plan, Standard};
use crate::data::{DataError, Standardiser, TableRows};
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
        None => training,
    };
    let kind = plan.units.kind();
    let judged = normal.apply(&judged);
    let losses: Vec<f64> = judged
        .chunks_exact(columns)
        .map(|row| row_loss(kind, row, &normal.scale))
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

/// The loss of a row `z`, in standard deviations, under the normal distribution with these `scales`
/// and no correlation.
fn row_loss(kind: LossKind, z: &[f32], scales: &[f32]) -> f64 {
    use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};
    let one = |(&z, &scale): (&f32, &f32)| {
        let (z, scale) = (f64::from(z), f64::from(scale));
        match kind {
            LossKind::Nll => 0.5 * (TAU.ln() + z * z) + scale.ln(),
            LossKind::Crps => {
                let density = (-0.5 * z * z).exp() / TAU.sqrt();
                scale * (z * erf(z * FRAC_1_SQRT_2) + 2.0 * density - PI.sqrt().recip())
            }
        }
    };
    z.iter().zip(scales).map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_the_normal_distribution_are_those_of_its_definition() {
        let entropy = row_loss(LossKind::Nll, &[1.0], &[2.0]);
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
            let found = row_loss(LossKind::Crps, &[z], &[1.0]);
            assert!((found - integral).abs() < 2e-3, "{z}: {found} {integral}");
        }
    }
}
