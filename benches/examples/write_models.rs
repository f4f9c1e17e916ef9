//! Writes the benchmark models as files: `write_models FOLDER` leaves S.mdn, M.mdn and L.mdn there,
//! and ensembles of S, S-2.mdn and S-5.mdn.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use mdn_benches::models;
use mdn_tests::random_ensemble;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Golden vectors in each file.
const GOLDEN: usize = 4;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: write_models FOLDER");
        return ExitCode::FAILURE;
    };
    let [(_, small), ..] = models();
    let ensembles = [("S-2", small.clone(), 2), ("S-5", small, 5)];
    let single = models().map(|(name, shape)| (name, shape, 1));
    for (name, shape, members) in single.into_iter().chain(ensembles) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let file = random_ensemble(&shape, members, GOLDEN, &mut rng);
        let path = folder.join(name).with_extension("mdn");
        if let Err(error) = fs::write(&path, file.bytes()) {
            eprintln!("cannot write `{}`: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
