//! Predictions of a batch of 1024 rows, a row's share, beside as many single predictions.

use std::hint::black_box;

use mdn_benches::{compare, models};
use mdn_infer::Level;
use mdn_tests::{random_input, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

const ROWS: usize = 1024;

fn main() {
    println!("model level   single, ns  batch, ns a row  ratio  multiply-adds a ns");
    for (name, shape) in models() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let file = random_model(&shape, 0, &mut rng);
        let model = file.model();
        let x: Vec<f32> = (0..ROWS)
            .flat_map(|_| random_input(&model, &mut rng))
            .collect();
        for level in Level::available() {
            let mut working = vec![0.0; model.working_len()];
            let mut batch_working = vec![0.0; model.batch_working_len()];
            let mut parameters = vec![0.0; ROWS * model.mixture_len()];
            let single = &mut || {
                for x in black_box(&x).chunks_exact(model.inputs()) {
                    let mixture = model.predict(level, x, &mut working);
                    black_box(mixture.expect("a finite input").log_weights());
                }
            };
            let batch = &mut || {
                let mixtures =
                    model.predict_batch(level, black_box(&x), &mut parameters, &mut batch_working);
                black_box(mixtures.expect("finite inputs").len());
            };
            let times = compare(&mut [single, batch]).into_iter();
            let times: Vec<f64> = times.map(|time| time / ROWS as f64).collect();
            let (single, batch) = (times[0], times[1]);
            let products = model.multiply_adds();
            println!(
                "{name:<5} {:<7} {single:>10.1}  {batch:>15.1}  {:>5.2}  {:>18.2}",
                level.name(),
                single / batch,
                products as f64 / batch,
            );
        }
    }
}
