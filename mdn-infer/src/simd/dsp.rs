//! The DSP instructions of Armv7E-M (Cortex-M4F, M7): two products of 16-bit integers at once.
//!
//! The level is [`Scalar`](super::Scalar); it asks this file for whole panels of an 8-bit layer.
//! SXTB16 widens the first and third byte of a word, turned by 8 bits the second and fourth, and
//! SMLAD adds two products to a sum; so the inputs of a group come as (x₀, x₂) and (x₁, x₃).
#![allow(unsafe_code, reason = "the instructions of this extension")]

use core::arch::asm;

use super::IntegerPanels;

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

/// One group of four inputs for four of the eight outputs.
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

/// Four outputs: their sums over all groups, scaled, into the output. Labels are the block's own.
macro_rules! half {
    ($odd:literal, $pairs:literal, $done:literal) => {
        concat!(
            "vmov {x}, s14\n",
            "vmov {n}, s13\n",
            "movs {a}, #0\n",
            "mov {b}, {a}\n",
            "mov {c}, {a}\n",
            "mov {d}, {a}\n",
            "lsrs {n}, {n}, #1\n",
            "bcc ",
            $odd,
            "f\n",
            group!(),
            "cmp {n}, #0\n",
            "beq ",
            $done,
            "f\n",
            $odd,
            ":\n",
            $pairs,
            ":\n",
            group!(),
            group!(),
            "subs {n}, {n}, #1\n",
            "bne ",
            $pairs,
            "b\n",
            $done,
            ":\n",
            "vmov {t}, s15\n",
            "vmov s0, s1, {a}, {b}\n",
            "vmov s2, s3, {c}, {d}\n",
            "ldrd {v}, {w}, [{t}]\n",
            "ldr {a}, [{t}, #8]\n",
            "vldmia {v}!, {{s4-s7}}\n",
            "vldmia {w}!, {{s8-s11}}\n",
            "vcvt.f32.s32 s0, s0\n",
            "vcvt.f32.s32 s1, s1\n",
            "vcvt.f32.s32 s2, s2\n",
            "vcvt.f32.s32 s3, s3\n",
            "vmul.f32 s0, s0, s12\n",
            "vmul.f32 s1, s1, s12\n",
            "vmul.f32 s2, s2, s12\n",
            "vmul.f32 s3, s3, s12\n",
            "vmul.f32 s0, s0, s4\n",
            "vmul.f32 s1, s1, s5\n",
            "vmul.f32 s2, s2, s6\n",
            "vmul.f32 s3, s3, s7\n",
            "vadd.f32 s0, s0, s8\n",
            "vadd.f32 s1, s1, s9\n",
            "vadd.f32 s2, s2, s10\n",
            "vadd.f32 s3, s3, s11\n",
            "vstmia {a}!, {{s0-s3}}\n",
            "strd {v}, {w}, [{t}]\n",
            "str {a}, [{t}, #8]\n",
        )
    };
}

/// What the assembly keeps in memory, for want of registers.
#[repr(C)]
struct Places {
    scales: *const [f32; 8],
    biases: *const [f32; 8],
    output: *mut [f32; 8],
    panels: usize,
}

/// `output` = bias + (float(sum) · step) · scale for every output of the panels; nothing is done
/// unless all have the same number of panels, and there are inputs.
#[inline(never)]
pub(super) fn panels(
    panels: &IntegerPanels<'_>,
    inputs: &[[u32; 2]],
    step: f32,
    output: &mut [[f32; 8]],
) {
    let count = output.len();
    let fits = panels.groups.len() == count * inputs.len()
        && panels.scales.len() == count
        && panels.biases.len() == count;
    if !fits || count == 0 || inputs.is_empty() {
        return;
    }
    let mut places = Places {
        scales: panels.scales.as_ptr(),
        biases: panels.biases.as_ptr(),
        output: output.as_mut_ptr(),
        panels: count,
    };
    // SAFETY: the target has the instructions. The lengths were compared: for each of `count`
    // panels it reads eight words of each of `inputs.len()` groups and as many inputs, first four
    // words of each group, then the others; eight scales and eight biases; and writes eight
    // outputs. `places` is its own. Every register that changes is declared.
    unsafe {
        asm!(
            "vmov s15, {t}",
            "vmov s14, {x}",
            "vmov s13, {n}",
            "vmov s12, {a}",
            "2:",
            half!("3", "4", "5"),
            "vmov {n}, s13",
            "sub {k}, {k}, {n}, lsl #5",
            "add {k}, {k}, #16",
            half!("6", "7", "8"),
            "sub {k}, {k}, #16",
            "ldr {n}, [{t}, #12]",
            "subs {n}, {n}, #1",
            "str {n}, [{t}, #12]",
            "bne 2b",
            k = inout(reg) panels.groups.as_ptr() => _,
            x = inout(reg) inputs.as_ptr() => _,
            n = inout(reg) inputs.len() => _,
            t = inout(reg) &raw mut places => _,
            a = inout(reg) step.to_bits() => _,
            b = out(reg) _,
            c = out(reg) _,
            d = out(reg) _,
            v = out(reg) _,
            w = out(reg) _,
            x0 = out(reg) _,
            x1 = out(reg) _,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _,
            out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _,
            out("s12") _, out("s13") _, out("s14") _, out("s15") _,
            options(nostack),
        );
    }
}
