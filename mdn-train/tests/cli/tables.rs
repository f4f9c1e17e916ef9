//! Tables that cannot be used, and what the program says of them.

use crate::support::{Bench, column, columns, number};

/// A sound table with `line` put in as its line 17.
fn with_line_17(line: &str) -> Vec<u8> {
    let mut text = "age,dose,note,y\n".to_owned();
    for row in 2..=40 {
        if row == 17 {
            text += &format!("{line}\n");
        } else {
            text += &format!("{row},{},ok,{}\n", row * row % 7, row * 3 % 11);
        }
    }
    text.into_bytes()
}

const FIT: &str = "fit data.csv --target y --inputs age,dose --steps 5 --hidden 3 -k 2";

/// Runs `command` on `table`, which must be refused, in words and in JSON alike.
fn refused(table: impl AsRef<[u8]>, command: &str) -> String {
    let bench = Bench::new();
    bench.write("data.csv", table);
    let run = bench.run(command);
    assert_eq!(run.stdout, "");
    let words = run.error(1).to_owned();
    let json = bench.run(&format!("{command} --json"));
    assert_eq!(json.error(1), words);
    assert_eq!(json.object(), serde_json::json!({ "error": words }));
    assert_eq!(bench.names(), ["data.csv"], "{words}");
    words
}

#[test]
fn a_faulty_cell_is_named_by_file_line_and_column() {
    for (line, expected) in [
        (
            "n/a,1,ok,2",
            "data.csv:17: column `age`: `n/a` is not a number",
        ),
        (
            "1,\"2,5\",ok,2",
            "data.csv:17: column `dose`: `2,5` is not a number (write the decimal mark as a point)",
        ),
        (
            "1,inf,ok,2",
            "data.csv:17: column `dose`: `inf` is not finite in 32-bit floating point; correct it, or leave the cell empty where it stands for a missing value",
        ),
        (
            "1,2,ok,-1e39",
            "data.csv:17: column `y`: `-1e39` is not finite in 32-bit floating point; correct it, or leave the cell empty where it stands for a missing value",
        ),
        ("1,2,ok", "data.csv:17: 3 cells, but the first line has 4"),
        (
            "1,2,ok,3,4",
            "data.csv:17: 5 cells, but the first line has 4",
        ),
    ] {
        assert_eq!(refused(with_line_17(line), FIT), expected);
    }
}

#[test]
fn a_missing_value_comes_with_the_way_out() {
    for (line, cell) in [
        (",2,ok,3", ""),
        ("NA,2,ok,3", " (`NA`)"),
        ("nan,2,ok,3", " (`nan`)"),
    ] {
        let words = refused(with_line_17(line), &format!("{FIT} --missing refuse"));
        let expected = format!(
            "data.csv:17: column `age`: the value is missing{cell}; --skip-missing leaves such rows out"
        );
        assert_eq!(words, expected);
    }
    let bench = Bench::new();
    bench.write("data.csv", with_line_17(",2,ok,3"));
    let run = bench.run(&format!("{FIT} --skip-missing --json"));
    let said = "1 row left out for missing values";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let fit = run.object();
    assert_eq!(
        number(&fit, "train_rows") + number(&fit, "validation_rows"),
        38.0
    );
    let scored = bench.json("evaluate model.mdn data.csv --skip-missing");
    assert_eq!(number(&scored, "skipped_rows"), 1.0);
    // What is left keeps its place: the line of the table stands beside every answer.
    let lines: Vec<f64> = (2..=40).filter(|&line| line != 17).map(f64::from).collect();
    for command in ["predict", "sample"] {
        let run = bench.run(&format!("{command} model.mdn data.csv --skip-missing"));
        assert_eq!(column(&columns(&run.stdout), "line"), lines);
    }
}

#[test]
fn what_is_not_utf8_is_placed() {
    let mut table = with_line_17("1,2,caf?,3");
    let position = table.iter().position(|&byte| byte == b'?').unwrap();
    table[position] = 0xe9;
    let words = refused(table, FIT);
    assert_eq!(
        words,
        "data.csv:17: not UTF-8 text; save the table as UTF-8 CSV"
    );
}

#[test]
fn tables_without_rows_or_header() {
    for (table, expected) in [
        (
            "",
            "data.csv: empty; a line of column names and at least one row are needed",
        ),
        (
            "\n\n",
            "data.csv: empty; a line of column names and at least one row are needed",
        ),
        (
            "age,dose,y\n",
            "data.csv: no rows below the header; at least one is needed",
        ),
        (
            "age,dose,age,y\n1,2,3,4\n",
            "data.csv:1: two columns are called `age`",
        ),
        (
            "age,dose,y\n1,2,3\n",
            "data.csv: target column `y` has the value 3 in every row; there is nothing to learn; choose another target, or add rows",
        ),
    ] {
        assert_eq!(refused(table, FIT), expected);
    }
}

