//! Rows that are held out by their order, by groups or by a list: which they are, and that what is reported
//! of them is honest.

use std::collections::HashSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use mdn_train::cross_validate::{Folds, FoldsError};
use mdn_train::data::{
    ArrangedBy, Arrangement, DataError, Dataset, HoldOut, ListedRows, ReadOptions, Split,
    StoredTable, TableRows,
};
use mdn_train::fit::{FitConfig, Fitted, fit_with};
use mdn_train::metrics::score;
use mdn_train::train::{Control, Length, StartCount};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// Rows of which only the arrangement is known.
fn arranged(rows: usize, order: Vec<u32>, groups: Vec<u32>) -> Dataset {
    Dataset {
        rows,
        lines: (2..).take(rows).collect(),
        arrangement: Arrangement {
            order,
            groups,
            ..Arrangement::default()
        },
        ..Dataset::default()
    }
}

fn split(hold_out: HoldOut, data: &Dataset, share: f64, seed: u64) -> Result<Split, DataError> {
    hold_out.split(data.into(), share, seed)
}

/// Each row in one part, all ascending.
fn check_parts(split: &Split, rows: usize) {
    let parts = [&split.train, &split.choose, &split.report];
    let mut all: Vec<usize> = parts.into_iter().flatten().copied().collect();
    for part in parts {
        assert!(part.windows(2).all(|two| two[0] < two[1]));
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..rows));
}

