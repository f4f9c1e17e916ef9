//! Mixtures with chosen parameters, and comparisons.

use mdn_infer::format::{
    Covariance, Head, Header, Hidden, LayerSource, MAX_HIDDEN, ModelSource, ScaleMap,
};
use mdn_infer::{Level, Mixture};
use mdn_tests::encode;
use mdn_train::model_file::ModelFile;
use mdn_train::oracle::{Oracle, OracleMixture};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Parameters of a mixture in standardised units, and the affine map to raw units.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub covariance: Covariance,
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
        let outputs = [&self.logits[..], &self.means, &self.factors].concat();
        let columns: Vec<String> = (0..self.dimensions).map(|d| format!("t{d}")).collect();
        let kernel = vec![0.0; outputs.len()];
        encode(&ModelSource {
            header: Header {
                producer: "mdn-tests",
                input_columns: "x",
                target_columns: &columns.join("\n"),
                inputs: 1,
                hidden: [Hidden::NONE; MAX_HIDDEN],
                head: Head {
                    components: self.logits.len() as u16,
                    dimensions: self.dimensions as u8,
                    covariance: self.covariance,
                    scale_map: ScaleMap::Exp,
                    log_scale_min: -60.0,
                    log_scale_max: 60.0,
                },
                golden: 0,
                anomaly_threshold: None,
            },
            input_shift: &[0.0],
            input_scale: &[1.0],
            target_shift: &self.shift,
            target_scale: &self.scale,
            layers: &[LayerSource {
                kernel: &kernel,
                bias: &outputs,
            }],
            golden: &[],
        })
    }

    /// Hands the engine's mixture and the oracle's to `examine`, once for each level.
    pub fn at_every_level(&self, mut examine: impl FnMut(&Mixture<'_>, &OracleMixture)) {
        let file = self.model();
        let model = file.model();
        let oracle = Oracle::new(&model).predict(&[0.0]);
        let mut working = vec![0.0; model.working_len()];
        for level in Level::available() {
            examine(
                &model.predict(level, &[0.0], &mut working).unwrap(),
                &oracle,
            );
        }
    }

    /// Hands both mixtures to `examine`, at the widest level.
    pub fn examine<T>(&self, examine: impl FnOnce(&Mixture<'_>, &OracleMixture) -> T) -> T {
        let file = self.model();
        let model = file.model();
        let oracle = Oracle::new(&model).predict(&[0.0]);
        let mut working = vec![0.0; model.working_len()];
        let mixture = model.predict(Level::detect(), &[0.0], &mut working);
        examine(&mixture.unwrap(), &oracle)
    }
}

/// `count` random parameter sets of each kind of covariance, of every shape up to 24 components
/// and 6 dimensions, a few up to 256 and 16.
pub fn random_parameters(count: usize, rng: &mut impl Rng) -> Vec<Parameters> {
    let mut all = Vec::new();
    for covariance in mdn_tests::COVARIANCES {
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

/// Asserts that `values` has the same bits on every call with the same `reference`.
pub fn same_bits(reference: &mut Option<Vec<u32>>, values: &[f32]) {
    let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
    assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits);
}
