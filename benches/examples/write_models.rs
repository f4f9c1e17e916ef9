//! Writes the benchmark models as files: `write_models FOLDER` leaves S.mdn, M.mdn and L.mdn there.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use mdn_benches::models;
use mdn_tests::random_model;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Golden vectors in each file.
const GOLDEN: usize = 4;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: write_models FOLDER");
        return ExitCode::FAILURE;
    };
    for (name, shape) in models() {
        let file = random_model(&shape, GOLDEN, &mut Xoshiro256PlusPlus::seed_from_u64(0));
        let path = folder.join(name).with_extension("mdn");
        if let Err(error) = fs::write(&path, file.bytes()) {
            eprintln!("cannot write `{}`: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
