//! One prediction, and the log-density of one target after it, at every level of this machine.

use std::hint::black_box;

use mdn_benches::{compare, models};
use mdn_infer::{Level, Model};
use mdn_tests::{random_input, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// One prediction in `working`, with the log-density of `target` where there is one.
fn predict(
    model: &Model<'_>,
    level: Level,
    x: &[f32],
    target: Option<&[f32]>,
    working: &mut [f32],
) {
    let mixture = model
        .predict(level, black_box(x), working)
        .expect("a finite input");
    if let Some(target) = target {
        black_box(
            mixture
                .log_density(black_box(target))
                .expect("a finite target"),
        );
    }
    black_box(mixture.log_weights());
}

fn main() {
    println!("model level   predict, ns  × scalar  with log-density, ns  × predict");
    for (name, shape) in models() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let file = random_model(&shape, 0, &mut rng);
        let model = file.model();
        let x = random_input(&model, &mut rng);
        let target = vec![0.1; model.dimensions()];
        let mut scalar = None;
        for level in Level::available() {
            let mut working = vec![0.0; model.working_len()];
            let mut other = working.clone();
            let alone = &mut || predict(&model, level, &x, None, &mut working);
            let both = &mut || predict(&model, level, &x, Some(&target), &mut other);
            let times = compare(&mut [alone, both]);
            let (alone, both) = (times[0], times[1]);
            let faster = *scalar.get_or_insert(alone) / alone;
            let more = both / alone;
            let level = level.name();
            println!(
                "{name:<5} {level:<7} {alone:>11.0}  {faster:>8.1}  {both:>20.0}  {more:>9.2}"
            );
        }
    }
}
