//! Operations whose results tell a float unit's mode: eight at a time at the level that is asked
//! about, and a few that vectors do not have.
//!
//! No probe divides by zero, overflows or is invalid, so none stops a program that traps those.

use core::hint::black_box;

use super::fault::Faults;
use super::fault::FloatFault::{
    self, Arithmetic, DefaultNan, InputsFlushed, ResultsFlushed, RoundsDown, RoundsTiesAway,
    RoundsTowardZero, RoundsUp, SignOfZero,
};
use crate::simd::{Kernel, Level, Octet, Simd, Vector};

/// Eight operations of a kind, as patterns.
struct Probes {
    a: [u32; 8],
    b: [u32; 8],
    /// The results of IEEE 754, rounded once to nearest, ties to even.
    right: [u32; 8],
    /// What a wrong result shows.
    shows: [Shows; 8],
}

/// Those of each kind of operation.
static ALL: [Probes; 5] = [SUMS, DIFFERENCES, PRODUCTS, QUOTIENTS, ROOTS];

/// What a wrong result of a probe shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// Another direction of rounding.
    Rounding,
    /// This fault, whatever the direction of rounding.
    Fault(FloatFault),
    /// That something is wrong; it is named only where nothing else is.
    Something,
}

const ROUNDING: Shows = Shows::Rounding;
const RESULTS: Shows = Shows::Fault(ResultsFlushed);
const INPUTS: Shows = Shows::Fault(InputsFlushed);
const SIGN: Shows = Shows::Fault(SignOfZero);
const SOMETHING: Shows = Shows::Something;

const MINUS: u32 = 0x8000_0000;
const HALF: u32 = 0x3f00_0000;
const ONE: u32 = 0x3f80_0000;
const TWO: u32 = 0x4000_0000;
const THREE: u32 = 0x4040_0000;
/// 1 + 2⁻²³ and 1 + 2⁻²².
const ONE_NEXT: u32 = 0x3f80_0001;
const ONE_AFTER: u32 = 0x3f80_0002;
/// 2⁻²⁴: half the distance from 1 to the next number.
const HALF_ULP: u32 = 0x3380_0000;
/// 2⁻¹²⁶, the smallest normal number; half of it, which is subnormal; and one and a half.
const MIN: u32 = 0x0080_0000;
const HALF_MIN: u32 = 0x0040_0000;
const MORE_MIN: u32 = 0x00c0_0000;

/// a + b. The first three tell the directions of rounding apart.
const SUMS: Probes = Probes {
    a: [
        ONE,
        ONE_NEXT,
        MINUS | ONE,
        MORE_MIN,
        HALF_MIN,
        MINUS,
        ONE,
        0x4b80_0000,
    ],
    b: [
        HALF_ULP,
        HALF_ULP,
        MINUS | HALF_ULP,
        MINUS | MIN,
        HALF_MIN,
        MINUS,
        MINUS | ONE,
        THREE,
    ],
    right: [
        ONE,
        ONE_AFTER,
        MINUS | ONE,
        HALF_MIN,
        MIN,
        MINUS,
        0,
        0x4b80_0002,
    ],
    shows: [
        ROUNDING, ROUNDING, ROUNDING, RESULTS, INPUTS, SIGN, ROUNDING, ROUNDING,
    ],
};

/// a − b.
const DIFFERENCES: Probes = Probes {
    a: [
        ONE,
        ONE_NEXT,
        MINUS | ONE,
        MORE_MIN,
        HALF_MIN,
        MINUS,
        ONE,
        MIN,
    ],
    b: [
        MINUS | HALF_ULP,
        MINUS | HALF_ULP,
        HALF_ULP,
        MIN,
        MINUS | HALF_MIN,
        0,
        ONE,
        MINUS | MIN,
    ],
    right: [
        ONE,
        ONE_AFTER,
        MINUS | ONE,
        HALF_MIN,
        MIN,
        MINUS,
        0,
        0x0100_0000,
    ],
    shows: [
        ROUNDING, ROUNDING, ROUNDING, RESULTS, INPUTS, SIGN, ROUNDING, SOMETHING,
    ],
};

