//! What each answer of a mixture takes beside the prediction that made it, at every level of this
//! machine.

use std::hint::black_box;

use mdn_benches::{Table, compare, machine, model_file, models};
use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Level, Mixture, Model};
use mdn_tests::random_input;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

fn main() {
    let heads = [
        "model, level",
        "one prediction, ns",
        "log-density",
        "covariance",
        "cdf",
        "interval",
        "quantile",
        "CRPS",
        "mode",
        "draw",
    ];
    let mut table = Table::new(&heads);
    for (name, shape) in models() {
        let file = model_file(&shape, 0);
        for level in Level::available() {
            table.row(row(name, &file.model(), level));
        }
    }
    println!("{table}\n{}, one thread.", machine::name());
}

/// The time of a prediction, and how many times as long each answer takes.
fn row(name: &str, model: &Model<'_>, level: Level) -> Vec<String> {
    let x = random_input(model, &mut Xoshiro256PlusPlus::seed_from_u64(1));
    let mut working = vec![0.0; model.working_len()];
    let mut predict = || {
        let mixture = model.predict(level, black_box(&x), &mut working);
        black_box(mixture.expect("a finite input").log_weights());
    };
    let mut working = vec![0.0; model.working_len()];
    let mixture = model
        .predict(level, &x, &mut working)
        .expect("a finite input");
    let mut answers = answers(&mixture, model.target_shift());
    let mut calls: Vec<&mut dyn FnMut()> = vec![&mut predict];
    calls.extend(answers.iter_mut().map(|answer| answer as &mut dyn FnMut()));
    let times = compare(&mut calls);
    let mut cells = vec![
        format!("{name}, {}", level.name()),
        format!("{:.0}", times[0]),
    ];
    let beside = |time: &f64| format!("{:.2} ×", time / times[0]);
    cells.extend(times[1..].iter().map(beside));
    cells
}

/// In the order of the table's columns; those about one target ask for the first.
fn answers<'a>(mixture: &'a Mixture<'a>, target: &'a [f32]) -> Vec<Box<dyn FnMut() + 'a>> {
    let dimensions = mixture.dimensions();
    let marginal = mixture.marginal(0).expect("a target");
    let y = target[0];
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    vec![
        Box::new(move || {
            black_box(mixture.log_density(black_box(target))).expect("a finite target");
        }),
        Box::new(move || {
            let mut covariance = [0.0; MAX_DIMENSIONS * MAX_DIMENSIONS];
            let found = mixture.covariance_into(&mut covariance[..dimensions * dimensions]);
            found.expect("the right length");
            black_box(covariance);
        }),
        Box::new(move || {
            black_box(marginal.cdf(black_box(y))).expect("a number");
        }),
        Box::new(move || {
            black_box(marginal.interval_probability(black_box(y), y + 1.0)).expect("numbers");
        }),
        Box::new(move || {
            black_box(marginal.quantile(black_box(0.9))).expect("a probability");
        }),
        Box::new(move || {
            black_box(marginal.crps(black_box(y))).expect("a finite outcome");
        }),
        Box::new(move || {
            black_box(marginal.mode());
        }),
        Box::new(move || {
            let mut draw = [0.0; MAX_DIMENSIONS];
            let found = mixture.sample(&mut rng, &mut draw[..dimensions]);
            found.expect("the right length");
            black_box(draw);
        }),
    ]
}
