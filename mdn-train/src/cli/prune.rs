//! `mdn-train prune`

use clap::Args;
use mdn_train::data::{Dataset, ReadOptions, Table};
use mdn_train::files::{Claims, Kind};
use mdn_train::metrics::log_zeros;
use mdn_train::metrics::nll;
use mdn_train::model_file::ModelFile;
use mdn_train::prune::{PruneError, THRESHOLD, prune};
use serde::Serialize;

use super::options::{column_names, count, missing_inputs};
use super::output::Output;
use super::paths::{InputFile, OutputFile};
use super::values::above_0;

/// Drop the components of a model that carry no weight, and say what that costs
///
/// A component goes when its weight stays below the threshold at every row of the table. The
/// others share its weight in proportion; nothing is trained. The networks of an ensemble keep one
/// number of components, that of the network which needs most. The file is complete, self-tested,
/// smaller and faster. Narrow kernels cannot be pruned: prune first, then quantize.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train prune concrete.mdn --data concrete.csv --out smaller.mdn"
)]
pub struct Prune {
    /// The model file, with f32 kernels
    model: InputFile,
    /// The table that decides, with the model's inputs and targets: all rows that matter
    #[arg(long, value_name = "DATA.csv")]
    data: InputFile,
    /// The weight below which a component goes
    #[arg(long, value_name = "WEIGHT", value_parser = above_0, default_value_t = THRESHOLD)]
    threshold: f32,
    /// The file to write
    #[arg(long, short)]
    out: OutputFile,
}

#[derive(Serialize)]
struct Pruned {
    model: String,
    components_before: usize,
    components: usize,
    parameters_before: usize,
    parameters: usize,
    file_bytes_before: usize,
    file_bytes: usize,
    rows: usize,
    nll_before: Option<f64>,
    nll: Option<f64>,
}

impl Prune {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let out = claims.claim(&*self.out, Kind::Model)?;
        let file = ModelFile::open(&self.model)?;
        let before = file.model();
        let (inputs, targets) = column_names(&before);
        let options = ReadOptions {
            missing_inputs: missing_inputs(&before),
            log_zeros: log_zeros(&before),
            ..ReadOptions::default()
        };
        let table = Table::read(&self.data, &options)?;
        let data = Dataset::for_scoring(&table, &inputs, &targets, &options)?;
        let pruned = prune(&before, &data, self.threshold).map_err(|error| match error {
            PruneError::Row(error) => anyhow::anyhow!("{}: {error}", self.data.display()),
            error => anyhow::anyhow!("{}: {error}", self.model.display()),
        })?;
        let after = pruned.model();
        let finite = |nll: f64| nll.is_finite().then_some(nll);
        let result = Pruned {
            model: out.path().display().to_string(),
            components_before: before.components(),
            components: after.components(),
            parameters_before: before.parameters(),
            parameters: after.parameters(),
            file_bytes_before: file.bytes().len(),
            file_bytes: pruned.bytes().len(),
            rows: data.rows,
            nll_before: finite(nll(&before, &data)?),
            nll: finite(nll(&after, &data)?),
        };
        out.write(|out| out.write_all(pruned.bytes()))?;
        say(&result, output)?;
        output.result(&result)
    }
}

fn say(result: &Pruned, output: &mut Output) -> anyhow::Result<()> {
    let nats = |nll: Option<f64>| nll.map_or("infinite".to_owned(), |nll| format!("{nll:.4}"));
    output.say(format_args!(
        "{} of {} components kept\nNLL {} before, {} after, on {}\n\
         {}: {} bytes instead of {}, {} parameters instead of {}, self-test passed",
        result.components,
        result.components_before,
        nats(result.nll_before),
        nats(result.nll),
        count(result.rows, "row"),
        result.model,
        result.file_bytes,
        result.file_bytes_before,
        result.parameters,
        result.parameters_before,
    ))?;
    Ok(())
}