proptest! {
    /// The parts follow each other in the order, and no tie is torn.
    #[test]
    fn the_last_rows_are_held_out(
        order in prop::collection::vec(0_u32..40, 3..200),
        share in 0.01_f64..0.9,
        seed: u64,
    ) {
        let rows = order.len();
        let places = order.iter().collect::<HashSet<_>>().len();
        let data = arranged(rows, order.clone(), Vec::new());
        let found = split(HoldOut::Last, &data, share, seed);
        if places < 3 {
            let is_told = matches!(found, Err(DataError::TooFewToHoldOut { found, needed: 3, .. }) if found == places);
            prop_assert!(is_told);
            return Ok(());
        }
        let split = found.unwrap();
        check_parts(&split, rows);
        let ends = |part: &[usize]| {
            let places = part.iter().map(|&row| order[row]);
            (places.clone().min().unwrap(), places.max().unwrap())
        };
        let (train, choose, report) = (ends(&split.train), ends(&split.choose), ends(&split.report));
        prop_assert!(train.1 < choose.0 && choose.1 < report.0);
        // As near to the share as ties allow: the nearest boundary, but for the room the others need.
        let held = split.report.len().abs_diff((rows as f64 * share).round() as usize);
        let largest = (0..40).map(|place| order.iter().filter(|&&o| o == place).count()).max().unwrap();
        prop_assert!(held <= largest || split.report.len() + 2 * largest >= rows);
    }

    /// Without a named order it is that of the table, and the shares are met.
    #[test]
    fn rows_without_an_order_are_in_that_of_the_table(rows in 3_usize..500, share in 0.01_f64..0.9) {
        let split = split(HoldOut::Last, &arranged(rows, Vec::new(), Vec::new()), share, 0).unwrap();
        check_parts(&split, rows);
        let report = ((rows as f64 * share).round() as usize).clamp(1, rows - 2);
        prop_assert_eq!(split.report.len(), report);
        let rest = rows - report;
        let choose = ((rest as f64 * share).round() as usize).clamp(1, rest - 1);
        prop_assert_eq!(split.choose.len(), choose);
        prop_assert_eq!(split.choose[0], rest - choose);
    }

    /// No group is in two parts; each part has one.
    #[test]
    fn groups_stay_whole(
        groups in prop::collection::vec(0_u32..12, 1..200),
        share in 0.01_f64..0.9,
        seed: u64,
    ) {
        let rows = groups.len();
        let count = groups.iter().collect::<HashSet<_>>().len();
        let data = arranged(rows, Vec::new(), groups.clone());
        let found = split(HoldOut::Group, &data, share, seed);
        if count < 3 {
            let is_told = matches!(found, Err(DataError::TooFewToHoldOut { found, .. }) if found == count);
            prop_assert!(is_told);
            return Ok(());
        }
        let parts = found.unwrap();
        check_parts(&parts, rows);
        let of = |part: &[usize]| part.iter().map(|&row| groups[row]).collect::<HashSet<u32>>();
        let (train, choose, report) = (of(&parts.train), of(&parts.choose), of(&parts.report));
        prop_assert!(!train.is_empty() && !choose.is_empty() && !report.is_empty());
        prop_assert!(train.is_disjoint(&choose) && train.is_disjoint(&report) && choose.is_disjoint(&report));
        prop_assert_eq!(split(HoldOut::Group, &data, share, seed).unwrap(), parts);
    }

    /// Listed rows are reported, and whoever chooses comes from the others.
    #[test]
    fn listed_rows_are_reported(
        listed in prop::collection::vec(any::<bool>(), 4..100),
        with_order: bool,
        seed: u64,
    ) {
        let rows = listed.len();
        let count = listed.iter().filter(|&&listed| listed).count();
        prop_assume!(count > 0 && count + 3 < rows);
        let order = if with_order { (0..rows as u32).rev().collect() } else { Vec::new() };
        let groups = listed.iter().map(|&listed| u32::from(listed)).collect();
        let split = split(HoldOut::Rows, &arranged(rows, order, groups), 0.2, seed).unwrap();
        check_parts(&split, rows);
        prop_assert!(split.report.iter().copied().eq((0..rows).filter(|&row| listed[row])));
        if with_order {
            prop_assert!(split.choose.iter().max() < split.train.iter().min());
        }
    }

    /// Each fold tests what is later than all that it learns from; all but the first part tests once.
    #[test]
    fn the_origin_rolls(order in prop::collection::vec(0_u32..60, 8..200), folds in 2_usize..6) {
        let rows = order.len();
        let all = Arrangement { order: order.clone(), ..Arrangement::default() };
        let found = Folds::arranged((&all, rows), HoldOut::Last, folds, 1, 5);
        let Ok(found) = found else {
            let places = order.iter().collect::<HashSet<_>>().len();
            // The first place may have one row alone, which is too few to learn from.
            prop_assert!(places < folds + 2);
            return Ok(());
        };
        let mut tested = Vec::new();
        for fold in found.folds() {
            let training = fold.training_rows(rows);
            let last = training.iter().map(|&row| order[row]).max().unwrap();
            prop_assert!(fold.test_rows.iter().all(|&row| order[row] > last));
            prop_assert!(training.len() >= 2);
            tested.extend(fold.test_rows.iter().copied());
        }
        let first = found.folds()[0].training_rows(rows);
        tested.extend(&first);
        tested.sort_unstable();
        prop_assert!(tested.into_iter().eq(0..rows));
        prop_assert_eq!(found.folds().len(), folds);
    }

    /// Each group tests once, and none is on both sides.
    #[test]
    fn folds_are_of_whole_groups(groups in prop::collection::vec(0_u32..12, 10..200), folds in 2_usize..5) {
        let rows = groups.len();
        let count = groups.iter().collect::<HashSet<_>>().len();
        prop_assume!(count >= folds.max(3));
        let all = Arrangement { groups: groups.clone(), ..Arrangement::default() };
        let found = Folds::arranged((&all, rows), HoldOut::Group, folds, 2, 5).unwrap();
        for repeat in found.folds().chunks(folds) {
            let mut tested: Vec<usize> = repeat.iter().flat_map(|fold| fold.test_rows.clone()).collect();
            tested.sort_unstable();
            prop_assert!(tested.into_iter().eq(0..rows));
            for fold in repeat {
                let of = |part: &[usize]| part.iter().map(|&row| groups[row]).collect::<HashSet<u32>>();
                prop_assert!(of(&fold.test_rows).is_disjoint(&of(&fold.training_rows(rows))));
            }
        }
    }
}

