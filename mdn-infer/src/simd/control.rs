//! The register that tells the float unit how to round and what to do with subnormal numbers.
//!
//! Only the bits that change results, or make an operation trap, count as its mode; the flags that
//! record past exceptions do not. Targets without such a register (software floating point,
//! WebAssembly) have one mode only.

#![allow(
    unsafe_code,
    reason = "the register is reached by instructions that Rust has no other name for"
)]

/// The register's name in the processor's manual, `None` where the target has none.
pub(crate) const NAME: Option<&str> = register::NAME;

/// The bits of the calling thread's register that make its mode, 0 where there is none.
#[inline(always)]
pub(crate) fn mode() -> u32 {
    register::read() & register::MODE
}

/// The float unit in the mode of the arithmetic contract, until this is dropped: to nearest with ties
/// to even, subnormal numbers kept, no traps.
pub(crate) struct Exact {
    /// The whole register as it was, where it had to be changed.
    found: Option<u32>,
}

impl Exact {
    #[inline(always)]
    pub(crate) fn enter() -> Self {
        let found = register::read();
        if found & register::MODE == register::EXACT {
            return Exact { found: None };
        }
        // SAFETY: this is the mode in which compiled Rust expects to run.
        unsafe { register::write(found & !register::MODE | register::EXACT) };
        Exact { found: Some(found) }
    }
}

impl Drop for Exact {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(found) = self.found {
            // SAFETY: the value that the register had. The caller ran in this mode before, and
            // nothing that was computed under the right one is still pending: the write is volatile
            // and a barrier for memory.
            unsafe { register::write(found) };
        }
    }
}

/// MXCSR (Intel SDM volume 1, section 10.2.3): DAZ is bit 6, the exceptions' masks are bits 7 to 12,
/// the rounding bits 13 and 14, FTZ bit 15.
#[cfg(all(not(miri), target_arch = "x86_64", target_feature = "sse2"))]
mod register {
    use core::arch::asm;

    pub(super) const NAME: Option<&str> = Some("MXCSR");
    pub(super) const MODE: u32 = 0xffc0;
    pub(super) const EXACT: u32 = 0x1f80;

    #[inline(always)]
    pub(super) fn read() -> u32 {
        let mut value = 0_u32;
        // SAFETY: stores the register in a variable of our own.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
        value
    }

    /// # Safety
    ///
    /// `value` has been read from the register, but for bits of `MODE`.
    #[inline(always)]
    pub(super) unsafe fn write(value: u32) {
        // SAFETY: loads the register from a variable of our own, without reserved bits.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack)) };
    }
}

/// FPSCR (Armv7-M ARM, section A2.5.3): AHP is bit 26, DN bit 25, FZ bit 24, the rounding bits 22
/// and 23. The `vmrs` and `vmsr` of Armv7-A are the same, with traps in bits 8 to 15.
#[cfg(all(not(miri), target_arch = "arm", target_abi = "eabihf"))]
mod register {
    use core::arch::asm;

    pub(super) const NAME: Option<&str> = Some("FPSCR");
    pub(super) const MODE: u32 = 0x07c0_9f00;
    pub(super) const EXACT: u32 = 0;

    #[inline(always)]
    pub(super) fn read() -> u32 {
        let value;
        // SAFETY: copies the register.
        unsafe { asm!("vmrs {}, fpscr", out(reg) value, options(nostack, preserves_flags)) };
        value
    }

    /// # Safety
    ///
    /// `value` has been read from the register, but for bits of `MODE`.
    #[inline(always)]
    pub(super) unsafe fn write(value: u32) {
        // SAFETY: sets the register, whose condition flags no compiled code expects to keep.
        unsafe { asm!("vmsr fpscr, {}", in(reg) value, options(nostack)) };
    }
}

/// FPCR (Arm ARM, section C5.2): AHP is bit 26, DN bit 25, FZ bit 24, the rounding bits 22 and 23,
/// traps bits 8 to 15, and below them NEP, AH and FIZ.
#[cfg(all(not(miri), target_arch = "aarch64", target_feature = "neon"))]
mod register {
    use core::arch::asm;

    pub(super) const NAME: Option<&str> = Some("FPCR");
    pub(super) const MODE: u32 = 0x07c0_9f07;
    pub(super) const EXACT: u32 = 0;

    #[inline(always)]
    pub(super) fn read() -> u32 {
        let value: u64;
        // SAFETY: copies the register, whose upper half is reserved.
        unsafe { asm!("mrs {}, fpcr", out(reg) value, options(nostack, preserves_flags)) };
        value as u32
    }

    /// # Safety
    ///
    /// `value` has been read from the register, but for bits of `MODE`.
    #[inline(always)]
    pub(super) unsafe fn write(value: u32) {
        // SAFETY: sets the register.
        unsafe { asm!("msr fpcr, {}", in(reg) u64::from(value), options(nostack)) };
    }
}

/// frm (RISC-V unprivileged specification, chapter "F"): the rounding; subnormal numbers are always
/// kept, and there are no traps.
#[cfg(all(not(miri), riscv_fpu))]
mod register {
    use core::arch::asm;

    pub(super) const NAME: Option<&str> = Some("frm");
    pub(super) const MODE: u32 = 7;
    pub(super) const EXACT: u32 = 0;

    #[inline(always)]
    pub(super) fn read() -> u32 {
        let value: usize;
        // SAFETY: copies the register.
        unsafe { asm!("frrm {}", out(reg) value, options(nostack, preserves_flags)) };
        value as u32
    }

    /// # Safety
    ///
    /// `value` has been read from the register, but for bits of `MODE`.
    #[inline(always)]
    pub(super) unsafe fn write(value: u32) {
        // SAFETY: sets the register.
        unsafe { asm!("fsrm {}", in(reg) value as usize, options(nostack)) };
    }
}

/// No register: floating point in software, WebAssembly, or Miri, which knows no assembly.
#[cfg(any(
    miri,
    not(any(
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "arm", target_abi = "eabihf"),
        all(target_arch = "aarch64", target_feature = "neon"),
        riscv_fpu
    ))
))]
mod register {
    pub(super) const NAME: Option<&str> = None;
    pub(super) const MODE: u32 = 0;
    pub(super) const EXACT: u32 = 0;

    #[inline(always)]
    pub(super) const fn read() -> u32 {
        0
    }

    /// # Safety
    ///
    /// None is needed: there is nothing to write.
    #[inline(always)]
    pub(super) const unsafe fn write(_value: u32) {}
}
