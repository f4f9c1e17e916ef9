//! How deep the stack has gone: memory below it is painted, and paint that is gone was stack.
//!
//! The paint reaches down to a limit that the caller chooses; its lowest words are the canary,
//! whose loss means that the stack has gone below the limit.

use core::arch::asm;
use core::ptr::with_exposed_provenance_mut;

const PAINT: u32 = 0xa5a5_5a5a;
/// Bytes of the canary.
const CANARY: usize = 64;
/// Bytes below the caller's stack that are left alone, for the calls that paint.
const MARGIN: usize = 256;

/// Painted memory below the stack.
pub struct Painted {
    top: usize,
    limit: usize,
}

impl Painted {
    /// Paints from the caller's stack down to `limit` bytes below the top of the stack; `None`
    /// where so much memory is not free.
    #[inline(never)]
    pub fn below(limit: usize) -> Option<Self> {
        // The linker script's marks: only their addresses mean something.
        unsafe extern "C" {
            static _stack_start: u32;
            static __sheap: u32;
        }
        let (top, free) = (
            (&raw const _stack_start).addr(),
            (&raw const __sheap).addr(),
        );
        let painted = Painted {
            top,
            limit: top.checked_sub(limit)? & !3,
        };
        if painted.limit < free {
            return None;
        }
        for address in (painted.limit..stack_pointer() - MARGIN).step_by(4) {
            // SAFETY: aligned, above all statics and below the stack pointer, where nothing is
            // alive, for no interrupt is enabled; the margin holds this loop's own calls.
            unsafe { with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
        }
        Some(painted)
    }

    /// The deepest that the stack has gone since, in bytes from its top; `None` where the canary
    /// is gone.
    pub fn used(&self) -> Option<usize> {
        let painted = |address: &usize| {
            // SAFETY: within the painted memory or the stack above it, aligned.
            let word = unsafe { with_exposed_provenance_mut::<u32>(*address).read_volatile() };
            word == PAINT
        };
        let whole = (self.limit..self.top)
            .step_by(4)
            .take_while(painted)
            .count()
            * 4;
        (whole >= CANARY).then_some(self.top - self.limit - whole)
    }
}

fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads the stack pointer.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack)) };
    pointer
}
