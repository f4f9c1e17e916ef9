//! An independent evaluation of a model in binary64, written for reading and for no other virtue.
//!
//! It takes the numbers of the file and nothing else from the engine: kernels are matrices,
//! covariances are built in raw units and inverted again, functions are the platform's. The
//! engine is measured against it; nothing is computed with it.

mod marginal;
mod tail_means;

pub use crate::supports::{self as support, normal_cdf};
pub use marginal::OracleMarginal;
pub use tail_means::OracleTail;

use mdn_infer::format::{Activation, Covariance, InputRule, InputTransform, ScaleMap, Support};
use mdn_infer::{Layer, Model};
use nalgebra::{DMatrix, DVector};

/// A model in binary64.
pub struct Oracle {
    /// `[I]`; empty where the file has none.
    input_rules: Vec<InputRule>,
    input_shift: DVector<f64>,
    input_scale: DVector<f64>,
    target_shift: DVector<f64>,
    target_scale: DVector<f64>,
    /// The dense layers of each network.
    networks: Vec<Vec<OracleLayer>>,
    head: mdn_infer::format::Head,
}

struct OracleLayer {
    /// `[outputs × inputs]`
    kernel: DMatrix<f64>,
    bias: DVector<f64>,
    activation: Activation,
}

/// A mixture in binary64 and in raw units.
pub struct OracleMixture {
    /// ln πₖ
    pub log_weights: Vec<f64>,
    /// μₖ
    pub means: Vec<DVector<f64>>,
    /// Σₖ
    pub covariances: Vec<DMatrix<f64>>,
}

impl Oracle {
    /// Takes the numbers out of `model`.
    pub fn new(model: &Model<'_>) -> Self {
        let vector =
            |values: &[f32]| DVector::from_iterator(values.len(), values.iter().map(|&v| v.into()));
        let networks = (0..model.members())
            .map(|member| model.network(member).map(OracleLayer::new).collect());
        Oracle {
            input_rules: model.input_rules().into_iter().flatten().collect(),
            input_shift: vector(model.input_shift()),
            input_scale: vector(model.input_scale()),
            target_shift: vector(model.target_shift()),
            target_scale: vector(model.target_scale()),
            networks: networks.collect(),
            head: *model.head(),
        }
    }

    /// The mixture at the raw input `x`: the mean of the networks' densities.
    pub fn predict(&self, x: &[f32]) -> OracleMixture {
        let networks = self.networks.iter().map(|layers| {
            let outputs = layers.iter().fold(self.standardise(x), OracleLayer::apply);
            self.mixture(&outputs)
        });
        let share = (self.networks.len() as f64).ln();
        let mut all = OracleMixture {
            log_weights: Vec::new(),
            means: Vec::new(),
            covariances: Vec::new(),
        };
        for network in networks {
            let log_weights = network.log_weights.iter().map(|weight| weight - share);
            all.log_weights.extend(log_weights);
            all.means.extend(network.means);
            all.covariances.extend(network.covariances);
        }
        all
    }

    /// |bias| + |kernel| · |activations| for each output at `x`, `[1 + D + F][K]` with the
    /// components of all networks: how large the terms are whose sum it is, and so what one
    /// rounding in it may cost.
    ///
    /// # Panics
    ///
    /// Never: a model has at least one layer.
    pub fn magnitudes(&self, x: &[f32]) -> DVector<f64> {
        let networks = self.networks.iter().map(|layers| {
            let (last, hidden) = layers.split_last().expect("the head's layer");
            let activations = hidden.iter().fold(self.standardise(x), OracleLayer::apply);
            last.kernel.abs() * activations.abs() + last.bias.abs()
        });
        let networks: Vec<DVector<f64>> = networks.collect();
        let components = usize::from(self.head.components);
        let rows = (0..self.head.outputs()).step_by(components);
        let each = rows.flat_map(|row| networks.iter().map(move |one| one.rows(row, components)));
        let all: Vec<f64> = each
            .flat_map(|row| row.iter().copied().collect::<Vec<_>>())
            .collect();
        DVector::from_vec(all)
    }

