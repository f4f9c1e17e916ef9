//! Every answer, on every kind of support.

use mdn_infer::format::{Atoms, Support};
use mdn_infer::{Level, Marginal};
use mdn_tests::mixtures::Parameters;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::laws::Law;

/// Weight, mean and standard deviation: one mixture of far, near, narrow and wide components.
const COMPONENTS: [(f32, f32, f32); 4] = [
    (0.4, 1.2, 0.8),
    (0.3, 3.5, 1.7),
    (0.2, -1.0, 0.3),
    (0.1, 6.25, 0.05),
];
const FREE: f32 = f32::INFINITY;

pub fn supports() -> Vec<Support> {
    let lattice = |origin, step, low, high| Support::Lattice {
        origin,
        step,
        low,
        high,
    };
    let atoms = |values: &[f32], lowest, highest| {
        Support::Atoms(Atoms::new(values, lowest, highest, 0.5).expect("some atoms"))
    };
    let circle = |origin, period, cut| Support::Circle {
        origin,
        period,
        cut,
    };
    vec![
        lattice(0.0, 1.0, 0.0, FREE),
        lattice(0.5, 2.0, -FREE, FREE),
        lattice(0.0, 0.25, -1.0, 5.0),
        lattice(0.0, 0.01, 0.0, FREE),
        lattice(0.0, 0.002, -FREE, 4.0),
        lattice(0.0, 1.0, 0.0, 1.0),
        atoms(&[0.0], true, false),
        atoms(&[4.0], false, true),
        atoms(&[0.0, 4.5], true, true),
        atoms(&[2.0], false, false),
        atoms(&[0.0, 1.0, 3.0], true, false),
        Support::Bounds {
            low: 0.0,
            high: FREE,
        },
        Support::Bounds {
            low: -FREE,
            high: 4.0,
        },
        Support::Bounds {
            low: -0.5,
            high: 3.5,
        },
        Support::Bounds {
            low: 0.0,
            high: 20.0,
        },
        circle(0.0, 12.0, 9.0),
        circle(-5.0, 10.0, -4.0),
        circle(0.0, 24.0, 0.0),
    ]
}

/// The same mixture, its standardisation that of targets far from 0 and 1.
fn parameters() -> Parameters {
    let (shift, scale) = (1.5_f32, 2.5_f32);
    let standardised: Vec<_> = COMPONENTS
        .iter()
        .map(|&(w, m, s)| (w, (m - shift) / scale, s / scale))
        .collect();
    Parameters {
        shift: vec![shift],
        scale: vec![scale],
        ..Parameters::univariate(&standardised)
    }
}

fn law(support: &Support) -> Law {
    let components = COMPONENTS.map(|(w, m, s)| (w.into(), m.into(), s.into()));
    Law::new(&components, support)
}

