//! ARM MPS2 with the AN386 image, as QEMU emulates it.

use cortex_m::peripheral::syst::SystClkSource;

/// The name under which QEMU knows the board.
pub const NAME: &str = "mps2-an386";
/// What drives SysTick under QEMU: the core's clock.
pub const SYSTICK_SOURCE: SystClkSource = SystClkSource::Core;
/// Its frequency.
pub const SYSTICK_HZ: u32 = 25_000_000;