#[test]
fn columns_and_their_roles() {
    let table = with_line_17("1,2,ok,3");
    for (options, expected) in [
        (
            "--target weight",
            "data.csv: no column `weight`; the columns are `age`, `dose`, `note`, `y`",
        ),
        (
            "--target Y",
            "data.csv: no column `Y` (did you mean `y`?); the columns are `age`, `dose`, `note`, `y`",
        ),
        (
            "--target y --inputs agee",
            "data.csv: no column `agee` (did you mean `age`?); the columns are `age`, `dose`, `note`, `y`",
        ),
        (
            "--target y --inputs age,y",
            "data.csv: column `y` is both an input and a target",
        ),
        (
            "--target y --inputs age,age",
            "data.csv: column `age` is named twice",
        ),
        (
            "--target y,y --inputs age",
            "data.csv: column `y` is named twice",
        ),
        (
            "--target age,dose,note,y",
            "data.csv: no input column is left besides the targets",
        ),
        (
            "--target y --inputs age --unit dose=mg",
            "--unit names `dose`, which is neither input nor target; the columns of numbers are `age`, `y`",
        ),
        (
            "--target y --inputs age --categorical agee",
            "data.csv: column `agee` is called categorical, but it is no input (did you mean `age`?); the \
             inputs are `age`",
        ),
        (
            "--target why --transform yy=log --inputs age",
            "--transform names `yy`, which is no target; the targets are `why`",
        ),
    ] {
        let words = refused(&table, &format!("fit data.csv {options}"));
        assert_eq!(words, expected);
    }
    let words = refused(&table, "fit data.csv --target y");
    assert_eq!(
        words,
        "data.csv:2: column `note`: `ok` is not a number; --inputs can leave the column out, \
         --categorical can take its values as categories"
    );
}

