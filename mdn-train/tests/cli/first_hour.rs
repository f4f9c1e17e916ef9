//! A newcomer's first hour: tables to try, what to do next, and what goes wrong on the way.

use std::fs;

use serde_json::Value;

use crate::support::{Bench, Run, columns, number};

const SMALL: &str = "--steps 60 --hidden 8 -k 2";

/// The tables of several inputs: their inputs, their targets, and how `fit` takes them.
const TABLES: [(&str, usize, usize, &str); 4] = [
    ("friedman", 5, 1, ""),
    ("sparse-linear", 8, 1, ""),
    ("correlated-pair", 3, 2, "--covariance full"),
    ("timber", 3, 1, "--skip-missing"),
];

impl Run {
    /// The command that the text ends with.
    fn next(&self, text: &str) -> Vec<String> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        let last = text.trim_end().lines().last().unwrap_or_default();
        let command = last.strip_prefix("next: mdn-train ");
        let command = command.unwrap_or_else(|| panic!("{text}"));
        shlex::split(command).unwrap()
    }
}

impl Bench {
    /// Runs words as they stand.
    fn paste(&self, words: &[String]) -> Run {
        let output = assert_cmd::cargo::cargo_bin_cmd!("mdn-train")
            .args(words)
            .current_dir(self.path(""))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

#[test]
fn tables_of_several_inputs_are_fitted_as_the_text_says() {
    let bench = Bench::new();
    for (name, inputs, targets, options) in TABLES {
        let told = bench.run(&format!("generate {name} --rows 400 --noise-columns 2"));
        let mut fit = told.next(&told.stdout);
        let expected = format!("fit {name}.csv --targets {targets} {options} --out {name}.mdn");
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(fit, expected);
        fit.extend(SMALL.split(' ').map(str::to_owned));
        assert_eq!(bench.paste(&fit).code, Some(0), "{name}");
        let object = bench.json(&format!("generate {name} --rows 400 --noise-columns 2"));
        let names = |key: &str| object[key].as_array().unwrap().clone();
        assert_eq!(names("inputs").len(), inputs + 2, "{object}");
        assert_eq!(names("inputs")[inputs], "noise_1");
        assert_eq!(names("targets").len(), targets);
        assert_eq!(object["problem"], name);
    }
}

/// The columns of the problem are the same with noise beside them, and its floor.
#[test]
fn noise_columns_change_nothing_else() {
    let bench = Bench::new();
    for name in ["inverse-sine", "friedman"] {
        let plain = bench.json(&format!("generate {name} --rows 50 --out plain.csv"));
        let noisy = format!("generate {name} --rows 50 --noise-columns 3 --out noisy.csv");
        let noisy = bench.json(&noisy);
        assert_eq!(plain["floor_nll"], noisy["floor_nll"]);
        let kept = |file: &str| {
            let mut all = columns(&bench.read(file));
            all.retain(|(name, _)| !name.starts_with("noise_"));
            all
        };
        assert_eq!(kept("plain.csv"), kept("noisy.csv"));
        assert_eq!(
            columns(&bench.read("noisy.csv")).len(),
            kept("plain.csv").len() + 3
        );
        // Its own table it replaces, with noise or without.
        bench.json(&format!("generate {name} --rows 20 --out noisy.csv"));
    }
}

/// The bytes of tables that were there before the others.
#[test]
fn tables_of_the_first_problems_keep_their_bytes() {
    let bench = Bench::new();
    for (name, expected) in [
        ("inverse-sine", "x,y\n"),
        ("bishop", "x,t\n"),
        ("two-link-arm", "x,y,shoulder,elbow\n"),
    ] {
        bench.json(&format!(
            "generate {name} --rows 3 --seed 5 --out t.csv --force"
        ));
        let drawn = match name {
            "inverse-sine" => mdn_train::data::generators::inverse_sine(3, 5),
            "bishop" => mdn_train::data::generators::bishop(3, 5),
            _ => mdn_train::data::generators::two_link_arm(3, 5),
        };
        let mut text = Vec::new();
        drawn.write_to(&mut text).unwrap();
        assert_eq!(bench.read("t.csv").as_bytes(), text);
        assert!(text.starts_with(expected.as_bytes()));
    }
}

#[test]
fn every_command_ends_with_the_next_one() {
    let bench = Bench::new();
    fs::create_dir(bench.path("my data")).unwrap();
    let draw = bench.paste(
        &[
            "generate",
            "friedman",
            "-n",
            "300",
            "--out",
            "my data/f.csv",
        ]
        .map(str::to_owned),
    );
    let words = |text: &str, table: bool| {
        let table = table.then_some("my data/f.csv");
        let head: Vec<&str> = text.split(' ').collect();
        let words = head.iter().flat_map(|&word| match word {
            "@" => table,
            word => Some(word),
        });
        words.map(str::to_owned).collect::<Vec<String>>()
    };
    let fit = draw.next(&draw.stdout);
    assert_eq!(fit, words("fit @ --targets 1 --out f.mdn", true));
    let folds = words(
        "cross-validate @ --targets 1 --folds 2 --steps 60 --hidden 8 -k 2",
        true,
    );
    let checked = bench.paste(&folds);
    let fit = checked.next(&checked.stdout);
    // The options of the network go on to `fit`; those about folds do not.
    let expected = "fit @ --targets 1 --hidden 8 --components 2 --steps 60 --out f.mdn";
    assert_eq!(fit, words(expected, true));
    let fitted = bench.paste(&fit);
    let predict = fitted.next(&fitted.stdout);
    assert_eq!(predict, words("predict f.mdn @", true));
    let predicted = bench.paste(&predict);
    // Standard output has the table; the line stands beside it.
    let plot = predicted.next(&predicted.stderr);
    assert_eq!(plot, words("plot f.mdn @", true));
    assert!(!predicted.stdout.contains("next:"), "{}", predicted.stdout);
    let whole = bench.paste(&words("predict f.mdn @ --out p.csv", true));
    assert_eq!(whole.next(&whole.stdout), plot);
    let scored = bench.paste(&words("evaluate f.mdn @", true));
    assert_eq!(scored.next(&scored.stdout), plot);
    assert_eq!(bench.paste(&plot).code, Some(0));
    let tuned = "tune @ --targets 1 --trials 1 --folds 2 --steps 60 --hidden 8 -k 2 --out t.mdn";
    let tuned = bench.paste(&words(tuned, true));
    let predict = tuned.next(&tuned.stdout);
    assert_eq!(predict, words("predict t.mdn @", true));
    assert_eq!(bench.paste(&predict).code, Some(0));
    let shown = bench.run("demo --steps 150 --points 50 --out d");
    let predict = shown.next(&shown.stdout);
    assert_eq!(predict, words("predict d/model.mdn d/data.csv", false));
    assert_eq!(bench.paste(&predict).code, Some(0));
}

/// The options by which a table was read go on to the next command; a table that is gone does not.
#[test]
fn the_next_command_reads_the_table_in_the_same_way() {
    let bench = Bench::new();
    let rows: String = (0..60).map(|i| format!("{i};{}\n", i * i % 13)).collect();
    bench.write("t.csv", format!("NA;1\n{rows}"));
    let reading = "--delimiter ; --no-header --skip-missing";
    let fitted = bench.run(&format!("fit t.csv --targets 1 {SMALL} {reading}"));
    let predict = fitted.next(&fitted.stdout);
    assert_eq!(
        predict.join(" "),
        format!("predict model.mdn t.csv {reading}")
    );
    assert_eq!(bench.paste(&predict).code, Some(0));
    let piped = bench.run_with("predict model.mdn - --no-header", rows);
    assert_eq!(piped.next(&piped.stderr), ["inspect", "model.mdn"]);
    bench.write("x.csv", "x0\n3\n");
    let bare = bench.run("predict model.mdn x.csv");
    let sample = bare.next(&bare.stderr);
    assert_eq!(sample.join(" "), "sample model.mdn x.csv --draws 10");
    assert_eq!(bench.paste(&sample).code, Some(0));
}

/// A name that begins like an option, a model that is there already, a table that is gone.
#[test]
fn next_commands_can_be_pasted_whatever_files_are_called() {
    let bench = Bench::new();
    let small = "--steps 60 --hidden 8 -k 2";
    let drawn = bench.run("generate inverse-sine -n 60 --out=-dash.csv");
    let fit = drawn.next(&drawn.stdout);
    assert_eq!(
        fit,
        ["fit", "./-dash.csv", "--targets", "1", "--out=-dash.mdn"]
    );
    let fitted = bench.paste(&fit);
    let predict = fitted.next(&fitted.stdout);
    assert_eq!(predict, ["predict", "./-dash.mdn", "./-dash.csv"]);
    let predicted = bench.paste(&predict);
    let plot = predicted.next(&predicted.stderr);
    assert_eq!(plot, ["plot", "./-dash.mdn", "./-dash.csv"]);
    assert_eq!(bench.paste(&plot).code, Some(0));
    // Not the model that is there.
    let folds = format!("cross-validate {small} --folds 2 --targets 1 -- -dash.csv");
    let folds = bench.run(&folds);
    let fit = folds.next(&folds.stdout);
    assert_eq!(fit[1], "./-dash.csv");
    assert_eq!(fit.last().unwrap(), "--out=-dash-2.mdn");
    assert_eq!(bench.paste(&fit).code, Some(0));
    let table = bench.read("-dash.csv");
    let piped = bench.run_with(
        &format!("cross-validate - {small} --folds 2 --targets 1"),
        table,
    );
    assert_eq!(piped.code, Some(0));
    assert!(!piped.stdout.contains("next:"), "{}", piped.stdout);
}

#[test]
fn a_demo_that_learns_nothing_fails_and_leaves_no_model() {
    let bench = Bench::new();
    let run = bench.run("demo --steps 3 --points 200 --out d --json");
    let words = run.error(1).to_owned();
    assert!(
        words.starts_with("training has failed: the NLL of the training rows"),
        "{words}"
    );
    assert!(
        words.ends_with("more --steps and --points may help"),
        "{words}"
    );
    assert_eq!(run.object()["error"], Value::String(words));
    assert!(!bench.path("d/model.mdn").exists() && !bench.path("d/report.html").exists());
}

/// Finite values whose differences are not: refused where they are read.
#[test]
fn values_too_large_for_differences_are_placed() {
    let bench = Bench::new();
    bench.fit_geyser();
    let told = |place: &str, value: &str| {
        format!(
            "{place}: {value} is too large: beyond 1e37, 32-bit floating point has no room for \
             differences; give the column in other units, or leave the cell empty where it stands \
             for a missing value"
        )
    };
    for (table, place, value) in [
        (
            "waiting,duration\n1,2\n3,3e38\n-1,-3.4e38\n",
            "t.csv:3: column `duration`",
            "3e38",
        ),
        (
            "waiting,duration\n1,2\n2,3\n-3.4028235e38,4\n",
            "t.csv:4: column `waiting`",
            "-3.4028235e38",
        ),
    ] {
        bench.write("t.csv", table);
        let fit = format!("fit t.csv --target duration {SMALL}");
        for command in [
            &fit,
            &format!("{fit} --stream-above 1"),
            "cross-validate t.csv --target duration --folds 2",
        ] {
            assert_eq!(bench.run(command).error(1), told(place, value), "{command}");
        }
        // Other rows have their scores and their answers.
        let scored = bench.json("evaluate model.mdn t.csv");
        assert_eq!(scored["unscored"][0]["first"], told(place, value));
        let predicted = bench.answers("predict model.mdn t.csv");
        let problems = (0..predicted.len()).map(|row| predicted.cell(row, "problem").clone());
        assert!(
            problems
                .clone()
                .any(|problem| problem == told(place, value))
        );
        assert!(problems.clone().any(|problem| problem.is_null()));
    }
    // Of a logarithm there is room, and so there is below the limit.
    let rows = |scale: &str| -> String {
        let rows = (1..80).map(|i| format!("{i},{}{scale}\n", 1 + i % 9));
        rows.collect()
    };
    bench.write("t.csv", format!("x,y\n{}", rows("e37")));
    bench.json(&format!("fit t.csv --target y --transform log {SMALL}"));
    bench.write("t.csv", format!("x,y\n{}", rows("e36")));
    let fitted = bench.json(&format!("fit t.csv --target y {SMALL}"));
    assert!(number(&fitted, "validation_nll").is_finite());
    bench.json("evaluate model.mdn t.csv");
}

#[test]
fn files_of_another_kind_are_called_what_they_are() {
    let bench = Bench::new();
    bench.fit_geyser();
    let table = "save the table as UTF-8 CSV";
    let text: Vec<u8> = "x,y\n1,2\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bench.write("wide.csv", [b"\xff\xfe".to_vec(), text].concat());
    fs::create_dir(bench.path("folder")).unwrap();
    let model =
        "a model file, not a table; commands that take both take the model first, then the table";
    for (file, words) in [
        ("model.mdn", model),
        ("wide.csv", &format!("text in UTF-16, not a table; {table}")),
        (
            "folder",
            "cannot be read: Is a directory (os error 21); a file is needed",
        ),
    ] {
        for command in [
            "fit @ --target y --out o.mdn",
            "fit @ --target y --out o.mdn --stream-above 1",
            "predict model.mdn @",
        ] {
            let run = bench.run(&command.replace('@', file));
            assert_eq!(run.error(1), format!("{file}: {words}"), "{command}");
        }
    }
    bench.write("t.csv", "x,y\n1,2\n");
    bench.write("empty", "");
    for (file, words) in [
        (
            "t.csv",
            "not a model file: the first bytes are not those of .mdn; `mdn-train fit` makes a model file of a table",
        ),
        (
            "empty",
            "cut short: 0 of 24 bytes; `mdn-train fit` makes a model file of a table",
        ),
        (
            "folder",
            "cannot be read: Is a directory (os error 21); a file is needed",
        ),
    ] {
        for command in [
            "inspect @",
            "verify @",
            "predict @ t.csv",
            "evaluate @ t.csv",
        ] {
            let run = bench.run(&command.replace('@', file));
            assert_eq!(run.error(1), format!("{file}: {words}"), "{command}");
        }
    }
    for command in [
        "demo --steps 150 --out t.csv",
        "plot model.mdn t.csv --out t.csv/x",
    ] {
        let told = bench.run(command);
        assert!(told.code == Some(1), "{}", told.stdout);
    }
    let told = bench.run("demo --out t.csv");
    let words = "cannot make t.csv: File exists (os error 17); the name of a folder is needed, or a new one";
    assert_eq!(told.error(1), words);
}

#[test]
fn files_of_kinds_that_hold_no_table_are_named_with_the_way_out() {
    let bench = Bench::new();
    let tar = [vec![b'x'; 257], b"ustar\x0000".to_vec()].concat();
    let (save, export) = (
        "save the table as UTF-8 CSV",
        "export the table as CSV or Parquet",
    );
    let array = "export the table as CSV, Parquet or .npy";
    let picture = "give a table of numbers: CSV, Parquet, Arrow or NumPy";
    let unpack = "unpack it, and give the table that is in it";
    let office = "a document of an office program";
    for (bytes, what, cure) in [
        (
            archive("xl/workbook.xml"),
            "an Excel workbook (.xlsx)",
            save,
        ),
        (archive("[Content_Types].xml"), office, save),
        (
            archive("mimetype"),
            "an OpenDocument file, such as a spreadsheet (.ods)",
            save,
        ),
        (archive("model/data.pkl"), "a PyTorch file", array),
        (archive("t.csv"), "a zip archive", unpack),
        (tar, "an archive (tar)", unpack),
        (b"%PDF-1.7\n\xe2\xe3".into(), "a PDF document", save),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".into(),
            "a document of an office program, such as an Excel workbook (.xls)",
            save,
        ),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".into(),
            "a picture (PNG)",
            picture,
        ),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF".into(),
            "a picture (JPEG)",
            picture,
        ),
        (
            b"RIFF\x24\0\0\0WEBPVP8 ".into(),
            "a picture (WebP)",
            picture,
        ),
        (
            b"SQLite format 3\0\x10\0\x01".into(),
            "an SQLite database",
            export,
        ),
        (
            b"FEA1\0\0\0\0\x01\x02".into(),
            "a Feather file of version 1",
            "save the table as Feather of version 2, Parquet or CSV",
        ),
        (b"\x89HDF\r\n\x1a\n\0".into(), "an HDF5 file", array),
        (b"\x80\x04\x95\x10\0\0".into(), "a Python pickle", array),
        (b"<!DOCTYPE html>\n<html>".into(), "a web page", export),
        (
            b"BZh91AY&SY".into(),
            "a file packed by bzip2",
            "unpack it, or pack it by gzip",
        ),
    ] {
        bench.write("t", bytes);
        for more in ["", " --stream-above 1"] {
            let run = bench.run(&format!("fit t --target y --out o.mdn{more}"));
            assert_eq!(
                run.error(1),
                format!("t: {what}, not a table; {cure}"),
                "{more}"
            );
        }
    }
}

