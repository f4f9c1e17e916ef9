//! Puts the memory layout of `BOARD` where the linker finds it, and tells the program its target.

use std::path::PathBuf;
use std::{env, fs, process};

/// The boards as QEMU names them, each with its file in `memory/`.
const BOARDS: [&str; 7] = [
    "microbit",
    "mps2-an385",
    "mps2-an386",
    "mps2-an500",
    "mps2-an505",
    "mps3-an547",
    "virt",
];

fn main() {
    println!("cargo:rerun-if-changed=memory");
    println!("cargo:rerun-if-env-changed=BOARD");
    println!("cargo:rustc-check-cfg=cfg(board, values(any()))");
    let variable = |name: &str| {
        let choices = BOARDS.join(", ");
        env::var(name).unwrap_or_else(|_| fail(&format!("{name} is not set: {choices}")))
    };
    let (board, target) = (variable("BOARD"), variable("TARGET"));
    if !BOARDS.contains(&board.as_str()) {
        fail(&format!("BOARD is `{board}`, not {}", BOARDS.join(", ")));
    }
    let folder = PathBuf::from(variable("OUT_DIR"));
    let memory = format!("memory/{board}.x");
    if let Err(error) = fs::copy(&memory, folder.join("memory.x")) {
        fail(&format!("cannot copy `{memory}`: {error}"));
    }
    println!("cargo:rustc-cfg=board={board:?}");
    println!("cargo:rustc-env=TARGET={target}");
    println!("cargo:rustc-link-search={}", folder.display());
    if target.starts_with("riscv") {
        println!("cargo:rustc-link-arg=-Tmemory.x");
    } else {
        println!("cargo:rustc-link-arg=--nmagic");
    }
    println!("cargo:rustc-link-arg=-Tlink.x");
}

fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    process::exit(1);
}
