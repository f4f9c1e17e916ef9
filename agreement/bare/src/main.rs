//! The agreement suite on a microcontroller: prints `target level part name hash` for each
//! function and model through semihosting, then, by the name of `all`, the hash over them. Before
//! that it tries every wrong mode of the float unit, which has a part of its own.
//!
//! The exit status is 0 if there is a hash, otherwise 1; 101 after a panic. Which board it is
//! built for says `BOARD` (see `build.rs`).
#![no_std]
#![no_main]

mod handler;

use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use mdn_agreement::{Part, float_unit, run};
use mdn_infer::Level;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{println, process};

/// As much as the board has memory for.
const PART: Part = if cfg!(board = "microbit") {
    Part::Small
} else {
    Part::Whole
};

#[entry]
fn main() -> ! {
    let (target, level, part) = (env!("TARGET"), Level::detect(), PART.name());
    let name = level.name();
    let modes = float_unit(level, |mode, hash| {
        println!("{target} {name} float-unit {mode} {hash:08x}");
    });
    let handlers = modes.and_then(|_| handler::try_out());
    let hash = handlers.and_then(|()| {
        run(PART, level, |done, hash| {
            println!("{target} {name} {part} {done} {hash:016x}");
        })
    });
    match hash {
        Ok(hash) => {
            println!("{target} {name} {part} all {hash:016x}");
            process::exit(0)
        }
        Err(failure) => {
            println!("{target} {name} {part} failed: {failure}");
            process::exit(1)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(101)
}
