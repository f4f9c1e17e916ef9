//! Means of tails, and expected shortfalls.
//!
//! The mean of a normal distribution beyond a threshold a standard deviations from its mean is
//! μ + σ r(a) with the hazard rate r(a) = φ(a)/Φ(−a), the reciprocal of Mills' ratio; beyond a
//! mixture's threshold it is the mean of those, each with the weight πₖ Φ(−aₖ). From a = 2 on r(a) is
//! a + 1/(a + 2/(a + 3/(a + …))) (Laplace 1805), whose terms are all positive, so that nothing cancels
//! however far out the threshold lies; and the weights are logarithms, so that none underflows.

use super::mass::Tail;
use super::{Marginal, order};
use crate::error::PredictError;
use crate::math;
use crate::mixture::Mixture;
use crate::mixture::support::Law;
use crate::simd::reduce::{self, At, Terms};
use crate::simd::{Kernel, Simd, Vector};

impl Marginal<'_> {
    /// E\[t | t > y\], in raw units: never below `y`, and the mean at −∞.
    ///
    /// For any finite y, however small P(t > y): the error is that of y and of the means, and of the
    /// distance from y some 10⁻⁶ where y lies within 4 standard deviations of the components that matter,
    /// further out 2⁻²² of the squared number of standard deviations. Where that square leaves binary32,
    /// and at +∞, it is `y` itself. A component whose weight is 0 in binary32 counts as absent. Cost: O(K).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotANumber`]; [`PredictError::NotContinuous`] on a circle, which has no tails.
    pub fn upper_tail_mean(&self, y: f32) -> Result<f32, PredictError> {
        self.tail_mean(Tail::Upper, y)
    }

    /// E\[t | t ≤ y\], in raw units: never above `y`, and the mean at +∞. Otherwise as
    /// [`upper_tail_mean`](Self::upper_tail_mean).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotANumber`]; [`PredictError::NotContinuous`] on a circle, which has no tails.
    pub fn lower_tail_mean(&self, y: f32) -> Result<f32, PredictError> {
        self.tail_mean(Tail::Lower, y)
    }

    /// The expected shortfall at level `p`: the mean of the lowest share `p` of the distribution,
    /// p⁻¹ ∫₀ᵖ [`quantile`](Self::quantile)(u) du, in raw units (Acerbi and Tasche 2002). It is
    /// never above that quantile, and ±∞ where that is.
    ///
    /// Computed as the mean of the tail up to the quantile; what the tail holds less than `p` counts at
    /// the quantile, so that components narrower than the distance of two numbers have their share.
    /// Errors are as those of [`lower_tail_mean`](Self::lower_tail_mean). Cost: O(K), of one
    /// quantile and one tail mean.
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < p < 1; [`PredictError::NotContinuous`] on a circle,
    /// which has no tails.
    pub fn expected_shortfall(&self, p: f32) -> Result<f32, PredictError> {
        self.shortfall(Tail::Lower, p)
    }

    /// The mean of the highest share `q` of the distribution, in raw units: the expected shortfall
    /// where large values are the losses, at the level that is often written 1 − q. It is never below
    /// [`upper_quantile`](Self::upper_quantile)(q). Otherwise as
    /// [`expected_shortfall`](Self::expected_shortfall).
    ///
    /// # Errors
    ///
    /// [`PredictError::NotAProbability`] unless 0 < q < 1; [`PredictError::NotContinuous`] on a circle,
    /// which has no tails.
    pub fn upper_expected_shortfall(&self, q: f32) -> Result<f32, PredictError> {
        self.shortfall(Tail::Upper, q)
    }

    fn tail_mean(&self, tail: Tail, y: f32) -> Result<f32, PredictError> {
        let z = self.standardised_end(y, 0)?;
        if let Some(law) = self.mixture.law(self.d) {
            return self.supported_tail_mean(&law, tail, y);
        }
        let mean = self
            .mixture
            .raw(self.d, self.standardised_tail_mean(tail, z));
        Ok(tail.further(mean, y))
    }

    fn shortfall(&self, tail: Tail, mass: f32) -> Result<f32, PredictError> {
        if !(0.0 < mass && mass < 1.0) {
            return Err(PredictError::NotAProbability);
        }
        if let Some(law) = self.mixture.law(self.d) {
            return self.supported_shortfall(&law, tail, mass);
        }
        let quantile = match (tail, mass <= 0.5) {
            (_, true) => self.standardised_quantile(tail, mass),
            (Tail::Lower, _) => self.standardised_quantile(Tail::Upper, 1.0 - mass),
            (Tail::Upper, _) => self.standardised_quantile(Tail::Lower, 1.0 - mass),
        };
        if quantile.is_infinite() {
            return Ok(quantile);
        }
        // The last number at which the tail has no more than `mass`.
        let end = match tail {
            Tail::Lower => order::previous(quantile),
            Tail::Upper => quantile,
        };
        let share = self.mass(tail, end) / mass;
        let beyond = tail.further(self.standardised_tail_mean(tail, end), quantile);
        // From the quantile, which what is far beyond it but has no share must not round.
        let share = if share < 1.0 { share } else { 1.0 };
        let mean = quantile + share * (beyond - quantile);
        Ok(self.mixture.raw(self.d, mean))
    }

    /// The mean of a tail on a support: y ± the integral of the tail's probability from y on, divided by
    /// the tail's probability; `y` where that is 0.
    #[cold]
    fn supported_tail_mean(&self, law: &Law<'_>, tail: Tail, y: f32) -> Result<f32, PredictError> {
        if y.is_infinite() {
            let whole = (y > 0.0) == (tail == Tail::Lower);
            return Ok(if whole { self.mean() } else { y });
        }
        let mass = match tail {
            Tail::Lower => law.cdf(y),
            Tail::Upper => law.survival(y),
        };
        let excess = self.excess(law, tail, y)?;
        Ok(if mass > 0.0 {
            y + tail.sign() * (excess / mass)
        } else {
            y
        })
    }

    /// The shortfall on a support: the quantile ± the integral of the tail's probability from it on,
    /// divided by the share, which holds however much of the share lies at the quantile itself.
    #[cold]
    fn supported_shortfall(
        &self,
        law: &Law<'_>,
        tail: Tail,
        mass: f32,
    ) -> Result<f32, PredictError> {
        let quantile = match tail {
            Tail::Lower => self.quantile(mass)?,
            Tail::Upper => self.upper_quantile(mass)?,
        };
        let excess = self.excess(law, tail, quantile)?;
        let mean = quantile + tail.sign() * (excess / mass);
        // Of numbers that left binary32.
        Ok(if mean.is_nan() { quantile } else { mean })
    }

    fn excess(&self, law: &Law<'_>, tail: Tail, y: f32) -> Result<f32, PredictError> {
        let circle = PredictError::NotContinuous { dimension: self.d };
        law.excess(tail, y).ok_or(circle)
    }

    /// The mean of the tail from the standardised `z` on, standardised.
    fn standardised_tail_mean(&self, tail: Tail, z: f32) -> f32 {
        let Marginal { mixture, d } = self;
        let sign = tail.sign();
        let end = sign * z;
        if end == f32::INFINITY {
            return z;
        }
        let mean = sign * mixture.standardised_mean(*d);
        let origin = if mean < end { end } else { mean };
        let tail = BeyondEach {
            mixture,
            d: *d,
            sign,
            end,
            origin,
        };
        sign * mixture.level.run(tail)
    }
}

