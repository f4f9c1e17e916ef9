//! From the latent line to values and back, in one dimension.

use super::rounding::{clamp, fold, index_up_to, is_near, nearest, on_lattice, remainder};
use crate::format::{Atoms, Support};
use crate::mixture::standardise;

/// The map of one dimension: its support, with shift and scale of the latent line.
#[derive(Clone, Copy, Debug)]
pub(in crate::mixture) struct Line {
    pub(super) support: Support,
    pub(super) shift: f32,
    pub(super) scale: f32,
}

/// A part of the latent line, standardised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) low: f32,
    pub(super) high: f32,
    /// `high` − `low`, from numbers that were not rounded.
    pub(super) width: f32,
}

/// Where else on the latent line the same values lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Images {
    /// The place from which all others are measured, standardised: 0 where there are no images, else the
    /// bound or the cut, so that a short period far from the mean loses no digits.
    pub(super) origin: f32,
    /// −z, for each z.
    pub(super) mirrored: bool,
    /// Whole multiples of it away from each.
    pub(super) period: Option<f32>,
}

impl Images {
    const NONE: Images = Images {
        origin: 0.0,
        mirrored: false,
        period: None,
    };

    pub(super) fn is_none(&self) -> bool {
        *self == Images::NONE
    }
}

/// What of the latent line becomes one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Preimage {
    /// Nothing: it is no value.
    Nothing,
    /// A stretch: the value has a probability.
    Stretch(Stretch),
    /// A standardised point and its images: the value has a density.
    Point(f32),
}

/// The upper end of the values up to some y, on the latent line.
#[derive(Clone, Copy)]
enum Edge {
    /// Nothing is that small.
    Before,
    /// A place in raw units, which half a step is yet to be added to on a lattice.
    At(f32),
    /// Everything is.
    Behind,
}

impl Line {
    pub(super) fn new(support: Support, shift: f32, scale: f32) -> Self {
        Line {
            support,
            shift,
            scale,
        }
    }

    /// What becomes of a draw, in raw units; a bound stays one, where the line ends.
    pub(in crate::mixture) fn value(&self, latent: f32) -> f32 {
        match self.support {
            Support::Continuous => latent,
            Support::Lattice {
                origin,
                step,
                low,
                high,
            } => {
                let value = on_lattice(origin, step, nearest((latent - origin) / step));
                // The division may have left binary32, or have none to do.
                let value = if value.is_finite() { value } else { latent };
                clamp(value, low, high)
            }
            Support::Atoms(atoms) => value_of_atoms(&atoms, latent),
            Support::Bounds { low, high } => fold(latent, low, high),
            Support::Circle { origin, period, .. } => {
                let value = origin + remainder(latent - origin, period, latent);
                // The sum may be rounded up to the end, which is the beginning.
                if value - origin < period {
                    value
                } else {
                    origin
                }
            }
        }
    }

    /// The stretch of the latent line with the values above `low` up to `high`, which may be infinite; its
    /// images count too. `None` where there is nothing. On a circle, from `low` on to `high`.
    pub(super) fn between(&self, low: f32, high: f32) -> Option<Stretch> {
        match self.support {
            Support::Bounds {
                low: least,
                high: greatest,
            } => self.raw_stretch(clamp(low, least, greatest), clamp(high, least, greatest)),
            Support::Circle { period, .. } => {
                let (from, to) = (self.along(low), self.along(high));
                self.arc(
                    from,
                    if to < from {
                        to - from + period
                    } else {
                        to - from
                    },
                )
            }
            _ => self.stretch(self.edge(low), self.edge(high)),
        }
    }

    /// How far `y` lies along the circle from its cut: 0 at −∞, the whole circle at +∞.
    pub(super) fn along(&self, y: f32) -> f32 {
        match self.support {
            Support::Circle { period, cut, .. } if y.is_finite() => remainder(y - cut, period, y),
            Support::Circle { period, .. } if y > 0.0 => period,
            _ => 0.0,
        }
    }

