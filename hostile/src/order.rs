//! What must hold between the answers of one mixture: probabilities that grow with the target,
//! quantiles that grow with the probability, tails that end, and moments that lie where the components
//! with a weight lie.
//!
//! None of it needs to know how an answer is computed, so an answer that is wrong and finite is
//! found by its neighbours. What a weight of 0 hides may not show in any of them.

use mdn_infer::format::Support;
use mdn_infer::{Component, Marginal, Mixture, Model};

use crate::Source;

/// Of probabilities that rounding may bring out of order.
const ROUNDING: f64 = 1e-5;
/// No probability of binary32 lies further out than so many scales.
const FURTHEST: f64 = 15.0;

/// Checks dimension `d` of `mixture`, which `model` gave, at targets and probabilities of which some
/// come from `source`.
///
/// # Panics
///
/// Where two answers contradict each other.
pub fn check(model: &Model<'_>, mixture: &Mixture<'_>, d: usize, source: &mut Source<'_>) {
    let Some(marginal) = mixture.marginal(d) else {
        return;
    };
    if marginal.support() != Support::Continuous {
        let narrowest = mixture
            .components()
            .filter(|component| component.weight() > 0.0);
        let narrowest = narrowest.map(|component| component.scale(d));
        let narrowest = narrowest.fold(f32::INFINITY, f32::min);
        return supported(&marginal, narrowest, source);
    }
    let shift = f64::from(model.target_shift()[d]);
    let hull = Hull::new(mixture, d, shift);
    probabilities(&marginal, (&hull, shift), source);
    quantiles(&marginal, &hull, source);
    if let Some(hull) = &hull {
        moments(&marginal, hull);
        // A target with a support has none.
        if marginal.lower_tail_mean(0.0).is_ok() {
            tail_means(&marginal, hull, source);
            shortfalls(&marginal, hull);
        }
    }
}

/// Where the components with a weight lie; none where that leaves binary32.
struct Hull {
    means: (f64, f64),
    scales: (f64, f64),
    /// Of raw units, which is where they round.
    shift: f64,
}

impl Hull {
    fn new(mixture: &Mixture<'_>, d: usize, shift: f64) -> Option<Self> {
        let empty = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut means, mut scales) = (empty, empty);
        let weighty = |component: &Component<'_>| component.weight() > 0.0;
        for component in mixture.components().filter(weighty) {
            let (mean, scale) = (component.mean(d), component.scale(d));
            if !mean.is_finite() || !scale.is_normal() {
                return None;
            }
            means = widened(means, f64::from(mean));
            scales = widened(scales, f64::from(scale));
        }
        assert!(means.0 <= means.1, "no component has a weight");
        Some(Hull {
            means,
            scales,
            shift,
        })
    }

    /// How far a computed number may be from a right one for the rounding of what it is made of.
    fn slack(&self) -> f64 {
        let largest = self.means.0.abs() + self.means.1.abs() + self.shift.abs();
        1e-6 * largest + 1e-3 * self.scales.1
    }

    /// Within these ends lies whatever a probability of binary32 can show.
    fn reach(&self) -> (f64, f64) {
        let far = FURTHEST * self.scales.1 + self.slack();
        let end = |end: f64| f64::from(end as f32);
        (end(self.means.0 - far), end(self.means.1 + far))
    }
}

fn widened((least, most): (f64, f64), value: f64) -> (f64, f64) {
    (least.min(value), most.max(value))
}

fn probabilities(
    marginal: &Marginal<'_>,
    (hull, shift): (&Option<Hull>, f64),
    source: &mut Source<'_>,
) {
    let mut targets = vec![f32::NEG_INFINITY, f32::MIN, f32::MAX, f32::INFINITY];
    targets.extend((0..4).map(|_| source.float()).filter(|y| !y.is_nan()));
    targets.extend(hull.iter().flat_map(|hull| {
        let (low, high) = hull.reach();
        [
            low as f32,
            hull.means.0 as f32,
            hull.means.1 as f32,
            high as f32,
        ]
    }));
    targets.sort_by(f32::total_cmp);
    let below = |y| f64::from(marginal.cdf(y).expect("no NaN"));
    let above = |y| f64::from(marginal.survival(y).expect("no NaN"));
    for &y in &targets {
        let (below, above) = (below(y), above(y));
        assert!(
            (below + above - 1.0).abs() < ROUNDING,
            "{below} and {above} at {y}"
        );
        if let Some((low, high)) = hull.as_ref().map(Hull::reach) {
            assert!(f64::from(y) > low || below < ROUNDING, "{below} below {y}");
            assert!(f64::from(y) < high || above < ROUNDING, "{above} above {y}");
        }
    }
    for pair in targets.windows(2) {
        let (low, high) = (pair[0], pair[1]);
        assert!(
            below(low) <= below(high) + ROUNDING,
            "cdf of {low} and {high}"
        );
        assert!(
            above(high) <= above(low) + ROUNDING,
            "survival of {low} and {high}"
        );
        let between = marginal.interval_probability(low, high).expect("ordered");
        // Closer ends differ by less, or more, once each is rounded by itself: here by 2⁻²⁴ of an end,
        // 6 × 10⁻⁵ of the width.
        if f64::from(high) - f64::from(low) > 1e-3 * (f64::from(low).abs() + shift.abs()) {
            let difference = below(high) - below(low);
            let apart = (f64::from(between) - difference).abs();
            assert!(
                apart < 1e-4,
                "{between} from {low} to {high}, not {difference}"
            );
        }
    }
    assert_eq!(below(f32::NEG_INFINITY), 0.0);
    assert_eq!(above(f32::INFINITY), 0.0);
}