/// a · b. The last but one is 2²⁰ + ½ + 0.03 times the smallest subnormal number: rounded once it
/// goes up, rounded to 24 bits first it is a tie and goes down. The last is a tie as well, between
/// the smallest normal number and the one below.
const PRODUCTS: Probes = Probes {
    a: [
        ONE_NEXT,
        0x3fc0_0000,
        MINUS | ONE_NEXT,
        MIN,
        HALF_MIN,
        MINUS | ONE,
        0x3d80_05af,
        0x3f7f_ffff,
    ],
    b: [ONE_NEXT, ONE_NEXT, ONE_NEXT, HALF, TWO, 0, 0x00ff_f4ab, MIN],
    right: [
        ONE_AFTER,
        0x3fc0_0002,
        MINUS | ONE_AFTER,
        HALF_MIN,
        MIN,
        MINUS,
        0x0010_0001,
        MIN,
    ],
    shows: [
        ROUNDING, ROUNDING, ROUNDING, RESULTS, INPUTS, SIGN, SOMETHING, SOMETHING,
    ],
};

/// a / b.
const QUOTIENTS: Probes = Probes {
    a: [ONE, THREE, MINUS | ONE, MIN, HALF_MIN, 0, MIN, ONE],
    b: [
        THREE,
        0x40e0_0000,
        THREE,
        TWO,
        HALF,
        MINUS | ONE,
        HALF_MIN,
        ONE_NEXT,
    ],
    right: [
        0x3eaa_aaab,
        0x3edb_6db7,
        MINUS | 0x3eaa_aaab,
        HALF_MIN,
        MIN,
        MINUS,
        TWO,
        0x3f7f_fffe,
    ],
    shows: [
        ROUNDING, ROUNDING, ROUNDING, RESULTS, INPUTS, SIGN, INPUTS, ROUNDING,
    ],
};

/// √a. Where it is computed in software, another direction of rounding makes exact roots inexact: they
/// show nothing by themselves.
const ROOTS: Probes = Probes {
    a: [
        TWO,
        0x40a0_0000,
        THREE,
        0x0020_0000,
        2,
        MINUS,
        0x7f7f_ffff,
        MIN,
    ],
    b: [0; 8],
    right: [
        0x3fb5_04f3,
        0x400f_1bbd,
        0x3fdd_b3d7,
        0x1f80_0000,
        0x1a80_0000,
        MINUS,
        0x5f7f_ffff,
        0x2000_0000,
    ],
    shows: [
        ROUNDING, ROUNDING, ROUNDING, SOMETHING, SOMETHING, SIGN, ROUNDING, SOMETHING,
    ],
};

/// The probes of every kind at one level; `visit` is handed each kind's results.
struct Run<F> {
    visit: F,
}

impl<F: FnMut(&Probes, [f32; 8])> Kernel for Run<F> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd>(mut self, simd: S) {
        let [sums, differences, products, quotients, roots] = &ALL;
        (self.visit)(sums, eight(simd, sums, |a, b| a.add(b)));
        (self.visit)(differences, eight(simd, differences, |a, b| a.sub(b)));
        (self.visit)(products, eight(simd, products, |a, b| a.mul(b)));
        (self.visit)(quotients, eight(simd, quotients, |a, b| a.div(b)));
        (self.visit)(roots, eight(simd, roots, |a, _| a.sqrt()));
    }
}

/// One operation on the eight operands of a kind.
///
/// The compiler must not know the operands, or it would compute the results itself; nor should it
/// begin with all kinds at once, which few processors have the registers for.
#[inline(always)]
fn eight<S: Simd>(
    simd: S,
    probes: &Probes,
    operation: impl Fn(S::Vector, S::Vector) -> S::Vector,
) -> [f32; 8] {
    let probes = black_box(probes);
    let operands = |patterns: &[u32; 8]| simd.load_octet(bytemuck::must_cast_ref(patterns));
    let (mut a, mut b) = (operands(&probes.a), operands(&probes.b));
    for (a, b) in a.vectors_mut().iter_mut().zip(b.vectors_mut()) {
        *a = operation(*a, *b);
    }
    a.to_array()
}