impl Tail {
    /// What turns the axis so that the tail is the upper one.
    fn sign(self) -> f32 {
        match self {
            Tail::Lower => -1.0,
            Tail::Upper => 1.0,
        }
    }

    /// The one of the two that lies further out.
    fn further(self, a: f32, b: f32) -> f32 {
        let sign = self.sign();
        if sign * a < sign * b { b } else { a }
    }
}

/// The upper tail from `end` on, of each component and of all, where the axis is turned by `sign`; means
/// are counted from `origin`.
struct BeyondEach<'a> {
    mixture: &'a Mixture<'a>,
    d: usize,
    sign: f32,
    end: f32,
    origin: f32,
}

impl Kernel for BeyondEach<'_> {
    type Output = f32;

    /// origin + Σ πₖ Φ(−aₖ) (E\[tₖ | tₖ > end\] − origin) / Σ πₖ Φ(−aₖ)
    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f32 {
        let components = self.mixture.components;
        let largest = reduce::largest(simd, components, &LogMasses(&self));
        if largest == f32::NEG_INFINITY {
            return self.end;
        }
        let masses = Masses {
            tail: &self,
            largest,
        };
        let all = reduce::sum(simd, components, &masses);
        let distances = reduce::sum(simd, components, &Distances(&masses));
        self.origin + distances / all
    }
}

impl BeyondEach<'_> {
    /// aₖ, the threshold in standard deviations from the means.
    #[inline(always)]
    fn whiten<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let distance = simd.splat(self.end).sub(self.means(simd, at));
        distance.mul(self.mixture.inverse_scale(simd, at, self.d))
    }

    #[inline(always)]
    fn means<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        simd.splat(self.sign)
            .mul(self.mixture.means_at(simd, at, self.d))
    }
}

