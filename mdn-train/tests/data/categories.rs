//! Columns of texts and of codes become an input for each category.

use mdn_train::data::{DataError, Dataset, ReadOptions};

use crate::support::{names, read, train, train_skipping};

const FLOWERS: &str = "kind,x,y\nb,1,1\na,2,2\nb,3,3\nc,4,4\na,5,5\nc,6,6\n";

#[test]
fn texts_become_an_input_for_each_value() {
    let data = train(FLOWERS, None, &["y"]).unwrap();
    assert_eq!(data.input_names, ["kind=a", "kind=b", "kind=c", "x"]);
    assert_eq!(data.input(0), [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(data.input(1), [1.0, 0.0, 0.0, 2.0]);
    // Whoever has the names can encode, whatever order the table has.
    let other = read("x,kind\n9, c \n8,\"a\"\n").unwrap();
    let options = ReadOptions::default();
    let data = Dataset::for_prediction(&other, &data.input_names, &names(&["y"]), &options);
    assert_eq!(
        data.unwrap().inputs,
        [0.0, 0.0, 1.0, 9.0, 1.0, 0.0, 0.0, 8.0]
    );
}

#[test]
fn a_category_without_an_input_is_placed() {
    let inputs = names(&["kind=a", "kind=b"]);
    let table = read(FLOWERS).unwrap();
    let told = message!(
        Dataset::for_prediction(&table, &inputs, &[], &ReadOptions::default()),
        DataError::UnknownCategory { line: 5, .. }
    );
    let expected = "data.csv:5: column `kind`: `c` is none of the known categories, `a`, `b`";
    assert_eq!(told, expected);
}

#[test]
fn a_missing_category_is_a_missing_value() {
    let text = FLOWERS.replace("a,5", "NA,5");
    let told = message!(
        train(&text, None, &["y"]),
        DataError::MissingValue { line: 6, .. }
    );
    assert!(
        told.starts_with("data.csv:6: column `kind`: the value is missing (`NA`)"),
        "{told}"
    );
    let data = train_skipping(&text, &["y"]).unwrap();
    assert_eq!((data.rows, data.skipped_rows), (5, 1));
    assert_eq!(data.input_names, ["kind=a", "kind=b", "kind=c", "x"]);
}

#[test]
fn numbers_are_categories_when_called_so() {
    let text = "zip,y\n1,1\n02,2\n1.0,3\n2,4\n";
    let options = ReadOptions {
        categorical: names(&["zip"]),
        ..ReadOptions::default()
    };
    let data = Dataset::for_training(&read(text).unwrap(), None, &names(&["y"]), &options).unwrap();
    assert_eq!(data.input_names, ["zip=1", "zip=2"]);
    assert_eq!(data.inputs, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    for other in ["y", "nowhere"] {
        let options = ReadOptions {
            categorical: names(&[other]),
            ..ReadOptions::default()
        };
        let told = Dataset::for_training(&read(text).unwrap(), None, &names(&["y"]), &options);
        message!(told, DataError::NoInput { .. });
    }
}

#[test]
fn names_are_not_taken_for_categories() {
    let mut text = "name,x,y\n".to_owned();
    for row in 0..10 {
        text += &format!("n{row},{row},{row}\n");
    }
    let told = message!(
        train(&text, None, &["y"]),
        DataError::NotANumber { line: 2, .. }
    );
    assert_eq!(
        told,
        "data.csv:2: column `name`: `n0` is not a number, and its column has too many different texts \
         for categories (at most 5)"
    );
    // Nor is a number that was mistyped, nor a target.
    message!(
        train("x,y\n1,2\n2,3\no,4\no,5\n", None, &["y"]),
        DataError::NotANumber { line: 4, .. }
    );
    message!(
        train(FLOWERS, Some(&["x"]), &["kind"]),
        DataError::NotANumber { line: 2, .. }
    );
}

#[test]
fn bad_categories_are_refused() {
    let text = "kind,y\n\"a\nb\",1\n\"a\nb\",2\nc,3\nc,4\n";
    let told = message!(train(text, None, &["y"]), DataError::BadCategory { .. });
    assert!(
        told.starts_with("data.csv: column `kind`: category `a\\nb` holds a control"),
        "{told}"
    );
    let many: String = (0..1100).map(|i| format!("{i},{i}\n")).collect();
    let options = ReadOptions {
        categorical: names(&["c"]),
        ..ReadOptions::default()
    };
    let table = read(&format!("c,y\n{many}")).unwrap();
    let told = Dataset::for_training(&table, None, &names(&["y"]), &options);
    message!(told, DataError::TooManyCategories { most: 1024, .. });
}