#[test]
fn names_with_commas_are_columns() {
    let bench = Bench::new();
    let rows: String = (0..60)
        .map(|i| format!("{i}.5,{},{}\n", i % 2, i * i % 13))
        .collect();
    bench.write("data.csv", format!("a,\"b,c\",\"y, kg\"\n{rows}"));
    let config = "data = \"data.csv\"\ntarget = [\"y, kg\"]\ncategorical = []\n\
                  steps = 5\nhidden = 3\ncomponents = 2\n";
    bench.write("fit.toml", config);
    for (options, expected) in [
        ("", &["a", "b,c"][..]),
        ("--inputs b,c,a", &["b,c", "a"]),
        ("--inputs b,c,a --categorical b,c", &["b,c=0", "b,c=1", "a"]),
    ] {
        for place in ["", "--stream-above 0"] {
            bench.json(&format!("fit --config fit.toml {options} {place}"));
            let model = bench.json("inspect model.mdn");
            assert_eq!(model["targets"][0]["name"], "y, kg");
            let inputs = model["inputs"].as_array().unwrap().iter();
            let names: Vec<&str> = inputs
                .map(|input| input["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, expected);
        }
    }
    let told = bench.run("fit data.csv --target y,g");
    assert!(told.error(1).contains("no column `y`"), "{}", told.stderr);
}

#[test]
fn texts_that_cannot_be_numbers_are_explained() {
    let table = |cell: &dyn Fn(usize) -> String| {
        let rows = (0..200).map(|row| format!("{},{}\n", cell(row), row % 7));
        format!("x,y\n{}", rows.collect::<String>())
    };
    let ids = table(&|row| format!("id{row}"));
    for options in ["", " --stream-above 0"] {
        let words = refused(&ids, &format!("fit data.csv --target y{options}"));
        let expected = "data.csv:2: column `x`: `id0` is not a number, and its column has too many \
                        different texts for categories (at most 32); --inputs can leave";
        assert!(words.starts_with(expected), "{words}");
    }
    let dates = table(&|row| match row {
        3 => "01.05.2023".to_owned(),
        _ => format!("2023-05-{:02}", 1 + row % 28),
    });
    assert_eq!(
        refused(&dates, "fit data.csv --target y --inputs x"),
        "data.csv:5: column `x`: `01.05.2023` is not a number or a date such as 2024-06-19"
    );
    for target in ["--target x", "--target x --transform log"] {
        assert_eq!(
            refused(&ids, &format!("fit data.csv {target}")),
            "data.csv:2: column `x`: `id0` is not a number; a target must be a number"
        );
    }
}

#[test]
fn a_missing_table_is_named() {
    let bench = Bench::new();
    assert_eq!(
        bench.run("fit nowhere.csv --target y").error(1),
        "nowhere.csv: no such file"
    );
    assert_eq!(bench.run("fit . --target y").code, Some(1));
    let run = bench.run_with("fit - --target y", "x,y\n1,oops\n");
    assert_eq!(
        run.error(1),
        "standard input:2: column `y`: `oops` is not a number; a target must be a number"
    );
    assert!(bench.names().is_empty());
}

#[test]
fn doubts_are_warnings_once_each() {
    let rows = (0..60)
        .map(|i| format!("{i}.5,5,{}\n", i * i % 13))
        .collect::<String>();
    let bench = Bench::new();
    bench.write("data.csv", format!("age,dose,y\n{rows}"));
    let fit = "fit data.csv --target y --support continuous --steps 5 --validation 0 --json";
    let run = bench.run(fit);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let fit = run.object();
    let warnings: Vec<&str> = fit["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|w| w.as_str())
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(
        warnings[0],
        "input column `dose` has the value 5 in every row and tells nothing"
    );
    // The squares modulo 13.
    let coarse = "target `y` has only 7 different values";
    let found = fit["diagnostics"].to_string();
    assert!(
        found.contains(coarse) && found.contains("coarse-target"),
        "{found}"
    );
    let many = " parameters for 60 training rows";
    assert!(warnings[1].contains(many), "{warnings:?}");
    for warning in warnings {
        let said = run.stderr.matches(&format!("warning: {warning}")).count();
        assert_eq!(said, 1, "{}", run.stderr);
    }
}

/// Also where training saw raw units, in which a constant is a bias.
#[test]
fn an_input_that_never_changed_changes_no_answer() {
    let rows = (0..60)
        .map(|i| format!("{i},5,{}\n", i * i % 13))
        .collect::<String>();
    let bench = Bench::new();
    bench.write("data.csv", format!("age,dose,y\n{rows}"));
    bench.write("other.csv", "age,dose\n7,5\n7,6\n7,-1000\n");
    for units in ["", "--no-standardise", "--refit"] {
        bench.json(&format!("fit data.csv --target y --steps 50 {units}"));
        let told = bench.json("predict model.mdn other.csv --summary");
        let rows = told["rows"].as_array().unwrap();
        // But for the line and the distance to the one dose of the training.
        let answers = |row: &serde_json::Value| row.as_array().unwrap()[2..].to_vec();
        assert_eq!(rows.len(), 3);
        assert!(
            rows.iter().all(|row| answers(row) == answers(&rows[0])),
            "{told}"
        );
    }
}

#[test]
fn a_sound_table_raises_no_doubts() {
    let bench = Bench::new();
    bench.run("generate inverse-sine --rows 200 --out sine.csv");
    let fit = bench.json("fit sine.csv --targets 1 --steps 5");
    assert_eq!(fit["warnings"], serde_json::json!([]));
}

#[test]
fn time_stamps_that_do_not_fit_are_warned_of() {
    let rows = (0..100)
        .map(|i| format!("{},{i}\n", 1_700_000_000 + i))
        .collect::<String>();
    let bench = Bench::new();
    bench.write("data.csv", format!("time,y\n{rows}"));
    let run = bench.run("fit data.csv --target y --steps 5 --hidden 3 -k 2");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning: column `time`: 100 different values become"),
        "{}",
        run.stderr
    );
}

#[test]
fn semicolons_tabs_and_chosen_delimiters() {
    let bench = Bench::new();
    for (delimiter, option) in [
        (";", ""),
        ("\t", ""),
        ("|", "--delimiter |"),
        ("\t", "--delimiter tab"),
    ] {
        let table = String::from_utf8(with_line_17("1,2,ok,3"))
            .unwrap()
            .replace(',', delimiter);
        bench.write("data.csv", table);
        let fit = bench.json(&format!("{FIT} {option}"));
        assert_eq!(number(&fit, "train_rows"), 35.0);
    }
    assert_eq!(bench.run(&format!("{FIT} --delimiter ;;")).code, Some(2));
}

#[test]
fn a_model_of_categories_takes_the_raw_column() {
    let bench = Bench::new();
    let mut text = "shape,x,y\n".to_owned();
    for row in 0..90 {
        let (shape, offset) = [("round", 0.0), ("flat", 5.0), ("long", -5.0)][row % 3];
        let x = (row as f64 * 0.37).sin();
        text += &format!("{shape},{x},{}\n", offset + x);
    }
    bench.write("t.csv", &text);
    bench.json("fit t.csv --target y --hidden 8 -k 1 --steps 800");
    let found = bench.json("evaluate model.mdn t.csv");
    assert!(found["nll"].as_f64().unwrap() < 0.0, "{found}");
    bench.write("new.csv", "x,shape\n0,flat\n0,long\n");
    let answers = bench.answers("predict model.mdn new.csv --summary");
    assert!((answers.number(0, "y_mean") - 5.0).abs() < 0.5);
    assert!((answers.number(1, "y_mean") + 5.0).abs() < 0.5);
    let inputs = &bench.json("inspect model.mdn")["inputs"];
    let names: Vec<&str> = (0..4)
        .map(|i| inputs[i]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["shape=flat", "shape=long", "shape=round", "x"]);
    let told = bench.run("plot model.mdn t.csv --input shap");
    let words = "--input names `shap`, which is no input (did you mean `shape`?); the inputs are `shape`, `x`";
    assert_eq!(told.error(1), words);
    bench.write("flat.csv", "shape,x,y\nflat,0,5\nflat,1,6\n");
    // The column and each of its inputs are the same slice.
    for input in ["shape", "shape=flat"] {
        bench.json(&format!("plot model.mdn flat.csv --input {input}"));
        let report = bench.read("pictures/report.html");
        assert!(
            report.contains("shape varies over its categories."),
            "{report}"
        );
        assert!(report.contains("the most frequent category: x = 0."));
        let map = bench.read("pictures/heatmap.svg");
        for name in ["flat", "long", "round"] {
            assert!(map.contains(&format!("\n{name}\n")), "{name} in {map}");
        }
    }
    bench.write("new.csv", "x,shape\n0,flat\n0,square\n");
    let answers = bench.answers("predict model.mdn new.csv");
    assert!(answers.cell(0, "y_mean").is_number() && answers.cell(1, "y_mean").is_null());
    let words = "new.csv:3: column `shape`: `square` is none of the known categories";
    let problem = answers.cell(1, "problem").as_str().unwrap();
    assert!(problem.contains(words), "{problem}");
}

/// A file as pandas writes it: `x`, `z`, `y` and then the index `id` of rows in no order.
#[cfg(feature = "columnar")]
fn write_with_index(bench: &Bench, name: &str, parquet: bool) {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};

    let numbers = |of: &dyn Fn(f64) -> f64| {
        let values = (0..60).map(|i| of(f64::from(i)));
        Arc::new(Float64Array::from_iter_values(values)) as ArrayRef
    };
    let index = Int64Array::from_iter_values((0..60).map(|i| 1000 * (i * 17 % 61)));
    let batch = RecordBatch::try_from_iter([
        ("x", numbers(&|i| i / 7.0)),
        ("z", numbers(&|i| i.sin())),
        ("y", numbers(&|i| i / 3.0 + (5.0 * i).cos())),
        ("id", Arc::new(index)),
    ]);
    let batch = batch.unwrap();
    let pandas = r#"{"index_columns": ["id"], "columns": []}"#;
    let schema = batch.schema().as_ref().clone();
    let schema = schema.with_metadata([("pandas", pandas)]);
    let batch = batch.with_schema(Arc::new(schema)).unwrap();
    let bytes = if parquet {
        use parquet::arrow::ArrowWriter;
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    } else {
        use arrow_ipc::writer::FileWriter;
        let mut writer = FileWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    };
    bench.write(name, bytes);
}

/// Whatever its numbers are; it is neither target nor input unless it is named.
#[cfg(feature = "columnar")]
#[test]
fn an_index_is_no_column_unless_it_is_named() {
    let bench = Bench::new();
    write_with_index(&bench, "t.parquet", true);
    write_with_index(&bench, "t.feather", false);
    let fit = "--steps 5 --hidden 3 -k 2 --support continuous";
    for (table, more) in [
        ("t.parquet", ""),
        ("t.feather", ""),
        ("t.parquet", "--stream-above 0"),
    ] {
        let run = bench.run(&format!("fit {table} --targets 1 {fit} {more}"));
        let note = "note row-number: column `id` is an index, as the file says, and is left out";
        assert!(run.stderr.contains(note), "{table}: {}", run.stderr);
        let inspected = bench.json("inspect model.mdn");
        let names = |part: &str| -> Vec<String> {
            let columns = inspected[part].as_array().unwrap().iter();
            columns
                .map(|column| column["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            (names("inputs"), names("targets")),
            (vec!["x".to_owned(), "z".to_owned()], vec!["y".to_owned()])
        );
    }
    let named = bench.run(&format!("fit t.parquet --target y --inputs id,x {fit}"));
    assert_eq!(named.code, Some(0), "{}", named.stderr);
    assert!(!named.stderr.contains("row-number"), "{}", named.stderr);
    let target = bench.run(&format!("fit t.parquet --target id {fit}"));
    assert_eq!(target.code, Some(0), "{}", target.stderr);
    let many = bench.run("fit t.parquet --targets 3");
    assert_eq!(
        many.error(1),
        "--targets 3 leaves no column as input: t.parquet has 4 columns"
    );
}
