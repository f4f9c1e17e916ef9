//! The command `mdn-train`: arguments in, library calls, words and an exit status out.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
