//! Reading tables: what is accepted, and how each fault is reported.

use mdn_train::data::{DataError, DataWarning, Dataset, ReadOptions, Table, generators};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn read(text: &str) -> Result<Table, DataError> {
    read_bytes(text.as_bytes())
}

fn read_bytes(bytes: &[u8]) -> Result<Table, DataError> {
    Table::from_bytes("data.csv".into(), bytes.to_vec(), &ReadOptions::default())
}

fn train(text: &str, inputs: Option<&[&str]>, targets: &[&str]) -> Result<Dataset, DataError> {
    let inputs = inputs.map(names);
    let options = ReadOptions::default();
    Dataset::for_training(&read(text)?, inputs.as_deref(), &names(targets), &options)
}

fn train_skipping(text: &str, targets: &[&str]) -> Result<Dataset, DataError> {
    let options = ReadOptions {
        skip_missing: true,
        ..ReadOptions::default()
    };
    Dataset::for_training(&read(text)?, None, &names(targets), &options)
}

/// The error's message, after checking its variant.
macro_rules! message {
    ($result:expr, $variant:pat) => {{
        let error = $result.unwrap_err();
        assert!(matches!(error, $variant), "{error:?}");
        error.to_string()
    }};
}

#[test]
fn columns_come_by_name_in_the_order_asked() {
    let data = train("b,a,y\n1,2,3\n4,5,6\n", Some(&["a", "b"]), &["y"]).unwrap();
    assert_eq!(data.input_names, ["a", "b"]);
    assert_eq!(data.inputs, [2.0, 1.0, 5.0, 4.0]);
    assert_eq!(data.targets, [3.0, 6.0]);
    assert_eq!((data.rows, data.skipped_rows), (2, 0));
    assert_eq!(data.lines, [2, 3]);
    assert_eq!(data.input(1), [5.0, 4.0]);
    assert_eq!(data.target(1), [6.0]);
    assert!(data.warnings.is_empty());
}

#[test]
fn inputs_default_to_all_that_is_no_target() {
    let data = train("a,y,b,z\n1,2,3,4\n5,6,7,8\n", None, &["z", "y"]).unwrap();
    assert_eq!(data.input_names, ["a", "b"]);
    assert_eq!(data.target_names, ["z", "y"]);
    assert_eq!(data.targets, [4.0, 2.0, 8.0, 6.0]);
    assert_eq!(data.target_resolutions(), [Some(4.0), Some(4.0)]);
    let part = data.subset(&[1, 9]);
    assert_eq!((part.rows, part.lines), (1, vec![3]));
    assert_eq!(part.inputs, [5.0, 7.0]);
    assert_eq!(part.targets, [8.0, 6.0]);
}

#[test]
fn delimiters_are_found() {
    for text in [
        "x,y\n1.5,2\n3,4\n",
        "x;y\n1.5;2\n3;4\n",
        "x\ty\n1.5\t2\n3\t4\n",
    ] {
        let data = train(text, None, &["y"]).unwrap();
        assert_eq!(data.inputs, [1.5, 3.0], "{text}");
    }
    // Delimiters in quotes do not count.
    let data = train("\"x, in m, say\";y\n1;2\n3;4\n", None, &["y"]).unwrap();
    assert_eq!(data.input_names, ["x, in m, say"]);
}

#[test]
fn a_given_delimiter_is_obeyed() {
    let options = ReadOptions {
        delimiter: Some(b'|'),
        ..ReadOptions::default()
    };
    let table = Table::from_bytes("t".into(), b"a,b|y\n1|2\n".to_vec(), &options).unwrap();
    assert_eq!(table.columns(), ["a,b", "y"]);
}

#[test]
fn quotes_spaces_marks_and_line_ends_are_tolerated() {
    let text = "\u{feff}\r\n x ,\"y\"\r\n\r\n\" 1 \", 2 \r\n3,\"4\"";
    let data = train(text, None, &["y"]).unwrap();
    assert_eq!(data.input_names, ["x"]);
    assert_eq!(data.inputs, [1.0, 3.0]);
    assert_eq!(data.targets, [2.0, 4.0]);
    assert_eq!(data.lines, [4, 5]);
}

