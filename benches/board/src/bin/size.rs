//! An image whose features say how much of the engine it holds: the difference from the image
//! without any is the engine's code.
#![no_std]
#![no_main]

use core::hint::black_box;
use mdn_bench_board::{Failure, Inputs};

mdn_bench_board::never_panics!(run);

fn run() {
    let mut working = [0.0; 128];
    let mut inputs = Inputs {
        file: black_box(&[]),
        numbers: black_box(&[]),
        working: black_box(&mut working[..]),
    };
    black_box(answer(black_box(&mut inputs)).is_ok());
}

#[allow(
    unused_variables,
    reason = "without features the image holds nothing of the engine"
)]
fn answer(inputs: &mut Inputs<'_>) -> Result<(), Failure> {
    #[cfg(feature = "parse")]
    let model = mdn_bench_board::parse(inputs)?;
    #[cfg(feature = "density")]
    let target = inputs.numbers;
    #[cfg(feature = "predict")]
    let mixture = mdn_bench_board::predict(&model, inputs)?;
    #[cfg(feature = "density")]
    black_box(mixture.log_density(target)?);
    #[cfg(feature = "everything")]
    mdn_bench_board::everything(inputs)?;
    Ok(())
}
