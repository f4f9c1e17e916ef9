//! A row of weight w is w equal rows, in any order of the table: the same bits of the model, wherever the rows
//! are, and the same scores.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use mdn_train::cross_validate::{Folds, cross_validate};
use mdn_train::data::{
    ArrangedBy, DataError, DataWarning, Dataset, HoldOut, OwnedRows, ReadOptions, StoredTable,
    TableRows,
};
use mdn_train::fit::{FitConfig, Fitted, fit, fit_with};
use mdn_train::metrics::score;
use mdn_train::train::{Batch, Control, Length};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_core::Rng;
use rand_xoshiro::SplitMix64;

/// A table as text, with weights and with copies in another order.
struct Both {
    weights: String,
    copies: String,
}

/// Cells and their weight.
type Row = (String, u32);

fn both(header: &str, rows: &[Row], seed: u64) -> Both {
    let mut weights = format!("{header},w\n");
    let mut copies: Vec<&str> = Vec::new();
    for (cells, weight) in rows {
        writeln!(weights, "{cells},{weight}").unwrap();
        copies.extend((0..*weight).map(|_| cells.as_str()));
    }
    copies.shuffle(&mut SplitMix64::seed_from_u64(seed));
    let copies = copies.join("\n");
    Both {
        weights,
        copies: format!("{header}\n{copies}\n"),
    }
}

fn uniform(random: &mut SplitMix64) -> f64 {
    f64::from(random.next_u32()) / f64::from(u32::MAX)
}

/// A day that orders the rows, one of nine groups, a smooth input and a target, and weights from 0 to 3.
fn smooth(rows: u32) -> Vec<Row> {
    let mut random = SplitMix64::seed_from_u64(3);
    let one = |row: u32| {
        let (x, noise) = (uniform(&mut random), uniform(&mut random));
        let cells = format!(
            "{},s{},{x:.4},{:.4}",
            row / 3,
            row % 9,
            2.0 * x * x + 0.2 * noise
        );
        (cells, [1, 2, 0, 3, 1][row as usize % 5])
    };
    (0..rows).map(one).collect()
}

/// Few categories and counts, every cell many times.
fn coarse() -> Vec<Row> {
    let cells = (0..3_u32).flat_map(|kind| (0..5_u32).map(move |count| (kind, count)));
    let one = |(kind, count): (u32, u32)| {
        (
            format!("k{kind},{count}"),
            3 + 17 * (kind + 1) / (1 + count),
        )
    };
    cells.map(one).collect()
}

fn config() -> FitConfig {
    let mut config = FitConfig {
        hidden: vec![7],
        components: 3,
        ..FitConfig::default()
    };
    config.options.length = Length::Steps(40);
    config
}

fn options(arranged_by: ArrangedBy) -> ReadOptions {
    ReadOptions {
        arranged_by,
        ..ReadOptions::default()
    }
}

fn weighted(by: &ArrangedBy) -> ArrangedBy {
    ArrangedBy {
        weights: Some("w".to_owned()),
        ..by.clone()
    }
}

fn read(path: &Path, by: ArrangedBy) -> Result<Dataset, DataError> {
    Dataset::from_csv(path, None, &["y".to_owned()], &options(by))
}

fn stored(path: &Path, by: ArrangedBy) -> StoredTable {
    let folder = path.parent().unwrap();
    StoredTable::for_training(path, None, &["y".to_owned()], &options(by), folder).unwrap()
}

fn fitted<'d>(data: impl Into<TableRows<'d>>, config: &FitConfig) -> Fitted {
    let mut observer = |_: &_| ControlFlow::Continue(());
    fit_with(data, config, Control::new(&mut observer)).unwrap()
}

/// That a table has one model however it is written, and wherever its rows are.
fn check(tables: &Both, by: &ArrangedBy, config: &FitConfig) -> Fitted {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, &tables.copies).unwrap();
    let expected = fitted(&read(&path, by.clone()).unwrap(), config);
    let of = |fitted: &Fitted| {
        let held = fitted.validation.as_ref();
        let rows = (fitted.train.rows, held.map(|scores| scores.rows));
        (
            rows,
            fitted.train.nll,
            held.map(|scores| scores.nll),
            fitted.held_out,
        )
    };
    let same = |found: &Fitted| {
        assert!(found.file.bytes() == expected.file.bytes());
        assert_eq!(of(found), of(&expected));
    };
    same(&fitted(&stored(&path, by.clone()), config));
    fs::write(&path, &tables.weights).unwrap();
    same(&fitted(&read(&path, weighted(by)).unwrap(), config));
    same(&fitted(&stored(&path, weighted(by)), config));
    expected
}