    /// What becomes the value `y`, which is finite.
    pub(super) fn preimage(&self, y: f32) -> Preimage {
        match self.support {
            Support::Continuous => Preimage::Point(self.standardise(y)),
            Support::Circle { .. } => Preimage::Point(self.along(y) / self.scale),
            Support::Lattice {
                origin,
                step,
                low,
                high,
            } => {
                let place = (y - origin) / step;
                let value = on_lattice(origin, step, nearest(place));
                if !is_near(place, nearest(place)) || value < low || high < value {
                    return Preimage::Nothing;
                }
                self.cell(value)
                    .map_or(Preimage::Nothing, Preimage::Stretch)
            }
            Support::Atoms(atoms) => {
                let values = atoms.values();
                let outside = |end: Option<&f32>, beyond: fn(f32, f32) -> bool| {
                    end.is_some_and(|&end| beyond(y, end))
                };
                if atoms.lowest && outside(values.first(), |y, end| y < end)
                    || atoms.highest && outside(values.last(), |y, end| end < y)
                {
                    Preimage::Nothing
                } else if values.contains(&y) {
                    let (from, to) = stretch_of_atom(&atoms, y);
                    self.stretch(from, to)
                        .map_or(Preimage::Nothing, Preimage::Stretch)
                } else {
                    Preimage::Point(self.standardise(y + atoms.gap * gaps_below(&atoms, y)))
                }
            }
            Support::Bounds { low, high } => {
                if y < low || high < y {
                    Preimage::Nothing
                } else {
                    Preimage::Point(standardise(y, bound(low, high), self.scale))
                }
            }
        }
    }

    /// The next value of a lattice above `y`.
    pub(super) fn next_value(&self, y: f32) -> f32 {
        match self.support {
            Support::Lattice { origin, step, .. } => {
                on_lattice(origin, step, index_up_to((y - origin) / step) + 1.0)
            }
            _ => y,
        }
    }

    /// The least and the greatest value.
    pub(super) fn ends(&self) -> (f32, f32) {
        let all = (f32::NEG_INFINITY, f32::INFINITY);
        match self.support {
            Support::Lattice { low, high, .. } | Support::Bounds { low, high } => (low, high),
            Support::Atoms(atoms) => {
                let (first, last) = (atoms.values().first(), atoms.values().last());
                (
                    first.copied().filter(|_| atoms.lowest).unwrap_or(all.0),
                    last.copied().filter(|_| atoms.highest).unwrap_or(all.1),
                )
            }
            _ => all,
        }
    }

    /// Where else each value lies.
    pub(super) fn images(&self) -> Images {
        match self.support {
            Support::Bounds { low, high } => {
                let bound = bound(low, high);
                let period = 2.0 * (high - low) / self.scale;
                Images {
                    origin: self.standardise(bound),
                    mirrored: true,
                    period: period.is_finite().then_some(period),
                }
            }
            Support::Circle { period, cut, .. } => Images {
                origin: self.standardise(cut),
                mirrored: false,
                period: Some(period / self.scale),
            },
            _ => Images::NONE,
        }
    }

    /// The stretch of one value of a lattice: a step, or all beyond a bound.
    fn cell(&self, value: f32) -> Option<Stretch> {
        let Support::Lattice {
            step, low, high, ..
        } = self.support
        else {
            return None;
        };
        let (middle, half) = (self.standardise(value), 0.5 * (step / self.scale));
        let from = if value > low {
            middle - half
        } else {
            f32::NEG_INFINITY
        };
        let to = if value < high {
            middle + half
        } else {
            f32::INFINITY
        };
        let whole = from.is_finite() && to.is_finite();
        Some(Stretch {
            low: from,
            high: to,
            width: if whole { 2.0 * half } else { f32::INFINITY },
        })
    }

    /// Where the values up to `y` end.
    fn edge(&self, y: f32) -> Edge {
        match self.support {
            Support::Lattice {
                origin,
                step,
                low,
                high,
            } => {
                let place = (y - origin) / step;
                let value = on_lattice(origin, step, index_up_to(place));
                // A bound belongs to the values, however it was rounded.
                if high <= y || high <= value {
                    Edge::Behind
                } else if y < low && value < low || y == f32::NEG_INFINITY {
                    Edge::Before
                } else if value.is_finite() {
                    Edge::At(value)
                } else {
                    Edge::At(y)
                }
            }
            Support::Atoms(atoms) => edge_of_atoms(&atoms, y),
            _ => Edge::At(y),
        }
    }