    fn standardise(&self, x: &[f32]) -> DVector<f64> {
        let mut x: Vec<f64> = x.iter().map(|&x| x.into()).collect();
        let mut indicators = Vec::new();
        for (x, rule) in x.iter_mut().zip(&self.input_rules) {
            if let Some(fill) = rule.fill {
                indicators.push(f64::from(u8::from(x.is_nan())));
                *x = if x.is_nan() { fill.into() } else { *x };
            }
            *x = x.clamp(rule.low.into(), rule.high.into());
            *x = match rule.transform {
                InputTransform::Identity => *x,
                InputTransform::Log { centre, unit } => {
                    ((*x - f64::from(centre)) / f64::from(unit)).ln()
                }
                InputTransform::SymmetricLog { centre, unit } => {
                    let u = (*x - f64::from(centre)) / f64::from(unit);
                    u.signum() * u.abs().ln_1p()
                }
            };
        }
        x.extend(indicators);
        let x = DVector::from_vec(x);
        (x - &self.input_shift).component_div(&self.input_scale)
    }

    fn mixture(&self, outputs: &DVector<f64>) -> OracleMixture {
        let k_count = usize::from(self.head.components);
        let d_count = usize::from(self.head.dimensions);
        let output = |row: usize, k: usize| outputs[row * k_count + k];
        let log_total = log_sum_exp((0..k_count).map(|k| output(0, k)));
        let raw = DMatrix::from_diagonal(&self.target_scale);
        let component = |k: usize| {
            let mean = DVector::from_fn(d_count, |d, _| output(1 + d, k));
            let factor = self.factor(d_count, |entry| output(1 + d_count + entry, k));
            let identity = DMatrix::identity(d_count, d_count);
            let inverse = factor.solve_lower_triangular(&identity);
            let root = &raw * inverse.expect("its diagonal is positive");
            (&self.target_shift + &raw * mean, &root * root.transpose())
        };
        let (means, covariances) = (0..k_count).map(component).unzip();
        let log_weights = (0..k_count).map(|k| output(0, k) - log_total).collect();
        OracleMixture {
            log_weights,
            means,
            covariances,
        }
    }

    /// The lower-triangular L with Σ⁻¹ = LᵀL, in standardised units.
    fn factor(&self, d_count: usize, output: impl Fn(usize) -> f64) -> DMatrix<f64> {
        let inverse_scale = |entry| {
            let log_scale = match self.head.scale_map {
                ScaleMap::Exp => output(entry),
                ScaleMap::Softplus => softplus(output(entry)).ln(),
                _ => unreachable!("no other map exists"),
            };
            let (min, max) = (
                self.head.log_scale_min.into(),
                self.head.log_scale_max.into(),
            );
            (-log_scale.clamp(min, max)).exp()
        };
        DMatrix::from_fn(d_count, d_count, |i, j| match self.head.covariance {
            Covariance::Isotropic if i == j => inverse_scale(0),
            Covariance::Diagonal if i == j => inverse_scale(i),
            Covariance::Full if i == j => inverse_scale(i * (i + 1) / 2 + i),
            Covariance::Full if i > j => output(i * (i + 1) / 2 + j),
            _ => 0.0,
        })
    }
}

impl OracleLayer {
    fn new(Layer::Dense(layer): Layer<'_>) -> Self {
        let row = |i| layer.row(i).map(f64::from);
        let entries = (1..=layer.inputs()).flat_map(row);
        OracleLayer {
            // Column-major: one column an input, as `row` gives them.
            kernel: DMatrix::from_iterator(layer.outputs(), layer.inputs(), entries),
            bias: DVector::from_iterator(layer.outputs(), row(0)),
            activation: layer.activation(),
        }
    }

    /// The outputs of the layer for the outputs of the one before.
    fn apply(before: DVector<f64>, layer: &Self) -> DVector<f64> {
        (&layer.kernel * before + &layer.bias).map(|a| activate(layer.activation, a))
    }
}

