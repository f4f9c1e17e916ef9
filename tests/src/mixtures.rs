//! Mixtures with chosen parameters.

use mdn_infer::format::{Covariance, Head, ScaleMap, Support};
use mdn_infer::{Level, Mixture};
use mdn_train::data::Standardiser;
use mdn_train::draft::{Columns, DenseLayer, Kernel, ModelDraft, Statements};
use mdn_train::model_file::ModelFile;
use mdn_train::oracle::{Oracle, OracleMixture};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::{PRODUCER, names, untested};

/// Parameters of a mixture in standardised units, and the affine map to raw units.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The kind of Σ.
    pub covariance: Covariance,
    /// D
    pub dimensions: usize,
    /// `[K]`
    pub logits: Vec<f32>,
    /// `[D][K]`
    pub means: Vec<f32>,
    /// `[F][K]`: log-scales on the diagonal, entries of L off it
    pub factors: Vec<f32>,
    /// `[D]`
    pub shift: Vec<f32>,
    /// `[D]`
    pub scale: Vec<f32>,
}

impl Parameters {
    /// One dimension; components are (weight, mean, scale).
    pub fn univariate(components: &[(f32, f32, f32)]) -> Self {
        Parameters {
            covariance: Covariance::Isotropic,
            dimensions: 1,
            logits: components.iter().map(|c| c.0.ln()).collect(),
            means: components.iter().map(|c| c.1).collect(),
            factors: components.iter().map(|c| c.2.ln()).collect(),
            shift: vec![0.0],
            scale: vec![1.0],
        }
    }

    /// Random ones: means about one unit from zero, log-scales about −½ ± ½, off-diagonal
    /// entries of L up to a few.
    pub fn random(
        covariance: Covariance,
        components: usize,
        dimensions: usize,
        rng: &mut impl Rng,
    ) -> Self {
        let mut normals = |count: usize, factor: f32| -> Vec<f32> {
            let normal = |_| factor * Distribution::<f32>::sample(&StandardNormal, &mut *rng);
            (0..count).map(normal).collect()
        };
        let factors = covariance.factors(dimensions) * components;
        Parameters {
            covariance,
            dimensions,
            logits: normals(components, 1.0),
            means: normals(components * dimensions, 1.0),
            factors: normals(factors, 0.5).iter().map(|f| f - 0.5).collect(),
            shift: normals(dimensions, 10.0),
            scale: normals(dimensions, 1.0).into_iter().map(f32::exp).collect(),
        }
    }

    /// A model that answers every input with this mixture.
    pub fn model(&self) -> ModelFile {
        self.model_on(None)
    }

    /// As [`model`](Self::model), with targets on these supports.
    pub fn model_on(&self, supports: Option<Vec<Support>>) -> ModelFile {
        let outputs = [&self.logits[..], &self.means, &self.factors].concat();
        let kernel = Kernel::F32(vec![0.0; outputs.len()]);
        let layer = DenseLayer {
            kernel,
            bias: outputs,
        };
        untested(&ModelDraft {
            producer: PRODUCER.to_owned(),
            inputs: Columns::identity(names("x", 1)),
            targets: Columns {
                names: names("t", self.dimensions),
                standardiser: Standardiser {
                    shift: self.shift.clone(),
                    scale: self.scale.clone(),
                },
            },
            hidden: Vec::new(),
            head: Head {
                components: self.logits.len() as u16,
                dimensions: self.dimensions as u8,
                covariance: self.covariance,
                scale_map: ScaleMap::Exp,
                log_scale_min: -60.0,
                log_scale_max: 60.0,
            },
            anomaly_threshold: None,
            statements: Statements {
                supports,
                ..Statements::default()
            },
            networks: vec![vec![layer]],
        })
    }

