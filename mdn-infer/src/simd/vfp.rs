//! Cortex-M with a single-precision FPU (M4F, M7, M33, M55): what the compiler does not emit.
//!
//! The level is [`Scalar`](super::Scalar); it asks this file for a square root and for the
//! panels of a dense layer. Stable Rust knows no operand class for the FPU's registers here, so
//! their loops are one block of assembly: a VLDM for the eight entries of an input, a VLDM for
//! the eight inputs of a span, VMUL and VADD, which are never fused. Kernels of binary16 are
//! converted by VCVTB and VCVTT, the lower and the upper half of a word.
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

/// The eight entries of an input, four words of two binary16 numbers, converted into s8–s15.
macro_rules! row {
    () => {
        concat!(
            "vldmia {k}!, {{s28-s31}}\n",
            "vcvtb.f32.f16 s8, s28\n",
            "vcvtt.f32.f16 s9, s28\n",
            "vcvtb.f32.f16 s10, s29\n",
            "vcvtt.f32.f16 s11, s29\n",
            "vcvtb.f32.f16 s12, s30\n",
            "vcvtt.f32.f16 s13, s30\n",
            "vcvtb.f32.f16 s14, s31\n",
            "vcvtt.f32.f16 s15, s31\n",
        )
    };
}

/// As `first!`, of binary16.
macro_rules! first_f16 {
    ($x:literal) => {
        concat!(row!(), eight!("vmul.f32":
            "s0" = "s8", $x; "s1" = "s9", $x; "s2" = "s10", $x; "s3" = "s11", $x;
            "s4" = "s12", $x; "s5" = "s13", $x; "s6" = "s14", $x; "s7" = "s15", $x))
    };
}

/// As `next!`, of binary16.
macro_rules! next_f16 {
    ($x:literal) => {
        concat!(row!(), eight!("vmul.f32":
            "s8" = "s8", $x; "s9" = "s9", $x; "s10" = "s10", $x; "s11" = "s11", $x;
            "s12" = "s12", $x; "s13" = "s13", $x; "s14" = "s14", $x; "s15" = "s15", $x),
            eight!("vadd.f32":
            "s0" = "s0", "s8"; "s1" = "s1", "s9"; "s2" = "s2", "s10"; "s3" = "s3", "s11";
            "s4" = "s4", "s12"; "s5" = "s5", "s13"; "s6" = "s6", "s14"; "s7" = "s7", "s15"))
    };
}

/// As one of [`panels`], of binary16: `pairs` holds for each two inputs the entries of the first, then
/// those of the second; nothing is done unless there are as many as `input` needs.
///
/// s0–s7 are the span's sums, s8–s15 its products, s16–s23 the totals, s24–s27 four inputs,
/// s28–s31 the words of entries.
#[inline(never)]
pub(super) fn panel_f16(bias: &[f32; 8], pairs: &[[u32; 8]], input: &[f32], output: &mut [f32; 8]) {
    if pairs.len() != input.len().div_ceil(2) {
        return;
    }
    let (spans, rest) = (input.len() / 8, input.len() % 8);
    // SAFETY: the target's ABI (eabihf) has the FPU, and each such FPU converts binary16. Reads
    // eight biases; `pairs` from front to back, half a pair for each element of `input`, whose
    // count was compared; reads `input` from front to back: 8 `spans` + `rest` elements, its
    // length. Writes the eight elements of `output`. Every register that changes is declared.
    unsafe {
        asm!(
            "vldmia {b}, {{s16-s23}}",
            "cmp {n}, #0",
            "beq 3f",
            "2:",
            "vldmia {x}!, {{s24-s27}}",
            first_f16!("s24"),
            next_f16!("s25"),
            next_f16!("s26"),
            next_f16!("s27"),
            "vldmia {x}!, {{s24-s27}}",
            next_f16!("s24"),
            next_f16!("s25"),
            next_f16!("s26"),
            next_f16!("s27"),
            join!(),
            "subs {n}, {n}, #1",
            "bne 2b",
            "3:",
            "cmp {m}, #0",
            "beq 5f",
            "vldmia {x}!, {{s24}}",
            first_f16!("s24"),
            "b 6f",
            "4:",
            "vldmia {x}!, {{s24}}",
            next_f16!("s24"),
            "6:",
            "subs {m}, {m}, #1",
            "bne 4b",
            join!(),
            "5:",
            "vstmia {y}, {{s16-s23}}",
            b = in(reg) bias.as_ptr(),
            k = inout(reg) pairs.as_ptr() => _,
            x = inout(reg) input.as_ptr() => _,
            n = inout(reg) spans => _,
            m = inout(reg) rest => _,
            y = in(reg) output.as_mut_ptr(),
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
