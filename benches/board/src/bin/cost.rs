//! One prediction, one log-density and one draw of the model `MDN_MODEL` and one check of the float
//! unit, between marks that `board.py` finds in a trace of the instructions; and the memory that a
//! prediction takes, printed.
//!
//! The exit status is 0 if the log-density has the bits that the file expects, 1 if not, 101 after
//! a panic.
#![no_std]
#![no_main]

use core::arch::asm;
use core::hint::black_box;
use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use mdn_infer::{
    BACK_END, BackEnd, FloatUnit, Level, Mixture, Model, PredictError, Predictor, include_model,
    working_len,
};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{println, process};

const MODEL: &[u8] = include_model!(concat!(env!("OUT_DIR"), "/model.mdn"));

/// Bytes below the stack that are painted before a measurement.
const PAINTED: usize = 3072;
const PAINT: u32 = 0xa5a5_5a5a;

#[entry]
fn main() -> ! {
    match run() {
        Ok(true) => process::exit(0),
        _ => process::exit(1),
    }
}

fn run() -> Result<bool, PredictError> {
    let Ok(model) = Model::parse(MODEL) else {
        return Ok(false);
    };
    let mut predictor = Predictor::<{ working_len(MODEL) }>::new(&model, Level::detect())?;
    let Some(golden) = model.golden().next() else {
        return Ok(false);
    };
    let (x, y) = (golden.input, golden.target);
    println!("predictor {}", size_of_val(&predictor));
    println!("model {}", size_of_val(&model));
    println!(
        "stack {}",
        stack_of(|| {
            black_box(predictor.predict(black_box(x)).is_ok());
        })
    );

    mark();
    mark();
    let mixture = predictor.predict(black_box(x))?;
    mark();
    let log_density = black_box(mixture.log_density(black_box(y))?);
    mark();
    draw(&mixture)?;
    mark();
    let float_unit = FloatUnit::check(Level::detect());
    mark();
    // The log-density stands before the moments, two for each dimension.
    let expected = golden.expected.iter().rev().nth(2 * y.len());
    let agrees = expected.is_some_and(|value| value.to_bits() == log_density.to_bits());
    Ok(float_unit.passed() && (agrees || BACK_END != BackEnd::Exact))
}

fn draw(mixture: &Mixture<'_>) -> Result<(), PredictError> {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut to = [0.0; mdn_infer::format::MAX_DIMENSIONS];
    let to = to.get_mut(..mixture.dimensions()).unwrap_or_default();
    mixture.sample(black_box(&mut rng), to)?;
    black_box(to);
    Ok(())
}

/// What the trace is cut at.
#[inline(never)]
#[unsafe(export_name = "mark")]
extern "C" fn mark() {
    // SAFETY: does nothing; it keeps the calls.
    unsafe { asm!("nop") }
}

/// How many bytes of stack `code` uses.
#[inline(never)]
fn stack_of(code: impl FnOnce()) -> usize {
    let top: usize;
    // SAFETY: reads the stack pointer.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {}, sp", out(reg) top, options(nomem, nostack));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {}, sp", out(reg) top, options(nomem, nostack));
    }
    let bottom = (top - PAINTED) as *mut u32;
    for i in 0..PAINTED / 4 {
        // SAFETY: below the stack pointer, where nothing is alive (no interrupt is enabled), and
        // within the memory that the linker script gives to the stack.
        unsafe { bottom.add(i).write_volatile(PAINT) };
    }
    code();
    let untouched = (0..PAINTED / 4)
        // SAFETY: as above; the words were written.
        .take_while(|&i| unsafe { bottom.add(i).read_volatile() } == PAINT);
    PAINTED - 4 * untouched.count()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    process::exit(101)
}