#[test]
fn what_cannot_be_held_out_is_said() {
    let plain = arranged(50, Vec::new(), Vec::new());
    let few = |found: Result<Split, DataError>| {
        matches!(found, Err(DataError::TooFewToHoldOut { needed: 3, .. }))
    };
    assert!(few(split(HoldOut::Group, &plain, 0.1, 0)));
    assert!(few(split(
        HoldOut::Last,
        &arranged(50, vec![7; 50], Vec::new()),
        0.1,
        0
    )));
    assert!(few(split(
        HoldOut::Group,
        &arranged(50, Vec::new(), vec![1; 50]),
        0.1,
        0
    )));
    let listed = split(HoldOut::Rows, &plain, 0.1, 0);
    assert!(matches!(listed, Err(DataError::TooFewRows { .. })));
    for hold_out in [
        HoldOut::Random,
        HoldOut::Last,
        HoldOut::Group,
        HoldOut::Rows,
    ] {
        let error = split(hold_out, &plain, 1.0, 0);
        assert!(matches!(error, Err(DataError::BadFraction { .. })));
    }
    let folds = |of: &Dataset, kind| Folds::arranged((&of.arrangement, of.rows), kind, 5, 1, 0);
    for kind in [HoldOut::Group, HoldOut::Last] {
        let data = arranged(50, vec![7; 50], vec![7; 50]);
        let error = folds(&data, kind);
        assert!(matches!(error, Err(FoldsError::TooFewToPart { .. })));
    }
    assert!(matches!(
        folds(&plain, HoldOut::Rows),
        Err(FoldsError::NoTestRows { .. })
    ));
}

#[test]
fn without_a_share_nothing_is_held_out_but_what_is_listed() {
    let data = arranged(
        20,
        Vec::new(),
        (0..20).map(|row| u32::from(row > 15)).collect(),
    );
    for kind in [HoldOut::Random, HoldOut::Last, HoldOut::Group] {
        let all = split(kind, &data, 0.0, 0).unwrap();
        assert_eq!(
            (all.train.len(), all.choose.len(), all.report.len()),
            (20, 0, 0)
        );
    }
    let listed = split(HoldOut::Rows, &data, 0.0, 0).unwrap();
    assert_eq!(
        (listed.train.len(), listed.choose.len(), listed.report.len()),
        (16, 0, 4)
    );
}

/// At random the parts are those of before there was anything else.
#[test]
fn random_parts_stay_as_they_are() {
    let found = split(
        HoldOut::Random,
        &arranged(1000, Vec::new(), Vec::new()),
        0.1,
        7,
    )
    .unwrap();
    let (train, validation) = mdn_train::data::split(1000, 0.1, 7).unwrap();
    assert_eq!((found.train, found.choose), (train, validation));
    assert!(found.report.is_empty());
}

/// A table of `rows` rows with a time that is not the order of the file, and a text for each group.
fn table(folder: &Path, rows: usize) -> std::path::PathBuf {
    let path = folder.join("t.csv");
    let mut random = SplitMix64::seed_from_u64(1);
    let mut text = "time,who,x,y\n".to_owned();
    for row in 0..rows {
        let time = (row * 7919) % rows;
        let x = uniform(&mut random);
        let y = (6.0 * x).sin() + 0.3 * normal(&mut random) + 1e-3 * time as f64;
        text += &format!(
            "2024-01-01T00:00:{:02}.{:03},p{},{x},{y}\n",
            time / 1000,
            time % 1000,
            row % 17
        );
    }
    fs::write(&path, text).unwrap();
    path
}