fn quantiles(marginal: &Marginal<'_>, hull: &Option<Hull>, source: &mut Source<'_>) {
    let mut probabilities = vec![1e-30, 1e-6, 0.025, 0.5, 0.975, 0.999_999];
    let any = source.float();
    probabilities.extend(Some(any).filter(|p| 0.0 < *p && *p < 1.0));
    probabilities.sort_by(f32::total_cmp);
    let mut last = f32::NEG_INFINITY;
    for p in probabilities {
        let y = marginal.quantile(p).expect("a probability");
        assert!(last <= y, "quantile {y} of {p} after {last}");
        last = y;
        let upper = marginal.upper_quantile(p).expect("a probability");
        if let Some((low, high)) = hull.as_ref().map(Hull::reach) {
            for y in [y, upper].map(f64::from) {
                let inside = (low..=high).contains(&y);
                assert!(inside, "quantile {y} of {p} outside {low} to {high}");
            }
        }
    }
    assert_eq!(
        marginal.median(),
        marginal.quantile(0.5).expect("a probability")
    );
}

fn moments(marginal: &Marginal<'_>, hull: &Hull) {
    let mean = f64::from(marginal.mean());
    let slack = hull.slack();
    let inside = (hull.means.0 - slack..=hull.means.1 + slack).contains(&mean);
    assert!(inside, "mean {mean} outside {:?}", hull.means);
    // +∞ where it leaves binary32.
    let deviation = f64::from(marginal.standard_deviation().min(f32::MAX));
    let least = hull.scales.0 * (1.0 - 1e-3);
    let most = hull.scales.1 * (1.0 + 1e-3) + (hull.means.1 - hull.means.0) + slack;
    assert!(
        (least..=most).contains(&deviation),
        "deviation {deviation} of {least} to {most}"
    );
    let y = hull.means.0 as f32;
    let score = f64::from(marginal.crps(y).expect("finite"));
    let most = 1.001 * (mean - f64::from(y)).abs() + 1.001 * deviation + slack;
    assert!(
        (0.0..=most).contains(&score),
        "CRPS {score} of at most {most}"
    );
}

/// What must hold where values are not all the numbers of a line.
fn supported(marginal: &Marginal<'_>, narrowest: f32, source: &mut Source<'_>) {
    let support = marginal.support();
    let circle = matches!(support, Support::Circle { .. });
    // What lies on the cut itself may be seen from both of its sides, as the period was rounded.
    let clear = match support {
        Support::Circle { period, .. } => narrowest > 0.01 * period,
        _ => true,
    };
    let mut targets: Vec<f32> = (0..4).map(|_| source.finite()).collect();
    targets.extend(values(&support));
    targets.sort_by(f32::total_cmp);
    let below = |y| f64::from(marginal.cdf(y).expect("no NaN"));
    let above = |y| f64::from(marginal.survival(y).expect("no NaN"));
    for &y in &targets {
        let sum = below(y) + above(y);
        assert!(!clear || (sum - 1.0).abs() < ROUNDING, "{sum} about {y}");
        let (before, up_to) = marginal.pit_between(y).expect("finite");
        assert!((0.0..=1.0).contains(&before), "{before} below {y}");
        assert!(
            before <= up_to && up_to <= 1.0,
            "{before} to {up_to} at {y}"
        );
        let score = marginal.crps(y).expect("finite");
        assert!(score >= 0.0, "CRPS {score} at {y}");
        assert!(
            !marginal.log_density(y).expect("finite").is_nan(),
            "NaN at {y}"
        );
    }
    for pair in targets.windows(2).filter(|_| !circle) {
        let [low, high] = [pair[0], pair[1]];
        let between = f64::from(marginal.interval_probability(low, high).expect("ordered"));
        let difference = below(high) - below(low);
        assert!(difference >= -ROUNDING, "cdf of {low} and {high}");
        assert!(
            (between - difference).abs() < 1e-4,
            "{between} for {difference}"
        );
    }
    assert_eq!(below(f32::NEG_INFINITY), 0.0);
    assert_eq!(above(f32::INFINITY), 0.0);

    let (low, high) = ends(&support);
    let inside = |y: f32| low <= y && y <= high;
    let mut last = f32::NEG_INFINITY;
    for p in [1e-30, 1e-6, 0.025, 0.5, 0.975, 0.999_999] {
        let y = marginal.quantile(p).expect("a probability");
        assert!(circle || last <= y, "quantile {y} of {p} after {last}");
        assert!(inside(y), "quantile {y} of {p}");
        last = y;
    }
    for p in [0.5, 0.95] {
        let (from, to) = marginal.central_interval(p).expect("a probability");
        assert!(inside(from) && inside(to) && (circle || from <= to));
    }
    let (mean, deviation) = (marginal.mean(), marginal.standard_deviation());
    let slack = 1e-3 * deviation;
    assert!(low - slack <= mean && mean <= high + slack, "mean {mean}");
    assert!(deviation >= 0.0, "deviation {deviation}");
}

