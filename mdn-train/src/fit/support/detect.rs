//! What the training rows say of a target's support: cautiously, because a wrong find costs as much as
//! a miss.

use mdn_infer::format::{MAX_ATOMS, Support};

use super::with_gap;
use crate::data::Dataset;

/// Fewer rows say nothing.
const ROWS: usize = 50;
/// A lattice's step is at least this share of the spread that is left once the inputs are known: finer
/// ones change no probability by more than 4%.
const COARSE: f64 = 0.2;
/// And at least this share of the target's own spread: a smooth target without noise has a small rest.
const COARSE_OF_ALL: f64 = 0.1;
/// The same for counts, whose steps matter where they are small.
const COARSE_OF_COUNTS: f64 = 0.02;
/// The least share of the rows that a point mass has, and an end at which values pile up.
const HEAVY: f64 = 0.05;
/// The same of a point mass with values on both sides, where people who round make heaps too.
const HEAVY_INSIDE: f64 = 0.2;
/// How many times the rows of any of its neighbours' values a point mass has.
const ABOVE_NEIGHBOURS: usize = 5;
/// On each side so many other values are neighbours.
const NEIGHBOURS: usize = 5;
/// So many other values make a continuum.
const CONTINUUM: usize = 20;
/// Rows for which the nearest other row is looked for, and among how many.
const QUERIES: usize = 500;
const CANDIDATES: usize = 4000;

/// What is known of a target.
pub(super) struct Evidence<'a> {
    data: &'a Dataset,
    target: usize,
    name: &'a str,
    unit: Option<&'a str>,
    /// Ascending.
    values: Vec<f32>,
    /// The different values, ascending, and how many rows have each.
    counts: Vec<(f32, usize)>,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(
        data: &'a Dataset,
        target: usize,
        name: &'a str,
        unit: Option<&'a str>,
    ) -> Self {
        let mut values: Vec<f32> = data.target_column(target).collect();
        values.sort_by(f32::total_cmp);
        let counts = values
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len()));
        Evidence {
            counts: counts.collect(),
            values,
            data,
            target,
            name,
            unit,
        }
    }
}

/// The support that the rows clearly speak for.
pub(super) fn detect(evidence: &Evidence<'_>) -> Option<Support> {
    if evidence.values.len() < ROWS || evidence.counts.len() < 2 {
        return None;
    }
    find_circle(evidence)
        .or_else(|| find_lattice(evidence))
        .or_else(|| find_atoms(evidence))
}

/// Degrees, by the unit or the name, that reach and crowd at both ends of a turn.
fn find_circle(evidence: &Evidence<'_>) -> Option<Support> {
    const TURN: f32 = 360.0;
    const WORDS: [&str; 12] = [
        "deg",
        "degree",
        "degrees",
        "°",
        "dir",
        "direction",
        "heading",
        "bearing",
        "azimuth",
        "course",
        "winddir",
        "wd",
    ];
    let spelled = format!("{} {}", evidence.name, evidence.unit.unwrap_or_default()).to_lowercase();
    let mut words = spelled.split(|c: char| !c.is_alphanumeric() && c != '°');
    let (least, greatest) = ends(&evidence.values)?;
    let start = if least < 0.0 { -0.5 * TURN } else { 0.0 };
    let near = |from: f32, to: f32| {
        let rows = evidence
            .values
            .iter()
            .filter(|&&value| from <= value && value <= to);
        rows.count() * 100 >= evidence.values.len()
    };
    let reach = TURN / 24.0;
    let fits = words.any(|word| WORDS.contains(&word))
        && least >= start
        && greatest <= start + TURN
        && near(start, start + reach)
        && near(start + TURN - reach, start + TURN);
    fits.then(|| circle(&evidence.values, TURN))
}

