//! Prints `target level hash` for every instruction set of this machine; with `--parts` first
//! the hash of each function and model. Fails where the hashes differ.

use std::env;
use std::process::ExitCode;

use mdn_infer::Level;

fn main() -> ExitCode {
    let parts = env::args().any(|argument| argument == "--parts");
    let target = env!("TARGET");
    let mut hashes = Vec::new();
    for level in Level::available() {
        let name = level.name();
        let hash = mdn_agreement::run(level, |part, hash| {
            if parts {
                println!("{target} {name} {part} {hash:016x}");
            }
        });
        match hash {
            Ok(hash) => println!("{target} {name} {hash:016x}"),
            Err(failure) => println!("{target} {name} failed: {failure}"),
        }
        hashes.push(hash);
    }
    let agree = hashes.iter().all(|hash| hash.is_ok() && *hash == hashes[0]);
    if agree {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
