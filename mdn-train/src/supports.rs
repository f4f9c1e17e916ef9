//! What a support makes of a normal distribution, in binary64.

use mdn_infer::format::{Atoms, Support};

/// Images on each side: far more than any scale below a period needs.
const IMAGES: i32 = 50;

/// Φ(x), accurate relative to itself in the lower tail.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// ln of the density at `y` of a target with this support whose latent value is normal with this mean
/// and standard deviation: of a lattice's value its probability over the step, of a point mass its
/// probability itself. −∞ where no value can be. A deviation above half a period counts as that much.
pub fn log_density(support: &Support, mean: f64, deviation: f64, y: f64) -> f64 {
    let deviation = match *support {
        Support::Bounds { low, high } => deviation.min(f64::from(high) - f64::from(low)),
        Support::Circle { period, .. } => deviation.min(0.5 * f64::from(period)),
        _ => deviation,
    };
    let z = |place: f64| (place - mean) / deviation;
    let density = |place: f64| {
        let constant = 0.5 * (2.0 * std::f64::consts::PI).ln() + deviation.ln();
        -0.5 * z(place).powi(2) - constant
    };
    match *support {
        Support::Lattice {
            origin,
            step,
            low,
            high,
        } => {
            let [origin, step, low, high] = [origin, step, low, high].map(f64::from);
            let number = ((y - origin) / step).round();
            let value = origin + number * step;
            if (value - y).abs() > tolerance(step, y)
                || y < low - 0.5 * step
                || y > high + 0.5 * step
            {
                return f64::NEG_INFINITY;
            }
            let a = if value < low + 0.25 * step {
                f64::NEG_INFINITY
            } else {
                z(value - 0.5 * step)
            };
            let b = if value > high - 0.25 * step {
                f64::INFINITY
            } else {
                z(value + 0.5 * step)
            };
            log_between(a, b) - step.ln()
        }
        Support::Atoms(atoms) => at_atoms(&atoms, z, density, y),
        Support::Bounds { low, high } => {
            let [low, high] = [low, high].map(f64::from);
            if !(low..=high).contains(&y) {
                return f64::NEG_INFINITY;
            }
            let mirror = if low.is_finite() { low } else { high };
            let images = |place: f64| {
                let period = 2.0 * (high - low);
                let turns = if period.is_finite() { IMAGES } else { 0 };
                (-turns..=turns)
                    .map(move |n| place + if n == 0 { 0.0 } else { f64::from(n) * period })
            };
            log_sum(images(y).chain(images(2.0 * mirror - y)).map(density))
        }
        Support::Circle { period, .. } => {
            let turn = (mean - y) / f64::from(period);
            let images =
                (-IMAGES..=IMAGES).map(|n| y + (turn.round() + f64::from(n)) * f64::from(period));
            log_sum(images.map(density))
        }
        _ => density(y),
    }
}

fn at_atoms(atoms: &Atoms, z: impl Fn(f64) -> f64, density: impl Fn(f64) -> f64, y: f64) -> f64 {
    let values: Vec<f64> = atoms.values().iter().map(|&value| value.into()).collect();
    let last = values.len() - 1;
    let gap = f64::from(atoms.gap);
    let inner = |i: usize| !(i == 0 && atoms.lowest || i == last && atoms.highest);
    let moved = |count: usize| gap * (0..count).filter(|&i| inner(i)).count() as f64;
    let below = values.iter().filter(|&&value| value < y).count();
    let outside = atoms.lowest && y < values[0] || atoms.highest && y > values[last];
    match values.get(below) {
        _ if outside => f64::NEG_INFINITY,
        Some(&value) if value == y => {
            match (below == 0 && atoms.lowest, below == last && atoms.highest) {
                (true, _) => log_between(f64::NEG_INFINITY, z(y)),
                (_, true) => log_between(z(y + moved(below)), f64::INFINITY),
                _ => log_between(z(y + moved(below)), z(y + moved(below) + gap)),
            }
        }
        _ => density(y + moved(below)),
    }
}

