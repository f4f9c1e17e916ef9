//! One wild value in a thousand rows costs the other rows next to nothing.

use std::ops::ControlFlow;

use mdn_train::data::generators::inverse_sine;
use mdn_train::data::{Dataset, NumericTable, split};
use mdn_train::fit::{FitConfig, fit};
use mdn_train::metrics;
use mdn_train::train::{Length, StartCount, TrainOptions};

const ROWS: usize = 1000;

/// Nats that a wild value may cost the mean of clean rows.
const COST: f64 = 0.05;

fn config() -> FitConfig {
    FitConfig {
        hidden: vec![24],
        components: 10,
        options: TrainOptions {
            length: Length::Steps(1500),
            starts: StartCount::Fixed(1),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

/// The score on fresh clean rows of a model of `table`.
fn held_out(table: NumericTable) -> f64 {
    let data = Dataset::from_numeric(table, 1).unwrap();
    let fitted = fit(&data, &config(), &mut |_| ControlFlow::Continue(())).unwrap();
    let fresh = Dataset::from_numeric(inverse_sine(5000, 99), 1).unwrap();
    metrics::nll(&fitted.file.model(), &fresh).unwrap()
}

/// The table with one value in a row replaced; column 0 is the input, 1 the target.
fn with(row: usize, column: usize, value: f64) -> NumericTable {
    let mut table = inverse_sine(ROWS, 1);
    table.values[2 * row + column] = value;
    table
}

#[test]
fn a_wild_value_anywhere_spoils_nothing_else() {
    let (training, validation) = split(ROWS, config().validation, config().seed).unwrap();
    let clean = held_out(inverse_sine(ROWS, 1));
    assert!((1.3..1.6).contains(&clean), "{clean}");
    // A million spreads away, in a row that is learnt from and in one that chooses the best step.
    for (row, column, value) in [
        (training[500], 1, 6e6),
        (validation[50], 1, -6e6),
        (training[500], 0, -5e6),
        (validation[50], 0, 5e6),
    ] {
        let found = held_out(with(row, column, value));
        assert!(
            found - clean < COST,
            "{found} where clean rows give {clean}: row {row}, {value}"
        );
    }
}
