//! Tables whose rows stay on the disk give the models of those in memory.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use mdn_train::data::generators::{inverse_sine, two_link_arm};
use mdn_train::data::{
    DataError, DataWarning, Dataset, NumericTable, ReadOptions, StoredTable, Table, TableBlocks,
};
use mdn_train::diagnose::SomeRows;
use mdn_train::fit::{FitConfig, fit_with};
use mdn_train::metrics::{Scorer, score};
use mdn_train::run::Run;
use mdn_train::train::{Batch, Control, Length};

fn stored(
    path: &Path,
    targets: &[String],
    options: &ReadOptions,
) -> Result<StoredTable, DataError> {
    StoredTable::for_training(path, None, targets, options, path.parent().unwrap())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A table both ways.
fn both(folder: &Path, table: &NumericTable, targets: usize) -> (Dataset, StoredTable) {
    let path = folder.join("t.csv");
    table
        .write_to(std::fs::File::create(&path).unwrap())
        .unwrap();
    let targets = table.columns[table.columns.len() - targets..].to_vec();
    let options = ReadOptions::default();
    let data = Dataset::from_csv(&path, None, &targets, &options).unwrap();
    (data, stored(&path, &targets, &options).unwrap())
}

fn config(steps: usize) -> FitConfig {
    let mut config = FitConfig {
        hidden: vec![12, 9],
        components: 5,
        ..FitConfig::default()
    };
    config.options.length = Length::Steps(steps);
    config
}

fn model<'d>(
    data: impl Into<mdn_train::data::TableRows<'d>>,
    config: &FitConfig,
) -> (Vec<u8>, f64, Option<f64>) {
    let mut observer = |_: &_| ControlFlow::Continue(());
    let fitted = fit_with(data, config, Control::new(&mut observer)).unwrap();
    let held_out = fitted.validation.map(|scores| scores.nll);
    (fitted.file.bytes().to_vec(), fitted.train.nll, held_out)
}

#[test]
fn the_model_has_the_same_bits_wherever_the_rows_are() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table) = both(folder.path(), &inverse_sine(40_000, 3), 1);
    assert_eq!((data.rows, table.rows()), (40_000, 40_000));
    let some = |rows| SomeRows::of(rows).unwrap();
    assert_eq!(some((&table).into()), some((&data).into()));
    let first = model(&data, &config(60));
    assert_eq!(model(&table, &config(60)), first);
    let two = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    assert_eq!(two.unwrap().install(|| model(&table, &config(60))), first);
}

#[test]
fn so_it_does_with_several_targets_full_batches_and_without_validation() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table) = both(folder.path(), &two_link_arm(5000, 3), 2);
    let mut config = config(10);
    assert_eq!(model(&table, &config), model(&data, &config));
    config.options.batch = Batch::Full;
    config.validation = 0.0;
    config.standardise = false;
    assert_eq!(model(&table, &config), model(&data, &config));
}

#[test]
fn so_it_does_with_wild_values_and_transformed_targets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = "x,t\n".to_owned();
    for row in 0..20_000_u32 {
        let x = f64::from(row.wrapping_mul(2_654_435_769) >> 8) / f64::from(1 << 24);
        let (input, target) = match row {
            70 => (1e9, x.exp()),
            17_000 => (x, 1e30),
            _ => (x, (x * (1.0 + f64::from(row % 5))).exp()),
        };
        writeln!(text, "{input},{target}").unwrap();
    }
    fs::write(&path, text).unwrap();
    for target in ["t", "log(t)"] {
        let (targets, options) = (names(&[target]), ReadOptions::default());
        let data = Dataset::from_csv(&path, None, &targets, &options).unwrap();
        let table = stored(&path, &targets, &options).unwrap();
        assert_eq!(data.transforms, table.transforms);
        let fitted = |rows: mdn_train::data::TableRows<'_>| {
            let mut observer = |_: &_| ControlFlow::Continue(());
            fit_with(rows, &config(20), Control::new(&mut observer)).unwrap()
        };
        let (memory, disk) = (fitted((&data).into()), fitted((&table).into()));
        assert_eq!(memory.file.bytes(), disk.file.bytes());
        assert_eq!(memory.train.nll.to_bits(), disk.train.nll.to_bits());
        assert_eq!(memory.units, disk.units);
    }
}

