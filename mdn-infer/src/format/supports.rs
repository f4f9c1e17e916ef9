//! The support of each target: the set on which its values lie, and how the mixture covers it.
//!
//! A mixture of normals has a density on the whole line. Where a target has not, a support says what
//! becomes of a draw of the mixture before it is a value of the target: it is rounded to a lattice,
//! drawn onto point masses, folded at bounds, or wound about a circle. What a probability, a quantile
//! or a density is then follows; `mixture` computes them.
//!
//! Supports stay in the file's own encoding, which [`read`](super::read) has checked.

use super::fields::Fields;
use super::sink::{Sink, put_entry};
use super::{Covariance, MAX_ATOMS};
use crate::error::{EmitError, ParseError};

/// The set on which a target's values lie, in raw units, and how draws of the mixture get there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Support {
    /// Every real number; values have a density.
    Continuous,
    /// `origin` + j `step` for whole numbers j: a draw is rounded to the nearest, and to `low` or
    /// `high` beyond them.
    Lattice {
        /// A value of the lattice.
        origin: f32,
        /// The distance between neighbours, above 0.
        step: f32,
        /// The least value, or −∞.
        low: f32,
        /// The greatest value, or +∞.
        high: f32,
    },
    /// Point masses, and a density elsewhere.
    Atoms(Atoms),
    /// The numbers from `low` to `high`, one of which may be infinite: a draw is reflected at a
    /// bound until it lies between them.
    Bounds {
        /// The least value, or −∞.
        low: f32,
        /// The greatest value, or +∞.
        high: f32,
    },
    /// A circle of circumference `period`, whose values are written from `origin` up to `origin` +
    /// `period`: whole periods are taken off a draw. Its distribution function begins at `cut`.
    Circle {
        /// The least value.
        origin: f32,
        /// The circumference, above 0.
        period: f32,
        /// Where the circle is cut, from `origin` up to `origin` + `period`.
        cut: f32,
    },
}

/// Point masses in a continuum.
///
/// The mixture's own line has a stretch for each: at an end of the line, everything from the value on,
/// so that the value is where draws are censored; between values with a density, a stretch of width
/// `gap` that is cut out of the line, and what lies above it moves down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atoms {
    values: [f32; MAX_ATOMS],
    len: u8,
    /// No value lies below the first.
    pub lowest: bool,
    /// No value lies above the last.
    pub highest: bool,
    /// The width of the stretch of an atom with values on both sides, in raw units, above 0.
    pub gap: f32,
}

impl Atoms {
    /// Of ascending `values`; `None` where there are none or more than [`MAX_ATOMS`].
    pub fn new(values: &[f32], lowest: bool, highest: bool, gap: f32) -> Option<Self> {
        let mut atoms = Atoms {
            values: [0.0; MAX_ATOMS],
            len: values.len() as u8,
            lowest,
            highest,
            gap,
        };
        atoms
            .values
            .get_mut(..values.len())?
            .copy_from_slice(values);
        (!values.is_empty()).then_some(atoms)
    }

    /// The values, ascending.
    pub fn values(&self) -> &[f32] {
        self.values.get(..self.len.into()).unwrap_or_default()
    }

    fn is_sound(&self) -> bool {
        let values = self.values();
        let both_ends = self.lowest && self.highest && values.len() < 2;
        values.iter().all(|value| value.is_finite())
            && values.is_sorted_by(|a, b| a < b)
            && !both_ends
            && self.gap.is_normal()
            && self.gap > 0.0
    }
}

