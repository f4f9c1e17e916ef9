//! The self-test: the float unit's mode, the golden vectors of a file, bit for bit, and a hash over
//! more outputs.

use core::fmt;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::back_end::{BACK_END, BackEnd};
use crate::error::PredictError;
use crate::float_unit::FloatUnit;
use crate::format::MAX_DIMENSIONS;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::simd::Level;

/// How many probes go into the hash.
const PROBES: usize = 64;
/// Inputs are handled in place up to this many; a model with more is probed at its golden inputs.
const MAX_PROBED_INPUTS: usize = 64;
/// The share of probes at which an input that may be missing is.
const MISSING: f32 = 0.125;

#[cfg(target_os = "none")]
static CRC: crc::Crc<u64, crc::NoTable> = crc::Crc::<u64, crc::NoTable>::new(&crc::CRC_64_XZ);
#[cfg(not(target_os = "none"))]
static CRC: crc::Crc<u64> = crc::Crc::<u64>::new(&crc::CRC_64_XZ);

/// What a self-test found.
///
/// As text it says whether all outputs agree, and if not, how far they are off and with which
/// elementary functions; and what is wrong with the float unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfTest {
    /// The mode of the float unit: a verdict of its own, for outputs that agree here are no proof of
    /// it. Golden vectors hold few subnormal numbers, other answers of the same model many.
    pub float_unit: FloatUnit,
    /// The elementary functions; only the exact ones can give the bits of the file.
    pub back_end: BackEnd,
    /// How many golden vectors were run.
    pub vectors: usize,
    /// How many of their outputs were compared.
    pub values: usize,
    /// How many of those differ from the file in any bit.
    pub mismatches: usize,
    /// The largest difference, in units in the last place; [`u32::MAX`] between NaN and a number.
    pub largest_ulp: u32,
    /// The largest difference, relative to the expected output where its magnitude is above 1;
    /// infinite between NaN and a number.
    pub largest_error: f32,
    /// A hash over the bits of all outputs of the golden vectors and of the probes, which are
    /// inputs drawn with a fixed seed from three times the training spread to each side, where one that
    /// may be missing is in one of eight; a probe that overflows counts as one NaN. Equal hashes on two machines mean equal bits of all these
    /// outputs. A short self-test has no probes, and so another hash.
    pub output_hash: u64,
}

impl SelfTest {
    /// Whether the float unit is right, and every output had the bits that the file expects, and
    /// there was one at all.
    pub const fn passed(&self) -> bool {
        self.float_unit.passed() && self.mismatches == 0 && self.values > 0
    }
}

/// How much a self-test runs beside the check of the float unit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The golden vectors.
    Short,
    /// These and the probes.
    Full,
}

pub(crate) fn run(
    model: &Model<'_>,
    level: Level,
    working: &mut [f32],
    extent: Extent,
) -> Result<SelfTest, PredictError> {
    let mut digest = CRC.digest();
    let mut hash = |value: f32| digest.update(&canonical(value).to_le_bytes());
    let mut report = SelfTest {
        float_unit: FloatUnit::check(level),
        back_end: BACK_END,
        vectors: 0,
        values: 0,
        mismatches: 0,
        largest_ulp: 0,
        largest_error: 0.0,
        output_hash: 0,
    };
    for golden in model.golden() {
        let mixture = model.predict_without_limits(level, golden.input, working)?;
        let mut expected = golden.expected.iter();
        mixture.outputs(golden.target, |value| {
            hash(value);
            report.compare(value, expected.next().copied());
        })?;
        report.vectors += 1;
    }
    if extent == Extent::Full {
        probes(model, level, working, &mut hash)?;
    }
    report.output_hash = digest.finalize();
    Ok(report)
}

/// Every kind of answer at inputs all over the training data's surroundings.
fn probes(
    model: &Model<'_>,
    level: Level,
    working: &mut [f32],
    mut hash: impl FnMut(f32),
) -> Result<(), PredictError> {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    for _ in 0..PROBES {
        let mut x = [0.0; MAX_PROBED_INPUTS];
        let Some(x) = x.get_mut(..model.inputs()) else {
            break;
        };
        for (input, x) in x.iter_mut().enumerate() {
            let u = (rng.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0);
            *x = match model.input_rule(input).fill {
                Some(_) if u < MISSING => f32::NAN,
                _ => model.input_at(input, 6.0 * u - 3.0),
            };
        }
        let answered = (model.predict_without_limits(level, x, working))
            .and_then(|mixture| probe(&mixture, &mut rng, &mut hash));
        match answered {
            // Far from the data the network may overflow, or a draw: on every machine alike.
            Err(PredictError::Overflow | PredictError::NotFinite { .. }) => hash(f32::NAN),
            other => other?,
        }
    }
    Ok(())
}

/// Every kind of answer of one mixture: a draw, the outputs at it, and each margin's
/// distribution function there and median.
fn probe(
    mixture: &Mixture<'_>,
    rng: &mut impl Rng,
    mut hash: impl FnMut(f32),
) -> Result<(), PredictError> {
    let mut target = [0.0; MAX_DIMENSIONS];
    let target = target.get_mut(..mixture.dimensions()).unwrap_or_default();
    mixture.sample(rng, target)?;
    target.iter().for_each(|&t| hash(t));
    mixture.outputs(target, &mut hash)?;
    for (d, &t) in target.iter().enumerate() {
        let marginal = mixture.marginal(d).ok_or(PredictError::NoSuchDimension)?;
        hash(marginal.cdf(t)?);
        hash(marginal.median());
    }
    Ok(())
}

impl SelfTest {
    fn compare(&mut self, value: f32, expected: Option<f32>) {
        let expected = expected.unwrap_or(f32::NAN);
        self.values += 1;
        if canonical(value) != canonical(expected) {
            self.mismatches += 1;
            self.largest_ulp = self.largest_ulp.max(ulp_distance(value, expected));
            let error = (value - expected).abs() / expected.abs().max(1.0);
            let error = if error.is_nan() { f32::INFINITY } else { error };
            self.largest_error = self.largest_error.max(error);
        }
    }
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.float_unit.passed() {
            write!(f, "the float unit is wrong: {}; ", self.float_unit)?;
        }
        if self.back_end != BackEnd::Exact {
            write!(f, "not exact: back end {}; ", self.back_end)?;
        }
        let agreeing = self.values - self.mismatches;
        write!(
            f,
            "{agreeing} of {} values in {} golden vectors agree bit for bit",
            self.values, self.vectors
        )?;
        if self.mismatches > 0 {
            let (error, ulp) = (self.largest_error, self.largest_ulp);
            write!(f, ", the others within {error:.2e} ({ulp} ulp)")?;
        }
        Ok(())
    }
}

/// The bits, with one pattern for every NaN: payloads are not part of the promise.
fn canonical(value: f32) -> u32 {
    if value.is_nan() {
        f32::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

/// How many binary32 numbers lie between two.
fn ulp_distance(a: f32, b: f32) -> u32 {
    if a.is_nan() != b.is_nan() {
        return u32::MAX;
    }
    let ordered = |x: f32| {
        let bits = i64::from(x.to_bits() & 0x7fff_ffff);
        if x.is_sign_negative() { -bits } else { bits }
    };
    u32::try_from(ordered(a).abs_diff(ordered(b))).unwrap_or(u32::MAX)
}
