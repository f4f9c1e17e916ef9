//! What pictures along an input show, against the engine's densities and quantiles.

use mdn_infer::{Level, Model};
use mdn_train::data::{Dataset, NumericTable, Transform};
use mdn_train::fit::{FitConfig, Fitted, SupportRule};
use mdn_train::pictures::{Line, TypicalRow};
use mdn_train::plot::Rows;
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
    let (data, fitted) = logarithmic();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 0, 0);
    let map = line
        .heatmap((-1.0, 1.0), (-2.0, 18.0), (2, 20), Rows::default())
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

/// Directions about 350 to 370 degrees: the axis is the circle, and what goes past its end comes in again.
#[test]
fn a_direction_is_drawn_on_its_circle() {
    let rows = (0..200).flat_map(|i| {
        let x = f64::from(i) / 100.0 - 1.0;
        [
            x,
            (360.0 + 10.0 * x + 8.0 * (17.0 * f64::from(i)).sin()).rem_euclid(360.0),
        ]
    });
    let table = NumericTable::new(vec!["x".to_owned(), "dir".to_owned()], rows.collect());
    let data = Dataset::from_numeric(table, 1).unwrap();
    let config = FitConfig {
        supports: vec![(None, SupportRule::Circle { period: 360.0 })],
        ..small()
    };
    let fitted = mdn_train::fit(&data, &config).unwrap();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 0, 0);
    assert_eq!(line.heights(&data, 0.05), (0.0, 360.0));
    let fan = line.fan(&[-1.0, 0.0, 1.0], Rows::default()).unwrap();
    assert_eq!(fan.turn, Some(360.0));
    for band in &fan.bands {
        let ends = band.lower.iter().zip(&band.upper);
        assert!(
            ends.clone()
                .all(|(low, high)| low <= high && high - low < 180.0)
        );
    }
}

#[test]
fn components_narrower_than_a_cell_are_seen() {
    let (data, fitted) = logarithmic();
    let model = fitted.file.model();
    let range = (-1e4, 1e4);
    let map = Line::new(&TypicalRow::of(&model, &data), 0, 0)
        .heatmap((-1.0, 1.0), range, (1, 8), Rows::default())
        .unwrap();
    let mass = map.grid.values().iter().sum::<f32>() * (range.1 - range.0) / 8.0;
    assert!((mass - 1.0).abs() < 1e-5, "{mass}");
}

#[test]
fn quantiles_draws_and_rows_are_those_of_the_column() {
    let (data, fitted) = logarithmic();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 0, 0);
    let Rows { near: points, far } = line.rows(&data, [(-1.0, 1.0), (-5.0, 25.0)]).unwrap();
    // There is no other input.
    assert_eq!((points.len(), far.len()), (data.rows, 0));
    for (&(_, y), &z) in points.iter().zip(&data.targets) {
        assert!((f64::from(y).ln() - f64::from(z)).abs() < 1e-5);
    }
    let xs = [-0.5, 0.5];
    let fan = line.fan(&xs, Rows::default()).unwrap();
    let mut working = vec![0.0; model.working_len()];
    for (&x, &median) in xs.iter().zip(&fan.median) {
        let mixture = model.predict(Level::detect(), &[x], &mut working).unwrap();
        let marginal = mixture.marginal(0).unwrap();
        let below = f64::from(marginal.cdf(f64::from(median).ln() as f32).unwrap());
        assert!((below - 0.5).abs() < 1e-5, "{below}");
    }
    let draws = line
        .samples(&[0.5], 4000, 1, Rows::default())
        .unwrap()
        .draws;
    let below = draws.iter().filter(|(_, y)| *y < fan.median[1]).count();
    // Five standard errors.
    assert!((1842..=2158).contains(&below), "{below}");
}

/// A table of a column of categories, `c` the most frequent, a lone indicator and a number with an
/// outlier; and its model.
fn categorical() -> (Dataset, Fitted) {
    let rows = (0..200).flat_map(|i| {
        let category = [0, 1, 1, 1, 2, 2, 2, 2, 2, 0][i % 10];
        let one = |number| f64::from(u8::from(category == number));
        let x = match i {
            7 => 400.0,
            _ => (0.37 * i as f64).sin(),
        };
        let y = 3.0 * category as f64 * (1.0 + x.min(1.0)) + 0.5 * (17.0 * i as f64).sin();
        let flag = f64::from(u8::from(i % 3 == 0));
        [one(0), one(1), one(2), flag, x, y]
    });
    let names = ["cat=a", "cat=b", "cat=c", "flag", "x", "y"].map(str::to_owned);
    let table = NumericTable::new(names.to_vec(), rows.collect());
    let data = Dataset::from_numeric(table, 5).unwrap();
    let fitted = mdn_train::fit(&data, &small()).unwrap();
    (data, fitted)
}

/// The lower median of x, sorted as text-book medians are.
fn median_x(data: &Dataset) -> f32 {
    let mut column: Vec<f32> = data.input_column(4).collect();
    column.sort_by(f32::total_cmp);
    column[(column.len() - 1) / 2]
}

