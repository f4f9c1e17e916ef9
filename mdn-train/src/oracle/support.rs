//! What a support makes of a normal distribution, in binary64.

use mdn_infer::format::{Atoms, Support};

use super::marginal::normal_cdf;

/// Images on each side: far more than any scale below a period needs.
const IMAGES: i32 = 50;

/// ln of the density at `y` of a target with this support whose latent value is normal with this mean
/// and standard deviation: of a lattice's value its probability over the step, of a point mass its
/// probability itself. −∞ where no value can be.
pub fn log_density(support: &Support, mean: f64, deviation: f64, y: f64) -> f64 {
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
            if (value - y).abs() > tolerance(step, y) || y < low - 0.5 * step || y > high + 0.5 * step {
                return f64::NEG_INFINITY;
            }
            let a = if value < low + 0.25 * step { f64::NEG_INFINITY } else { z(value - 0.5 * step) };
            let b = if value > high - 0.25 * step { f64::INFINITY } else { z(value + 0.5 * step) };
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
                (-turns..=turns).map(move |n| place + if n == 0 { 0.0 } else { f64::from(n) * period })
            };
            log_sum(images(y).chain(images(2.0 * mirror - y)).map(density))
        }
        Support::Circle { period, .. } => {
            let turn = (mean - y) / f64::from(period);
            let images = (-IMAGES..=IMAGES).map(|n| y + (turn.round() + f64::from(n)) * f64::from(period));
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
        Some(&value) if value == y => match (below == 0 && atoms.lowest, below == last && atoms.highest) {
            (true, _) => log_between(f64::NEG_INFINITY, z(y)),
            (_, true) => log_between(z(y + moved(below)), f64::INFINITY),
            _ => log_between(z(y + moved(below)), z(y + moved(below) + gap)),
        },
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
