//! What the library does without any feature: rows in memory become a model file, which is written,
//! read and used (`cargo test -p mdn-train --no-default-features --test bare`).

use mdn_infer::Level;
use mdn_train::data::{Dataset, NumericTable, ReadOptions, Table};
use mdn_train::files::{Claims, Kind};
use mdn_train::fit::FitConfig;
use mdn_train::model_file::ModelFile;
use mdn_train::train::{Length, TrainOptions};

const CONFIG_STEPS: usize = 400;

/// y = x or y = −x, in turn, and a little aside: the two branches of a cross.
fn rows() -> Dataset {
    let values = (0..600).flat_map(|row| {
        let x = f64::from(row) / 300.0 - 1.0;
        let aside = 0.02 * f64::from(row * 7919 % 101) / 101.0;
        [x, if row % 2 == 0 { x } else { -x } + aside]
    });
    let columns = ["x", "y"].map(str::to_owned).to_vec();
    let table = NumericTable::new(columns, values.collect());
    Dataset::from_numeric(table, 1).expect("a target and an input that vary")
}

#[test]
fn rows_in_memory_become_a_file_that_reads_back() {
    let config = FitConfig {
        components: 4,
        options: TrainOptions {
            length: Length::Steps(CONFIG_STEPS),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    };
    let data = rows();
    let fitted = mdn_train::fit(&data, &config).expect("a model");
    assert!(fitted.nothing_learnt.is_none());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.mdn");
    let destination = Claims::new().claim(&path, Kind::Model).unwrap();
    let bytes = fitted.file.bytes();
    destination.write(|out| out.write_all(bytes)).unwrap();
    let file = ModelFile::open(&path).unwrap();
    assert_eq!(file.bytes(), bytes);

    let model = file.model();
    let names: Vec<&str> = model.target_columns().map(|(name, _)| name).collect();
    assert_eq!(names, ["y"]);
    let mut working = vec![0.0; model.working_len()];
    let tested = model.self_test(Level::detect(), &mut working).unwrap();
    assert!(tested.passed(), "{tested}");
    // Both branches are likelier than what lies between them.
    let mixture = model
        .predict(Level::detect(), &[0.8], &mut working)
        .unwrap();
    let [up, between, down] = [0.8, 0.0, -0.8].map(|y| mixture.density(&[y]).unwrap());
    assert!(
        up > 10.0 * between && down > 10.0 * between,
        "{up} {between} {down}"
    );
}

/// A file whose reader was not built is an error that names the feature, not another format's.
#[test]
fn readers_that_were_not_built_are_named() {
    for (bytes, feature, built) in [
        (&b"x,y\n1,2\n"[..], "text", cfg!(feature = "text")),
        (b"\x93NUMPY\x01\x00", "numpy", cfg!(feature = "numpy")),
        (b"PK\x03\x04", "numpy", cfg!(feature = "numpy")),
        (b"PAR1", "columnar", cfg!(feature = "columnar")),
        (b"ARROW1\0\0", "columnar", cfg!(feature = "columnar")),
        (b"\x1f\x8b\x08\0\0\0\0\0", "text", cfg!(feature = "text")),
    ] {
        let read = Table::from_bytes("t".to_owned(), bytes.to_vec(), &ReadOptions::default());
        let said = read
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        let named = said.contains(&format!("without the feature `{feature}`"));
        assert_eq!(named, !built, "{feature}: {said}");
    }
}
