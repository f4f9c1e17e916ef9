//! Prints `target level hash` for every instruction set of this machine:
//!
//! ```sh
//! mdn-agreement [small|whole] [--each]
//! ```
//!
//! With `--each` first the hash of each function and model. Fails where one has no hash; the
//! hashes are compared by `scripts/bits.sh`.

use std::env;
use std::process::ExitCode;

use mdn_agreement::{Part, run};
use mdn_infer::Level;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let asked = |name: &str| arguments.iter().any(|argument| argument == name);
    let known = |argument: &String| Part::ALL.iter().any(|part| part.name() == argument);
    if let Some(odd) = arguments.iter().find(|a| !known(a) && *a != "--each") {
        eprintln!("`{odd}`: expected small, whole or --each");
        return ExitCode::FAILURE;
    }
    let small = asked(Part::Small.name());
    let part = if small { Part::Small } else { Part::Whole };
    let mut status = ExitCode::SUCCESS;
    for level in Level::available() {
        if !print(part, level, asked("--each")) {
            status = ExitCode::FAILURE;
        }
    }
    status
}

/// Returns whether there is a hash.
fn print(part: Part, level: Level, each: bool) -> bool {
    let (target, name) = (env!("TARGET"), level.name());
    let hash = run(part, level, |done, hash| {
        if each {
            println!("{target} {name} {done} {hash:016x}");
        }
    });
    match hash {
        Ok(hash) => println!("{target} {name} {hash:016x}"),
        Err(failure) => println!("{target} {name} failed: {failure}"),
    }
    hash.is_ok()
}
