//! The standard normal probability between two points, and its logarithm.

use super::{exp, ln, normal_cdf};
use crate::simd::Vector;

/// φ(0) and ½ ln 2π.
const PEAK: f32 = 0.398_942_3;
const HALF_LN_2PI: f32 = 0.918_938_5;
/// So far out in a tail, Mills' ratio has its asymptotic series.
const FAR: f32 = 12.0;

/// Φ(b) − Φ(a) for a ≤ b, which lie `width` apart.
///
/// From the tail that both lie in, so that nothing near 1 is subtracted from its like. Narrow
/// intervals have the first two terms of the Taylor series about the middle m,
/// φ(m) w (1 + (m² − 1) w²/24); where (1 + |m|) w < 1/8 the next is below 2⁻²¹ of it.
#[inline(always)]
pub fn normal_between<V: Vector>(a: V, b: V, width: V) -> V {
    if V::LANES == 1 {
        return normal_between_apart(a, b, width);
    }
    between(a, b, width)
}

/// A function of its own where that needs no instruction set: small processors keep it once.
#[inline(never)]
fn normal_between_apart<V: Vector>(a: V, b: V, width: V) -> V {
    between(a, b, width)
}

#[inline(always)]
fn between<V: Vector>(a: V, b: V, width: V) -> V {
    let (zero, half) = (a.splat(0.0), a.splat(0.5));
    let (low, high) = toward_lower_tail(a, b);
    let difference = normal_cdf(high).sub(normal_cdf(low));

    let middle = half.mul(a.add(b));
    let square = middle.mul(middle);
    let density = a.splat(PEAK).mul(exp(half.mul(square).negate()));
    let taylor = density.mul(width).mul(series(square, width));
    let mass = taylor.select(is_narrow(middle, width), difference);
    mass.select(zero.less(mass), zero)
}

/// ln (Φ(b) − Φ(a)) for a ≤ b, which lie `width` apart: −∞ only where the interval is empty, or so
/// far out that the logarithm leaves binary32.
///
/// Where the probability is far from 0 it is the logarithm of [`normal_between`]. With u the nearer
/// end of an interval 12 or more out, it is −u²/2 − ½ ln 2π + ln (M(u) − e^(−uw − w²/2) M(u + w)), M
/// Mills' ratio by four terms of its asymptotic series (Laplace 1812), whose error is below 2⁻²¹
/// there. Narrow intervals have the same series as the probability.
#[inline(always)]
pub fn ln_normal_between<V: Vector>(a: V, b: V, width: V) -> V {
    if V::LANES == 1 {
        return ln_normal_between_apart(a, b, width);
    }
    ln_between(a, b, width)
}

/// As [`normal_between_apart`].
#[inline(never)]
fn ln_normal_between_apart<V: Vector>(a: V, b: V, width: V) -> V {
    ln_between(a, b, width)
}

#[inline(always)]
fn ln_between<V: Vector>(a: V, b: V, width: V) -> V {
    let (half, constant) = (a.splat(0.5), a.splat(HALF_LN_2PI));
    let (low, high) = toward_lower_tail(a, b);
    let near = ln(normal_cdf(high).sub(normal_cdf(low)));

    let middle = half.mul(a.add(b));
    let square = middle.mul(middle);
    let narrow = ln(width.mul(series(square, width)))
        .sub(half.mul(square))
        .sub(constant);

    let (nearer, further) = (high.negate(), low.negate());
    let decay = width.mul(nearer).add(half.mul(width).mul(width));
    let rest = exp(decay.negate()).mul(mills(further));
    let far = ln(mills(nearer).sub(rest))
        .sub(half.mul(nearer).mul(nearer))
        .sub(constant);

    let wide = far.select(a.splat(FAR).less(nearer), near);
    narrow.select(is_narrow(middle, width), wide)
}

