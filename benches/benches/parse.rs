//! Parsing and checking one file with each storage of the kernels, and what it costs that a model and
//! its predictor own their memory, side by side in one run.

use std::hint::black_box;

use mdn_benches::{Table, compare, machine, model_file, models};
use mdn_infer::format::Storage;
use mdn_infer::{Level, Model, OwnedModel};
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::quantize;

fn main() {
    let narrow = Storage::ALL[1..].iter().map(|storage| storage.name());
    let heads: Vec<&str> = ["model", "f32, ns"].into_iter().chain(narrow).collect();
    let mut table = Table::new(&heads);
    for (name, shape) in models() {
        let wide = model_file(&shape, 0);
        let narrow = |&storage| quantize(&wide.model(), storage).expect("entries in range");
        let mut files = vec![wide.clone()];
        files.extend(Storage::ALL[1..].iter().map(narrow));
        table.row(row(name, &files));
    }
    let mut owned = Table::new(&[
        "model, ns",
        "parse",
        "parse a copy",
        "view",
        "predictor",
        "predict",
        "owning predict",
    ]);
    for (name, shape) in models() {
        owned.row(owning(name, &model_file(&shape, 0)));
    }
    println!("{table}\n{owned}\n{}, one thread.", machine::name());
}

/// The times of the same work with a borrowed model and an owned one.
fn owning(name: &str, file: &ModelFile) -> Vec<String> {
    let level = Level::detect();
    let owned = OwnedModel::parse(file.bytes()).expect("a sound file");
    let model = file.model();
    let x = vec![0.5; model.inputs()];
    let mut working = vec![0.0; model.working_len()];
    let mut predictor = owned.predictor(level);
    let times = compare(&mut [
        &mut parse(file),
        &mut || drop(black_box(OwnedModel::parse(black_box(file.bytes())))),
        &mut || {
            black_box(black_box(&owned).model());
        },
        &mut || drop(black_box(owned.predictor(level))),
        &mut || {
            let mixture = model.predict(level, black_box(&x), &mut working);
            black_box(&mixture.expect("finite"));
        },
        &mut || {
            let mixture = predictor.predict(black_box(&x));
            black_box(&mixture.expect("finite"));
        },
    ]);
    let times = times.iter().map(|time| format!("{time:.0}"));
    [name.to_owned()].into_iter().chain(times).collect()
}

/// The time with f32, the first of `files`, and with each of the others, and that over the first.
fn row(name: &str, files: &[ModelFile]) -> Vec<String> {
    let mut calls: Vec<_> = files.iter().map(parse).collect();
    let mut calls: Vec<&mut dyn FnMut()> = calls.iter_mut().map(|call| call as _).collect();
    let times = compare(&mut calls);
    let mut cells = vec![name.to_owned(), format!("{:.0}", times[0])];
    let narrow = times[1..].iter();
    cells.extend(narrow.map(|time| format!("{time:.0} ({:.2} ×)", time / times[0])));
    cells
}

fn parse(file: &ModelFile) -> impl FnMut() + '_ {
    || {
        let model = Model::parse(black_box(file.bytes()));
        black_box(model.expect("a sound file").members());
    }
}
