//! `mdn-train quantize`

use anyhow::Context;
use clap::{Args, ValueEnum};
use mdn_infer::Model;
use mdn_infer::format::Storage;
use mdn_train::data::Dataset;
use mdn_train::drawn_rows::drawn_rows;
use mdn_train::files::{Claims, Kind};
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::cost::{Change, Cost, LEAST_WEIGHT, Move, cost};
use mdn_train::quantize::quantize;
use serde::Serialize;

use super::options::{Reading, count, target_names};
use super::output::{Output, figure};
use super::paths::{InputFile, OutputFile};

/// Rows to measure on where there is no table.
const DRAWN_ROWS: usize = 2000;

/// Make a model file smaller by storing its kernels in 16 or 8 bits, and say what that costs
///
/// f16 and bf16 round each kernel entry and compute with the rounded numbers as with any other.
/// i8 stores integers from −127 to 127 with a scale for each output, rounds activations to 16 bits
/// and sums exactly in 32. The file is complete: its golden vectors are those of the narrow model.
/// The cost is measured on the calibration table, or without one at inputs drawn with the file's
/// shift and scale and targets drawn from the model itself.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train quantize concrete.mdn --weights i8 \
    --calibrate concrete.csv --out concrete-i8.mdn"
)]
pub struct Quantize {
    /// The model file, with f32 kernels
    model: InputFile,
    /// How to store the kernels
    #[arg(long)]
    weights: StorageName,
    /// A table with the model's inputs and targets on which to measure the cost [default: draws from the
    /// model]
    #[arg(long, value_name = "DATA.csv")]
    calibrate: Option<InputFile>,
    /// The file to write
    #[arg(long, short)]
    out: OutputFile,
}

#[derive(Clone, Copy, ValueEnum)]
enum StorageName {
    F16,
    Bf16,
    I8,
}

impl From<StorageName> for Storage {
    fn from(name: StorageName) -> Self {
        match name {
            StorageName::F16 => Storage::F16,
            StorageName::Bf16 => Storage::Bf16,
            StorageName::I8 => Storage::I8,
        }
    }
}

#[derive(Serialize)]
struct QuantizeResult {
    model: String,
    weights: &'static str,
    file_bytes_before: usize,
    file_bytes: usize,
    calibrated: bool,
    rows: usize,
    nll_before: Option<f64>,
    nll: Option<f64>,
    nll_change: Option<f64>,
    crps_before: f64,
    crps: f64,
    crps_change: f64,
    mean_change: MeanChange,
    component_mean_change: MeanChange,
    kernel_rounding: f64,
    kernel_rounding_layer: usize,
    kernel_rounding_of_largest: f64,
}

/// A change of a mean in standard deviations, the target that has it, and the row of the calibration
/// table, by its line.
#[derive(Serialize)]
struct MeanChange {
    deviations: f64,
    target: String,
    line: Option<u64>,
}

impl Quantize {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let out = claims.claim(&*self.out, Kind::Model)?;
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let table = self.table(&model, output)?;
        let narrow = quantize(&model, self.weights.into())
            .with_context(|| self.model.display().to_string())?;
        let data = match &table {
            Some(data) => data,
            None => {
                &drawn_rows(&model, DRAWN_ROWS).with_context(|| self.model.display().to_string())?
            }
        };
        let cost = cost(&model, &narrow.model(), data).map_err(|error| self.place(error))?;
        out.write(|out| out.write_all(narrow.bytes()))?;
        let result = self.summarise(&file, &narrow, &cost);
        self.say(&result, &cost, output)?;
        output.result(&result)
    }

    fn reading(&self) -> Option<Reading> {
        let data = self.calibrate.clone()?;
        Some(Reading {
            data,
            delimiter: None,
            no_header: false,
            skip_missing: false,
            missing_value: Vec::new(),
        })
    }

    fn table(&self, model: &Model<'_>, output: &mut Output) -> anyhow::Result<Option<Dataset>> {
        let reading = self.reading();
        let data = reading.map(|reading| reading.for_scoring(model, output));
        data.transpose()
    }

    fn place(&self, error: mdn_train::metrics::RowError) -> anyhow::Error {
        match self.reading() {
            Some(reading) => reading.place(error),
            None => anyhow::anyhow!("drawn row {}: {}", error.line, error.source),
        }
    }

    fn summarise(&self, file: &ModelFile, narrow: &ModelFile, cost: &Cost) -> QuantizeResult {
        let names = target_names(&file.model());
        let finite = |score: f64| score.is_finite().then_some(score);
        let rounding = &cost.rounding;
        let mean_change = |change: &Move| MeanChange {
            deviations: change.deviations,
            target: names[change.dimension].clone(),
            line: self.calibrate.as_ref().map(|_| change.line),
        };
        QuantizeResult {
            model: self.out.display().to_string(),
            weights: narrow.model().storage().name(),
            file_bytes_before: file.bytes().len(),
            file_bytes: narrow.bytes().len(),
            calibrated: self.calibrate.is_some(),
            rows: cost.rows,
            nll_before: finite(cost.nll.before),
            nll: finite(cost.nll.after),
            nll_change: finite(cost.nll.difference()),
            crps_before: cost.crps.before,
            crps: cost.crps.after,
            crps_change: cost.crps.difference(),
            mean_change: mean_change(&cost.mean),
            component_mean_change: mean_change(&cost.component_mean),
            kernel_rounding: rounding.error,
            kernel_rounding_layer: rounding.layer,
            kernel_rounding_of_largest: rounding.error / rounding.largest_entry,
        }
    }

    fn say(&self, found: &QuantizeResult, cost: &Cost, output: &mut Output) -> anyhow::Result<()> {
        let ratio = found.file_bytes as f64 / found.file_bytes_before as f64;
        let rows = match &self.calibrate {
            Some(data) => format!("{} of {}", count(found.rows, "row"), data.display()),
            None => format!(
                "{} drawn: inputs with the file's shift and scale, targets from the model itself",
                count(found.rows, "row")
            ),
        };
        output.say(format_args!(
            "{}: {} kernels, {} bytes, {:.0}% of the {} before, self-test passed\n\
             on {rows}:",
            found.model,
            found.weights,
            found.file_bytes,
            100.0 * ratio,
            found.file_bytes_before
        ))?;
        let change = |change: &Change| {
            let (before, after) = (figure(change.before), figure(change.after));
            format!("{before} → {after}, change {:+.2e}", change.difference())
        };
        output.say(format_args!(
            "NLL            {} nats a row",
            change(&cost.nll)
        ))?;
        output.say(format_args!("CRPS           {}", change(&cost.crps)))?;
        let place = |change: &MeanChange| match change.line {
            Some(line) => format!("{}, row at line {line}", change.target),
            None => change.target.clone(),
        };
        output.say(format_args!(
            "mean           moves by at most {:.2e} standard deviations of the mixture ({})\n\
             components     their means move by at most {:.2e} of their own scale ({}; weights of \
             {LEAST_WEIGHT} and more)\n\
             kernels        largest rounding {:.2e}, in layer {}: {:.3}% of its largest entry",
            found.mean_change.deviations,
            place(&found.mean_change),
            found.component_mean_change.deviations,
            place(&found.component_mean_change),
            found.kernel_rounding,
            found.kernel_rounding_layer,
            100.0 * found.kernel_rounding_of_largest
        ))?;
        Ok(())
    }
}
