//! Every wrong mode of this target's float unit: the check must name it, the self-test must fail, and
//! the guard must set it right and put it back.

#![allow(
    unsafe_code,
    reason = "a mode that is wrong on purpose, for the length of a few calls"
)]

use mdn_infer::{FloatFault, FloatUnit, Level, Model};

use crate::Failure;
use crate::models::{SAMPLES, WORKING};

/// A mode by its name in the processor's manual.
struct Mode {
    name: &'static str,
    /// The bits of the control register that make it.
    bits: u32,
    /// What the check must find; nothing where the mode changes no result.
    faults: &'static [FloatFault],
}

impl Mode {
    #[allow(dead_code, reason = "some targets have no wrong mode")]
    const fn new(name: &'static str, bits: u32, faults: &'static [FloatFault]) -> Self {
        Mode { name, bits, faults }
    }
}

/// The hash of the float unit in the mode of the arithmetic contract, which must be the one that it
/// starts in.
///
/// `done` is told the name of each mode, wrong ones too, and the hash found in it.
///
/// # Errors
///
/// [`Failure::FloatUnit`] names the first mode about which a verdict was wrong.
pub fn float_unit(level: Level, mut done: impl FnMut(&str, u32)) -> Result<u32, Failure> {
    let exact = FloatUnit::check(level);
    if !exact.passed() {
        return Err(Failure::FloatUnit("exact"));
    }
    done("exact", exact.hash);
    let exists = FloatUnit::CONTROL_REGISTER.is_some();
    for mode in control::MODES.iter().filter(|_| exists) {
        let found = try_out(mode, level)?;
        done(mode.name, found.hash);
    }
    if FloatUnit::check(level) != exact {
        return Err(Failure::FloatUnit("exact"));
    }
    Ok(exact.hash)
}

/// What the check finds in a mode, after everything else has been tried in it as well.
fn try_out(mode: &Mode, level: Level) -> Result<FloatUnit, Failure> {
    let Some(sample) = SAMPLES.first() else {
        return Err(Failure::SelfTest);
    };
    let model = Model::parse(sample.file)?;
    let mut working = [0.0; WORKING];
    let before = control::mode();
    // SAFETY: the mode is put back below, before any result of ordinary code depends on it.
    unsafe { control::set(mode.bits) };
    let found = FloatUnit::check(level);
    let report = model.self_test_short(level, &mut working);
    let guarded = FloatUnit::guarded(|| FloatUnit::check(level));
    let kept = control::mode();
    // SAFETY: the mode in which this function was called.
    unsafe { control::set(before) };
    let named = found.faults().eq(mode.faults.iter().copied());
    let refused = report?.passed() == mode.faults.is_empty();
    let restored = kept == mode.bits && found.control() == mode.bits;
    if named && refused && restored && guarded.passed() {
        Ok(found)
    } else {
        Err(Failure::FloatUnit(mode.name))
    }
}

/// MXCSR.
#[cfg(target_arch = "x86_64")]
mod control {
    use core::arch::asm;

    use super::Mode;
    use mdn_infer::FloatFault::{
        InputsFlushed, ResultsFlushed, RoundsDown, RoundsTowardZero, RoundsUp,
    };

    const EXACT: u32 = 0x1f80;
    const MODE: u32 = 0xffc0;

    pub(super) const MODES: &[Mode] = &[
        Mode::new("FTZ", EXACT | 0x8000, &[ResultsFlushed]),
        Mode::new("DAZ", EXACT | 0x0040, &[InputsFlushed]),
        Mode::new("FTZ+DAZ", EXACT | 0x8040, &[ResultsFlushed, InputsFlushed]),
        Mode::new("down", EXACT | 0x2000, &[RoundsDown]),
        Mode::new("up", EXACT | 0x4000, &[RoundsUp]),
        Mode::new("zero", EXACT | 0x6000, &[RoundsTowardZero]),
        Mode::new(
            "FTZ+DAZ+up",
            EXACT | 0xc040,
            &[ResultsFlushed, InputsFlushed, RoundsUp],
        ),
        // A division by zero, an overflow or an invalid operation would trap.
        Mode::new("traps", EXACT & !0x0680, &[]),
    ];