#[test]
fn a_run_goes_on_from_the_disk_where_it_stopped_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table) = both(folder.path(), &inverse_sine(900, 3), 1);
    let config = config(200);
    let place = folder.path().join("run");
    let mut run = Run::create(&place, "").unwrap();
    let notice = |words: &str| panic!("{words}");
    let mut seen = 0;
    let mut stop_at_100 = |report: &mdn_train::train::Progress| {
        seen = report.step;
        ControlFlow::Continue(())
    };
    let steps = std::sync::atomic::AtomicUsize::new(0);
    let stop = || steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 100;
    run.fit(&data, &config, &mut stop_at_100, &notice, Some(&stop))
        .unwrap();
    drop(run);
    let mut run = Run::open(&place).unwrap().0;
    let mut observer = |_: &_| ControlFlow::Continue(());
    let resumed = run.fit(&table, &config, &mut observer, &notice, None);
    assert_eq!(resumed.unwrap().file.bytes(), model(&data, &config).0);
    assert!(seen <= 100);
}

#[test]
fn categories_dates_and_missing_values_are_those_of_the_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = "colour,day,code,t\n".to_owned();
    for row in 0..3000 {
        // The last category comes late, and one row in seven lacks a value.
        let colour = if row > 2900 {
            "violet"
        } else {
            ["red", "blue"][row % 2]
        };
        let day = if row % 7 == 3 {
            String::new()
        } else {
            format!("2024-01-{:02}", row % 28 + 1)
        };
        writeln!(text, "{colour},{day},{},{}", row % 3, row % 11).unwrap();
    }
    fs::write(&path, &text).unwrap();
    let options = ReadOptions {
        skip_missing: true,
        categorical: names(&["code"]),
        ..ReadOptions::default()
    };
    let targets = names(&["t"]);
    let data = Dataset::from_csv(&path, None, &targets, &options).unwrap();
    let table = stored(&path, &targets, &options).unwrap();
    assert_eq!(table.input_names, data.input_names);
    let expected = [
        "colour=blue",
        "colour=red",
        "colour=violet",
        "day",
        "code=0",
        "code=1",
        "code=2",
    ];
    assert_eq!(table.input_names, expected);
    assert_eq!(table.sample(usize::MAX).unwrap(), data);
    assert_eq!(table.skipped_rows, data.skipped_rows);
}

#[test]
fn blocks_and_parts_are_rows_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table) = both(folder.path(), &inverse_sine(40_000, 3), 1);
    let blocks: Vec<Dataset> = table.blocks().map(Result::unwrap).collect();
    assert!(blocks.len() > 1);
    let inputs: Vec<f32> = blocks
        .iter()
        .flat_map(|block| block.inputs.clone())
        .collect();
    assert_eq!(inputs, data.inputs);
    let lines: Vec<u64> = blocks
        .iter()
        .flat_map(|block| block.lines.clone())
        .collect();
    assert_eq!(lines, data.lines);
    let rows: Vec<usize> = (0..40_000).filter(|row| row % 31 == 4).collect();
    let part = table.part(&rows).part(&[1, 5, 900]);
    let direct = data.subset(&[rows[1], rows[5], rows[900]]);
    assert_eq!(part.read(0..3).unwrap(), direct);
}

#[test]
fn scores_do_not_depend_on_how_a_table_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table) = both(folder.path(), &two_link_arm(20_000, 5), 2);
    let mut observer = |_: &_| ControlFlow::Continue(());
    let fitted = fit_with(&data, &config(5), Control::new(&mut observer)).unwrap();
    let model = fitted.file.model();
    let whole = score(&model, &data).unwrap();
    let mut scorer = Scorer::new(model);
    for block in table.blocks() {
        scorer.add(&block.unwrap()).unwrap();
    }
    let pieces = scorer.finish();
    assert_eq!(pieces.nll.to_bits(), whole.nll.to_bits());
    assert_eq!((pieces.rmse, pieces.crps), (whole.rmse, whole.crps));
    assert_eq!((pieces.rows, pieces.pit), (whole.rows, whole.pit));
    assert_eq!(pieces.anomalous_rows, whole.anomalous_rows);
}

