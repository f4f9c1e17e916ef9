//! Whether the float unit computes as the arithmetic contract asks, and how to make it do so.
//!
//! The mode of a float unit belongs to the thread, and a program can change it behind our back:
//! start-up code, a library, an operating system's switch of tasks. A linker can do the same to
//! floating point in software by putting other routines in the place of the compiler's. The golden
//! vectors of a file need not notice, for few of their results are subnormal; the probes here are
//! made to. `docs/arithmetic.md` lists the causes and their cures.
//!
//! A probe speaks for the operations that it runs, on the thread that runs it. It cannot speak for
//! a loop that the compiler has turned into instructions of another unit; the one such unit that
//! is known, Helium of Armv8.1-M, is refused when the crate is built.

mod fault;
mod probes;

use core::fmt;

use crate::simd::{Level, control};
use fault::Faults;
pub use fault::FloatFault;

/// What a check of the float unit found.
///
/// As text it says so in words, with the control register as it was.
///
/// ```
/// use mdn_infer::{FloatUnit, Level};
///
/// let found = FloatUnit::check(Level::detect());
/// assert!(found.passed(), "{found}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatUnit {
    /// Over the bits of all results: the same on every target whose float unit is right.
    pub hash: u32,
    faults: Faults,
    control: u32,
}

impl FloatUnit {
    /// The control register that holds the mode: `MXCSR`, `FPSCR`, `FPCR` or `frm`; `None` where the
    /// target has none, so that [`guarded`](Self::guarded) has nothing to set.
    pub const CONTROL_REGISTER: Option<&'static str> = control::NAME;

    /// Runs some forty operations at `level` on the calling thread, and compares their results with
    /// those of IEEE 754: subnormal results and operands, directions of rounding, signs of zeros.
    ///
    /// It changes nothing, and takes less than 500 instructions on a Cortex-M4F.
    #[must_use]
    pub fn check(level: Level) -> FloatUnit {
        let (faults, hash) = probes::run(level);
        FloatUnit {
            hash,
            faults,
            control: control::mode(),
        }
    }

    /// Whether every result was right.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.faults.is_empty()
    }

    /// What is wrong.
    pub fn faults(&self) -> impl Iterator<Item = FloatFault> + use<> {
        let faults = self.faults;
        let all = FloatFault::ALL.iter().copied();
        all.filter(move |&fault| faults.contains(fault))
    }

    /// The bits of [`CONTROL_REGISTER`](Self::CONTROL_REGISTER) that hold the mode, as they were
    /// found; 0 where there is no such register.
    pub const fn control(&self) -> u32 {
        self.control
    }

    /// Runs `function` with the calling thread's float unit in the right mode, and puts back the
    /// mode that it found, also when `function` panics.
    ///
    /// For code that others call, such as a library in a process whose mode it does not know. It
    /// costs reading a register where the mode is right. It cannot mend floating point in software,
    /// nor a wrong [`CONTROL_REGISTER`](Self::CONTROL_REGISTER) of another thread or of interrupt
    /// handlers.
    ///
    /// ```
    /// use mdn_infer::{FloatUnit, Level};
    ///
    /// let found = FloatUnit::guarded(|| FloatUnit::check(Level::detect()));
    /// assert!(found.passed());
    /// ```
    pub fn guarded<R>(function: impl FnOnce() -> R) -> R {
        let _exact = control::Exact::enter();
        apart(function)
    }
}

/// A function of its own, so that no operation of `function` moves out of the guard.
#[inline(never)]
fn apart<R>(function: impl FnOnce() -> R) -> R {
    function()
}

impl fmt::Display for FloatUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.passed() {
            return f.write_str("as IEEE 754 says");
        }
        for (index, fault) in self.faults().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "; " })?;
        }
        match control::NAME {
            Some(name) => write!(f, " ({name} {:#x})", self.control),
            None => Ok(()),
        }
    }
}
