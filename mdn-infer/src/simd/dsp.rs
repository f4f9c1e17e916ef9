//! The DSP instructions of Armv7E-M (Cortex-M4, M7): two products of 16-bit integers at once.
//!
//! The level is [`Scalar`](super::Scalar); it asks this file for the integer sums of one panel.
//! SXTB16 widens the first and third byte of a word, turned by 8 bits the second and fourth, and
//! SMLAD adds two products to a sum; so the inputs of a group come as (x₀, x₂) and (x₁, x₃).
#![allow(unsafe_code, reason = "the instructions of this extension")]

use core::arch::asm;

/// One word of entries: four products join the sum of its output.
macro_rules! output {
    ($sum:literal, $word:literal) => {
        concat!(
            "sxtb16 {t}, ",
            $word,
            "\n",
            "smlad ",
            $sum,
            ", {t}, {x0}, ",
            $sum,
            "\n",
            "sxtb16 {t}, ",
            $word,
            ", ror #8\n",
            "smlad ",
            $sum,
            ", {t}, {x1}, ",
            $sum,
            "\n",
        )
    };
}

/// One group of four inputs for four outputs.
macro_rules! group {
    () => {
        concat!(
            "ldrd {x0}, {x1}, [{x}], #8\n",
            "ldrd {v}, {w}, [{k}], #8\n",
            output!("{a}", "{v}"),
            output!("{b}", "{w}"),
            "ldrd {v}, {w}, [{k}], #24\n",
            output!("{c}", "{v}"),
            output!("{d}", "{w}"),
        )
    };
}

/// The sums of the eight outputs of a panel over all its groups; zeros unless there are as many
/// groups as inputs for them.
#[inline(always)]
pub(super) fn sums(panel: &[[u32; 8]], inputs: &[[u32; 2]]) -> [i32; 8] {
    let groups = panel.len();
    let first = panel.as_ptr().cast::<u32>();
    if groups == 0 || groups != inputs.len() {
        return [0; 8];
    }
    // SAFETY: each reads four of eight words of each of `groups` groups, the first four or, from
    // the fifth word on, the last four, and two words of each of as many `inputs`.
    let [low, high] = unsafe {
        [
            half(first, inputs, groups),
            half(first.add(4), inputs, groups),
        ]
    };
    let ([a, b, c, d], [e, f, g, h]) = (low, high);
    [a, b, c, d, e, f, g, h]
}

/// The sums of four outputs.
///
/// # Safety
///
/// From `entries` on, four words must be readable in every eight, `groups` times; `inputs` must
/// have `groups` elements, at least one.
#[inline(never)]
unsafe fn half(entries: *const u32, inputs: &[[u32; 2]], groups: usize) -> [i32; 4] {
    let mut sums = [0; 4];
    let [a, b, c, d] = &mut sums;
    // SAFETY: the target has the instructions; reads what the caller vouches for, and writes
    // declared registers only.
    unsafe {
        asm!(
            "lsrs {n}, {n}, #1",
            "bcc 3f",
            group!(),
            "cmp {n}, #0",
            "beq 4f",
            "3:",
            group!(),
            group!(),
            "subs {n}, {n}, #1",
            "bne 3b",
            "4:",
            k = inout(reg) entries => _,
            x = inout(reg) inputs.as_ptr() => _,
            n = inout(reg) groups => _,
            a = inout(reg) *a,
            b = inout(reg) *b,
            c = inout(reg) *c,
            d = inout(reg) *d,
            v = out(reg) _,
            w = out(reg) _,
            x0 = out(reg) _,
            x1 = out(reg) _,
            t = out(reg) _,
            options(readonly, nostack),
        );
    }
    sums
}
