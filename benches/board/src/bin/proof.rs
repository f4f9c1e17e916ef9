//! An image with everything that the engine can do: that it links is the proof that none of it
//! can panic.
#![no_std]
#![no_main]

use core::hint::black_box;
use mdn_bench_board::{Inputs, everything, structure};

mdn_bench_board::never_panics!(run);

fn run() {
    let mut working = [0.0; 4096];
    let mut inputs = Inputs {
        file: black_box(&[]),
        numbers: black_box(&[]),
        working: black_box(&mut working[..]),
    };
    black_box(structure(&mut inputs).is_ok());
    black_box(everything(&mut inputs).is_ok());
    #[cfg(feature = "panic")]
    black_box(&[0_u8; 4][..black_box(5)]);
}
