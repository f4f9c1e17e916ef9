//! Predicts for a long time and sees to it that nothing changes: not the bits, not the memory, not
//! the model's bytes.
//!
//!     long_run PREDICTIONS
//!
//! The stream of inputs is that of the sample firmware and repeats after 1000, so the hash that is
//! printed, of the log-densities of one round, must be the firmware's. After every round the
//! self-test runs again; between predictions the file is checked in slices.

use std::error::Error;

use mdn_infer::{IntegrityWalk, Level, Model, Predictor, Progress, include_model, working_len};

const FILE: &[u8] = include_model!("../samples/classic.mdn");
const WORKING: usize = working_len(FILE);
/// Predictions after which the stream repeats.
const ROUND: u32 = 1000;
/// Bytes of the file that are checked after a prediction.
const SLICE: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let predictions: u64 = std::env::args()
        .nth(1)
        .ok_or("usage: long_run PREDICTIONS")?
        .parse()?;
    let model = Model::parse(FILE)?;
    let mut predictor = Predictor::<WORKING>::new(&model, Level::detect())?;
    let mut walk = IntegrityWalk::new(FILE);
    let rounds = predictions.div_ceil(ROUND.into());
    let mut walks = 0_u64;
    let first = round(&mut predictor, &mut walk, &mut walks)?;
    let memory = data_bytes();
    for _ in 1..rounds {
        if round(&mut predictor, &mut walk, &mut walks)? != first {
            return Err("the same inputs gave other bits than before".into());
        }
    }
    if data_bytes() != memory {
        return Err(format!("memory grew from {memory:?} to {:?}", data_bytes()).into());
    }
    println!("{} predictions, stream {first:#018x}", rounds * 1000);
    println!("{rounds} self-tests passed, {walks} walks through the file");
    match memory {
        Some(bytes) => println!("memory: {bytes} bytes of data from the first round to the last"),
        None => println!("memory: not known on this system"),
    }
    Ok(())
}

/// One round of the stream; the hash of its log-densities at the middle target.
fn round(
    predictor: &mut Predictor<'_, WORKING>,
    walk: &mut IntegrityWalk<'_>,
    walks: &mut u64,
) -> Result<u64, Box<dyn Error>> {
    let model = *predictor.model();
    let mut x = [0.0; WORKING];
    let x = &mut x[..model.inputs()];
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for index in (1..ROUND).chain([0]) {
        input(&model, index, x);
        let mixture = predictor.predict(x)?;
        hash = add(hash, mixture.log_density(model.target_shift())?);
        *walks += u64::from(walk.step(SLICE)? == Progress::Unchanged);
    }
    if predictor.self_test()?.passed() {
        Ok(hash)
    } else {
        Err("the self-test failed".into())
    }
}

/// Each input within two scales of the training rows' mean, at its own speed.
fn input(model: &Model<'_>, index: u32, x: &mut [f32]) {
    let standard = model.input_shift().iter().zip(model.input_scale());
    for (step, (x, (shift, scale))) in (37_u32..).step_by(100).zip(x.iter_mut().zip(standard)) {
        let phase = index.wrapping_mul(step) % ROUND;
        *x = shift + scale * (phase as f32 / 250.0 - 2.0);
    }
}

/// FNV-1a, 64 bits.
fn add(hash: u64, value: f32) -> u64 {
    let bytes = value.to_bits().to_le_bytes();
    bytes.into_iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The process's writable memory but its stack, where the system tells it (Linux).
fn data_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmData:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}