/// A ZIP archive of one empty file.
fn archive(name: &str) -> Vec<u8> {
    let length = (name.len() as u16).to_le_bytes();
    let fields = |zeros: usize| [vec![0; zeros], length.to_vec()].concat();
    let local = [
        b"PK\x03\x04\x14\0".to_vec(),
        fields(20),
        vec![0; 2],
        name.into(),
    ]
    .concat();
    let central = [
        b"PK\x01\x02\x14\0\x14\0".to_vec(),
        fields(20),
        vec![0; 16],
        name.into(),
    ]
    .concat();
    let sizes = [central.len() as u32, local.len() as u32]
        .map(u32::to_le_bytes)
        .concat();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec(),
        sizes,
        vec![0; 2],
    ]
    .concat();
    [local, central, end].concat()
}

#[test]
fn few_rows_are_named_with_their_table() {
    let bench = Bench::new();
    bench.write("one.csv", "x,y\n1,2\n");
    bench.write("two.csv", "x,y\n1,2\n2,3\n");
    let words = |command: &str| bench.run(command).error(1).to_owned();
    assert_eq!(
        words("fit one.csv --target y"),
        "one.csv: target column `y` has the value 2 in every row; there is nothing to learn; choose \
         another target, or add rows"
    );
    let failed = words("fit two.csv --target y --steps 30");
    let advice = ", while the training rows are known by heart; 2 rows are few to learn from, and more \
                  rows, fewer --inputs, fewer --hidden units, more --weight-decay or --noise always may \
                  help, unless the inputs tell nothing of the targets";
    assert!(failed.ends_with(advice), "{failed}");
    for command in ["cross-validate", "tune"] {
        let told = words(&format!("{command} two.csv --target y --folds 3"));
        assert_eq!(
            told,
            "two.csv: 2 rows are too few for 3 folds; fewer --folds need fewer rows"
        );
    }
}

