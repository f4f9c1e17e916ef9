//! Where the values of a target with a support lie on the line of its mixture.

use mdn_infer::format::{Atoms, Support};

use crate::loss::Cover;
use crate::network::{ROWS, Strip, pitch};

/// Reaches of a cell that count as endless: their squares in any scale's units stay out of NaN.
const ENDLESS: f32 = 1e18;

/// A place of the line and the cell about it; a value with a density has none, from 0 to 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The value's place.
    pub(crate) place: f32,
    /// How far the cell reaches below it.
    pub(crate) below: f32,
    /// How far the cell reaches above it.
    pub(crate) above: f32,
}

impl Cell {
    /// Where the value `t` lies; both in the units of `support`.
    pub(crate) fn of(support: &Support, t: f32) -> Self {
        match support {
            &Support::Lattice {
                step, low, high, ..
            } => {
                let reach = |end: bool| if end { ENDLESS } else { 0.5 * step };
                Cell {
                    place: t,
                    below: reach(t < low + 0.25 * step),
                    above: reach(t > high - 0.25 * step),
                }
            }
            Support::Atoms(atoms) => Self::beside(atoms, t),
            _ => Self::point(t),
        }
    }

    fn point(place: f32) -> Self {
        Cell {
            place,
            below: 0.0,
            above: 0.0,
        }
    }

    /// The stretch of an atom, or the place of a value that the stretches below have moved up.
    fn beside(atoms: &Atoms, t: f32) -> Self {
        let values = atoms.values();
        let is_end = |i: usize| {
            (
                i == 0 && atoms.lowest,
                i + 1 == values.len() && atoms.highest,
            )
        };
        let inner = |i: &usize| is_end(*i) == (false, false);
        let moved = |below: usize| t + atoms.gap * (0..below).filter(inner).count() as f32;
        let below = values.iter().filter(|&&value| value < t).count();
        let place = moved(below);
        if values.get(below) != Some(&t) {
            return Self::point(place);
        }
        let half = 0.5 * atoms.gap;
        match is_end(below) {
            (true, _) => Cell {
                place,
                below: ENDLESS,
                above: 0.0,
            },
            (_, true) => Cell {
                place,
                below: 0.0,
                above: ENDLESS,
            },
            _ => Cell {
                place: place + half,
                below: half,
                above: half,
            },
        }
    }
}

/// A place for row `row`'s value `t` from which components may start: those of a cell are spread over
/// it, or over the `gap` or the step next to its end; on a circle all lie in one turn from the cut.
pub(crate) fn start(support: &Support, t: f32, row: usize) -> f32 {
    /// The golden ratio, whose multiples lie evenly between whole numbers.
    const EVEN: f64 = 0.618_033_988_749_895;
    let cell = Cell::of(support, t);
    let share = (row as f64 * EVEN).fract() as f32;
    match support {
        Support::Lattice { step, .. } => t + (share - 0.5) * step,
        Support::Atoms(atoms) => {
            let (below, above) = (cell.below.min(atoms.gap), cell.above.min(atoms.gap));
            cell.place - below + share * (below + above)
        }
        &Support::Circle { period, cut, .. } => t + if t < cut { period } else { 0.0 },
        _ => t,
    }
}

/// How the targets cover their lines; nothing where all are continuous.
pub(super) fn covers(supports: &[Support]) -> Vec<Cover> {
    if supports
        .iter()
        .all(|support| *support == Support::Continuous)
    {
        return Vec::new();
    }
    supports.iter().map(cover).collect()
}

fn cover(support: &Support) -> Cover {
    match *support {
        Support::Lattice { step, .. } => Cover::Line {
            log_unit: step.ln(),
        },
        Support::Bounds { low, high } => {
            let both = (low.is_finite() && high.is_finite()).then_some(2.0 * (high - low));
            Cover::Images {
                period: both,
                mirror: Some(if low.is_finite() { low } else { high }),
            }
        }
        Support::Circle { period, .. } => Cover::Images {
            period: Some(period),
            mirror: None,
        },
        _ => Cover::Line { log_unit: 0.0 },
    }
}

/// Puts `targets` `[block][D]` to their places, and how far their cells reach to `cells`
/// `[block][D][2]`.
pub(super) fn place(supports: &[Support], targets: &mut [Strip], cells: &mut [Strip]) {
    let width = supports.len();
    let blocks = targets.chunks_exact_mut(pitch(width));
    for (targets, cells) in blocks.zip(cells.chunks_exact_mut(pitch(2 * width))) {
        for (d, support) in supports.iter().enumerate() {
            for row in 0..ROWS {
                let cell = Cell::of(support, targets[d][row]);
                targets[d][row] = cell.place;
                cells[2 * d][row] = cell.below;
                cells[2 * d + 1][row] = cell.above;
            }
        }
    }
}