fn uniform(random: &mut SplitMix64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn normal(random: &mut SplitMix64) -> f64 {
    let (u, v) = (1.0 - uniform(random), uniform(random));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn quick(hold_out: HoldOut) -> FitConfig {
    let mut config = FitConfig {
        hidden: vec![8],
        components: 3,
        hold_out,
        ..FitConfig::default()
    };
    config.options.length = Length::Steps(30);
    config
}

fn fitted<'d>(rows: impl Into<TableRows<'d>>, config: &FitConfig) -> Fitted {
    let mut observer = |_: &_| ControlFlow::Continue(());
    fit_with(rows, config, Control::new(&mut observer)).unwrap()
}

/// Ways to hold rows out, with what is to be read for them.
fn ways() -> [(HoldOut, ArrangedBy); 4] {
    let listed = |lines: std::ops::Range<u64>| {
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        ListedRows::parse("list", &lines.join("\n")).unwrap()
    };
    let order = Some("time".to_owned());
    [
        (HoldOut::Last, ArrangedBy::default()),
        (
            HoldOut::Last,
            ArrangedBy {
                order: order.clone(),
                ..ArrangedBy::default()
            },
        ),
        (
            HoldOut::Group,
            ArrangedBy {
                group: Some("who".to_owned()),
                ..ArrangedBy::default()
            },
        ),
        (
            HoldOut::Rows,
            ArrangedBy {
                order,
                listed: Some(listed(100..900)),
                ..ArrangedBy::default()
            },
        ),
    ]
}

#[test]
fn a_table_on_the_disk_is_parted_as_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), 20_000);
    let (inputs, targets) = (["x".to_owned()], ["y".to_owned()]);
    for (hold_out, arranged_by) in ways() {
        let options = ReadOptions {
            arranged_by,
            ..ReadOptions::default()
        };
        let data = Dataset::from_csv(&path, Some(&inputs), &targets, &options).unwrap();
        let stored =
            StoredTable::for_training(&path, Some(&inputs), &targets, &options, folder.path());
        let stored = stored.unwrap();
        assert_eq!(*stored.arrangement(), data.arrangement);
        let [rows, disk]: [TableRows<'_>; 2] = [(&data).into(), (&stored).into()];
        let split = hold_out.split(rows, 0.1, 3).unwrap();
        assert_eq!(hold_out.split(disk, 0.1, 3).unwrap(), split);
        // A part of a table keeps its arrangement.
        let part = stored.part(&split.report);
        assert_eq!(*part.arrangement(), data.subset(&split.report).arrangement);
        let config = quick(hold_out);
        let (memory, disk) = (fitted(&data, &config), fitted(&stored, &config));
        assert_eq!(memory.file.bytes(), disk.file.bytes());
        assert_eq!(memory.held_out, disk.held_out);
        let nll = |one: &Fitted| one.validation.as_ref().unwrap().nll.to_bits();
        assert_eq!(nll(&memory), nll(&disk));
        assert!(memory.held_out.apart);
    }
}

/// What is reported has no part in the model, its threshold aside.
#[test]
fn nothing_has_seen_the_rows_that_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), 600);
    for (hold_out, arranged_by) in ways() {
        let listed = arranged_by.listed.is_some();
        let options = ReadOptions {
            arranged_by,
            ..ReadOptions::default()
        };
        if listed {
            continue;
        }
        let (inputs, targets) = (["x".to_owned()], ["y".to_owned()]);
        let data = Dataset::from_csv(&path, Some(&inputs), &targets, &options).unwrap();
        let config = quick(hold_out);
        let first = fitted(&data, &config);
        let report = hold_out
            .split((&data).into(), config.validation, config.seed)
            .unwrap()
            .report;
        assert_eq!(first.validation.as_ref().unwrap().rows, report.len());
        let mut other = data.clone();
        for &row in &report {
            other.targets[row] = 1e6 - 3.0 * other.targets[row];
            other.inputs[row] = -5.0;
        }
        let second = fitted(&other, &config);
        let parameters = |one: &Fitted| one.trained.network.clone();
        assert_eq!(parameters(&first), parameters(&second));
        assert_ne!(
            first.validation.unwrap().nll,
            second.validation.unwrap().nll
        );
        // The score is that of the file on those rows.
        let own = score(&first.file.model(), &data.subset(&report)).unwrap();
        let told = fitted(&data, &config).validation.unwrap();
        assert_eq!(own.nll.to_bits(), told.nll.to_bits());
    }
}

#[test]
fn columns_that_arrange_are_no_inputs_unless_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), 60);
    let targets = ["y".to_owned()];
    let names = |inputs: Option<&[String]>| {
        let arranged_by = ArrangedBy {
            order: Some("time".to_owned()),
            group: Some("who".to_owned()),
            listed: None,
            ..ArrangedBy::default()
        };
        let options = ReadOptions {
            arranged_by,
            ..ReadOptions::default()
        };
        let data = Dataset::from_csv(&path, inputs, &targets, &options).unwrap();
        let stored = StoredTable::for_training(&path, inputs, &targets, &options, folder.path());
        assert_eq!(stored.unwrap().input_names, data.input_names);
        data.input_names
    };
    assert_eq!(names(None), ["x"]);
    assert_eq!(
        names(Some(&["time".to_owned(), "x".to_owned()])),
        ["time", "x"]
    );
}

