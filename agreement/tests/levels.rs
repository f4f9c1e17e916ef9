//! Each primitive of every instruction set of this machine against plain Rust, bit for bit.

use mdn_agreement::{Part, run};
use mdn_infer::FloatUnit;
use mdn_infer::simd::{Kernel, Level, Octet, Pair, Simd, Vector};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

/// Values where instruction sets are known to differ, as patterns; NaN of several kinds.
const EDGES: [u32; 26] = [
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x007f_ffff,
    0x807f_ffff,
    0x0080_0000,
    0x8080_0000,
    0x00ff_ffff,
    0x1f80_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0xbf80_0000,
    0x3f80_0001,
    0x4b00_0001,
    0xcb7f_ffff,
    0x7f00_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7f80_0001,
    0xffbf_ffff,
    0x7fff_ffff,
];

/// What a slice holds where nothing may be written.
const UNTOUCHED: f32 = -1234.5;

type Unary<V> = (&'static str, fn(V) -> V, fn(f32) -> f32);
type Binary<V> = (&'static str, fn(V, V) -> V, fn(f32, f32) -> f32);

fn bitwise(a: f32, b: f32, function: fn(u32, u32) -> u32) -> f32 {
    f32::from_bits(function(a.to_bits(), b.to_bits()))
}

/// Rounded operations: any NaN equals any NaN.
fn rounded<V: Vector>() -> [Binary<V>; 5] {
    [
        ("add", V::add, |a, b| a + b),
        ("sub", V::sub, |a, b| a - b),
        ("mul", V::mul, |a, b| a * b),
        ("div", V::div, |a, b| a / b),
        ("sqrt", |a, _| a.sqrt(), |a, _| a.sqrt()),
    ]
}

/// Operations on bits and choices between operands: NaN payloads survive.
fn exact<V: Vector>() -> [Binary<V>; 10] {
    [
        (
            "less, select",
            |a, b| a.select(a.less(b), b),
            |a, b| if a < b { a } else { b },
        ),
        (
            "less, select, reversed",
            |a, b| b.select(a.less(b), a),
            |a, b| if a < b { b } else { a },
        ),
        ("larger", V::larger, |a, b| if b < a { a } else { b }),
        ("smaller", V::smaller, |a, b| if a < b { a } else { b }),
        ("and", V::and, |a, b| bitwise(a, b, |a, b| a & b)),
        ("or", V::or, |a, b| bitwise(a, b, |a, b| a | b)),
        ("xor", V::xor, |a, b| bitwise(a, b, |a, b| a ^ b)),
        ("add_bits", V::add_bits, |a, b| {
            bitwise(a, b, u32::wrapping_add)
        }),
        ("sub_bits", V::sub_bits, |a, b| {
            bitwise(a, b, u32::wrapping_sub)
        }),
        (
            "splat_bits",
            |a, _| a.splat_bits(0xffa5_5aa5),
            |_, _| f32::from_bits(0xffa5_5aa5),
        ),
    ]
}

fn on_bits<V: Vector>() -> [Unary<V>; 13] {
    fn shifted(a: f32, function: fn(u32) -> u32) -> f32 {
        f32::from_bits(function(a.to_bits()))
    }
    [
        ("magnitude", V::magnitude, |a| {
            shifted(a, |a| a & 0x7fff_ffff)
        }),
        ("sign", V::sign, |a| shifted(a, |a| a & 0x8000_0000)),
        ("negate", V::negate, |a| shifted(a, |a| a ^ 0x8000_0000)),
        ("shift_left 1", V::shift_left::<1>, |a| {
            shifted(a, |a| a << 1)
        }),
        ("shift_left 8", V::shift_left::<8>, |a| {
            shifted(a, |a| a << 8)
        }),
        ("shift_left 16", V::shift_left::<16>, |a| {
            shifted(a, |a| a << 16)
        }),
        ("shift_left 23", V::shift_left::<23>, |a| {
            shifted(a, |a| a << 23)
        }),
        ("shift_left 31", V::shift_left::<31>, |a| {
            shifted(a, |a| a << 31)
        }),
        ("shift_right 1", V::shift_right::<1>, |a| {
            shifted(a, |a| a >> 1)
        }),
        ("shift_right 8", V::shift_right::<8>, |a| {
            shifted(a, |a| a >> 8)
        }),
        ("shift_right 16", V::shift_right::<16>, |a| {
            shifted(a, |a| a >> 16)
        }),
        ("shift_right 23", V::shift_right::<23>, |a| {
            shifted(a, |a| a >> 23)
        }),
        ("shift_right 31", V::shift_right::<31>, |a| {
            shifted(a, |a| a >> 31)
        }),
    ]
}

fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
    (0..count).map(|_| f32::from_bits(rng.next_u32())).collect()
}

/// Every pair of edges, every edge beside random patterns, and random pairs.
fn pairs() -> (Vec<f32>, Vec<f32>) {
    let edges = EDGES.map(f32::from_bits);
    let all = edges.iter().flat_map(|&a| edges.map(|b| (a, b)));
    let mixed = random(40 * EDGES.len(), 1);
    let mixed = mixed.iter().zip(edges.iter().cycle());
    let mixed = mixed.flat_map(|(&a, &b)| [(a, b), (b, a)]);
    let random = random(20_000, 2).into_iter().zip(random(20_000, 3));
    all.chain(mixed).chain(random).unzip()
}

/// `canonical` replaces every NaN by one.
fn assert_same(what: &str, canonical: bool, found: &[f32], expected: &[f32]) {
    let bits = |values: &[f32]| -> Vec<u32> {
        let one = |x: &f32| {
            if canonical && x.is_nan() {
                f32::NAN
            } else {
                *x
            }
        };
        values.iter().map(|x| one(x).to_bits()).collect()
    };
    let (found, expected) = (bits(found), bits(expected));
    if let Some(i) = (0..expected.len()).find(|&i| found[i] != expected[i]) {
        panic!(
            "{what}, element {i}: {:08x}, not {:08x}",
            found[i], expected[i]
        );
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

fn check_binary<V: Vector>(load: impl Fn(&[f32]) -> V, operations: &[Binary<V>], canonical: bool) {
    let lanes = V::LANES;
    let (a, b) = pairs();
    for &(name, operation, model) in operations {
        let mut found = vec![0.0; a.len()];
        for ((to, a), b) in found
            .chunks_mut(lanes)
            .zip(a.chunks(lanes))
            .zip(b.chunks(lanes))
        {
            operation(load(a), load(b)).store(to);
        }
        let expected: Vec<f32> = a.iter().zip(&b).map(|(&a, &b)| model(a, b)).collect();
        assert_same(name, canonical, &found, &expected);
    }
}

fn check_unary<V: Vector>(load: impl Fn(&[f32]) -> V, operations: &[Unary<V>]) {
    let (a, _) = pairs();
    for &(name, operation, model) in operations {
        let mut found = a.clone();
        for chunk in found.chunks_mut(V::LANES) {
            operation(load(chunk)).store(chunk);
        }
        let expected: Vec<f32> = a.iter().map(|&a| model(a)).collect();
        assert_same(name, false, &found, &expected);
    }
}

/// The first lanes of `from`, padded with `fill`.
fn padded(from: &[f32], fill: f32, lanes: usize) -> Vec<f32> {
    let fill = std::iter::repeat(fill);
    from.iter().copied().chain(fill).take(lanes).collect()
}

/// Stores to every length from 0 to 17 write the first lanes and nothing else.
fn check_stores(what: &str, lanes: &[f32], store: impl Fn(&mut [f32])) {
    for len in 0..=17 {
        let mut to = [UNTOUCHED; 18];
        store(&mut to[..len]);
        let expected = padded(&lanes[..len.min(lanes.len())], UNTOUCHED, 18);
        assert_same(&format!("{what}, {len} elements"), false, &to, &expected);
    }
}

fn check_loads_and_stores<S: Simd>(simd: S) {
    let lanes = S::Vector::LANES;
    let values = EDGES.map(f32::from_bits);
    for start in 0..=values.len() - 9 {
        let values = &values[start..];
        for len in 0..=9 {
            let fill = values[8];
            let expected = padded(&values[..len], fill, lanes);
            let loaded = simd.load(&values[..len], fill);
            check_stores(&format!("load of {len}"), &expected, |to| loaded.store(to));
        }
        for len in 0..=values.len().min(17) {
            let expected = padded(&values[..len], 0.0, S::Wide::LANES);
            let loaded = simd.load_wide(&values[..len]);
            check_stores(&format!("wide load of {len}"), &expected, |to| {
                loaded.store(to)
            });
        }
        let x = values[0];
        check_stores("splat", &vec![x; lanes], |to| simd.splat(x).store(to));
        check_stores("splat of a vector", &vec![x; lanes], |to| {
            simd.splat(1.0).splat(x).store(to);
        });
    }
}

/// The tree of the arithmetic contract, written out.
fn tree(l: [f32; 8], f: fn(f32, f32) -> f32) -> f32 {
    f(
        f(f(l[0], l[4]), f(l[2], l[6])),
        f(f(l[1], l[5]), f(l[3], l[7])),
    )
}

fn check_octet<S: Simd>(simd: S, a: [f32; 8], b: [f32; 8]) {
    let (x, y) = (simd.load_octet(&a), simd.load_octet(&b));
    check_stores("octet", &a, |to| x.store(to));
    check_stores("octet of one value", &[b[0]; 8], |to| {
        simd.splat_octet(b[0]).store(to)
    });
    assert_same("octet to array", false, &x.to_array(), &a);
    let zip = |f: fn(f32, f32) -> f32| -> [f32; 8] { std::array::from_fn(|i| f(a[i], b[i])) };
    assert_same("octet sum", true, &x.add(y).to_array(), &zip(|a, b| a + b));
    assert_same(
        "octet product",
        true,
        &x.mul(y).to_array(),
        &zip(|a, b| a * b),
    );
    assert_same("sum of lanes", true, &[x.sum()], &[tree(a, |a, b| a + b)]);
    let larger = |a: f32, b: f32| if b < a { a } else { b };
    assert_same("largest lane", true, &[x.largest()], &[tree(a, larger)]);
    let mut vectors = x;
    let vectors = vectors.vectors_mut();
    assert_eq!(vectors.len() * S::Vector::LANES, 8);
    for (vector, lanes) in vectors.iter().zip(a.chunks(S::Vector::LANES)) {
        let mut found = vec![0.0; lanes.len()];
        vector.store(&mut found);
        assert_same("vectors of an octet", false, &found, lanes);
    }
}

fn check_pair<S: Simd>(simd: S, a: [f32; 16], b: [f32; 16]) {
    let load = |from: &[f32; 16]| -> S::Pair {
        let [low, high] = from.as_chunks::<8>().0 else {
            unreachable!("sixteen lanes are two octets")
        };
        S::Pair::load(simd, low, high)
    };
    let (x, y) = (load(&a), load(&b));
    check_stores("pair", &a, |to| x.store(to));
    check_stores("pair of one value", &[b[0]; 16], |to| {
        S::Pair::splat(simd, b[0]).store(to)
    });
    let (mut sum, mut product) = ([0.0; 16], [0.0; 16]);
    x.add(y).store(&mut sum);
    x.mul(y).store(&mut product);
    let zip = |f: fn(f32, f32) -> f32| -> [f32; 16] { std::array::from_fn(|i| f(a[i], b[i])) };
    assert_same("pair sum", true, &sum, &zip(|a, b| a + b));
    assert_same("pair product", true, &product, &zip(|a, b| a * b));
}

struct Primitives;

impl Kernel for Primitives {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) {
        let load = |from: &[f32]| simd.load(from, 0.0);
        check_binary(load, &rounded(), true);
        check_binary(load, &exact(), false);
        check_unary(load, &on_bits());
        let load = |from: &[f32]| simd.load_wide(from);
        check_binary(load, &rounded(), true);
        check_binary(load, &exact(), false);
        check_unary(load, &on_bits());
        check_loads_and_stores(simd);
        let (a, b) = pairs();
        for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
            check_pair(simd, *a, *b);
        }
        for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
            check_octet(simd, *a, *b);
        }
        // Sums of ordinary numbers, where the order shows in the last bits.
        let ordinary: Vec<f32> = a.iter().map(|x| (x.to_bits() >> 7) as f32).collect();
        for a in ordinary.as_chunks().0 {
            check_octet(simd, *a, [1.0; 8]);
        }
        assert!([1, 2, 4, 8].contains(&S::BLOCK));
        assert!([1, 2, 4, 6].contains(&S::TILE_ROWS));
        assert_eq!(S::detect().map(|_| ()), Some(()));
    }
}