/// Hands each support's marginal at each level, and its law.
pub fn each(mut examine: impl FnMut(&Support, &Marginal<'_>, &Law)) {
    for support in supports() {
        let law = law(&support);
        let file = parameters().model_on(Some(vec![support]));
        let model = file.model();
        for level in Level::available() {
            let mut working = vec![0.0; model.working_len()];
            let mixture = model.predict(level, &[0.0], &mut working).unwrap();
            let marginal = mixture.marginal(0).unwrap();
            assert_eq!(marginal.support(), support);
            examine(&support, &marginal, &law);
        }
    }
}

/// Whether the law's values end at `y`.
fn at_a_bound(support: &Support, y: f32) -> bool {
    match *support {
        Support::Bounds { low, high } => y == low || y == high,
        Support::Circle { origin, period, .. } => (y - origin) % period == 0.0,
        _ => false,
    }
}

fn is_circle(support: &Support) -> bool {
    matches!(support, Support::Circle { .. })
}

fn close(found: f32, exact: f64, tolerance: f64, what: impl std::fmt::Debug) {
    let found = f64::from(found);
    assert!(
        (found - exact).abs() <= tolerance,
        "{what:?}: {found} for {exact}"
    );
}

/// Places between values, and values.
pub fn places() -> impl Iterator<Item = f32> {
    (-24..=80).map(|i| i as f32 * 0.125)
}

#[test]
fn probabilities() {
    each(|support, marginal, law| {
        if is_circle(support) {
            return;
        }
        // The law's values of a lattice are rounded otherwise.
        let a_little = 1e-6;
        for y in places() {
            let exact = law.between(f64::MIN, f64::from(y) + a_little);
            close(marginal.cdf(y).unwrap(), exact, 5e-5, (support, y));
            close(
                marginal.survival(y).unwrap(),
                1.0 - exact,
                5e-5,
                (support, y),
            );
            let high = y + 0.875;
            let exact = law.between(f64::from(y) + a_little, f64::from(high) + a_little);
            let found = marginal.interval_probability(y, high).unwrap();
            close(found, exact, 5e-5, (support, y));
        }
        close(marginal.cdf(f32::INFINITY).unwrap(), 1.0, 3e-7, support);
        assert_eq!(marginal.cdf(f32::NEG_INFINITY), Ok(0.0));
    });
}

#[test]
fn arcs() {
    each(|support, marginal, law| {
        let &Support::Circle {
            origin,
            period,
            cut,
        } = support
        else {
            return;
        };
        let arc = |from: f32, to: f32| match from <= to {
            true => law.between(from.into(), to.into()),
            false => 1.0 - law.between(to.into(), from.into()),
        };
        for i in 0..24 {
            let low = origin + period * (i as f32 / 24.0);
            for j in 0..24 {
                let high = origin + period * (j as f32 / 24.0);
                if i != j {
                    let found = marginal.interval_probability(low, high).unwrap();
                    close(found, arc(low, high), 5e-5, (support, low, high));
                }
            }
            let start = if low == cut { 0.0 } else { arc(cut, low) };
            close(marginal.cdf(low).unwrap(), start, 5e-5, (support, low));
            close(
                marginal.survival(low).unwrap(),
                1.0 - start,
                5e-5,
                (support, low),
            );
            // Whole periods make no difference.
            let turned = marginal.cdf(low + period).unwrap();
            close(
                turned,
                marginal.cdf(low).unwrap().into(),
                1e-6,
                (support, low),
            );
        }
    });
}

#[test]
fn values_have_the_probabilities_of_the_law() {
    each(|support, marginal, law| {
        for y in places() {
            let wide = f64::from(y);
            let exact = law.between(wide - 1e-6, wide + 1e-6);
            let found = marginal.probability(y).unwrap();
            close(found, exact, 5e-5, (support, y));
            let density = f64::from(marginal.log_density(y).unwrap()).exp();
            match support {
                Support::Lattice { step, .. } => {
                    let ratio = f64::from(found) / f64::from(*step);
                    assert!(
                        (density - ratio).abs() <= 1e-5 * ratio.max(1e-3),
                        "{support:?} {y}"
                    );
                }
                _ if found > 0.0 => {
                    let found = f64::from(found);
                    assert!((density - found).abs() <= 1e-5 * found, "{support:?} {y}");
                }
                _ => {
                    let around = |h: f64| law.between(wide - h, wide + h) / (2.0 * h);
                    let (slope, smooth) = (around(0.01), around(0.03));
                    // Away from atoms and bounds, where the law has steps.
                    if (slope - smooth).abs() < 1e-2 * slope && !at_a_bound(support, y) {
                        close(density as f32, slope, 2e-2 * slope + 1e-4, (support, y));
                    }
                }
            }
            let (below, up_to) = marginal.pit_between(y).unwrap();
            assert_eq!(Ok(up_to), marginal.cdf(y));
            close(up_to - below, exact, 5e-5, (support, y));
        }
    });
}

#[test]
fn densities_and_probabilities_add_up_to_one() {
    each(|support, marginal, law| {
        let (low, high) = (law.values[0].0, law.values.last().unwrap().0);
        let total = match support {
            Support::Lattice { step, .. } => {
                let count = ((high - low) / f64::from(*step)).round() as usize;
                let value = |i: usize| (low + f64::from(*step) * i as f64) as f32;
                let values = (0..=count).map(value);
                values
                    .map(|y| f64::from(marginal.probability(y).unwrap()))
                    .sum::<f64>()
            }
            _ => {
                const PARTS: usize = 40_000;
                let width = (high - low) / PARTS as f64;
                let middles = (0..PARTS).map(|i| low + width * (i as f64 + 0.5));
                let density = |y: f64| {
                    let y = y as f32;
                    match marginal.probability(y).unwrap() > 0.0 {
                        true => 0.0,
                        false => f64::from(marginal.log_density(y).unwrap()).exp(),
                    }
                };
                let continuum: f64 = middles.map(|y| width * density(y)).sum();
                let atoms: f64 = match support {
                    Support::Atoms(atoms) => {
                        let values = atoms.values().iter();
                        values
                            .map(|&y| f64::from(marginal.probability(y).unwrap()))
                            .sum()
                    }
                    _ => 0.0,
                };
                continuum + atoms
            }
        };
        assert!((total - 1.0).abs() < 2e-4, "{support:?}: {total}");
    });
}

#[test]
fn quantiles_are_values_and_reach_their_probability() {
    each(|support, marginal, _| {
        let mut last = f32::NEG_INFINITY;
        for i in 1..200 {
            let p = i as f32 / 200.0;
            let q = marginal.quantile(p).unwrap();
            if !is_circle(support) {
                assert!(last <= q, "{support:?} {p}");
                last = q;
                let (below, up_to) = marginal.pit_between(q).unwrap();
                assert!(
                    below <= p + 2e-6 && p <= up_to + 2e-6,
                    "{support:?} {p}: {below} {up_to}"
                );
            } else {
                close(marginal.cdf(q).unwrap(), p.into(), 2e-6, (support, p));
            }
            if let &Support::Lattice {
                origin,
                step,
                low,
                high,
            } = support
            {
                let steps = f64::from(q - origin) / f64::from(step);
                assert!((steps - steps.round()).abs() < 1e-2, "{support:?} {p}: {q}");
                assert!(low <= q && q <= high);
            }
        }
        for p in [1e-20, 1e-6] {
            let ends = [
                marginal.quantile(p).unwrap(),
                marginal.upper_quantile(p).unwrap(),
            ];
            for q in ends {
                let density = marginal.log_density(q).unwrap();
                assert!(
                    density > f32::NEG_INFINITY,
                    "{support:?} {p}: {q} is no value"
                );
            }
        }
    });
}

#[test]
fn central_intervals_hold_their_probability() {
    each(|support, marginal, _| {
        for p in [0.5, 0.9, 0.99] {
            let (low, high) = marginal.central_interval(p).unwrap();
            let inside = marginal.interval_probability(low, high);
            let inside = inside.unwrap() + marginal.probability(low).unwrap();
            assert!(
                inside >= p - 1e-5,
                "{support:?} {p}: {low} to {high} hold {inside}"
            );
            if is_circle(support) || matches!(support, Support::Bounds { .. }) {
                assert!(inside <= p + 1e-5, "{support:?} {p}: {inside}");
            }
        }
    });
}

#[test]
fn moments() {
    each(|support, marginal, law| {
        let &Support::Circle { period, .. } = support else {
            let spread = law.variance().sqrt();
            close(marginal.mean(), law.mean(), 1e-4 * spread, support);
            close(
                marginal.standard_deviation(),
                spread,
                2e-4 * spread,
                support,
            );
            return;
        };
        let turn = std::f64::consts::TAU / f64::from(period);
        let sum = |f: fn(f64) -> f64| -> f64 {
            law.values.iter().map(|(y, mass)| mass * f(y * turn)).sum()
        };
        let (along, across) = (sum(f64::cos), sum(f64::sin));
        let mean = across.atan2(along) / turn;
        let distance = (f64::from(marginal.mean()) - mean).rem_euclid(period.into());
        let distance = distance.min(f64::from(period) - distance);
        assert!(distance < 1e-4, "{support:?}: {distance}");
        let spread = (-2.0 * along.hypot(across).ln()).sqrt() / turn;
        close(
            marginal.standard_deviation(),
            spread,
            1e-4 * spread,
            support,
        );
    });
}

#[test]
fn scores() {
    each(|support, marginal, law| {
        for y in [-3.0_f32, -1.0, 0.0, 0.5, 1.1, 2.0, 4.0, 8.5] {
            let exact = match support {
                &Support::Circle { period, .. } => circular_crps(law, y.into(), period.into()),
                _ => law.crps(y.into()),
            };
            let found = marginal.crps(y).unwrap();
            close(found, exact, 1e-4 * (0.1 + exact), (support, y));
        }
    });
}

/// E d(t, y) − ½ E d(t, t′), d the length of the shorter arc (Grimit and others 2006), of a law in 2,000
/// parts.
fn circular_crps(law: &Law, y: f64, period: f64) -> f64 {
    const PARTS: usize = 2000;
    let mut parts = vec![0.0; PARTS];
    for &(value, mass) in &law.values {
        let part = (value / period).rem_euclid(1.0) * PARTS as f64;
        parts[part as usize % PARTS] += mass;
    }
    let place = |i: usize| (i as f64 + 0.5) / PARTS as f64 * period;
    let arc = |a: f64, b: f64| {
        let d = (a - b).rem_euclid(period);
        d.min(period - d)
    };
    let to_outcome: f64 = (0..PARTS).map(|i| parts[i] * arc(place(i), y)).sum();
    let among: f64 = (0..PARTS)
        .map(|lag| {
            let pairs = (0..PARTS).map(|i| parts[i] * parts[(i + lag) % PARTS]);
            pairs.sum::<f64>() * arc(place(lag), place(0))
        })
        .sum();
    to_outcome - 0.5 * among
}

#[test]
fn draws_follow_the_law() {
    for support in supports() {
        let law = law(&support);
        let file = parameters().model_on(Some(vec![support]));
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &[0.0], &mut working)
            .unwrap();
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(7);
        const DRAWS: usize = 20_000;
        let mut counts = [0_usize; 8];
        let ends: Vec<f64> = (1..8).map(|i| -1.5 + f64::from(i)).collect();
        for _ in 0..DRAWS {
            let mut to = [0.0];
            mixture.sample(&mut rng, &mut to).unwrap();
            assert!(
                mixture.log_density(&to).unwrap() > f32::NEG_INFINITY,
                "{support:?} {to:?}"
            );
            counts[ends.iter().filter(|end| **end < to[0].into()).count()] += 1;
        }
        let mut from = f64::MIN;
        for (to, count) in ends.iter().copied().chain([f64::MAX]).zip(counts) {
            let p = law.between(from, to);
            from = to;
            let deviation = (p * (1.0 - p) / DRAWS as f64).sqrt();
            let share = count as f64 / DRAWS as f64;
            assert!(
                (share - p).abs() <= 4.5 * deviation + 1e-4,
                "{support:?}: {share} for {p}"
            );
        }
    }
}

