//! The demonstration itself, the same on every board.

use crate::board::{self, counter::Counter};
use core::fmt::{self, Write};
use mdn_infer::math::{self, Elementary};
use mdn_infer::simd::{Level, Vector};

static MODEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/model.mdn"));

/// Why the demonstration stopped.
pub enum Failure {
    /// The console is gone.
    Console,
    /// The instruction counter disagrees with a loop of known length.
    Counter,
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Failure::Console
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::Console => "the console cannot be written",
            Failure::Counter => "the instruction counter is wrong (QEMU needs -icount shift=6)",
        })
    }
}

/// Runs everything and prints it.
pub fn run(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    writeln!(out, "board: {}", board::NAME)?;
    calibrate(out, counter)?;
    stand_in(out, counter)
}

fn calibrate(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    let calibration = counter.calibrate();
    writeln!(
        out,
        "calibration: {} {} for a loop of {} instructions",
        calibration.counted,
        counter.unit(),
        calibration.expected
    )?;
    if counter.agrees(&calibration) {
        Ok(())
    } else {
        Err(Failure::Counter)
    }
}

#[derive(Clone, Copy)]
struct Exp;

impl Elementary for Exp {
    fn apply<V: Vector>(self, x: V) -> V {
        math::exp(x)
    }
}

fn stand_in(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    let mut values: [f32; 256] = core::array::from_fn(|i| (i as f32 - 128.0) / 2.0);
    let (count, ()) = counter.measure(|| math::map_slice(Level::detect(), &mut values, Exp));
    let hash = values
        .iter()
        .flat_map(|v| v.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    writeln!(out, "model of {} bytes", MODEL.len())?;
    writeln!(out, "output_hash {hash:#018x}")?;
    writeln!(out, "{} per 256 exponentials: {count}", counter.unit())?;
    Ok(())
}
