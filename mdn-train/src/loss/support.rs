//! The log-density of one component where targets have a support, and its gradient.
//!
//! A target on a lattice or at a point mass is known to lie in a cell of the line, whose probability
//! under the component takes the density's place (Tobin 1958). Where draws are reflected or wound, all
//! the places of the line that become the target count. Dimensions are independent, so each has a
//! factor f with derivatives by its mean μ and its log-scale ℓ. With a ≤ b the standardised ends of a
//! cell, and ρₙ the shares of the places zₙ in f,
//!
//! > density: ∂ ln f/∂μ = z/σ, ∂ ln f/∂ℓ = z² − 1;
//! > cell: ∂ ln f/∂μ = (φ(a) − φ(b))/(σf), ∂ ln f/∂ℓ = (a φ(a) − b φ(b))/f;
//! > places: the mean over ρₙ of the density's.

use mdn_infer::math;
use mdn_infer::simd::{Simd, Vector};

use super::block::{Block, Lanes};
use super::covariance::Kind;
use super::likelihood::relative;
use super::scale::{LogScale, descale, scale};

/// ½ ln 2π
const HALF_LN_2PI: f32 = 0.918_938_5;
/// Images on each side of the nearest one; those beyond are below 2⁻³⁵ of it at the largest scale.
const IMAGES: i32 = 4;
/// From so far out Mills' ratio is its asymptotic series.
const FAR: f32 = 12.0;

/// How the values of a target cover the line of its mixture, in the units that training sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cover {
    /// Each lies at its place or has a cell; a cell's probability counts as a density of width
    /// e^`log_unit`.
    Line { log_unit: f32 },
    /// Each lies at all places that are whole periods away, and at those of its mirror image at
    /// `mirror`. Without a period there is one of each.
    Images {
        period: Option<f32>,
        mirror: Option<f32>,
    },
}

/// One scale for all dimensions, or one a dimension, some of which have a support.
pub(super) struct Supported;
impl Kind for Supported {
    #[inline(always)]
    fn scales<S: Simd, M: LogScale>(block: &mut Block<S>) {
        for row in 0..block.scales {
            for k in 0..block.components {
                let log_scale = scale::<S, M>(block, row, row, k);
                block.set_scale(row, k, log_scale);
            }
        }
    }

    #[inline(always)]
    fn log_density<S: Simd>(block: &mut Block<S>, k: usize) -> Lanes<S> {
        let zero = block.splat(0.0);
        for row in 0..block.scales {
            block.set_by_scale(row, k, zero);
        }
        let mut joint = block.joint(k);
        for d in 0..block.dimensions {
            let row = d.min(block.scales - 1);
            let factor = match block.covers[d] {
                Cover::Line { log_unit } => in_cell(block, d, row, k, log_unit),
                Cover::Images { period, mirror } => at_images(block, d, row, k, period, mirror),
            };
            joint = joint.add(factor.log);
            block.set_by_mean(d, k, factor.by_mean);
            block.set_by_scale(row, k, block.by_scale(row, k).add(factor.by_log_scale));
        }
        joint
    }

    /// There is no score of the moments.
    #[inline(always)]
    fn covariance<S: Simd>(_: &mut Block<S>, _: usize) {}

    #[inline(always)]
    fn covariance_row(_: usize, _: usize) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn gradient<S: Simd, M: LogScale>(block: &mut Block<S>, k: usize, responsibility: Lanes<S>) {
        let pull = responsibility.negate();
        for d in 0..block.dimensions {
            block.set_mean(d, k, pull.mul(block.by_mean(d, k)));
        }
        for row in 0..block.scales {
            descale::<S, M>(block, row, row, k, pull.mul(block.by_scale(row, k)));
        }
    }
}

/// A factor of a component's density.
struct Factor<V> {
    /// ln f + ½ ln 2π
    log: V,
    /// ∂ ln f/∂μ
    by_mean: V,
    /// ∂ ln f/∂ℓ
    by_log_scale: V,
}

/// The density at the target, or the probability of its cell.
#[inline(always)]
fn in_cell<S: Simd>(
    block: &Block<S>,
    d: usize,
    row: usize,
    k: usize,
    log_unit: f32,
) -> Factor<Lanes<S>> {
    let (log_scale, inverse) = (block.scale(row, k), block.inverse_scale(row, k));
    let difference = block.difference(d, k);
    let (below, above) = (block.below(d), block.above(d));
    let width = below.add(above).mul(inverse);
    let (a, b) = (
        difference.sub(below).mul(inverse),
        difference.add(above).mul(inverse),
    );
    let zero = width.splat(0.0);
    let mass = math::ln_normal_between(a, b, width);
    let square = a.mul(a).mul(a.splat(-0.5));
    let in_cell = mass.add(a.splat(HALF_LN_2PI - log_unit));
    let slopes = Slopes::new(a, b, width, mass);
    Factor {
        log: in_cell.select(zero.less(width), square.sub(log_scale)),
        by_mean: slopes.by_mean.mul(inverse),
        by_log_scale: slopes.by_log_scale,
    }
}

/// The derivatives of the logarithm `mass` of the normal probability from `a` to `b`: by the mean, for
/// the standard deviation 1, and by the log-scale.
struct Slopes<V> {
    by_mean: V,
    by_log_scale: V,
}

