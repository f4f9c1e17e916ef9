//! One prediction with each storage of the kernels, at every level of this machine.

use std::hint::black_box;

use mdn_benches::{compare, models};
use mdn_infer::format::Storage;
use mdn_infer::{Level, Model};
use mdn_tests::{random_input, random_model};
use mdn_train::quantize::quantize;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// One prediction in `working`.
fn predict(model: &Model<'_>, level: Level, x: &[f32], working: &mut [f32]) {
    let mixture = model
        .predict(level, black_box(x), working)
        .expect("a finite input");
    black_box(mixture.log_weights());
}

fn main() {
    println!("model level   storage     bytes  predict, ns  × f32");
    for (name, shape) in models() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let wide = random_model(&shape, 0, &mut rng);
        let narrow = Storage::ALL[1..]
            .iter()
            .map(|&storage| quantize(&wide.model(), storage).expect("entries in range"));
        let files: Vec<_> = std::iter::once(wide.clone()).chain(narrow).collect();
        let x = random_input(&wide.model(), &mut rng);
        for level in Level::available() {
            let models: Vec<Model<'_>> = files.iter().map(|file| file.model()).collect();
            let mut calls: Vec<_> = models
                .iter()
                .map(|model| {
                    let (mut working, x) = (vec![0.0; model.working_len()], &x);
                    move || predict(model, level, x, &mut working)
                })
                .collect();
            let mut calls: Vec<&mut dyn FnMut()> = calls
                .iter_mut()
                .map(|call| call as &mut dyn FnMut())
                .collect();
            let times = compare(&mut calls);
            for ((file, model), time) in files.iter().zip(&models).zip(&times) {
                let (level, storage) = (level.name(), model.storage().name());
                let (bytes, faster) = (file.bytes().len(), times[0] / time);
                println!(
                    "{name:<5} {level:<7} {storage:<7} {bytes:>9}  {time:>11.0}  {faster:>5.2}"
                );
            }
        }
    }
}
