//! Training alone, timed: `train classic TABLE STEPS` or `train larger TABLE EPOCHS` prints the
//! seconds (of all steps; of the fastest epoch), the mean loss at the end, and which share of the
//! machine's peak in products and sums the dense layers alone would need at that speed.
//!
//! The two problems, their networks and their optimiser are those of `benches/peers/training/`,
//! which runs it.

use std::env;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use mdn_benches::machine;
use mdn_infer::Level;
use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use mdn_train::data::{ReadOptions, Table};
use mdn_train::network::{Architecture, HiddenLayer, Initialisation};
use mdn_train::train::{Batch, Length, Rows, TrainOptions, TrainingData, train};
use rayon::prelude::*;

type Error = Box<dyn std::error::Error>;

/// Calls of [`machine::multiply_add`] of each thread, in each of some rounds.
const PEAK: [usize; 2] = [500, 200];

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [problem, path, length] = arguments[..] else {
        return Err("usage: train classic TABLE STEPS | train larger TABLE EPOCHS".into());
    };
    let length = length.parse()?;
    let (architecture, options) = match problem {
        "classic" => classic(length),
        "larger" => larger(length),
        other => return Err(format!("no problem is called {other}").into()),
    };
    let table = Table::read(path, &ReadOptions::default())?;
    let values = table
        .select(table.columns(), 0, &ReadOptions::default())?
        .values;
    let rows = table.rows();
    let (inputs, targets) = halves(&values, table.columns().len(), architecture.inputs);
    let data = TrainingData {
        train: Rows {
            inputs: &inputs,
            targets: &targets,
        },
        validation: None,
    };
    let start = Instant::now();
    let mut ends = vec![0.0];
    let mut loss = f64::NAN;
    train(&architecture, &data, &options, &mut |progress| {
        ends.push(start.elapsed().as_secs_f64());
        loss = progress.train_loss;
        ControlFlow::Continue(())
    })?;
    let epochs = ends.windows(2).map(|ends| ends[1] - ends[0]);
    let (seconds, passes) = match problem {
        "classic" => (start.elapsed().as_secs_f64(), length),
        _ => (epochs.fold(f64::INFINITY, f64::min), 1),
    };
    let share = 1e-9 * operations(&architecture, rows * passes) / seconds / peak();
    println!("{seconds} {loss} {share}");
    Ok(())
}

/// One layer of 24 units, 24 components; full batches.
fn classic(steps: usize) -> (Architecture, TrainOptions) {
    let architecture = Architecture {
        inputs: 1,
        hidden: HiddenLayer::dense(&[24], Activation::Sigmoid),
        head: head(24, 1, Covariance::Isotropic),
    };
    let options = TrainOptions {
        length: Length::Steps(steps),
        ..TrainOptions::classic()
    };
    (architecture, options)
}

/// Two layers of 256 units, 16 components with full covariance of eight targets; batches of 1024.
fn larger(epochs: usize) -> (Architecture, TrainOptions) {
    let architecture = Architecture {
        inputs: 32,
        hidden: HiddenLayer::dense(&[256, 256], Activation::Tanh),
        head: head(16, 8, Covariance::Full),
    };
    let options = TrainOptions {
        length: Length::Epochs(epochs),
        batch: Batch::Rows(1024),
        initialisation: Initialisation::Spread,
        ..TrainOptions::classic()
    };
    (architecture, options)
}

fn head(components: u16, dimensions: u8, covariance: Covariance) -> Head {
    Head {
        components,
        dimensions,
        covariance,
        scale_map: ScaleMap::Exp,
        log_scale_min: -10.0,
        log_scale_max: 10.0,
    }
}

/// The first `inputs` columns of row-major `values`, and the others.
fn halves(values: &[f64], columns: usize, inputs: usize) -> (Vec<f32>, Vec<f32>) {
    let rows = || values.chunks_exact(columns);
    let part = |row: &[f64]| row.iter().map(|&value| value as f32).collect::<Vec<_>>();
    (
        rows().flat_map(|row| part(&row[..inputs])).collect(),
        rows().flat_map(|row| part(&row[inputs..])).collect(),
    )
}

/// Products and sums of the dense layers: forward, the gradient of the kernels, and that of the
/// inputs of all layers but the first.
fn operations(architecture: &Architecture, rows: usize) -> f64 {
    let layers = architecture.layers().enumerate();
    let passes = layers.map(|(number, layer)| {
        let passes = if number == 0 { 2 } else { 3 };
        2 * passes * layer.inputs * layer.outputs
    });
    passes.sum::<usize>() as f64 * rows as f64
}

/// GFLOP/s of all cores at once.
fn peak() -> f64 {
    let [calls, rounds] = PEAK;
    let level = Level::detect();
    let round = |_| {
        let start = Instant::now();
        let threads = 0..rayon::current_num_threads();
        let work = |_| {
            (0..calls)
                .map(|_| black_box(machine::multiply_add(level)))
                .sum()
        };
        let done: Vec<usize> = threads.into_par_iter().map(work).collect();
        done.iter().sum::<usize>() as f64 / start.elapsed().as_nanos() as f64
    };
    (0..rounds).map(round).fold(0.0, f64::max)
}