    fn read() -> u32 {
        let mut value = 0_u32;
        // SAFETY: stores the register in a variable of our own.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack)) };
        value
    }

    pub(super) fn mode() -> u32 {
        read() & MODE
    }

    /// # Safety
    ///
    /// Compiled code expects the mode that it started in: it must be put back.
    pub(super) unsafe fn set(bits: u32) {
        let value = read() & !MODE | bits;
        // SAFETY: the register's own value in another mode, without reserved bits.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack)) };
    }
}

/// FPSCR, and FPCR where it has the same bits.
#[cfg(any(
    all(target_arch = "arm", target_abi = "eabihf"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
mod control {
    use core::arch::asm;

    use super::Mode;
    use mdn_infer::FloatFault::{
        DefaultNan, InputsFlushed, ResultsFlushed, RoundsDown, RoundsTowardZero, RoundsUp,
    };

    const MODE: usize = 0x07c0_9f00;
    const FZ: u32 = 1 << 24;
    const DN: u32 = 1 << 25;

    pub(super) const MODES: &[Mode] = &[
        Mode::new("FZ", FZ, &[ResultsFlushed, InputsFlushed]),
        Mode::new("DN", DN, &[DefaultNan]),
        Mode::new(
            "FZ+DN",
            FZ | DN,
            &[ResultsFlushed, InputsFlushed, DefaultNan],
        ),
        Mode::new("up", 1 << 22, &[RoundsUp]),
        Mode::new("down", 2 << 22, &[RoundsDown]),
        Mode::new("zero", 3 << 22, &[RoundsTowardZero]),
    ];

    fn read() -> usize {
        let value: usize;
        // SAFETY: copies the register.
        unsafe {
            #[cfg(target_arch = "arm")]
            asm!("vmrs {}, fpscr", out(reg) value, options(nostack));
            #[cfg(target_arch = "aarch64")]
            asm!("mrs {}, fpcr", out(reg) value, options(nostack));
        }
        value
    }

    pub(super) fn mode() -> u32 {
        (read() & MODE) as u32
    }

    /// # Safety
    ///
    /// Compiled code expects the mode that it started in: it must be put back.
    pub(super) unsafe fn set(bits: u32) {
        let value = read() & !MODE | bits as usize;
        // SAFETY: the register's own value in another mode.
        unsafe {
            #[cfg(target_arch = "arm")]
            asm!("vmsr fpscr, {}", in(reg) value, options(nostack));
            #[cfg(target_arch = "aarch64")]
            asm!("msr fpcr, {}", in(reg) value, options(nostack));
        }
    }
}

/// frm, which is register 2 of those that CSR instructions reach; there where FloatUnit says so.
#[cfg(target_arch = "riscv32")]
mod control {
    use core::arch::asm;

    use super::Mode;
    use mdn_infer::FloatFault::{RoundsDown, RoundsTiesAway, RoundsTowardZero, RoundsUp};

    pub(super) const MODES: &[Mode] = &[
        Mode::new("zero", 1, &[RoundsTowardZero]),
        Mode::new("down", 2, &[RoundsDown]),
        Mode::new("up", 3, &[RoundsUp]),
        Mode::new("ties-away", 4, &[RoundsTiesAway]),
    ];

    pub(super) fn mode() -> u32 {
        let value: u32;
        // SAFETY: copies the register.
        unsafe { asm!("csrr {}, 2", out(reg) value, options(nostack)) };
        value
    }

    /// # Safety
    ///
    /// Compiled code expects the mode that it started in: it must be put back.
    pub(super) unsafe fn set(bits: u32) {
        // SAFETY: one of the modes above.
        unsafe { asm!("csrw 2, {}", in(reg) bits, options(nostack)) };
    }
}

/// Targets with one mode only.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "arm", target_abi = "eabihf"),
    all(target_arch = "aarch64", target_feature = "neon"),
    target_arch = "riscv32"
)))]
mod control {
    use super::Mode;

    pub(super) const MODES: &[Mode] = &[];

    pub(super) fn mode() -> u32 {
        0
    }

    /// # Safety
    ///
    /// None is needed: there is nothing to set.
    pub(super) unsafe fn set(_bits: u32) {}
}
