//! Puts the memory layout of `BOARD` and the model `MDN_MODEL` where the build finds them.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The boards' memory layouts, those of the agreement suite.
const MEMORY: &str = "../../agreement/bare/memory";
const DEFAULT_MODEL: &str = "../../mdn-infer/samples/classic.mdn";

fn main() {
    println!("cargo:rerun-if-env-changed=BOARD");
    println!("cargo:rerun-if-env-changed=MDN_MODEL");
    let variable = |name: &str| {
        env::var(name).unwrap_or_else(|_| fail(&format!("{name} is not set: see {MEMORY}")))
    };
    let (board, target) = (variable("BOARD"), variable("TARGET"));
    let folder = PathBuf::from(variable("OUT_DIR"));
    copy(
        format!("{MEMORY}/{board}.x").as_ref(),
        &folder.join("memory.x"),
    );
    let model = env::var_os("MDN_MODEL").map_or_else(|| DEFAULT_MODEL.into(), PathBuf::from);
    copy(&model, &folder.join("model.mdn"));

    println!("cargo:rustc-link-search={}", folder.display());
    if target.starts_with("riscv") {
        println!("cargo:rustc-link-arg=-Tmemory.x");
    } else {
        println!("cargo:rustc-link-arg=--nmagic");
    }
    println!("cargo:rustc-link-arg=-Tlink.x");
}

fn copy(from: &Path, to: &Path) {
    println!("cargo:rerun-if-changed={}", from.display());
    if let Err(error) = fs::copy(from, to) {
        fail(&format!("cannot copy `{}`: {error}", from.display()));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    process::exit(1);
}
