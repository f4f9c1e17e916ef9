//! Netduino Plus 2: an STM32F405.

use cortex_m::peripheral::syst::SystClkSource;

/// The name under which QEMU knows the board.
pub const NAME: &str = "netduinoplus2";
/// What drives SysTick under QEMU: an eighth of the core's 168 MHz, so that it lasts longer.
pub const SYSTICK_SOURCE: SystClkSource = SystClkSource::External;
/// Its frequency.
pub const SYSTICK_HZ: u32 = 21_000_000;
