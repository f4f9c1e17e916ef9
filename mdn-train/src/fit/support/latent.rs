//! The mixture's line in the units that training sees.

use mdn_infer::format::{Atoms, Support};

use crate::train::start;

/// Mean and standard deviation of the places where a target's values lie on the line, in one pass
/// (Welford 1962; with weights West 1979).
pub(super) struct Moments<'a> {
    support: &'a Support,
    count: usize,
    weight: f64,
    mean: f64,
    squares: f64,
}

impl<'a> Moments<'a> {
    pub(super) fn new(support: &'a Support) -> Self {
        Moments {
            support,
            count: 0,
            weight: 0.0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    pub(super) fn add(&mut self, value: f32, weight: f64) {
        let place = f64::from(start(self.support, value, self.count));
        self.count += 1;
        self.weight += weight;
        let off = place - self.mean;
        self.mean += weight * off / self.weight;
        self.squares += weight * off * (place - self.mean);
    }

    pub(super) fn shift_and_scale(&self) -> (f32, f32) {
        let deviation = (self.squares / if self.count == 0 { 1.0 } else { self.weight }).sqrt();
        (self.mean as f32, deviation as f32)
    }
}

/// `support` in units in which `shift` is 0 and `shift` + `scale` is 1.
pub(crate) fn standard_units(support: &Support, shift: f32, scale: f32) -> Support {
    // As the values themselves are brought there, to the last bit.
    let to = |value: f32| (value - shift) / scale;
    match support {
        &Support::Lattice {
            origin,
            step,
            low,
            high,
        } => Support::Lattice {
            origin: to(origin),
            step: step / scale,
            low: to(low),
            high: to(high),
        },
        Support::Atoms(atoms) => {
            let values: Vec<f32> = atoms.values().iter().map(|&value| to(value)).collect();
            let gap = atoms.gap / scale;
            let moved = Atoms::new(&values, atoms.lowest, atoms.highest, gap);
            moved.map_or(Support::Continuous, Support::Atoms)
        }
        &Support::Bounds { low, high } => Support::Bounds {
            low: to(low),
            high: to(high),
        },
        &Support::Circle {
            origin,
            period,
            cut,
        } => Support::Circle {
            origin: to(origin),
            period: period / scale,
            cut: to(cut),
        },
        other => *other,
    }
}
