//! Writes what fuzzing begins with, a folder for each target:
//!
//! ```sh
//! cargo run -p mdn-hostile --no-default-features --example seeds -- fuzz/corpus
//! ```
//!
//! Models of every storage, covariance, activation and number of networks, with questions of every
//! kind, and the committed models; for `table` the committed tables of every format.

use std::path::Path;
use std::{env, fs, io};

use mdn_agreement::SAMPLES;
use mdn_hostile::{Source, model};

/// Committed tables.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data");

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or("fuzz/corpus".to_owned());
    let folder = Path::new(&folder);
    for target in ["file", "model", "parse", "query", "table"] {
        fs::create_dir_all(folder.join(target))?;
    }
    let write =
        |target: &str, name: String, bytes: &[u8]| fs::write(folder.join(target).join(name), bytes);
    for seed in 0..108 {
        let description = description(seed);
        write("model", format!("seed-{seed}"), &description)?;
        let words = model::file(&mut Source::new(&description));
        let file: &[u8] = bytemuck::cast_slice(&words);
        for target in ["file", "parse"] {
            write(target, format!("seed-{seed}"), &[&[0], file].concat())?;
        }
        write("query", format!("seed-{seed}"), &description[..48])?;
    }
    for sample in SAMPLES.iter().filter(|sample| sample.file.len() < 4096) {
        let name = || sample.name.to_owned();
        let bytes = [&[0], sample.file].concat();
        write("file", name(), &bytes)?;
        if sample.file.len() < 2048 {
            write("parse", name(), &bytes)?;
        }
    }
    let formats = Path::new(TABLES).join("formats");
    for entry in fs::read_dir(formats)?.chain(fs::read_dir(TABLES)?) {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file()
            && ![Some("py"), Some("md")].contains(&path.extension().and_then(|e| e.to_str()))
        {
            write("table", name.into_owned(), &table(fs::read(&path)?))?;
        }
    }
    write("table", "small".to_owned(), b"\0a;b\n1;2\n3,5;\"x\"\n")
}

/// The bytes of a description: activation, storage, covariance and networks run through all their
/// values, the rest is any.
fn description(seed: u8) -> Vec<u8> {
    let hidden = seed % 3;
    let mut bytes = vec![seed % 6, hidden];
    bytes.extend((0..hidden).map(|layer| 3 * layer + seed));
    bytes.extend([seed / 3, seed / 5, seed / 7, seed / 4, seed / 36, seed / 2]);
    bytes.extend([seed, seed / 27, seed.wrapping_mul(5)]);
    let mut state = u32::from(seed) + 1;
    bytes.extend((0..160).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    bytes
}

/// A table with the byte before it that says its format.
fn table(bytes: Vec<u8>) -> Vec<u8> {
    let found = mdn_hostile::BEGINNINGS
        .iter()
        .rposition(|beginning| beginning.len() > 1 && bytes.starts_with(&beginning[..2]));
    [&[found.unwrap_or(0) as u8], &*bytes].concat()
}