impl OracleMixture {
    /// ln p(target); NaN where a covariance is so narrow in some direction that binary64 cannot
    /// tell it from a singular one.
    pub fn log_density(&self, target: &[f32]) -> f64 {
        let t = target.iter().map(|&t| f64::from(t));
        self.log_density_at(&DVector::from_iterator(target.len(), t))
    }

    /// ln p of targets with these `supports` `[D]`: where one is not the whole line, each component's
    /// dimensions are independent.
    pub fn log_density_on(&self, supports: &[Support], target: &[f32]) -> f64 {
        if supports.iter().all(|one| *one == Support::Continuous) {
            return self.log_density(target);
        }
        let components = (self.log_weights.iter().zip(&self.means)).zip(&self.covariances);
        let terms = components.map(|((log_weight, mean), covariance)| {
            let factors = supports
                .iter()
                .zip(target)
                .enumerate()
                .map(|(d, (one, &t))| {
                    support::log_density(one, mean[d], covariance[(d, d)].sqrt(), t.into())
                });
            log_weight + factors.sum::<f64>()
        });
        log_sum_exp(terms.collect::<Vec<f64>>().into_iter())
    }

    /// ln p at a point in binary64.
    pub fn log_density_at(&self, t: &DVector<f64>) -> f64 {
        log_sum_exp(self.log_terms(t).into_iter())
    }

    /// πₖ N(t | μₖ, Σₖ) / p(t)
    pub fn responsibilities(&self, t: &DVector<f64>) -> Vec<f64> {
        let log_terms = self.log_terms(t);
        let total = log_sum_exp(log_terms.iter().copied());
        log_terms.iter().map(|term| (term - total).exp()).collect()
    }

    /// ln πₖ + ln N(t | μₖ, Σₖ).
    fn log_terms(&self, t: &DVector<f64>) -> Vec<f64> {
        let terms = self
            .log_weights
            .iter()
            .zip(&self.means)
            .zip(&self.covariances);
        let term = |((log_weight, mean), covariance): ((&f64, &DVector<f64>), &DMatrix<f64>)| {
            let Some(cholesky) = covariance.clone().cholesky() else {
                return f64::NAN;
            };
            let log_determinant: f64 = cholesky.l().diagonal().iter().map(|l| 2.0 * l.ln()).sum();
            let difference = t - mean;
            let distance = difference.dot(&cholesky.solve(&difference));
            let log_2pi = (2.0 * std::f64::consts::PI).ln();
            log_weight - 0.5 * (distance + log_determinant + t.len() as f64 * log_2pi)
        };
        terms.map(term).collect()
    }

    /// E t.
    pub fn mean(&self) -> DVector<f64> {
        let zero = DVector::zeros(self.means[0].len());
        self.weighted()
            .fold(zero, |sum, (weight, mean, _)| sum + weight * mean)
    }

    /// Var t, each dimension by itself.
    pub fn variance(&self) -> DVector<f64> {
        let overall = self.mean();
        let zero = DVector::zeros(overall.len());
        self.weighted()
            .fold(zero, |sum, (weight, mean, covariance)| {
                let offset = (mean - &overall).map(|d| d * d);
                sum + weight * (covariance.diagonal() + offset)
            })
    }

    /// E (t − E t)(t − E t)ᵀ
    pub fn covariance(&self) -> DMatrix<f64> {
        let overall = self.mean();
        let zero = DMatrix::zeros(overall.len(), overall.len());
        self.weighted()
            .fold(zero, |sum, (weight, mean, covariance)| {
                let offset = mean - &overall;
                sum + weight * (covariance + &offset * offset.transpose())
            })
    }

