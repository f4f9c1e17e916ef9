//! `mdn-train sample`

use std::path::PathBuf;

use clap::Args;
use mdn_train::metrics::map_rows;
use mdn_train::model_file::ModelFile;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::options::{Reading, target_names};
use super::output::{Output, check_writable};
use super::predict::{Cell, write};

/// Draw targets from the predicted distribution of each row of a table
///
/// Writes CSV: the row's line in the table's file (the header is line 1), the draw (from 1), the
/// component (from 1) and the targets. The draws depend on the seed and on how many rows are
/// above in the table, and are the same, bit for bit, on every machine.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train sample concrete.mdn new.csv --draws 100 --seed 7 --out draws.csv"
)]
pub struct Sample {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Draws a row
    #[arg(long, short = 'n', default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    draws: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write the CSV [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Sample {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let data = self.reading.for_prediction(&model, output)?;
        self.out.as_deref().map_or(Ok(()), check_writable)?;
        let drawn = map_rows(&model, &data, |row, mixture| {
            let seed = self
                .seed
                .wrapping_add((row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
            let mut target = vec![0.0; model.dimensions()];
            let mut one = |draw: u32| {
                let component = mixture.sample(&mut rng, &mut target)?;
                let indices = [data.lines[row] as usize, draw as usize + 1, component + 1];
                let mut cells = indices.map(Cell::Index).to_vec();
                cells.extend(target.iter().map(|&t| Cell::Number(t)));
                Ok(cells)
            };
            (0..self.draws).map(&mut one).collect::<Result<Vec<_>, _>>()
        })
        .map_err(|error| self.reading.place(error))?;
        let columns = ["line", "draw", "component"].map(str::to_owned).into_iter();
        let columns: Vec<String> = columns.chain(target_names(&model)).collect();
        let rows: Vec<Vec<Cell>> = drawn.into_iter().flatten().collect();
        write(self.out.as_deref(), &columns, &rows, output)
    }
}