#[test]
fn copies_and_weights_are_one_table() {
    let tables = both("day,who,x,y", &smooth(300), 1);
    let plain = ArrangedBy::default();
    let found = check(&tables, &plain, &config());
    // 60 times each weight.
    assert_eq!(found.train.rows + found.held_out.reported_rows, 7 * 60);
    let mut batches = FitConfig {
        ensemble: 2,
        ..config()
    };
    batches.options.batch = Batch::Rows(32);
    check(&tables, &plain, &batches);
    let unheld = FitConfig {
        validation: 0.0,
        standardise: false,
        ..config()
    };
    check(&tables, &plain, &unheld);
}

#[test]
fn so_they_are_with_every_hold_out() {
    let tables = both("day,who,x,y", &smooth(300), 2);
    let by_order = ArrangedBy {
        order: Some("day".to_owned()),
        ..ArrangedBy::default()
    };
    let by_group = ArrangedBy {
        group: Some("who".to_owned()),
        ..ArrangedBy::default()
    };
    for (hold_out, by) in [(HoldOut::Last, by_order), (HoldOut::Group, by_group)] {
        let config = FitConfig {
            hold_out,
            ..config()
        };
        let found = check(&tables, &by, &config);
        let share = found.held_out.reported_rows as f64 / 420.0;
        assert!((0.07..0.13).contains(&share), "{hold_out:?}: {share}");
    }
}

/// Where the file itself is the order, neighbours merge and none moves.
#[test]
fn so_they_are_in_the_order_of_the_file() {
    let rows = smooth(300);
    let in_order: Vec<&str> = rows
        .iter()
        .flat_map(|(cells, weight)| (0..*weight).map(move |_| cells.as_str()))
        .collect();
    let tables = Both {
        copies: format!("day,who,x,y\n{}\n", in_order.join("\n")),
        ..both("day,who,x,y", &rows, 0)
    };
    let config = FitConfig {
        hold_out: HoldOut::Last,
        ..config()
    };
    check(&tables, &ArrangedBy::default(), &config);
}

/// A place of zeros, a lattice and categories are found alike.
#[test]
fn so_they_are_of_coarse_tables() {
    let tables = both("kind,y", &coarse(), 4);
    let found = check(&tables, &ArrangedBy::default(), &config());
    let part = found.held_out.reported_rows as f64;
    let share = part / (part + found.train.rows as f64);
    assert!((0.05..0.15).contains(&share), "{share}");
}

/// Measurements that agree are held back one by one, copies of one only together.
#[test]
fn only_rows_of_coarse_tables_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let merged = |text: &str| {
        fs::write(&path, text).unwrap();
        let data = read(&path, ArrangedBy::default()).unwrap();
        match TableRows::from(&data).merged(HoldOut::Random).unwrap() {
            Some(OwnedRows::Memory(data)) => data,
            other => panic!("{other:?}"),
        }
    };
    let cells = |data: &Dataset| -> HashSet<u64> { data.fingerprints.iter().copied().collect() };
    let twice = merged(&both("day,who,x,y", &smooth(300), 5).copies);
    assert_eq!((twice.rows, cells(&twice).len()), (240, 240));
    let coarse = merged(&both("kind,y", &coarse(), 5).copies);
    assert_eq!(cells(&coarse).len(), 15);
    let copies: u32 = self::coarse().iter().map(|(_, weight)| weight).sum();
    assert_eq!(coarse.rows, copies as usize);
    assert!(coarse.weights().all(|weight| weight == 1.0));
}

