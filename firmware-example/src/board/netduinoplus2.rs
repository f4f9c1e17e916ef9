//! Netduino Plus 2: an STM32F405.

/// The name under which QEMU knows the board.
pub const NAME: &str = "netduinoplus2";
/// The clock that QEMU gives SysTick; cycle counts on hardware do not depend on it.
pub const CORE_CLOCK_HZ: u32 = 168_000_000;