#[test]
fn the_commands_of_a_report_can_be_pasted() {
    let bench = Bench::new();
    let mut table = "first input;the other;my target\n".to_owned();
    for i in 0..60 {
        let x = f64::from(i) / 10.0;
        let gap = if i == 7 {
            "NA".to_owned()
        } else {
            x.sin().to_string()
        };
        table += &format!("{x};{gap};{}\n", x + (17.0 * x).sin());
    }
    bench.write("my table's.csv", table);
    let words = |text: &str| shlex::split(text).unwrap();
    let run = |text: &str| {
        let run = bench.paste(&words(text));
        assert_eq!(run.code, Some(0), "{text}: {}", run.stderr);
    };
    let reading = "--skip-missing --delimiter ';'";
    run(&format!(
        r#"fit "my table's.csv" {reading} --target 'my target' --steps 60 --hidden 8 -k 2 --out 'a model.mdn'"#
    ));
    run(&format!(
        r#"plot 'a model.mdn' "my table's.csv" {reading} --input 'first input'"#
    ));
    let report = bench.read("pictures/report.html");
    let report = report
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let next = report.split_once("What to do next").unwrap().1;
    let commands = next
        .split('`')
        .filter_map(|part| part.strip_prefix("mdn-train "));
    let commands: Vec<&str> = commands
        .filter(|command| !command.contains("--help"))
        .collect();
    let names: Vec<String> = commands
        .iter()
        .map(|command| words(command)[0].clone())
        .collect();
    assert_eq!(
        names,
        ["evaluate", "cross-validate", "plot", "predict", "sample"]
    );
    for command in commands {
        let mut pasted = words(command);
        // Placeholders, and what makes folds quick.
        for word in &mut pasted {
            if ["ROWS", "NEW"].contains(&word.as_str()) {
                *word = "my table's.csv".to_owned();
            }
        }
        if pasted[0] == "cross-validate" {
            let quick = "--folds 2 --steps 20 --hidden 4 -k 2".split(' ');
            pasted.extend(quick.map(str::to_owned));
        }
        let run = bench.paste(&pasted);
        assert_eq!(run.code, Some(0), "{command}: {}", run.stderr);
        for word in ["--skip-missing", "--delimiter"] {
            assert!(command.contains(word), "{command}");
        }
    }
}

#[test]
fn a_report_of_one_row_speaks_of_one() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..60)
        .map(|i| format!("{i}.5,{},{}", i % 7, 2 * i))
        .collect();
    bench.write("t.csv", format!("a,b,y\n{}\n", rows.join("\n")));
    bench.json("fit t.csv --target y --steps 60 --hidden 8 -k 2 --out m.mdn");
    bench.write("one.csv", "a,b,y\n4,5,6\n");
    bench.json("plot m.mdn one.csv --input a");
    let report = bench.read("pictures/report.html");
    for part in [
        "The point is the only row of the table. It is near the slice",
        "a is 4 in all rows of the table, so the model is drawn at this value alone.",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
    assert!(!report.contains("faint") && !report.contains("1 row are"));
}