#[test]
fn each_category_is_a_row_of_its_own_on_every_picture() {
    let (data, fitted) = categorical();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let mut working = vec![0.0; model.working_len()];
    let line = Line::new(&typical, 1, 0);
    assert_eq!(line.categories(), ["a", "b", "c"]);
    assert_eq!(line.range(&data), (-0.5, 2.5));
    let xs = line.places(line.range(&data), 100);
    assert_eq!(xs, [0.0, 1.0, 2.0]);
    let map = line.heatmap((-0.5, 2.5), (-2.0, 18.0), (100, 10), Rows::default());
    let (map, fan) = (map.unwrap(), line.fan(&xs, Rows::default()).unwrap());
    assert_eq!(
        map.x_label,
        "cat (slice: other inputs held at typical values)"
    );
    assert_eq!(
        line.others().unwrap(),
        format!("flag = 0, x = {}", median_x(&data))
    );
    for category in 0..3 {
        let mut row = [0.0, 0.0, 0.0, 0.0, median_x(&data)];
        row[category] = 1.0;
        let mixture = model.predict(Level::detect(), &row, &mut working).unwrap();
        let marginal = mixture.marginal(0).unwrap();
        assert_eq!(fan.median[category], marginal.median());
        for (cell, values) in map.grid.values().chunks(3).enumerate() {
            let low = 2.0 * cell as f32 - 2.0;
            let expected = marginal.interval_probability(low, low + 2.0).unwrap() / 2.0;
            assert!(
                (values[category] - expected).abs() < 1e-6,
                "{category} {cell}"
            );
        }
    }
}

#[test]
fn held_inputs_are_values_that_rows_have() {
    let (data, fitted) = categorical();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let names = |inputs: Vec<usize>| -> Vec<String> {
        inputs
            .into_iter()
            .map(|input| typical.name(input))
            .collect()
    };
    assert_eq!(names(typical.variations()), ["cat", "flag", "x"]);
    let line = Line::new(&typical, 4, 0);
    assert_eq!(line.others().unwrap(), "cat = c, flag = 0");
    // The outlier does not set the range.
    let (low, high) = line.range(&data);
    assert!(low >= -1.05 && high <= 1.05, "{low} {high}");
    // An indicator of its own has two categories.
    assert_eq!(Line::new(&typical, 3, 0).categories(), ["0", "1"]);
}

#[test]
fn rows_of_other_categories_are_far_and_outliers_are_kept() {
    let (data, fitted) = categorical();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 4, 0);
    let rows = line.rows(&data, [(-1.0, 1.0), (-5.0, 25.0)]).unwrap();
    assert_eq!(rows.near.len() + rows.far.len(), data.rows);
    assert!(
        rows.near
            .iter()
            .chain(&rows.far)
            .any(|point| point.0 == 400.0)
    );
    // On the near rows the line is as calibrated as the model, to within the tolerance.
    let mut working = vec![0.0; model.working_len()];
    let mut pit = |at: &dyn Fn(&mut [f32]), row: usize| {
        let mut inputs = data.input(row).to_vec();
        at(&mut inputs);
        let mixture = model
            .predict(Level::detect(), &inputs, &mut working)
            .unwrap();
        mixture
            .marginal(0)
            .unwrap()
            .pit(data.target(row)[0])
            .unwrap()
    };
    let hold = |inputs: &mut [f32]| inputs[..4].copy_from_slice(&[0.0, 0.0, 1.0, 0.0]);
    let (mut near, mut far) = (0, 0);
    for row in 0..data.rows {
        let point = (data.input(row)[4], data.target(row)[0]);
        let apart = (pit(&|_| (), row) - pit(&hold, row)).abs();
        if rows.near.contains(&point) {
            near += 1;
            // A tenth more between the quantiles that are compared.
            assert!(apart < 0.3, "{row}: {apart}");
        } else {
            far += 1;
            assert!(rows.far.contains(&point));
        }
        // Equal inputs are near whatever the target.
        if data.input(row)[2..4] == [1.0, 0.0] {
            assert!(rows.near.contains(&point), "{row}");
        }
    }
    assert!(near > 50 && far > 50, "{near} {far}");
}

#[test]
fn the_mean_is_drawn_where_there_are_several_modes() {
    let two_branches = |apart: f64, components| {
        let rows = (0..400).flat_map(|i| {
            let x = f64::from(i) / 200.0 - 1.0;
            let side = if i % 2 == 0 { apart } else { -apart };
            [x, side + 0.3 * (17.0 * f64::from(i)).sin()]
        });
        let table = NumericTable::new(vec!["x".to_owned(), "y".to_owned()], rows.collect());
        let data = Dataset::from_numeric(table, 1).unwrap();
        let mut config = small();
        config.components = components;
        config.options.length = Length::Steps(400);
        let fitted = mdn_train::fit(&data, &config).unwrap();
        let model = fitted.file.model();
        let typical = TypicalRow::of(&model, &data);
        let line = Line::new(&typical, 0, 0);
        let map = line.heatmap((-1.0, 1.0), (-6.0, 6.0), (20, 20), Rows::default());
        map.unwrap().mean
    };
    let mean = two_branches(4.0, 3).expect("two branches have two modes");
    assert_eq!(
        (mean.label.as_str(), mean.several),
        ("mean (may be no answer)", 1.0)
    );
    assert!(
        mean.y.iter().all(|y| y.abs() < 2.0),
        "between the branches: {:?}",
        mean.y
    );
    assert_eq!(two_branches(0.0, 1), None);
}

