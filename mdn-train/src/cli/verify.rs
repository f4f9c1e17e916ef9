//! `mdn-train verify`

use anyhow::Context;
use clap::Args;
use mdn_infer::format::Storage;
use mdn_infer::{FloatFault, FloatUnit};
use mdn_train::model_file::ModelFile;
use mdn_train::verify::{Verification, verify};
use serde::Serialize;

use super::options::{count, level};
use super::output::Output;
use super::paths::InputFile;

/// Prove that a model file computes what it should on this machine
///
/// Runs the golden vectors that the file carries, bit for bit, hashes the bits of many more
/// outputs (a board that runs the same file prints the same hash), and compares log-densities
/// with an independent evaluation in 64-bit floating point. Checks as well that nothing in this
/// process has changed how the processor computes, such as a library that flushes subnormal numbers
/// to zero, and names the mode as it was found; all other commands set it right before they begin.
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train verify demo/model.mdn --level scalar")]
pub struct Verify {
    /// The model file
    model: InputFile,
    /// Instruction set: scalar, and where the machine has them sse2, avx2, avx512 (x86-64), neon
    /// (aarch64) and simd128 (WebAssembly) [default: the widest]
    #[arg(long)]
    level: Option<String>,
}

#[derive(Serialize)]
struct VerifyResult {
    level: &'static str,
    golden_bits_equal: bool,
    golden_vectors: usize,
    golden_values: usize,
    golden_mismatches: usize,
    golden_largest_ulp: u32,
    output_hash: String,
    float_unit: FloatUnitResult,
    compared_with_f64: usize,
    max_relative_error: f64,
    max_ulp: f64,
    overflowed_inputs: usize,
}

#[derive(Serialize)]
struct FloatUnitResult {
    passed: bool,
    faults: Vec<&'static str>,
    hash: String,
    control_register: Option<&'static str>,
    control: u32,
}

impl FloatUnitResult {
    fn new(found: &FloatUnit) -> Self {
        FloatUnitResult {
            passed: found.passed(),
            faults: found.faults().map(FloatFault::name).collect(),
            hash: format!("{:#010x}", found.hash),
            control_register: FloatUnit::CONTROL_REGISTER,
            control: found.control(),
        }
    }
}

impl VerifyResult {
    fn new(found: &Verification) -> Self {
        VerifyResult {
            level: found.level.name(),
            golden_bits_equal: found.golden_bits_equal(),
            golden_vectors: found.self_test.vectors,
            golden_values: found.self_test.values,
            golden_mismatches: found.self_test.mismatches,
            golden_largest_ulp: found.self_test.largest_ulp,
            output_hash: hash_text(found.self_test.output_hash),
            float_unit: FloatUnitResult::new(&found.self_test.float_unit),
            compared_with_f64: found.compared,
            max_relative_error: found.max_relative_error,
            max_ulp: found.max_ulp(),
            overflowed_inputs: found.overflowed,
        }
    }
}

/// A hash as everything in this project prints it.
pub fn hash_text(hash: u64) -> String {
    format!("0x{hash:016x}")
}

impl Verify {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let at_level = level(self.level.as_deref())?;
        let found =
            verify(&file.model(), at_level).with_context(|| self.model.display().to_string())?;
        let result = VerifyResult::new(&found);
        output.say(format_args!(
            "level          {}\n\
             golden vectors {} ({} outputs, {} differ, largest difference {} ULP)\n\
             output hash    {}\n\
             float unit     {} (hash {})\n\
             against f64    {:.2e} largest error of {} log-densities p, relative to \
             max(1, |log p|): {:.1} ULP",
            result.level,
            result.golden_vectors,
            result.golden_values,
            result.golden_mismatches,
            result.golden_largest_ulp,
            result.output_hash,
            found.self_test.float_unit,
            result.float_unit.hash,
            result.max_relative_error,
            result.compared_with_f64,
            result.max_ulp,
        ))?;
        if file.model().storage() == Storage::I8 {
            output.say("               the 16-bit rounding of activations is part of that")?;
        }
        if result.overflowed_inputs > 0 {
            output.say(format_args!(
                "overflow       at {} of those tried; the model has no answer there",
                count(result.overflowed_inputs, "input")
            ))?;
        }
        output.result(&result)?;
        // First, being the cause of whatever else is wrong.
        anyhow::ensure!(
            result.float_unit.passed,
            "the float unit is in a wrong mode: {}",
            found.self_test.float_unit
        );
        if result.golden_vectors == 0 {
            anyhow::bail!("{}: the file holds no golden vectors", self.model.display());
        }
        anyhow::ensure!(
            result.golden_bits_equal,
            "{}: golden outputs differ",
            self.model.display()
        );
        Ok(())
    }
}
