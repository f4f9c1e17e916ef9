//! Draws against the distribution that they are drawn from.

use mdn_infer::Level;
use mdn_tests::budget::{self, Meter};
use mdn_tests::{random_input, random_model, random_shape};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// Draws from the mixture of each of a few random models, and what the model says of them.
fn draws(seed: u64, visit: impl Fn(&mdn_infer::Mixture<'_>, &[usize], &[Vec<f32>]) + Sync) {
    (0..DRAWN).into_par_iter().for_each(|i| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + i);
        let file = random_model(&random_shape(&mut rng), 0, &mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let x = random_input(&model, &mut rng);
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        let mut components = Vec::new();
        let mut columns = vec![Vec::new(); mixture.dimensions()];
        let mut draw = vec![0.0; mixture.dimensions()];
        for _ in 0..DRAWS {
            components.push(mixture.sample(&mut rng, &mut draw).unwrap());
            for (column, &value) in columns.iter_mut().zip(&draw) {
                column.push(value);
            }
        }
        visit(&mixture, &components, &columns);
    });
}

/// Models to draw from.
const DRAWN: u64 = 8;
/// Draws from each.
const DRAWS: usize = 100_000;

/// Kolmogorov's statistic √n sup |Fₙ − F| exceeds 2.5 with probability 2 exp(−2 · 2.5²) = 7.5e-6
/// for a right sampler; some 20 are tested, at fixed seeds.
#[test]
fn draws_follow_the_distribution_function() {
    let meter = Meter::new("draws, Kolmogorov");
    draws(100, |mixture, _, columns| {
        for (d, column) in columns.iter().enumerate() {
            let marginal = mixture.marginal(d).unwrap();
            let levels = column.iter().map(|&y| marginal.cdf(y).unwrap().into());
            let statistic = mdn_tests::kolmogorov(levels.collect());
            meter.check(statistic, budget::DRAWS_KOLMOGOROV, d);
        }
    });
    meter.print();
}

/// The mean and the mean square about the mixture's mean are sums of many draws and so nearly
/// normal: 5 standard errors are exceeded with probability 6e-7 each. The standard error of the
/// squares comes from the draws themselves.
#[test]
fn draws_have_the_moments() {
    let meter = Meter::new("draws, moments");
    draws(200, |mixture, _, columns| {
        for (d, column) in columns.iter().enumerate() {
            let marginal = mixture.marginal(d).unwrap();
            let mean = f64::from(marginal.mean());
            let sd = f64::from(marginal.standard_deviation());
            let n = DRAWS as f64;
            let scores: Vec<f64> = column.iter().map(|&y| (f64::from(y) - mean) / sd).collect();
            let moment = |power: i32| scores.iter().map(|z| z.powi(power)).sum::<f64>() / n;
            meter.check(moment(1).abs(), budget::DRAWS_MOMENT / n.sqrt(), d);
            let error = ((moment(4) - 1.0).max(1.0) / n).sqrt();
            meter.check((moment(2) - 1.0).abs(), budget::DRAWS_MOMENT * error, d);
        }
    });
    meter.print();
}

/// Pearson's statistic exceeds df + 2 √(df x) + 2 x with probability e⁻ˣ at most (Laurent and
/// Massart 2000); x = 12. Components that expect fewer than ten draws are taken together.
#[test]
fn draws_choose_components_by_their_weights() {
    let meter = Meter::new("draws, Pearson");
    draws(300, |mixture, components, _| {
        let mut counts = vec![0.0; mixture.len()];
        for &k in components {
            counts[k] += 1.0;
        }
        let expected = mixture
            .components()
            .map(|c| f64::from(c.weight()) * DRAWS as f64);
        let cells: Vec<(f64, f64)> = counts.into_iter().zip(expected).collect();
        let (mut common, rare): (Vec<_>, Vec<_>) = cells.into_iter().partition(|c| c.1 >= 10.0);
        let sum = |part: fn(&(f64, f64)) -> f64| rare.iter().map(part).sum::<f64>();
        let rest = (sum(|cell| cell.0), sum(|cell| cell.1));
        if rest.1 >= 10.0 {
            common.push(rest);
        } else {
            // Poisson with a mean below 10: more than 40 has probability 1e-13.
            assert!(rest.0 < 40.0);
        }
        let statistic: f64 = common.iter().map(|(n, e)| (n - e).powi(2) / e).sum();
        let (df, x) = ((common.len().max(2) - 1) as f64, budget::DRAWS_PEARSON);
        meter.check(statistic, df + 2.0 * (df * x).sqrt() + 2.0 * x, df);
    });
    meter.print();
}