/// ln πₖ Φ(−aₖ); −∞ where the weight is 0 in binary32, and in lanes past the end.
struct LogMasses<'a>(&'a BeyondEach<'a>);

impl Terms for LogMasses<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let LogMasses(tail) = *self;
        let nothing = simd.splat(f32::NEG_INFINITY);
        let log_weights = at.load(simd, tail.mixture.log_weights, f32::NEG_INFINITY);
        let log_masses = log_weights.add(log_upper_tail(tail.whiten(simd, at)));
        // What has no weight counts as absent, here as in the mean and in probabilities.
        let weighty = simd.splat(0.0).less(tail.mixture.weights(simd, at));
        reduce::overflow_to_zero(simd, log_masses.select(weighty, nothing))
    }
}

/// πₖ Φ(−aₖ), times a factor that makes the largest 1.
struct Masses<'a> {
    tail: &'a BeyondEach<'a>,
    largest: f32,
}

impl Terms for Masses<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let log_masses = LogMasses(self.tail).at(simd, at);
        math::exp_below_one(log_masses.sub(simd.splat(self.largest)))
    }
}

/// The same times how far beyond the origin the components' tails have their means.
struct Distances<'a>(&'a Masses<'a>);

impl Terms for Distances<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: At) -> S::Vector {
        let Distances(masses) = *self;
        let tail = masses.tail;
        let a = tail.whiten(simd, at);
        let start = tail.means(simd, at).larger(simd.splat(tail.end));
        let excess = excess(a).div(tail.mixture.inverse_scale(simd, at, tail.d));
        let distance = start.sub(simd.splat(tail.origin)).add(excess);
        masses.at(simd, at).mul(distance)
    }
}

/// From here on the hazard rate is its continued fraction.
const FAR: f32 = 2.0;

/// E\[x | x > a\] − max(a, 0) of the standard normal x.
#[inline(always)]
fn excess<V: Vector>(a: V) -> V {
    if V::LANES == 1 {
        return excess_apart(a);
    }
    excess_of(a)
}

/// A function of its own where that needs no instruction set: small processors keep it once.
#[inline(never)]
fn excess_apart<V: Vector>(a: V) -> V {
    excess_of(a)
}

#[inline(always)]
fn excess_of<V: Vector>(a: V) -> V {
    let zero = a.splat(0.0);
    let near = hazard_rate(a).sub(a.larger(zero));
    near.select(a.less(a.splat(FAR)), far_excess(a))
}

/// ln Φ(−a).
#[inline(always)]
fn log_upper_tail<V: Vector>(a: V) -> V {
    if V::LANES == 1 {
        return log_upper_tail_apart(a);
    }
    log_upper_tail_of(a)
}

/// As [`excess_apart`].
#[inline(never)]
fn log_upper_tail_apart<V: Vector>(a: V) -> V {
    log_upper_tail_of(a)
}

#[inline(always)]
fn log_upper_tail_of<V: Vector>(a: V) -> V {
    const HALF_LN_2PI: f32 = 0.918_938_5;
    let near = math::ln_normal(math::normal_cdf(a.negate()));
    let rate = a.add(far_excess(a));
    let square = a.splat(-0.5).mul(a.mul(a));
    let far = square.sub(a.splat(HALF_LN_2PI)).sub(math::ln(rate));
    near.select(a.less(a.splat(FAR)), far)
}

/// φ(a)/Φ(−a), for a up to [`FAR`].
#[inline(always)]
fn hazard_rate<V: Vector>(a: V) -> V {
    const PEAK: f32 = 0.398_942_3;
    let density = a.splat(PEAK).mul(math::exp(a.splat(-0.5).mul(a.mul(a))));
    density.div(math::normal_cdf(a.negate()))
}

/// φ(a)/Φ(−a) − a = 1/(a + 2/(a + 3/(a + …))), for a from [`FAR`] on.
///
/// 16 denominators, the last with the fixed point of what follows where its numerators no longer
/// grow: the relative error is below 1.2 × 10⁻⁷ and greatest at [`FAR`].
#[inline(always)]
fn far_excess<V: Vector>(a: V) -> V {
    const NUMERATORS: [f32; 16] = [
        16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0,
    ];
    // (√(a² + 4 · 17) − a)/2 without the difference.
    let root = a.mul(a).add(a.splat(68.0)).sqrt();
    let mut rest = a.splat(34.0).div(root.add(a));
    for numerator in NUMERATORS {
        rest = a.splat(numerator).div(a.add(rest));
    }
    rest
}
