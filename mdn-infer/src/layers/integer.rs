//! Dense layers whose kernel entries are 8-bit integers with a scale for each output.
//!
//! Activations are rounded to 16-bit integers, the largest of the row to the largest integer with
//! which no sum can leave 32 bits. The products are summed exactly, so that their order does not
//! matter, and each sum is scaled back to binary32.

use crate::format::GROUP;
use crate::simd::{IntegerPanels, Octet, Simd, Vector};

/// A kernel of 8-bit entries, packed as the file stores it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a> {
    pub(super) panels: IntegerPanels<'a>,
    inputs: usize,
}

impl<'a> Bytes<'a> {
    /// The kernel whose biases, scales and entries are at the front of `words`; `None` where
    /// they do not fit.
    #[inline(always)]
    pub(super) fn new(words: &'a [f32], (inputs, outputs): (usize, usize)) -> Option<Self> {
        let panels = outputs.div_ceil(8);
        let (biases, rest) = words.split_at_checked(panels.checked_mul(8)?)?;
        let (scales, rest) = rest.split_at_checked(panels * 8)?;
        let words = panels.checked_mul(inputs.div_ceil(GROUP).checked_mul(8)?)?;
        let groups: &[u32] = bytemuck::must_cast_slice(rest.get(..words)?);
        let panels = IntegerPanels {
            biases: biases.as_chunks().0,
            scales: scales.as_chunks().0,
            groups: groups.as_chunks().0,
        };
        Some(Bytes { panels, inputs })
    }

    /// How many octets of words the kernel, its biases and its scales take.
    pub(super) fn octets(&self) -> usize {
        2 * self.panels.biases.len() + self.panels.groups.len()
    }

    /// An entry; 0 where there is none.
    pub(super) fn entry(&self, input: usize, output: usize) -> i8 {
        let group = output / 8 * self.inputs.div_ceil(GROUP) + input / GROUP;
        let group = self.panels.groups.get(group);
        let word = group.and_then(|group| group.get(output % 8));
        (word.copied().unwrap_or(0) >> (8 * (input % GROUP))) as i8
    }

    /// Whether every bias and scale is finite and no entry is −128, for which no room was left.
    pub(super) fn is_sound(&self) -> bool {
        let IntegerPanels {
            biases,
            scales,
            groups,
        } = self.panels;
        let floats = biases.as_flattened().iter().chain(scales.as_flattened());
        let words = groups.as_flattened().iter();
        floats.fold(true, |sound, number| sound & number.is_finite())
            & words.fold(true, |sound, &word| sound & !has_least_byte(word))
    }
}

/// Whether a byte of `word` is −128, all four at once: its highest bit is set and no other.
///
/// Source: Warren 2012 (Hacker's Delight), section 6-1, finding the zero byte of a word.
#[inline(always)]
fn has_least_byte(word: u32) -> bool {
    const HIGHEST: u32 = 0x8080_8080;
    const OTHERS: u32 = 0x7f7f_7f7f;
    // The highest bit of each byte is set where a lower one is, without a carry to the next byte.
    let lower = (word & OTHERS) + OTHERS;
    word & !lower & HIGHEST != 0
}

/// outputs `[outputs]` = bias + kernelᵀ · inputs `[inputs]`.
///
/// The inputs are at the front of `buffer`, which has room for a group at least and does not keep
/// them. Should one not be finite, no output is a number.
#[inline(always)]
pub(super) fn forward<S: Simd>(
    simd: S,
    kernel: &Bytes<'_>,
    buffer: &mut [f32],
    output: &mut [f32],
) {
    let step = round(simd, kernel.inputs, buffer);
    let words = bytemuck::must_cast_slice::<f32, u32>(buffer).as_chunks().0;
    let inputs = words.get(..kernel.inputs.div_ceil(GROUP)).unwrap_or(&[]);
    let mut rest = kernel.panels;
    let mut output = output;
    if S::HAS_INTEGER_PANELS {
        return assembled(simd, rest, inputs, step, output);
    }
    loop {
        let taken = match output.len().div_ceil(8) {
            0 => return,
            6.. if S::BLOCK >= 8 => block::<S, 6>(simd, &rest, inputs, step, output),
            4.. if S::BLOCK >= 8 => block::<S, 4>(simd, &rest, inputs, step, output),
            2.. if S::BLOCK >= 2 => block::<S, 2>(simd, &rest, inputs, step, output),
            _ => block::<S, 1>(simd, &rest, inputs, step, output),
        };
        rest = after(rest, taken, inputs.len());
        output = output.get_mut(taken * 8..).unwrap_or(&mut []);
    }
}

