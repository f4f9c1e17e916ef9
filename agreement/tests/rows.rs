//! The primitives of kernels over many rows at every level of this machine against plain Rust.

use std::array::from_fn;

use mdn_infer::simd::{Kernel, Level, Octet, Simd, Vector};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

/// More lanes than any twin has.
const MOST: usize = 32;

type Lanes = [f32; MOST];

/// The bits of all lanes; any NaN is the same.
fn bits(lanes: &[f32]) -> Vec<u32> {
    let bits = |x: &f32| if x.is_nan() { !0 } else { x.to_bits() };
    lanes.iter().map(bits).collect()
}

fn check_twin<S: Simd>(simd: S, [x, y]: [Lanes; 2]) {
    let lanes = S::Twin::LANES;
    let (a, b) = (simd.load_twin(&x), simd.load_twin(&y));
    let check = |name: &str, found: S::Twin, expected: &dyn Fn(f32, f32) -> f32| {
        let mut to = [0.5; MOST];
        found.store(&mut to);
        let mut all = [0.5; MOST];
        for (all, (&x, &y)) in all.iter_mut().zip(x.iter().zip(&y)).take(lanes) {
            *all = expected(x, y);
        }
        assert_eq!(bits(&to), bits(&all), "{name} of {x:?} and {y:?}");
    };
    let patterns = |function: fn(u32, u32) -> u32| {
        move |x: f32, y: f32| f32::from_bits(function(x.to_bits(), y.to_bits()))
    };
    check("sum", a.add(b), &|x, y| x + y);
    check("difference", a.sub(b), &|x, y| x - y);
    check("product", a.mul(b), &|x, y| x * y);
    check("quotient", a.div(b), &|x, y| x / y);
    check("root", a.sqrt(), &|x, _| x.sqrt());
    check("smaller", a.select(a.less(b), b), &|x, y| {
        if x < y { x } else { y }
    });
    check("splat", a.splat(2.5), &|_, _| 2.5);
    check("each", a.each(|x| x + 1.0), &|x, _| x + 1.0);
    check("and", a.and(b), &patterns(|x, y| x & y));
    check("or", a.or(b), &patterns(|x, y| x | y));
    check("xor", a.xor(b), &patterns(|x, y| x ^ y));
    check("sum of bits", a.add_bits(b), &patterns(u32::wrapping_add));
    check(
        "difference of bits",
        a.sub_bits(b),
        &patterns(u32::wrapping_sub),
    );
    check("left", a.shift_left::<5>(), &patterns(|x, _| x << 5));
    check("right", a.shift_right::<9>(), &patterns(|x, _| x >> 9));
}

/// Loads and stores of fewer lanes than there are.
fn check_parts<S: Simd>(simd: S, x: &Lanes) {
    for len in 0..S::Twin::LANES {
        let mut to = [0.5; MOST];
        simd.load_twin(&x[..len]).store(&mut to);
        assert_eq!(bits(&to[..len]), bits(&x[..len]));
        assert!(to[len..S::Twin::LANES].iter().all(|&lane| lane == 0.0));
        let mut to = [0.5; MOST];
        simd.load_twin(x).store(&mut to[..len]);
        assert_eq!(bits(&to[..len]), bits(&x[..len]));
        assert!(to[len..].iter().all(|&lane| lane == 0.5));
    }
}

fn check_turn<S: Simd>(simd: S) {
    let square: [[f32; 8]; 8] = from_fn(|i| from_fn(|j| (8 * i + j) as f32));
    let turned = simd.turn(square.map(|row| simd.load_octet(&row)));
    for (i, octet) in turned.into_iter().enumerate() {
        assert_eq!(octet.to_array(), from_fn(|j| square[j][i]), "octet {i}");
    }
}

struct Check;

impl Kernel for Check {
    type Output = ();

    fn call<S: Simd>(self, simd: S) {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(3);
        let numbers: Lanes = from_fn(|i| (i as f32 - 11.5) * 0.75);
        for _ in 0..500 {
            // Of all exponents, NaN and infinities among them.
            let mut patterns = || from_fn(|_| f32::from_bits(rng.next_u32()));
            check_twin(simd, [patterns(), patterns()]);
            check_twin(simd, [patterns(), numbers]);
        }
        check_twin(simd, [numbers, numbers.map(|x| -x)]);
        check_parts(simd, &numbers);
        check_turn(simd);
    }
}

#[test]
fn primitives_agree_with_plain_rust() {
    for level in Level::available() {
        println!("{}", level.name());
        level.run_batch(Check);
    }
}
