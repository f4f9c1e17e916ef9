//! The fuzz targets, all in one program, as libFuzzer and the engine take long to build and to link.
//! `FUZZ_TARGET` in the environment names the one that runs; `FUZZ_SEEDS`, a folder, has every
//! target's seeds written there instead. `scripts/fuzz.sh` sets them.
#![no_main]

#[cfg(feature = "config")]
mod config;

use std::sync::LazyLock;
use std::{env, panic, path::Path, process};

use mdn_hostile::seeds;

/// A function that panics where a promise is broken.
type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    #[cfg(feature = "config")]
    ("config", config::any),
    ("file", mdn_hostile::file::any),
    ("model", mdn_hostile::model::any),
    ("parse", mdn_hostile::parse::any),
    ("query", mdn_hostile::query::any),
    ("supports", mdn_hostile::supports::any),
    #[cfg(feature = "tables")]
    ("table", mdn_hostile::table::any),
];

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.map_or_else(|| refuse(&name), |&(_, target)| target)
});

fn refuse(name: &str) -> ! {
    let known: Vec<&str> = TARGETS.iter().map(|(known, _)| *known).collect();
    eprintln!("FUZZ_TARGET is {name:?}, not one of {}", known.join(", "));
    process::exit(2);
}

/// Before libFuzzer reads its corpus.
fn initialize() {
    if let Some(folder) = env::var_os("FUZZ_SEEDS") {
        seeds::write(Path::new(&folder)).expect("a folder that can be written to");
        process::exit(0);
    }
    LazyLock::force(&CHOSEN);
    // On damaged tables the libraries that read them panic, and the trainer catches it: libFuzzer's
    // hook must not end the run before. A panic that nobody catches still does.
    if cfg!(feature = "tables") {
        panic::set_hook(Box::new(|_| {}));
    }
}

libfuzzer_sys::fuzz_target!(init: initialize(), |data: &[u8]| CHOSEN(data));
