//! The dense layer: outputs = bias + kernelᵀ · inputs.

use super::half::{self, Bf16, F16, Half};
use super::integer::{self, Bytes};
use crate::format::{Activation, Storage};
use crate::simd::{Kernel, Octet, Simd};

/// A dense layer, packed as the file stores it.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    /// The words of its section and no others.
    octets: &'a [[f32; 8]],
    inputs: u16,
    /// Those of a head exceed 16 bits.
    outputs: u32,
    storage: Storage,
    activation: Activation,
}

/// Biases and kernel, taken apart for a pass. Outputs come in panels of eight.
enum Numbers<'a> {
    /// A panel is `inputs + 1` octets: its eight biases, then for each input its eight entries.
    F32(&'a [[f32; 8]]),
    F16(Half<'a>),
    Bf16(Half<'a>),
    I8(Bytes<'a>),
}

impl<'a> Dense<'a> {
    pub(crate) const EMPTY: Self = Dense {
        octets: &[],
        inputs: 0,
        outputs: 0,
        storage: Storage::F32,
        activation: Activation::Identity,
    };

    /// The layer whose numbers are at the front of `words`; `None` where they do not fit.
    pub(crate) fn new(
        words: &'a [f32],
        storage: Storage,
        (inputs, outputs): (usize, usize),
        activation: Activation,
    ) -> Option<Self> {
        let layer = Dense {
            octets: words.as_chunks().0,
            inputs: u16::try_from(inputs).ok()?,
            outputs: u32::try_from(outputs).ok()?,
            storage,
            activation,
        };
        layer.with_numbers(words)
    }

    /// The layer of the same shape, storage and activation whose numbers are at the front of `words`;
    /// `None` where they do not fit.
    pub(crate) fn with_numbers(&self, words: &'a [f32]) -> Option<Self> {
        let layer = Dense {
            octets: words.as_chunks().0,
            ..*self
        };
        let octets = match layer.numbers()? {
            Numbers::F32(panels) => panels.len(),
            Numbers::F16(half) | Numbers::Bf16(half) => half.octets(),
            Numbers::I8(bytes) => bytes.octets(),
        };
        Some(Dense {
            octets: layer.octets.get(..octets)?,
            ..layer
        })
    }

    /// Biases and kernel; `None` where there are not as many numbers.
    #[inline(always)]
    fn numbers(&self) -> Option<Numbers<'a>> {
        let (words, shape) = (self.octets.as_flattened(), (self.inputs(), self.outputs()));
        Some(match self.storage {
            Storage::F32 => {
                let octets = shape.1.div_ceil(8) * (shape.0 + 1);
                Numbers::F32(self.octets.get(..octets)?)
            }
            Storage::F16 => Numbers::F16(Half::new(words, shape)?),
            Storage::Bf16 => Numbers::Bf16(Half::new(words, shape)?),
            Storage::I8 => Numbers::I8(Bytes::new(words, shape)?),
        })
    }

    /// How many inputs it has.
    pub const fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// How many outputs it has.
    pub const fn outputs(&self) -> usize {
        self.outputs as usize
    }

    /// The function applied to each output.
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// The packed panels of binary32 kernels.
    pub(super) fn panels(&self) -> Option<&'a [[f32; 8]]> {
        (self.storage == Storage::F32).then_some(self.octets)
    }

    /// Row `row` of the layer as `[outputs]`: the biases for row 0, then the kernel entries of
    /// input `row - 1`; an 8-bit entry times its scale, rounded to binary32. For tools that look
    /// into a model; predictions read whole panels.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f32> + use<'a> {
        let layer = *self;
        let outputs = if row <= self.inputs() {
            self.outputs()
        } else {
            0
        };
        (0..outputs).map(move |output| match row.checked_sub(1) {
            None => layer.bias(output),
            Some(input) => layer.entry(input, output),
        })
    }

    /// What the 8-bit entries of each output are multiplied by, `[outputs]`; with other storage
    /// there are no scales.
    pub fn scales(&self) -> Option<&'a [f32]> {
        match self.numbers()? {
            Numbers::I8(bytes) => bytes.panels.scales.as_flattened().get(..self.outputs()),
            _ => None,
        }
    }

    /// The 8-bit entries of input `input` as `[outputs]`, before they are multiplied by their scales;
    /// with other storage, and behind the last input, there are none.
    pub fn integers(&self, input: usize) -> impl Iterator<Item = i8> + use<'a> {
        let (bytes, outputs) = match self.numbers() {
            Some(Numbers::I8(bytes)) if input < self.inputs() => (Some(bytes), self.outputs()),
            _ => (None, 0),
        };
        (0..outputs).filter_map(move |output| Some(bytes.as_ref()?.entry(input, output)))
    }

    fn bias(&self, output: usize) -> f32 {
        let (biases, pitch) = match self.numbers() {
            Some(Numbers::F32(panels)) => (panels, self.inputs() + 1),
            Some(Numbers::F16(half) | Numbers::Bf16(half)) => (half.biases, 1),
            Some(Numbers::I8(bytes)) => (bytes.panels.biases, 1),
            None => return 0.0,
        };
        lane(biases, output / 8 * pitch, output)
    }

    fn entry(&self, input: usize, output: usize) -> f32 {
        match self.numbers() {
            Some(Numbers::F32(panels)) => {
                lane(panels, output / 8 * (self.inputs() + 1) + 1 + input, output)
            }
            Some(Numbers::F16(half)) => half.entry(F16, input, output),
            Some(Numbers::Bf16(half)) => half.entry(Bf16, input, output),
            Some(Numbers::I8(bytes)) => {
                f32::from(bytes.entry(input, output))
                    * lane(bytes.panels.scales, output / 8, output)
            }
            None => 0.0,
        }
    }

    /// Whether every number is one that the format allows.
    pub(crate) fn is_sound(&self) -> bool {
        match self.numbers() {
            Some(Numbers::F32(panels)) => panels.as_flattened().iter().all(|word| word.is_finite()),
            Some(Numbers::F16(half)) => half.is_finite(F16),
            Some(Numbers::Bf16(half)) => half.is_finite(Bf16),
            Some(Numbers::I8(bytes)) => bytes.is_sound(),
            None => false,
        }
    }
}

