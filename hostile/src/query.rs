//! Models with inputs and questions from a fuzzer's bytes.
//!
//! Any level of the machine answers the same questions with the same bits as the scalar one, and a
//! batch those of its rows alone.

use std::sync::LazyLock;

use mdn_infer::{Level, Model};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::{Answers, Source, questions, samples};

/// Rows of a batch: more than a tile of any level, and not a multiple.
const ROWS: usize = 7;

/// The committed models, parsed once.
static MODELS: LazyLock<Vec<Model<'static>>> = LazyLock::new(|| {
    let parsed = samples().map(|sample| Model::parse(sample.file));
    parsed.map(|model| model.expect("a sound file")).collect()
});

/// A committed model, inputs and questions from `data`.
///
/// # Panics
///
/// Where a promise is broken.
pub fn any(data: &[u8]) {
    let mut source = Source::new(data);
    let model = &MODELS[source.below(MODELS.len())];
    agree(model, source);
}

/// Asks `model` at the scalar level and at one of the others, which the bytes choose.
///
/// # Panics
///
/// Where the levels differ.
pub fn agree(model: &Model<'_>, mut source: Source<'_>) {
    let others = Level::available().count() - 1;
    let level = Level::available().nth(1 + source.below(others));
    let expected = answers(model, Level::scalar(), source.clone());
    if let Some(level) = level {
        let found = answers(model, level, source);
        assert_eq!(found, expected, "{} and scalar", level.name());
    }
}

/// What `model` answers at `level` to an input and a question; seldom also for a batch.
fn answers(model: &Model<'_>, level: Level, mut source: Source<'_>) -> Answers {
    let mut answers = Answers::default();
    let with_batch = source.byte().is_multiple_of(8);
    let x: Vec<f32> = (0..model.inputs()).map(|_| source.float()).collect();
    let mut working = vec![0.0; model.working_len()];
    match model.predict(level, &x, &mut working) {
        Ok(mixture) => questions::ask(model, &mixture, &mut source, &mut answers),
        Err(error) => answers.error(error),
    }
    if with_batch {
        batch(model, level, &x, &mut source, &mut answers);
    }
    answers
}

/// Rows of which the first is `first`; each has the bits of a single prediction.
fn batch(
    model: &Model<'_>,
    level: Level,
    first: &[f32],
    source: &mut Source<'_>,
    answers: &mut Answers,
) {
    let mut x = first.to_vec();
    x.resize_with(ROWS * model.inputs(), || source.finite());
    let mut parameters = vec![0.0; ROWS * model.mixture_len()];
    let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
    let mixtures = match model.predict_batch(level, &x, &mut parameters, &mut working) {
        Ok(mixtures) => mixtures,
        Err(error) => return answers.error(error),
    };
    let targets: Vec<f32> = (0..ROWS * model.dimensions())
        .map(|_| source.finite())
        .collect();
    let mut to = [0.0; ROWS];
    let answer = mixtures.log_densities(&targets, &mut to);
    answers.written(answer, &to);
    let rows = x
        .chunks_exact(model.inputs())
        .zip(targets.chunks_exact(model.dimensions()));
    for ((x, target), batched) in rows.zip(to) {
        let alone = model
            .predict(level, x, &mut working)
            .expect("it was finite");
        let alone = alone.log_density(target).expect("it was finite");
        assert_eq!(alone.to_bits(), batched.to_bits(), "a row alone");
    }
    let mut to = [0.0; ROWS];
    let y: [f32; ROWS] = core::array::from_fn(|_| source.float());
    let answer = mixtures.cdfs(source.below(model.dimensions()), &y, &mut to);
    answers.written(answer, &to);
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut draws = vec![0.0; ROWS * model.dimensions()];
    let answer = mixtures.samples(&mut rng, &mut draws);
    answers.written(answer, &draws);
}
