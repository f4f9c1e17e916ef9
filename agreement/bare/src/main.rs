//! The agreement suite on a microcontroller: prints `target level hash` through semihosting.
//!
//! The exit status is 0 if there is a hash, otherwise 1; 101 after a panic. Which board it is
//! built for says `BOARD` (see `build.rs`).
#![no_std]
#![no_main]

use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use mdn_agreement::{Part, run};
use mdn_infer::Level;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{print, println, process};

/// As much as the board has memory for.
const PART: Part = if cfg!(board = "microbit") {
    Part::Small
} else {
    Part::Whole
};

#[entry]
fn main() -> ! {
    let level = Level::detect();
    print!("{} {} ", env!("TARGET"), level.name());
    match run(PART, level, |_, _| ()) {
        Ok(hash) => {
            println!("{hash:016x}");
            process::exit(0)
        }
        Err(failure) => {
            println!("failed: {failure}");
            process::exit(1)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(101)
}