/// What is left behind the first `taken` panels.
#[inline(always)]
fn after<'a>(panels: IntegerPanels<'a>, taken: usize, groups: usize) -> IntegerPanels<'a> {
    IntegerPanels {
        biases: panels.biases.get(taken..).unwrap_or(&[]),
        scales: panels.scales.get(taken..).unwrap_or(&[]),
        groups: panels.groups.get(taken * groups..).unwrap_or(&[]),
    }
}

/// [`forward`] by [`Simd::integer_panels`]: whole panels in place, a last one that is not through
/// eight lanes of its own.
#[inline(always)]
fn assembled<S: Simd>(
    simd: S,
    panels: IntegerPanels<'_>,
    inputs: &[[u32; 2]],
    step: f32,
    output: &mut [f32],
) {
    let (whole, rest) = output.as_chunks_mut::<8>();
    let first = IntegerPanels {
        biases: panels.biases.get(..whole.len()).unwrap_or(&[]),
        scales: panels.scales.get(..whole.len()).unwrap_or(&[]),
        groups: panels
            .groups
            .get(..whole.len() * inputs.len())
            .unwrap_or(&[]),
    };
    simd.integer_panels(&first, inputs, step, whole);
    if !rest.is_empty() {
        let mut lanes = [[0.0; 8]];
        let last = after(panels, whole.len(), inputs.len());
        simd.integer_panels(&last, inputs, step, &mut lanes);
        for (to, lane) in rest.iter_mut().zip(lanes.as_flattened()) {
            *to = *lane;
        }
    }
}

/// The first `P` panels at once; returns `P`.
#[inline(always)]
fn block<S: Simd, const P: usize>(
    simd: S,
    layer: &IntegerPanels<'_>,
    inputs: &[[u32; 2]],
    step: f32,
    output: &mut [f32],
) -> usize {
    let Some(panels) = split::<P>(layer.groups, inputs.len()) else {
        return P;
    };
    let mut sums = [simd.no_sums(); P];
    for g in 0..inputs.len() {
        let Some(x) = inputs.get(g) else { break };
        let x = simd.quad(x);
        for (sum, panel) in sums.iter_mut().zip(panels) {
            if let Some(entries) = panel.get(g) {
                *sum = simd.add_products(*sum, entries, x);
            }
        }
    }
    let affine = layer.biases.iter().zip(layer.scales);
    for ((sum, (bias, scale)), to) in sums.into_iter().zip(affine).zip(output.chunks_mut(8)) {
        let sum = simd.nearest(sum).mul(simd.splat_octet(step));
        let scaled = sum.mul(simd.load_octet(scale));
        simd.load_octet(bias).add(scaled).store(to);
    }
    P
}

/// The first `P` panels, each of so many `groups`, which the compiler sees.
#[inline(always)]
fn split<const P: usize>(words: &[[u32; 8]], groups: usize) -> Option<[&[[u32; 8]]; P]> {
    let mut panels: [&[[u32; 8]]; P] = [&[]; P];
    for (p, panel) in panels.iter_mut().enumerate() {
        *panel = words.get(p * groups..)?.get(..groups)?;
    }
    Some(panels)
}

/// Rows whose largest magnitude is below this, 2^-100, count as zeros: the factor that would
/// bring them to integers may overflow.
const SMALLEST: f32 = 1.0 / 1_267_650_600_228_229_401_496_703_205_376.0;