#[test]
fn faults_are_those_of_the_table_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let many = |cell: &str| {
        let rows: String = (0..500).map(|row| format!("{row},{}\n", row % 9)).collect();
        format!("x,t\n{rows}{cell},1\n")
    };
    for text in [
        many("word"),
        many(""),
        many("1e99"),
        "x,t\n1,2\n3,2\n".to_owned(),
        "x,t\n".to_owned(),
        "x,y\n1,2\n".to_owned(),
        "t\n1\n2\n".to_owned(),
        String::new(),
    ] {
        fs::write(&path, &text).unwrap();
        let options = ReadOptions::default();
        let whole = Dataset::from_csv(&path, None, &names(&["t"]), &options).unwrap_err();
        let error = stored(&path, &names(&["t"]), &options).unwrap_err();
        assert_eq!(error.to_string(), whole.to_string());
    }
    fs::write(&path, "x,c,t\n1,5,2\n3,5,4\n").unwrap();
    let table = stored(&path, &names(&["t"]), &ReadOptions::default()).unwrap();
    let constant = DataWarning::ConstantInput {
        column: "c".to_owned(),
        value: 5.0,
    };
    assert_eq!(table.warnings, [constant]);
    let row = |i: usize| format!("{},{},{i}.5,{i}.5\n", i * 17 % 53, i % 9);
    let rows: String = (0..50).map(row).collect();
    fs::write(&path, "id,x,leak,t\n".to_owned() + &rows).unwrap();
    let options = ReadOptions::default();
    let whole = Dataset::from_csv(&path, None, &names(&["t"]), &options).unwrap();
    let table = stored(&path, &names(&["t"]), &options).unwrap();
    assert_eq!(table.input_names, ["x", "leak"]);
    assert_eq!(table.input_names, whole.input_names);
    let has = |warning| table.warnings.contains(warning);
    assert!(whole.warnings.len() == 2 && whole.warnings.iter().all(has));
    assert_eq!(table.sample(50).unwrap().inputs, whole.inputs);
    // With nothing but a constant beside it the number stays.
    let row = |i: usize| format!("{},5,{}.5\n", i * 17 % 53, i * i);
    let rows: String = (0..50).map(row).collect();
    fs::write(&path, "id,one,t\n".to_owned() + &rows).unwrap();
    let whole = Dataset::from_csv(&path, None, &names(&["t"]), &options).unwrap();
    let table = stored(&path, &names(&["t"]), &options).unwrap();
    assert_eq!(table.input_names, ["id", "one"]);
    assert_eq!(table.input_names, whole.input_names);
    assert_eq!(table.warnings, whole.warnings);
    let nowhere = folder.path().join("nowhere");
    let targets = names(&["t"]);
    let options = ReadOptions::default();
    let error = StoredTable::for_training(&path, None, &targets, &options, &nowhere).unwrap_err();
    assert!(matches!(error, DataError::Write(_)), "{error}");
}

/// The rows of all blocks of a file, and of the whole.
fn cut(path: &Path) -> (usize, Vec<NumericTable>, NumericTable) {
    let options = ReadOptions::default();
    let whole = Table::read(path, &options).unwrap();
    let columns = whole.columns().to_vec();
    let blocks = TableBlocks::open(path, &options).unwrap();
    let blocks = blocks.map(|block| {
        block
            .unwrap()
            .select(&columns, 0, &ReadOptions::default())
            .unwrap()
    });
    let blocks: Vec<_> = blocks.collect();
    (
        blocks.len(),
        blocks,
        whole.select(&columns, 0, &ReadOptions::default()).unwrap(),
    )
}

#[test]
fn blocks_of_large_and_compressed_files_make_the_whole() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let table = inverse_sine(300_000, 3);
    table
        .write_to(std::fs::File::create(&path).unwrap())
        .unwrap();
    let packed = folder.path().join("t.csv.gz");
    let file = fs::File::create(&packed).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(&fs::read(&path).unwrap()).unwrap();
    gzip.finish().unwrap();
    for path in [&path, &packed] {
        let (count, blocks, whole) = cut(path);
        assert!(count > 1, "{count}");
        let values: Vec<f64> = blocks
            .iter()
            .flat_map(|block| block.values.clone())
            .collect();
        let lines: Vec<u64> = blocks
            .iter()
            .flat_map(|block| block.lines.clone())
            .collect();
        assert_eq!((values, lines), (whole.values, whole.lines));
    }
}
