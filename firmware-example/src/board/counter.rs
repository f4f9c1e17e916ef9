//! Counting what a piece of code costs: cycles on hardware, instructions under QEMU.

use super::chosen::{SYSTICK_HZ, SYSTICK_SOURCE};
use core::arch::asm;
use core::hint::black_box;
use core::sync::atomic::{Ordering, compiler_fence};
use cortex_m::Peripherals;
use cortex_m::peripheral::{DWT, SYST};

/// SysTick has 24 bits; at 25 MHz they last for 10 million emulated instructions.
const SYSTICK_MASK: u32 = 0x00ff_ffff;
/// Guest time of an instruction under `-icount shift=6`.
const NANOSECONDS_PER_INSTRUCTION: u64 = 64;

/// A running counter.
#[derive(Clone, Copy)]
pub struct Counter {
    source: Source,
    /// What measuring nothing costs, subtracted from every figure.
    overhead: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The core's own cycle counter, DWT CYCCNT.
    Cycles,
    /// SysTick, whose ticks under QEMU's `-icount` are a fixed multiple of the instructions.
    EmulatedTime,
}

/// The calibration loop's result.
pub struct Calibration {
    /// Instructions in the loop.
    pub expected: u32,
    /// What the counter said.
    pub counted: u32,
}

impl Counter {
    /// Starts the cycle counter, or SysTick where the cycle counter stands still as under QEMU.
    pub fn start(mut core: Peripherals) -> Self {
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        let before = DWT::cycle_count();
        cortex_m::asm::delay(100);
        let source = if DWT::cycle_count() == before {
            start_systick(&mut core.SYST);
            Source::EmulatedTime
        } else {
            Source::Cycles
        };
        let mut counter = Counter {
            source,
            overhead: 0,
        };
        (counter.overhead, ()) = counter.measure(|| ());
        counter
    }

    /// What is counted.
    pub fn unit(self) -> &'static str {
        match self.source {
            Source::Cycles => "cycles",
            Source::EmulatedTime => "instructions",
        }
    }

    /// Runs `code` once: its cost in [`Self::unit`]s, and its result.
    #[inline(never)]
    pub fn measure<T>(self, code: impl FnOnce() -> T) -> (u32, T) {
        let before = self.now();
        compiler_fence(Ordering::SeqCst);
        let result = black_box(code());
        compiler_fence(Ordering::SeqCst);
        let after = self.now();
        let count = match self.source {
            Source::Cycles => after.wrapping_sub(before),
            // SysTick counts down.
            Source::EmulatedTime => instructions(before.wrapping_sub(after) & SYSTICK_MASK),
        };
        (count.saturating_sub(self.overhead), result)
    }

    /// Measures a loop of known length: the difference between a longer and a shorter one.
    pub fn calibrate(self) -> Calibration {
        // Both fit in 16 bits, so that loading them takes one instruction each.
        const SHORTER: u32 = 10_000;
        const LONGER: u32 = 60_000;
        let (shorter, ()) = self.measure(|| spin(SHORTER));
        let (longer, ()) = self.measure(|| spin(LONGER));
        Calibration {
            expected: 2 * (LONGER - SHORTER),
            counted: longer.wrapping_sub(shorter),
        }
    }

    /// Whether the figures can be believed: an instruction counter has to agree with the loop
    /// (to a tick), while the cycles of a loop depend on the memory that it runs from.
    pub fn agrees(self, calibration: &Calibration) -> bool {
        match self.source {
            Source::Cycles => calibration.counted >= calibration.expected,
            Source::EmulatedTime => calibration.counted.abs_diff(calibration.expected) <= 1,
        }
    }

    #[inline(always)]
    fn now(self) -> u32 {
        match self.source {
            Source::Cycles => DWT::cycle_count(),
            Source::EmulatedTime => SYST::get_current(),
        }
    }
}

/// Two instructions a round.
#[inline(never)]
fn spin(rounds: u32) {
    // SAFETY: the loop counts a register down to zero and touches nothing else.
    unsafe {
        asm!(
            "2: subs {rounds}, {rounds}, #1",
            "bne 2b",
            rounds = inout(reg) rounds => _,
            options(nomem, nostack)
        );
    }
}

fn start_systick(systick: &mut SYST) {
    systick.set_clock_source(SYSTICK_SOURCE);
    systick.set_reload(SYSTICK_MASK);
    systick.clear_current();
    systick.enable_counter();
}

/// From SysTick's ticks to emulated instructions, rounded to the nearest.
fn instructions(ticks: u32) -> u32 {
    let divisor = u64::from(SYSTICK_HZ) * NANOSECONDS_PER_INSTRUCTION;
    ((u64::from(ticks) * 1_000_000_000 + divisor / 2) / divisor) as u32
}
