//! `fit --file-version`: each version of the format, and what it cannot hold.

use std::fs;

use crate::support::{Bench, GEYSER};
use crate::supports::{SMALL, days};

fn version(bench: &Bench, name: &str) -> u8 {
    fs::read(bench.path(name)).unwrap()[8]
}

#[test]
fn every_version_has_its_number_and_the_same_answers() {
    let bench = Bench::new();
    let fit = format!("fit {GEYSER} --target duration {SMALL}");
    let answers = |name: &str| bench.run(&format!("predict {name} {GEYSER}")).stdout;
    for (networks, versions) in [(1, [1, 4]), (2, [3, 4])] {
        let plain = format!("{fit} --ensemble {networks} --saturate none");
        bench.json(&format!("{plain} --out plain.mdn"));
        // Limits that no row meets change no answer.
        bench.json(&format!("{fit} --ensemble {networks} --out limits.mdn"));
        assert_eq!(version(&bench, "limits.mdn"), 4);
        let expected = answers("plain.mdn");
        for wanted in versions {
            let options = format!("--ensemble {networks} --file-version {wanted} --out v.mdn");
            bench.json(&format!("{fit} {options} --force"));
            assert_eq!(version(&bench, "v.mdn"), wanted);
            assert_eq!(bench.json("inspect v.mdn")["format_version"], wanted);
            bench.json("verify v.mdn");
            let without = |answers: String| {
                let rows = answers
                    .lines()
                    .map(|row| row.replace(",outside_range", "").replacen(",0,", ",", 1));
                rows.collect::<Vec<_>>().join("\n")
            };
            let found = match wanted {
                4 => without(answers("v.mdn")),
                _ => answers("v.mdn").trim_end().to_owned(),
            };
            assert_eq!(found, expected.trim_end(), "{networks} in version {wanted}");
        }
        // Without the option it is the lowest that holds the model.
        assert_eq!(version(&bench, "plain.mdn"), versions[0]);
        fs::remove_file(bench.path("plain.mdn")).unwrap();
        fs::remove_file(bench.path("limits.mdn")).unwrap();
    }
    bench.write("c.toml", "file-version = 1\n");
    bench.json(&format!("{fit} --config c.toml --out one.mdn"));
    bench.json("quantize one.mdn --weights f16 --out two.mdn");
    assert_eq!(
        (version(&bench, "one.mdn"), version(&bench, "two.mdn")),
        (1, 2)
    );
}

#[test]
fn what_a_version_cannot_hold_is_refused_by_name() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let fit = format!("fit days.csv --target rain --inputs humidity {SMALL}");
    for (options, words) in [
        ("--file-version 1 --ensemble 2", "take --file-version 3"),
        ("--file-version 2 --ensemble 2", "take --file-version 3"),
        ("--file-version 2", "`quantize` makes a file of version 2"),
        ("--file-version 3", "--file-version 1, which every reader"),
        (
            "--file-version 1 --support rain=atoms:0",
            "`rain`: a file of version 1 cannot state a support",
        ),
    ] {
        let run = bench.run(&format!("{fit} {options}"));
        assert!(run.error(1).contains(words), "{options}: {}", run.stderr);
    }
    assert_eq!(bench.names(), ["days.csv"]);
    let run = bench.run(&format!("{fit} --file-version 5"));
    assert!(run.error(2).contains("a whole number from 1 to 4"));
}

#[test]
fn supports_that_are_found_are_left_out_and_it_is_said() {
    let bench = Bench::new();
    bench.write("days.csv", days());
    let fit = format!("fit days.csv --target rain --inputs humidity {SMALL}");
    for (options, wanted) in [
        ("--file-version 1", 1),
        ("--file-version 3 --ensemble 2", 3),
    ] {
        let run = bench.run(&format!("{fit} {options} --force"));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        for words in [
            "look like atoms:0, with nothing below, which is left aside",
            &format!("a file of version {wanted} cannot state a support"),
            "no value has a probability of its own",
        ] {
            assert!(run.stderr.contains(words), "{words} in {}", run.stderr);
        }
        assert_eq!(version(&bench, "model.mdn"), wanted);
    }
    bench.json(&format!(
        "{fit} --support continuous --saturate none --ensemble 2 --out chosen.mdn"
    ));
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    assert!(read("model.mdn") == read("chosen.mdn"));
}