#[test]
fn every_primitive_of_every_level() {
    for level in Level::available() {
        level.run(Primitives);
        level.run_batch(Primitives);
        println!("primitives of {} tested", level.name());
    }
}

/// A level that is not there is not tested: this says which must be.
#[test]
fn every_level_of_the_target_is_available() {
    let names: Vec<&str> = Level::available().map(Level::name).collect();
    println!("levels: {names:?}");
    assert_eq!(names.first(), Some(&"scalar"));
    assert_eq!(Some(Level::detect()), Level::available().last());
    assert_eq!(names.contains(&"sse2"), cfg!(target_arch = "x86_64"));
    assert_eq!(names.contains(&"neon"), cfg!(target_arch = "aarch64"));
    assert_eq!(names.contains(&"simd128"), cfg!(target_feature = "simd128"));
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        names.contains(&"avx2"),
        std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("f16c")
    );
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        names.contains(&"avx512"),
        names.contains(&"avx2")
            && std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq")
    );
}

/// `expected.txt` has a line for the float unit, and a line `part name hash` for each function and model,
/// and for `all`.
#[test]
fn every_level_has_the_expected_hashes() {
    for level in Level::available() {
        let float_unit = FloatUnit::check(level).hash;
        let mut found = format!("float-unit exact {float_unit:08x}\n");
        for part in Part::ALL {
            let mut add = |name: &str, hash| {
                found += &format!("{} {name} {hash:016x}\n", part.name());
            };
            let all = run(part, level, &mut add).unwrap();
            add("all", all);
        }
        assert_eq!(found, include_str!("../expected.txt"), "{}", level.name());
    }
}