/// Values of a support where something begins or ends.
fn values(support: &Support) -> Vec<f32> {
    let all = match support {
        &Support::Lattice {
            origin,
            step,
            low,
            high,
        } => vec![origin, origin + step, origin + 0.5 * step, low, high],
        Support::Atoms(atoms) => atoms.values().to_vec(),
        &Support::Bounds { low, high } => vec![low, high, 0.5 * low + 0.5 * high],
        &Support::Circle {
            origin,
            period,
            cut,
        } => vec![origin, cut, origin + period, origin + 0.5 * period],
        _ => Vec::new(),
    };
    all.into_iter().filter(|y| y.is_finite()).collect()
}

/// The least and the greatest value.
fn ends(support: &Support) -> (f32, f32) {
    match support {
        &Support::Lattice { low, high, .. } | &Support::Bounds { low, high } => (low, high),
        &Support::Circle { origin, period, .. } => (origin, origin + period),
        Support::Atoms(atoms) => {
            let (first, last) = (atoms.values().first(), atoms.values().last());
            let low = first.filter(|_| atoms.lowest);
            let high = last.filter(|_| atoms.highest);
            (
                *low.unwrap_or(&f32::NEG_INFINITY),
                *high.unwrap_or(&f32::INFINITY),
            )
        }
        _ => (f32::NEG_INFINITY, f32::INFINITY),
    }
}

/// Means of tails lie beyond their thresholds, around the mean of all, and grow with the thresholds.
fn tail_means(marginal: &Marginal<'_>, hull: &Hull, source: &mut Source<'_>) {
    let (low, high) = hull.reach();
    let mut targets = vec![
        low as f32,
        hull.means.0 as f32,
        hull.means.1 as f32,
        high as f32,
    ];
    targets.extend((0..2).map(|_| source.float()));
    targets.retain(|y| y.is_finite());
    targets.sort_by(f32::total_cmp);
    let mean = f64::from(marginal.mean());
    let mut last = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for y in targets {
        let below = f64::from(marginal.lower_tail_mean(y).expect("no NaN"));
        let above = f64::from(marginal.upper_tail_mean(y).expect("no NaN"));
        let y = f64::from(y);
        let slack = hull.slack() + 1e-6 * y.abs();
        assert!(
            below <= y && y <= above,
            "{below} below and {above} above {y}"
        );
        assert!(
            below <= mean + slack && mean - slack <= above,
            "{below} and {above} for {mean} at {y}"
        );
        assert!(
            last.0 <= below + slack,
            "below {y}: {below} after {}",
            last.0
        );
        assert!(
            last.1 <= above + slack,
            "above {y}: {above} after {}",
            last.1
        );
        last = (below, above);
    }
}

/// An expected shortfall lies beyond its quantile, within what a probability of binary32 can show.
fn shortfalls(marginal: &Marginal<'_>, hull: &Hull) {
    let (low, high) = hull.reach();
    let mut last = (f64::NEG_INFINITY, f64::INFINITY);
    for p in [1e-30, 1e-6, 0.025, 0.5, 0.975, 0.999_999] {
        let short = f64::from(marginal.expected_shortfall(p).expect("a probability"));
        let long = f64::from(marginal.upper_expected_shortfall(p).expect("a probability"));
        let quantile = marginal.quantile(p).expect("a probability");
        let upper = marginal.upper_quantile(p).expect("a probability");
        assert!(short <= quantile.into(), "{short} beside {quantile} at {p}");
        assert!(long >= upper.into(), "{long} beside {upper} at {p}");
        assert!(
            low <= short && long <= high,
            "{short}, {long} outside {low} to {high}"
        );
        let slack = hull.slack() + 1e-5 * (short.abs() + long.abs());
        let in_order = |low: f64, high: f64| low <= high || low <= high + slack;
        assert!(in_order(last.0, short), "{p}: {short} after {}", last.0);
        assert!(in_order(long, last.1), "{p}: {long} after {}", last.1);
        last = (short, long);
    }
}
