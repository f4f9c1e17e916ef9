//! Rows for where there is no table.

use mdn_infer::{Level, Model, PredictError};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::data::Dataset;

/// `rows` rows for where there is no table: inputs drawn from a normal distribution in
/// standardised units, always the same, and for each a target drawn from `model`.
///
/// # Errors
///
/// [`PredictError`] where the model overflows at one of them.
pub fn drawn_rows(model: &Model<'_>, rows: usize) -> Result<Dataset, PredictError> {
    let names = |prefix: char, count| (0..count).map(|i| format!("{prefix}{i}")).collect();
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut working = vec![0.0; model.working_len()];
    let mut data = Dataset {
        input_names: names('x', model.inputs()),
        target_names: names('t', model.dimensions()),
        rows,
        lines: (1..=rows as u64).collect(),
        ..Dataset::default()
    };
    for _ in 0..rows {
        let inputs = 0..model.inputs();
        let x: Vec<f32> = inputs
            .map(|input| {
                let normal: f32 = StandardNormal.sample(&mut rng);
                model.input_at(input, normal)
            })
            .collect();
        let mut target = vec![0.0; model.dimensions()];
        model
            .predict(Level::detect(), &x, &mut working)?
            .sample(&mut rng, &mut target)?;
        data.inputs.extend(x);
        data.targets.extend(target);
    }
    Ok(data)
}
