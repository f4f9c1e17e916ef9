//! Dense layers whose kernel entries have 16 bits: converted exactly, then computed with as binary32.
//!
//! The order of every sum is that of `dense`, so that such a layer has the bits of a binary32
//! layer with the same numbers in its kernel.

use super::dense::SPAN;
use crate::simd::{Octet, Simd};

/// A kernel of 16-bit entries, packed as the file stores it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half<'a> {
    /// A panel of eight outputs each.
    pub(super) biases: &'a [[f32; 8]],
    /// For each panel, and in it for each input, eight entries.
    pub(super) entries: &'a [[u32; 4]],
    /// How many inputs there are.
    pub(super) inputs: usize,
}

/// A 16-bit format.
pub(super) trait Format: Copy {
    /// Eight of its numbers, converted exactly.
    fn load<S: Simd>(self, simd: S, from: &[u32; 4]) -> S::Octet;
    /// One of them.
    fn number(self, pattern: u16) -> f32 {
        let both = self.load(crate::simd::Scalar, &[pattern.into(); 4]);
        let [first, ..] = both.to_array();
        first
    }
}

/// binary16
#[derive(Clone, Copy)]
pub(super) struct F16;

impl Format for F16 {
    #[inline(always)]
    fn load<S: Simd>(self, simd: S, from: &[u32; 4]) -> S::Octet {
        simd.load_f16(from)
    }
}

/// bfloat16
#[derive(Clone, Copy)]
pub(super) struct Bf16;

impl Format for Bf16 {
    #[inline(always)]
    fn load<S: Simd>(self, simd: S, from: &[u32; 4]) -> S::Octet {
        simd.load_bf16(from)
    }
}

impl<'a> Half<'a> {
    /// The kernel whose biases and entries are at the front of `words`; `None` where they do
    /// not fit.
    pub(super) fn new(words: &'a [f32], inputs: usize, outputs: usize) -> Option<Self> {
        let panels = outputs.div_ceil(8);
        let (biases, rest) = words.split_at_checked(panels.checked_mul(8)?)?;
        let entries = rest.get(..panels.checked_mul(inputs.checked_mul(4)?)?)?;
        Some(Half {
            biases: biases.as_chunks().0,
            entries: bytemuck::must_cast_slice::<f32, u32>(entries).as_chunks().0,
            inputs,
        })
    }

    /// The pattern of an entry; 0 where there is none.
    pub(super) fn pattern(&self, input: usize, output: usize) -> u16 {
        let octet = self.entries.get(output / 8 * self.inputs + input);
        let word = octet.and_then(|octet| octet.get(output % 8 / 2));
        let word = word.copied().unwrap_or(0);
        (if output.is_multiple_of(2) {
            word
        } else {
            word >> 16
        }) as u16
    }

    /// Whether every number is finite; `exponent` has the bits of an entry's exponent.
    pub(super) fn is_finite(&self, exponent: u32) -> bool {
        let finite = |half: u32| half & exponent != exponent;
        self.biases
            .as_flattened()
            .iter()
            .all(|bias| bias.is_finite())
            && (self.entries.as_flattened().iter()).all(|&word| finite(word) && finite(word >> 16))
    }
}

/// outputs `[outputs]` = bias + kernelᵀ · inputs `[inputs]`.
#[inline(always)]
pub(super) fn forward<S: Simd>(
    simd: S,
    kernel: &Half<'_>,
    format: impl Format,
    input: &[f32],
    output: &mut [f32],
) {
    let mut rest = *kernel;
    let mut output = output;
    loop {
        let taken = match output.len().div_ceil(8) {
            0 => return,
            4.. if S::BLOCK >= 4 => block::<S, 4>(simd, &rest, format, input, output),
            2.. if S::BLOCK >= 2 => block::<S, 2>(simd, &rest, format, input, output),
            _ => block::<S, 1>(simd, &rest, format, input, output),
        };
        rest.biases = rest.biases.get(taken..).unwrap_or(&[]);
        rest.entries = rest.entries.get(taken * rest.inputs..).unwrap_or(&[]);
        output = output.get_mut(taken * 8..).unwrap_or(&mut []);
    }
}

/// The first `P` panels at once; returns `P`.
#[inline(always)]
fn block<S: Simd, const P: usize>(
    simd: S,
    kernel: &Half<'_>,
    format: impl Format,
    input: &[f32],
    output: &mut [f32],
) -> usize {
    let (spans, rest) = input.as_chunks::<SPAN>();
    let mut totals = [simd.splat_octet(0.0); P];
    let mut panels: [&[[[u32; 4]; SPAN]]; P] = [&[]; P];
    let mut tails: [&[[u32; 4]]; P] = [&[]; P];
    let slots = totals.iter_mut().zip(&mut panels).zip(&mut tails);
    let biased = kernel
        .biases
        .iter()
        .zip(kernel.entries.chunks_exact(kernel.inputs));
    for (((total, panel), tail), (bias, entries)) in slots.zip(biased) {
        let (whole, last) = entries.as_chunks::<SPAN>();
        *total = simd.load_octet(bias);
        (*panel, *tail) = (whole.get(..spans.len()).unwrap_or(&[]), last);
    }
    if panels.iter().any(|panel| panel.len() != spans.len()) {
        return P;
    }
    for (s, span) in spans.iter().enumerate() {
        let mut sums = [simd.splat_octet(0.0); P];
        for (i, &x) in span.iter().enumerate() {
            let x = simd.splat_octet(x);
            for (sum, panel) in sums.iter_mut().zip(panels) {
                if let Some(entries) = panel.get(s).and_then(|span| span.get(i)) {
                    let product = x.mul(format.load(simd, entries));
                    *sum = if i == 0 { product } else { sum.add(product) };
                }
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = total.add(sum);
        }
    }
    if let Some((&first, others)) = rest.split_first() {
        for (total, tail) in totals.iter_mut().zip(tails) {
            *total = total.add(short_sum(simd, format, first, others, tail));
        }
    }
    for (total, to) in totals.iter().zip(output.chunks_mut(8)) {
        total.store(to);
    }
    P
}

/// The sum of the products of the last, shorter span: the input `first` and the `others`.
#[inline(always)]
fn short_sum<S: Simd>(
    simd: S,
    format: impl Format,
    first: f32,
    others: &[f32],
    kernel: &[[u32; 4]],
) -> S::Octet {
    let Some((entries, kernel)) = kernel.split_first() else {
        return simd.splat_octet(0.0);
    };
    let mut sum = simd.splat_octet(first).mul(format.load(simd, entries));
    for (&x, entries) in others.iter().zip(kernel) {
        sum = sum.add(simd.splat_octet(x).mul(format.load(simd, entries)));
    }
    sum
}