#[test]
fn cells_that_arrange_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(
        &path,
        "t,who,x,y\n3,a,1,2\n,b,2,3\n1,,3,4\n2,c,4,6\n5,c,4,7\n",
    )
    .unwrap();
    let (inputs, targets) = (["x".to_owned()], ["y".to_owned()]);
    let read = |arranged_by, skip_missing| {
        let options = ReadOptions {
            arranged_by,
            skip_missing,
            ..ReadOptions::default()
        };
        let stored =
            StoredTable::for_training(&path, Some(&inputs), &targets, &options, folder.path());
        let data = Dataset::from_csv(&path, Some(&inputs), &targets, &options);
        match (data, stored) {
            (Ok(data), Ok(stored)) => {
                assert_eq!(*stored.arrangement(), data.arrangement);
                assert_eq!(stored.skipped_rows, data.skipped_rows);
                Ok(data)
            }
            (Err(memory), Err(disk)) => {
                assert_eq!(memory.to_string(), disk.to_string());
                Err(memory.to_string())
            }
            other => panic!("{other:?}"),
        }
    };
    let order = |column: &str| ArrangedBy {
        order: Some(column.to_owned()),
        ..ArrangedBy::default()
    };
    let group = |column: &str| ArrangedBy {
        group: Some(column.to_owned()),
        ..ArrangedBy::default()
    };
    let error = read(order("t"), false).unwrap_err();
    assert!(
        error.contains("t.csv:3: column `t`: the value is missing"),
        "{error}"
    );
    let data = read(order("t"), true).unwrap();
    assert_eq!(data.lines, [2, 4, 5, 6]);
    assert_eq!(
        (data.arrangement.order, data.skipped_rows),
        (vec![2, 0, 1, 3], 1)
    );
    let error = read(group("who"), false).unwrap_err();
    assert!(
        error.contains("t.csv:4: column `who`: the value is missing"),
        "{error}"
    );
    let data = read(group("who"), true).unwrap();
    assert_eq!(data.arrangement.groups, [0, 1, 2, 2]);
    let error = read(order("who"), true).unwrap_err();
    assert!(
        error.contains("column `who`: `a` is not a number"),
        "{error}"
    );
    let error = read(group("whom"), false).unwrap_err();
    assert!(
        error.contains("no column `whom` (did you mean `who`?)"),
        "{error}"
    );
    let listed = |text| ArrangedBy {
        listed: Some(ListedRows::parse("held.txt", text).unwrap()),
        ..ArrangedBy::default()
    };
    assert_eq!(
        read(listed("3 5"), false).unwrap().arrangement.groups,
        [0, 1, 0, 1, 0]
    );
    let error = read(listed("3 7"), false).unwrap_err();
    assert!(
        error.starts_with("held.txt: ") && error.contains("no row in line 7"),
        "{error}"
    );
    // The header is no row.
    assert!(
        read(listed("1"), false)
            .unwrap_err()
            .contains("no row in line 1")
    );
}

/// A table to learn from, how its rows are held out honestly, and rows like those that the model is to be
/// used on.
struct Trial {
    name: &'static str,
    hold_out: HoldOut,
    past: Dataset,
    new: Dataset,
}

fn numbers(rows: Vec<(Vec<f64>, f64)>, groups: Vec<u32>) -> Dataset {
    let width = rows[0].0.len();
    Dataset {
        input_names: (0..width).map(|input| format!("x{input}")).collect(),
        target_names: vec!["y".to_owned()],
        inputs: rows
            .iter()
            .flat_map(|(x, _)| x.iter().map(|&x| x as f32))
            .collect(),
        targets: rows.iter().map(|(_, y)| *y as f32).collect(),
        rows: rows.len(),
        lines: (2..).take(rows.len()).collect(),
        arrangement: Arrangement {
            groups,
            ..Arrangement::default()
        },
        ..Dataset::default()
    }
}

/// A series that remembers: 2000 steps to learn from, and 1000 later ones.
fn series(
    name: &'static str,
    random: &mut SplitMix64,
    mut at: impl FnMut(usize, &[f64; 4]) -> (Vec<f64>, f64),
    memory: [f64; 4],
) -> Trial {
    let mut state = [0.0; 4].map(|_: f64| normal(random));
    let mut all = Vec::new();
    for step in 0..3000 {
        for (value, memory) in state.iter_mut().zip(memory) {
            *value = memory * *value + (1.0 - memory * memory).sqrt() * normal(random);
        }
        all.push(at(step, &state));
    }
    let new = all.split_off(2000);
    Trial {
        name,
        hold_out: HoldOut::Last,
        past: numbers(all, Vec::new()),
        new: numbers(new, Vec::new()),
    }
}