/// What the probes found: the faults, and a hash over the results that every target has.
#[inline(never)]
pub(super) fn run(level: Level) -> (Faults, u32) {
    let mut tally = Tally { hash: 0, wrong: 0 };
    let visit = |probes: &Probes, results: [f32; 8]| {
        for (result, right) in results.into_iter().zip(probes.right) {
            tally.add(result.to_bits(), right);
        }
    };
    level.run(Run { visit });
    for (result, right) in scalars().into_iter().zip(SCALARS) {
        tally.add(result, right);
    }
    let faults = match tally.wrong | payload() ^ PAYLOAD {
        0 => Faults::NONE,
        _ => name(level),
    };
    (faults, tally.hash)
}

/// Results compared and hashed, at six instructions of a Cortex-M4 each.
struct Tally {
    hash: u32,
    /// The bits that differed anywhere.
    wrong: u32,
}

impl Tally {
    #[inline(always)]
    fn add(&mut self, result: u32, right: u32) {
        self.wrong |= result ^ right;
        self.hash = (self.hash.rotate_left(15) ^ result).wrapping_mul(0x9e37_79b1);
    }
}

/// The right results of [`scalars`].
const SCALARS: [u32; 4] = [1, 1, 0x4b80_0000, 0xcb80_0002];

/// What vectors do not do: comparisons, whose operands may be subnormal, and conversions of
/// integers, which are ties.
#[inline(always)]
fn scalars() -> [u32; 4] {
    let smallest = black_box(f32::from_bits(1));
    [
        u32::from(0.0 < smallest),
        u32::from(-smallest < 0.0),
        (black_box(16_777_217_i32) as f32).to_bits(),
        (black_box(-16_777_219_i32) as f32).to_bits(),
    ]
}

/// A quiet NaN whose payload is not the default one.
const PAYLOAD: u32 = 0x7fc1_2345;

/// What an addition makes of it, where the hardware keeps payloads. Elsewhere they are nobody's
/// promise: on WebAssembly, on RISC-V, in software.
#[inline(always)]
fn payload() -> u32 {
    let keeps = cfg!(any(
        all(target_arch = "arm", target_abi = "eabihf"),
        all(target_arch = "aarch64", target_feature = "neon")
    ));
    if keeps && !cfg!(miri) {
        (black_box(f32::from_bits(PAYLOAD)) + 1.0).to_bits()
    } else {
        PAYLOAD
    }
}

/// The faults that wrong results show.
#[cold]
#[inline(never)]
fn name(level: Level) -> Faults {
    let mut faults = Faults::NONE;
    let (mut sums, mut rounding) = (None, false);
    let visit = |probes: &Probes, results: [f32; 8]| {
        let results = results.map(f32::to_bits);
        sums.get_or_insert(results);
        for ((result, right), shows) in results.into_iter().zip(probes.right).zip(probes.shows) {
            match shows {
                _ if result == right => {}
                Shows::Fault(fault) => faults.insert(fault),
                Shows::Rounding => rounding = true,
                Shows::Something => {}
            }
        }
    };
    level.run(Run { visit });
    let [above, below, ties @ ..] = scalars();
    if above & below == 0 {
        faults.insert(InputsFlushed);
    }
    if rounding || ties != [SCALARS[2], SCALARS[3]] {
        faults.insert(direction(sums.unwrap_or_default()));
    }
    if payload() != PAYLOAD {
        faults.insert(DefaultNan);
    }
    if faults.is_empty() {
        faults.insert(Arithmetic);
    }
    faults
}

/// The direction of rounding, from the first three of [`SUMS`].
fn direction([up, odd, down, ..]: [u32; 8]) -> FloatFault {
    match (up != ONE, odd == ONE_AFTER, down != MINUS | ONE) {
        (true, true, false) => RoundsUp,
        (false, false, true) => RoundsDown,
        (false, false, false) => RoundsTowardZero,
        (true, true, true) => RoundsTiesAway,
        _ => Arithmetic,
    }
}