#[test]
fn tail_means_and_shortfalls() {
    each(|support, marginal, law| {
        if is_circle(support) {
            assert!(marginal.upper_tail_mean(1.0).is_err());
            assert!(marginal.expected_shortfall(0.5).is_err());
            return;
        }
        let a_little = 1e-6;
        for y in [-0.5_f32, 0.5, 2.0, 3.25] {
            let wide = f64::from(y) + a_little;
            let mean = |above: bool| {
                let inside = law
                    .values
                    .iter()
                    .filter(|(value, _)| (*value > wide) == above);
                let (sum, mass) = inside.fold((0.0, 0.0), |(sum, mass), (value, part)| {
                    (sum + value * part, mass + part)
                });
                (mass > 1e-3).then(|| sum / mass)
            };
            if let Some(exact) = mean(true) {
                close(
                    marginal.upper_tail_mean(y).unwrap(),
                    exact,
                    2e-3,
                    (support, y),
                );
            }
            if let Some(exact) = mean(false) {
                close(
                    marginal.lower_tail_mean(y).unwrap(),
                    exact,
                    2e-3,
                    (support, y),
                );
            }
        }
        for p in [0.05_f32, 0.4, 0.8] {
            // The mean of the lowest share, of which the last value may have only a part.
            let (mut left, mut sum) = (f64::from(p), 0.0);
            for &(value, mass) in &law.values {
                let part = mass.min(left);
                (left, sum) = (left - part, sum + part * value);
            }
            let exact = sum / f64::from(p);
            close(
                marginal.expected_shortfall(p).unwrap(),
                exact,
                1e-3,
                (support, p),
            );
            let (mean, other) = (f64::from(marginal.mean()), f64::from(1.0 - p));
            let rest = (mean - f64::from(p) * exact) / other;
            let upper = marginal.upper_expected_shortfall(1.0 - p).unwrap();
            close(upper, rest, 1e-3, (support, p));
        }
    });
}
