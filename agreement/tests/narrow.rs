//! The primitives of narrow kernels at every level of this machine against plain Rust.

use mdn_infer::simd::{Kernel, Level, Octet, Simd};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

/// The number of a binary16 pattern, by its definition.
fn binary16(pattern: u16) -> f32 {
    let (exponent, fraction) = (pattern >> 10 & 31, f64::from(pattern & 1023) / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        _ => (1.0 + fraction) * 2.0_f64.powi(i32::from(exponent) - 15),
    };
    let magnitude = magnitude as f32;
    if pattern >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

fn bits(numbers: [f32; 8]) -> [u32; 8] {
    numbers.map(f32::to_bits)
}

fn check_halves<S: Simd>(simd: S) {
    let finite: Vec<u16> = (0..=u16::MAX).filter(|p| p & 0x7c00 != 0x7c00).collect();
    for patterns in finite.as_chunks::<8>().0 {
        let pair = |i: usize| u32::from(patterns[2 * i]) | u32::from(patterns[2 * i + 1]) << 16;
        let found = simd
            .load_f16(&[pair(0), pair(1), pair(2), pair(3)])
            .to_array();
        assert_eq!(bits(found), bits(patterns.map(binary16)), "{patterns:x?}");
    }
    assert_eq!(finite.len() % 8, 0);
    for lower in (0..=u16::MAX).step_by(8) {
        let lower: [u16; 8] = std::array::from_fn(|i| lower + i as u16);
        let upper = lower.map(|half| half.reverse_bits());
        let words = std::array::from_fn(|i| u32::from(lower[i]) | u32::from(upper[i]) << 16);
        let found = simd.load_bf16(&words).map(|octet| bits(octet.to_array()));
        assert_eq!(
            found,
            [lower, upper].map(|halves| halves.map(|h| u32::from(h) << 16))
        );
    }
}

fn check_integers<S: Simd>(simd: S, rng: &mut impl Rng) {
    let mut words = || -> [u32; 8] { std::array::from_fn(|_| rng.next_u32()) };
    for count in 0..200 {
        let mut sums = simd.no_sums();
        let mut expected = [0_i64; 8];
        for _ in 0..count {
            // Beside random words all of -128 and -32768, whose products are the largest.
            let (mut entries, mut x) = (words(), [words()[0], words()[0]]);
            if count % 3 == 0 {
                (entries, x) = ([0x8080_8080; 8], [0x8000_8000; 2]);
            }
            sums = simd.add_products(sums, &entries, simd.quad(&x));
            let x = [
                x[0] as i16,
                (x[0] >> 16) as i16,
                x[1] as i16,
                (x[1] >> 16) as i16,
            ];
            for (sum, word) in expected.iter_mut().zip(entries) {
                let products = word.to_le_bytes().into_iter().zip(x);
                *sum += products
                    .map(|(e, x)| i64::from(e as i8) * i64::from(x))
                    .sum::<i64>();
            }
        }
        let expected = expected.map(|sum| sum as i32 as f32);
        assert_eq!(simd.nearest(sums).to_array(), expected, "{count}");
    }
}

/// Sums of 32 bits that lie between two numbers of binary32, and halfway between them.
fn check_rounding<S: Simd>(simd: S) {
    for sum in [
        0x0100_0001_i32,
        0x0100_0003,
        0x7fff_ffff,
        0x4000_0021,
        0x4000_0060,
    ] {
        for sum in [sum, -sum] {
            // -1, 0 and 1 times 2^14, and then a remainder below.
            let (high, low) = (sum >> 14, sum & 0x3fff);
            let mut sums = simd.no_sums();
            let mut rest = high;
            while rest != 0 {
                let part = rest.clamp(-127, 127);
                let word = u32::from(part as i8 as u8);
                sums = simd.add_products(sums, &[word; 8], simd.quad(&[1 << 14, 0]));
                rest -= part;
            }
            sums = simd.add_products(sums, &[1; 8], simd.quad(&[low as u32, 0]));
            assert_eq!(simd.nearest(sums).to_array(), [sum as f32; 8], "{sum}");
        }
    }
}

/// Each low half, multiplied by 1 and the others of its group by 0.
fn check_low_halves<S: Simd>(simd: S, rng: &mut impl Rng) {
    for _ in 0..1000 {
        let words: [u32; 8] = std::array::from_fn(|_| rng.next_u32());
        let groups = simd.low_halves(simd.load_octet(&words.map(f32::from_bits)));
        for (i, word) in words.into_iter().enumerate() {
            let entries = [1 << (8 * (i % 4)); 8];
            let sums = simd.add_products(simd.no_sums(), &entries, simd.quad(&groups[i / 4]));
            assert_eq!(simd.nearest(sums).to_array(), [f32::from(word as i16); 8]);
        }
    }
}

struct Primitives;

impl Kernel for Primitives {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(4);
        check_halves(simd);
        check_integers(simd, &mut rng);
        check_rounding(simd);
        check_low_halves(simd, &mut rng);
    }
}

#[test]
fn every_narrow_primitive_of_every_level() {
    for level in Level::available() {
        level.run(Primitives);
        println!("narrow primitives of {} tested", level.name());
    }
}
