//! The numbers of binary32 in ascending order, as a range of integers.

/// The position of `x` in the order; both zeros have position 0.
fn position(x: f32) -> i32 {
    let bits = x.to_bits() as i32;
    if bits < 0 {
        i32::MIN.wrapping_sub(bits)
    } else {
        bits
    }
}

fn at(position: i32) -> f32 {
    f32::from_bits(if position < 0 {
        i32::MIN.wrapping_sub(position)
    } else {
        position
    } as u32)
}

/// The number halfway between `a` ≤ `b` in the order, rounded down: `a` where nothing lies
/// between them.
pub(super) fn middle(a: f32, b: f32) -> f32 {
    at(((i64::from(position(a)) + i64::from(position(b))) >> 1) as i32)
}

/// The least number above `x`, which is less than +∞.
pub(in crate::mixture) fn next(x: f32) -> f32 {
    at(position(x) + 1)
}

/// The greatest number below `x`, which is greater than −∞.
pub(in crate::mixture) fn previous(x: f32) -> f32 {
    at(position(x) - 1)
}

/// The first number above `below` at which `reached` holds, or a later one: bisection over the
/// numbers between `below` and `above`, which itself counts as reached.
///
/// Where `reached` holds from some number on, that is the number. At most 32 questions.
pub(in crate::mixture) fn bisect(below: f32, above: f32, reached: impl Fn(f32) -> bool) -> f32 {
    let (mut below, mut above) = (below, above);
    loop {
        let between = middle(below, above);
        if between == below || between == above {
            return above;
        }
        *(if reached(between) {
            &mut above
        } else {
            &mut below
        }) = between;
    }
}
