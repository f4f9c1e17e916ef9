//! The tail of the latency: each prediction timed by itself, the engine and ONNX Runtime in turns.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use hdrhistogram::Histogram;
use mdn_benches::{Table, machine};
use mdn_infer::Level;

use crate::subject::Subject;

/// Predictions timed.
const CALLS: usize = 200_000;
/// Calls of one before it is the other's turn.
const TURN: usize = 100;
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// Prints the table.
pub fn print(subjects: &[Subject]) -> Result<()> {
    let heads = QUANTILES.map(|(name, _)| format!("{name}, ns"));
    let heads: Vec<&str> = ["model, engine"]
        .into_iter()
        .chain(heads.iter().map(String::as_str))
        .collect();
    let mut table = Table::new(&heads);
    let mut nothing = Histogram::new(3)?;
    (0..CALLS).try_for_each(|_| time(&mut nothing, || ()))?;
    table.row(cells("the clock alone", &nothing));
    for subject in subjects {
        let (ours, theirs) = histograms(subject)?;
        table.row(cells(&format!("{}, mdn", subject.name), &ours));
        table.row(cells(&format!("{}, ONNX Runtime", subject.name), &theirs));
    }
    println!("{table}\n{}, one thread.", machine::name());
    Ok(())
}

fn cells(name: &str, histogram: &Histogram<u64>) -> Vec<String> {
    let quantiles = QUANTILES.map(|(_, q)| histogram.value_at_quantile(q).to_string());
    [name.to_owned()].into_iter().chain(quantiles).collect()
}

fn histograms(subject: &Subject) -> Result<(Histogram<u64>, Histogram<u64>)> {
    let model = subject.model();
    let level = Level::detect();
    let x = subject.inputs(1);
    let mut working = vec![0.0; model.working_len()];
    let mut peer = subject.onnx_runtime(1)?;
    let (mut ours, mut theirs) = (Histogram::new(3)?, Histogram::new(3)?);
    for _ in 0..CALLS / TURN {
        for _ in 0..TURN {
            time(&mut ours, || {
                let mixture = model.predict(level, black_box(&x), &mut working);
                black_box(mixture.expect("a finite input").log_weights());
            })?;
        }
        for _ in 0..TURN {
            time(&mut theirs, || peer.run().expect("it ran before"))?;
        }
    }
    Ok((ours, theirs))
}

fn time(histogram: &mut Histogram<u64>, function: impl FnOnce()) -> Result<()> {
    let start = Instant::now();
    function();
    Ok(histogram.record(start.elapsed().as_nanos().try_into()?)?)
}
