//! Every question that the engine answers about a prediction; `structure` has those about the model.

use core::hint::black_box;

use mdn_infer::{Component, Level, Marginal, Mixture, Mixtures, Model, Predictor, Temperature};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::{Failure, Inputs};

/// Capacity of the predictor, in f32.
const CAPACITY: usize = 256;

/// Calls every public function that predicts or answers.
///
/// # Errors
///
/// [`Failure`]; each answer may be one.
pub fn everything(inputs: &mut Inputs<'_>) -> Result<(), Failure> {
    black_box(Model::words_needed(inputs.file)?);
    let model = black_box(Model::parse_into(inputs.file, inputs.working)?);
    black_box((model.parameters(), model.golden().count()));
    model.input_columns().for_each(|column| {
        black_box(column);
    });
    model.target_columns().for_each(|column| {
        black_box(column);
    });
    let mut predictor = Predictor::<CAPACITY>::new(&model, Level::detect())?;
    black_box(predictor.self_test_short()?);
    let report = black_box(predictor.self_test()?);
    black_box(report.passed());
    let mut parameters = [0.0; CAPACITY];
    let parameters = black_box(&mut parameters[..]);
    let mut memory = [0.0; CAPACITY];
    let working = black_box(&mut memory[..]);
    black_box((model.mixture_len(), model.batch_working_len()));
    let mixtures = model.predict_batch(Level::detect(), inputs.numbers, parameters, working)?;
    batch(&black_box(mixtures), inputs.numbers, working)?;
    let mixture = black_box(predictor.predict(inputs.numbers)?);
    let memory = black_box(&mut memory[..]);
    let mut rows = [(0.0, 0.0); 8];
    whole(&mixture, inputs.numbers, memory)?;
    for component in mixture.components() {
        one_component(&component, memory)?;
    }
    if let Some(marginal) = mixture.marginal(black_box(0)) {
        one_dimension(&marginal, inputs.numbers, memory, black_box(&mut rows[..]))?;
    }
    let given = black_box([(0, 0.0)]);
    black_box(mixture.conditional_len(given.len()));
    let rest = black_box(mixture.conditional(&given, memory)?);
    black_box(rest.log_density(inputs.numbers)?);
    Ok(())
}

fn batch(mixtures: &Mixtures<'_>, numbers: &[f32], memory: &mut [f32]) -> Result<(), Failure> {
    black_box((mixtures.len(), mixtures.is_empty()));
    black_box(mixtures.get(black_box(0)));
    for mixture in mixtures.iter() {
        black_box(mixture);
    }
    mixtures.log_densities(numbers, memory)?;
    mixtures.cdfs(black_box(0), numbers, memory)?;
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(black_box(0));
    mixtures.samples(&mut rng, memory)?;
    Ok(())
}

fn whole(mixture: &Mixture<'_>, numbers: &[f32], memory: &mut [f32]) -> Result<(), Failure> {
    black_box(mixture.log_density(numbers)?);
    black_box(mixture.density(numbers)?);
    mixture.log_densities(numbers, memory)?;
    mixture.responsibilities(numbers, memory)?;
    mixture.outputs(numbers, |value| {
        black_box(value);
    })?;
    mixture.mean(memory)?;
    mixture.variance(memory)?;
    mixture.standard_deviation(memory)?;
    mixture.covariance_into(memory)?;
    black_box(mixture.best_component());
    black_box(mixture.modes(memory)?);
    black_box((
        mixture.anomaly_score(numbers)?,
        mixture.is_anomaly(numbers)?,
    ));

    let mut rng = Xoshiro128PlusPlus::seed_from_u64(black_box(0));
    let temperature = black_box(Temperature {
        weights: 1.0,
        scale: 1.0,
    });
    let mut components = [0; 4];
    black_box(mixture.sample(&mut rng, memory)?);
    black_box(mixture.sample_at(&mut rng, temperature, memory)?);
    mixture.samples(&mut rng, memory, Some(black_box(&mut components[..])))?;
    Ok(())
}

fn one_component(component: &Component<'_>, memory: &mut [f32]) -> Result<(), Failure> {
    let (i, j) = black_box((0, 0));
    black_box((component.weight(), component.log_weight()));
    black_box((component.mean(i), component.scale(i)));
    black_box((component.precision_factor(i, j), component.covariance(i, j)));
    component.covariance_into(memory)?;
    Ok(())
}

fn one_dimension(
    marginal: &Marginal<'_>,
    numbers: &[f32],
    memory: &mut [f32],
    rows: &mut [(f32, f32)],
) -> Result<(), Failure> {
    black_box((marginal.mean(), marginal.standard_deviation()));
    black_box((marginal.median(), marginal.mode()));
    black_box(marginal.modes(memory)?);
    for (&y, &p) in numbers.iter().zip(&*memory) {
        black_box(marginal.log_density(y)?);
        black_box((marginal.cdf(y)?, marginal.survival(y)?));
        black_box((marginal.exceedance(y)?, marginal.pit(y)?));
        black_box(marginal.interval_probability(y, p)?);
        black_box(marginal.crps(y)?);
        black_box((marginal.probability(y)?, marginal.pit_between(y)?));
        black_box(marginal.support());
        black_box((marginal.lower_tail_mean(y)?, marginal.upper_tail_mean(y)?));
        black_box(marginal.expected_shortfall(p)?);
        black_box(marginal.upper_expected_shortfall(p)?);
        black_box((marginal.quantile(p)?, marginal.upper_quantile(p)?));
        black_box(marginal.central_interval(p)?);
        black_box(marginal.highest_density_region(p, rows)?);
    }
    Ok(())
}
