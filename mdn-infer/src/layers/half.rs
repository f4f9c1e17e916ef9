//! Dense layers whose kernel entries have 16 bits: converted exactly, then computed with as binary32.
//!
//! The order of every sum is that of `dense`, so that such a layer has the bits of a binary32
//! layer with the same numbers in its kernel.

use super::dense::SPAN;
use crate::simd::{Octet, Scalar, Simd};

/// A kernel of 16-bit entries, packed as the file stores it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half<'a> {
    /// A panel of eight outputs each.
    pub(super) biases: &'a [[f32; 8]],
    /// For each panel, and in it for each pair of inputs, the entries of both.
    pairs: &'a [Pair],
    inputs: usize,
}

/// Sixteen entries, two a word, in the order of their format.
type Pair = [u32; 8];

/// Inputs to a span, in pairs.
const PAIRS: usize = SPAN / 2;

/// A 16-bit format.
pub(super) trait Format: Copy {
    /// The bits of the exponent, twice; where all of one are set, the number is not finite.
    const EXPONENTS: [u32; 2];
    /// Whether [`Simd::panel_f16`] is to be used.
    fn has_panel<S: Simd>(self) -> bool {
        false
    }
    /// The entries of the first and of the second input, converted exactly.
    fn load<S: Simd>(self, simd: S, pair: &Pair) -> [S::Octet; 2];
}

/// binary16: the entries of the first input, then those of the second.
#[derive(Clone, Copy)]
pub(super) struct F16;

impl Format for F16 {
    const EXPONENTS: [u32; 2] = [0x7c00, 0x7c00_0000];

    #[inline(always)]
    fn has_panel<S: Simd>(self) -> bool {
        S::HAS_PANEL_F16
    }
    #[inline(always)]
    fn load<S: Simd>(self, simd: S, pair: &Pair) -> [S::Octet; 2] {
        let [first, second] = bytemuck::must_cast_ref(pair);
        [simd.load_f16(first), simd.load_f16(second)]
    }
}

/// bfloat16: both entries of each output in a word, that of the first input in its lower half.
#[derive(Clone, Copy)]
pub(super) struct Bf16;

impl Format for Bf16 {
    const EXPONENTS: [u32; 2] = [0x7f80, 0x7f80_0000];

    #[inline(always)]
    fn load<S: Simd>(self, simd: S, pair: &Pair) -> [S::Octet; 2] {
        simd.load_bf16(pair)
    }
}

impl<'a> Half<'a> {
    /// The kernel whose biases and entries are at the front of `words`; `None` where they do
    /// not fit.
    #[inline(always)]
    pub(super) fn new(words: &'a [f32], (inputs, outputs): (usize, usize)) -> Option<Self> {
        let panels = outputs.div_ceil(8);
        let (biases, rest) = words.split_at_checked(panels.checked_mul(8)?)?;
        let words = panels.checked_mul(inputs.div_ceil(2).checked_mul(8)?)?;
        Some(Half {
            biases: biases.as_chunks().0,
            pairs: bytemuck::must_cast_slice::<f32, u32>(rest.get(..words)?)
                .as_chunks()
                .0,
            inputs,
        })
    }

    /// How many octets of words the kernel and its biases take.
    pub(super) fn octets(&self) -> usize {
        self.biases.len() + self.pairs.len()
    }

    /// An entry; 0 where there is none.
    pub(super) fn entry(&self, format: impl Format, input: usize, output: usize) -> f32 {
        let pair = output / 8 * self.inputs.div_ceil(2) + input / 2;
        let both = self.pairs.get(pair).map(|pair| format.load(Scalar, pair));
        let octet = both.and_then(|both| both.get(input % 2).copied());
        let lanes = octet.map_or([0.0; 8], Octet::to_array);
        lanes.get(output % 8).copied().unwrap_or(0.0)
    }

