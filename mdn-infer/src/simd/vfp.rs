//! Cortex-M with a single-precision FPU (M4F, M7, M33, M55): what the compiler does not emit.
//!
//! The level is [`Scalar`](super::Scalar); it asks this file for a square root and for the
//! panels of a dense layer. Stable Rust knows no operand class for the FPU's registers here, so their
//! loops are one block of assembly: a VLDM for the eight entries of an input, a VLDM for
//! the eight inputs of a span, VMUL and VADD, which are never fused.
#![allow(unsafe_code, reason = "the instructions of this FPU")]

use core::arch::asm;
use core::mem::MaybeUninit;

use super::store_front;

/// √x, correctly rounded, by VSQRT.
#[inline(always)]
pub(super) fn sqrt(x: f32) -> f32 {
    let bits: u32;
    // SAFETY: the target's ABI (eabihf) has the FPU; only the named registers change.
    unsafe {
        asm!(
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            bits = inout(reg) x.to_bits() => bits,
            out("s0") _,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    f32::from_bits(bits)
}

/// Assembly for all eight outputs: `$operation` to, from, from with the registers of each.
macro_rules! eight {
    ($operation:literal: $($to:literal = $a:literal, $b:expr);*) => {
        concat!($($operation, " ", $to, ", ", $a, ", ", $b, "\n"),*)
    };
}

/// The sums of a span begin with the products of its first input, in register `$x`.
macro_rules! first {
    ($x:literal) => {
        concat!("vldmia {k}!, {{s8-s15}}\n", eight!("vmul.f32":
            "s0" = "s8", $x; "s1" = "s9", $x; "s2" = "s10", $x; "s3" = "s11", $x;
            "s4" = "s12", $x; "s5" = "s13", $x; "s6" = "s14", $x; "s7" = "s15", $x))
    };
}

/// The products of a further input, in register `$x`, are added to the sums.
macro_rules! next {
    ($x:literal) => {
        concat!("vldmia {k}!, {{s8-s15}}\n", eight!("vmul.f32":
            "s8" = "s8", $x; "s9" = "s9", $x; "s10" = "s10", $x; "s11" = "s11", $x;
            "s12" = "s12", $x; "s13" = "s13", $x; "s14" = "s14", $x; "s15" = "s15", $x),
            eight!("vadd.f32":
            "s0" = "s0", "s8"; "s1" = "s1", "s9"; "s2" = "s2", "s10"; "s3" = "s3", "s11";
            "s4" = "s4", "s12"; "s5" = "s5", "s13"; "s6" = "s6", "s14"; "s7" = "s7", "s15"))
    };
}

/// The sums of a span join the totals.
macro_rules! join {
    () => {
        eight!("vadd.f32":
            "s16" = "s16", "s0"; "s17" = "s17", "s1"; "s18" = "s18", "s2"; "s19" = "s19", "s3";
            "s20" = "s20", "s4"; "s21" = "s21", "s5"; "s22" = "s22", "s6"; "s23" = "s23", "s7")
    };
}

/// `output` = bias + kernelᵀ · `input` for all panels of a layer, each of which holds eight biases
/// and then the eight entries of each input; nothing is done unless there are as many.
#[inline(always)]
pub(super) fn panels(panels: &[[f32; 8]], input: &[f32], output: &mut [f32]) {
    let (whole, rest) = output.as_chunks_mut::<8>();
    let length = input.len() + 1;
    let Some((front, back)) = panels.split_at_checked(whole.len() * length) else {
        return;
    };
    whole_panels(front, input, whole);
    if !rest.is_empty() {
        let mut last = [[0.0; 8]];
        whole_panels(back, input, &mut last);
        store_front(last.as_flattened(), rest);
    }
}

/// As [`panels`], for outputs that fill their panels.
///
/// s0–s7 are the span's sums, s8–s15 its products, s16–s23 the totals, s24–s31 the inputs.
#[inline(never)]
fn whole_panels(panels: &[[f32; 8]], input: &[f32], output: &mut [[f32; 8]]) {
    if output.is_empty() || panels.len() != output.len() * (input.len() + 1) {
        return;
    }
    let (spans, rest) = (input.len() / 8, input.len() % 8);
    // SAFETY: the target's ABI (eabihf) has the FPU. Reads `panels` from front to back: for each
    // element of `output`, of which there is at least one, eight biases, then eight entries for
    // each element of `input`; their count was compared. Reads `input` from front to back for
    // each: 8 `spans` + `rest` elements, its length. Writes every element of `output` once.
    // Every register that changes is declared.
    unsafe {
        asm!(
            "7:",
            "vldmia {k}!, {{s16-s23}}",
            "mov {x}, {input}",
            "movs {n}, {spans}",
            "beq 3f",
            "2:",
            "vldmia {x}!, {{s24-s31}}",
            first!("s24"),
            next!("s25"),
            next!("s26"),
            next!("s27"),
            next!("s28"),
            next!("s29"),
            next!("s30"),
            next!("s31"),
            join!(),
            "subs {n}, {n}, #1",
            "bne 2b",
            "3:",
            "movs {n}, {rest}",
            "beq 5f",
            "vldmia {x}!, {{s24}}",
            first!("s24"),
            "b 6f",
            "4:",
            "vldmia {x}!, {{s24}}",
            next!("s24"),
            "6:",
            "subs {n}, {n}, #1",
            "bne 4b",
            join!(),
            "5:",
            "vstmia {y}!, {{s16-s23}}",
            "subs {p}, {p}, #1",
            "bne 7b",
            k = inout(reg) panels.as_ptr() => _,
            y = inout(reg) output.as_mut_ptr() => _,
            p = inout(reg) output.len() => _,
            input = in(reg) input.as_ptr(),
            spans = in(reg) spans,
            rest = in(reg) rest,
            x = out(reg) _,
            n = out(reg) _,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _,
            out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _,
            out("s12") _, out("s13") _, out("s14") _, out("s15") _,
            out("s16") _, out("s17") _, out("s18") _, out("s19") _,
            out("s20") _, out("s21") _, out("s22") _, out("s23") _,
            out("s24") _, out("s25") _, out("s26") _, out("s27") _,
            out("s28") _, out("s29") _, out("s30") _, out("s31") _,
            options(nostack),
        );
    }
}

/// Folds the octets of a row into the first of them, by `$step` of s0–s7 and s8–s15.
macro_rules! fold {
    ($row:ident, $($step:expr),*) => {{
        let mut partial = MaybeUninit::<[f32; 8]>::uninit();
        // SAFETY: the target's ABI (eabihf) has the FPU. Reads `$row`, which is not empty, from
        // front to back and writes all eight elements of `partial`, which is what makes it
        // initialised; every register that changes is declared.
        unsafe {
            asm!(
                "vldmia {x}!, {{s0-s7}}",
                "subs {n}, {n}, #1",
                "beq 3f",
                "2:",
                "vldmia {x}!, {{s8-s15}}",
                $($step,)*
                "subs {n}, {n}, #1",
                "bne 2b",
                "3:",
                "vstmia {y}, {{s0-s7}}",
                x = inout(reg) $row.as_ptr() => _,
                n = inout(reg) $row.len() => _,
                y = in(reg) partial.as_mut_ptr(),
                out("s0") _, out("s1") _, out("s2") _, out("s3") _,
                out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                out("s8") _, out("s9") _, out("s10") _, out("s11") _,
                out("s12") _, out("s13") _, out("s14") _, out("s15") _,
                options(nostack),
            );
            partial.assume_init()
        }
    }};
}

/// The sums of the lanes of `row`, in order; `None` where there is no octet.
#[inline(always)]
pub(super) fn sums(row: &[[f32; 8]]) -> Option<[f32; 8]> {
    if row.is_empty() {
        return None;
    }
    Some(fold!(
        row,
        eight!("vadd.f32":
        "s0" = "s0", "s8"; "s1" = "s1", "s9"; "s2" = "s2", "s10"; "s3" = "s3", "s11";
        "s4" = "s4", "s12"; "s5" = "s5", "s13"; "s6" = "s6", "s14"; "s7" = "s7", "s15")
    ))
}

/// `$new` in place of `$old` where it is larger.
macro_rules! keep {
    ($($old:literal $new:literal),*) => {
        concat!($(
            "vcmp.f32 ", $new, ", ", $old, "\nvmrs APSR_nzcv, fpscr\nit gt\n",
            "vmovgt.f32 ", $old, ", ", $new, "\n"
        ),*)
    };
}

/// The largest of each lane of `row`, of which none is NaN; `None` where there is no octet.
#[inline(always)]
pub(super) fn largest(row: &[[f32; 8]]) -> Option<[f32; 8]> {
    if row.is_empty() {
        return None;
    }
    Some(fold!(
        row,
        keep!("s0" "s8", "s1" "s9", "s2" "s10", "s3" "s11"),
        keep!("s4" "s12", "s5" "s13", "s6" "s14", "s7" "s15")
    ))
}
