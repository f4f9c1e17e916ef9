//! One prediction with each storage of the kernels, at every level of this machine.

use std::hint::black_box;

use mdn_benches::{Table, compare, machine, model_file, models};
use mdn_infer::format::Storage;
use mdn_infer::{Level, Model};
use mdn_tests::random_input;
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::quantize;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

fn main() {
    let mut heads = vec!["model, level".to_owned(), "f32, ns".to_owned()];
    heads.extend(
        Storage::ALL[1..]
            .iter()
            .map(|storage| storage.name().to_owned()),
    );
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for (name, shape) in models() {
        let wide = model_file(&shape, 0);
        let narrow = |&storage| quantize(&wide.model(), storage).expect("entries in range");
        let mut files = vec![wide.clone()];
        files.extend(Storage::ALL[1..].iter().map(narrow));
        let bytes = |file: &ModelFile| format!("{} bytes", file.bytes().len());
        table.row([name.to_owned()].into_iter().chain(files.iter().map(bytes)));
        for level in Level::available() {
            table.row(row(name, &files, level));
        }
    }
    println!("{table}\n{}, one thread.", machine::name());
}

/// The time with f32, the first of `files`, and how many times as fast the others are.
fn row(name: &str, files: &[ModelFile], level: Level) -> Vec<String> {
    let models: Vec<Model<'_>> = files.iter().map(ModelFile::model).collect();
    let x = random_input(&models[0], &mut Xoshiro256PlusPlus::seed_from_u64(1));
    let predict = |model| predict(model, level, &x);
    let mut calls: Vec<_> = models.iter().map(predict).collect();
    let mut calls: Vec<&mut dyn FnMut()> = calls.iter_mut().map(|call| call as _).collect();
    let times = compare(&mut calls);
    let mut cells = vec![
        format!("{name}, {}", level.name()),
        format!("{:.0}", times[0]),
    ];
    cells.extend(
        times[1..]
            .iter()
            .map(|time| format!("{:.2} ×", times[0] / time)),
    );
    cells
}

fn predict<'m>(model: &'m Model<'m>, level: Level, x: &'m [f32]) -> impl FnMut() + 'm {
    let mut working = vec![0.0; model.working_len()];
    move || {
        let mixture = model.predict(level, black_box(x), &mut working);
        black_box(mixture.expect("a finite input").log_weights());
    }
}