    /// Hands the engine's mixture and the oracle's to `examine`, once for each level.
    ///
    /// # Panics
    ///
    /// Where the parameters are no model or not finite.
    pub fn at_every_level(&self, mut examine: impl FnMut(&Mixture<'_>, &OracleMixture)) {
        for level in Level::available() {
            self.at_level(level, &mut examine);
        }
    }

    /// Hands both mixtures to `examine`, at this level.
    ///
    /// # Panics
    ///
    /// As [`at_every_level`](Self::at_every_level).
    pub fn at_level<T>(
        &self,
        level: Level,
        examine: impl FnOnce(&Mixture<'_>, &OracleMixture) -> T,
    ) -> T {
        let file = self.model();
        let model = file.model();
        let oracle = Oracle::new(&model).predict(&[0.0]);
        let mut working = vec![0.0; model.working_len()];
        let mixture = model.predict(level, &[0.0], &mut working);
        examine(&mixture.expect("finite"), &oracle)
    }

    /// Hands both mixtures to `examine`, at the widest level.
    pub fn examine<T>(&self, examine: impl FnOnce(&Mixture<'_>, &OracleMixture) -> T) -> T {
        self.at_level(Level::detect(), examine)
    }
}

/// How many kinds [`Parameters::extreme`] knows.
pub const KINDS: usize = 9;

impl Parameters {
    /// Random parameters that are extreme in some way; ordinary for kind 0.
    pub fn extreme(kind: usize, covariance: Covariance, rng: &mut impl Rng) -> Self {
        let (components, dimensions) = match kind {
            4 => (256, 16),
            8 => (1, rng.random_range(1..=6)),
            _ => (rng.random_range(1..=12), rng.random_range(1..=5)),
        };
        let mut parameters = Parameters::random(covariance, components, dimensions, rng);
        match kind {
            // A million scales apart.
            1 => parameters.means.iter_mut().for_each(|mean| *mean *= 1e6),
            // Standard deviations from 1e-20 to 1e20, raw units as standardised: any rounding of
            // a target would be many of the least.
            2 => {
                parameters.shift.fill(0.0);
                parameters.scale.fill(1.0);
                parameters.spread_scales(rng);
            }
            // Weights down to e^-100.
            3 => (parameters.logits.iter_mut())
                .for_each(|logit| *logit = rng.random_range(-100.0..0.0)),
            // Targets a million scales from zero.
            5 => {
                (parameters.shift.iter_mut()).for_each(|shift| *shift *= 1e5);
                parameters.scale.fill(1e-2);
            }
            // Raw units from 1e-20 to 1e20.
            6 => {
                parameters.shift.fill(0.0);
                let unit = |scale: &mut f32| *scale = 10.0_f32.powf(rng.random_range(-20.0..20.0));
                parameters.scale.iter_mut().for_each(unit);
            }
            // All components alike.
            7 => {
                parameters.logits.fill(0.0);
                parameters.means.fill(3.0);
            }
            _ => {}
        }
        parameters
    }

    /// Log-scales from −46 to 46, and the other entries of L in the units of their columns.
    fn spread_scales(&mut self, rng: &mut impl Rng) {
        let count = self.logits.len();
        if self.covariance != Covariance::Full {
            let wide = |scale: &mut f32| *scale = rng.random_range(-46.0..46.0);
            return self.factors.iter_mut().for_each(wide);
        }
        for k in 0..count {
            let scales: Vec<f32> = (0..self.dimensions)
                .map(|_| rng.random_range(-46.0..46.0))
                .collect();
            for i in 0..self.dimensions {
                for (j, scale) in scales.iter().enumerate().take(i + 1) {
                    let entry = &mut self.factors[(i * (i + 1) / 2 + j) * count + k];
                    *entry = if i == j {
                        *scale
                    } else {
                        *entry * (-scale).exp()
                    };
                }
            }
        }
    }

    /// Entry (i, j), j ≤ i, of L of component `k`, in standardised units.
    pub fn precision_factor(&self, k: usize, i: usize, j: usize) -> f64 {
        let entry = |row: usize| f64::from(self.factors[row * self.logits.len() + k]);
        let triangle = i * (i + 1) / 2;
        match self.covariance {
            Covariance::Isotropic if i == j => (-entry(0)).exp(),
            Covariance::Diagonal if i == j => (-entry(i)).exp(),
            Covariance::Full if i == j => (-entry(triangle + i)).exp(),
            Covariance::Full => entry(triangle + j),
            _ => 0.0,
        }
    }
}

/// `count` random parameter sets of each kind of covariance, of every shape up to 24 components
/// and 6 dimensions, a few up to 256 and 16.
pub fn random_parameters(count: usize, rng: &mut impl Rng) -> Vec<Parameters> {
    let mut all = Vec::new();
    for covariance in Covariance::ALL {
        for i in 0..count {
            let (components, dimensions) = if i % 32 == 15 {
                (256, 16)
            } else {
                (rng.random_range(1..=24), rng.random_range(1..=6))
            };
            all.push(Parameters::random(covariance, components, dimensions, rng));
        }
    }
    all
}
