//! Sine, cosine and the angle of a point, with angles in turns: 1 is the whole circle.
//!
//! Taylor's series within an eighth of a turn of a multiple of a quarter, and of arc tangent within
//! tan π/8; the errors of what is left out are below 10⁻⁸. Scalar code, of additions, multiplications
//! and one division, so that all targets agree.

const TAU: f32 = core::f32::consts::TAU;
/// tan(π/8)
const EIGHTH: f32 = 0.414_213_57;

/// sin 2πx.
pub(crate) fn sin_turns(x: f32) -> f32 {
    let (quarter, rest) = quarters(x);
    quadrant(quarter, rest)
}

/// cos 2πx.
pub(crate) fn cos_turns(x: f32) -> f32 {
    let (quarter, rest) = quarters(x);
    quadrant(quarter + 1, rest)
}

/// The angle of the point (`x`, `y`) in turns, from −½ to ½; 0 for (0, 0).
pub(crate) fn turns_of(y: f32, x: f32) -> f32 {
    let (a, b) = (x.abs(), y.abs());
    let (short, long) = if a < b { (a, b) } else { (b, a) };
    if long == 0.0 {
        return 0.0;
    }
    let tangent = short / long;
    // tan(α − π/4) = (t − 1)/(t + 1)
    let acute = if tangent > EIGHTH {
        0.125 + arc_tangent((tangent - 1.0) / (tangent + 1.0))
    } else {
        arc_tangent(tangent)
    };
    let first = if a < b { 0.25 - acute } else { acute };
    let upper = if x < 0.0 { 0.5 - first } else { first };
    if y < 0.0 { -upper } else { upper }
}

/// The nearest multiple of a quarter turn, as one of four, and what is left.
fn quarters(x: f32) -> (i32, f32) {
    const ROUND: f32 = 12_582_912.0;
    let count = (4.0 * x + ROUND) - ROUND;
    (count as i32, x - 0.25 * count)
}

fn quadrant(quarter: i32, rest: f32) -> f32 {
    let angle = TAU * rest;
    let square = angle * angle;
    let even = |c: [f32; 5]| c.iter().rev().fold(0.0, |sum, c| c + square * sum);
    match quarter & 3 {
        0 => angle * even(SINE),
        1 => even(COSINE),
        2 => -(angle * even(SINE)),
        _ => -even(COSINE),
    }
}

const SINE: [f32; 5] = [
    1.0,
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5_040.0,
    1.0 / 362_880.0,
];
const COSINE: [f32; 5] = [1.0, -0.5, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0];

/// In turns, for |t| up to tan π/8.
fn arc_tangent(t: f32) -> f32 {
    let square = t * t;
    let series = (0..9)
        .rev()
        .fold(0.0, |sum, n| 1.0 / (2 * n + 1) as f32 - square * sum);
    t * series / TAU
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_standard_library_agrees() {
        for i in -4000..4000 {
            let x = i as f32 / 1777.0;
            let exact = f64::from(x) * std::f64::consts::TAU;
            assert!((f64::from(sin_turns(x)) - exact.sin()).abs() < 3e-7, "{x}");
            assert!((f64::from(cos_turns(x)) - exact.cos()).abs() < 3e-7, "{x}");
            let (sine, cosine) = (exact.sin() as f32, exact.cos() as f32);
            let turns = f64::from(sine).atan2(cosine.into()) / std::f64::consts::TAU;
            let found = f64::from(turns_of(sine * 3.0, cosine * 3.0));
            assert!((found - turns).abs() < 1e-7, "{x}: {found} for {turns}");
        }
        assert_eq!(turns_of(0.0, 0.0), 0.0);
        assert_eq!(turns_of(0.0, -2.0), 0.5);
        assert_eq!(turns_of(1.0, 0.0), 0.25);
    }
}
