//! What is written where, and what is left when it cannot be.

use std::fs;

use crate::support::{Bench, GEYSER};

#[test]
fn an_output_that_cannot_be_written_is_refused_before_training() {
    let bench = Bench::new();
    fs::create_dir(bench.path("folder")).unwrap();
    for out in ["missing/model.mdn", "folder", "missing/", "folder/"] {
        // As many steps as would outlast every patience.
        let fit = format!("fit {GEYSER} --target duration --steps 100000000 --patience 0");
        let run = bench.run(&format!("{fit} --out {out}"));
        let words = run.error(1);
        assert!(
            words.starts_with(&format!("cannot write {out}: ")),
            "{words}"
        );
        assert!(!run.stderr.contains("step "), "{}", run.stderr);
    }
    assert_eq!(bench.names(), ["folder"]);
    assert_eq!(fs::read_dir(bench.path("folder")).unwrap().count(), 0);
}

#[test]
fn results_that_cannot_be_written_leave_nothing() {
    let bench = Bench::new();
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 5 --hidden 3 -k 2"
    ));
    bench.write("file", "");
    for command in ["predict", "sample"] {
        let run = bench.run(&format!(
            "{command} model.mdn {GEYSER} --out missing/out.csv"
        ));
        assert!(
            run.error(1).starts_with("cannot write missing/out.csv: "),
            "{}",
            run.stderr
        );
        assert_eq!(run.stdout, "");
    }
    let run = bench.run(&format!("plot model.mdn {GEYSER} --out file/pictures"));
    assert!(
        run.error(1).starts_with("cannot make file/pictures: "),
        "{}",
        run.stderr
    );
    let run = bench.run("demo --out file");
    assert!(
        run.error(1).starts_with("cannot make file: "),
        "{}",
        run.stderr
    );
    assert_eq!(bench.names(), ["file", "model.mdn"]);
}

#[test]
fn a_failure_leaves_the_old_file_as_it_was() {
    let bench = Bench::new();
    bench.write("model.mdn", "an older model");
    bench.write("data.csv", "x,y\n1,2\n2,oops\n");
    assert_eq!(bench.run("fit data.csv --target y").code, Some(1));
    assert_eq!(bench.read("model.mdn"), "an older model");
    // This one fails after everything has been read: no scale is left above such a floor.
    let run = bench.run(&format!(
        "fit {GEYSER} --target duration --scale-floor 1e30"
    ));
    assert!(run.error(1).contains("scale"), "{}", run.stderr);
    assert_eq!(bench.read("model.mdn"), "an older model");
    assert_eq!(bench.names(), ["data.csv", "model.mdn"]);
}

#[test]
fn an_old_file_is_replaced_whole() {
    let bench = Bench::new();
    bench.write("model.mdn", vec![b'x'; 1_000_000]);
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 5 --hidden 3 -k 2"
    ));
    bench.json("verify model.mdn");
    bench.write("out.csv", vec![b'x'; 1_000_000]);
    bench.json(&format!(
        "predict model.mdn {GEYSER} --out out.csv --summary"
    ));
    assert_eq!(bench.read("out.csv").lines().count(), 300);
    assert_eq!(bench.names(), ["model.mdn", "out.csv"]);
}
