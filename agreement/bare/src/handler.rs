//! Whether the check sees the mode of an interrupt handler, which is not that of the program: a
//! Cortex-M starts each handler in the mode that FPDSCR holds.

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
pub use fpu::try_out;

#[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
/// Nothing to try: there is no such register.
pub fn try_out() -> Result<(), mdn_agreement::Failure> {
    Ok(())
}

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod fpu {
    use core::ptr::with_exposed_provenance_mut;
    use core::sync::atomic::{AtomicU8, Ordering};

    use cortex_m_rt::exception;
    use mdn_agreement::Failure;
    use mdn_infer::{FloatUnit, Level};

    /// The modes that handlers start in (Armv7-M ARM, section B3.2.24), and the one that is wrong here:
    /// flush-to-zero.
    const FPDSCR: usize = 0xe000_ef3c;
    const FZ: u32 = 1 << 24;
    /// The interrupt control register and its bit that asks for PendSV (section B3.2.4).
    const ICSR: usize = 0xe000_ed04;
    const PENDSVSET: u32 = 1 << 28;

    /// What the handler found: 0 nothing yet, 1 that the float unit passed, 2 that it did not.
    static FOUND: AtomicU8 = AtomicU8::new(0);

    #[exception]
    fn PendSV() {
        let passed = FloatUnit::check(Level::detect()).passed();
        FOUND.store(if passed { 1 } else { 2 }, Ordering::Relaxed);
    }

    /// What a handler finds that starts with this FPDSCR.
    fn in_handler(mode: u32) -> u8 {
        FOUND.store(0, Ordering::Relaxed);
        // SAFETY: registers of the core, which nothing else in this program uses; the handler runs
        // before the barriers are passed.
        unsafe {
            with_exposed_provenance_mut::<u32>(FPDSCR).write_volatile(mode);
            with_exposed_provenance_mut::<u32>(ICSR).write_volatile(PENDSVSET);
            core::arch::asm!("dsb", "isb");
            with_exposed_provenance_mut::<u32>(FPDSCR).write_volatile(0);
        }
        FOUND.load(Ordering::Relaxed)
    }

    /// The check must pass in a handler that starts in the right mode, and only there; the program's
    /// own mode stays as it is.
    pub fn try_out() -> Result<(), Failure> {
        let seen = (in_handler(0), in_handler(FZ));
        if seen == (1, 2) && FloatUnit::check(Level::detect()).passed() {
            Ok(())
        } else {
            Err(Failure::FloatUnit("FPDSCR FZ"))
        }
    }
}