#[test]
fn rows_of_weight_0_are_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = "x,c,y,w\n".to_owned();
    for row in 0..80 {
        let x = f64::from(row * 37 % 80);
        writeln!(
            text,
            "{x},{},{},{}",
            ["a", "b"][row as usize % 2],
            x.sqrt(),
            1 + row % 2
        )
        .unwrap();
    }
    fs::write(&path, &text).unwrap();
    let by = weighted(&ArrangedBy::default());
    let model = |data: &Dataset| fitted(data, &config()).file.bytes().to_vec();
    let expected = model(&read(&path, by.clone()).unwrap());
    // A category of its own, a number far away, cells that no row may have.
    text += "1e30,z,-9999,0\n,,,0\n1,a,no number,0.0\n";
    fs::write(&path, text).unwrap();
    let data = read(&path, by.clone()).unwrap();
    let (column, rows) = ("w".to_owned(), 3);
    let warning = DataWarning::ZeroWeight { column, rows };
    assert!(data.warnings.contains(&warning));
    assert!(model(&data) == expected);
    let table = stored(&path, by);
    assert!(table.warnings.contains(&warning));
    assert!(fitted(&table, &config()).file.bytes() == expected);
}

/// Weights of 1 change nothing, and neither does the hash of a table without equal rows.
#[test]
fn weights_of_1_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows = smooth(200).into_iter().map(|(cells, _)| (cells, 1));
    let tables = both("day,who,x,y", &rows.collect::<Vec<_>>(), 0);
    fs::write(&path, &tables.weights).unwrap();
    let data = read(&path, weighted(&ArrangedBy::default())).unwrap();
    let merged = TableRows::from(&data).merged(HoldOut::Random).unwrap();
    assert!(merged.is_none());
    let none = Dataset {
        arrangement: Default::default(),
        ..data.clone()
    };
    let bytes = |data: &Dataset| fitted(data, &config()).file.bytes().to_vec();
    assert!(bytes(&data) == bytes(&none));
}

/// A column that numbers the rows does so of copies too.
#[test]
fn row_numbers_are_left_out_alike() {
    let of = |(row, (cells, weight)): (usize, Row)| (format!("{},{cells}", row * 7 % 120), weight);
    let rows: Vec<Row> = smooth(120).into_iter().enumerate().map(of).collect();
    let tables = both("id,day,who,x,y", &rows, 6);
    let found = check(&tables, &ArrangedBy::default(), &config());
    let model = found.file.model();
    let names: Vec<&str> = model.input_columns().map(|(name, _)| name).collect();
    assert!(!names.contains(&"id") && names.contains(&"x"), "{names:?}");
}

#[test]
fn scores_are_those_of_copies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let tables = both("day,who,x,y", &smooth(300), 7);
    fs::write(&path, &tables.weights).unwrap();
    let weights = read(&path, weighted(&ArrangedBy::default())).unwrap();
    let model = fit(&weights, &config(), &mut |_| ControlFlow::Continue(())).unwrap();
    let model = model.file.model();
    fs::write(&path, &tables.copies).unwrap();
    let copies = read(&path, ArrangedBy::default()).unwrap();
    let [found, expected] = [&weights, &copies].map(|data| score(&model, data).unwrap());
    assert_eq!(found.rows, expected.rows);
    assert_eq!(found.anomalous_rows, expected.anomalous_rows);
    assert_eq!(found.pit_histogram(0, 10), expected.pit_histogram(0, 10));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} {b}");
    near(found.nll, expected.nll);
    near(found.crps[0], expected.crps[0]);
    near(found.rmse[0], expected.rmse[0]);
    near(found.coverage(0, 0.8), expected.coverage(0, 0.8));
    near(found.pit_moments(0).0, expected.pit_moments(0).0);
    near(found.pit_moments(0).1, expected.pit_moments(0).1);
    near(found.pit_distance(0), expected.pit_distance(0));
    near(found.calibration_error(0), expected.calibration_error(0));
    // By its definition.
    let one = |row: usize| score(&model, &weights.subset(&[row])).unwrap().nll;
    let of_weights = weights.weights().enumerate();
    let sum: f64 = of_weights.map(|(row, weight)| weight * one(row)).sum();
    near(found.nll, sum / weights.weights().sum::<f64>());
}

