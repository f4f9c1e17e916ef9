//! A batch has the bits of as many single predictions, at every level, whatever its size.

use mdn_infer::format::Storage;
use mdn_infer::{Level, Model, PredictError};
use mdn_tests::{cases, random_ensemble, random_input, random_model, random_shape};
use mdn_train::quantize::quantize;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::{Xoshiro128PlusPlus, Xoshiro256PlusPlus};

/// Rows that fill no tile, tiles, no block and blocks.
const SIZES: [usize; 9] = [0, 1, 3, 6, 8, 13, 48, 49, 107];

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The inputs of `rows` rows, `[rows][I]`.
fn inputs(model: &Model<'_>, rows: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    (0..rows).flat_map(|_| random_input(model, rng)).collect()
}

/// Compares a batch at `level` with single predictions: all parameters, answers and draws.
fn compare(model: &Model<'_>, level: Level, x: &[f32], working: &mut [f32]) {
    let rows = x.len() / model.inputs();
    // What is there before must not matter.
    let mut parameters = vec![1.5; rows * model.mixture_len()];
    let mixtures = model
        .predict_batch(level, x, &mut parameters, working)
        .expect("finite inputs");
    assert_eq!(mixtures.len(), rows);
    let dimensions = model.dimensions();
    let targets: Vec<f32> = (0..rows * dimensions).map(|i| i as f32 / 7.0).collect();
    let first: Vec<f32> = targets.iter().copied().step_by(dimensions).collect();
    let (mut log_densities, mut cdfs) = (vec![0.0; rows], vec![0.0; rows]);
    let mut draws = vec![0.0; rows * dimensions];
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    mixtures
        .log_densities(&targets, &mut log_densities)
        .expect("targets");
    mixtures.cdfs(0, &first, &mut cdfs).expect("targets");
    mixtures
        .samples(&mut rng, &mut draws)
        .expect("the right length");

    let mut alone = vec![0.0; model.working_len()];
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    for (row, x) in x.chunks_exact(model.inputs()).enumerate() {
        let mixture = model.predict(level, x, &mut alone).expect("finite inputs");
        let target = &targets[row * dimensions..(row + 1) * dimensions];
        let outputs = |mixture: &mdn_infer::Mixture<'_>| {
            let mut outputs = Vec::new();
            let visited = mixture.outputs(target, |value| outputs.push(value.to_bits()));
            visited.map(|()| outputs)
        };
        let batched = mixtures.get(row).expect("a row");
        assert_eq!(outputs(&batched), outputs(&mixture), "row {row}");
        let answers = [log_densities[row], cdfs[row]];
        let expected = [
            mixture.log_density(target).expect("a target"),
            mixture
                .marginal(0)
                .expect("a dimension")
                .cdf(target[0])
                .expect("a target"),
        ];
        assert_eq!(bits(&answers), bits(&expected), "row {row}");
        let mut draw = vec![0.0; dimensions];
        mixture
            .sample(&mut rng, &mut draw)
            .expect("the right length");
        assert_eq!(
            bits(&draws[row * dimensions..(row + 1) * dimensions]),
            bits(&draw)
        );
    }
}

#[test]
fn a_batch_has_the_bits_of_single_predictions() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    for case in 0..cases(400) {
        let (shape, members) = (random_shape(&mut rng), rng.random_range(1..=3));
        let mut file = random_ensemble(&shape, members, 1, &mut rng);
        let storage = Storage::ALL[case % Storage::ALL.len()];
        if storage != Storage::F32 {
            file = quantize(&file.model(), storage).expect("kernels within range");
        }
        let model = file.model();
        let size = SIZES[rng.random_range(0..SIZES.len())];
        let x = inputs(&model, size, &mut rng);
        // Between one row and more than a block.
        let room = model.working_len()
            + rng.random_range(0..=model.batch_working_len() + model.working_len());
        let mut working = vec![f32::NAN; room];
        for level in Level::available() {
            compare(&model, level, &x, &mut working);
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("threads");
        for rows in [0, 1, 40, 1500] {
            let file = random_model(&random_shape(&mut rng), 0, &mut rng);
            let model = file.model();
            let mut x = inputs(&model, rows, &mut rng);
            let mut expected = vec![0.0; rows * model.mixture_len()];
            let mut found = expected.clone();
            let mut working = vec![0.0; model.batch_working_len()];
            let level = Level::detect();
            let alone = model.predict_batch(level, &x, &mut expected, &mut working);
            assert_eq!(alone.map(|mixtures| mixtures.len()), Ok(rows));
            let shared = pool.install(|| {
                let batch = model.predict_batch_parallel(level, &x, &mut found);
                batch.map(|mixtures| mixtures.len())
            });
            assert_eq!(shared, Ok(rows));
            assert_eq!(bits(&found), bits(&expected));

            // The first of several rows that overflow is named, whoever meets one first.
            for x in x.iter_mut().skip(rows / 3 * model.inputs()) {
                *x = f32::MAX;
            }
            let alone = model.predict_batch(level, &x, &mut expected, &mut working);
            let alone = alone.map(|mixtures| mixtures.len());
            let shared = pool.install(|| {
                let batch = model.predict_batch_parallel(level, &x, &mut found);
                batch.map(|mixtures| mixtures.len())
            });
            assert_eq!(shared, alone);
        }
    }
}