    fn stretch(&self, from: Edge, to: Edge) -> Option<Stretch> {
        let half = match self.support {
            Support::Lattice { step, .. } => 0.5 * (step / self.scale),
            _ => 0.0,
        };
        let place = |edge| match edge {
            Edge::Before => f32::NEG_INFINITY,
            Edge::At(raw) => self.standardise(raw) + half,
            Edge::Behind => f32::INFINITY,
        };
        let width = match (from, to) {
            (Edge::At(from), Edge::At(to)) => standardise(to, from, self.scale),
            _ => f32::INFINITY,
        };
        let (low, high) = (place(from), place(to));
        (low < high && width > 0.0).then_some(Stretch { low, high, width })
    }

    /// The stretch between two values within bounds, which may be infinite.
    pub(super) fn raw_stretch(&self, from: f32, to: f32) -> Option<Stretch> {
        let Support::Bounds { low, high } = self.support else {
            return None;
        };
        let place = |value| standardise(value, bound(low, high), self.scale);
        let stretch = Stretch {
            low: place(from),
            high: place(to),
            width: standardise(to, from, self.scale),
        };
        (from < to).then_some(stretch)
    }

    /// The circle cut opposite of a value.
    pub(super) fn cut_opposite(self, value: f32) -> Self {
        let Support::Circle {
            origin,
            period,
            cut,
        } = self.support
        else {
            return self;
        };
        let half = if value > cut { -0.5 } else { 0.5 };
        let support = Support::Circle {
            origin,
            period,
            cut: value + half * period,
        };
        Line { support, ..self }
    }

    /// The stretch of an arc that begins `from` behind the cut.
    pub(super) fn arc(&self, from: f32, length: f32) -> Option<Stretch> {
        let (low, width) = (from / self.scale, length / self.scale);
        (width > 0.0).then_some(Stretch {
            low,
            high: low + width,
            width,
        })
    }

    /// A raw place on the latent line, standardised.
    pub(super) fn standardise(&self, latent: f32) -> f32 {
        standardise(latent, self.shift, self.scale)
    }
}

/// The bound from which places are measured.
fn bound(low: f32, high: f32) -> f32 {
    if low.is_finite() { low } else { high }
}

fn value_of_atoms(atoms: &Atoms, latent: f32) -> f32 {
    let values = atoms.values();
    let mut below = 0.0;
    for (index, &value) in values.iter().enumerate() {
        let start = value + atoms.gap * below;
        let last = index + 1 == values.len();
        if atoms.lowest && index == 0 {
            if latent <= value {
                return value;
            }
        } else if latent < start {
            return latent - atoms.gap * below;
        } else if atoms.highest && last || latent <= start + atoms.gap {
            return value;
        } else {
            below += 1.0;
        }
    }
    latent - atoms.gap * below
}

/// The stretch of the atom `y`.
fn stretch_of_atom(atoms: &Atoms, y: f32) -> (Edge, Edge) {
    let values = atoms.values();
    let from = y + atoms.gap * gaps_below(atoms, y);
    if atoms.lowest && values.first() == Some(&y) {
        (Edge::Before, Edge::At(y))
    } else if atoms.highest && values.last() == Some(&y) {
        (Edge::At(from), Edge::Behind)
    } else {
        (Edge::At(from), Edge::At(from + atoms.gap))
    }
}

fn edge_of_atoms(atoms: &Atoms, y: f32) -> Edge {
    let values = atoms.values();
    if atoms.lowest && values.first().is_some_and(|&first| y < first) {
        return Edge::Before;
    }
    if atoms.highest && values.last().is_some_and(|&last| last <= y) {
        return Edge::Behind;
    }
    match values.contains(&y) {
        true => stretch_of_atom(atoms, y).1,
        false => Edge::At(y + atoms.gap * gaps_below(atoms, y)),
    }
}

/// How many gaps lie below `y`: atoms with values on both sides.
fn gaps_below(atoms: &Atoms, y: f32) -> f32 {
    let values = atoms.values().iter();
    let below = values.filter(|&&value| value < y).count();
    let ends = usize::from(atoms.lowest && below > 0);
    (below - ends) as f32
}
