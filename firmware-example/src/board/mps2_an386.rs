//! ARM MPS2 with the AN386 image, as QEMU emulates it.

/// The name under which QEMU knows the board.
pub const NAME: &str = "mps2-an386";
/// The clock that QEMU gives SysTick; cycle counts on hardware do not depend on it.
pub const CORE_CLOCK_HZ: u32 = 25_000_000;
