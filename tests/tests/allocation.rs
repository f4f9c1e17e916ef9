//! The engine allocates nothing: not a byte, at any level, on the way from an input to an answer.

use allocation_counter::measure;
use mdn_infer::{Level, Model, OwnedModel, PredictError};
use mdn_tests::benchmark::{model_file, models};
use mdn_tests::{random_ensemble, random_input};
use mdn_train::model_file::ModelFile;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

/// The networks of the benchmarks, and an ensemble of the first, with golden vectors.
fn files() -> Vec<(&'static str, ModelFile)> {
    const GOLDEN: usize = 2;
    let [(_, small), ..] = models();
    let ensemble = random_ensemble(&small, 3, GOLDEN, &mut Xoshiro128PlusPlus::seed_from_u64(0));
    let single = models().map(|(name, shape)| (name, model_file(&shape, GOLDEN)));
    single.into_iter().chain([("3 S", ensemble)]).collect()
}

/// One of everything that a service asks.
fn ask(
    model: &Model<'_>,
    level: Level,
    x: &[f32],
    target: &mut [f32],
    working: &mut [f32],
) -> Result<f32, PredictError> {
    assert!(model.self_test(level, working)?.passed());
    let mixture = model.predict(level, x, working)?;
    mixture.sample(&mut Xoshiro128PlusPlus::seed_from_u64(0), target)?;
    let mut sum = mixture.log_density(target)?;
    for (d, &t) in target.iter().enumerate() {
        let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
        sum += marginal.quantile(0.9)? + marginal.cdf(t)?;
    }
    Ok(sum)
}

/// The same of a batch.
fn ask_batch(
    model: &Model<'_>,
    level: Level,
    x: &[f32],
    targets: &[f32],
    [parameters, working, to]: [&mut [f32]; 3],
) -> Result<f32, PredictError> {
    let mixtures = model.predict_batch(level, x, parameters, working)?;
    mixtures.log_densities(targets, to)?;
    Ok(to.iter().sum())
}

#[test]
fn no_batch_allocates() {
    const ROWS: usize = 33;
    for (name, file) in files() {
        let model = file.model();
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
        let x: Vec<f32> = (0..ROWS)
            .flat_map(|_| random_input(&model, &mut rng))
            .collect();
        let targets = model.target_shift().repeat(ROWS);
        let mut parameters = vec![0.0; ROWS * model.mixture_len()];
        let mut working = vec![0.0; model.batch_working_len()];
        let mut to = [0.0; ROWS];
        for level in Level::available() {
            let memory = [&mut parameters[..], &mut working[..], &mut to[..]];
            let mut answer = Err(PredictError::Overflow);
            let made = measure(|| answer = ask_batch(&model, level, &x, &targets, memory));
            assert!(answer.is_ok_and(f32::is_finite), "{name}, {}", level.name());
            assert_eq!(made.count_total, 0, "{name}, {}: {made:?}", level.name());
        }
    }
}

#[test]
fn no_answer_allocates() {
    for (name, file) in files() {
        let model = file.model();
        let x = random_input(&model, &mut Xoshiro128PlusPlus::seed_from_u64(1));
        let mut target = vec![0.0; model.dimensions()];
        let mut working = vec![0.0; model.working_len()];
        for level in Level::available() {
            let mut answer = Err(PredictError::Overflow);
            let made = measure(|| answer = ask(&model, level, &x, &mut target, &mut working));
            assert!(answer.is_ok_and(f32::is_finite), "{name}, {}", level.name());
            assert_eq!(made.count_total, 0, "{name}, {}: {made:?}", level.name());
        }
    }
}

/// A clone takes nothing, a predictor its working memory, and its answers nothing more.
#[test]
fn an_owning_predictor_allocates_when_it_is_made() {
    for (name, file) in files() {
        let model = OwnedModel::parse(file.bytes()).expect("a sound file");
        let x = random_input(model.model(), &mut Xoshiro128PlusPlus::seed_from_u64(1));
        let mut copy = None;
        let made = measure(|| copy = Some(model.clone()));
        assert_eq!(made.count_total, 0, "{name}: {made:?}");
        for level in Level::available() {
            let mut predictor = None;
            let made = measure(|| predictor = Some(model.predictor(level)));
            assert_eq!(made.count_total, 1, "{name}, {}: {made:?}", level.name());
            let mut predictor = predictor.expect("made");
            let made = measure(|| {
                assert!(predictor.predict(&x).is_ok());
                assert!(predictor.self_test().is_ok_and(|tested| tested.passed()));
            });
            assert_eq!(made.count_total, 0, "{name}, {}: {made:?}", level.name());
        }
    }
}

/// The counter counts, and it sees what `Model::parse` and `parse_into` do not do either.
#[test]
fn parsing_allocates_nothing_and_a_vector_does() {
    for (name, file) in files() {
        let mut buffer = vec![0.0; Model::words_needed(file.bytes()).expect("a sound file")];
        let made = measure(|| {
            assert!(Model::parse(file.bytes()).is_ok());
            assert!(Model::parse_into(file.bytes(), &mut buffer).is_ok());
        });
        assert_eq!(made.count_total, 0, "{name}: {made:?}");
    }
    assert_eq!(
        measure(|| drop(std::hint::black_box(vec![0_u8; 9]))).count_total,
        1
    );
}
