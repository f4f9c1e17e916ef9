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
    let small = "--target duration --steps 5 --hidden 3 -k 2";
    bench.json(&format!("fit {GEYSER} {small}"));
    let model = || fs::read(bench.path("model.mdn")).unwrap();
    let older = model();
    bench.write("data.csv", "x,y\n1,2\n2,oops\n");
    assert_eq!(bench.run("fit data.csv --target y").code, Some(1));
    assert_eq!(model(), older);
    // This one fails after everything has been read: no scale is left above such a floor.
    let run = bench.run(&format!(
        "fit {GEYSER} --target duration --scale-floor 1e30"
    ));
    assert!(run.error(1).contains("scale"), "{}", run.stderr);
    assert_eq!(model(), older);
    assert_eq!(bench.names(), ["data.csv", "model.mdn"]);
}

#[test]
fn an_old_file_is_replaced_whole() {
    let bench = Bench::new();
    let small = "--target duration --steps 5 --hidden";
    bench.json(&format!("fit {GEYSER} {small} 300 -k 2"));
    bench.json(&format!("fit {GEYSER} {small} 3 -k 2"));
    bench.json("verify model.mdn");
    for more in ["", " --summary", " --full"] {
        bench.json(&format!("predict model.mdn {GEYSER} --out out.csv{more}"));
    }
    assert_eq!(bench.read("out.csv").lines().count(), 300);
    bench.json(&format!("sample model.mdn {GEYSER} --out out.csv"));
    assert_eq!(bench.names(), ["model.mdn", "out.csv"]);
}

#[test]
fn what_another_program_made_is_replaced_by_force_alone() {
    let bench = Bench::new();
    bench.write("data.csv", "x,y\n1,2\n2,3\n");
    for command in [
        "generate inverse-sine -n 20 --out data.csv",
        "demo --steps 150 --points 20 --out .",
    ] {
        let words = bench.run(command).error(1).to_owned();
        assert!(words.contains("data.csv: is there already"), "{words}");
        assert!(words.contains("--force"), "{words}");
        assert_eq!(bench.read("data.csv"), "x,y\n1,2\n2,3\n");
        assert_eq!(bench.names(), ["data.csv"]);
    }
    bench.json("generate inverse-sine -n 20 --out data.csv --force");
    bench.json("generate inverse-sine -n 10 --out data.csv");
    assert_eq!(bench.read("data.csv").lines().count(), 11);
    // A table of the same law, and yet not what was written into this folder.
    assert_eq!(
        bench.run("demo --steps 150 --points 20 --out .").code,
        Some(1)
    );
    for force in [" --force", ""] {
        bench.json(&format!("demo --steps 150 --points 20 --out .{force}"));
    }
}