    /// Whether every number is finite.
    pub(super) fn is_finite<F: Format>(&self, _format: F) -> bool {
        let biases = self.biases.as_flattened().iter();
        let words = self.pairs.as_flattened().iter();
        let [lower, upper] = F::EXPONENTS;
        // Every number is looked at: a loop without an early end is done many at a time.
        biases.fold(true, |finite, bias| finite & bias.is_finite())
            & words.fold(true, |finite, word| {
                finite & (word & lower != lower) & (word & upper != upper)
            })
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
    if format.has_panel::<S>() {
        let panels = kernel.pairs.chunks_exact(kernel.inputs.div_ceil(2).max(1));
        for ((bias, pairs), to) in kernel.biases.iter().zip(panels).zip(output.chunks_mut(8)) {
            simd.panel_f16(bias, pairs, input, to);
        }
        return;
    }
    let mut rest = *kernel;
    let mut output = output;
    loop {
        let taken = match output.len().div_ceil(8) {
            0 => return,
            4.. if S::BLOCK >= 4 => block::<S, 4>(simd, &rest, format, input, output),
            2.. if S::BLOCK >= 2 => block::<S, 2>(simd, &rest, format, input, output),
            _ => block::<S, 1>(simd, &rest, format, input, output),
        };
        let pairs = taken * rest.inputs.div_ceil(2);
        rest.biases = rest.biases.get(taken..).unwrap_or(&[]);
        rest.pairs = rest.pairs.get(pairs..).unwrap_or(&[]);
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
    let Some((mut totals, kernels, tails)) = split::<S, P>(simd, kernel, spans.len()) else {
        return P;
    };
    for (s, span) in spans.iter().enumerate() {
        let mut sums = [simd.splat_octet(0.0); P];
        for (i, x) in span.as_chunks::<2>().0.iter().enumerate() {
            let x = [simd.splat_octet(x[0]), simd.splat_octet(x[1])];
            for (sum, kernel) in sums.iter_mut().zip(kernels) {
                if let Some(pair) = kernel.get(s).and_then(|span| span.get(i)) {
                    let [first, second] = format.load(simd, pair);
                    let product = x[0].mul(first);
                    *sum = if i == 0 { product } else { sum.add(product) };
                    *sum = sum.add(x[1].mul(second));
                }
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = total.add(sum);
        }
    }
    if !rest.is_empty() {
        for (total, tail) in totals.iter_mut().zip(tails) {
            *total = total.add(short_sum(simd, format, rest, tail));
        }
    }
    for (total, to) in totals.iter().zip(output.chunks_mut(8)) {
        total.store(to);
    }
    P
}

/// The biases of the first `P` panels, their whole `spans`, and the rest of each.
type Split<'a, S, const P: usize> = (
    [<S as Simd>::Octet; P],
    [&'a [[Pair; PAIRS]]; P],
    [&'a [Pair]; P],
);

/// Takes `P` panels apart, so that the compiler sees how many spans each has.
#[inline(always)]
fn split<'a, S: Simd, const P: usize>(
    simd: S,
    kernel: &Half<'a>,
    spans: usize,
) -> Option<Split<'a, S, P>> {
    let pitch = kernel.inputs.div_ceil(2);
    let mut totals = [simd.splat_octet(0.0); P];
    let mut kernels: [&[[Pair; PAIRS]]; P] = [&[]; P];
    let mut tails: [&[Pair]; P] = [&[]; P];
    let slots = totals.iter_mut().zip(&mut kernels).zip(&mut tails);
    for (p, ((total, whole), tail)) in slots.enumerate() {
        let panel = kernel.pairs.get(p * pitch..(p + 1) * pitch)?;
        let all = panel.as_chunks::<PAIRS>().0;
        *total = simd.load_octet(kernel.biases.get(p)?);
        // A shorter span of seven inputs has as many pairs as a whole one.
        (*whole, *tail) = (all.get(..spans)?, panel.get(spans * PAIRS..)?);
    }
    Some((totals, kernels, tails))
}

/// The sum of the products of the last, shorter span; `input` is not empty.
#[inline(always)]
fn short_sum<S: Simd>(simd: S, format: impl Format, input: &[f32], kernel: &[Pair]) -> S::Octet {
    let mut sum = simd.splat_octet(0.0);
    for (i, (x, pair)) in input.chunks(2).zip(kernel).enumerate() {
        for (j, (&x, entries)) in x.iter().zip(format.load(simd, pair)).enumerate() {
            let product = simd.splat_octet(x).mul(entries);
            sum = if i + j == 0 {
                product
            } else {
                sum.add(product)
            };
        }
    }
    sum
}