    /// The distribution of the other dimensions where some have the `given` values, by the Schur
    /// complement of each covariance.
    pub fn conditional(&self, given: &[(usize, f64)]) -> OracleMixture {
        let fixed: Vec<usize> = given.iter().map(|&(d, _)| d).collect();
        let free: Vec<usize> = (0..self.means[0].len())
            .filter(|d| !fixed.contains(d))
            .collect();
        let values = DVector::from_iterator(given.len(), given.iter().map(|&(_, y)| y));
        let given_alone = self.restricted_to(&fixed);
        let log_terms = given_alone.log_terms(&values);
        let total = log_sum_exp(log_terms.iter().copied());
        let mut rest = self.restricted_to(&free);
        for (k, log_term) in log_terms.into_iter().enumerate() {
            let cross = self.covariances[k]
                .select_rows(&free)
                .select_columns(&fixed);
            let cholesky = given_alone.covariances[k].clone().cholesky();
            let cholesky = cholesky.expect("a covariance is positive definite");
            rest.log_weights[k] = log_term - total;
            rest.means[k] += &cross * cholesky.solve(&(&values - &given_alone.means[k]));
            rest.covariances[k] -= &cross * cholesky.solve(&cross.transpose());
        }
        rest
    }

    /// The distribution of some dimensions alone.
    pub fn restricted_to(&self, dimensions: &[usize]) -> OracleMixture {
        let covariance =
            |full: &DMatrix<f64>| full.select_rows(dimensions).select_columns(dimensions);
        OracleMixture {
            log_weights: self.log_weights.clone(),
            means: self
                .means
                .iter()
                .map(|m| m.select_rows(dimensions))
                .collect(),
            covariances: self.covariances.iter().map(covariance).collect(),
        }
    }

    /// The gradient and the Hessian matrix of ln p at `t`.
    pub fn log_derivatives(&self, t: &DVector<f64>) -> (DVector<f64>, DMatrix<f64>) {
        let log_terms = self.log_terms(t);
        let total = log_sum_exp(log_terms.iter().copied());
        let mut gradient = DVector::zeros(t.len());
        let mut hessian = DMatrix::zeros(t.len(), t.len());
        for ((log_term, mean), covariance) in
            log_terms.iter().zip(&self.means).zip(&self.covariances)
        {
            let share = (log_term - total).exp();
            let cholesky = covariance.clone().cholesky();
            let cholesky = cholesky.expect("a covariance is positive definite");
            let pull = cholesky.solve(&(mean - t));
            gradient += share * &pull;
            hessian += share * (&pull * pull.transpose() - cholesky.inverse());
        }
        hessian -= &gradient * gradient.transpose();
        (gradient, hessian)
    }

    /// The local maximum of ln p above `from`: damped Newton steps that never descend.
    pub fn climb(&self, from: &DVector<f64>) -> DVector<f64> {
        let mut t = from.clone();
        let mut height = self.log_density_at(&t);
        let mut damping = 1.0;
        for _ in 0..1000 {
            let (gradient, hessian) = self.log_derivatives(&t);
            let unit = DMatrix::from_diagonal(&hessian.diagonal().map(|h| h.abs() + 1e-12));
            let step = (damping * unit - hessian).cholesky();
            let Some(step) = step.map(|factor| factor.solve(&gradient)) else {
                damping *= 4.0;
                continue;
            };
            let next = self.log_density_at(&(&t + &step));
            if next >= height {
                t += &step;
                height = next;
                damping /= 4.0;
                if step.dot(&gradient) < 1e-24 {
                    break;
                }
            } else {
                damping *= 4.0;
            }
        }
        t
    }

    fn weighted(&self) -> impl Iterator<Item = (f64, &DVector<f64>, &DMatrix<f64>)> {
        let parts = self
            .log_weights
            .iter()
            .zip(&self.means)
            .zip(&self.covariances);
        parts.map(|((log_weight, mean), covariance)| (log_weight.exp(), mean, covariance))
    }
}

fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Identity => x,
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Relu => x.max(0.0),
        Activation::Gelu => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + inner.tanh())
        }
        Activation::Silu => x * sigmoid(x),
        _ => unreachable!("no other activation exists"),
    }
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// NaN where a term is.
fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    if terms.clone().any(f64::is_nan) {
        return f64::NAN;
    }
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}
