//! `unsafe` stands in the engine's `simd/`, in the test that sets the float unit wrong, and nowhere else
//! in the workspace.
//!
//! The compiler denies it in the engine and `simd/` takes that back file by file; here the text of
//! every source is read, so that neither an `allow` nor another crate can slip through.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CRATES: [&str; 8] = [
    "mdn-infer",
    "mdn-train",
    "agreement",
    "hostile",
    "tests",
    "benches",
    "service-example",
    "api",
];
/// Folders within those that are workspaces of their own: programs for microcontrollers, whose
/// start-up and counters need it, and the peers.
const OTHERS: [&str; 3] = ["agreement/bare", "benches/board", "benches/peers"];
const ALLOWED: [&str; 2] = ["mdn-infer/src/simd", "agreement/src/float_unit.rs"];

/// All Rust sources below `folder`, without build results and other workspaces.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let other = OTHERS.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !path.ends_with("target") && !other {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether code, not a comment or a text, says it.
fn says_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let texts_gone: String = code.split('"').step_by(2).collect();
    texts_gone
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| word == concat!("un", "safe") || word == concat!("un", "safe_code"))
}

#[test]
fn only_simd_is_unsafe() {
    let mut found = Vec::new();
    for name in CRATES {
        sources(&Path::new(ROOT).join(name), &mut found);
    }
    let allowed = ALLOWED.map(|place| Path::new(ROOT).join(place));
    let (simd, others): (Vec<_>, Vec<_>) = found
        .iter()
        .partition(|path| allowed.iter().any(|place| path.starts_with(place)));
    assert!(others.len() > 100, "{} sources", others.len());
    for path in others {
        for (number, line) in (1..).zip(fs::read_to_string(path).unwrap().lines()) {
            let lint = line.contains("deny(") || line.contains("forbid(");
            assert!(
                lint || !says_unsafe(line),
                "{}:{number}: {line}",
                path.display()
            );
        }
    }
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    assert!(
        simd.into_iter()
            .any(|path| text(path).lines().any(says_unsafe))
    );
    assert!(
        fs::read_to_string(Path::new(ROOT).join("mdn-infer/src/lib.rs"))
            .unwrap()
            .contains("#![deny(unsafe_code)]")
    );
}