#[test]
fn figures_of_a_transformed_target_say_of_what_they_are() {
    let (_, fitted) = logarithmic();
    let model = fitted.file.model();
    assert_eq!(mdn_train::pictures::written(&model, 0), "ln(y)");
    let (_, fitted) = categorical();
    assert_eq!(mdn_train::pictures::written(&fitted.file.model(), 0), "y");
}

#[test]
fn a_slice_ends_where_the_rows_do() {
    let (data, fitted) = logarithmic();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 0, 0);
    let column = || data.input_column(0);
    let (least, greatest) = (
        column().fold(f32::INFINITY, f32::min),
        column().fold(f32::NEG_INFINITY, f32::max),
    );
    assert_eq!(line.range(&data), (least, greatest));
    let places = line.places(line.range(&data), 100);
    assert_eq!(places.len(), 100);
    assert!(places.iter().all(|&x| least <= x && x <= greatest));
}

#[test]
fn an_input_that_never_varies_is_drawn_at_its_one_value() {
    let rows = (0..100).flat_map(|i| {
        let x = f64::from(i) / 50.0 - 1.0;
        [x, 20.0 + x, 2.0 * x + 0.3 * (17.0 * f64::from(i)).sin()]
    });
    let names = ["x", "pressure", "y"].map(str::to_owned);
    let data = Dataset::from_numeric(NumericTable::new(names.to_vec(), rows.collect()), 2).unwrap();
    let fitted = mdn_train::fit(&data, &small()).unwrap();
    let model = fitted.file.model();
    // A table of one pressure, drawn with a model that knows several.
    let mut still = data.clone();
    for row in still.inputs.chunks_mut(2) {
        row[1] = 20.25;
    }
    let typical = TypicalRow::of(&model, &still);
    let line = Line::new(&typical, 1, 0);
    assert_eq!(line.categories(), ["20.25"]);
    assert_eq!(line.category_counts(), Some((1, 1)));
    assert_eq!(
        (line.name(), line.range(&still)),
        ("pressure".to_owned(), (-0.5, 0.5))
    );
    let xs = line.places(line.range(&still), 100);
    assert_eq!(xs, [0.0]);
    assert_eq!(line.movement(&xs).unwrap(), 0.0);
    let rows = line.rows(&still, [(-0.5, 0.5), (-5.0, 5.0)]).unwrap();
    assert_eq!(rows.near.len() + rows.far.len(), still.rows);
    assert!(
        rows.near
            .iter()
            .chain(&rows.far)
            .all(|point| point.0.abs() < 0.5)
    );
    let fan = line.fan(&xs, rows).unwrap();
    let mut working = vec![0.0; model.working_len()];
    let mut x: Vec<f32> = still.input_column(0).collect();
    x.sort_by(f32::total_cmp);
    let inputs = [x[(x.len() - 1) / 2], 20.25];
    let mixture = model
        .predict(Level::detect(), &inputs, &mut working)
        .unwrap();
    assert_eq!(fan.median, [mixture.marginal(0).unwrap().median()]);
    // The other inputs' words give the value too.
    let other = Line::new(&typical, 0, 0);
    assert_eq!(other.others().unwrap(), "pressure = 20.25");
    assert_eq!(other.category_counts(), None);
}

#[test]
fn titles_of_long_names_keep_their_words() {
    let long =
        |end: &str| format!("concentration of particulate matter at the outlet of stage {end}");
    let rows = (0..60).flat_map(|i| [f64::from(i), (f64::from(i) * 0.3).sin()]);
    let table = NumericTable::new(vec![long("1"), long("2")], rows.collect());
    let data = Dataset::from_numeric(table, 1).unwrap();
    let fitted = mdn_train::fit(&data, &small()).unwrap();
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, &data);
    let line = Line::new(&typical, 0, 0);
    let map = line.heatmap((0.0, 59.0), (-2.0, 2.0), (4, 4), Rows::default());
    let fan = line.fan(&[1.0], Rows::default()).unwrap();
    let samples = line.samples(&[1.0], 3, 0, Rows::default()).unwrap();
    for (title, begins, between) in [
        (
            map.unwrap().title,
            "Density of concentr",
            "stage 2 given concentr",
        ),
        (fan.title, "Quantiles of concentr", "stage 2 given concentr"),
        (
            samples.title,
            "3 draws of concentr",
            "stage 2 at each concentr",
        ),
        (
            line.scatter(&data).title,
            "concentr",
            "stage 2 against concentr",
        ),
    ] {
        assert!(
            title.starts_with(begins) && title.contains(between),
            "{title}"
        );
        assert!(
            title.ends_with("stage 1") && title.chars().count() < 75,
            "{title}"
        );
    }
    assert_eq!((line.name(), fan.y_label), (long("1"), long("2")));
}
