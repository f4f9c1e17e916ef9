//! The loss of a network and its gradient by central differences, in double precision.

use mdn_train::oracle::support::log_density;

use super::*;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Identity => x,
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Relu => x.max(0.0),
        Activation::Gelu => {
            x * sigmoid((8.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x))
        }
        Activation::Silu => x * sigmoid(x),
        other => panic!("{other:?}"),
    }
}

fn outputs(architecture: &Architecture, parameters: &[f64], inputs: &[f32]) -> Vec<f64> {
    let mut values: Vec<f64> = inputs.iter().map(|&x| x.into()).collect();
    let hidden = architecture.hidden.iter();
    let mut layers: Vec<_> = hidden
        .map(|layer| (layer.units(), layer.activation()))
        .collect();
    layers.push((architecture.head.outputs(), Activation::Identity));
    let mut rest = parameters;
    for (width, activation) in layers {
        let (layer, after) = rest.split_at((values.len() + 1) * width);
        rest = after;
        values = (0..width)
            .map(|o| {
                let bias = layer[values.len() * width + o];
                let products = values.iter().enumerate();
                let sum = products.map(|(i, v)| v * layer[i * width + o]).sum::<f64>() + bias;
                activate(activation, sum)
            })
            .collect();
    }
    assert!(rest.is_empty());
    values
}

fn log_scale(head: &Head, output: f64) -> f64 {
    let value = match head.scale_map {
        ScaleMap::Exp => output,
        ScaleMap::Softplus => output.exp().ln_1p().ln(),
        other => panic!("{other:?}"),
    };
    value.clamp(head.log_scale_min.into(), head.log_scale_max.into())
}

/// Σ of one component from its factors `[F]`.
fn covariance(head: &Head, factors: &[f64]) -> DMatrix<f64> {
    let d = usize::from(head.dimensions);
    match head.covariance {
        Covariance::Isotropic => {
            DMatrix::identity(d, d) * (2.0 * log_scale(head, factors[0])).exp()
        }
        Covariance::Diagonal => DMatrix::from_fn(d, d, |i, j| {
            if i == j {
                (2.0 * log_scale(head, factors[i])).exp()
            } else {
                0.0
            }
        }),
        Covariance::Full => {
            let mut factor = DMatrix::zeros(d, d);
            let mut entries = factors.iter();
            for i in 0..d {
                for j in 0..=i {
                    let &entry = entries.next().expect("D(D+1)/2 factors");
                    factor[(i, j)] = if i == j {
                        (-log_scale(head, entry)).exp()
                    } else {
                        entry
                    };
                }
            }
            (factor.transpose() * factor)
                .try_inverse()
                .expect("regular")
        }
        other => panic!("{other:?}"),
    }
}

fn log_normal(difference: DVector<f64>, covariance: DMatrix<f64>) -> f64 {
    let d = difference.len() as f64;
    let cholesky = covariance.cholesky().expect("positive definite");
    let square = difference.dot(&cholesky.solve(&difference));
    -0.5 * (square + cholesky.ln_determinant() + d * std::f64::consts::TAU.ln())
}

fn log_sum_exp(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + values.iter().map(|v| (v - highest).exp()).sum::<f64>().ln()
}

fn nll(head: &Head, outputs: &[f64], target: &[f32]) -> f64 {
    let (k, d) = (usize::from(head.components), target.len());
    let (logits, rest) = outputs.split_at(k);
    let (means, factors) = rest.split_at(d * k);
    let joint: Vec<f64> = (0..k)
        .map(|c| {
            let difference = DVector::from_fn(d, |i, _| f64::from(target[i]) - means[i * k + c]);
            let own: Vec<f64> = factors.iter().skip(c).step_by(k).copied().collect();
            logits[c] + log_normal(difference, covariance(head, &own))
        })
        .collect();
    log_sum_exp(logits) - log_sum_exp(&joint)
}

/// E|x| of the normal x.
fn distance(mean: f64, scale: f64) -> f64 {
    let x = mean / scale;
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let cdf = 0.5 * statrs::function::erf::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
    2.0 * scale * density + mean * (2.0 * cdf - 1.0)
}

/// Over the targets, the sum of E|t − x| − ½ E|x − x′|.
fn crps(head: &Head, outputs: &[f64], target: &[f32]) -> f64 {
    let (k, d) = (usize::from(head.components), target.len());
    let scales = (outputs.len() / k - 1 - d).min(d);
    let total = log_sum_exp(&outputs[..k]);
    let weight = |c: usize| (outputs[c] - total).exp();
    let mut sum = 0.0;
    for i in 0..d {
        let mean = |c: usize| outputs[(1 + i) * k + c];
        let row = 1 + d + i.min(scales - 1);
        let scale = |c: usize| log_scale(head, outputs[row * k + c]).exp();
        for c in 0..k {
            let among = (0..k).map(|other| {
                let both = scale(c).hypot(scale(other));
                weight(other) * distance(mean(c) - mean(other), both)
            });
            let from_target = distance(f64::from(target[i]) - mean(c), scale(c));
            sum += weight(c) * (from_target - 0.5 * among.sum::<f64>());
        }
    }
    sum
}