/// Subjects with ten rows each, an effect of their own, and an input that is theirs.
fn subjects(random: &mut SplitMix64) -> Trial {
    let mut some = |count: u32| {
        let (mut rows, mut groups) = (Vec::new(), Vec::new());
        for subject in 0..count {
            let (age, size, effect) = (normal(random), normal(random), normal(random));
            for _ in 0..10 {
                let dose = normal(random);
                let y = dose + 0.5 * age + effect + 0.5 * normal(random);
                rows.push((vec![age, size, dose], y));
                groups.push(subject);
            }
        }
        numbers(rows, groups)
    };
    Trial {
        name: "subjects, ten rows each",
        hold_out: HoldOut::Group,
        past: some(150),
        new: some(100),
    }
}

/// Four copies of each row, a little noise on each; the target is independent of the inputs.
fn copies(random: &mut SplitMix64) -> Trial {
    let mut some = |count: u32, each: usize| {
        let (mut rows, mut groups) = (Vec::new(), Vec::new());
        for row in 0..count {
            let x = [0; 3].map(|_| normal(random));
            let y = normal(random);
            for _ in 0..each {
                let x = x.iter().map(|x| x + 1e-3 * normal(random)).collect();
                rows.push((x, y + 1e-3 * normal(random)));
                groups.push(row);
            }
        }
        numbers(rows, groups)
    };
    Trial {
        name: "copies, four of each row",
        hold_out: HoldOut::Group,
        past: some(400, 4),
        new: some(2000, 1),
    }
}

fn trials(seed: u64) -> [Trial; 5] {
    let mut random = SplitMix64::seed_from_u64(seed);
    let slow = [0.99, 0.99, 0.97, 0.0];
    let ar = series(
        "AR(1) noise, slow inputs",
        &mut random,
        |_, s| (vec![s[0], s[1]], s[0] + s[2] + 0.3 * s[3]),
        slow,
    );
    let drift = series(
        "drift of the level",
        &mut random,
        |t, s| (vec![s[0], s[1]], s[0] + 5e-4 * t as f64 + s[3]),
        slow,
    );
    let season = series(
        "seasons of 500 steps, AR(1) noise",
        &mut random,
        |t, s| {
            let phase = std::f64::consts::TAU * t as f64 / 500.0;
            let x = vec![phase.sin(), phase.cos(), s[0]];
            (x, 2.0 * phase.sin() + 0.5 * s[0] + s[2] + 0.3 * s[3])
        },
        slow,
    );
    [
        ar,
        drift,
        season,
        subjects(&mut random),
        copies(&mut random),
    ]
}

/// The figures of docs/hold-outs.md; some minutes.
#[test]
#[ignore = "measures thirty fits"]
fn honest_reports_are_near_what_new_rows_give() {
    const SEEDS: u64 = 3;
    let mut gaps = Vec::new();
    println!("| table | hold-out | reported | new rows |");
    for kind in 0..5 {
        let mut sums = [[0.0; 2]; 2];
        let mut words = ("", "");
        for seed in 0..SEEDS {
            let trial = &trials(seed)[kind];
            words = (trial.name, trial.hold_out.name());
            for (sums, hold_out) in sums.iter_mut().zip([HoldOut::Random, trial.hold_out]) {
                let mut config = FitConfig {
                    hold_out,
                    seed,
                    ..FitConfig::default()
                };
                // As docs/hold-outs.md says.
                config.options.starts = StartCount::Fixed(2);
                let fitted = fitted(&trial.past, &config);
                let new = score(&fitted.file.model(), &trial.new).unwrap().nll;
                sums[0] += fitted.validation.unwrap().nll / SEEDS as f64;
                sums[1] += new / SEEDS as f64;
            }
        }
        let [random, honest] = sums;
        println!(
            "| {} | random | {:.2} | {:.2} |",
            words.0, random[0], random[1]
        );
        println!("| | {} | {:.2} | {:.2} |", words.1, honest[0], honest[1]);
        gaps.push(honest[1] - honest[0]);
    }
    let mean = gaps.iter().map(|gap| gap.abs()).sum::<f64>() / gaps.len() as f64;
    println!("mean distance {mean:.2} of {gaps:.2?}");
    assert!(mean <= 0.3, "{mean} {gaps:?}");
}
