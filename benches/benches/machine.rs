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
/// Rows of a batch.
const ROWS: usize = 64;

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

/// How much of them predictions use; for each model everything takes turns.
fn shares(level: Level) -> Table {
    let rows = format!("{ROWS} rows, of the peak");
    let heads = [
        "model",
        "kernels, KB",
        "one row, of reading as much",
        "one row, of the peak",
        &rows,
    ];
    let mut table = Table::new(&heads);
    for (name, file) in subjects() {
        let model = file.model();
        let entries = model.multiply_adds();
        let lines = machine::lines(4 * entries);
        let mut operations = 0;
        let times = compare(&mut [
            &mut predict(&model, level),
            &mut predict_batch(&model, level),
            &mut || operations = machine::multiply_add(level),
            &mut || machine::read(level, &lines),
        ]);
        let peak = operations as f64 / times[2];
        let share = |rows: usize, time: f64| (2 * rows * entries) as f64 / time / peak;
        let percent = |share: f64| format!("{:.0}%", 100.0 * share);
        table.row([
            name.to_owned(),
            format!("{:.0}", (4 * entries) as f64 / 1024.0),
            percent(times[3] / times[0]),
            percent(share(1, times[0])),
            percent(share(ROWS, times[1])),
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

fn inputs(model: &Model<'_>, rows: usize) -> Vec<f32> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..rows)
        .flat_map(|_| random_input(model, &mut rng))
        .collect()
}

fn predict<'m>(model: &'m Model<'m>, level: Level) -> impl FnMut() + 'm {
    let x = inputs(model, 1);
    let mut working = vec![0.0; model.working_len()];
    move || {
        let mixture = model.predict(level, black_box(&x), &mut working);
        black_box(mixture.expect("a finite input").log_weights());
    }
}

fn predict_batch<'m>(model: &'m Model<'m>, level: Level) -> impl FnMut() + 'm {
    let x = inputs(model, ROWS);
    let mut parameters = vec![0.0; ROWS * model.mixture_len()];
    let mut working = vec![0.0; model.batch_working_len()];
    move || {
        let mixtures = model.predict_batch(level, black_box(&x), &mut parameters, &mut working);
        black_box(mixtures.expect("finite inputs").len());
    }
}