#[test]
fn folds_have_the_scores_of_copies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let tables = both("day,who,x,y", &smooth(200), 8);
    let scores = |text: &str, by: ArrangedBy| {
        fs::write(&path, text).unwrap();
        let data = read(&path, by).unwrap();
        let merged = TableRows::from(&data).merged(HoldOut::Random).unwrap();
        let Some(OwnedRows::Memory(data)) = merged else {
            panic!("equal rows")
        };
        let folds = Folds::shuffled(data.rows, 3, 1, 0).unwrap();
        let scores = cross_validate(&data, &config(), &folds, &|_, _| {}).unwrap();
        let told = scores
            .iter()
            .map(|fold| (fold.test.rows, fold.test.nll, fold.best_step));
        told.collect::<Vec<_>>()
    };
    let found = scores(&tables.weights, weighted(&ArrangedBy::default()));
    assert_eq!(found, scores(&tables.copies, ArrangedBy::default()));
    assert_eq!(found.iter().map(|fold| fold.0).sum::<usize>(), 7 * 40);
}

/// Weights that are no numbers of copies: twice as much weight draws the fit twice as hard.
#[test]
fn a_fit_follows_the_weight() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = "x,y,w\n".to_owned();
    let mut random = SplitMix64::seed_from_u64(9);
    for row in 0..600 {
        let (x, noise) = (uniform(&mut random), uniform(&mut random) - 0.5);
        let (level, weight) = [(0.0, 0.25), (1.0, 0.75)][row % 2];
        writeln!(text, "{x},{},{weight}", level + 0.1 * noise).unwrap();
    }
    fs::write(&path, text).unwrap();
    let mut config = config();
    config.options.length = Length::Steps(300);
    let data = read(&path, weighted(&ArrangedBy::default())).unwrap();
    let found = fitted(&data, &config);
    let model = found.file.model();
    let mut working = vec![0.0; model.working_len()];
    let level = mdn_infer::Level::detect();
    let mixture = model.predict(level, &[0.5], &mut working).unwrap();
    let above = 1.0 - mixture.marginal(0).unwrap().pit(0.5).unwrap();
    assert!((above - 0.75).abs() < 0.08, "{above}");
}

#[test]
fn hostile_weights_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let by = weighted(&ArrangedBy::default());
    let fault = |weight: &str| {
        let rows = (0..9).map(|row| {
            format!(
                "{row},{},{}\n",
                row * row,
                if row == 4 { weight } else { "1" }
            )
        });
        fs::write(&path, format!("x,y,w\n{}", rows.collect::<String>())).unwrap();
        let memory = read(&path, by.clone()).unwrap_err().to_string();
        let on_disk = StoredTable::for_training(
            &path,
            None,
            &["y".to_owned()],
            &options(by.clone()),
            folder.path(),
        );
        assert_eq!(on_disk.unwrap_err().to_string(), memory);
        memory
    };
    for weight in ["-1", "-0.001", "inf", "-inf", "1e400", "two", "2024-01-01"] {
        let words = fault(weight);
        let place = format!("t.csv:6: column `w`: `{weight}` is no weight of a row");
        assert!(words.contains(&place), "{words}");
    }
    for weight in ["", "NaN", "NA"] {
        let words = fault(weight);
        assert!(words.contains("t.csv:6: column `w`"), "{words}");
    }
    fs::write(&path, "x,y,w\n1,2,0\n2,3,0\n").unwrap();
    let error = read(&path, by.clone()).unwrap_err();
    assert!(matches!(error, DataError::NoWeight { .. }), "{error}");
    fs::write(&path, "x,y\n1,2\n2,3\n").unwrap();
    let error = read(&path, by.clone()).unwrap_err().to_string();
    assert!(error.contains("`w`"), "{error}");
    // One row is left.
    fs::write(&path, "x,y,w\n1,2,0\n2,3,5\n").unwrap();
    assert!(matches!(
        read(&path, by),
        Err(DataError::ConstantTarget { .. })
    ));
}

/// Weights may be missing where rows with gaps are left out.
#[test]
fn rows_without_a_weight_are_left_out_where_such_rows_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "x,y,w\n1,2,1\n2,3,NA\n3,5,0.5\n").unwrap();
    let options = ReadOptions {
        skip_missing: true,
        ..options(weighted(&ArrangedBy::default()))
    };
    let data = Dataset::from_csv(&path, None, &["y".to_owned()], &options).unwrap();
    assert_eq!((data.rows, data.skipped_rows), (2, 1));
    assert_eq!(data.arrangement.weights, [1.0, 0.5]);
    assert_eq!(data.input_names, ["x"]);
}