/// How far from its lattice a value in binary32 may lie that is on it.
pub fn tolerance(step: f64, y: f64) -> f64 {
    (1e-3 * step).max(4.0 * f64::from(f32::EPSILON) * y.abs())
}

/// ln (Φ(b) − Φ(a)), from the tail that the interval lies in.
fn log_between(a: f64, b: f64) -> f64 {
    let (low, high) = if a > 0.0 { (-b, -a) } else { (a, b) };
    let mass = normal_cdf(high) - normal_cdf(low);
    if mass > 0.0 {
        return mass.ln();
    }
    // Beyond what binary64 holds: the tail from the nearer end, by its leading term.
    -0.5 * high * high - (-high).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
}

fn log_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all values of a support have together, by sums and Simpson's rule, is 1.
    #[test]
    fn everything_has_probability_one() {
        let simpson = |from: f64, to: f64, density: &dyn Fn(f64) -> f64| {
            const PARTS: usize = 20_000;
            let h = (to - from) / PARTS as f64;
            let weight = |i: usize| match i {
                0 | PARTS => 1.0,
                i => (2 + 2 * (i % 2)) as f64,
            };
            // Not at the ends themselves, which may be point masses.
            let inside = |x: f64| x.clamp(from + 1e-9, to - 1e-9);
            (0..=PARTS)
                .map(|i| weight(i) * density(inside(from + i as f64 * h)))
                .sum::<f64>()
                * h
                / 3.0
        };
        for (mean, deviation) in [(0.4, 0.7), (-3.0, 0.2), (5.0, 4.0)] {
            let at = |support: &Support, y: f64| log_density(support, mean, deviation, y).exp();
            for (low, high) in [
                (f32::NEG_INFINITY, f32::INFINITY),
                (0.0, f32::INFINITY),
                (-1.0, 1.5),
            ] {
                let (origin, step) = (0.5, 0.5);
                let support = Support::Lattice {
                    origin,
                    step,
                    low,
                    high,
                };
                let values = (-100..=100).map(|j| 0.5 * f64::from(j));
                let total = values.map(|y| 0.5 * at(&support, y)).sum::<f64>();
                assert!((total - 1.0).abs() < 1e-9, "{support:?}: {total}");
            }
            for (lowest, highest) in [(true, false), (false, false), (true, true), (false, true)] {
                let atoms = Atoms::new(&[-0.5, 1.0, 2.0], lowest, highest, 0.7).expect("three");
                let support = Support::Atoms(atoms);
                let from = if lowest { -0.5 } else { -30.0 };
                let to = if highest { 2.0 } else { 40.0 };
                let mut cuts = vec![from, -0.5, 1.0, 2.0, to];
                cuts.dedup();
                let density = |y: f64| at(&support, y);
                let stretches = cuts
                    .windows(2)
                    .map(|ends| simpson(ends[0], ends[1], &density));
                let masses = [-0.5, 1.0, 2.0].map(|y| at(&support, y));
                let total = stretches.sum::<f64>() + masses.iter().sum::<f64>();
                assert!((total - 1.0).abs() < 1e-5, "{support:?}: {total}");
            }
            for (low, high) in [(-1.0, 2.0), (-1.0, f32::INFINITY), (f32::NEG_INFINITY, 2.0)] {
                let support = Support::Bounds { low, high };
                let ends = (f64::from(low).max(-30.0), f64::from(high).min(40.0));
                let total = simpson(ends.0, ends.1, &|y| at(&support, y));
                assert!((total - 1.0).abs() < 1e-6, "{support:?}: {total}");
            }
            let support = Support::Circle {
                origin: -1.0,
                period: 3.0,
                cut: 0.0,
            };
            let total = simpson(-1.0, 2.0, &|y| at(&support, y));
            assert!((total - 1.0).abs() < 1e-6, "{support:?}: {total}");
        }
    }
}
