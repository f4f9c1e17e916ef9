//! Puts the memory layout of `BOARD`, the model `MDN_MODEL` and the number `MDN_PREDICTIONS` where
//! the build finds them.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

const BOARDS: [&str; 2] = ["mps2-an386", "netduinoplus2"];
const DEFAULT_MODEL: &str = "../mdn-infer/samples/classic.mdn";

fn main() {
    let Some(out_dir) = env::var_os("OUT_DIR").map(PathBuf::from) else {
        fail("OUT_DIR is not set: run this through cargo");
    };
    choose_board(&out_dir);
    copy_model(&out_dir);
    choose_predictions(&out_dir);
}

/// Writes the length of the watched loop, `MDN_PREDICTIONS`, as a Rust number.
fn choose_predictions(out_dir: &Path) {
    println!("cargo:rerun-if-env-changed=MDN_PREDICTIONS");
    let text = env::var("MDN_PREDICTIONS").unwrap_or_else(|_| "1000".to_owned());
    let Ok(number) = text.parse::<u32>() else {
        fail(&format!(
            "MDN_PREDICTIONS is `{text}`: a number up to {}",
            u32::MAX
        ));
    };
    let path = out_dir.join("predictions.rs");
    if let Err(error) = fs::write(&path, number.to_string()) {
        fail(&format!("cannot write `{}`: {error}", path.display()));
    }
}

fn choose_board(out_dir: &Path) {
    println!("cargo:rerun-if-env-changed=BOARD");
    let board = env::var("BOARD").unwrap_or_else(|_| BOARDS[0].to_owned());
    if !BOARDS.contains(&board.as_str()) {
        fail(&format!(
            "BOARD is `{board}`, but the boards are: {}",
            BOARDS.join(", ")
        ));
    }
    copy(
        Path::new(&format!("memory/{board}.x")),
        &out_dir.join("memory.x"),
    );
    println!("cargo:rustc-link-search={}", out_dir.display());

    let values: Vec<String> = BOARDS.iter().map(|name| format!("{name:?}")).collect();
    println!(
        "cargo:rustc-check-cfg=cfg(board, values({}))",
        values.join(", ")
    );
    println!("cargo:rustc-cfg=board={board:?}");
}

/// Copies the model; a relative `MDN_MODEL` counts from this folder.
fn copy_model(out_dir: &Path) {
    println!("cargo:rerun-if-env-changed=MDN_MODEL");
    let model = env::var_os("MDN_MODEL").map_or_else(|| DEFAULT_MODEL.into(), PathBuf::from);
    if !model.is_file() {
        fail(&format!(
            "there is no model file at `{}`: set MDN_MODEL to the path of your model.mdn \
             (a relative path counts from firmware-example), or unset it for the sample model",
            model.display()
        ));
    }
    copy(&model, &out_dir.join("model.mdn"));
}

fn copy(from: &Path, to: &Path) {
    println!("cargo:rerun-if-changed={}", from.display());
    if let Err(error) = fs::copy(from, to) {
        fail(&format!(
            "cannot copy `{}` to `{}`: {error}",
            from.display(),
            to.display()
        ));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    process::exit(1);
}