/// Rounds what is added to it to an integer, which then stands in its low bits.
const ROUND: f32 = 12_582_912.0;

/// The largest rounded activation: no sum of products with entries up to 127 leaves 32 bits.
fn largest_integer(inputs: usize) -> f32 {
    let sum = 127 * inputs.next_multiple_of(GROUP);
    let largest = (i32::MAX as usize).checked_div(sum).unwrap_or(0);
    largest.min(i16::MAX as usize) as f32
}

/// Replaces the `inputs` numbers at the front of `buffer` by 16-bit integers, two a word and
/// padded with 0 to whole groups, and returns what one of them stands for.
///
/// An octet of numbers becomes half an octet of words, which lie at or before it.
#[inline(always)]
fn round<S: Simd>(simd: S, inputs: usize, buffer: &mut [f32]) -> f32 {
    let (largest, finite) = extent(simd, buffer.get(..inputs).unwrap_or(&[]));
    let limit = largest_integer(inputs);
    let factor = if largest < SMALLEST {
        0.0
    } else {
        limit / largest
    };
    for start in (0..inputs).step_by(8) {
        let numbers = buffer.get(start..inputs).unwrap_or(&[]);
        let mut octet = match numbers.first_chunk() {
            Some(whole) => simd.load_octet(whole),
            None => {
                let mut lanes = [0.0; 8];
                lanes.iter_mut().zip(numbers).for_each(|(to, &x)| *to = x);
                simd.load_octet(&lanes)
            }
        };
        for vector in octet.vectors_mut() {
            *vector = vector.mul(simd.splat(factor)).add(simd.splat(ROUND));
        }
        let words: &mut [u32] = bytemuck::must_cast_slice_mut(buffer);
        let quads = words.get_mut(start / 2..).unwrap_or(&mut []);
        let quads = quads.as_chunks_mut::<2>().0.iter_mut();
        let groups = (inputs - start).div_ceil(GROUP);
        for (to, quad) in quads.zip(simd.low_halves(octet)).take(groups) {
            *to = quad;
        }
    }
    largest / limit + finite
}

/// The largest magnitude in a row, NaN left aside, and 0 where all are finite, else NaN.
#[inline(always)]
fn extent<S: Simd>(simd: S, row: &[f32]) -> (f32, f32) {
    let mut largest = simd.splat(0.0);
    let mut finite = simd.splat(0.0);
    for chunk in row.chunks(S::Vector::LANES) {
        let x = simd.load(chunk, 0.0);
        largest = x.magnitude().larger(largest);
        // x − x is 0 for finite numbers and NaN for all others.
        finite = finite.add(x.sub(x));
    }
    let (mut lanes, mut rests) = ([0.0; 8], [0.0; 8]);
    largest.store(&mut lanes);
    finite.store(&mut rests);
    let larger = |a: f32, &b: &f32| if a < b { b } else { a };
    (lanes.iter().fold(0.0, larger), rests.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::has_least_byte;

    /// Every pair of neighbouring bytes, and in each place a byte among others.
    #[test]
    fn a_least_byte_is_found_in_every_place() {
        let byte_by_byte = |word: u32| word.to_le_bytes().iter().any(|&byte| byte as i8 == i8::MIN);
        for pair in 0..=u32::from(u16::MAX) {
            for shift in [0, 8, 16] {
                for others in [0_u32, 0x7f7f_7f7f, 0x8181_8181, 0xffff_ffff, 0x0101_0101] {
                    let word = (others & !(0xffff << shift)) | pair << shift;
                    assert_eq!(has_least_byte(word), byte_by_byte(word), "{word:#x}");
                }
            }
        }
    }

    /// A million words: the products of an odd factor are all different.
    #[test]
    fn words_of_every_kind_have_the_verdict_of_their_bytes() {
        for index in 0..1_u32 << 20 {
            let word = index.wrapping_mul(0x9e37_79b9);
            let expected = word.to_le_bytes().contains(&0x80);
            assert_eq!(has_least_byte(word), expected, "{word:#x}");
        }
    }
}
