//! The models of the suite and the inputs at which they are asked.

use mdn_infer::format::{InputRule, MAX_DIMENSIONS};
use mdn_infer::{Level, Mixture, Model, PredictError, include_model, working_len};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::digest::Digest;
use crate::{Failure, Part, questions};

/// A committed model.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The name of its file.
    pub name: &'static str,
    /// The model file.
    pub file: &'static [u8],
    /// The least part of the suite that it belongs to.
    pub part: Part,
}

macro_rules! samples {
    ($($part:ident $folder:literal $name:literal)*) => {
        /// The models of the suite.
        pub const SAMPLES: &[Sample] = &[$(Sample {
            name: concat!($name, ".mdn"),
            file: include_model!(concat!("../", $folder, "/", $name, ".mdn")),
            part: Part::$part,
        }),*];
    };
}

samples! {
    Small "models" "linear"
    Small "models" "plane"
    Small "models" "identity"
    Small "models" "sigmoid"
    Small "models" "tanh"
    Whole "models" "relu"
    Whole "models" "gelu"
    Whole "models" "silu"
    Whole "../mdn-infer/samples" "classic"
    Small "models" "f16"
    Small "models" "bf16"
    Small "models" "i8"
    Small "models" "ensemble"
    Small "models" "ensemble-i8"
}

/// A file of version 4 of the format, which states all that it can. It came later than the suite, whose
/// hash it is not part of; tests ask it by itself.
pub const RECORDS: Sample = Sample {
    name: "records.mdn",
    file: include_model!("../models/records.mdn"),
    part: Part::Whole,
};

/// A file whose targets have supports, one of each kind. It came later than the suite as well: its hash
/// is compared wherever the suite's is, and is no part of that.
pub const SUPPORTS: Sample = Sample {
    name: "supports.mdn",
    file: include_model!("../models/supports.mdn"),
    part: Part::Small,
};

/// A file whose inputs have rules, of each kind, and may be missing. Its hash is compared like that of
/// [`SUPPORTS`].
pub const INPUTS: Sample = Sample {
    name: "inputs.mdn",
    file: include_model!("../models/inputs.mdn"),
    part: Part::Small,
};

/// Working memory for any of the models; no model has as many components, or inputs.
pub(crate) const WORKING: usize = {
    let (mut largest, mut i) = (0, 0);
    while i < SAMPLES.len() {
        let needed = working_len(SAMPLES[i].file);
        largest = if largest < needed { needed } else { largest };
        i += 1;
    }
    let needed = working_len(SUPPORTS.file);
    if largest < needed { needed } else { largest }
};

/// No model of the suite has more inputs.
const MAX_INPUTS: usize = 17;

/// How far inputs are drawn to each side of the centre, in training spreads: within the data,
/// beyond them, and where activations saturate and outputs may overflow.
const REACHES: [f32; 4] = [1.0, 4.0, 100.0, 1e30];

/// The hash of one model's answers.
pub(crate) fn hash(part: Part, level: Level, sample: &Sample) -> Result<u64, Failure> {
    let model = Model::parse(sample.file)?;
    let mut working = [0.0; WORKING];
    let mut digest = self_tested(&model, level, &mut working)?;
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    for reach in REACHES {
        for i in 0..part.inputs() {
            let mut x = [0.0; WORKING];
            let x = &mut x[..model.inputs()];
            draw(&model, reach, &mut rng, x);
            match model.predict_without_limits(level, x, &mut working) {
                Ok(mixture) => questions::ask(&mixture, i == 0, &mut rng, &mut digest),
                Err(error) => digest.add(Err::<f32, PredictError>(error)),
            }
        }
    }
    match part {
        Part::Small => compare_batch::<2>(&model, level, &mut rng)?,
        Part::Whole => compare_batch::<TILES>(&model, level, &mut rng)?,
    }
    Ok(digest.finish())
}

/// A digest that begins with the outputs of the model's self-test, which must pass.
fn self_tested(model: &Model<'_>, level: Level, working: &mut [f32]) -> Result<Digest, Failure> {
    let report = model.self_test(level, working)?;
    if !report.passed() {
        return Err(Failure::SelfTest);
    }
    let mut digest = Digest::new();
    digest.add(report.output_hash);
    Ok(digest)
}

/// The hash of the answers of [`SUPPORTS`].
pub(crate) fn hash_of_supports(part: Part, level: Level) -> Result<u64, Failure> {
    let model = Model::parse(SUPPORTS.file)?;
    let mut working = [0.0; WORKING];
    let mut digest = self_tested(&model, level, &mut working)?;
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    // Within the data and beyond, where some scales are wide against what a support has.
    let reaches = match part {
        Part::Small => &REACHES[..1],
        Part::Whole => &REACHES[..2],
    };
    for reach in reaches {
        let mut x = [0.0; WORKING];
        let x = &mut x[..model.inputs()];
        draw(&model, *reach, &mut rng, x);
        let mixture = model.predict(level, x, &mut working)?;
        questions::supports::ask(part, &mixture, &mut rng, &mut digest);
    }
    Ok(digest.finish())
}

/// More rows than a tile of any level has, and some that fill none.
const TILES: usize = 7;

/// Asks for the mixtures of some rows together and one by one; they must agree in every bit.
#[inline(never)]
fn compare_batch<const ROWS: usize>(
    model: &Model<'_>,
    level: Level,
    rng: &mut impl Rng,
) -> Result<(), Failure> {
    let mut inputs = [[0.0; MAX_INPUTS]; ROWS];
    let inputs = &mut inputs.as_flattened_mut()[..ROWS * model.inputs()];
    for x in inputs.chunks_exact_mut(model.inputs()) {
        draw(model, REACHES[0], rng, x);
    }
    let mut parameters = [[0.0; WORKING]; ROWS];
    let parameters = &mut parameters.as_flattened_mut()[..ROWS * model.mixture_len()];
    let mut working = [[0.0; WORKING]; ROWS];
    let working = working.as_flattened_mut();
    let mixtures = model.predict_batch(level, inputs, parameters, working)?;
    let mut alone = [0.0; WORKING];
    for (x, batched) in inputs.chunks_exact(model.inputs()).zip(mixtures.iter()) {
        let target = [0.5; MAX_DIMENSIONS];
        let target = &target[..model.dimensions()];
        let outputs = |mixture: &Mixture<'_>| {
            let mut digest = Digest::new();
            let visited = mixture.outputs(target, |output| digest.add(output));
            visited.map(|()| digest.finish())
        };
        if outputs(&model.predict(level, x, &mut alone)?)? != outputs(&batched)? {
            return Err(Failure::Batch);
        }
    }
    Ok(())
}

/// A raw input `[I]`, uniform within `reach` training spreads of the centre. Inputs with rules are beyond
/// their limits too, and missing where they may be.
fn draw(model: &Model<'_>, reach: f32, rng: &mut impl Rng, x: &mut [f32]) {
    for (input, x) in x.iter_mut().enumerate() {
        let u = (rng.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0);
        let z = reach * (2.0 * u - 1.0);
        *x = match model.input_rule(input) {
            InputRule { fill: Some(_), .. } if u < 0.25 => f32::NAN,
            rule if rule != InputRule::default() && u > 0.75 => 20.0 * z,
            _ => model.input_at(input, z),
        };
    }
}