#[test]
fn text_in_columns_that_are_not_chosen_is_no_matter() {
    let data = train("name,x,y\nann,1,2\nbob,3,4\n", Some(&["x"]), &["y"]).unwrap();
    assert_eq!(data.inputs, [1.0, 3.0]);
}

#[test]
fn an_index_without_a_name_matters_only_when_chosen() {
    let text = ",x,y\n0,1,2\n1,3,4\n";
    assert_eq!(
        train(text, Some(&["x"]), &["y"]).unwrap().inputs,
        [1.0, 3.0]
    );
    let told = message!(
        train(text, None, &["y"]),
        DataError::UnnamedColumn { position: 1, .. }
    );
    assert_eq!(
        told,
        "data.csv: column 1 has no name; name the input columns to use"
    );
}

#[test]
fn what_is_not_a_number_is_placed() {
    let text = "id,age\n1,20\n2,n/a\n";
    let told = message!(train(text, None, &["age"]), DataError::NotANumber { .. });
    assert_eq!(told, "data.csv:3: column `age`: `n/a` is not a number");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    // Windows line ends, blank lines, and a quoted line break all come before the fault.
    let text = "note,x,y\r\n\"two\r\nlines\",1,2\r\n\r\n\r\nb,oops,3\r\n";
    let told = message!(
        train(text, Some(&["x"]), &["y"]),
        DataError::NotANumber { .. }
    );
    assert_eq!(told, "data.csv:6: column `x`: `oops` is not a number");
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
        let expected =
            format!("data.csv:3: column `x`: `{cell}` is not finite in 32-bit floating point");
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
fn constant_columns() {
    let told = message!(
        train("x,y\n1,2\n3,2\n", None, &["y"]),
        DataError::ConstantTarget { .. }
    );
    assert_eq!(
        told,
        "target column `y` has the value 2 in every row; there is nothing to learn"
    );
    let data = train("c,x,y\n5,1,2\n5,3,4\n", None, &["y"]).unwrap();
    let expected = DataWarning::ConstantInput {
        column: "c".into(),
        value: 5.0,
    };
    assert_eq!(data.warnings, [expected]);
    assert_eq!(
        data.warnings[0].to_string(),
        "input column `c` has the value 5 in every row and tells nothing"
    );
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
fn empty_tables() {
    let told = message!(read(""), DataError::NoHeader { .. });
    assert_eq!(
        told,
        "data.csv: empty; a line of column names and at least one row are needed"
    );
    message!(read("\u{feff}\n\n"), DataError::NoHeader { .. });
    let told = message!(read("x,y\n\n"), DataError::NoRows { .. });
    assert_eq!(told, "data.csv: no rows below the header");
}

#[test]
fn a_missing_header_is_noticed() {
    let told = message!(read("1,2\n3,4\n"), DataError::NumericHeader { .. });
    assert_eq!(
        told,
        "data.csv:1: the first line holds only numbers; a line of column names must come first"
    );
    assert!(read("x,2\n3,4\n").is_ok());
}

#[test]
fn duplicate_names_are_refused() {
    let told = message!(read("x,y,x\n1,2,3\n"), DataError::DuplicateColumn { .. });
    assert_eq!(told, "data.csv:1: two columns are called `x`");
}

#[test]
fn control_characters_in_names_are_refused() {
    let told = message!(
        read("x,\"a\nb\"\n1,2\n"),
        DataError::ControlCharacter { .. }
    );
    assert_eq!(
        told,
        "data.csv:1: column name `a\\nb` holds a control character (line break, tab …)"
    );
    message!(
        read("x,\"a\tb\"\n1,2\n"),
        DataError::ControlCharacter { .. }
    );
}

#[test]
fn unknown_columns_come_with_a_suggestion() {
    let text = "height,age,weight\n1,2,3\n4,5,6\n";
    let told = message!(
        train(text, None, &["wieght"]),
        DataError::UnknownColumn { .. }
    );
    assert_eq!(
        told,
        "data.csv: no column `wieght` (did you mean `weight`?); \
         the columns are `height`, `age`, `weight`"
    );
    let told = message!(train(text, None, &["Age"]), DataError::UnknownColumn { .. });
    assert!(told.contains("did you mean `age`?"), "{told}");
    let told = message!(
        train(text, Some(&["zzz"]), &["age"]),
        DataError::UnknownColumn { .. }
    );
    assert_eq!(
        told,
        "data.csv: no column `zzz`; the columns are `height`, `age`, `weight`"
    );
}

#[test]
fn a_column_has_one_role() {
    let text = "x,y\n1,2\n3,4\n";
    let told = message!(
        train(text, Some(&["x", "y"]), &["y"]),
        DataError::TargetIsInput { .. }
    );
    assert_eq!(told, "column `y` is both an input and a target");
    let told = message!(train(text, None, &["y", "y"]), DataError::NamedTwice { .. });
    assert_eq!(told, "column `y` is named twice");
    message!(train(text, None, &[]), DataError::NoTargets);
    message!(train(text, None, &["x", "y"]), DataError::NoInputs);
}

#[test]
fn ragged_rows_are_placed() {
    let told = message!(read("x,y\n1,2\n3\n"), DataError::RaggedRow { .. });
    assert_eq!(told, "data.csv:3: 1 cells, but the header has 2");
    message!(
        read("x,y\r\n1,2\r\n3,4,5\r\n"),
        DataError::RaggedRow {
            line: 3,
            expected: 2,
            found: 3,
            ..
        }
    );
}

#[test]
fn files_that_cannot_be_read() {
    let options = ReadOptions::default();
    let missing = Table::read("no/such.csv", &options);
    assert_eq!(
        message!(missing, DataError::NotFound { .. }),
        "no/such.csv: no such file"
    );
    let folder = tempfile::tempdir().unwrap();
    message!(Table::read(folder.path(), &options), DataError::Read { .. });
    let told = message!(read_bytes(b"x,y\n1,2\n\xff,3\n"), DataError::NotUtf8 { .. });
    assert_eq!(
        told,
        "data.csv:3: not UTF-8 text; save the table as UTF-8 CSV"
    );
}

#[test]
fn prediction_takes_columns_in_any_order_with_or_without_targets() {
    let options = ReadOptions::default();
    let (inputs, targets) = (names(&["a", "b"]), names(&["y"]));
    let with = read("y,b,extra,a\n9,2,text,1\n").unwrap();
    let data = Dataset::for_prediction(&with, &inputs, &targets, &options).unwrap();
    assert_eq!((data.inputs, data.targets), (vec![1.0, 2.0], vec![9.0]));
    let without = read("b,a\n2,1\n").unwrap();
    let data = Dataset::for_prediction(&without, &inputs, &targets, &options).unwrap();
    assert_eq!((data.inputs, data.rows), (vec![1.0, 2.0], 1));
    assert!(data.targets.is_empty() && data.target_names.is_empty());
    let scored = Dataset::for_scoring(&without, &inputs, &targets, &options);
    assert!(message!(scored, DataError::UnknownColumn { .. }).contains("no column `y`"));
    let lacking = Dataset::for_prediction(&read("a\n1\n").unwrap(), &inputs, &[], &options);
    assert!(message!(lacking, DataError::UnknownColumn { .. }).contains("no column `b`"));
}

#[test]
fn generated_data_survive_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.csv");
    let table = generators::inverse_sine(50, 3);
    table.write_csv(&path).unwrap();
    let read = Dataset::from_csv(&path, None, &names(&["y"]), &ReadOptions::default()).unwrap();
    assert_eq!(read, Dataset::from_numeric(table, 1).unwrap());
    assert_eq!(read.input_names, ["x"]);
}

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
    assert_eq!(told, "data.csv:2: column `name`: `n0` is not a number");
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
        "data.csv:3: column `when`: `1970-13-02` is not a number"
    );
}
