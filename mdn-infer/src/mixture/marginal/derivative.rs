//! Bounds of the density's derivatives over whole intervals.
//!
//! With x = (z − μ)/σ the density and its derivatives are sums of c q(x) exp(−x²/2), where
//! q = 1, −x and x² − 1 and c = π/σ, π/σ² and π/σ³. Over an interval of z each component's q and
//! exp are bounded by themselves, and rounding errors are added to the exponent, so that the sign
//! of a bound is certain.

use super::Marginal;
use super::mass::whiten;
use crate::math;
use crate::mixture::Mixture;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

/// The density or one of its derivatives.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    Value,
    Slope,
    Bend,
}

/// Which bound of the range over an interval.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bound {
    /// None: the computed value, where the interval is a single point.
    Point,
    Lower,
    Upper,
}

/// `value` · exp(`log`): densities reach far beyond the exponents of binary32.
#[derive(Clone, Copy)]
pub(super) struct Scaled {
    pub value: f32,
    pub log: f32,
}

impl Scaled {
    /// The factor of exp(`log`) that this is.
    pub fn relative_to(self, log: f32) -> f32 {
        self.value * math::exp(self.log - log)
    }
}

impl Marginal<'_> {
    /// The bound of this order over the standardised `interval`.
    pub(super) fn bound(&self, order: Order, bound: Bound, interval: (f32, f32)) -> Scaled {
        let Marginal { mixture, d } = self;
        mixture.level.run(Sum {
            mixture,
            d: *d,
            order,
            bound,
            interval,
        })
    }

    /// The slope of the density at the standardised `z`, times a positive factor.
    pub(super) fn slope(&self, z: f32) -> f32 {
        self.bound(Order::Slope, Bound::Point, (z, z)).value
    }
}

struct Sum<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    order: Order,
    bound: Bound,
    interval: (f32, f32),
}

impl Kernel for Sum<'_> {
    type Output = Scaled;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Scaled {
        let len = self.mixture.components;
        let log = reduce::largest(simd, len, &Exponents(&self));
        let value = reduce::sum(simd, len, &Relative { sum: &self, log });
        Scaled { value, log }
    }
}

/// The logarithms of the terms of a sum, without their factors.
struct Exponents<'a>(&'a Sum<'a>);

impl Terms for Exponents<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        self.0.term(simd, at).1
    }
}

/// The terms of a sum over exp(`log`).
struct Relative<'a> {
    sum: &'a Sum<'a>,
    log: f32,
}

impl Terms for Relative<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let (factor, exponent) = self.sum.term(simd, at);
        factor.mul(math::exp(exponent.sub(simd.splat(self.log))))
    }
}

/// `x`, where its square would not leave binary32.
#[inline(always)]
fn clamp<V: Vector>(x: V) -> V {
    const FURTHEST: f32 = 1e18;
    let x = x.smaller(x.splat(FURTHEST));
    x.larger(x.splat(-FURTHEST))
}

impl Sum<'_> {
    /// q and ln(c exp(−x²/2)) of the components at `at`; −∞ for the second without weight.
    #[inline(always)]
    fn term<S: Simd>(&self, simd: S, at: At) -> (S::Vector, S::Vector) {
        let (mixture, d) = (self.mixture, self.d);
        let (zero, one, half) = (simd.splat(0.0), simd.splat(1.0), simd.splat(0.5));
        let a = clamp(whiten(simd, mixture, d, at, self.interval.0));
        let b = clamp(whiten(simd, mixture, d, at, self.interval.1));
        let near = zero.larger(a.larger(b.negate()));
        let far = b.larger(a.negate());
        let (near, far) = (near.mul(near), far.mul(far));
        let (low, high, power) = match self.order {
            Order::Value => (one, one, 1.0),
            Order::Slope => (b.negate(), a.negate(), 2.0),
            Order::Bend => (near.sub(one), far.sub(one), 3.0),
        };
        let log_weight = at.load(simd, mixture.log_weights, f32::NEG_INFINITY);
        let log_scale = math::ln(mixture.inverse_scale(simd, at, d));
        let log_factor = log_weight.add(simd.splat(power).mul(log_scale));
        let (factor, near_end) = match self.bound {
            Bound::Point => return (low, log_factor.sub(half.mul(near))),
            Bound::Lower => (low, low.less(zero)),
            Bound::Upper => (high, zero.less(high)),
        };
        let magnitude = half.mul(near.select(near_end, far));
        let slack = self.slack(simd, log_factor, magnitude);
        let exponent = log_factor.sub(magnitude);
        let exponent = exponent.add(slack).select(near_end, exponent.sub(slack));
        let nothing = simd.splat(f32::NEG_INFINITY);
        (factor, exponent.select(nothing.less(log_factor), nothing))
    }

    /// What rounding can do to a term, in its exponent: six roundings of x² and of the exponent,
    /// those of the factor and the exponential, and K/8 + 3 in the sum.
    #[inline(always)]
    fn slack<S: Simd>(&self, simd: S, log_factor: S::Vector, magnitude: S::Vector) -> S::Vector {
        const ULP: f32 = 1.0 / 8_388_608.0;
        let fixed = ULP * (16.0 + 0.125 * self.mixture.components as f32);
        let relative = log_factor.magnitude().add(magnitude);
        simd.splat(fixed).add(simd.splat(8.0 * ULP).mul(relative))
    }
}
