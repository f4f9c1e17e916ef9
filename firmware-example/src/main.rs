//! Runs an mdn model on a Cortex-M4F: self-test, mixtures, samples, what they
//! cost, and a loop of predictions that watches flash and stack.
//!
//! The exit status is 0 if everything agreed bit for bit, otherwise 1; 101 after a panic,
//! 102 after a hard fault.
#![no_std]
#![no_main]

mod board;
mod demo;
mod failure;
mod watch;

use board::Console;
use board::counter::Counter;
use core::fmt::Write;
use core::panic::PanicInfo;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut console = Console::open();
    let Some(core) = cortex_m::Peripherals::take() else {
        board::exit(1);
    };
    match demo::run(&mut console, Counter::start(core)) {
        Ok(()) => board::exit(0),
        Err(failure) => {
            // The exit status tells the rest where the console is gone.
            let _ = writeln!(console, "FAILED: {failure}");
            board::exit(1)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = writeln!(Console::open(), "{info}");
    board::exit(101)
}

#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    let _ = writeln!(Console::open(), "hard fault at {:#010x}", frame.pc());
    board::exit(102)
}
