//! What pictures along an input show, against the engine's densities and quantiles.

use mdn_infer::{Level, Model};
use mdn_train::data::{Dataset, NumericTable, Transform};
use mdn_train::fit::{FitConfig, Fitted};
use mdn_train::pictures::Line;
use mdn_train::train::{Length, TrainOptions};

fn small() -> FitConfig {
    FitConfig {
        hidden: vec![8],
        components: 3,
        options: TrainOptions {
            length: Length::Steps(100),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

/// A table whose target is the logarithm of a column `y`, between e⁰ and e³, and its model.
fn logarithmic() -> (Dataset, Fitted) {
    let rows = (0..200).flat_map(|i| {
        let x = f64::from(i) / 100.0 - 1.0;
        [x, 1.5 + x + 0.5 * (17.0 * f64::from(i)).sin()]
    });
    let mut table = NumericTable::new(vec!["x".to_owned(), "log(y)".to_owned()], rows.collect());
    table.transforms = vec![None, Some(Transform::Log)];
    let data = Dataset::from_numeric(table, 1).unwrap();
    let fitted = mdn_train::fit(&data, &small()).unwrap();
    (data, fitted)
}

/// The density of y at x, by that of its logarithm.
fn density(model: &Model<'_>, x: f32, y: f64) -> f64 {
    let mut working = vec![0.0; model.working_len()];
    let mixture = model.predict(Level::detect(), &[x], &mut working).unwrap();
    let log_density = mixture.log_density(&[y.ln() as f32]).unwrap();
    f64::from(log_density).exp() / y
}

#[test]
fn a_heatmap_of_a_logarithm_is_the_density_of_the_column() {
    let (_, fitted) = logarithmic();
    let model = fitted.file.model();
    let line = Line::new(&model, 0, 0);
    let map = line
        .heatmap((-1.0, 1.0), (-2.0, 18.0), (2, 20), Vec::new())
        .unwrap();
    assert_eq!(map.y_label, "y");
    for (row, values) in map.grid.values().chunks(2).enumerate() {
        let low = row as f64 - 2.0;
        for (x, &value) in [-0.5, 0.5].into_iter().zip(values) {
            if low < 0.0 {
                assert_eq!(value, 0.0, "no y is negative");
                continue;
            }
            let parts = (0..1000).map(|i| density(&model, x, low + (f64::from(i) + 0.5) / 1000.0));
            let mean = parts.sum::<f64>() / 1000.0;
            let difference = (f64::from(value) - mean).abs();
            assert!(difference < 1e-4 + 1e-3 * mean, "{low}: {value} {mean}");
        }
    }
}

#[test]
fn components_narrower_than_a_cell_are_seen() {
    let (_, fitted) = logarithmic();
    let model = fitted.file.model();
    let range = (-1e4, 1e4);
    let map = Line::new(&model, 0, 0)
        .heatmap((-1.0, 1.0), range, (1, 8), Vec::new())
        .unwrap();
    let mass = map.grid.values().iter().sum::<f32>() * (range.1 - range.0) / 8.0;
    assert!((mass - 1.0).abs() < 1e-5, "{mass}");
}

#[test]
fn quantiles_draws_and_rows_are_those_of_the_column() {
    let (data, fitted) = logarithmic();
    let model = fitted.file.model();
    let line = Line::new(&model, 0, 0);
    let points = line.points(&data);
    for (&(_, y), &z) in points.iter().zip(&data.targets) {
        assert!((f64::from(y).ln() - f64::from(z)).abs() < 1e-5);
    }
    let xs = [-0.5, 0.5];
    let fan = line.fan(&xs, Vec::new()).unwrap();
    let mut working = vec![0.0; model.working_len()];
    for (&x, &median) in xs.iter().zip(&fan.median) {
        let mixture = model.predict(Level::detect(), &[x], &mut working).unwrap();
        let marginal = mixture.marginal(0).unwrap();
        let below = f64::from(marginal.cdf(f64::from(median).ln() as f32).unwrap());
        assert!((below - 0.5).abs() < 1e-5, "{below}");
    }
    let draws = line.samples(&[0.5], 4000, 1, Vec::new()).unwrap().draws;
    let below = draws.iter().filter(|(_, y)| *y < fan.median[1]).count();
    // Five standard errors.
    assert!((1842..=2158).contains(&below), "{below}");
}

/// A table of a column of categories, `c` the most frequent, and a number; and its model.
fn categorical() -> Fitted {
    let rows = (0..200).flat_map(|i| {
        let category = [0, 1, 1, 1, 2, 2, 2, 2, 2, 0][i % 10];
        let one = |number| f64::from(u8::from(category == number));
        let x = (0.37 * i as f64).sin();
        let y = 3.0 * category as f64 * (1.0 + x) + 0.5 * (17.0 * i as f64).sin();
        [one(0), one(1), one(2), x, y]
    });
    let names = ["cat=a", "cat=b", "cat=c", "x", "y"].map(str::to_owned);
    let table = NumericTable::new(names.to_vec(), rows.collect());
    let data = Dataset::from_numeric(table, 4).unwrap();
    mdn_train::fit(&data, &small()).unwrap()
}

#[test]
fn both_ends_of_a_category_are_rows() {
    let fitted = categorical();
    let model = fitted.file.model();
    let mean = model.input_shift()[3];
    let mut working = vec![0.0; model.working_len()];
    for (input, other) in [(0, 2), (1, 2), (2, 1)] {
        let line = Line::new(&model, input, 0);
        // One column of cells at 0, one at 1.
        let size = (2, 10);
        let map = line.heatmap((-0.5, 1.5), (-2.0, 18.0), size, Vec::new());
        let map = map.unwrap();
        for (end, one) in [other, input].into_iter().enumerate() {
            let mut row = [0.0, 0.0, 0.0, mean];
            row[one] = 1.0;
            let mixture = model.predict(Level::detect(), &row, &mut working).unwrap();
            let marginal = mixture.marginal(0).unwrap();
            for (cell, values) in map.grid.values().chunks(2).enumerate() {
                let low = 2.0 * cell as f32 - 2.0;
                let expected = marginal.interval_probability(low, low + 2.0).unwrap() / 2.0;
                assert!(
                    (values[end] - expected).abs() < 1e-6,
                    "{input} {end} {cell}"
                );
            }
        }
    }
}

#[test]
fn words_say_what_the_ends_of_a_category_are() {
    let fitted = categorical();
    let model = fitted.file.model();
    let line = Line::new(&model, 0, 0);
    assert_eq!(line.ends().unwrap(), "from cat=c (0) to cat=a (1)");
    assert_eq!(line.others().unwrap(), "the other input at its mean");
    assert_eq!(
        line.weights(&[0.0, 1.0]).unwrap().x_label,
        "from cat=c (0) to cat=a (1), the other input at its mean"
    );
    let line = Line::new(&model, 3, 0);
    assert_eq!(line.ends(), None);
    assert_eq!(line.others().unwrap(), "cat=c");
}
