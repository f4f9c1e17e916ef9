//! What fuzzing begins with: models of every storage, covariance, activation and number of networks,
//! with questions of every kind, and the committed models; for `table` the committed tables of every
//! format.

use std::path::Path;
use std::{fs, io};

use crate::{Source, model, samples};

/// Committed tables.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data");
/// The models, one for each description.
const MODELS: u8 = 108;
/// Of what `parse` and `file` begin with, in bytes.
const LONGEST: [(&str, usize); 2] = [("parse", 2048), ("file", 4096)];

/// Writes the seeds, a folder in `folder` for each target.
///
/// # Errors
///
/// Where a folder or a file can't be written, or a committed table can't be read.
pub fn write(folder: &Path) -> io::Result<()> {
    for target in ["file", "model", "parse", "query", "supports", "table"] {
        fs::create_dir_all(folder.join(target))?;
    }
    models(folder)?;
    tables(&folder.join("table"))
}

fn models(folder: &Path) -> io::Result<()> {
    let write =
        |target: &str, name: &str, bytes: &[u8]| fs::write(folder.join(target).join(name), bytes);
    for seed in 0..MODELS {
        let name = format!("seed-{seed}");
        let description = description(seed);
        write("model", &name, &description)?;
        write("query", &name, &description[..48])?;
        write("supports", &name, &[&[seed], &*description].concat())?;
        let words = model::file(&mut Source::new(&description));
        let file: &[u8] = bytemuck::cast_slice(&words);
        for (target, _) in LONGEST {
            write(target, &name, &[&[0], file].concat())?;
        }
    }
    for sample in samples() {
        for (target, _) in LONGEST.iter().filter(|(_, most)| sample.file.len() < *most) {
            write(target, sample.name, &[&[0], sample.file].concat())?;
        }
    }
    Ok(())
}

fn tables(folder: &Path) -> io::Result<()> {
    let formats = Path::new(TABLES).join("formats");
    for entry in fs::read_dir(formats)?.chain(fs::read_dir(TABLES)?) {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let is_table = path.extension().is_some_and(|e| e != "py" && e != "md");
        if path.is_file() && is_table {
            fs::write(folder.join(name), table(fs::read(&path)?))?;
        }
    }
    fs::write(folder.join("semicolons"), b"\0a;b\n1;2\n3,5;\"x\"\n")?;
    fs::write(folder.join("tabs"), b"\0a\tb\n1\t2\n-1e3\t\n")
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
    let found = crate::BEGINNINGS
        .iter()
        .rposition(|beginning| beginning.len() > 1 && bytes.starts_with(&beginning[..2]));
    [&[found.unwrap_or(0) as u8], &*bytes].concat()
}
