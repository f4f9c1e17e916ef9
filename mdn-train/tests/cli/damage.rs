//! Model files that are damaged, foreign, or not for this table.

use crate::support::{Bench, GEYSER};

fn model(bench: &Bench) -> Vec<u8> {
    bench.json(&format!(
        "fit {GEYSER} --target duration --steps 5 --hidden 3 -k 2"
    ));
    std::fs::read(bench.path("model.mdn")).unwrap()
}

/// The words with which `command` refuses `bytes`.
fn refusal(bench: &Bench, command: &str, bytes: &[u8]) -> String {
    bench.write("bad.mdn", bytes);
    let run = bench.run(command);
    assert_eq!(run.stdout, "");
    let words = run.error(1).to_owned();
    assert!(words.starts_with("bad.mdn: "), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
    words
}

#[test]
fn flipped_bits_are_noticed() {
    let bench = Bench::new();
    let good = model(&bench);
    let bits = 8 * good.len();
    for bit in (0..bits).step_by(bits / 40 + 1).chain([0, bits - 1]) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refusal(&bench, "verify bad.mdn", &bytes);
    }
    // Where the checksum alone can tell, the words say so.
    let mut bytes = good.clone();
    bytes[good.len() / 2] ^= 4;
    assert!(refusal(&bench, "inspect bad.mdn", &bytes).contains("damaged: the checksum"));
}

#[test]
fn cut_and_padded_files_are_noticed() {
    let bench = Bench::new();
    let good = model(&bench);
    for len in (0..good.len())
        .step_by(good.len() / 20 + 1)
        .chain([good.len() - 1])
    {
        refusal(&bench, "inspect bad.mdn", &good[..len]);
    }
    let cut = refusal(&bench, "inspect bad.mdn", &good[..good.len() - 8]);
    assert!(cut.contains("cut short"), "{cut}");
    let padded = [good.as_slice(), &[0; 4]].concat();
    assert!(refusal(&bench, "inspect bad.mdn", &padded).contains("bytes where the file says"));
}

#[test]
fn what_is_no_model_is_refused_by_every_command() {
    let bench = Bench::new();
    let garbage: Vec<u8> = (0..4096_u32).map(|i| (i * i % 251) as u8).collect();
    let table = std::fs::read(GEYSER).unwrap();
    for command in [
        "evaluate bad.mdn",
        "predict bad.mdn",
        "sample bad.mdn",
        "plot bad.mdn",
    ] {
        for bytes in [&garbage, &table] {
            let words = refusal(&bench, &format!("{command} {GEYSER}"), bytes);
            assert!(words.contains("not a model file"), "{words}");
        }
    }
    assert!(!bench.path("pictures").exists());
    let run = bench.run("inspect nowhere.mdn");
    assert_eq!(run.error(1), "nowhere.mdn: no such file");
    let run = bench.run("inspect .");
    assert!(run.error(1).starts_with(".: "), "{}", run.stderr);
}

#[test]
fn a_table_that_lacks_an_input_is_refused() {
    let bench = Bench::new();
    model(&bench);
    bench.write("other.csv", "Waiting,y\n1,2\n");
    for command in ["evaluate", "predict", "sample", "plot"] {
        let run = bench.run(&format!("{command} model.mdn other.csv"));
        let words = run.error(1);
        assert!(
            words.contains("other.csv: no column `waiting` (did you mean `Waiting`?)"),
            "{words}"
        );
    }
    assert!(!bench.path("pictures").exists());
}

#[test]
fn a_level_that_is_not_there_is_refused() {
    let bench = Bench::new();
    model(&bench);
    let run = bench.run("verify model.mdn --level altivec");
    let words = run.error(1);
    assert!(
        words.contains("no level `altivec`") && words.contains("scalar"),
        "{words}"
    );
}
