//! Batches on one thread: the engine against ONNX Runtime, which is the peer that is built for them.

use std::hint::black_box;

use anyhow::Result;
use mdn_benches::{Table, compare, machine};
use mdn_infer::Level;

use crate::subject::Subject;

const ROWS: [usize; 4] = [1, 8, 64, 1024];

/// Prints the table.
pub fn print(subjects: &[Subject]) -> Result<()> {
    let mut table = Table::new(&[
        "model, rows",
        "one row after the other, ns a row",
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
    let mut working = vec![0.0; model.working_len()];
    let level = Level::detect();
    let mut one_by_one = || {
        for x in black_box(&inputs).chunks_exact(model.inputs()) {
            let mixture = model.predict(level, x, &mut working);
            black_box(mixture.expect("a finite input").log_weights());
        }
    };
    let mut peer = subject.onnx_runtime(rows)?;
    let mut peer = || peer.run().expect("it ran before");
    let mut operations = 0;
    let mut peak = || operations = machine::multiply_add(level);
    let times = compare(&mut [&mut one_by_one, &mut peer, &mut peak]);
    let work = (rows * subject.network.operations()) as f64 / operations as f64;
    let share = |time: f64| work * times[2] / time;
    Ok(vec![
        format!("{}, {rows}", subject.name),
        format!("{:.0}", times[0] / rows as f64),
        format!("{:.0}%", 100.0 * share(times[0])),
        format!("{:.2} ×", times[1] / times[0]),
    ])
}
