//! Cells: numbers, missing values, dates, and what cannot be one.

use mdn_train::data::{DataError, DataWarning, Dataset, ReadOptions};

use crate::support::{names, read, train, train_skipping};

#[test]
fn what_is_not_a_number_is_placed() {
    let text = "id,age\n1,20\n2,n/a\n";
    let told = message!(train(text, None, &["age"]), DataError::NotANumber { .. });
    assert_eq!(told, "data.csv:3: column `age`: `n/a` is not a number");
}

#[test]
fn decimal_commas_get_a_hint() {
    let told = message!(
        train("x;y\n1,5;2\n", None, &["y"]),
        DataError::NotANumber { .. }
    );
    assert_eq!(
        told,
        "data.csv:2: column `x`: `1,5` is not a number (write the decimal mark as a point)"
    );
}

#[test]
fn missing_values_stop_the_reading_or_are_skipped() {
    let text = "x,y,note\n1,2,a\n,3,b\nNA,4,c\n5,null,d\n6,7,\n";
    let chosen = "x,y\n1,2\n,3\nNA,4\n5,null\n6,7\n";
    let told = message!(
        train(chosen, None, &["y"]),
        DataError::MissingValue { line: 3, .. }
    );
    assert_eq!(
        told,
        "data.csv:3: column `x`: the value is missing; --skip-missing leaves such rows out"
    );
    let told = message!(
        train("x,y\n1,NaN\n", None, &["y"]),
        DataError::MissingValue { .. }
    );
    assert_eq!(
        told,
        "data.csv:2: column `y`: the value is missing (`NaN`); \
         --skip-missing leaves such rows out"
    );
    let data = train_skipping(chosen, &["y"]).unwrap();
    assert_eq!((data.rows, data.skipped_rows), (2, 3));
    assert_eq!(data.inputs, [1.0, 6.0]);
    assert_eq!(data.lines, [2, 6]);
    // Only chosen columns count.
    let options = ReadOptions {
        skip_missing: true,
        ..ReadOptions::default()
    };
    let inputs = names(&["x"]);
    let table = read(text).unwrap();
    let data = Dataset::for_training(&table, Some(&inputs), &names(&["y"]), &options).unwrap();
    assert_eq!(data.rows, 2);
}

#[test]
fn skipping_every_row_is_an_error() {
    let told = message!(
        train_skipping("x,y\n1,\n,2\n", &["y"]),
        DataError::AllRowsSkipped { skipped: 2, .. }
    );
    assert_eq!(
        told,
        "data.csv: all 2 rows lack a value in the chosen columns"
    );
}

#[test]
fn what_is_not_finite_is_refused() {
    for cell in ["inf", "-inf", "1e39", "1e400"] {
        let told = message!(
            train(&format!("x,y\n1,2\n{cell},3\n"), None, &["y"]),
            DataError::NonFinite { line: 3, .. }
        );
        let expected = format!(
            "data.csv:3: column `x`: `{cell}` is not finite in 32-bit floating point; correct it, or leave the cell empty where it stands for a missing value"
        );
        assert_eq!(told, expected);
    }
}

#[test]
fn skipping_does_not_hide_other_faults() {
    let told = message!(
        train_skipping("x,y\n1,2\n,3\ninf,4\n", &["y"]),
        DataError::NonFinite { line: 4, .. }
    );
    assert!(told.contains("`inf`"));
}

#[test]
fn lost_precision_is_warned_of() {
    let mut text = "time,y\n".to_owned();
    for second in 0..1280 {
        text += &format!("{},{second}\n", 1_700_000_000 + second);
    }
    let data = train(&text, None, &["y"]).unwrap();
    let [
        DataWarning::PrecisionLost {
            column,
            distinct: 1280,
            kept,
        },
    ] = &data.warnings[..]
    else {
        panic!("{:?}", data.warnings);
    };
    assert_eq!(column, "time");
    // Neighbours in f32 are 128 apart there.
    assert!((10..=11).contains(kept), "{kept}");
}

#[test]
fn dates_are_days_since_1970() {
    let text = "when,y\n1970-01-02,1\n1970-01-03 06:00,2\n1970-01-04T12:00:00Z,3\n";
    let data = train(text, None, &["y"]).unwrap();
    assert_eq!(data.inputs, [1.0, 2.25, 3.5]);
    let told = message!(
        train("when,y\n1970-01-02,1\n1970-13-02,2\n", None, &["y"]),
        DataError::NotANumber { line: 3, .. }
    );
    assert_eq!(
        told,
        "data.csv:3: column `when`: `1970-13-02` is not a number or a date such as 2024-06-19"
    );
}
