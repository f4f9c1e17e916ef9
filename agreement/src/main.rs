//! Prints `target level part name hash` for every function and model of the suite at every
//! instruction set of this machine, then, by the name of `all`, the hash over them; before that, as
//! part `float-unit`, what the float unit computes in the right mode, `exact`, and in every wrong one:
//!
//! ```sh
//! mdn-agreement [small|whole]
//! ```
//!
//! Fails where there is no hash; `scripts/bits.sh` compares them.

use std::env;
use std::process::ExitCode;

use mdn_agreement::{Part, float_unit, run};
use mdn_infer::Level;

fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or(Part::Whole.name().into());
    let Some(part) = Part::ALL.into_iter().find(|part| part.name() == name) else {
        eprintln!("there is no part `{name}`: small or whole");
        return ExitCode::FAILURE;
    };
    let mut status = ExitCode::SUCCESS;
    for level in Level::available() {
        let row = format!("{} {} {name}", env!("TARGET"), level.name());
        let modes = float_unit(level, |mode, hash| {
            println!(
                "{} {} float-unit {mode} {hash:08x}",
                env!("TARGET"),
                level.name()
            );
        });
        let hash = modes.and_then(|_| {
            run(part, level, |done, hash| {
                println!("{row} {done} {hash:016x}");
            })
        });
        match hash {
            Ok(hash) => println!("{row} all {hash:016x}"),
            Err(failure) => {
                println!("{row} failed: {failure}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}
