//! A model whose targets have supports, from a fuzzer's bytes.
//!
//! A target of its own: with the integrals over supports, an execution takes ten times as long as
//! with the models of [`model`].

use std::sync::LazyLock;

use mdn_agreement::SUPPORTS;
use mdn_infer::format::{Atoms, Covariance, Header, Support};
use mdn_infer::{Model, ParseError};

use crate::{Source, model, query};

/// The committed model.
static COMMITTED: LazyLock<Model<'static>> =
    LazyLock::new(|| Model::parse(SUPPORTS.file).expect("a sound file"));

/// Makes a model of `data`, or takes the committed one, and asks it.
///
/// # Panics
///
/// Where a promise is broken.
pub fn any(data: &[u8]) {
    let mut source = Source::new(data);
    if source.byte().is_multiple_of(8) {
        return query::agree(&COMMITTED, source);
    }
    let words = model::with_supports(&mut source, of_targets);
    let model = match Model::parse(bytemuck::cast_slice(&words)) {
        // Supports and standardisation of sizes that have nothing to do with each other.
        Err(ParseError::InvalidNumber) => return,
        model => model.expect("what was written parses"),
    };
    query::agree(&model, source);
}

/// A support for each target, of a size with its standardisation.
fn of_targets(
    header: &Header<'_>,
    (shift, scale): (&[f32], &[f32]),
    source: &mut Source<'_>,
) -> Vec<Support> {
    let joint = header.head.covariance == Covariance::Full && header.head.dimensions > 1;
    let affine = shift.iter().zip(scale);
    let each = affine.map(|(&shift, &scale)| {
        let support = support(shift, scale, source);
        match support.is_sound() && !joint {
            true => support,
            false => Support::Continuous,
        }
    });
    each.collect()
}

fn support(shift: f32, scale: f32, source: &mut Source<'_>) -> Support {
    let kind = source.byte();
    let mut place = || {
        let part = f32::from(i16::from(source.byte()) - 128);
        shift + scale * (part / 32.0)
    };
    let mut ends = [place(), place(), place()];
    ends.sort_by(f32::total_cmp);
    let [low, middle, high] = ends;
    let length = (high - low).abs();
    let length = if kind & 8 != 0 { length / 1e3 } else { length };
    let bounds = match kind & 0x30 {
        0 => (f32::NEG_INFINITY, f32::INFINITY),
        0x10 => (low, f32::INFINITY),
        0x20 => (f32::NEG_INFINITY, high),
        _ => (low, high),
    };
    match kind & 7 {
        0 | 1 => Support::Lattice {
            origin: middle,
            step: length,
            low: bounds.0,
            high: bounds.1,
        },
        2 | 3 => {
            let values = &[low, middle, high][..1 + usize::from(kind >> 6) % 3];
            let atoms = Atoms::new(values, kind & 0x10 != 0, kind & 0x20 != 0, length);
            atoms.map_or(Support::Continuous, Support::Atoms)
        }
        4 | 5 => Support::Bounds {
            low: bounds.0,
            high: bounds.1,
        },
        6 => Support::Circle {
            origin: low,
            period: length,
            cut: if kind & 0x10 != 0 { low } else { middle },
        },
        _ => Support::Continuous,
    }
}