/// A circle of this circumference, cut in the middle of the widest stretch without values.
pub(super) fn circle(values: &[f32], period: f32) -> Support {
    let origin = match values.first() {
        Some(&least) if least < 0.0 => -0.5 * period,
        _ => 0.0,
    };
    let turn = |value: f32| (value - origin).rem_euclid(period);
    let mut turns: Vec<f32> = values.iter().map(|&value| turn(value)).collect();
    turns.sort_by(f32::total_cmp);
    let around = turns.first().map(|first| first + period);
    let next = turns.iter().skip(1).copied().chain(around);
    let widest = turns
        .iter()
        .zip(next)
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let cut = widest.map_or(0.0, |(low, high)| turn(origin + 0.5 * (low + high)));
    // Rounding may have made a whole turn of it.
    let cut = if origin + cut - origin < period {
        origin + cut
    } else {
        origin
    };
    Support::Circle {
        origin,
        period,
        cut,
    }
}

fn find_lattice(evidence: &Evidence<'_>) -> Option<Support> {
    let values = &evidence.values;
    let (least, greatest) = ends(values)?;
    if evidence.counts.len() == 2 {
        return Some(Support::Lattice {
            origin: least,
            step: greatest - least,
            low: least,
            high: greatest,
        });
    }
    if 2 * evidence.counts.len() > values.len() {
        return None;
    }
    let step = common_step(&evidence.counts)?;
    let spread = deviation(values);
    let counts = step.fract() == 0.0 && least >= 0.0 && least <= 0.1 * greatest;
    let share = if counts {
        COARSE_OF_COUNTS
    } else {
        COARSE_OF_ALL
    };
    if f64::from(step) < share * spread
        || f64::from(step) < COARSE * evidence.residual().min(spread)
    {
        return None;
    }
    Some(lattice(values, step))
}

/// The lattice of this step through `values`, which are ascending: it ends at 0 where they are counts,
/// and where they pile up.
pub(super) fn lattice(values: &[f32], step: f32) -> Support {
    let (least, greatest) = ends(values).unwrap_or((0.0, step));
    let rows = values.len();
    let at = |value: f32| {
        let same = values.iter().filter(|&&v| (v - value).abs() < 0.5 * step);
        same.count()
    };
    let piles = |end: f32, inner: f32| {
        let count = at(end);
        count as f64 >= HEAVY * rows as f64 && 2 * count >= at(inner)
    };
    let counts = least >= 0.0 && least <= 2.0 * step && (least / step).fract() == 0.0;
    let low = match counts {
        true if at(0.0) > 0 || !piles(least, least + step) => 0.0,
        _ if piles(least, least + step) => least,
        _ => f32::NEG_INFINITY,
    };
    Support::Lattice {
        origin: least,
        step,
        low,
        high: if piles(greatest, greatest - step) {
            greatest
        } else {
            f32::INFINITY
        },
    }
}

