//! Tables on the disk and tables in pieces: the answers are those of tables in memory.

use crate::support::{Bench, GEYSER};

const FIT: &str = "--target duration --steps 100 --hidden 8 -k 3";

#[test]
fn a_table_on_the_disk_gives_the_same_file() {
    let bench = Bench::new();
    let plain = bench.json(&format!("fit {GEYSER} {FIT} --out plain.mdn"));
    let streamed = bench.json(&format!(
        "fit {GEYSER} {FIT} --stream-above 1K --out streamed.mdn"
    ));
    let read = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(read("plain.mdn"), read("streamed.mdn"));
    for key in [
        "train_nll",
        "validation_nll",
        "normal_nll",
        "warnings",
        "diagnostics",
    ] {
        assert_eq!(plain[key], streamed[key], "{key}");
    }
    // The temporary file has gone.
    assert_eq!(bench.names(), ["plain.mdn", "streamed.mdn"]);
    let refused = bench.run(&format!("fit {GEYSER} {FIT} --stream-above much"));
    assert!(refused.error(2).contains("such as 500M"));
}

#[test]
fn faults_of_a_table_on_the_disk_are_told_the_same() {
    let bench = Bench::new();
    bench.write("bad.csv", "x,y\n1,2\n2,word\n3,4\n");
    bench.write("texts.csv", "x,name,y\n1,a,2\n2,b,3\n3,c,4\n");
    for (table, choices) in [
        ("bad.csv", "--target y"),
        ("bad.csv", "--target z"),
        ("texts.csv", "--target y"),
        ("texts.csv", "--targets 3"),
    ] {
        let plain = bench.run(&format!("fit {table} {choices}"));
        let streamed = bench.run(&format!("fit {table} {choices} --stream-above 0"));
        assert_eq!(streamed.error(1), plain.error(1));
    }
}

#[test]
fn a_run_may_change_between_memory_and_disk() {
    let bench = Bench::new();
    bench.json(&format!("fit {GEYSER} {FIT} --run run"));
    let first = std::fs::read(bench.path("run/model.mdn")).unwrap();
    bench.json("fit --resume run --stream-above 0");
    assert_eq!(std::fs::read(bench.path("run/model.mdn")).unwrap(), first);
}

/// More than one piece: some 10 MB, whose cells are long so that the rows are few.
#[test]
fn large_tables_are_answered_piece_by_piece() {
    const ROWS: usize = 24_000;
    let bench = Bench::new();
    bench.json(&format!("fit {GEYSER} {FIT}"));
    let row = |row: usize| {
        let (waiting, duration) = (40 + row % 61, row % 17);
        format!("{waiting}.25{0:0<200},{duration}.125{0:0<200}\n", 0)
    };
    let large: String = (0..ROWS).map(row).collect();
    bench.write("large.csv", format!("waiting,duration\n{large}"));
    let last: String = (ROWS - 5..ROWS).map(row).collect();
    bench.write("last.csv", format!("waiting,duration\n{last}"));
    for command in ["predict model.mdn", "sample --draws 2 model.mdn"] {
        let all = bench.run(&format!("{command} large.csv"));
        bench.json(&format!("{command} large.csv --out large-answers.csv"));
        assert_eq!(bench.read("large-answers.csv"), all.stdout);
        let lines = all.stdout.lines().count() - 1;
        assert!(lines == ROWS || lines == 2 * ROWS, "{lines}");
    }
    let all = bench.run("predict model.mdn large.csv --summary --crps");
    let few = bench.run("predict model.mdn last.csv --summary --crps");
    let but_line = |line: &str| line.split_once(',').map(|(_, rest)| rest.to_owned());
    let tail = |text: &str| text.lines().rev().take(5).map(but_line).collect::<Vec<_>>();
    assert_eq!(tail(&all.stdout), tail(&few.stdout));
    let last = all.stdout.lines().next_back().unwrap();
    assert!(last.starts_with(&format!("{},", ROWS + 1)), "{last}");
    let evaluated = bench.json("evaluate model.mdn large.csv");
    assert_eq!(evaluated["rows"], ROWS);
    // A fault of the file far down is told with its line, and no file is left.
    bench.write("bad.csv", format!("waiting,duration\n{large}60\n"));
    let refused = bench.run("predict model.mdn bad.csv --out bad-answers.csv");
    let told = format!("bad.csv:{}: ", ROWS + 2);
    assert!(refused.error(1).starts_with(&told), "{}", refused.stderr);
    assert!(!bench.path("bad-answers.csv").exists());
}

#[test]
fn a_table_without_a_header_is_the_one_under_x0_x1() {
    let bench = Bench::new();
    let rows: String = (0..60).map(|i| format!("{i},{}\n", i * i % 13)).collect();
    bench.write("bare.csv", &rows);
    bench.write("named.csv", format!("x0,x1\n{rows}"));
    let fit = "--target x1 --steps 5 --hidden 3 -k 2";
    bench.json(&format!("fit named.csv {fit}"));
    let model = std::fs::read(bench.path("model.mdn")).unwrap();
    for options in ["", "--stream-above 0", "--no-header --stream-above 0"] {
        let run = bench.run(&format!("fit bare.csv {fit} {options} --out bare.mdn"));
        let warned = run
            .stderr
            .matches("warning: the first line holds only numbers")
            .count();
        let expected = usize::from(!options.contains("--no-header"));
        assert_eq!(warned, expected, "{}", run.stderr);
        assert_eq!(
            std::fs::read(bench.path("bare.mdn")).unwrap(),
            model,
            "{options}"
        );
    }
    let nll = |table: &str| bench.json(&format!("evaluate model.mdn {table}"))["nll"].clone();
    assert_eq!(nll("bare.csv"), nll("named.csv"));
    let bare = bench.answers("predict model.mdn bare.csv --summary");
    let named = bench.answers("predict model.mdn named.csv --summary");
    for row in 0..60 {
        assert_eq!(bare.number(row, "line") + 1.0, named.number(row, "line"));
        assert_eq!(
            bare.cell(row, "log_density"),
            named.cell(row, "log_density")
        );
    }
}
