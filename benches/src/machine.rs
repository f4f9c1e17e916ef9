//! The machine: its name, and what it can do at most in the operations that the arithmetic
//! contract allows.

use std::fs;
use std::hint::black_box;

use mdn_infer::Level;
use mdn_infer::simd::{Kernel, Octet, Simd, Vector};

/// The processor as Linux describes it, and the level that the engine chooses.
pub fn name() -> String {
    let level = Level::detect().name();
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let fields = about.lines().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(key, _)| key.trim() == name);
        named.next().map(|(_, value)| value.trim().to_owned())
    };
    match ["model name", "cpu family", "model"].map(field) {
        [Some(name), Some(family), Some(model)] => {
            format!("{name} (family {family}, model {model}), {level}")
        }
        [Some(name), ..] => format!("{name}, {level}"),
        _ => format!("unknown processor, {level}"),
    }
}

/// Products, and sums, that do not wait for each other: as many as a core has in flight (two of
/// each a cycle, three cycles each, on what is common today), and no more than the registers hold.
const CHAINS: usize = 6;
const STEPS: usize = 1000;

/// Multiplies and adds in registers, without waiting and without fused operations; returns how
/// many operations that were.
pub fn multiply_add(level: Level) -> usize {
    let (lanes, sum) = level.run(MultiplyAdd(black_box(1.0)));
    black_box(sum);
    2 * STEPS * CHAINS * lanes
}

/// Multiplies by this number and adds it.
struct MultiplyAdd(f32);

impl Kernel for MultiplyAdd {
    /// The lanes of a vector and the sum of everything.
    type Output = (usize, f32);

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> (usize, f32) {
        let number = simd.splat(self.0);
        let mut products = [number; CHAINS];
        let mut sums = [number; CHAINS];
        for _ in 0..STEPS {
            for (product, sum) in products.iter_mut().zip(&mut sums) {
                *product = product.mul(number);
                *sum = sum.add(number);
            }
        }
        let mut total = simd.splat(0.0);
        for (product, sum) in products.into_iter().zip(sums) {
            total = total.add(product).add(sum);
        }
        let mut lanes = [0.0; 8];
        total.store(&mut lanes);
        (S::Vector::LANES, lanes.iter().sum())
    }
}

/// Sixty-four bytes at a multiple of as many, where the engine's kernels start too.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Line([[f32; 8]; 2]);

/// `bytes` of memory, rounded down to whole lines.
pub fn lines(bytes: usize) -> Vec<Line> {
    vec![Line([[1.0; 8]; 2]); bytes / size_of::<Line>()]
}

/// Reads `lines` once, in order.
pub fn read(level: Level, lines: &[Line]) {
    black_box(level.run(Read(black_box(lines))));
}

struct Read<'a>(&'a [Line]);

impl Kernel for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let mut sums = [[simd.splat_octet(0.0); 2]; 4];
        for four in self.0.as_chunks::<4>().0 {
            for (sums, line) in sums.iter_mut().zip(four) {
                for (sum, octet) in sums.iter_mut().zip(&line.0) {
                    *sum = sum.add(simd.load_octet(octet));
                }
            }
        }
        let mut total = simd.splat_octet(0.0);
        for sum in sums.as_flattened() {
            total = total.add(*sum);
        }
        total.sum()
    }
}
