//! Which columns are taken, and in which role.

use mdn_train::data::{DataError, DataWarning, Dataset, ReadOptions};

use crate::support::{names, read, train};

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

/// A line of three cells with 5 for the second, where that is a number.
fn constant_second(line: &str) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    match cells[1] {
        "one" => format!("{line}\n"),
        _ => format!("{},5,{}\n", cells[0], cells[2]),
    }
}

/// Rows numbered in no order, beside another input or alone; named, or as dates.
#[test]
fn row_numbers_are_left_out() {
    let rows = |column: &dyn Fn(usize) -> String| -> String {
        let row = |i: usize| format!("{},{},{}\n", column(i), 0.5 + i as f64, i * i);
        (0..50).map(row).collect()
    };
    let text = "id,x,y\n".to_owned() + &rows(&|i| (100 + i * 17 % 53).to_string());
    let data = train(&text, None, &["y"]).unwrap();
    assert_eq!(data.input_names, ["x"]);
    assert_eq!(data.input(1), [1.5]);
    let column = "id".to_owned();
    assert_eq!(data.warnings, [DataWarning::RowNumber { column }]);
    let data = train(&text, Some(&["id", "x"]), &["y"]).unwrap();
    assert_eq!((data.input_names.len(), data.warnings.len()), (2, 0));
    let alone = "id,y\n".to_owned()
        + &(0..50)
            .map(|i| format!("{i},{}\n", i % 7))
            .collect::<String>();
    assert_eq!(train(&alone, None, &["y"]).unwrap().input_names, ["id"]);
    // A constant is nothing to learn from.
    let constant = text
        .replace("x,y", "one,y")
        .lines()
        .map(constant_second)
        .collect::<String>();
    assert_eq!(
        train(&constant, None, &["y"]).unwrap().input_names,
        ["id", "one"]
    );
    // A target that is the row number itself is no leak of what is left out.
    let counted = "id,x,y\n".to_owned()
        + &(0..50)
            .map(|i| format!("{i},{},{i}\n", i % 7))
            .collect::<String>();
    let data = train(&counted, None, &["y"]).unwrap();
    let column = "id".to_owned();
    assert_eq!(data.warnings, [DataWarning::RowNumber { column }]);
    let days =
        "day,x,y\n".to_owned() + &rows(&|i| format!("2024-{:02}-{:02}", 1 + i / 25, 1 + i % 25));
    assert_eq!(
        train(&days, None, &["y"]).unwrap().input_names,
        ["day", "x"]
    );
}

#[test]
fn an_input_that_equals_a_target_is_named() {
    let data = train("a,x,y\n1,2,1\n3,3,3\n", None, &["y"]).unwrap();
    let expected = DataWarning::EqualsTarget {
        column: "a".to_owned(),
        target: "y".to_owned(),
    };
    assert_eq!(data.warnings, [expected]);
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
