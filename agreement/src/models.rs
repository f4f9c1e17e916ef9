//! Every question that a mixture answers, over committed models and generated inputs.

use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Level, Mixture, Model, PredictError, include_model, working_len};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::Failure;
use crate::digest::Digest;

/// A committed model.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its name, that of the file without the extension.
    pub name: &'static str,
    /// The model file.
    pub file: &'static [u8],
}

macro_rules! samples {
    ($($name:literal)*) => {
        /// The models of the suite.
        pub const SAMPLES: &[Sample] = &[$(Sample {
            name: $name,
            file: include_model!(concat!("../../mdn-infer/samples/", $name, ".mdn")),
        }),*];
    };
}

samples! {
    "classic"
}

/// Working memory for any of the models.
const WORKING: usize = {
    let (mut largest, mut i) = (0, 0);
    while i < SAMPLES.len() {
        let needed = working_len(SAMPLES[i].file);
        largest = if largest < needed { needed } else { largest };
        i += 1;
    }
    largest
};

/// The most inputs that a model of the suite may have.
const MAX_INPUTS: usize = 32;

/// How far inputs are drawn to each side of the centre, in training spreads: within the data,
/// beyond them, and where activations saturate and outputs may overflow.
const REACHES: [f32; 4] = [1.0, 4.0, 100.0, 1e30];

/// Inputs drawn at each reach.
const INPUTS: usize = 16;

const PROBABILITIES: [f32; 6] = [1e-30, 1e-6, 0.025, 0.5, 0.9, 0.999_999];

/// How many standard deviations targets lie from the mean beside a drawn one.
const DISTANCES: [f32; 3] = [-60.0, 0.0, 8.0];

/// The hash of one model's answers.
pub(crate) fn hash(level: Level, sample: &Sample) -> Result<u64, Failure> {
    let model = Model::parse(sample.file)?;
    let mut working = [0.0; WORKING];
    let mut digest = Digest::new();
    let report = model.self_test(level, &mut working)?;
    if !report.passed() {
        return Err(Failure::SelfTest);
    }
    digest.hash(report.output_hash);
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    for reach in REACHES {
        for _ in 0..INPUTS {
            let (mut x, len) = ([0.0; MAX_INPUTS], model.inputs());
            let x = x.get_mut(..len).ok_or(PredictError::CapacityTooSmall {
                needed: len,
                capacity: MAX_INPUTS,
            })?;
            draw(&model, reach, &mut rng, x);
            match model.predict(level, x, &mut working) {
                Ok(mixture) => ask(&mixture, &mut rng, &mut digest)?,
                Err(PredictError::Overflow) => digest.value(f32::NAN),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(digest.finish())
}

/// A raw input `[I]`, uniform within `reach` training spreads of the centre.
fn draw(model: &Model<'_>, reach: f32, rng: &mut impl Rng, x: &mut [f32]) {
    let affine = model.input_shift().iter().zip(model.input_scale());
    for (x, (shift, scale)) in x.iter_mut().zip(affine) {
        let u = (rng.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0);
        *x = shift + scale * (reach * (2.0 * u - 1.0));
    }
}

fn ask(mixture: &Mixture<'_>, rng: &mut impl Rng, digest: &mut Digest) -> Result<(), PredictError> {
    let mut target = [0.0; MAX_DIMENSIONS];
    let target = &mut target[..mixture.dimensions()];
    digest.hash(mixture.sample(rng, target)? as u64);
    target.iter().for_each(|&t| digest.value(t));
    mixture.outputs(target, |value| digest.value(value))?;
    at_target(mixture, target, digest);
    for distance in DISTANCES {
        for (d, t) in target.iter_mut().enumerate() {
            let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
            *t = marginal.mean() + distance * marginal.standard_deviation();
        }
        at_target(mixture, target, digest);
    }
    components(mixture, digest);
    quantiles(mixture, digest)
}

/// What depends on a target; an answer that there is not counts as NaN.
fn at_target(mixture: &Mixture<'_>, target: &[f32], digest: &mut Digest) {
    digest.answer(mixture.log_density(target));
    digest.answer(mixture.density(target));
    digest.answer(mixture.anomaly_score(target));
    let mut shares = [f32::NAN; WORKING];
    let shares = &mut shares[..mixture.len()];
    let answer = mixture.responsibilities(target, shares);
    shares
        .iter()
        .for_each(|&r| digest.answer(answer.map(|()| r)));
    for (d, &t) in target.iter().enumerate() {
        if let Some(marginal) = mixture.marginal(d) {
            digest.answer(marginal.log_density(t));
            digest.answer(marginal.cdf(t));
            digest.answer(marginal.survival(t));
        }
    }
}

fn components(mixture: &Mixture<'_>, digest: &mut Digest) {
    for component in mixture.components() {
        digest.value(component.weight());
        for d in 0..mixture.dimensions() {
            digest.value(component.mean(d));
            digest.value(component.scale(d));
            (0..=d).for_each(|j| digest.value(component.precision_factor(d, j)));
        }
    }
}

fn quantiles(mixture: &Mixture<'_>, digest: &mut Digest) -> Result<(), PredictError> {
    for d in 0..mixture.dimensions() {
        let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
        digest.value(marginal.mean());
        digest.value(marginal.standard_deviation());
        for p in PROBABILITIES {
            digest.value(marginal.quantile(p)?);
        }
        let (lower, upper) = marginal.central_interval(0.8)?;
        digest.value(lower);
        digest.value(upper);
    }
    Ok(())
}
