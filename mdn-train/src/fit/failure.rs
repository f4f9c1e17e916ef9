//! Whether training came to anything.

use libm::erf;
use mdn_infer::format::Support;
use mdn_infer::{Mixture, PredictError};

use super::plan::Plan;
use super::{FitError, TargetSupport};
use crate::data::{DataError, Dataset, Standardiser, TableRows};
use crate::metrics::{likeliest, map_predictions};
use crate::model_file::ModelFile;
use crate::supports::log_density;
use crate::train::{LossKind, Trained};

/// Rows that are looked at.
const LOOKED_AT: usize = 100_000;
/// The 99% point of the standard normal distribution.
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
    /// The model's mean loss; not finite where training went out of all bounds.
    pub loss: f64,
    /// The loss of the normal distribution with the training rows' mean and standard deviation.
    pub normal: f64,
    /// Whether the model predicts its training rows better than that normal distribution, and only
    /// those held back worse: it knows them by heart.
    pub by_heart: bool,
}

/// What there is to say of the model in `file`, which `networks` became, where it is worse than a
/// normal distribution beyond chance, as [`chance`] says. Nothing where training was ended from outside.
///
/// Takes a prediction for each of at most 100000 rows, wild values of which count as the nearest
/// ordinary one.
pub(super) fn nothing_learnt(
    plan: &Plan<'_>,
    networks: &[Trained],
    file: &ModelFile,
) -> Result<Option<NothingLearnt>, FitError> {
    if networks.iter().any(|one| one.interruption().is_some()) {
        return Ok(None);
    }
    let training = looked_at(plan, plan.training.rows())?;
    let all: Vec<usize> = (0..training.rows).collect();
    let normal = Standardiser::fit(&training.targets, training.target_names.len(), &all);
    let normal = Normal::new(plan, &training, normal);
    let held_back = plan.held_back();
    let judged = held_back.map(|rows| looked_at(plan, rows)).transpose()?;
    let judged = judged.as_ref().unwrap_or(&training);
    let (ours, normals) = (
        model_losses(plan, file, judged)?,
        normal_losses(plan, &normal, judged),
    );
    let diverged = networks.iter().find_map(|one| {
        let loss = one.validation_loss.unwrap_or(one.train_loss);
        loss.is_nan().then_some(loss)
    });
    let loss = diverged.unwrap_or_else(|| mean(&ours));
    let fails = loss.is_nan() || loss > mean(&normals) + chance(&ours, &normals);
    if !fails {
        return Ok(None);
    }
    let learnt = mean(&model_losses(plan, file, &training)?);
    let raw = |loss| match held_back {
        Some(_) => plan.units.validation(loss),
        None => plan.units.train(loss),
    };
    Ok(Some(NothingLearnt {
        kind: plan.units.kind(),
        held_back: held_back.is_some(),
        loss: raw(loss),
        normal: raw(mean(&normals)),
        by_heart: learnt < mean(&normal_losses(plan, &normal, &training)),
    }))
}

/// `rows`, evenly chosen where there are many, each as often as its weight says, wild values as training sees them.
fn looked_at(plan: &Plan<'_>, rows: TableRows<'_>) -> Result<Dataset, DataError> {
    let step = rows.count().div_ceil(LOOKED_AT).max(1);
    let numbers: Vec<usize> = (0..rows.count()).step_by(step).collect();
    let mut data = match rows.weights() {
        [] => rows.pick(&numbers)?,
        _ => rows.repeated(LOOKED_AT)?,
    };
    let [inputs, targets] = &plan.ordinary;
    data.inputs = inputs.clamp(&data.inputs).into_owned();
    data.targets = targets.clamp(&data.targets).into_owned();
    Ok(data)
}

/// The largest difference of the mean losses of rows that is taken for chance, with a probability of
/// error of 1%: by the standard error of the rows' differences, with Student's factor for few rows, or
/// by that of the normal distribution's own losses where it is less. So rows of wild losses are no excuse
/// for themselves.
fn chance(ours: &[f64], normals: &[f64]) -> f64 {
    let differences: Vec<f64> = ours
        .iter()
        .zip(normals)
        .map(|(ours, normal)| ours - normal)
        .collect();
    let count = normals.len() as f64;
    let own = SIGNIFICANT * (squares(normals) / count / count).sqrt();
    let freedom = count - 1.0;
    let paired = student(freedom) * (squares(&differences) / freedom / count).sqrt();
    // Without a finite one the other counts.
    own.min(paired)
}

/// The 99% point of Student's distribution with `freedom` degrees, to 1% from 4 on (Abramowitz and
/// Stegun 1964, 26.7.5), and too low for fewer.
fn student(freedom: f64) -> f64 {
    let z = SIGNIFICANT;
    z + (z.powi(3) + z) / (4.0 * freedom)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z)
            / (384.0 * freedom.powi(3))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sum of the squares of the distances from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// ln of the units that training sees of a row's density; a point mass has none.