/// The largest step of which all differences are multiples, of values with at most six decimals.
fn common_step(counts: &[(f32, usize)]) -> Option<f32> {
    let decimals = (0..=6).find(|&decimals| {
        let unit = 10_f64.powi(decimals);
        counts.iter().all(|&(value, _)| {
            let scaled = f64::from(value) * unit;
            (scaled - scaled.round()).abs() <= f64::from(f32::EPSILON) * scaled.abs()
                && scaled.abs() < 9e15
        })
    })?;
    let unit = 10_f64.powi(decimals);
    let whole = |value: f32| (f64::from(value) * unit).round() as i64;
    let pairs = counts
        .windows(2)
        .map(|pair| whole(pair[1].0) - whole(pair[0].0));
    let step = pairs.fold(0, gcd);
    (step > 0).then_some((step as f64 / unit) as f32)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// Values that many rows have exactly, far more than have any value near.
fn find_atoms(evidence: &Evidence<'_>) -> Option<Support> {
    let counts = &evidence.counts;
    let rows = evidence.values.len() as f64;
    let heavy = |i: usize| counts[i].1 as f64 >= HEAVY * rows && counts[i].1 >= 10;
    let light: Vec<usize> = (0..counts.len()).filter(|&i| !heavy(i)).collect();
    if light.len() < CONTINUUM {
        return None;
    }
    let stands_out = |&i: &usize| {
        let next = light.partition_point(|&other| other < i);
        let near = next.saturating_sub(NEIGHBOURS)..(next + NEIGHBOURS).min(light.len());
        let most = light[near].iter().map(|&other| counts[other].1).max();
        counts[i].1 >= ABOVE_NEIGHBOURS * most.unwrap_or(0)
    };
    let last = counts.len() - 1;
    let is_mass = |&i: &usize| i == 0 || i == last || counts[i].1 as f64 >= HEAVY_INSIDE * rows;
    let found = (0..=last)
        .filter(|&i| heavy(i))
        .filter(stands_out)
        .filter(is_mass);
    let found: Vec<f32> = found.map(|i| counts[i].0).collect();
    if found.is_empty() || found.len() > MAX_ATOMS {
        return None;
    }
    atoms(&evidence.values, &found)
}

/// The point masses `found` in `values`, both ascending; `None` where there are none or too many, or
/// nothing beside them.
pub(super) fn atoms(values: &[f32], found: &[f32]) -> Option<Support> {
    let (least, greatest) = ends(values)?;
    let others: Vec<f32> = values
        .iter()
        .copied()
        .filter(|value| !found.contains(value))
        .collect();
    let gap = deviation(&others) as f32;
    let gap = if gap > 0.0 { gap } else { greatest - least };
    let (first, last) = ends(found)?;
    with_gap(found, first == least, last == greatest, gap)
}

/// What the rows suggest and only their owner can know: bounds.
pub(super) fn hint(evidence: &Evidence<'_>) -> Option<String> {
    let values = &evidence.values;
    if values.len() < 4 * ROWS {
        return None;
    }
    let low = round_edge(values, 1.0);
    let mirrored: Vec<f32> = values.iter().rev().map(|value| -value).collect();
    let high = round_edge(&mirrored, -1.0);
    let words = |end: Option<f32>| end.map_or(String::new(), |end| end.to_string());
    (low.is_some() || high.is_some()).then(|| {
        let bounds = format!("bounds:{},{}", words(low), words(high));
        format!("its values crowd up to a sharp edge: if there can be none beyond, --support {bounds} says so")
    })
}

/// A round number just below the least of `values` times `sign`, where they do not thin out towards it.
fn round_edge(values: &[f32], sign: f32) -> Option<f32> {
    let (least, greatest) = ends(values)?;
    let few = (values.len() / 50).max(10);
    let (inner, next) = (values.get(few)?, values.get(2 * few)?);
    let spacing = (inner - least) / few as f32;
    let even = (greatest - least) / values.len() as f32;
    if spacing <= 0.0 || spacing > 2.0 * even || inner - least > 2.0 * (next - inner) {
        return None;
    }
    // So coarse that such a number is rarely so near by chance.
    let unit = 10_f32.powf((30.0 * spacing).log10().ceil());
    let edge = (least / unit).floor() * unit;
    (least - edge <= 3.0 * spacing).then_some(sign * edge + 0.0)
}

impl Evidence<'_> {
    /// The spread that is left once the inputs are known, from the differences between rows that are
    /// nearest neighbours in the standardised inputs: √π/2 times their mean.
    fn residual(&self) -> f64 {
        let data = self.data;
        let width = data.input_names.len();
        let all: Vec<usize> = (0..data.rows).collect();
        let inputs = data.filled_inputs();
        let inputs = crate::data::Standardiser::fit(&inputs, width, &all).apply(&inputs);
        let row = |i: usize| &inputs[i * width..(i + 1) * width];
        let pick = |count: usize| {
            let count = count.min(data.rows);
            (0..count).map(move |i| i * data.rows / count)
        };
        let distance = |a: usize, b: usize| -> f32 {
            row(a)
                .iter()
                .zip(row(b))
                .map(|(a, b)| (a - b) * (a - b))
                .sum()
        };
        let target = |i: usize| f64::from(data.target(i)[self.target]);
        let differences = pick(QUERIES).filter_map(|query| {
            let others = pick(CANDIDATES).filter(|&other| other != query);
            let nearest =
                others.min_by(|&a, &b| distance(query, a).total_cmp(&distance(query, b)))?;
            Some((target(query) - target(nearest)).abs())
        });
        let differences: Vec<f64> = differences.collect();
        let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
        mean * std::f64::consts::PI.sqrt() / 2.0
    }
}

fn ends(ascending: &[f32]) -> Option<(f32, f32)> {
    ascending.first().copied().zip(ascending.last().copied())
}

pub(super) fn deviation(values: &[f32]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2));
    (squares.sum::<f64>() / count).sqrt()
}
