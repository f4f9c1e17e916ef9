//! Tells the program what it is built for and by what, for `--version`.

use std::env;
use std::process::Command;

fn main() {
    let target = env::var("TARGET").unwrap_or_default();
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let told = Command::new(compiler).arg("--version").output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    println!("cargo::rustc-env=MDN_TARGET={target}");
    println!("cargo::rustc-env=MDN_RUSTC={}", told.unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}