fn log_units(plan: &Plan<'_>, targets: &[f32]) -> f64 {
    let all = targets.iter().zip(&plan.supports).zip(&plan.targets.scale);
    let log_unit = |((target, one), &scale): ((&f32, &TargetSupport), &f32)| match &one.support {
        Support::Atoms(atoms) if atoms.values().contains(target) => 0.0,
        _ => f64::from(scale).ln(),
    };
    all.map(log_unit).sum()
}

/// The loss of each of `rows` under the model, in the units that training sees.
fn model_losses(plan: &Plan<'_>, file: &ModelFile, rows: &Dataset) -> Result<Vec<f64>, FitError> {
    let kind = plan.units.kind();
    let loss = |mixture: &Mixture<'_>, targets: &[f32]| match kind {
        LossKind::Nll => Ok(-f64::from(mixture.log_density(targets)?) - log_units(plan, targets)),
        LossKind::Crps => {
            let mut sum = 0.0;
            for (d, (&target, &scale)) in targets.iter().zip(&plan.targets.scale).enumerate() {
                let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
                sum += f64::from(marginal.crps(target)?) / f64::from(scale);
            }
            Ok(sum)
        }
    };
    let losses = map_predictions(&file.model(), rows, |row, mixture| {
        match mixture.and_then(|mixture| loss(&mixture, rows.target(row))) {
            Err(PredictError::Overflow) => Ok(f64::INFINITY),
            loss => loss,
        }
    });
    Ok(losses?)
}

/// One normal distribution that knows no inputs.
struct Normal {
    moments: Standardiser,
    /// Mean and standard deviation beneath the support of each target; none where all are continuous.
    beneath: Vec<(f64, f64)>,
}

impl Normal {
    /// That of the `training` rows' `moments`, or where a target has a support the likeliest one.
    fn new(plan: &Plan<'_>, training: &Dataset, moments: Standardiser) -> Self {
        let supports = plan.supports.iter().map(|one| one.support);
        let smooth = supports
            .clone()
            .all(|support| support == Support::Continuous);
        let beneath = supports.enumerate().map(|(target, support)| match support {
            Support::Continuous => (moments.shift[target].into(), moments.scale[target].into()),
            support => {
                let column: Vec<f64> = training.target_column(target).map(f64::from).collect();
                likeliest(&support, &column)
            }
        });
        Normal {
            beneath: if smooth {
                Vec::new()
            } else {
                beneath.collect()
            },
            moments,
        }
    }

    /// The loss of a row in the units that training sees.
    fn supported_loss(&self, plan: &Plan<'_>, targets: &[f32]) -> f64 {
        let all = plan.supports.iter().zip(&self.beneath).zip(targets);
        let densities = all.map(|((one, &(mean, deviation)), &target)| {
            log_density(&one.support, mean, deviation, target.into())
        });
        -densities.sum::<f64>() - log_units(plan, targets)
    }
}

/// The loss of each of `rows` under `normal`, in the units that training sees.
fn normal_losses(plan: &Plan<'_>, normal: &Normal, rows: &Dataset) -> Vec<f64> {
    if !normal.beneath.is_empty() {
        let targets = (0..rows.rows).map(|row| rows.target(row));
        return targets
            .map(|targets| normal.supported_loss(plan, targets))
            .collect();
    }
    let kind = plan.units.kind();
    let scales = normal.moments.scale.iter().zip(&plan.targets.scale);
    let scales: Vec<f64> = scales
        .map(|(&own, &unit)| f64::from(own) / f64::from(unit))
        .collect();
    let z = normal.moments.apply(&rows.targets);
    z.chunks_exact(scales.len())
        .map(|row| row_loss(kind, row, &scales))
        .collect()
}

/// The loss of a row `z`, in standard deviations, under the normal distribution with these `scales`
/// and no correlation.
fn row_loss(kind: LossKind, z: &[f32], scales: &[f64]) -> f64 {
    use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};
    let one = |(&z, &scale): (&f32, &f64)| {
        let z = f64::from(z);
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
    fn quantiles_of_student_are_those_of_tables() {
        for (freedom, quantile) in [(4.0, 3.747), (9.0, 2.821), (29.0, 2.462), (99.0, 2.365)] {
            let found = student(freedom);
            assert!((found / quantile - 1.0).abs() < 0.01, "{freedom}: {found}");
        }
    }

    #[test]
    fn chance_is_what_differences_or_the_normal_losses_explain() {
        // Losses that go together tell small differences.
        let normals: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
        let shifted = |by: f64| -> Vec<f64> {
            let small = |(i, loss): (usize, &f64)| loss + by + 0.01 * (i % 2) as f64;
            normals.iter().enumerate().map(small).collect()
        };
        let is_worse = |ours: &[f64]| mean(ours) > mean(&normals) + chance(ours, &normals);
        assert!(is_worse(&shifted(0.1)) && !is_worse(&shifted(-0.0055)));
        // One wild loss widens the differences, not what the normal distribution's explain.
        let mut wild = shifted(-1.0);
        wild[7] = 1e6;
        assert!(is_worse(&wild));
        // A single row has no spread; whatever is worse is worse.
        assert_eq!(chance(&[3.0], &[1.0]), 0.0);
        assert!(chance(&[f64::INFINITY, 1.0], &[1.0, 2.0]).is_finite());
    }

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