/// The likelihood of independent dimensions with these supports.
fn supported(supports: &[Support], head: &Head, outputs: &[f64], target: &[f32]) -> f64 {
    let (k, d) = (usize::from(head.components), target.len());
    let scales = (outputs.len() / k - 1 - d).min(d);
    let factor = |c: usize, i: usize| {
        let output = outputs[(1 + d + i.min(scales - 1)) * k + c];
        let mean = outputs[(1 + i) * k + c];
        log_density(
            &supports[i],
            mean,
            log_scale(head, output).exp(),
            f64::from(target[i]),
        )
    };
    let joint: Vec<f64> = (0..k)
        .map(|c| outputs[c] + (0..d).map(|i| factor(c, i)).sum::<f64>())
        .collect();
    log_sum_exp(&outputs[..k]) - log_sum_exp(&joint)
}

/// The mean loss.
pub fn loss(case: &Case, parameters: &[f64]) -> f64 {
    let (architecture, rows) = (&case.architecture, case.rows());
    let row = |outputs: &[f64], target: &[f32]| match case.loss {
        _ if !case.supports.is_empty() => {
            supported(&case.supports, &architecture.head, outputs, target)
        }
        LossKind::Nll => nll(&architecture.head, outputs, target),
        LossKind::Crps => crps(&architecture.head, outputs, target),
    };
    mean(row, architecture, parameters, (rows, &case.weights))
}

/// The mean of a score of a row, each of which counts as many times as its weight says.
fn mean(
    row: impl Fn(&[f64], &[f32]) -> f64,
    architecture: &Architecture,
    parameters: &[f64],
    (rows, weights): (Rows, &[f32]),
) -> f64 {
    let d = usize::from(architecture.head.dimensions);
    let inputs = rows.inputs.chunks_exact(architecture.inputs);
    let sum: f64 = inputs
        .zip(rows.targets.chunks_exact(d))
        .enumerate()
        .map(|(number, (input, target))| {
            let outputs = outputs(architecture, parameters, input);
            f64::from(*weights.get(number).unwrap_or(&1.0)) * row(&outputs, target)
        })
        .sum();
    sum / (rows.targets.len() / d) as f64
}

/// ½ ln det V + ½ δᵀ V⁻¹ δ, with the mean and the covariance V of the mixture.
fn moments_score(head: &Head, outputs: &[f64], target: &[f32]) -> f64 {
    let (k, d) = (usize::from(head.components), target.len());
    let total = log_sum_exp(&outputs[..k]);
    let weight = |c: usize| (outputs[c] - total).exp();
    let component_mean = |c: usize| DVector::from_fn(d, |i, _| outputs[(1 + i) * k + c]);
    let mean: DVector<f64> = (0..k).map(|c| component_mean(c) * weight(c)).sum();
    let second_moment = |c: usize| {
        let factors = outputs[(1 + d) * k..].iter();
        let own: Vec<f64> = factors.skip(c).step_by(k).copied().collect();
        let from_mean = component_mean(c) - &mean;
        (covariance(head, &own) + &from_mean * from_mean.transpose()) * weight(c)
    };
    let covariance: DMatrix<f64> = (0..k).map(second_moment).sum();
    let difference = DVector::from_fn(d, |i, _| f64::from(target[i])) - mean;
    let normal = d as f64 * std::f64::consts::TAU.ln() / 2.0;
    -log_normal(difference, covariance) - normal
}

/// What a gradient is of: the loss and so many times the moments' score.
fn value(case: &Case, parameters: &[f64]) -> f64 {
    let loss = loss(case, parameters);
    if case.moments == 0.0 {
        return loss;
    }
    let (architecture, rows) = (&case.architecture, case.rows());
    let score =
        |outputs: &[f64], target: &[f32]| moments_score(&architecture.head, outputs, target);
    loss + f64::from(case.moments) * mean(score, architecture, parameters, (rows, &case.weights))
}

/// Its gradient by central differences. The step is small, so that ReLU's kink doesn't fall
/// within it; what rounding then leaves is some 1e-8.
pub fn gradient(case: &Case, parameters: &[f64]) -> Vec<f64> {
    const STEP: f64 = 1e-7;
    let mut moved = parameters.to_vec();
    (0..parameters.len())
        .map(|i| {
            let mut at = |offset: f64| {
                moved[i] = parameters[i] + offset;
                value(case, &moved)
            };
            let difference = at(STEP) - at(-STEP);
            moved[i] = parameters[i];
            difference / (2.0 * STEP)
        })
        .collect()
}