/// The number of `output` in the octet at `index`; 0 where there is none.
fn lane(octets: &[[f32; 8]], index: usize, output: usize) -> f32 {
    let octet = octets.get(index);
    octet
        .and_then(|octet| octet.get(output % 8))
        .map_or(0.0, |number| *number)
}

/// Inputs whose products are summed by themselves before they join the total. A constant of the
/// arithmetic contract: short sums of small partial results lose less to rounding than one long
/// sum beside a large bias, at the same number of operations.
pub(super) const SPAN: usize = 8;

/// outputs `[outputs]` = bias + kernelᵀ · inputs `[inputs]`, without the activation.
///
/// The inputs are at the front of `buffer`, which need not keep them and which is as long as
/// [`Storage::buffer_words`] says.
#[inline(always)]
pub(crate) fn forward<S: Simd>(simd: S, layer: &Dense<'_>, buffer: &mut [f32], output: &mut [f32]) {
    let Some(panels) = layer.panels() else {
        return simd.run_apart(Narrow {
            layer,
            buffer,
            output,
        });
    };
    let input = buffer.get(..layer.inputs()).unwrap_or(&[]);
    forward_f32(simd, layer, panels, input, output);
}

/// [`forward`] of every other storage, in a function of its own: a program that has no narrow
/// model pays with its flash, and only once.
struct Narrow<'a> {
    layer: &'a Dense<'a>,
    buffer: &'a mut [f32],
    output: &'a mut [f32],
}

impl Kernel for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let Narrow {
            layer,
            buffer,
            output,
        } = self;
        let input = buffer.get(..layer.inputs()).unwrap_or(&[]);
        match layer.numbers() {
            Some(Numbers::F16(half)) => half::forward(simd, &half, F16, input, output),
            Some(Numbers::Bf16(half)) => half::forward(simd, &half, Bf16, input, output),
            Some(Numbers::I8(bytes)) => integer::forward(simd, &bytes, buffer, output),
            Some(Numbers::F32(_)) | None => {}
        }
    }
}

/// [`forward`] of f32 panels.
///
/// The order of every output's sum, whatever the vector width: inputs in spans of eight, products
/// added in order within a span, spans added in order to a total that starts with the bias.
#[inline(always)]
fn forward_f32<S: Simd>(
    simd: S,
    layer: &Dense<'_>,
    mut panels: &[[f32; 8]],
    input: &[f32],
    output: &mut [f32],
) {
    if S::HAS_PANELS {
        return simd.panels(panels, input, output);
    }
    if let [x] = input {
        return of_one_input(simd, panels, *x, output);
    }
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
        panels = panels.get(taken * (layer.inputs() + 1)..).unwrap_or(&[]);
        output = output.get_mut(taken * 8..).unwrap_or(&mut []);
    }
}

/// [`forward_f32`] where a panel is a bias and one product: the usual first layer of a curve.
#[inline(always)]
fn of_one_input<S: Simd>(simd: S, panels: &[[f32; 8]], x: f32, output: &mut [f32]) {
    let (panels, _) = panels.as_chunks::<2>();
    for ([bias, entries], to) in panels.iter().zip(output.chunks_mut(8)) {
        let product = simd.splat_octet(x).mul(simd.load_octet(entries));
        simd.load_octet(bias).add(product).store(to);
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
    let Some((mut totals, kernels, tails)) =
        split::<S, P>(simd, panels, layer.inputs(), spans.len())
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