impl Support {
    /// `continuous`, `lattice`, `atoms`, `bounds` or `circle`.
    pub const fn name(&self) -> &'static str {
        match self {
            Support::Continuous => "continuous",
            Support::Lattice { .. } => "lattice",
            Support::Atoms(_) => "atoms",
            Support::Bounds { .. } => "bounds",
            Support::Circle { .. } => "circle",
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Support::Continuous => CONTINUOUS,
            Support::Lattice { .. } => LATTICE,
            Support::Atoms(_) => ATOMS,
            Support::Bounds { .. } => BOUNDS,
            Support::Circle { .. } => CIRCLE,
        }
    }

    fn write(&self, sink: &mut Sink<'_>) {
        let mut put = |numbers: &[f32]| {
            for number in numbers {
                sink.bytes(&number.to_le_bytes());
            }
        };
        match self {
            Support::Continuous => {}
            &Support::Lattice {
                origin,
                step,
                low,
                high,
            } => put(&[origin, step, low, high]),
            Support::Atoms(atoms) => {
                let ends = u8::from(atoms.lowest) + 2 * u8::from(atoms.highest);
                put(&[atoms.gap]);
                put(atoms.values());
                sink.bytes(&[ends]);
            }
            &Support::Bounds { low, high } => put(&[low, high]),
            &Support::Circle {
                origin,
                period,
                cut,
            } => put(&[origin, period, cut]),
        }
    }

    fn read(kind: u16, payload: &[u8], target: usize) -> Result<Self, ParseError> {
        let mut fields = Fields::new(payload);
        let support = match kind {
            CONTINUOUS => Support::Continuous,
            LATTICE => Support::Lattice {
                origin: fields.float(),
                step: fields.float(),
                low: fields.float(),
                high: fields.float(),
            },
            ATOMS => return read_atoms(payload),
            BOUNDS => Support::Bounds {
                low: fields.float(),
                high: fields.float(),
            },
            CIRCLE => Support::Circle {
                origin: fields.float(),
                period: fields.float(),
                cut: fields.float(),
            },
            kind => return Err(ParseError::UnknownSupport { target, kind }),
        };
        fields.end()?;
        Ok(support)
    }

    /// Whether its numbers make sense, and no place is beyond 2^120: only such supports are read and
    /// written.
    pub fn is_sound(&self) -> bool {
        self.is_consistent()
            && self
                .places()
                .all(|place| !(FURTHEST_RAW < place.abs() && place.is_finite()))
    }

    /// The places it names, infinite ones too.
    fn places(&self) -> impl Iterator<Item = f32> {
        let (few, atoms) = match self {
            Support::Continuous => ([0.0; 3], None),
            &Support::Lattice {
                origin, low, high, ..
            } => ([origin, low, high], None),
            Support::Atoms(atoms) => ([atoms.gap; 3], Some(*atoms)),
            &Support::Bounds { low, high } => ([low, high, 0.0], None),
            &Support::Circle {
                origin,
                period,
                cut,
            } => ([origin, period, cut], None),
        };
        let (values, len) = atoms.map_or(([0.0; MAX_ATOMS], 0), |atoms| (atoms.values, atoms.len));
        few.into_iter().chain(values.into_iter().take(len.into()))
    }

    fn is_consistent(&self) -> bool {
        let below =
            |low: f32, high: f32| low < high && low < f32::INFINITY && high > f32::NEG_INFINITY;
        match self {
            Support::Continuous => true,
            &Support::Lattice {
                origin,
                step,
                low,
                high,
            } => origin.is_finite() && step.is_normal() && step > 0.0 && below(low, high),
            Support::Atoms(atoms) => atoms.is_sound(),
            &Support::Bounds { low, high } => {
                below(low, high) && (low.is_finite() || high.is_finite()) && high - low > 0.0
            }
            &Support::Circle {
                origin,
                period,
                cut,
            } => {
                origin.is_finite()
                    && period.is_normal()
                    && period > 0.0
                    && origin <= cut
                    && cut - origin < period
            }
        }
    }
}

/// 2^120.
const FURTHEST_RAW: f32 = 1.329_228e36;
/// 2^40: no place lies so many standardised units from the mean, no length has fewer than one of so
/// many parts of one.
const FURTHEST: f32 = 1_099_511_627_776.0;

impl Support {
    /// Whether its places lie within 2^40 standardised units of the mean of the targets, and its
    /// lengths between 2^-40 and 2^40 of them, so that no answer has to do with numbers that left
    /// binary32.
    pub(crate) fn fits(&self, shift: f32, scale: f32) -> bool {
        let place = |place: f32| (place / scale - shift / scale).abs() <= FURTHEST;
        let end = |end: f32| end.is_infinite() || place(end);
        let length = |length: f32| {
            let parts = length / scale;
            (1.0 / FURTHEST..=FURTHEST).contains(&parts)
        };
        match self {
            Support::Continuous => true,
            &Support::Lattice {
                origin,
                step,
                low,
                high,
            } => place(origin) && length(step) && end(low) && end(high),
            Support::Atoms(atoms) => {
                length(atoms.gap) && atoms.values().iter().all(|&value| place(value))
            }
            &Support::Bounds { low, high } => {
                end(low) && end(high) && ((high - low).is_infinite() || length(high - low))
            }
            &Support::Circle { origin, period, .. } => place(origin) && length(period),
        }
    }
}