impl<V: Vector> Slopes<V> {
    /// With u the end nearer to the mean, r = φ(u + w)/φ(u) and h = φ(u)/f they are ±h (1 − r) and
    /// h (u − r (u + w)). Narrow cells have the derivatives of the series of
    /// [`normal_between`](math::normal_between); at width 0 these are the density's.
    #[inline(always)]
    fn new(a: V, b: V, width: V, mass: V) -> Self {
        let (zero, one, half) = (a.splat(0.0), a.splat(1.0), a.splat(0.5));
        let upper = b.negate().less(a);
        let near = a.select(upper, b.negate());
        let far = b.select(upper, a.negate());
        let middle = half.mul(near.add(far));
        let ratio = math::exp(width.mul(middle).negate());
        let exponent = near.mul(near).mul(a.splat(-0.5)).sub(mass);
        let close = math::exp(exponent.sub(a.splat(HALF_LN_2PI)));
        let distant = one.div(mills(near).sub(ratio.mul(mills(far))));
        let peak = distant.select(a.splat(FAR).less(near), close);
        let wide = (
            peak.sub(peak.mul(ratio)),
            peak.mul(near).sub(peak.mul(ratio).mul(far)),
        );

        let square = middle.mul(middle);
        let squared_width = width.mul(width);
        let series = square.sub(one).mul(squared_width);
        let series = one.add(series.mul(a.splat(1.0 / 24.0)));
        let bend = squared_width.mul(a.splat(1.0 / 12.0)).div(series);
        let narrow = (
            middle.sub(middle.mul(bend)),
            square.sub(one).sub(square.add(square).sub(one).mul(bend)),
        );
        let is_narrow = width.mul(one.add(middle)).less(a.splat(0.125));
        let by_mean = narrow.0.select(is_narrow, wide.0);
        Slopes {
            by_mean: by_mean.select(upper, zero.sub(by_mean)),
            by_log_scale: narrow.1.select(is_narrow, wide.1),
        }
    }
}

/// (1 − Φ(u))/φ(u) for u of at least [`FAR`], by its asymptotic series (Laplace 1812).
#[inline(always)]
fn mills<V: Vector>(u: V) -> V {
    let one = u.splat(1.0);
    let inverse = one.div(u);
    let r = inverse.mul(inverse);
    let sum = u.splat(3.0).sub(u.splat(15.0).mul(r));
    inverse.mul(one.sub(r.mul(one.sub(r.mul(sum)))))
}

/// The density at all places that become the target.
///
/// A scale of more than half a period counts as that much: what is wound or reflected is even by then.
#[inline(always)]
fn at_images<S: Simd>(
    block: &Block<S>,
    d: usize,
    row: usize,
    k: usize,
    period: Option<f32>,
    mirror: Option<f32>,
) -> Factor<Lanes<S>> {
    let (log_scale, inverse) = (block.scale(row, k), block.inverse_scale(row, k));
    let zero = inverse.splat(0.0);
    let largest = period.map_or(f32::MAX, |period| 0.5 * period);
    let capped = zero.splat(largest.ln()).less(log_scale);
    let inverse = inverse.larger(zero.splat(largest.recip()));
    let log_scale = log_scale.smaller(zero.splat(largest.ln()));

    let direct = nearest(block.difference(d, k), period);
    // No closure, which would be compiled without the instruction set.
    let mirrored = match mirror {
        Some(mirror) => {
            let reflected = zero.splat(2.0 * mirror).sub(block.target(d));
            Some(nearest(reflected.sub(block.mean(d, k)), period))
        }
        None => None,
    };
    let closest = match mirrored {
        Some(mirrored) => direct.magnitude().smaller(mirrored.magnitude()),
        None => direct.magnitude(),
    };
    let closest = closest.mul(inverse);
    let mut sums = [zero; 3];
    for place in std::iter::once(direct).chain(mirrored) {
        let reach = if period.is_some() { IMAGES } else { 0 };
        for n in -reach..=reach {
            let shift = zero.splat(n as f32 * period.unwrap_or(0.0));
            let z = place.add(shift).mul(inverse);
            let beyond = z.sub(closest).mul(z.add(closest));
            let share = relative(beyond.mul(zero.splat(-0.5)));
            sums[0] = sums[0].add(share);
            sums[1] = sums[1].add(share.mul(z));
            sums[2] = sums[2].add(share.mul(z).mul(z));
        }
    }
    let half_square = closest.mul(closest).mul(zero.splat(0.5));
    let by_log_scale = sums[2].div(sums[0]).sub(zero.splat(1.0));
    Factor {
        log: math::ln(sums[0]).sub(half_square).sub(log_scale),
        by_mean: sums[1].div(sums[0]).mul(inverse),
        by_log_scale: by_log_scale.smaller(zero).select(capped, by_log_scale),
    }
}

/// `difference` less as many whole periods as bring it nearest to 0.
#[inline(always)]
fn nearest<V: Vector>(difference: V, period: Option<f32>) -> V {
    /// Adding it rounds a number below 2²² to a whole one.
    const ROUND: f32 = 12_582_912.0;
    let Some(period) = period else {
        return difference;
    };
    let turns = difference.mul(difference.splat(period.recip()));
    let limit = difference.splat(ROUND / 4.0);
    let turns = limit.smaller(limit.negate().larger(turns));
    let whole = turns.add(turns.splat(ROUND)).sub(turns.splat(ROUND));
    difference.sub(whole.mul(whole.splat(period)))
}
