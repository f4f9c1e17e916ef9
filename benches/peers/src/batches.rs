//! Batches on one thread: the engine against ONNX Runtime, which is the peer that is built for them.

use std::hint::black_box;

use anyhow::Result;
use mdn_benches::{Table, compare, machine};
use mdn_infer::{Level, Model};

use crate::subject::Subject;

const ROWS: [usize; 4] = [1, 8, 64, 1024];

/// Prints the table.
pub fn print(subjects: &[Subject]) -> Result<()> {
    let mut table = Table::new(&[
        "model, rows",
        "a row, ns",
        "one by one",
        "of the peak",
        "ONNX Runtime",
    ]);
    for subject in subjects {
        for rows in ROWS {
            table.row(row(subject, rows)?);
        }
    }
    println!("{table}\n{}, one thread.", machine::name());
    Ok(())
}

fn row(subject: &Subject, rows: usize) -> Result<Vec<String>> {
    let model = subject.model();
    let inputs = subject.inputs(rows);
    let level = Level::detect();
    let mut peer = subject.onnx_runtime(rows)?;
    let mut operations = 0;
    let times = compare(&mut [
        &mut together(&model, level, &inputs),
        &mut one_by_one(&model, level, &inputs),
        &mut || operations = machine::multiply_add(level),
        &mut || peer.run().expect("it ran before"),
    ]);
    let work = (rows * subject.network.operations()) as f64;
    let peak = operations as f64 / times[2];
    Ok(vec![
        format!("{}, {rows}", subject.name),
        format!("{:.0}", times[0] / rows as f64),
        format!("{:.2} ×", times[1] / times[0]),
        format!("{:.0}%", 100.0 * work / times[0] / peak),
        format!("{:.2} ×", times[3] / times[0]),
    ])
}

fn together<'m>(model: &'m Model<'m>, level: Level, inputs: &'m [f32]) -> impl FnMut() + 'm {
    let rows = inputs.len() / model.inputs();
    let mut parameters = vec![0.0; rows * model.mixture_len()];
    let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
    move || {
        let mixtures = model.predict_batch(level, black_box(inputs), &mut parameters, &mut working);
        black_box(mixtures.expect("finite inputs").len());
    }
}

fn one_by_one<'m>(model: &'m Model<'m>, level: Level, inputs: &'m [f32]) -> impl FnMut() + 'm {
    let mut working = vec![0.0; model.working_len()];
    move || {
        for x in black_box(inputs).chunks_exact(model.inputs()) {
            let mixture = model.predict(level, x, &mut working);
            black_box(mixture.expect("a finite input").log_weights());
        }
    }
}