/// The numbers of the kinds in the file.
const CONTINUOUS: u16 = 0;
const LATTICE: u16 = 1;
const ATOMS: u16 = 2;
const BOUNDS: u16 = 3;
const CIRCLE: u16 = 4;

/// The gap, the values, and a byte of two bits for the ends.
fn read_atoms(payload: &[u8]) -> Result<Support, ParseError> {
    let malformed = ParseError::MalformedHeader;
    let (numbers, ends) = payload.as_chunks::<4>();
    let (&[ends @ 0..4], [gap, bytes @ ..]) = (ends, numbers) else {
        return Err(malformed);
    };
    let mut values = [0.0; MAX_ATOMS];
    let values = values.get_mut(..bytes.len()).ok_or(malformed)?;
    for (value, bytes) in values.iter_mut().zip(bytes) {
        *value = f32::from_le_bytes(*bytes);
    }
    let gap = f32::from_le_bytes(*gap);
    let atoms = Atoms::new(values, ends & 1 > 0, ends & 2 > 0, gap);
    atoms.map(Support::Atoms).ok_or(malformed)
}

/// The support of each target dimension, in the file's encoding.
///
/// ```
/// use mdn_infer::format::{Support, Supports};
///
/// // A position and a count.
/// let count = Support::Lattice { origin: 0.0, step: 1.0, low: 0.0, high: f32::INFINITY };
/// let two = [Support::Continuous, count];
/// let mut buffer = vec![0; Supports::encoded_len(&two)];
/// let supports = Supports::encode(&two, &mut buffer).expect("a buffer of the right length");
/// assert!(supports.iter().eq(two));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supports<'a>(&'a [u8]);

impl<'a> Supports<'a> {
    /// How many bytes the encoding of `supports` has.
    pub fn encoded_len(supports: &[Support]) -> usize {
        put(supports, &mut [])
    }

    /// The encoding of `supports` `[D]` at the front of `buffer`; `None` where it is shorter than
    /// [`encoded_len`](Self::encoded_len).
    pub fn encode(supports: &[Support], buffer: &'a mut [u8]) -> Option<Self> {
        let len = put(supports, buffer);
        Some(Supports(buffer.get(..len)?))
    }

    /// The support of each target dimension.
    pub fn iter(&self) -> impl Iterator<Item = Support> + use<'a> {
        let (mut entries, mut target) = (Fields::new(self.0), 0);
        core::iter::from_fn(move || {
            let support = next(&mut entries, target).ok()??;
            target += 1;
            Some(support)
        })
    }

    /// The support of dimension `d`; every number where there is no such dimension.
    pub fn get(&self, d: usize) -> Support {
        self.iter().nth(d).unwrap_or(Support::Continuous)
    }

    pub(super) fn read(bytes: &'a [u8]) -> Self {
        Supports(bytes)
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), EmitError> {
        sink.bytes(self.0);
        Ok(())
    }

    /// As many as there are dimensions, each of them sound, and none but continuous ones beside
    /// full covariance: its components have no density of one dimension given another's stretch.
    pub(super) fn check(
        &self,
        dimensions: usize,
        covariance: Covariance,
    ) -> Result<(), ParseError> {
        let (mut entries, mut found) = (Fields::new(self.0), 0);
        while let Some(support) = next(&mut entries, found)? {
            if !support.is_sound() {
                return Err(ParseError::InvalidNumber);
            }
            if covariance == Covariance::Full && dimensions > 1 && support != Support::Continuous {
                return Err(ParseError::UnsupportedShape);
            }
            found += 1;
        }
        match found == dimensions {
            true => Ok(()),
            false => Err(ParseError::UnsupportedShape),
        }
    }
}

/// Writes the encoding of `supports` and returns its length, which may exceed the room.
fn put(supports: &[Support], room: &mut [u8]) -> usize {
    let mut sink = Sink::new(room);
    for support in supports {
        // No payload is too long for its length.
        let _ = put_entry(&mut sink, support.kind(), |sink| {
            support.write(sink);
            Ok(())
        });
    }
    sink.len()
}

/// The next support, which is that of dimension `target`.
fn next(entries: &mut Fields<'_>, target: usize) -> Result<Option<Support>, ParseError> {
    match entries.entry() {
        Some((kind, payload)) => Support::read(kind, payload, target).map(Some),
        None => entries.end().map(|()| None),
    }
}