#[test]
fn what_a_batch_refuses() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let file = random_model(&random_shape(&mut rng), 0, &mut rng);
    let model = file.model();
    let x = inputs(&model, 60, &mut rng);
    let (len, level) = (model.mixture_len(), Level::detect());
    let mut parameters = vec![0.0; 60 * len];
    let mut working = vec![0.0; model.batch_working_len()];
    let mut predict = |x: &[f32], rows: &[f32], working: &mut [f32]| {
        parameters.resize(rows.len(), 0.0);
        let batch = model.predict_batch(level, x, &mut parameters, working);
        batch.map(|mixtures| mixtures.len())
    };
    let rows = vec![0.0; 60 * len];

    assert_eq!(predict(&x, &rows, &mut working), Ok(60));
    assert_eq!(
        predict(&x[1..], &rows, &mut working),
        Err(PredictError::WrongLength {
            expected: x.len(),
            found: x.len() - 1
        })
    );
    assert_eq!(
        predict(&x, &rows[1..], &mut working),
        Err(PredictError::WrongLength {
            expected: 59 * len,
            found: 60 * len - 1
        })
    );
    assert!(matches!(
        predict(&x, &rows, &mut []),
        Err(PredictError::CapacityTooSmall { capacity: 0, .. })
    ));
    let mut wrong = x.clone();
    wrong[17] = f32::INFINITY;
    assert_eq!(
        predict(&wrong, &rows, &mut working),
        Err(PredictError::NotFinite { index: 17 })
    );
}

#[test]
fn what_mixtures_refuse() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let file = random_model(&random_shape(&mut rng), 0, &mut rng);
    let model = file.model();
    let x = inputs(&model, 3, &mut rng);
    let mut parameters = vec![0.0; 3 * model.mixture_len()];
    let mut working = vec![0.0; model.batch_working_len()];
    let mixtures = model
        .predict_batch(Level::detect(), &x, &mut parameters, &mut working)
        .expect("finite inputs");
    let dimensions = model.dimensions();
    let targets = vec![0.0; 3 * dimensions];
    let wrong = |expected, found| Err(PredictError::WrongLength { expected, found });

    assert_eq!(mixtures.log_densities(&targets, &mut [0.0; 2]), wrong(3, 2));
    assert_eq!(
        mixtures.log_densities(&targets[1..], &mut [0.0; 3]),
        wrong(3 * dimensions, 3 * dimensions - 1)
    );
    assert_eq!(mixtures.cdfs(0, &[0.0; 4], &mut [0.0; 3]), wrong(3, 4));
    assert_eq!(
        mixtures.cdfs(dimensions, &[0.0; 3], &mut [0.0; 3]),
        Err(PredictError::NoSuchDimension)
    );
    assert_eq!(
        mixtures.cdfs(0, &[0.0, f32::NAN, 0.0], &mut [0.0; 3]),
        Err(PredictError::NotANumber { index: 1 })
    );
    let mut generator = Xoshiro128PlusPlus::seed_from_u64(0);
    let before = generator.clone();
    assert_eq!(
        mixtures.samples(&mut generator, &mut vec![0.0; 3 * dimensions + 1]),
        wrong(3 * dimensions, 3 * dimensions + 1)
    );
    assert_eq!(generator, before);
    assert!(mixtures.get(3).is_none());
}

#[test]
fn the_row_that_overflows_is_named() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut overflowed = 0;
    for case in 0..40 {
        let file = random_ensemble(&random_shape(&mut rng), 1 + case % 3, 0, &mut rng);
        let model = file.model();
        let mut x = inputs(&model, 70, &mut rng);
        x[57 * model.inputs()..58 * model.inputs()].fill(f32::MAX);
        let mut parameters = vec![0.0; 70 * model.mixture_len()];
        let mut working = vec![0.0; model.batch_working_len()];
        let mut alone = vec![0.0; model.working_len()];
        for level in Level::available() {
            let row = &x[57 * model.inputs()..58 * model.inputs()];
            let expected = match model.predict(level, row, &mut alone) {
                Ok(_) => Ok(70),
                Err(PredictError::Overflow) => Err(PredictError::OverflowInRow { row: 57 }),
                Err(other) => Err(other),
            };
            overflowed += usize::from(expected.is_err());
            let batch = model.predict_batch(level, &x, &mut parameters, &mut working);
            assert_eq!(batch.map(|mixtures| mixtures.len()), expected);
        }
    }
    assert!(overflowed > 0, "no case overflowed");
}
