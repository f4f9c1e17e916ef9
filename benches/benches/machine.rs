//! What the machine can do at most, and how much of it a prediction uses: products and sums in
//! registers, and bytes read from each cache.

use std::hint::black_box;

use mdn_benches::{Table, compare, machine, model_file, models};
use mdn_infer::format::Activation;
use mdn_infer::{Level, Model};
use mdn_tests::{Shape, random_input};
use mdn_train::model_file::ModelFile;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Sizes at which reading is measured, in KB.
const SIZES: [usize; 5] = [16, 256, 1024, 4096, 16_384];

fn main() {
    let level = Level::detect();
    println!("{}", limits(level));
    println!("{}", shares(level));
    println!("{}, one thread.", machine::name());
}

/// The machine's limits.
fn limits(level: Level) -> Table {
    let mut table = Table::new(&["", "at most"]);
    let mut operations = 0;
    let times = compare(&mut [&mut || operations = machine::multiply_add(level)]);
    let peak = operations as f64 / times[0];
    table.row(["products and sums".to_owned(), format!("{peak:.1} GFLOP/s")]);
    for size in SIZES {
        let lines = machine::lines(size * 1024);
        let times = compare(&mut [&mut || machine::read(level, &lines)]);
        let speed = (size * 1024) as f64 / times[0];
        table.row([format!("reading {size} KB"), format!("{speed:.1} GB/s")]);
    }
    table
}

/// How much of them predictions use, one row after the other; everything takes turns.
fn shares(level: Level) -> Table {
    let mut table = Table::new(&[
        "model",
        "kernels, KB",
        "GFLOP/s",
        "of the peak",
        "GB/s",
        "of reading as much",
    ]);
    for (name, file) in subjects() {
        let model = file.model();
        let entries: usize = (model.layers().iter())
            .map(|l| l.inputs() * l.outputs())
            .sum();
        let lines = machine::lines(4 * entries);
        let mut predict = predict(&model, level);
        let mut operations = 0;
        let times = compare(&mut [
            &mut predict,
            &mut || operations = machine::multiply_add(level),
            &mut || machine::read(level, &lines),
        ]);
        let (speed, peak) = (
            2.0 * entries as f64 / times[0],
            operations as f64 / times[1],
        );
        table.row([
            name.to_owned(),
            format!("{:.0}", (4 * entries) as f64 / 1024.0),
            format!("{speed:.1}"),
            format!("{:.0}%", 100.0 * speed / peak),
            format!("{:.1}", (4 * entries) as f64 / times[0]),
            format!("{:.0}%", 100.0 * times[2] / times[0]),
        ]);
    }
    table
}

/// The benchmark models, and L without its activations: little more than its dense layers.
fn subjects() -> Vec<(&'static str, ModelFile)> {
    let all = models();
    let dense = Shape {
        activation: Activation::Identity,
        ..all[2].1.clone()
    };
    let mut files: Vec<_> = (all
        .iter()
        .map(|(name, shape)| (*name, model_file(shape, 0))))
    .collect();
    files.push(("L without tanh", model_file(&dense, 0)));
    files
}

fn predict<'m>(model: &'m Model<'m>, level: Level) -> impl FnMut() + 'm {
    let x = random_input(model, &mut Xoshiro256PlusPlus::seed_from_u64(1));
    let mut working = vec![0.0; model.working_len()];
    move || {
        let mixture = model.predict(level, black_box(&x), &mut working);
        black_box(mixture.expect("a finite input").log_weights());
    }
}
