//! Text with delimiters: what is accepted, and how each fault of the whole is told.

use mdn_train::data::{DataError, DataWarning, Dataset, ReadOptions, Table, generators};

use crate::support::{names, read, read_bytes, train};

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
fn empty_tables() {
    let told = message!(read(""), DataError::NoHeader { .. });
    assert_eq!(
        told,
        "data.csv: empty; a line of column names and at least one row are needed"
    );
    message!(read("\u{feff}\n\n"), DataError::NoHeader { .. });
    let told = message!(read("x,y\n\n"), DataError::NoRows { .. });
    assert_eq!(
        told,
        "data.csv: no rows below the header; at least one is needed"
    );
}

#[test]
fn a_first_line_of_numbers_is_data() {
    for (text, first) in [
        ("1,2\n3,5\n", [1.0, 2.0]),
        ("\u{feff}1.5;2\n3;5\n", [1.5, 2.0]),
        ("1970-01-02,2019\n3,5\n", [1.0, 2019.0]),
    ] {
        let data = train(text, None, &["x1"]).unwrap();
        assert_eq!(data.input_names, ["x0"], "{text}");
        assert_eq!([data.inputs[0], data.targets[0]], first, "{text}");
        assert_eq!((data.inputs[1], data.targets[1]), (3.0, 5.0), "{text}");
        assert_eq!(data.lines, [1, 2], "{text}");
        assert_eq!(data.warnings, [DataWarning::NoHeader], "{text}");
    }
    assert_eq!(read("1,\n3,5\n").unwrap().columns(), ["x0", "x1"]);
    let told = message!(read("1,2\n3\n"), DataError::RaggedRow { line: 2, .. });
    assert_eq!(told, "data.csv:2: 1 cell, but the first line has 2");
    assert_eq!(read(",NA\n3,5\n").unwrap().columns(), ["", "NA"]);
}

#[test]
fn counted_columns_have_a_header() {
    for (text, expected) in [
        (",0,1,2\n0,5,6,7\n", &["", "0", "1", "2"][..]),
        ("0,1\n5,6\n", &["0", "1"]),
    ] {
        let table = read(text).unwrap();
        assert_eq!(table.columns(), expected, "{text}");
        assert_eq!(table.rows(), 1, "{text}");
    }
    assert_eq!(read("0,2\n5,6\n").unwrap().columns(), ["x0", "x1"]);
}

#[test]
fn names_that_look_measured_are_doubted() {
    let data = train("1.34,a,y\n3,4,5\n4,5,6\n", None, &["y"]).unwrap();
    assert_eq!(data.input_names, ["1.34", "a"]);
    let column = "1.34".to_owned();
    assert_eq!(data.warnings, [DataWarning::DoubtfulHeader { column }]);
    let years = train("2019,2020,y\n3,4,5\n4,5,6\n", None, &["y"]).unwrap();
    assert_eq!(years.warnings, []);
    let told = message!(read("0,a,0\n"), DataError::DuplicateColumn { .. });
    assert_eq!(
        told,
        "data.csv:1: two columns are called `0`; --no-header takes the first line as data"
    );
}

#[test]
fn a_first_line_that_is_called_data_is_data() {
    let options = ReadOptions {
        no_header: true,
        ..ReadOptions::default()
    };
    let text = "a,1.5\nb,2\na,3\nb,4\n";
    let table = Table::from_bytes("t".into(), text.into(), &options).unwrap();
    assert_eq!(
        (table.columns(), table.rows()),
        (&names(&["x0", "x1"])[..], 4)
    );
    let data = Dataset::for_training(&table, None, &names(&["x1"]), &options).unwrap();
    assert_eq!(data.input_names, ["x0=a", "x0=b"]);
    assert_eq!(data.targets, [1.5, 2.0, 3.0, 4.0]);
    assert_eq!(data.warnings, []);
}

#[test]
fn ragged_rows_are_placed() {
    let told = message!(read("x,y\n1,2\n3\n"), DataError::RaggedRow { .. });
    assert_eq!(told, "data.csv:3: 1 cell, but the first line has 2");
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
fn generated_data_survive_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.csv");
    let table = generators::inverse_sine(50, 3);
    table
        .write_to(std::fs::File::create(&path).unwrap())
        .unwrap();
    let read = Dataset::from_csv(&path, None, &names(&["y"]), &ReadOptions::default()).unwrap();
    assert_eq!(read, Dataset::from_numeric(table, 1).unwrap());
    assert_eq!(read.input_names, ["x"]);
}

#[test]
fn an_open_quote_is_placed() {
    for (text, line) in [
        ("x,y\n1,2\n\"3,4\n5,6\n", 3),
        ("x,y\n1,\"2\n3,4\n", 2),
        ("x,y\n1,2\n\n3,\"4\"\"", 4),
        ("x,y\n1,2\n\"a \"\" b\",\"", 3),
    ] {
        let told = message!(read(text), DataError::OpenQuote { .. });
        let words = "a quote is opened and not closed before the file ends";
        assert_eq!(told, format!("data.csv:{line}: {words}"), "{text:?}");
    }
    for text in [
        "x,y\n1,\"2\"",
        "x,y\n1,2\"3\n",
        "x,y\n\"a\"\"\",4\n",
        "x,y\n\"a\"b\"c,4",
        "x,y\n1,\"\"",
    ] {
        assert_eq!(read(text).unwrap().rows(), 1, "{text:?}");
    }
}
