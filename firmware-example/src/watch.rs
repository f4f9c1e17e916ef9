//! A control loop in miniature: predictions on a stream of inputs, and between them what a device
//! has to watch.
//!
//! After every prediction a slice of the model's file is checked, so that a bit that flash has lost
//! is noticed within a round of slices and no prediction waits for longer than a slice takes. After
//! every [`ROUND`] predictions the self-test runs again, the stack is looked at, and the bits of the
//! round must be those of the first, for the stream repeats.

use crate::board::counter::Counter;
use crate::board::stack::Painted;
use crate::demo::{self, MODEL, Predictor, WORKING_LEN};
use crate::failure::Failure;
use core::fmt::Write;
use mdn_infer::{IntegrityWalk, Model, Progress};

/// How many predictions to make.
const PREDICTIONS: u32 = include!(concat!(env!("OUT_DIR"), "/predictions.rs"));
/// Predictions after which the stream repeats.
const ROUND: u32 = 1000;
/// Bytes of the file that are checked after a prediction.
const SLICE: usize = 64;
/// Room for an input, in f32: working memory holds it too, in 16 bits at the least.
const INPUT_LEN: usize = 2 * WORKING_LEN;
/// Bytes of stack for everything: 8 KiB, the predictor twice (it moves), and an input.
const STACK: usize = 8192 + 4 * (2 * WORKING_LEN + INPUT_LEN);

/// Runs the loop and prints what it saw.
pub fn run(
    out: &mut impl Write,
    counter: Counter,
    predictor: &mut Predictor<'_>,
) -> Result<(), Failure> {
    let stack = Painted::below(STACK).ok_or(Failure::Stack)?;
    let mut walk = IntegrityWalk::new(MODEL);
    let (slice, outcome) = counter.measure(|| walk.step(SLICE));
    outcome.map_err(Failure::Flash)?;
    writeln!(
        out,
        "{} per slice of {SLICE} bytes: {slice}",
        counter.unit()
    )?;
    writeln!(out, "watch: {PREDICTIONS} predictions")?;

    let (mut first, mut hash, mut walks) = (None, Hash::new(), 0_u32);
    for done in 1..=PREDICTIONS {
        predict(predictor, done % ROUND, &mut hash)?;
        match walk.step(SLICE).map_err(Failure::Flash)? {
            Progress::Underway => {}
            Progress::Unchanged => walks += 1,
        }
        if done % ROUND == 0 {
            demo::passed(&predictor.self_test()?)?;
            stack.used().ok_or(Failure::Stack)?;
            let round = core::mem::replace(&mut hash, Hash::new()).0;
            if *first.get_or_insert(round) != round {
                return Err(Failure::Stream);
            }
        }
    }
    let used = stack.used().ok_or(Failure::Stack)?;
    writeln!(
        out,
        "watched: {} self-tests passed, {walks} walks through the file, stream {:#018x}",
        PREDICTIONS / ROUND,
        first.unwrap_or(hash.0)
    )?;
    writeln!(out, "stack: {used} of {STACK} bytes, canary untouched")?;
    Ok(())
}

/// A prediction at place `index` of the stream; its log-density at the middle target joins `hash`.
fn predict(predictor: &mut Predictor<'_>, index: u32, hash: &mut Hash) -> Result<(), Failure> {
    let model = *predictor.model();
    let mut x = [0.0; INPUT_LEN];
    let x = x.get_mut(..model.inputs()).unwrap_or_default();
    input(&model, index, x);
    let mixture = predictor.predict(x)?;
    hash.add(mixture.log_density(model.target_shift())?);
    Ok(())
}

/// The stream: each input within two scales of the training rows' mean, at its own speed.
fn input(model: &Model<'_>, index: u32, x: &mut [f32]) {
    for ((input, x), step) in x.iter_mut().enumerate().zip((37_u32..).step_by(100)) {
        let phase = index.wrapping_mul(step) % ROUND;
        *x = model.input_at(input, phase as f32 / 250.0 - 2.0);
    }
}

/// FNV-1a, 64 bits.
struct Hash(u64);

impl Hash {
    const fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, value: f32) {
        for byte in value.to_bits().to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
