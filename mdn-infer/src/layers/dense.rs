//! The dense layer: outputs = bias + kernelᵀ · inputs.

use crate::format::Activation;
use crate::simd::{Octet, Simd};

/// A dense layer, packed as the file stores it.
///
/// Outputs come in panels of eight. A panel is `inputs + 1` octets: its eight biases, then for
/// each input its eight kernel entries.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    panels: &'a [[f32; 8]],
    inputs: usize,
    outputs: usize,
    activation: Activation,
}

impl<'a> Dense<'a> {
    pub(crate) const EMPTY: Self = Dense {
        panels: &[],
        inputs: 0,
        outputs: 0,
        activation: Activation::Identity,
    };

    /// The layer whose panels are at the front of `panels`; `None` where they do not fit.
    pub(crate) fn new(
        panels: &'a [[f32; 8]],
        inputs: usize,
        outputs: usize,
        activation: Activation,
    ) -> Option<Self> {
        let panels = panels.get(..outputs.div_ceil(8).checked_mul(inputs + 1)?)?;
        Some(Dense {
            panels,
            inputs,
            outputs,
            activation,
        })
    }

    /// How many inputs it has.
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many outputs it has.
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// The function applied to each output.
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// The packed panels.
    pub(super) const fn panels(&self) -> &'a [[f32; 8]] {
        self.panels
    }

    /// Row `row` of the layer as `[outputs]`: the biases for row 0, then the kernel entries of
    /// input `row - 1`. For tools that look into a model; predictions read whole panels.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f32> + use<'a> {
        let outputs = if row <= self.inputs { self.outputs } else { 0 };
        let octets = self.panels.iter().skip(row).step_by(self.inputs + 1);
        octets.flatten().copied().take(outputs)
    }
}

/// Inputs whose products are summed by themselves before they join the total. A constant of the
/// arithmetic contract: short sums of small partial results lose less to rounding than one long
/// sum beside a large bias, at the same number of operations.
pub(super) const SPAN: usize = 8;

/// outputs `[outputs]` = bias + kernelᵀ · inputs `[inputs]`, without the activation.
///
/// The order of every output's sum, whatever the vector width: inputs in spans of eight, products
/// added in order within a span, spans added in order to a total that starts with the bias.
#[inline(always)]
pub(crate) fn forward<S: Simd>(simd: S, layer: &Dense<'_>, input: &[f32], output: &mut [f32]) {
    if S::HAS_PANELS {
        return simd.panels(layer.panels, input, output);
    }
    let mut panels = layer.panels;
    let mut output = output;
    loop {
        let taken = match output.len().div_ceil(8) {
            0 => return,
            9 | 10 if S::BLOCK >= 5 => block::<S, 5>(simd, layer, panels, input, output),
            8.. if S::BLOCK >= 8 => block::<S, 8>(simd, layer, panels, input, output),
            4.. if S::BLOCK >= 4 => block::<S, 4>(simd, layer, panels, input, output),
            2.. if S::BLOCK >= 2 => block::<S, 2>(simd, layer, panels, input, output),
            _ => block::<S, 1>(simd, layer, panels, input, output),
        };
        panels = panels.get(taken * (layer.inputs + 1)..).unwrap_or(&[]);
        output = output.get_mut(taken * 8..).unwrap_or(&mut []);
    }
}

/// `P` panels at once, so that the processor has `P` independent sums in flight; returns `P`.
#[inline(always)]
fn block<S: Simd, const P: usize>(
    simd: S,
    layer: &Dense<'_>,
    panels: &[[f32; 8]],
    input: &[f32],
    output: &mut [f32],
) -> usize {
    let (spans, rest) = input.as_chunks::<SPAN>();
    let Some((mut totals, kernels, tails)) = split::<S, P>(simd, panels, layer.inputs, spans.len())
    else {
        return P;
    };
    for (s, span) in spans.iter().enumerate() {
        let mut sums = [simd.splat_octet(0.0); P];
        for (i, &x) in span.iter().enumerate() {
            let x = simd.splat_octet(x);
            for (sum, kernel) in sums.iter_mut().zip(kernels) {
                if let Some(entries) = kernel.get(s).and_then(|span| span.get(i)) {
                    let product = x.mul(simd.load_octet(entries));
                    *sum = if i == 0 { product } else { sum.add(product) };
                }
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = total.add(sum);
        }
    }
    if !rest.is_empty() {
        for (total, tail) in totals.iter_mut().zip(tails) {
            *total = total.add(short_sum(simd, rest, tail));
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
    [&'a [[[f32; 8]; SPAN]]; P],
    [&'a [[f32; 8]]; P],
);

/// Takes `P` panels apart so that the compiler sees that each has as many spans as the input, and
/// tests no bounds in the loop over them.
#[inline(always)]
fn split<'a, S: Simd, const P: usize>(
    simd: S,
    panels: &'a [[f32; 8]],
    inputs: usize,
    spans: usize,
) -> Option<Split<'a, S, P>> {
    let mut totals = [simd.splat_octet(0.0); P];
    let mut kernels: [&[[[f32; 8]; SPAN]]; P] = [&[]; P];
    let mut tails: [&[[f32; 8]]; P] = [&[]; P];
    let slots = totals.iter_mut().zip(&mut kernels).zip(&mut tails);
    for (p, ((total, kernel), tail)) in slots.enumerate() {
        let panel = panels.get(p * (inputs + 1)..(p + 1) * (inputs + 1))?;
        let (bias, entries) = panel.split_first()?;
        let (whole, rest) = entries.as_chunks::<SPAN>();
        (*total, *kernel, *tail) = (simd.load_octet(bias), whole.get(..spans)?, rest);
    }
    Some((totals, kernels, tails))
}

/// The sum of the products of the last, shorter span; `input` is not empty.
#[inline(always)]
fn short_sum<S: Simd>(simd: S, input: &[f32], kernel: &[[f32; 8]]) -> S::Octet {
    let mut products = (input.iter().zip(kernel))
        .map(|(&x, entries)| simd.splat_octet(x).mul(simd.load_octet(entries)));
    let first = products.next().unwrap_or(simd.splat_octet(0.0));
    products.fold(first, |sum, product| sum.add(product))
}