/// The ends, mirrored where both lie above 0.
#[inline(always)]
fn toward_lower_tail<V: Vector>(a: V, b: V) -> (V, V) {
    let upper = a.splat(0.0).less(a);
    (b.negate().select(upper, a), a.negate().select(upper, b))
}

/// 1 + (m² − 1) w²/24
#[inline(always)]
fn series<V: Vector>(square: V, width: V) -> V {
    let one = square.splat(1.0);
    let bend = square.sub(one).mul(width.mul(width));
    one.add(bend.mul(square.splat(1.0 / 24.0)))
}

/// (1 + |m|) w < 1/8
#[inline(always)]
fn is_narrow<V: Vector>(middle: V, width: V) -> V::Mask {
    let narrow = width.mul(middle.splat(1.0).add(middle.magnitude()));
    narrow.less(middle.splat(0.125))
}

/// (1 − 1/u² + 3/u⁴ − 15/u⁶)/u, for u of at least 12; 0 at ∞.
#[inline(always)]
fn mills<V: Vector>(u: V) -> V {
    let one = u.splat(1.0);
    let inverse = one.div(u);
    let r = inverse.mul(inverse);
    let sum = u.splat(3.0).sub(u.splat(15.0).mul(r));
    let sum = one.sub(r.mul(one.sub(r.mul(sum))));
    inverse.mul(sum)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    /// ln of the probability between `a` and `b`, from φ by Simpson's rule relative to its largest
    /// value there.
    fn reference(a: f64, b: f64) -> f64 {
        const PARTS: usize = 20_000;
        let nearest = 0.0_f64.clamp(a, b);
        // Beyond, the integrand is below 10⁻²⁰ of its peak.
        let reach = 10.0_f64.min(46.0 / nearest.abs().max(1e-9));
        let (a, b) = (a.max(nearest - reach), b.min(nearest + reach));
        let h = (b - a) / PARTS as f64;
        let value = |i: usize| {
            let z = a + h * i as f64;
            (-0.5 * (z - nearest) * (z + nearest)).exp()
        };
        let ends = value(0) + value(PARTS);
        let inner: f64 = (1..PARTS)
            .map(|i| value(i) * if i % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        (h / 3.0 * (ends + inner)).ln() - 0.5 * nearest * nearest - 0.5 * std::f64::consts::TAU.ln()
    }

    #[test]
    fn logarithms_are_those_of_the_integral() {
        let places = [
            -300.0, -40.0, -13.0, -12.1, -11.9, -5.0, -1.0, -0.3, 0.0, 0.7, 3.0,
        ];
        let widths = [1e-6, 1e-3, 0.01, 0.1, 0.5, 2.0, 30.0, f32::INFINITY];
        for (a, width) in places.iter().flat_map(|a| widths.map(|width| (*a, width))) {
            let found = [
                ln_normal_between(a, a + width, width),
                ln_normal_between(-(a + width), -a, width),
            ];
            let (from, to) = (f64::from(a), f64::from(a) + f64::from(width));
            let exact = reference(from, to);
            // The sum of a and the width was rounded: what it weighs, and what it makes of the width.
            let rounding = from.abs() / f64::from(width) + from.abs().min(to.abs()).powi(2);
            let rounding = 1e-7 * rounding;
            for found in found {
                let difference = (f64::from(found) - exact).abs();
                assert!(
                    difference < 3e-6 + rounding,
                    "{a} {width}: {found} for {exact}"
                );
            }
        }
    }

    #[test]
    fn the_whole_line_and_nothing() {
        let (least, greatest) = (f32::NEG_INFINITY, f32::INFINITY);
        assert_eq!(ln_normal_between(least, greatest, greatest), 0.0);
        assert_eq!(ln_normal_between(1.0, 1.0, 0.0), least);
        assert_eq!(ln_normal_between(1e30, 2e30, 1e30), least);
        assert!(ln_normal_between(1e3, 2e3, 1e3) > -600_000.0);
    }
}
